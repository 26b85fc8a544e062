#include "harness/compare/evidence.h"

#include <math.h>
#include <string.h>

#include "harness/stats/normal.h"
#include "harness/stats/shape.h"

/* Above this, values are shrunk by 2^-8 before they are subtracted and added. */
#define LARGE 1e300

static double *
finite_values(size_t *count_out, double *room, const struct tare_samples *samples, size_t metric)
{
	*count_out = tare_finite(room, tare_samples_values(room, samples, metric));
	tare_sort(room, *count_out);
	return room;
}

/* What a margin of a plain difference is relative to: the mean of the two medians' sizes, or of all
 * values' sizes where both medians are 0. */
static double
typical_size(const struct tare_evidence *evidence)
{
	double medians = tare_midpoint(fabs(evidence->base_median), fabs(evidence->head_median));
	double sums[2] = {0.0, 0.0};

	if (medians > 0.0)
		return medians;
	for (size_t i = 0; i < evidence->base_n; i++)
		sums[0] += fabs(evidence->base[i]) / (double)evidence->base_n;
	for (size_t i = 0; i < evidence->head_n; i++)
		sums[1] += fabs(evidence->head[i]) / (double)evidence->head_n;
	return tare_midpoint(sums[0], sums[1]);
}

static double
on_scale(const struct tare_evidence *evidence, double value)
{
	return evidence->logs ? log(value) : value * evidence->shrink;
}

/*
 * Differences of exactly zero are left out before ranking, as Wilcoxon did and as the common
 * programs do: among values read off a coarse clock they are ties that carry no sign. Where more
 * than a fifth are zero they are what is typical, and stay (Pratt 1959).
 */
static size_t
drop_zeros(double *d, size_t n)
{
	size_t zeros = 0, kept = 0;

	for (size_t i = 0; i < n; i++)
		zeros += d[i] == 0.0;
	if (5 * zeros > n)
		return n;
	for (size_t i = 0; i < n; i++)
		if (d[i] != 0.0)
			d[kept++] = d[i];
	return kept;
}

/*
 * The two pairs of an ABBA block share one coin, so what disturbs the middle of a block moves both
 * alike, and the signed-rank test takes them for independent. Their correlation rho makes the
 * variance of a mean 1 + rho times as large (Kish 1965). It counts as far as it is past DOUBT times
 * its own standard error, 1 / sqrt(blocks): where pairs are independent ten of them then lose less
 * than 1 % of their power, and AR(1) drift with rho 0.6 and bursts stay within 6 % of misses
 * (tests/sim).
 */
#define DOUBT 0.85

static double
block_widening(const double *in_order, const double *sorted, size_t n)
{
	double rho = tare_block_correlation(in_order, n, tare_median(sorted, n));
	size_t blocks = n / 2;
	double known = blocks >= 2 ? rho - DOUBT / sqrt((double)blocks) : 0.0;

	return sqrt(1.0 + fmax(0.0, known));
}

/* Whether the pairs are 0, 1, 2, ...: only then are 2i and 2i + 1 one block. */
static bool
has_whole_blocks(const struct tare_samples *base, const struct tare_samples *head, size_t pairs)
{
	if (pairs != base->count || pairs != head->count)
		return false;
	for (size_t i = 0; i < pairs; i++) {
		if (base->pairs[i] != i || head->pairs[i] != i)
			return false;
	}
	return true;
}

/* d has room for twice the pairs. */
static void
use_pairs(struct tare_evidence *evidence, const double *base, const double *head, size_t count,
	bool blocks)
{
	double *in_order = evidence->d + count;

	evidence->n = 0;
	for (size_t i = 0; i < count; i++)
		if (isfinite(base[i]) && isfinite(head[i]))
			evidence->d[evidence->n++] =
				on_scale(evidence, head[i]) - on_scale(evidence, base[i]);
	memcpy(in_order, evidence->d, evidence->n * sizeof(*in_order));
	tare_sort(evidence->d, evidence->n);
	if (blocks && evidence->n == count)
		evidence->widening = block_widening(in_order, evidence->d, evidence->n);
	evidence->se =
		evidence->widening * tare_sd(in_order, evidence->n) / sqrt((double)evidence->n);
	evidence->d_n = drop_zeros(evidence->d, evidence->n);
}

static void
use_sides(struct tare_evidence *evidence, double *room)
{
	double *x = room, *y = room + evidence->base_n, sd_x, sd_y;

	for (size_t i = 0; i < evidence->base_n; i++)
		x[i] = on_scale(evidence, evidence->base[i]);
	for (size_t i = 0; i < evidence->head_n; i++)
		y[i] = on_scale(evidence, evidence->head[i]);
	evidence->sides = (struct tare_sides){x, evidence->base_n, y, evidence->head_n};
	evidence->n = evidence->base_n < evidence->head_n ? evidence->base_n : evidence->head_n;
	sd_x = tare_sd(x, evidence->base_n);
	sd_y = tare_sd(y, evidence->head_n);
	evidence->se = sqrt(
		sd_x * sd_x / (double)evidence->base_n + sd_y * sd_y / (double)evidence->head_n);
}

static void
choose_scale(struct tare_evidence *evidence)
{
	const double *ends[] = {evidence->base, evidence->base + evidence->base_n - 1,
		evidence->head, evidence->head + evidence->head_n - 1};
	bool large = false;

	evidence->logs = evidence->base[0] > 0.0 && evidence->head[0] > 0.0;
	for (size_t i = 0; i < 4; i++)
		large = large || fabs(*ends[i]) > LARGE;
	evidence->shrink = large ? 0x1p-8 : 1.0;
	evidence->size = typical_size(evidence) * evidence->shrink;
}

