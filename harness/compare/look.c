#include <math.h>

#include "harness/compare/internal.h"
#include "harness/stats/multiple.h"
#include "harness/stats/normal.h"
#include "harness/stats/power.h"

/* What one look at a group sees. */
struct view {
	size_t pairs;
	size_t compared;  /* gated comparisons */
	size_t undecided; /* of them */
	size_t doubtful;  /* of them, regressions and inconclusive ones */
	double widest;    /* half-width of a ratio's interval, relative to what is wanted of it */
	double needed;    /* pairs after which it will probably be as narrow */
	double half_width;
	double precision;  /* wanted of the median */
	double gate_alpha; /* 0: no gate; else what Holm's first step asks of a regression */
	size_t smallest;   /* number of pairs that can decide at all, for gate_alpha too */
};

/* One look while it is taken. */
struct looker {
	struct tare_run *run;
	const struct tare_plan *plan;
	const struct tare_group *group;
	struct tare_comparing comparing;
	struct tare_arena *scratch;
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

/* The interval of the median. */
static void
median_of(struct tare_interval *interval_out, struct tare_arena *scratch,
	const struct tare_run_case *subject, size_t metric)
{
	double *values = tare_arena_alloc(scratch, subject->samples.count, sizeof(*values));
	size_t n = tare_finite(values, tare_samples_values(values, &subject->samples, metric));

	tare_sort(values, n);
	tare_median_interval(interval_out, values, n, TARE_COMPARE_ALPHA);
}

/* Its relative half-width, the widest of the case's gated metrics. */
static double
median_half_width(struct tare_arena *scratch, const struct tare_run_case *subject)
{
	double widest = NAN;

	for (size_t metric = 0; metric < subject->metric_count; metric++) {
		struct tare_interval interval;

		if (!subject->metrics[metric].gated)
			continue;
		median_of(&interval, scratch, subject, metric);
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

/* How wide half an interval may be: nearer to the truth than half of the margin, more pairs are not
 * worth their time. Of a margin of nothing there is no half. */
static double
aim_of(const struct looker *looker, size_t head, const struct tare_metric *metric)
{
	double precision = looker->plan->cases[head].precision;

	return metric->margin > 0.0 ? fmin(precision, metric->margin / 2.0) : precision;
}

/* The pairs that make the interval as narrow as the aim where one pair spreads so. */
static double
pairs_for(double spread, double aim)
{
	double z = -tare_normal_quantile(TARE_COMPARE_ALPHA / 2.0);
	double root = TARE_HODGES_LEHMANN_LOSS * z * spread / aim;

	return isnan(root) ? INFINITY : ceil(root * root);
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

/* Whether head is compared in this group now. */
static bool
is_compared(const struct looker *looker, size_t head)
{
	size_t base = looker->group->first_case;

	return head != base && !has_failed(looker->run, base) && !has_failed(looker->run, head);
}

/* The gated comparison of one metric, at the level of comparing; false where there is none. */
static bool
compare_gated(
	struct tare_comparison *item_out, const struct looker *looker, size_t head, size_t metric)
{
	const struct tare_run_case *subject = &looker->run->cases[head];

	return subject->metrics[metric].gated &&
	       tare_compare_metric(item_out, &looker->comparing,
		       &looker->run->cases[looker->group->first_case], subject, metric);
}

/* What there is to see before it is known at which level: how wide, and how many pairs it takes. */
static void
survey(struct view *view, const struct looker *looker, size_t head)
{
	for (size_t metric = 0; metric < looker->run->cases[head].metric_count; metric++) {
		struct tare_comparison item;
		double half, aim;

		if (!compare_gated(&item, looker, head, metric))
			continue;
		view->compared++;
		aim = aim_of(looker, head, &item.metric);
		if (item.method == TARE_METHOD_EXACT)
			continue;
		half = (item.ratio_high - item.ratio_low) / 2.0 / item.ratio;
		view->widest =
			fmax(view->widest, isnan(half) || !(aim > 0.0) ? INFINITY : half / aim);
		view->needed = fmax(view->needed, pairs_for(item.spread, aim));
	}
}

static struct view
view_group(const struct looker *looker)
{
	const struct tare_group *group = looker->group;
	struct view view = {.half_width = NAN,
		.pairs = pairs_measured(looker->run, group),
		.precision = looker->plan->cases[group->first_case].precision,
		.smallest = tare_smallest_pairs(TARE_COMPARE_ALPHA)};

	if (looker->plan->gate.asked_for) {
		view.gate_alpha = TARE_COMPARE_ALPHA / (double)family_size(looker->plan);
		/* Two more than the smallest: looks have taken their share of alpha. */
		if (view.gate_alpha < TARE_COMPARE_ALPHA / 2.0)
			view.smallest = 2 + tare_smallest_pairs(2.0 * view.gate_alpha);
	}
	for (size_t i = 0; i < group->case_count; i++) {
		size_t index = group->first_case + i;

		if (has_failed(looker->run, index))
			continue;
		view.half_width = fmax(view.half_width,
			median_half_width(looker->scratch, &looker->run->cases[index]));
		if (is_compared(looker, index))
			survey(&view, looker, index);
	}
	return view;
}

/* Where the plan ends: a budget that turns out otherwise moves it, what was seen does not. */
static void
plan_pairs(struct tare_looking *looking, const struct view *view)
{
	double pairs;

	if (looking->needed == 0.0)
		looking->needed = fmax(view->needed, (double)view->smallest);
	pairs = fmin(looking->needed, (double)looking->budget);
	looking->planned = pairs > (double)view->pairs ? (size_t)pairs : view->pairs;
}

/* What may be spent up to this look. The first of two measurings ends at half of the plan. */
static double
spent_by(const struct tare_looking *looking, size_t pairs, bool last)
{
	double share = looking->confirmed && looking->phase == 0 ? 0.5 : 1.0;
	double t = last ? 1.0 : (double)pairs / (double)looking->planned;

	return tare_spending(TARE_COMPARE_ALPHA, share * fmin(t, 1.0));
}

/* A look that a cut-off run took and told of is taken again when the run is resumed. */
static bool
is_recorded(const struct tare_run_case *subject, const struct tare_case_look *look)
{
	const struct tare_case_look *last;

	if (subject->look_count == 0)
		return false;
	last = &subject->looks[subject->look_count - 1];
	return last->pairs >= look->pairs && last->phase == look->phase;
}

static void
record_compared(struct view *view, const struct looker *looker, size_t head,
	const struct tare_case_look *look)
{
	bool told = is_recorded(&looker->run->cases[head], look);

	for (size_t metric = 0; metric < looker->run->cases[head].metric_count; metric++) {
		struct tare_case_look record = *look;
		struct tare_comparison item;

		if (!compare_gated(&item, looker, head, metric))
			continue;
		view->undecided += !is_decided(&item, view->gate_alpha);
		view->doubtful += item.verdict == TARE_VERDICT_REGRESSION ||
				  item.verdict == TARE_VERDICT_INCONCLUSIVE;
		record.metric = (uint32_t)metric;
		record.logs = !isnan(item.ratio);
		record.estimate = record.logs ? item.ratio : item.difference;
		record.low = record.logs ? item.ratio_low : item.difference_low;
		record.high = record.logs ? item.ratio_high : item.difference_high;
		record.p_value = item.p_value;
		record.verdict = item.verdict;
		if (!told)
			tare_run_add_look(looker->run, head, &record);
	}
}

static void
record_single(const struct looker *looker, size_t index, const struct tare_case_look *look)
{
	const struct tare_run_case *subject = &looker->run->cases[index];
	bool told = is_recorded(subject, look);

	for (size_t metric = 0; metric < subject->metric_count; metric++) {
		struct tare_case_look record = *look;
		struct tare_interval interval;

		if (told || !subject->metrics[metric].gated)
			continue;
		median_of(&interval, looker->scratch, subject, metric);
		record.compared = false;
		record.alpha_spent = record.boundary = 0.0;
		record.metric = (uint32_t)metric;
		record.estimate = interval.estimate;
		record.low = interval.low;
		record.high = interval.high;
		record.p_value = NAN;
		record.verdict = TARE_VERDICT_INCONCLUSIVE;
		tare_run_add_look(looker->run, index, &record);
	}
}

/* Why measuring would end here without a verdict. */
static enum tare_stop
end_of_plan(const struct view *view, const struct tare_looking *looking)
{
	if (view->pairs < tare_smallest_pairs(TARE_COMPARE_ALPHA))
		return TARE_STOP_NOT;
	if (view->compared == 0)
		return view->half_width <= view->precision ? TARE_STOP_PRECISE : TARE_STOP_NOT;
	if (view->pairs >= view->smallest &&
		(view->widest <= 1.0 || (double)view->pairs >= looking->needed))
		return TARE_STOP_PRECISE;
	return view->pairs >= looking->planned ? looking->budget_end : TARE_STOP_NOT;
}

static const char *
reason_of(const struct view *view, enum tare_stop stop)
{
	if (stop != TARE_STOP_NOT)
		return tare_stop_reason(stop);
	if (view->pairs < tare_smallest_pairs(TARE_COMPARE_ALPHA))
		return "too few pairs to decide anything";
	return view->compared > 0 ? "no verdict yet" : "precision not reached yet";
}

/* All records of the look; the decision is known last. */
static enum tare_stop
take(struct view *view, const struct looker *looker, const struct tare_case_look *look)
{
	const struct tare_group *group = looker->group;
	enum tare_stop stop = look->decision;

	for (size_t i = 0; i < group->case_count; i++) {
		size_t index = group->first_case + i;

		if (is_compared(looker, index))
			record_compared(view, looker, index, look);
		else if (view->compared == 0 && !has_failed(looker->run, index))
			record_single(looker, index, look);
	}
	if (view->pairs >= tare_smallest_pairs(TARE_COMPARE_ALPHA) && view->compared > 0 &&
		view->undecided == 0 && (stop == TARE_STOP_NOT || stop == TARE_STOP_PRECISE))
		stop = TARE_STOP_DECIDED;
	for (size_t i = 0; i < group->case_count; i++) {
		struct tare_run_case *subject = &looker->run->cases[group->first_case + i];

		for (size_t j = subject->look_count;
			j-- > 0 && subject->looks[j].pairs == look->pairs;)
			subject->looks[j].decision = stop;
	}
	return stop;
}

void
tare_compare_look(struct tare_look *look_out, struct tare_looking *looking, struct tare_run *run,
	const struct tare_plan *plan, const struct tare_group *group, enum tare_stop end)
{
	struct tare_arena *scratch = tare_arena_new();
	const struct tare_compare_options options = {.margin = looking->margin};
	struct looker looker = {run, plan, group,
		tare_comparing_begin(scratch, tare_ranks_new(scratch), true, &options), scratch};
	struct view view = view_group(&looker);
	struct tare_case_look look = {.phase = looking->phase, .compared = true};

	plan_pairs(looking, &view);
	look.decision = end != TARE_STOP_NOT ? end : end_of_plan(&view, looking);
	look.pairs = (uint32_t)view.pairs;
	look.pairs_planned = (uint32_t)looking->planned;
	if (view.compared > 0) {
		look.alpha_spent = spent_by(looking, view.pairs, look.decision != TARE_STOP_NOT);
		look.boundary = tare_spending_look(
			&looking->spending, (double)view.pairs, look.alpha_spent);
		look.alpha_spent = looking->spending.spent;
		looker.comparing.level = look.boundary;
	}
	look_out->stop = take(&view, &looker, &look);
	look_out->reason = reason_of(&view, look_out->stop);
	look_out->doubtful = view.doubtful > 0;
	look_out->half_width = view.half_width;
	tare_arena_free(scratch);
}

void
tare_looking_take_up(struct tare_looking *looking, const struct tare_run *run,
	const struct tare_group *group, size_t pairs)
{
	const struct tare_run_case *longest = &run->cases[group->first_case];

	for (size_t i = 1; i < group->case_count; i++) {
		const struct tare_run_case *other = &run->cases[group->first_case + i];

		longest = other->look_count > longest->look_count ? other : longest;
	}
	for (size_t i = 0; i < longest->look_count && longest->looks[i].pairs < pairs; i++) {
		const struct tare_case_look *look = &longest->looks[i];

		/* Where the budget was the end, how many were needed is not known. */
		if (looking->needed == 0.0)
			looking->needed = look->pairs_planned < looking->budget
						  ? (double)look->pairs_planned
						  : INFINITY;
		tare_spending_look(&looking->spending, (double)look->pairs, look->alpha_spent);
	}
}

double
tare_compare_level(const struct tare_run_case *subject, double alpha)
{
	const struct tare_case_look *last;
	struct tare_spending spending = {0};

	if (subject->look_count == 0 || alpha != TARE_COMPARE_ALPHA)
		return alpha;
	last = &subject->looks[subject->look_count - 1];
	if (!last->compared)
		return alpha;
	if (last->pairs >= subject->samples.total)
		return last->boundary;
	/* Cut off on the way to the next look: this is the last, and has what is left. */
	for (size_t i = 0; i < subject->look_count; i++)
		tare_spending_look(
			&spending, (double)subject->looks[i].pairs, subject->looks[i].alpha_spent);
	return tare_spending_look(&spending, (double)subject->samples.total, alpha);
}
