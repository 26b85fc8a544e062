#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "harness/compare/internal.h"
#include "harness/stats/power.h"

struct tare_comparing
tare_comparing_begin(struct tare_arena *arena, struct tare_ranks *ranks, bool paired,
	const struct tare_compare_options *options)
{
	struct tare_comparing comparing = {
		.arena = arena, .ranks = ranks, .alpha = TARE_COMPARE_ALPHA, .paired = paired};

	if (options != NULL && options->alpha > 0.0 && options->alpha < 1.0)
		comparing.alpha = options->alpha;
	comparing.level = comparing.alpha;
	if (options != NULL)
		comparing.margin = options->margin;
	if (options != NULL) {
		comparing.base_correction = options->base_correction;
		comparing.head_correction = options->head_correction;
	}
	return comparing;
}

/* Finite again where giving back what was shrunk overflows. */
static double
unshrink(const struct tare_evidence *evidence, double value)
{
	value /= evidence->shrink;
	return isinf(value) ? copysign(DBL_MAX, value) : value;
}

static void
fill_estimate(struct tare_comparison *item, const struct tare_evidence *evidence,
	const struct tare_interval *shift)
{
	item->ratio = item->ratio_low = item->ratio_high = NAN;
	item->difference = item->difference_low = item->difference_high = NAN;
	if (evidence->logs) {
		item->ratio = fmin(exp(shift->estimate), DBL_MAX);
		item->ratio_low = isnan(shift->low) ? NAN : fmin(exp(shift->low), DBL_MAX);
		item->ratio_high = isnan(shift->high) ? NAN : fmin(exp(shift->high), DBL_MAX);
	} else {
		item->difference = unshrink(evidence, shift->estimate);
		item->difference_low = unshrink(evidence, shift->low);
		item->difference_high = unshrink(evidence, shift->high);
	}
}

/* A length on the scale of the shift as a relative change. */
static double
relative(const struct tare_evidence *evidence, double length)
{
	if (evidence->logs)
		return expm1(length);
	return evidence->size > 0.0 ? length / evidence->size : NAN;
}

/* How many more are needed for the observed spread and estimate to decide. */
static void
explain_spread(struct tare_comparison *item, const struct tare_comparing *comparing,
	const struct tare_evidence *evidence, double estimate, double delta)
{
	bool inside = fabs(estimate) < delta;
	double gap = fabs(fabs(estimate) - delta);
	double tail = inside ? comparing->alpha : comparing->alpha / 2.0;
	double sd = evidence->se * sqrt((double)item->n);
	size_t needed = tare_needed(gap, sd, tail, TARE_COMPARE_POWER);

	if (evidence->foreign_se > evidence->se) {
		item->reason = "the calibration is not certain enough; tare calibrate --thorough "
			       "makes a better one";
		return;
	}
	if (needed == 0 || needed >= TARE_NEEDED_MAX) {
		item->reason = "the change is too close to the margin to tell on which side it is";
		return;
	}
	/* Enough by the formula and yet undecided: this sample was unlucky. */
	item->missing_pairs = needed > item->n ? needed - item->n : (item->n + 3) / 4;
	item->reason = tare_arena_printf(comparing->arena,
		"the values spread too widely: about %s would probably decide",
		evidence->paired
			? tare_compare_count(
				  comparing->arena, item->missing_pairs, "more pair", "more pairs")
			: tare_compare_count(comparing->arena, item->missing_pairs,
				  "more invocation of each side", "more invocations of each side"));
}

static size_t
smallest_sides(const struct tare_comparing *comparing)
{
	size_t n = 1;

	while (tare_mann_whitney_critical(comparing->ranks, n, n, comparing->alpha / 2.0) == 0)
		n++;
	return n;
}

