#include "harness/stats/trend_search.h"

#include <math.h>
#include <string.h>

#include "harness/stats/edivisive.h"
#include "harness/stats/normal.h"

enum {
	NEAR = 3, /* a running median over 7: segments of 4 survive it, spikes do not */
	EXACT_WORK_MAX = 500000, /* min(m, n) m n of the exact rank test */
	GLOBAL_WEIGHT = 10,      /* points that the spread of the whole series counts for */
	REFINE_ROUNDS = 3,
	NOISE_EVERY = 16,
	LEVEL_POINTS = 200,
	WRITE_OUT_MAX = 512, /* differences that are quicker written out than searched */
	SHORT_SIDE = 10, /* up to here most points have to be on the new level, not spikes alone */
};

#define CUT_SIGMAS 3.0
/* Times log n times the variance: low, for what is too much is pruned. */
#define PENALTY 2.0
/* Found by tests/sim/sim_trend: with fewer than 8 % of the pairs the wrong way round, a t of so
 * many degrees of freedom keeps series with fat and skewed tails below 3 % of false alarms. */
#define APART_MIN    0.92
#define TAIL_FREEDOM 25.0
#define EXACT_MIN    0.75
/* A series that drifts has to shift further, and less is made of the bias of its autocorrelation:
 * as many false alarms, and more of its steps found. */
#define DRIFT_SIGMAS      0.4
#define BIAS_SHARE        0.8
#define RHO_MAX           0.9
#define Z_MAX             37.0
#define CERTAIN           1.5
#define HODGES_LEHMANN_SD 1.0233267079464885 /* sqrt(pi / 3), against the mean */
#define MAD_SD            1.482602218505602
#define MEAN_DEVIATION_SD 1.2533141373155003

static double
largest(const double *values, size_t n)
{
	double found = values[0];

	for (size_t i = 1; i < n; i++)
		found = values[i] > found ? values[i] : found;
	return found;
}

/* 1.4826 MAD around centre; where more than half of the values are equal, by the mean deviation
 * without the largest tenth. Spoils values. */
double
tare_robust_sd(double *values, size_t n, double centre)
{
	double mad, sum = 0.0;
	size_t kept = n - n / 10;

	if (n == 0)
		return 0.0;
	for (size_t i = 0; i < n; i++)
		values[i] = fabs(values[i] - centre);
	mad = tare_select(values, n, n / 2);
	if (n % 2 == 0)
		mad = tare_midpoint(mad, largest(values, n / 2));
	if (mad > 0.0)
		return MAD_SD * mad;
	tare_sort(values, n);
	for (size_t i = 0; i < kept; i++)
		sum += values[i];
	return MEAN_DEVIATION_SD * sum / (double)kept;
}

/* From differences of neighbours, which a few steps do not change. */
static double
sd_of_differences(struct tare_trend_search *search)
{
	for (size_t i = 1; i < search->n; i++)
		search->work[i - 1] = search->values[i] - search->values[i - 1];
	return search->n < 2 ? 0.0 : tare_robust_sd(search->work, search->n - 1, 0.0) / sqrt(2.0);
}

static void
tame_values(struct tare_trend_search *search, double sigma)
{
	double *copy = search->work, centre;

	memcpy(copy, search->values, search->n * sizeof(*copy));
	tare_sort(copy, search->n);
	centre = tare_median(copy, search->n);
	for (size_t i = 0; i < search->n; i++) {
		size_t first = i > NEAR ? i - NEAR : 0;
		size_t last = i + NEAR < search->n ? i + NEAR : search->n - 1;
		double middle;

		memcpy(copy, search->values + first, (last + 1 - first) * sizeof(*copy));
		tare_sort(copy, last + 1 - first);
		middle = tare_median(copy, last + 1 - first);
		search->tame[i] = fmin(fmax(search->values[i], middle - CUT_SIGMAS * sigma),
					  middle + CUT_SIGMAS * sigma) -
				  centre;
	}
}

