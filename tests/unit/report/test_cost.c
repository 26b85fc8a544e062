#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/cost.h"
#include "tests/support/close.h"
#include "tests/support/sample_run.h"

static struct tare_run *run;
static struct tare_run_cost cost;

static int
make_run(void **state)
{
	(void)state;
	run = sample_run_new("20260102-030405-00000a");
	return 0;
}

static int
free_run(void **state)
{
	(void)state;
	tare_run_free(run);
	return 0;
}

static size_t
add_case(const char *name, const char *stop_reason, const double *walls_ns, size_t count)
{
	size_t index = sample_run_add_case(run, name, "", run->case_count);

	if (count > 0)
		sample_run_add_values(run, index, TARE_METRIC_WALL, walls_ns, count);
	run->cases[index].stop_reason = stop_reason;
	return index;
}

static void
sums_up_what_cases_cost_and_why_they_stopped(void **state)
{
	const size_t *order;

	(void)state;
	add_case("a", "precision reached", (const double[]){1e6, 2e6}, 2);
	add_case("b", "time budget used up", (const double[]){4e6}, 1);
	add_case("c", "precision reached", (const double[]){3e6}, 1);
	tare_run_cost_read(&cost, run->arena, run);
	assert_close(cost.time_ns, 10e6, 0);
	assert_int_equal(cost.cases[0].invocations, 2);
	assert_close(cost.cases[0].time_ns, 3e6, 0);
	assert_close(cost.cases[1].share, 0.4, 1e-12);
	assert_int_equal(cost.costliest, 1);
	assert_int_equal(cost.stop_count, 2);
	assert_string_equal(cost.stops[0].stopped, "precision reached");
	assert_int_equal(cost.stops[0].case_count, 2);
	assert_close(cost.stops[0].time_ns, 6e6, 0);
	assert_string_equal(cost.stops[1].stopped, "time budget used up");
	order = tare_run_cost_order(run->arena, &cost);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 0);
	assert_int_equal(order[2], 2);
}

static void
tells_failed_from_not_measured_and_cut_off(void **state)
{
	size_t failed = add_case("a", "precision reached", (const double[]){1e6}, 1);

	(void)state;
	sample_run_fail(run, failed, "exit status 1", NULL);
	add_case("b", NULL, NULL, 0);
	add_case("c", NULL, (const double[]){1e6}, 1);
	tare_run_cost_read(&cost, run->arena, run);
	assert_string_equal(cost.cases[0].stopped, "failed");
	assert_string_equal(cost.cases[1].stopped, "not measured");
	assert_string_equal(cost.cases[2].stopped, "cut off");
	assert_close(cost.cases[1].share, 0, 0);
}

static void
scales_up_samples_that_were_thinned_out(void **state)
{
	(void)state;
	add_case("a", "all invocations done", (const double[]){1e6, 3e6}, 2);
	run->cases[0].samples.total = 20;
	tare_run_cost_read(&cost, run->arena, run);
	assert_int_equal(cost.cases[0].invocations, 20);
	assert_close(cost.time_ns, 40e6, 0);
}

static void
nothing_measured_costs_nothing(void **state)
{
	(void)state;
	tare_run_cost_read(&cost, run->arena, run);
	assert_int_equal(cost.stop_count, 0);
	assert_int_equal(cost.costliest, 0);
	add_case("a", NULL, (const double[]){NAN, -1}, 2);
	tare_run_cost_read(&cost, run->arena, run);
	assert_close(cost.time_ns, 0, 0);
	assert_int_equal(cost.costliest, 1);
	assert_close(cost.cases[0].share, 0, 0);
}

static void
counts_no_end_of_reasons_as_one(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * TARE_STOP_COSTS_MAX; i++)
		add_case("a", tare_arena_printf(run->arena, "reason %02d", i), NULL, 0);
	tare_run_cost_read(&cost, run->arena, run);
	assert_int_equal(cost.stop_count, TARE_STOP_COSTS_MAX);
	assert_string_equal(cost.stops[0].stopped, "other reasons");
	assert_int_equal(cost.stops[0].case_count, TARE_STOP_COSTS_MAX + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_run, free_run)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sums_up_what_cases_cost_and_why_they_stopped),
		TEST(tells_failed_from_not_measured_and_cut_off),
		TEST(scales_up_samples_that_were_thinned_out),
		TEST(nothing_measured_costs_nothing),
		TEST(counts_no_end_of_reasons_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
