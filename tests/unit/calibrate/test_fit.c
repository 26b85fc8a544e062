#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "calibrate/fit.h"
#include "harness/base/rng.h"

enum { N = 40 };

static double host[3][N], container[3][N];

static void
make(struct tare_fit_length lengths_out[3], double alpha, double beta, double noise, uint64_t seed)
{
	static const double sizes[] = {2e6, 8e6, 32e6};
	struct tare_rng rng;

	tare_rng_seed(&rng, seed, 0);
	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < N; j++) {
			host[i][j] = sizes[i] * (1 + noise * tare_rng_normal(&rng));
			container[i][j] =
				alpha + beta * sizes[i] * (1 + noise * tare_rng_normal(&rng));
		}
		lengths_out[i] = (struct tare_fit_length){host[i], container[i], N};
	}
}

static void
finds_a_line_without_noise(void **state)
{
	struct tare_fit_length lengths[3];
	struct tare_fit fit;

	(void)state;
	make(lengths, 30000, 2, 0, 1);
	assert_true(tare_fit_line(&fit, lengths, 3));
	assert_true(fabs(fit.alpha - 30000) < 1e-3);
	assert_true(fabs(fit.beta - 2) < 1e-9);
}

static void
two_lengths_will_do(void **state)
{
	struct tare_fit_length lengths[3];
	struct tare_fit fit;

	(void)state;
	make(lengths, -5000, 1.25, 0, 1);
	assert_true(tare_fit_line(&fit, lengths, 2));
	assert_true(fabs(fit.alpha + 5000) < 1e-3);
	assert_true(fabs(fit.beta - 1.25) < 1e-9);
	assert_true(isnan(fit.misfit));
}

/* 400 fits of a known line: 95 % intervals hold it in 95 % of them, give or take 4 sigma of the
 * count; medians of 40 are nearly normal. */
static void
intervals_hold_what_is_true_as_often_as_they_say(void **state)
{
	struct tare_fit_length lengths[3];
	unsigned alpha_held = 0, beta_held = 0, corrected_held = 0;

	(void)state;
	for (uint64_t i = 0; i < 400; i++) {
		const struct tare_span raw = {
			0.5e6 + 1.5 * 16e6, 0.5e6 + 1.5 * 16e6, 0.5e6 + 1.5 * 16e6};
		struct tare_interval alpha, beta;
		struct tare_correction_line line;
		struct tare_span corrected;
		struct tare_fit fit;

		make(lengths, 0.5e6, 1.5, 0.02, 77 + i);
		assert_true(tare_fit_line(&fit, lengths, 3));
		alpha = tare_fit_alpha(&fit);
		beta = tare_fit_beta(&fit);
		line = tare_fit_correction(&fit);
		corrected = tare_correction_span(&line, &raw);
		alpha_held += alpha.low <= 0.5e6 && alpha.high >= 0.5e6;
		beta_held += beta.low <= 1.5 && beta.high >= 1.5;
		corrected_held += corrected.low <= 16e6 && corrected.high >= 16e6;
	}
	assert_in_range(alpha_held, 362, 398);
	assert_in_range(beta_held, 362, 398);
	assert_in_range(corrected_held, 362, 398);
}

static void
one_length_is_no_line(void **state)
{
	struct tare_fit_length lengths[3];
	struct tare_fit fit = {.beta = 7};

	(void)state;
	make(lengths, 0, 1, 0, 1);
	assert_false(tare_fit_line(&fit, lengths, 1));
	lengths[1] = lengths[0];
	assert_false(tare_fit_line(&fit, lengths, 2));
	make(lengths, 0, 1, 0, 1);
	lengths[2].n = 2;
	assert_false(tare_fit_line(&fit, lengths, 3));
	assert_true(fit.beta == 7);
}

static void
takes_off_only_what_is_sure(void **state)
{
	const struct tare_fit unsure = {.alpha = 10,
		.beta = 1.01,
		.alpha_variance = 100,
		.beta_variance = 1e-4,
		.covariance = -0.01};
	const struct tare_fit sure = {.alpha = -100,
		.beta = 1.1,
		.alpha_variance = 100,
		.beta_variance = 1e-4,
		.covariance = -0.01};
	struct tare_correction_line careful = tare_fit_correction(&unsure);

	(void)state;
	assert_true(careful.alpha == 0 && careful.beta == 1);
	assert_true(careful.alpha_variance == 100 && careful.covariance == -0.01);
	careful = tare_fit_correction(&sure);
	assert_true(careful.alpha == -100 && careful.beta == 1.1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_line_without_noise),
		cmocka_unit_test(two_lengths_will_do),
		cmocka_unit_test(intervals_hold_what_is_true_as_often_as_they_say),
		cmocka_unit_test(one_length_is_no_line),
		cmocka_unit_test(takes_off_only_what_is_sure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