static void
find_candidates(struct tare_trend_search *search)
{
	static const size_t widths[] = {5, 10, 20, 40};
	double sigma = sd_of_differences(search), tiny;

	tame_values(search, sigma);
	tiny = 1e-12 * fmax(fabs(search->values[0]), 1e-3);
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		tare_energy_scan(search->work, search->tame, search->n, widths[i]);
		tare_peaks_mark(
			search->marks, search->work, search->n, widths[i] / 3, fmax(sigma, tiny));
	}
	for (size_t i = 0; i < search->n; i++)
		search->marks[i] |= search->forced[i];
	tare_boundaries_choose(search->marks, search->forced, search->work, search->tame, search->n,
		fmax(PENALTY * log((double)search->n) * sigma * sigma, tiny * tiny),
		TARE_TREND_PROVISIONAL_MIN);
}

static void
collect_edges(struct tare_trend_search *search)
{
	search->edge_count = 0;
	for (size_t i = 1; i < search->n; i++) {
		if (search->marks[i])
			search->edges[search->edge_count++] =
				(struct tare_edge){.at = i, .forced = search->forced[i]};
	}
	search->edges[search->edge_count].at = search->n;
}

static size_t
edge_begin(const struct tare_trend_search *search, size_t index)
{
	return index == 0 ? 0 : search->edges[index - 1].at;
}

/* The exact test, for the normal approximation does not reach far into the tail. */
static double
exact_z(struct tare_trend_search *search, const struct tare_edge *edge)
{
	double product = (double)edge->m * (double)edge->n, p;

	if (product * (double)(edge->m < edge->n ? edge->m : edge->n) > EXACT_WORK_MAX)
		return edge->z_ranks;
	p = tare_mann_whitney_cdf(
		search->ranks, edge->m, edge->n, (uint64_t)ceil((1.0 - edge->apart) * product));
	return p >= 0.5 ? edge->z_ranks : fmax(edge->z_ranks, -tare_normal_quantile(p));
}

static double
median_written_out(double *differences, const struct tare_sides *sides)
{
	size_t total = 0;
	double upper;

	for (size_t i = 0; i < sides->m; i++) {
		for (size_t j = 0; j < sides->n; j++)
			differences[total++] = sides->y[j] - sides->x[i];
	}
	upper = tare_select(differences, total, total / 2);
	return total % 2 != 0 ? upper : tare_midpoint(largest(differences, total / 2), upper);
}

double
tare_median_shift(struct tare_trend_search *search, const struct tare_sides *sides)
{
	uint64_t total = (uint64_t)sides->m * sides->n;
	double upper;

	if (total <= WRITE_OUT_MAX && total <= 4 * (search->n + 2))
		return median_written_out(search->work, sides);
	upper = tare_shift_select(search->ranks, sides, total / 2 + 1);
	if (total % 2 != 0)
		return upper;
	return tare_midpoint(tare_shift_select(search->ranks, sides, total / 2), upper);
}

/* The upper one of two in the middle of many will do for pruning. */
static double
nearly_median_shift(struct tare_trend_search *search, const struct tare_sides *sides)
{
	uint64_t total = (uint64_t)sides->m * sides->n;

	if (total <= WRITE_OUT_MAX)
		return tare_median_shift(search, sides);
	return tare_shift_select(search->ranks, sides, total / 2 + 1);
}

struct tare_sides
tare_edge_sides(struct tare_trend_search *search, size_t index)
{
	const struct tare_edge *edge = &search->edges[index];
	size_t begin = edge_begin(search, index), end = edge[1].at;

	memcpy(search->left, search->values + begin, (edge->at - begin) * sizeof(double));
	memcpy(search->right, search->values + edge->at, (end - edge->at) * sizeof(double));
	tare_sort(search->left, edge->at - begin);
	tare_sort(search->right, end - edge->at);
	return (struct tare_sides){search->left, edge->at - begin, search->right, end - edge->at};
}

/* Whether four fifths of a short side, and as many points as a segment needs, are nearer to their
 * own level than to the other one. */
static bool
is_solid(const double *sorted, size_t n, double own, double other)
{
	double middle = tare_midpoint(own, other);
	size_t near = 0;

	if (n > SHORT_SIDE)
		return true;
	for (size_t i = 0; i < n; i++)
		near += own > other ? sorted[i] > middle : sorted[i] < middle;
	return 5 * near >= 4 * n && (near == n || near >= TARE_TREND_SIDE_MIN);
}

