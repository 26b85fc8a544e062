#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/model/warning.h"
#include "report/warnings.h"
#include "tests/support/sample_run.h"

static struct tare_run *run;
static struct tare_warning_group *groups;

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
puts_warnings_of_one_kind_and_advice_together(void **state)
{
	(void)state;
	tare_warn(run, TARE_WARN_OUTLIERS, 0, "a has outliers");
	tare_warn(run, TARE_WARN_SUITES, 0, "other suites");
	tare_warn(run, TARE_WARN_OUTLIERS, TARE_HABIT_PINS, "b has outliers");
	tare_warn(run, TARE_WARN_OUTLIERS, 0, "c has outliers");
	assert_int_equal(tare_warning_groups(&groups, run->arena, run), 3);
	assert_string_equal(groups[0].id, "outliers");
	assert_int_equal(groups[0].count, 2);
	assert_string_equal(groups[0].texts[0], "a has outliers");
	assert_string_equal(groups[0].texts[1], "c has outliers");
	assert_string_equal(groups[0].why, tare_warning_about(TARE_WARN_OUTLIERS)->why);
	assert_string_equal(groups[1].id, "suites");
	assert_string_equal(groups[2].advice, "quieten the machine, or add a warm-up");
	assert_string_equal(groups[2].texts[0], "b has outliers");
}

static void
passes_on_what_another_version_warned_of(void **state)
{
	(void)state;
	tare_run_warn(run, "moon", "the moon is full", NULL);
	assert_int_equal(tare_warning_groups(&groups, run->arena, run), 1);
	assert_string_equal(groups[0].texts[0], "the moon is full");
	assert_string_equal(groups[0].why, "");
	assert_string_equal(groups[0].advice, "");
}

static void
has_no_groups_without_warnings(void **state)
{
	(void)state;
	assert_int_equal(tare_warning_groups(&groups, run->arena, run), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_run, free_run)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(puts_warnings_of_one_kind_and_advice_together),
		TEST(passes_on_what_another_version_warned_of),
		TEST(has_no_groups_without_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
