/*
 * A small run, built by hand: cases and values -> what measuring them would have left.
 *
 *	struct tare_run *run = sample_run_new("20260102-030405-00000a");
 *	size_t base = sample_run_add_case(run, "gzip", "base", 0);
 *	size_t head = sample_run_add_case(run, "gzip", "head", 0);
 *
 *	sample_run_add_values(run, base, TARE_METRIC_WALL, (double[]){10e6, 11e6, 10e6}, 3);
 *	sample_run_add_values(run, head, TARE_METRIC_WALL, (double[]){12e6, 13e6, 12e6}, 3);
 *	sample_run_finish(run);
 *	...
 *	tare_run_free(run);
 *
 * Every text of the header is filled in, the same for each call; change what a test is about in the
 * struct. Strings are copied. Misuse is asserted.
 */
#ifndef TARE_TESTS_SUPPORT_SAMPLE_RUN_H
#define TARE_TESTS_SUPPORT_SAMPLE_RUN_H

#include <stddef.h>

#include "harness/model/run.h"

enum {
	SAMPLE_RUN_SEED = 42,
	SAMPLE_RUN_PAIR_NS = 1000000000, /* between the starts of two pairs */
	SAMPLE_RUN_CASE_NS = 1000000,    /* between the starts of two cases of a pair */
};
/* 2026-01-02T03:04:05Z */
#define SAMPLE_RUN_STARTED_UNIX_NS UINT64_C(1767323045000000000)

/* A run with a header, three facts (two of which matter), no release, no cases. */
struct tare_run *sample_run_new(const char *id);

/* A case with the built-in metrics and no samples yet; returns its index. Groups must not go down;
 * the first case of a group is its base. variant may be "". */
size_t sample_run_add_case(
	struct tare_run *run, const char *benchmark, const char *variant, size_t group);
/* Before its values: a parameter, which becomes a part of the case's name. */
void sample_run_add_parameter(
	struct tare_run *run, size_t case_index, const char *name, const char *value);
/* Before its values: a metric after the built-in ones, gated; returns its position. */
size_t sample_run_add_metric(struct tare_run *run, size_t case_index, const char *name,
	const char *unit, enum tare_better better, double margin);

/* count invocations of pairs 0, 1, ... where the case has none yet; the metrics that are not given
 * have no value. A further call fills another metric of these invocations: count must not be more
 * than there are. */
void sample_run_add_values(
	struct tare_run *run, size_t case_index, size_t metric, const double *values, size_t count);
/* The case failed: stderr_tail may be NULL. */
void sample_run_fail(
	struct tare_run *run, size_t case_index, const char *failure, const char *stderr_tail);

/* Complete, with a duration of one second for each invocation. */
void sample_run_finish(struct tare_run *run);

#endif