static void
measure_edge(struct tare_trend_search *search, size_t index)
{
	struct tare_edge *edge = &search->edges[index];
	struct tare_sides sides = tare_edge_sides(search, index);
	double *residuals = search->work, centres[2];
	size_t total = sides.m + sides.n;

	edge->m = sides.m;
	edge->n = sides.n;
	edge->shift = nearly_median_shift(search, &sides);
	edge->apart = tare_superiority(sides.x, sides.m, sides.y, sides.n);
	edge->apart = fmax(edge->apart, 1.0 - edge->apart);
	edge->z_ranks = fabs(tare_mann_whitney_z(sides.x, sides.m, sides.y, sides.n));
	edge->exact = false;
	centres[0] = tare_median(sides.x, sides.m);
	centres[1] = tare_median(sides.y, sides.n);
	edge->solid = is_solid(sides.x, sides.m, centres[0], centres[1]) &&
		      is_solid(sides.y, sides.n, centres[1], centres[0]);
	for (size_t i = 0; i < sides.m; i++)
		residuals[i] = sides.x[i] - centres[0];
	for (size_t i = 0; i < sides.n; i++)
		residuals[sides.m + i] = sides.y[i] - centres[1];
	edge->sigma = tare_robust_sd(residuals, total, 0.0) *
		      sqrt((double)total / fmax(1.0, (double)total - 2.0));
}

/* What is left of the values without the levels of their segments. */
static void
write_residuals(struct tare_trend_search *search, double *residuals, double *copy)
{
	size_t begin = 0;

	for (size_t k = 0; k <= search->edge_count; k++) {
		size_t end = search->edges[k].at;
		double centre;

		memcpy(copy, search->values + begin, (end - begin) * sizeof(*copy));
		tare_sort(copy, end - begin);
		centre = tare_median(copy, end - begin);
		for (size_t i = begin; i < end; i++)
			residuals[i] = search->values[i] - centre;
		begin = end;
	}
}

/* Spread and lag-1 autocorrelation of the whole series around its levels. */
static void
measure_noise(struct tare_trend_search *search)
{
	double *residuals = search->left, *copy = search->right;
	double product = 0.0, square = 0.0, rho, cut;

	write_residuals(search, residuals, copy);
	memcpy(copy, residuals, search->n * sizeof(*copy));
	search->sigma = tare_robust_sd(copy, search->n, 0.0);
	cut = CUT_SIGMAS * search->sigma;
	for (size_t i = 0, k = 0; i < search->n; i++) {
		residuals[i] = fmin(fmax(residuals[i], -cut), cut);
		square += residuals[i] * residuals[i];
		if (i == search->edges[k].at)
			k++;
		else if (i > 0)
			product += residuals[i] * residuals[i - 1];
	}
	rho = square > 0.0 ? product / square : 0.0;
	/* Each fitted level takes about (1 + 3 rho) / n from it (Kendall 1954). */
	rho += BIAS_SHARE * (1.0 + 3.0 * fmax(rho, 0.0)) * (double)(search->edge_count + 1) /
	       (double)search->n;
	search->autocorrelation = fmin(fmax(rho, 0.0), RHO_MAX);
}

/* Variance of the mean of n values with lag-1 autocorrelation rho, against independent ones. */
static double
mean_inflation(double rho, double n)
{
	double power = pow(rho, n);

	return (1.0 + rho) / (1.0 - rho) -
	       2.0 * rho * (1.0 - power) / (n * (1.0 - rho) * (1.0 - rho));
}

/* A t-like ratio with fat tails to a normal z (Wallace 1959). */
static double
discount(double t)
{
	const double nu = TAIL_FREEDOM;

	if (!isfinite(t))
		return Z_MAX;
	return sqrt(nu * log1p(t * t / nu)) * (8.0 * nu + 1.0) / (8.0 * nu + 3.0);
}

double
tare_edge_inflation(const struct tare_edge *edge, double rho)
{
	double m = (double)edge->m, n = (double)edge->n;

	return (mean_inflation(rho, m) / m + mean_inflation(rho, n) / n) / (1.0 / m + 1.0 / n);
}

