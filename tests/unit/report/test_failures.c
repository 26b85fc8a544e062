#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/failures.h"
#include "tests/support/sample_run.h"

static struct tare_run *run;
static struct tare_failure *failures;

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

static void
add_failed(const char *name, const char *failure, const char *stderr_tail)
{
	size_t index = sample_run_add_case(run, name, "", run->case_count);

	if (failure)
		sample_run_fail(run, index, failure, stderr_tail);
}

static void
puts_cases_together_that_failed_alike(void **state)
{
	(void)state;
	add_failed("a", "exit code 2, expected 0", "no such file\n");
	add_failed("b", NULL, NULL);
	add_failed("c", "cannot execute 'x'", NULL);
	add_failed("d", "exit code 2, expected 0", "no such file\n");
	add_failed("e", "cannot execute 'x'", NULL);
	add_failed("f", "exit code 2, expected 0", "out of memory\n");
	assert_int_equal(tare_failures_read(&failures, run->arena, run), 3);
	assert_string_equal(failures[0].text, "exit code 2, expected 0");
	assert_string_equal(failures[0].stderr_tail, "no such file\n");
	assert_int_equal(failures[0].case_count, 2);
	assert_int_equal(failures[0].cases[0], 0);
	assert_int_equal(failures[0].cases[1], 3);
	assert_string_equal(failures[1].text, "cannot execute 'x'");
	assert_string_equal(failures[1].stderr_tail, "");
	assert_int_equal(failures[1].case_count, 2);
	assert_int_equal(failures[1].cases[0], 2);
	assert_int_equal(failures[1].cases[1], 4);
	assert_string_equal(failures[2].stderr_tail, "out of memory\n");
	assert_int_equal(failures[2].case_count, 1);
	assert_int_equal(failures[2].cases[0], 5);
}

static void
keeps_the_order_of_the_run_whatever_the_sentences(void **state)
{
	(void)state;
	add_failed("a", "z", NULL);
	add_failed("b", "a", NULL);
	add_failed("c", "m", NULL);
	assert_int_equal(tare_failures_read(&failures, run->arena, run), 3);
	assert_string_equal(failures[0].text, "z");
	assert_string_equal(failures[1].text, "a");
	assert_string_equal(failures[2].text, "m");
}

static void
has_a_sentence_where_none_was_recorded(void **state)
{
	(void)state;
	add_failed("a", "broke", NULL);
	add_failed("b", "broke", NULL);
	run->cases[0].failure = NULL;
	run->cases[1].failure = "";
	assert_int_equal(tare_failures_read(&failures, run->arena, run), 1);
	assert_string_equal(failures[0].text, "no reason was recorded");
	assert_int_equal(failures[0].case_count, 2);
}

static void
finds_nothing_where_nothing_failed(void **state)
{
	(void)state;
	assert_int_equal(tare_failures_read(&failures, run->arena, run), 0);
	add_failed("a", NULL, NULL);
	assert_int_equal(tare_failures_read(&failures, run->arena, run), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			puts_cases_together_that_failed_alike, make_run, free_run),
		cmocka_unit_test_setup_teardown(
			keeps_the_order_of_the_run_whatever_the_sentences, make_run, free_run),
		cmocka_unit_test_setup_teardown(
			has_a_sentence_where_none_was_recorded, make_run, free_run),
		cmocka_unit_test_setup_teardown(
			finds_nothing_where_nothing_failed, make_run, free_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
