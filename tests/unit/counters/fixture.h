/*
 * A plan of one case that asks for counters.
 *
 * fixture_begin() makes it empty; counters and formulas are added, and each group_begin() begins a
 * group that what is added next belongs to. Everything lives in the fixture's arena.
 */
#ifndef TARE_TESTS_COUNTERS_FIXTURE_H
#define TARE_TESTS_COUNTERS_FIXTURE_H

#include "harness/counters/counters.h"

enum { FIXTURE_METRICS_MAX = 32 };

struct fixture {
	struct tare_arena *arena;
	struct tare_counters *counters;
	struct tare_plan plan;
	struct tare_case subject;
	struct tare_metric metrics[FIXTURE_METRICS_MAX];
	struct tare_metric_rule rules[FIXTURE_METRICS_MAX];
	struct tare_counter_group groups[FIXTURE_METRICS_MAX];
};

void fixture_begin(struct fixture *fixture);
void fixture_end(struct fixture *fixture);
void fixture_group(struct fixture *fixture, const char *name);
void fixture_counter(struct fixture *fixture, const char *name);
void fixture_formula(struct fixture *fixture, const char *name, const char *text);
/* Position of the metric in the case as it is now, or its metric_count. */
size_t fixture_find(const struct fixture *fixture, const char *name);

#endif
