/*
 * What holds for any two samples, tried on many of them: small and large, tied, with zeros,
 * negatives, huge values, and what is no number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "harness/base/rng.h"
#include "harness/compare/compare.h"
#include "tests/support/sample_run.h"

enum { TRIALS = 2000, VALUES_MAX = 40 };

struct trial {
	double base[VALUES_MAX];
	double head[VALUES_MAX];
	size_t base_n, head_n;
	bool paired;
};

static double
strange(struct tare_rng *rng)
{
	static const double values[] = {0.0, -0.0, NAN, INFINITY, -INFINITY, DBL_MAX, -DBL_MAX,
		1e308, DBL_MIN, 4.9e-324, -1.0, 1.0};

	return values[tare_rng_below(rng, sizeof(values) / sizeof(values[0]))];
}

/* kind 0: positive; 1: on a coarse clock; 2: around zero; 3: anything. */
static double
draw_value(struct tare_rng *rng, uint64_t kind, double shift)
{
	double z = tare_rng_normal(rng);

	switch (kind) {
	case 0:
		return 1e7 * exp(0.02 * z + shift);
	case 1:
		return floor(10.0 + 2.0 * z + 10.0 * shift) + 4.0;
	case 2:
		return z + 10.0 * shift;
	default:
		return tare_rng_below(rng, 3) == 0 ? strange(rng) : 1e3 * z;
	}
}

static struct trial
draw_trial(struct tare_rng *rng, uint64_t kinds)
{
	uint64_t kind = tare_rng_below(rng, kinds);
	double shift = 0.04 * tare_rng_normal(rng);
	struct trial trial = {.base_n = (size_t)tare_rng_below(rng, VALUES_MAX + 1),
		.head_n = (size_t)tare_rng_below(rng, VALUES_MAX + 1),
		.paired = tare_rng_below(rng, 2) == 0};

	if (tare_rng_below(rng, 2) == 0)
		trial.head_n = trial.base_n;
	for (size_t i = 0; i < trial.base_n; i++)
		trial.base[i] = draw_value(rng, kind, 0.0);
	for (size_t i = 0; i < trial.head_n; i++)
		trial.head[i] = draw_value(rng, kind, shift);
	return trial;
}

/* Compares with both sides multiplied. The item's texts are gone afterwards. */
static struct tare_comparison
compare(const struct trial *trial, bool swapped, double factor)
{
	struct tare_run *run = sample_run_new("20260102-030405-00000a");
	const double *sides[] = {trial->base, trial->head};
	const size_t counts[] = {trial->base_n, trial->head_n};
	struct tare_comparison item;
	double values[VALUES_MAX];

	for (size_t i = 0; i < 2; i++) {
		size_t side = swapped ? 1 - i : i;
		size_t index = sample_run_add_case(run, "b", i == 0 ? "base" : "head", 0);

		for (size_t j = 0; j < counts[side]; j++)
			values[j] = factor * sides[side][j];
		if (counts[side] > 0)
			sample_run_add_values(run, index, TARE_METRIC_WALL, values, counts[side]);
	}
	tare_compare_cases(&item, run->arena, &run->cases[0], &run->cases[1], TARE_METRIC_WALL,
		trial->paired, NULL);
	assert_non_null(item.sentence);
	assert_true(item.sentence[0] != '\0');
	if (item.verdict == TARE_VERDICT_INCONCLUSIVE)
		assert_non_null(item.reason);
	tare_run_free(run);
	return item;
}

static void
check_bounds(double low, double estimate, double high)
{
	if (isnan(low) || isnan(high)) {
		assert_true(isnan(low) && isnan(high));
		return;
	}
	assert_true(low <= estimate && estimate <= high);
}

/* The whole interval past the margin, and only then. */
static void
check_verdict(const struct tare_comparison *item)
{
	double delta = item->metric.margin;

	assert_true(item->p_value >= 0.0 && item->p_value <= 1.0);
	if (isnan(item->ratio))
		return;
	if (item->verdict == TARE_VERDICT_REGRESSION)
		assert_true(item->ratio_low >= (1.0 + delta) * (1.0 - 1e-12));
	else if (!isnan(item->ratio_low))
		assert_true(item->ratio_low <= (1.0 + delta) * (1.0 + 1e-12));
	if (item->verdict == TARE_VERDICT_IMPROVEMENT)
		assert_true(item->ratio_high <= (1.0 + 1e-12) / (1.0 + delta));
	if (item->verdict == TARE_VERDICT_REGRESSION)
		assert_true(item->p_value <= 0.025);
	if (item->verdict != TARE_VERDICT_INCONCLUSIVE || !isnan(item->ratio_low))
		assert_true(item->mde >= delta || isnan(item->mde));
}

static void
anything_gives_a_defined_answer(void **state)
{
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 1, 0);
	for (size_t i = 0; i < TRIALS; i++) {
		struct trial trial = draw_trial(&rng, 4);
		struct tare_comparison item = compare(&trial, false, 1.0);

		check_bounds(item.ratio_low, item.ratio, item.ratio_high);
		check_bounds(item.difference_low, item.difference, item.difference_high);
		check_verdict(&item);
		assert_true(isnan(item.ratio) || isnan(item.difference));
	}
}

static enum tare_verdict
mirrored(enum tare_verdict verdict)
{
	if (verdict == TARE_VERDICT_REGRESSION)
		return TARE_VERDICT_IMPROVEMENT;
	return verdict == TARE_VERDICT_IMPROVEMENT ? TARE_VERDICT_REGRESSION : verdict;
}

static void
swapped_sides_give_the_mirrored_verdict(void **state)
{
	struct tare_rng rng;
	size_t regressions = 0;

	(void)state;
	tare_rng_seed(&rng, 2, 0);
	for (size_t i = 0; i < TRIALS; i++) {
		struct trial trial = draw_trial(&rng, 4);
		struct tare_comparison item = compare(&trial, false, 1.0);
		struct tare_comparison back = compare(&trial, true, 1.0);

		assert_int_equal(back.verdict, mirrored(item.verdict));
		assert_int_equal(back.below_margin, item.below_margin);
		assert_int_equal(back.method, item.method);
		if (!isnan(item.ratio_low) && item.ratio < 1e6 && item.ratio > 1e-6)
			assert_true(fabs(back.ratio_high * item.ratio_low - 1.0) < 1e-9);
		regressions += item.verdict == TARE_VERDICT_REGRESSION;
	}
	assert_true(regressions > TRIALS / 20);
}

/* Powers of two leave every digit as it is. */
static void
units_change_nothing(void **state)
{
	static const double factors[] = {0x1p-30, 0x1p-1, 0x1p20};
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 3, 0);
	for (size_t i = 0; i < TRIALS; i++) {
		struct trial trial = draw_trial(&rng, 3);
		double factor = factors[i % 3];
		struct tare_comparison item = compare(&trial, false, 1.0);
		struct tare_comparison other = compare(&trial, false, factor);

		assert_int_equal(other.verdict, item.verdict);
		assert_int_equal(other.missing_pairs, item.missing_pairs);
		if (!isnan(item.ratio_low))
			assert_true(fabs(other.ratio_low / item.ratio_low - 1.0) < 1e-9);
		else if (!isnan(item.difference_low))
			assert_true(fabs(other.difference_low / factor - item.difference_low) <=
				    1e-9 * (fabs(item.difference_low) + 1.0));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anything_gives_a_defined_answer),
		cmocka_unit_test(swapped_sides_give_the_mirrored_verdict),
		cmocka_unit_test(units_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
