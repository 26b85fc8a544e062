#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/stages/bed.h"

static const char fact[] = "baseline.null_program_ns";

static void
starting_a_program_costs_something(void **state)
{
	uint64_t median_ns = 0;
	struct tare_err err = {0};

	(void)state;
	if (tare_stage_null_program(&median_ns, &err) != TARE_OK)
		fail_msg("%s", err.text);
	assert_in_range(median_ns, 1000, 10000000000u);
}

static void
runs_that_start_programs_say_what_that_costs(void **state)
{
	struct bed bed;
	const char *cost;

	(void)state;
	bed_make(&bed, "suite: s\nbenchmarks: [{name: x, command: 'true'}]\n");
	assert_int_equal(bed_describe(&bed), TARE_OK);
	cost = tare_environment_get(&bed.session->run->environment, fact);
	assert_non_null(cost);
	assert_true(strtoull(cost, NULL, 10) >= 1000);
	bed_again(&bed, "suite: s\nbenchmarks: [{name: x, replay: {wall: 1ms}}]\n");
	bed.session->options.keep_journal = false;
	assert_int_equal(bed_describe(&bed), TARE_OK);
	assert_null(tare_environment_get(&bed.session->run->environment, fact));
	bed_remove(&bed);
}

static void
where_the_agent_is_missing_it_is_not_known(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_environment environment = {0};

	(void)state;
	setenv("TARE_AGENT", "/no/such/agent", 1);
	tare_stage_add_null_program(&environment, arena);
	setenv("TARE_AGENT", TEST_AGENT, 1);
	assert_int_equal(environment.fact_count, 0);
	tare_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starting_a_program_costs_something),
		cmocka_unit_test(runs_that_start_programs_say_what_that_costs),
		cmocka_unit_test(where_the_agent_is_missing_it_is_not_known),
	};

	setenv("TARE_AGENT", TEST_AGENT, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