static void
explain_too_few(struct tare_comparison *item, const struct tare_comparing *comparing,
	const struct tare_evidence *evidence)
{
	struct tare_arena *arena = comparing->arena;
	size_t have = evidence->paired ? evidence->d_n : item->n;
	size_t smallest =
		comparing->paired
			? tare_smallest_pairs(tare_evidence_level(evidence, comparing->level))
			: smallest_sides(comparing);

	item->missing_pairs = smallest > have ? smallest - have : 1;
	if (item->base_n == 0 || item->head_n == 0)
		item->reason = tare_arena_printf(arena, "the %s has no values of %s",
			item->base_n == 0 ? "base" : "head", item->metric.name);
	else if (evidence->paired)
		item->reason = tare_arena_printf(arena,
			"%s too few to decide anything: at least %zu are needed",
			tare_compare_count(arena, have, "pair is", "pairs are"), smallest);
	else
		item->reason = tare_arena_printf(arena,
			"%s on one side is too few to decide anything: at least %zu are needed",
			tare_compare_count(arena, have, "invocation", "invocations"), smallest);
}

/* The rules of the verdict: the interval clears the margin, or the interval at twice alpha lies
 * inside it, else nothing is known. By test inversion p <= tail says the same as the interval does.
 */
static enum tare_verdict
decide(const struct tare_comparison *item, const struct tare_comparing *comparing,
	const struct tare_evidence *evidence, double delta)
{
	bool lower = item->metric.better == TARE_LOWER_IS_BETTER;
	double alpha = comparing->level;
	struct tare_ranks *ranks = comparing->ranks;

	if (tare_evidence_p_above(ranks, evidence, delta) <= alpha / 2.0)
		return lower ? TARE_VERDICT_REGRESSION : TARE_VERDICT_IMPROVEMENT;
	if (tare_evidence_p_below(ranks, evidence, -delta) <= alpha / 2.0)
		return lower ? TARE_VERDICT_IMPROVEMENT : TARE_VERDICT_REGRESSION;
	if (tare_evidence_p_below(ranks, evidence, delta) <= alpha &&
		tare_evidence_p_above(ranks, evidence, -delta) <= alpha)
		return TARE_VERDICT_NO_CHANGE;
	return TARE_VERDICT_INCONCLUSIVE;
}

/* The smallest relative change that would be called one, by the level that the exact test attains.
 */
static double
detectable(
	const struct tare_comparing *comparing, const struct tare_evidence *evidence, double delta)
{
	double tail = comparing->level / 2.0;
	size_t degrees =
		evidence->paired ? evidence->d_n - 1 : evidence->sides.m + evidence->sides.n - 2;
	uint64_t critical =
		evidence->paired ? tare_signed_rank_critical(comparing->ranks, evidence->d_n, tail)
				 : tare_mann_whitney_critical(comparing->ranks, evidence->sides.m,
					   evidence->sides.n, tail);

	if (critical == 0)
		return NAN;
	if (critical == 1 && evidence->paired)
		return relative(evidence, tare_mde_unanimous(delta, tare_evidence_se(evidence),
						  evidence->n, TARE_COMPARE_POWER));
	tail = evidence->paired
		       ? tare_signed_rank_cdf(comparing->ranks, evidence->d_n, critical - 1)
		       : tare_mann_whitney_cdf(comparing->ranks, evidence->sides.m,
				 evidence->sides.n, critical - 1);
	return relative(evidence,
		tare_mde(delta, tare_evidence_se(evidence), degrees, tail, TARE_COMPARE_POWER));
}

/* NaN where zeros or negatives forbid the logs. */
static double
spread_of(const struct tare_evidence *evidence)
{
	if (!evidence->logs)
		return NAN;
	if (evidence->paired)
		return evidence->se * sqrt((double)evidence->n);
	return evidence->se / sqrt(1.0 / (double)evidence->base_n + 1.0 / (double)evidence->head_n);
}