void
tare_evidence_gather(struct tare_evidence *evidence_out, struct tare_ranks *ranks,
	const struct tare_samples *base, size_t base_metric, const struct tare_samples *head,
	size_t head_metric, bool paired)
{
	size_t both = base->count + head->count, pairs = 0;
	double *room = tare_ranks_memory(ranks, TARE_RANKS_VALUES, 4 * both * sizeof(*room));
	struct tare_evidence evidence = {.shrink = 1.0, .se = NAN, .widening = 1.0};

	evidence.base = finite_values(&evidence.base_n, room, base, base_metric);
	evidence.head = finite_values(&evidence.head_n, room + base->count, head, head_metric);
	evidence.base_median = tare_median(evidence.base, evidence.base_n);
	evidence.head_median = tare_median(evidence.head, evidence.head_n);
	evidence.superiority =
		tare_superiority(evidence.base, evidence.base_n, evidence.head, evidence.head_n);
	evidence.d = room + both;
	if (evidence.base_n > 0 && evidence.head_n > 0) {
		choose_scale(&evidence);
		if (paired)
			pairs = tare_samples_pair(room + 2 * both, room + 3 * both, base,
				base_metric, head, head_metric);
		/* Pairs that never match, after failures on both sides, leave two samples. */
		evidence.paired = pairs > 0;
		if (evidence.paired)
			use_pairs(&evidence, room + 2 * both, room + 3 * both, pairs,
				has_whole_blocks(base, head, pairs));
		else
			use_sides(&evidence, evidence.d);
	}
	*evidence_out = evidence;
}

double
tare_evidence_delta(const struct tare_evidence *evidence, double margin)
{
	return evidence->logs ? log1p(margin) : margin * evidence->size;
}

void
tare_evidence_no_widening(struct tare_evidence *evidence)
{
	evidence->se /= evidence->widening;
	evidence->widening = 1.0;
}

double
tare_evidence_level(const struct tare_evidence *evidence, double alpha)
{
	if (evidence->widening == 1.0)
		return alpha;
	return 2.0 * tare_normal_cdf(tare_normal_quantile(alpha / 2.0) * evidence->widening);
}

/* A one-sided p of the test that takes pairs for independent, brought back: the inverse of the
 * above. */
static double
widen_p(const struct tare_evidence *evidence, double p)
{
	if (evidence->widening == 1.0 || !(p > 0.0 && p < 1.0))
		return p;
	return tare_normal_cdf(tare_normal_quantile(p) / evidence->widening);
}

double
tare_evidence_se(const struct tare_evidence *evidence)
{
	return evidence->foreign_se > 0.0 ? hypot(evidence->se, evidence->foreign_se)
					  : evidence->se;
}

void
tare_evidence_interval(struct tare_interval *interval_out, struct tare_ranks *ranks,
	const struct tare_evidence *evidence, double alpha)
{
	double level = tare_evidence_level(evidence, alpha), foreign;
	struct tare_interval own;

	if (evidence->paired)
		tare_hl_paired(&own, ranks, evidence->d, evidence->d_n, level);
	else
		tare_hl_unpaired(&own, ranks, &evidence->sides, level);
	*interval_out = own;
	if (!(evidence->foreign_se > 0.0))
		return;
	foreign = -tare_normal_quantile(alpha / 2.0) * evidence->foreign_se;
	interval_out->low = own.estimate - hypot(own.estimate - own.low, foreign);
	interval_out->high = own.estimate + hypot(own.high - own.estimate, foreign);
}

static double
own_p_above(struct tare_ranks *ranks, const struct tare_evidence *evidence, double bound)
{
	if (evidence->paired)
		return widen_p(
			evidence, tare_hl_paired_p_above(ranks, evidence->d, evidence->d_n, bound));
	return tare_hl_unpaired_p_above(ranks, &evidence->sides, bound);
}

static double
own_p_below(struct tare_ranks *ranks, const struct tare_evidence *evidence, double bound)
{
	if (evidence->paired)
		return widen_p(
			evidence, tare_hl_paired_p_below(ranks, evidence->d, evidence->d_n, bound));
	return tare_hl_unpaired_p_below(ranks, &evidence->sides, bound);
}

/* Halvings of the range of log p; below this p they end. */
enum { HALVINGS = 40 };
#define SMALLEST_P 1e-12

/* The smallest tail at which the interval, with what is foreign in it, does not hold the bound: it
 * is below its low end, or above its high one. */
static double
p_of_interval(
	struct tare_ranks *ranks, const struct tare_evidence *evidence, double bound, bool is_above)
{
	double clear = log(0.5), holds = log(SMALLEST_P);

	for (int i = 0; i < HALVINGS; i++) {
		double tail = (clear + holds) / 2.0;
		struct tare_interval interval;

		tare_evidence_interval(&interval, ranks, evidence, 2.0 * exp(tail));
		if (is_above ? interval.low > bound : interval.high < bound)
			clear = tail;
		else
			holds = tail;
	}
	return exp(clear);
}

double
tare_evidence_p_above(struct tare_ranks *ranks, const struct tare_evidence *evidence, double bound)
{
	double own = own_p_above(ranks, evidence, bound);

	if (!(evidence->foreign_se > 0.0) || own >= 0.5)
		return own;
	return fmax(own, p_of_interval(ranks, evidence, bound, true));
}

double
tare_evidence_p_below(struct tare_ranks *ranks, const struct tare_evidence *evidence, double bound)
{
	double own = own_p_below(ranks, evidence, bound);

	if (!(evidence->foreign_se > 0.0) || own >= 0.5)
		return own;
	return fmax(own, p_of_interval(ranks, evidence, bound, false));
}
