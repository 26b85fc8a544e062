/*
 * Comparing: two sets of samples -> verdicts, and the gate over them.
 *
 * Works on runs from any day and any machine; never measures. Results go into the arena passed in
 * and point into the runs, which must outlive them. Formulas: shared with harness/stats; the rules
 * of the verdict are section 3 of the statistics notes (see ARCHITECTURE.md).
 */
#ifndef TARE_COMPARE_COMPARE_H
#define TARE_COMPARE_COMPARE_H

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/model/comparison.h"
#include "harness/model/run.h"

struct tare_compare_options {
	double alpha;  /* two-sided level of intervals and gate; 0 means 0.05 */
	double margin; /* > 0: over every metric's own margin */
};

/* Variants of one run, each against the first of its group; what failed is not compared. No groups
 * with two variants: an empty set, not an error. */
enum tare_status tare_compare_variants(struct tare_comparison_set *set_out,
	struct tare_arena *arena, const struct tare_run *run,
	const struct tare_compare_options *options, struct tare_err *err);

/* Head against base, unpaired: cases joined by benchmark, parameters and variant; where each run
 * has one variant at most, the variant's name does not matter. Labels: release, else run id. */
enum tare_status tare_compare_runs(struct tare_comparison_set *set_out, struct tare_arena *arena,
	const struct tare_run *base, const struct tare_run *head,
	const struct tare_compare_options *options, struct tare_err *err);

/* One metric of two cases; what the two above are made of. paired: join rows by pair number. */
void tare_compare_cases(struct tare_comparison *item_out, struct tare_arena *arena,
	const struct tare_run_case *base, const struct tare_run_case *head, size_t metric,
	bool paired, const struct tare_compare_options *options);

/* Holm over all gated comparisons of the sets together fills p_adjusted and decides; failed_gate is
 * set in those that made it fail. A regression counts for the gate where its adjusted p is at most
 * alpha. */
void tare_compare_gate(struct tare_gate_outcome *outcome_out, struct tare_arena *arena,
	struct tare_comparison_set *sets, size_t set_count, const struct tare_gate *gate,
	const struct tare_compare_options *options);

/* Adaptive measuring: may this group stop after this look? Cases that failed are left out; where
 * the first one did, there is nothing to compare with, and precision decides. pairs_planned is
 * n_max of the spending plan (O'Brien-Fleming, section 4). reason_out: why it may stop, or why not.
 */
/* A look spends what the plan allows since the look before it, which is taken to have been at the
 * largest n with n + n / TARE_LOOK_GROWTH + 2 <= now: look no more often than that. */
enum { TARE_LOOK_GROWTH = 4 };
struct tare_look {
	bool stop;
	const char *reason; /* static text */
	double half_width;  /* relative, of the widest gated median interval; NaN where none */
};
void tare_compare_look(struct tare_look *look_out, struct tare_arena *scratch,
	const struct tare_run *run, const struct tare_group *group, const struct tare_plan *plan,
	size_t pairs_planned);

#endif
