#include <math.h>

#include "harness/compare/internal.h"
#include "harness/stats/multiple.h"
#include "harness/stats/power.h"

/* What one look at a group sees. */
struct view {
	size_t compared;  /* gated comparisons */
	size_t undecided; /* of them */
	double widest;    /* half-width of a ratio's interval, relative to what is wanted of it */
	double half_width;
	double gate_alpha; /* 0: no gate; else what Holm's first step asks of a regression */
};

static bool
has_failed(const struct tare_run *run, size_t index)
{
	return run->cases[index].status == TARE_CASE_FAILED;
}

/* Complete pairs of those that work, or invocations where there is one variant. */
static size_t
pairs_measured(const struct tare_run *run, const struct tare_group *group)
{
	uint64_t smallest = UINT64_MAX;

	for (size_t i = 0; i < group->case_count; i++) {
		size_t index = group->first_case + i;
		uint64_t total = run->cases[index].samples.total;

		if (!has_failed(run, index) && total < smallest)
			smallest = total;
	}
	return smallest < UINT64_MAX ? (size_t)smallest : 0;
}

/* Relative half-width of the interval of the median, the widest of the case's gated metrics. */
static double
median_half_width(struct tare_arena *scratch, const struct tare_run_case *subject)
{
	double *values = tare_arena_alloc(scratch, subject->samples.count, sizeof(*values));
	double widest = NAN;

	for (size_t metric = 0; metric < subject->metric_count; metric++) {
		struct tare_interval interval;
		size_t n;

		if (!subject->metrics[metric].gated)
			continue;
		n = tare_finite(values, tare_samples_values(values, &subject->samples, metric));
		tare_sort(values, n);
		tare_median_interval(&interval, values, n, TARE_COMPARE_ALPHA);
		if (interval.low == interval.high)
			widest = fmax(widest, 0.0);
		else if (!isnan(interval.low) && interval.estimate != 0.0)
			widest = fmax(widest,
				(interval.high - interval.low) / 2.0 / fabs(interval.estimate));
	}
	return widest;
}

/* How many gated comparisons the whole plan makes: Holm's first step divides alpha by it. */
static size_t
family_size(const struct tare_plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->group_count; i++) {
		const struct tare_group *group = &plan->groups[i];
		const struct tare_case *base;

		if (group->case_count < 2)
			continue;
		base = &plan->cases[group->first_case];
		for (size_t metric = 0; metric < base->metric_count; metric++)
			count += base->metrics[metric].gated ? group->case_count - 1 : 0;
	}
	return count > 0 ? count : 1;
}

/* Half the width of the ratio's interval, against an aim no wider than a quarter of the margin:
 * nearer to the margin than that, more pairs are not worth their time. */
static double
share_of_aim(const struct tare_comparison *item, double precision)
{
	double half = (item->ratio_high - item->ratio_low) / 2.0 / item->ratio;
	double aim = fmin(precision, item->metric.margin / 4.0);

	return isnan(half) || !(aim > 0.0) ? INFINITY : half / aim;
}

/* A regression is only done with when a gate that was asked for can fail on it. */
static bool
is_decided(const struct tare_comparison *item, double gate_alpha)
{
	if (item->verdict == TARE_VERDICT_INCONCLUSIVE)
		return false;
	return item->verdict != TARE_VERDICT_REGRESSION || gate_alpha == 0.0 ||
	       item->p_value <= gate_alpha;
}

static void
view_pair(struct view *view, const struct tare_comparing *comparing, const struct tare_run *run,
	size_t base, size_t head, const struct tare_plan *plan)
{
	struct tare_comparing fixed = *comparing;
	const struct tare_run_case *subject = &run->cases[head];

	fixed.alpha = TARE_COMPARE_ALPHA;
	for (size_t metric = 0; metric < subject->metric_count; metric++) {
		struct tare_comparison item;

		if (!subject->metrics[metric].gated ||
			!tare_compare_metric(&item, comparing, &run->cases[base], subject, metric))
			continue;
		view->compared++;
		view->undecided += !is_decided(&item, view->gate_alpha);
		tare_compare_metric(&item, &fixed, &run->cases[base], subject, metric);
		view->widest = fmax(view->widest, share_of_aim(&item, plan->cases[head].precision));
	}
}

static struct view
view_group(struct tare_arena *scratch, const struct tare_run *run, const struct tare_group *group,
	const struct tare_plan *plan, double alpha)
{
	const struct tare_compare_options options = {.alpha = alpha};
	struct tare_comparing comparing =
		tare_comparing_begin(scratch, tare_ranks_new(scratch), true, &options);
	struct view view = {.half_width = NAN};

	if (plan->gate.asked_for)
		view.gate_alpha = TARE_COMPARE_ALPHA / (double)family_size(plan);
	for (size_t i = 0; i < group->case_count; i++) {
		size_t index = group->first_case + i;

		if (has_failed(run, index))
			continue;
		view.half_width =
			fmax(view.half_width, median_half_width(scratch, &run->cases[index]));
		if (i > 0 && alpha > 0.0 && !has_failed(run, group->first_case))
			view_pair(&view, &comparing, run, group->first_case, index, plan);
	}
	return view;
}

static void
decide_look(struct tare_look *look, const struct view *view, double precision)
{
	if (view->compared > 0 && view->undecided == 0) {
		look->stop = true;
		look->reason = "verdict reached";
	} else if (view->compared > 0 && view->widest <= 1.0) {
		look->stop = true;
		look->reason = "too close to the margin to be worth more";
	} else if (view->compared > 0) {
		look->reason = "no verdict yet";
	} else if (look->half_width <= precision) {
		look->stop = true;
		look->reason = "precision reached";
	} else {
		look->reason = "precision not reached yet";
	}
}

/*
 * What this look may spend: what the plan allows up to now, less what it allowed at the look
 * before. To spend the whole of alpha(t) again at every look would miss the truth in up to 8 %
 * instead of 5 (tests/sim/sim_aa).
 */
static double
look_alpha(size_t pairs, size_t planned)
{
	double all = planned > 0 ? (double)planned : 1.0;
	size_t before = pairs > 2 ? (pairs - 2) * TARE_LOOK_GROWTH / (TARE_LOOK_GROWTH + 1) : 0;

	if (pairs >= planned)
		return TARE_COMPARE_ALPHA;
	return tare_spending(TARE_COMPARE_ALPHA, (double)pairs / all) -
	       tare_spending(TARE_COMPARE_ALPHA, (double)before / all);
}

void
tare_compare_look(struct tare_look *look_out, struct tare_arena *scratch,
	const struct tare_run *run, const struct tare_group *group, const struct tare_plan *plan,
	size_t pairs_planned)
{
	size_t pairs = pairs_measured(run, group);
	double alpha = look_alpha(pairs, pairs_planned);
	struct view view = view_group(scratch, run, group, plan, alpha);
	struct tare_look look = {.half_width = view.half_width};

	decide_look(&look, &view, plan->cases[group->first_case].precision);
	if (pairs < tare_smallest_pairs(TARE_COMPARE_ALPHA)) {
		look.stop = false;
		look.reason = "too few pairs to decide anything";
	}
	*look_out = look;
}