static void
compare_by_ranks(struct tare_comparison *item, const struct tare_comparing *comparing,
	const struct tare_evidence *evidence)
{
	double delta = tare_evidence_delta(evidence, item->metric.margin);
	struct tare_interval shift;

	tare_evidence_interval(&shift, comparing->ranks, evidence, comparing->level);
	item->method = !evidence->logs    ? TARE_METHOD_DIFFERENCE
		       : evidence->paired ? TARE_METHOD_PAIRED
					  : TARE_METHOD_UNPAIRED;
	fill_estimate(item, evidence, &shift);
	item->mde = detectable(comparing, evidence, delta);
	item->spread = spread_of(evidence);
	item->p_value = item->metric.better == TARE_LOWER_IS_BETTER
				? tare_evidence_p_above(comparing->ranks, evidence, delta)
				: tare_evidence_p_below(comparing->ranks, evidence, -delta);
	item->p_value = tare_spending_p(item->p_value, comparing->level, comparing->alpha);
	if (isnan(shift.low)) {
		explain_too_few(item, comparing, evidence);
		return;
	}
	item->verdict = shift.low == 0.0 && shift.high == 0.0
				? TARE_VERDICT_NO_CHANGE /* even where no margin can be had */
				: decide(item, comparing, evidence, delta);
	item->below_margin = (shift.low > 0.0 || shift.high < 0.0) &&
			     item->verdict != TARE_VERDICT_REGRESSION &&
			     item->verdict != TARE_VERDICT_IMPROVEMENT;
	if (item->verdict == TARE_VERDICT_INCONCLUSIVE)
		explain_spread(item, comparing, evidence, shift.estimate, delta);
}

/* Constants by nature need no statistics: one value a side says it all. */
static void
compare_exactly(struct tare_comparison *item, const struct tare_evidence *evidence)
{
	double base = evidence->base[0], head = evidence->head[0];
	double worse = item->metric.better == TARE_LOWER_IS_BETTER ? 1.0 : -1.0;
	double delta = tare_evidence_delta(evidence, item->metric.margin), shift;
	struct tare_interval point;

	item->method = TARE_METHOD_EXACT;
	shift = evidence->logs ? log(head) - log(base) : (head - base) * evidence->shrink;
	point = (struct tare_interval){shift, shift, shift};
	fill_estimate(item, evidence, &point);
	item->mde = item->metric.margin;
	/* A hair of rounding must not turn a change of exactly the margin into more than it. */
	delta += 1e-12 * (delta + fabs(shift));
	if (fabs(shift) <= delta)
		item->verdict = TARE_VERDICT_NO_CHANGE;
	else
		item->verdict =
			worse * shift > 0.0 ? TARE_VERDICT_REGRESSION : TARE_VERDICT_IMPROVEMENT;
	item->below_margin = item->verdict == TARE_VERDICT_NO_CHANGE && shift != 0.0;
	item->p_value = item->verdict == TARE_VERDICT_REGRESSION ? 0.0 : 1.0;
}

/* Counts of different origin differ whatever the program does: simulated instructions are without
 * the kernel's, for one. */
static bool
is_counted_alike(const struct tare_counter *base, const struct tare_counter *head)
{
	if (!base || !head)
		return base == head;
	return base->quality == head->quality && strcmp(base->provider, head->provider) == 0 &&
	       strcmp(base->scope, head->scope) == 0;
}

static const char *
origin_text(struct tare_arena *arena, const struct tare_counter *counter)
{
	if (!counter)
		return "not counted";
	return tare_arena_printf(arena, "%s by %s (%s)",
		tare_counter_quality_name(counter->quality), counter->provider, counter->scope);
}

static void
explain_origins(struct tare_comparison *item, struct tare_arena *arena,
	const struct tare_counter *base, const struct tare_counter *head)
{
	item->reason = tare_arena_printf(arena,
		"%s is %s in the base and %s in the head, which cannot be compared",
		item->metric.name, origin_text(arena, base), origin_text(arena, head));
}

static bool
is_constant(const double *sorted, size_t n)
{
	return n > 0 && sorted[0] == sorted[n - 1];
}

