/*
 * Input for reports, of any size and with everything in it a report can show: measured values drawn
 * from a seed, compared by harness/compare, with failures, warnings and an environment.
 *
 * sample_page_new() makes it, sample_page_free() gives it back; input points into it.
 */
#ifndef TARE_TESTS_SUPPORT_SAMPLE_PAGE_H
#define TARE_TESTS_SUPPORT_SAMPLE_PAGE_H

#include "report/report.h"

enum sample_page_kind {
	SAMPLE_PAGE_VARIANTS, /* two variants in one run */
	SAMPLE_PAGE_RUNS,     /* one variant in each of two runs */
	SAMPLE_PAGE_PLAIN,    /* one run, nothing compared */
	SAMPLE_PAGE_HOSTILE,  /* as the first, every string an attack */
};

struct sample_page_options {
	enum sample_page_kind kind;
	size_t groups;  /* benchmarks at one parameter point */
	size_t samples; /* of each case */
	bool wall_only; /* else all metrics that are always measured */
};

struct sample_page {
	struct tare_report_input input;
	struct tare_arena *arena;
	struct tare_run *run;
	struct tare_run *base;
	struct tare_comparison_set set;
	struct tare_gate_outcome gate;
};

struct sample_page *sample_page_new(const struct sample_page_options *options);
void sample_page_free(struct sample_page *page);

/* The text that stands in every string of the hostile kind. */
extern const char sample_page_attack[];

#endif
