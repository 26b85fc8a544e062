#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/stats/normal.h"
#include "tests/support/close.h"

static void
cdf_is_that_of_the_tables(void **state)
{
	(void)state;
	assert_close(tare_normal_cdf(0.0), 0.5, 0.0);
	assert_close(tare_normal_cdf(1.0), 0.84134474606854293, 1e-15);
	assert_close(tare_normal_cdf(-1.9599639845400545), 0.025, 1e-15);
	assert_close(tare_normal_cdf(-10.0) / 7.6198530241604975e-24, 1.0, 1e-12);
	assert_close(tare_normal_cdf(-INFINITY), 0.0, 0.0);
	assert_close(tare_normal_cdf(INFINITY), 1.0, 0.0);
	assert_nan(tare_normal_cdf(NAN));
}

static void
quantile_undoes_the_cdf(void **state)
{
	(void)state;
	assert_close(tare_normal_quantile(0.975), 1.959963984540054, 1e-14);
	assert_close(tare_normal_quantile(0.5), 0.0, 1e-16);
	assert_close(tare_normal_quantile(0.8), 0.84162123357291441, 1e-14);
	for (double z = -12.0; z <= 5.0; z += 0.37)
		assert_close(tare_normal_quantile(tare_normal_cdf(z)), z, 1e-9);
	assert_close(tare_normal_quantile(1e-300), -37.0471, 1e-4);
}

static void
quantile_is_defined_at_and_past_its_ends(void **state)
{
	(void)state;
	assert_close(tare_normal_quantile(0.0), -INFINITY, 0.0);
	assert_close(tare_normal_quantile(1.0), INFINITY, 0.0);
	assert_nan(tare_normal_quantile(-0.1));
	assert_nan(tare_normal_quantile(1.1));
	assert_nan(tare_normal_quantile(NAN));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cdf_is_that_of_the_tables),
		cmocka_unit_test(quantile_undoes_the_cdf),
		cmocka_unit_test(quantile_is_defined_at_and_past_its_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
