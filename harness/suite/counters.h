/*
 * The counters of a case: groups of the suite, groups that come with tare, and single names.
 *
 * Whether a name can be counted is the machine's affair; a suite is the same everywhere. What no
 * machine could count, by how it is written, is refused here. Internal to harness/suite.
 */
#ifndef TARE_SUITE_COUNTERS_H
#define TARE_SUITE_COUNTERS_H

#include "harness/suite/draft.h"

/* Where metrics of a case are put while they are collected; see metrics.c. */
struct tare_metric_sink {
	void *context;
	/* Position of a name, made where it is new; TARE_METRICS_MAX where there is no room. A new
	 * one has TARE_SOURCE_REPLAY. */
	size_t (*place)(void *context, const struct tare_node *name);
	bool (*has)(void *context, const char *name);
	void (*get)(void *context, size_t at, struct tare_metric **metric_out,
		struct tare_metric_rule **rule_out);
};

/* Adds counters and derived metrics; sets counter_groups and counters_required of the case. */
void tare_draft_counters(struct tare_draft *draft, const struct tare_metric_sink *sink);

/* suites/counters/NAME.yaml, as text in the program; ends with a name of NULL. */
struct tare_counter_file {
	const char *name;
	const char *text;
};
extern const struct tare_counter_file tare_counter_files[];

#endif