static void
fill_facts(struct tare_comparison *item, const struct tare_comparing *comparing,
	const struct tare_evidence *evidence)
{
	item->n = evidence->n;
	item->base_n = evidence->base_n;
	item->head_n = evidence->head_n;
	item->base_median = evidence->base_median;
	item->head_median = evidence->head_median;
	item->confidence = 1.0 - comparing->alpha;
	item->level = comparing->level;
	item->superiority = item->metric.better == TARE_LOWER_IS_BETTER
				    ? evidence->superiority
				    : 1.0 - evidence->superiority;
	item->ratio = item->ratio_low = item->ratio_high = NAN;
	item->difference = item->difference_low = item->difference_high = NAN;
	item->mde = NAN;
	item->spread = NAN;
	item->p_value = 1.0;
	item->p_adjusted = NAN;
	item->p_triage = NAN;
	item->verdict = TARE_VERDICT_INCONCLUSIVE;
	item->method = comparing->paired ? TARE_METHOD_PAIRED : TARE_METHOD_UNPAIRED;
}

bool
tare_compare_metric(struct tare_comparison *item_out, const struct tare_comparing *comparing,
	const struct tare_run_case *base, const struct tare_run_case *head, size_t metric)
{
	struct tare_comparison item = {.case_name = head->name,
		.benchmark = head->benchmark,
		.metric = head->metrics[metric],
		.head_metric = metric,
		.critical = head->critical};
	struct tare_evidence evidence;

	item.base_metric = tare_metric_find(base->metrics, base->metric_count, item.metric.name);
	if (item.base_metric == base->metric_count ||
		strcmp(base->metrics[item.base_metric].unit, item.metric.unit) != 0)
		return false;
	if (comparing->margin != NULL)
		item.metric.margin = *comparing->margin;
	tare_evidence_gather(&evidence, comparing->ranks, &base->samples, item.base_metric,
		&head->samples, metric, comparing->paired);
	if (evidence.base_n == 0 && evidence.head_n == 0)
		return false;
	if (head->runner && strcmp(head->runner, "replay") == 0)
		tare_evidence_no_widening(&evidence);
	if (evidence.logs)
		evidence.foreign_se = comparing->foreign_se;
	fill_facts(&item, comparing, &evidence);
	if (evidence.base_n == 0 || evidence.head_n == 0)
		explain_too_few(&item, comparing, &evidence);
	else if (!is_counted_alike(base->metrics[item.base_metric].counter, item.metric.counter))
		explain_origins(&item, comparing->arena, base->metrics[item.base_metric].counter,
			item.metric.counter);
	else if (item.metric.exact && is_constant(evidence.base, evidence.base_n) &&
		 is_constant(evidence.head, evidence.head_n))
		compare_exactly(&item, &evidence);
	else
		compare_by_ranks(&item, comparing, &evidence);
	*item_out = item;
	return true;
}

void
tare_compare_cases(struct tare_comparison *item_out, struct tare_arena *arena,
	const struct tare_run_case *base, const struct tare_run_case *head, size_t metric,
	bool paired, const struct tare_compare_options *options)
{
	struct tare_arena *scratch = tare_arena_new();
	struct tare_comparing comparing =
		tare_comparing_begin(arena, tare_ranks_new(scratch), paired, options);
	struct tare_comparison item = {0};

	assert(metric < head->metric_count);
	if (!tare_compare_metric(&item, &comparing, base, head, metric)) {
		struct tare_evidence nothing = {.base_median = NAN,
			.head_median = NAN,
			.superiority = NAN,
			.widening = 1.0};

		item.case_name = head->name;
		item.benchmark = head->benchmark;
		item.metric = head->metrics[metric];
		item.head_metric = item.base_metric = metric;
		item.critical = head->critical;
		fill_facts(&item, &comparing, &nothing);
		item.reason = "neither side has values to compare";
	}
	item.base_label = base->variant[0] != '\0' ? base->variant : "base";
	item.head_label = head->variant[0] != '\0' ? head->variant : "head";
	/* The evidence is no longer needed. */
	tare_compare_sentence(&item, arena, scratch);
	*item_out = item;
	tare_arena_free(scratch);
}
