#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/stages/bed.h"

static void
check_start(const char *text, const char *start)
{
	if (strncmp(text, start, strlen(start)) != 0)
		fail_msg("'%s' does not begin with '%s'", text, start);
}

static void
a_machine_that_is_not_as_required_is_not_measured_on(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "environments:\n"
		       "  development:\n"
		       "    require: {kernel: '>= 999.1', memory: '>= 1MiB', quiet: false}\n"
		       "benchmarks: [{name: x, command: 'true'}]\n");
	assert_int_equal(bed_describe(&bed), TARE_UNSUPPORTED);
	assert_int_equal(bed.session->problems.count, 1);
	check_start(bed.session->problems.texts[0], "suite.yaml:4:23: the kernel is ");
	assert_int_not_equal(access(bed.journal, F_OK), 0);
	bed_remove(&bed);
}

static void
everything_that_is_not_met_is_said_at_once(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "environments: {development: {require: {\n"
		       "  kernel: '>= 999', memory: '>= 900000GiB'}}}\n"
		       "benchmarks: [{name: x, command: 'true'}]\n");
	assert_int_equal(bed_describe(&bed), TARE_UNSUPPORTED);
	assert_int_equal(bed.session->problems.total, 2);
	check_start(bed.session->problems.texts[1], "suite.yaml:3:29: memory is ");
	bed_remove(&bed);
}

static void
what_is_required_elsewhere_or_holds_is_no_matter(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "environments:\n"
		       "  production: {require: {kernel: '>= 999'}}\n"
		       "  development: {require: {kernel: '>= 2.6', memory: 1MiB}}\n"
		       "benchmarks: [{name: x, command: 'true'}]\n");
	assert_int_equal(bed_describe(&bed), TARE_OK);
	bed_remove(&bed);
}

/* A replay is the same on every machine. */
static void
nothing_is_required_of_a_machine_that_only_replays(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "environments: {development: {require: {kernel: '>= 999'}}}\n"
		       "benchmarks: [{name: x, replay: {wall: 1ms}}]\n");
	assert_int_equal(bed_describe(&bed), TARE_OK);
	bed_remove(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_that_is_not_as_required_is_not_measured_on),
		cmocka_unit_test(everything_that_is_not_met_is_said_at_once),
		cmocka_unit_test(what_is_required_elsewhere_or_holds_is_no_matter),
		cmocka_unit_test(nothing_is_required_of_a_machine_that_only_replays),
	};

	setenv("TARE_AGENT", TEST_AGENT, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