/* The spread at an edge, steadied by that of the whole series. */
static double
edge_sigma(const struct tare_trend_search *search, const struct tare_edge *edge)
{
	double local = (double)(edge->m + edge->n);

	return sqrt((local * edge->sigma * edge->sigma +
			    GLOBAL_WEIGHT * search->sigma * search->sigma) /
		    (local + GLOBAL_WEIGHT));
}

static bool
too_short(const struct tare_trend_search *search, const struct tare_edge *edge)
{
	bool newest = edge[1].at == search->n;

	return edge->m < TARE_TREND_SIDE_MIN ||
	       edge->n < (size_t)(newest ? TARE_TREND_PROVISIONAL_MIN : TARE_TREND_SIDE_MIN);
}

/* How sure the step is if the noise is AR(1): generalised least squares (Prais & Winsten 1954),
 * where the jump itself tells more than the means of values that drag each other along. */
static double
autoregressive_t(const struct tare_trend_search *search, const struct tare_edge *edge, double sigma)
{
	const double *values = search->tame + edge->at - edge->m;
	const double rho = search->autocorrelation, root = sqrt(1.0 - rho * rho);
	double level_level = 0.0, level_step = 0.0, step_step = 0.0;
	double level_value = 0.0, step_value = 0.0, determinant;

	for (size_t i = 0; i < edge->m + edge->n; i++) {
		double level = i == 0 ? root : 1.0 - rho;
		double step = i < edge->m ? 0.0 : i == edge->m ? 1.0 : 1.0 - rho;
		double value = i == 0 ? root * values[0] : values[i] - rho * values[i - 1];

		level_level += level * level;
		level_step += level * step;
		step_step += step * step;
		level_value += level * value;
		step_value += step * value;
	}
	determinant = level_level * step_step - level_step * level_step;
	return fabs(level_level * step_value - level_step * level_value) /
	       (HODGES_LEHMANN_SD * sigma * root * sqrt(level_level * determinant));
}

/* Squares that a straight line through both sides of an edge leaves, against those that the step
 * leaves: below 1 where the values creep rather than step. */
static double
line_against_step(const struct tare_trend_search *search, const struct tare_edge *edge)
{
	const double *values = search->tame + edge->at - edge->m;
	double m = (double)edge->m, n = (double)edge->n, total = m + n;
	double left = 0.0, right = 0.0, cross = 0.0, squares = 0.0, step, slope;

	for (size_t i = 0; i < edge->m + edge->n; i++) {
		*(i < edge->m ? &left : &right) += values[i];
		cross += ((double)i - (total - 1.0) / 2.0) * values[i];
		squares += values[i] * values[i];
	}
	squares -= (left + right) * (left + right) / total;
	step = right / n - left / m;
	slope = 12.0 * cross / (total * (total * total - 1.0));
	step = squares - step * step * m * n / total;
	slope = squares - slope * cross;
	return step > 0.0 ? slope / step : INFINITY;
}

/* The smallest shift that counts: so many sigmas, or fewer where both sides are long enough to be
 * sure of it, and it is not a slope that somebody cut in two. */
static double
wanted_shift(const struct tare_trend_search *search, const struct tare_edge *edge, double sigma,
	double wanted_z)
{
	double wanted =
		search->options.sigmas * sigma * (1.0 + DRIFT_SIGMAS * search->autocorrelation);
	double certain = CERTAIN * wanted_z * edge->standard_error;

	if (certain < wanted && fabs(edge->shift) >= certain && fabs(edge->shift) < wanted &&
		line_against_step(search, edge) >= 1.0)
		wanted = certain;
	return fmax(search->margin, wanted);
}

/* A long series has more places where chance looks like a change. */
static double
level_for(const struct tare_trend_search *search)
{
	return search->options.level * fmin(1.0, (double)LEVEL_POINTS / (double)search->n);
}

