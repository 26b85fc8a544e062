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
#include "harness/stats/spending.h"

struct tare_compare_options {
	double alpha;         /* two-sided level of intervals and gate; 0 means 0.05 */
	const double *margin; /* over every metric's own; NULL: none */
	/* Of the base's and the head's run, the latter for variants; NULL: everything is raw. Wall
	 * time is then compared corrected where one side ran in a container and the other on the
	 * host, and the other metrics of two runs that are so mixed decide nothing. What ran in
	 * containers on both sides is compared raw, with the corrected figures beside. */
	const struct tare_correction *base_correction;
	const struct tare_correction *head_correction;
};

/* Whether one ran in a container and the other on the host: what that costs would count as a
 * change. Replays are neither. */
bool tare_compare_is_mixed(const struct tare_run_case *base, const struct tare_run_case *head);

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

/* Benjamini & Hochberg over all comparisons fill p_triage, which decides nothing. Holm over all
 * gated comparisons of the sets together fills p_adjusted and decides; failed_gate is
 * set in those that made it fail. A regression counts for the gate where its adjusted p is at most
 * alpha. */
void tare_compare_gate(struct tare_gate_outcome *outcome_out, struct tare_arena *arena,
	struct tare_comparison_set *sets, size_t set_count, const struct tare_gate *gate,
	const struct tare_compare_options *options);

/*
 * Adaptive measuring: looks at a group, by a spending plan (section 4).
 *
 * struct tare_looking is one group's plan while it is carried out: zeroed, then what the caller
 * knows is filled in before the first look. The first look sets how many pairs the plan ends with:
 * as many as make the intervals as narrow as is worth while (the wanted precision, at most half of
 * the margin), and no more than the budget. O'Brien & Fleming's spending function then says how
 * much alpha a look may use, so that a large change ends measuring soon and many looks together
 * find what is not there in no more than 5 %. The look at which measuring ends in any case (plan,
 * precision, budget) has all that is left.
 */
struct tare_looking {
	size_t budget;             /* pairs that time and count allow, as estimated now */
	enum tare_stop budget_end; /* which of them */
	uint32_t phase;            /* 1: measuring again, for --confirm */
	const double *margin;      /* over every metric's own; NULL: none */
	bool confirmed; /* a second measuring may follow: the first spends up to its half */

	double needed; /* pairs for intervals that narrow; 0 before the first look */
	size_t planned;
	struct tare_spending spending;
};

struct tare_look {
	enum tare_stop stop;
	bool doubtful;      /* some gated comparison is a regression or inconclusive */
	const char *reason; /* static text: why it stops, or why not */
	double half_width;  /* relative, of the widest gated median interval; NaN where none */
};

/* A look at a group of the run, which gets the records of it (tare_run_add_look). end: why
 * measuring ends now whatever is seen, or TARE_STOP_NOT. Looks must be in order of pairs. */
void tare_compare_look(struct tare_look *look_out, struct tare_looking *looking,
	struct tare_run *run, const struct tare_plan *plan, const struct tare_group *group,
	enum tare_stop end);

/* The plan as the looks in the records left it, for a resumed run: those with fewer pairs than
 * now, of this phase or before. */
void tare_looking_take_up(struct tare_looking *looking, const struct tare_run *run,
	const struct tare_group *group, size_t pairs);

/* The two-sided level that looks leave to the comparison of what was measured in the end: that of
 * the last look, or alpha where there were none. */
double tare_compare_level(const struct tare_run_case *subject, double alpha);

#endif
