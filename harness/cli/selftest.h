/*
 * What `tare selftest` found: rounds of one program against itself -> noise, alarms and advice.
 *
 * Life cycle: a zeroed struct with what was asked for filled in, tare_selftest_add() for each
 * round, tare_selftest_finish(), then ask and print; tare_selftest_free() at the end. Measures
 * nothing and touches no files: rounds come in as runs with their comparisons.
 */
#ifndef TARE_CLI_SELFTEST_H
#define TARE_CLI_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/arena.h"
#include "harness/cli/command.h"
#include "harness/model/comparison.h"
#include "harness/model/run.h"

enum { TARE_SELFTEST_SIZES = 5, TARE_SELFTEST_METRICS_MAX = 8, TARE_SELFTEST_ADVICE_MAX = 8 };
extern const size_t tare_selftest_sizes[TARE_SELFTEST_SIZES]; /* 6, 10, 20, 50, 100 pairs */

struct tare_selftest_metric {
	const char *name;
	bool gated;
	double margin;
	double *differences; /* log of the second side over the first, a pair each */
	size_t count;
	size_t capacity;
	/* Filled by tare_selftest_finish(); NaN where there are too few pairs. */
	double noise_floor;              /* median distance of a pair's ratio from the true one */
	double spread;                   /* standard deviation of the differences */
	double mde[TARE_SELFTEST_SIZES]; /* relative change found with 80 % power */
};

struct tare_selftest {
	const char *command;
	const char *cpus; /* as asked for; NULL: not pinned */
	double inject;    /* by how much the second side's work is longer; 0: not at all */
	uint64_t seed;
	uint64_t duration_ns;
	bool interrupted;

	size_t rounds;
	size_t pairs;
	size_t comparisons; /* gated ones */
	size_t verdicts[TARE_VERDICT_COUNT];
	struct tare_selftest_metric metrics[TARE_SELFTEST_METRICS_MAX];
	size_t metric_count;
	const char *advice[TARE_SELFTEST_ADVICE_MAX];
	size_t advice_count;
	struct tare_arena *arena; /* of texts */
};

/* Verdicts of gated metrics are counted; pairs of those and of "cpu" are kept. set is of run. */
void tare_selftest_add(struct tare_selftest *selftest, const struct tare_run *run,
	const struct tare_comparison_set *set);
/* The figures and the advice. */
void tare_selftest_finish(struct tare_selftest *selftest);
void tare_selftest_free(struct tare_selftest *selftest);

/* Verdicts that claim what is not so: any change in A/A, an improvement where work was added. */
size_t tare_selftest_false_alarms(const struct tare_selftest *selftest);
/* How many of them chance explains: at 5 % each, more come in no more than 5 % of selftests. */
size_t tare_selftest_chance(const struct tare_selftest *selftest);
/* Whether the slowdown put in was found in at least half of the comparisons. */
bool tare_selftest_found(const struct tare_selftest *selftest);
enum tare_exit tare_selftest_exit_code(const struct tare_selftest *selftest);
/* One line that says why the exit code is what it is. */
void tare_selftest_print_result(FILE *out, const struct tare_selftest *selftest);

void tare_selftest_print(FILE *out, const struct tare_selftest *selftest);
/* "tare-selftest" version 1; see report/README.md. */
void tare_selftest_print_json(FILE *out, const struct tare_selftest *selftest);

#endif