/* p and score of an edge, given what is known of the noise. */
static void
judge_edge(struct tare_trend_search *search, size_t index)
{
	struct tare_edge *edge = &search->edges[index];
	double m = (double)edge->m, n = (double)edge->n, shift = fabs(edge->shift);
	double inflated = tare_edge_inflation(edge, search->autocorrelation);
	double sigma = edge_sigma(search, edge), z = edge->z_ranks / sqrt(inflated);
	double wanted_z = -tare_normal_quantile(level_for(search) / 2.0), wanted;

	edge->standard_error = HODGES_LEHMANN_SD * sigma * sqrt(inflated * (1.0 / m + 1.0 / n));
	wanted = wanted_shift(search, edge, sigma, wanted_z);
	if (edge->apart >= APART_MIN && edge->solid && shift > 0.0)
		z = fmax(z, discount(fmax(shift / edge->standard_error,
				    autoregressive_t(search, edge, sigma))));
	if (z < wanted_z && !edge->exact && edge->apart > EXACT_MIN && shift >= wanted) {
		edge->exact = true;
		edge->z_ranks = exact_z(search, edge);
		z = fmax(z, edge->z_ranks / sqrt(inflated));
	}
	edge->p = 2.0 * tare_normal_cdf(-fmin(z, Z_MAX));
	edge->score = fmin(z / wanted_z, wanted > 0.0 ? shift / wanted : shift > 0.0 ? 2.0 : 0.0);
	if (!edge->solid || too_short(search, edge))
		edge->score = fmin(edge->score, 0.1 * fmin(m, n));
}

/* The weakest edge that is not forced; edge_count: there is none. */
static size_t
weakest(const struct tare_trend_search *search)
{
	size_t found = search->edge_count;

	for (size_t i = 0; i < search->edge_count; i++) {
		if (!search->edges[i].forced &&
			(found == search->edge_count ||
				search->edges[i].score < search->edges[found].score))
			found = i;
	}
	return found;
}

static void
remove_edge(struct tare_trend_search *search, size_t index)
{
	memmove(&search->edges[index], &search->edges[index + 1],
		(search->edge_count - index) * sizeof(struct tare_edge));
	search->edge_count--;
	for (size_t i = index > 0 ? index - 1 : 0; i <= index && i < search->edge_count; i++) {
		measure_edge(search, i);
		judge_edge(search, i);
	}
}

static void
judge_all(struct tare_trend_search *search)
{
	measure_noise(search);
	for (size_t i = 0; i < search->edge_count; i++)
		judge_edge(search, i);
}

/* The noise is measured anew after every sixteenth of the edges, and before the last word. */
static void
prune(struct tare_trend_search *search)
{
	size_t removed = 0;

	for (size_t i = 0; i < search->edge_count; i++)
		measure_edge(search, i);
	judge_all(search);
	for (;;) {
		size_t candidate = weakest(search);

		if (candidate == search->edge_count || search->edges[candidate].score >= 1.0) {
			if (removed == 0)
				return;
			judge_all(search);
			removed = 0;
			continue;
		}
		remove_edge(search, candidate);
		if (++removed > search->edge_count / NOISE_EVERY) {
			judge_all(search);
			removed = 0;
		}
	}
}

/* Puts an edge where the absolute deviations from the levels of its sides are least. */
static bool
refine_edge(struct tare_trend_search *search, size_t index)
{
	struct tare_edge *edge = &search->edges[index];
	struct tare_sides sides = tare_edge_sides(search, index);
	double levels[2] = {tare_median(sides.x, sides.m), tare_median(sides.y, sides.n)};
	size_t begin = edge_begin(search, index), end = edge[1].at, best = edge->at;
	size_t margin = sides.n < TARE_TREND_SIDE_MIN ? sides.n : TARE_TREND_SIDE_MIN;
	double sum = 0.0, least = INFINITY;

	for (size_t i = begin; i + margin <= end; i++) {
		if (i >= begin + TARE_TREND_SIDE_MIN && sum < least) {
			least = sum;
			best = i;
		}
		sum += fabs(search->values[i] - levels[0]) - fabs(search->values[i] - levels[1]);
	}
	if (best == edge->at)
		return false;
	edge->at = best;
	return true;
}

static void
refine(struct tare_trend_search *search)
{
	for (size_t round = 0; round < REFINE_ROUNDS; round++) {
		bool moved = false;

		for (size_t i = 0; i < search->edge_count; i++)
			moved |= !search->edges[i].forced && refine_edge(search, i);
		if (!moved)
			return;
		prune(search);
	}
}

void
tare_trend_search(struct tare_trend_search *search)
{
	find_candidates(search);
	collect_edges(search);
	prune(search);
	refine(search);
}
