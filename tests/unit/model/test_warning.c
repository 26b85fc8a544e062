#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/model/warning.h"
#include "tests/support/sample_run.h"

static void
every_warning_says_what_why_and_what_to_do(void **state)
{
	(void)state;
	for (int i = 0; i < TARE_WARNING_COUNT; i++) {
		const struct tare_warning_about *about =
			tare_warning_about((enum tare_warning_kind)i);
		size_t last = 0;

		assert_non_null(about->id);
		assert_int_equal(
			strspn(about->id, "abcdefghijklmnopqrstuvwxyz_"), strlen(about->id));
		assert_true(strlen(about->meaning) > 10);
		assert_true(strlen(about->why) > 10);
		while (last + 1 < TARE_ADVICES_MAX && about->advices[last + 1].text)
			last++;
		/* Whatever the user does, there is an advice. */
		assert_int_equal(about->advices[last].habits, 0);
		for (size_t k = 0; k <= last; k++) {
			assert_true(strlen(about->advices[k].text) > 10);
			assert_true(
				k == last || *tare_habits_text(about->advices[k].habits) != '\0');
		}
		assert_ptr_equal(tare_warning_find(about->id), about);
	}
	assert_null(tare_warning_find("moon"));
}

static void
warnings_are_in_the_order_of_their_ids(void **state)
{
	(void)state;
	for (int i = 1; i < TARE_WARNING_COUNT; i++)
		assert_true(strcmp(tare_warning_about((enum tare_warning_kind)(i - 1))->id,
				    tare_warning_about((enum tare_warning_kind)i)->id) < 0);
}

static void
advises_nobody_to_do_what_he_does(void **state)
{
	const struct tare_warning_about *about = tare_warning_about(TARE_WARN_OUTLIERS);

	(void)state;
	assert_non_null(strstr(tare_warning_advice(about, 0), "`cpus:`"));
	assert_non_null(strstr(tare_warning_advice(about, TARE_HABIT_WARMS_UP), "`cpus:`"));
	assert_null(strstr(tare_warning_advice(about, TARE_HABIT_PINS), "`cpus:`"));
	assert_non_null(strstr(tare_warning_advice(about, TARE_HABIT_PINS), "warm-up"));
	assert_null(strstr(
		tare_warning_advice(about, TARE_HABIT_PINS | TARE_HABIT_WARMS_UP), "warm-up"));
}

static void
knows_what_the_user_does_in_a_case(void **state)
{
	struct tare_run_case one = {.cpus = ""};

	(void)state;
	assert_int_equal(tare_case_habits(&one), 0);
	one.cpus = "2-3";
	one.warmup_count = 1;
	assert_int_equal(tare_case_habits(&one), TARE_HABIT_PINS | TARE_HABIT_WARMS_UP);
}

static void
warns_once_for_each_sentence(void **state)
{
	struct tare_run *run = sample_run_new("20260102-030405-00000a");

	(void)state;
	tare_warn(run, TARE_WARN_OUTLIERS, TARE_HABIT_PINS, "%s: %d of 7", "a", 3);
	tare_warn(run, TARE_WARN_OUTLIERS, TARE_HABIT_PINS, "%s: %d of 7", "a", 3);
	tare_warn(run, TARE_WARN_OUTLIERS, 0, "%s: %d of 7", "b", 3);
	assert_int_equal(run->warning_count, 2);
	assert_string_equal(run->warnings[0].id, "outliers");
	assert_string_equal(run->warnings[0].text, "a: 3 of 7");
	assert_string_equal(run->warnings[0].advice, "quieten the machine, or add a warm-up");
	tare_run_free(run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_warning_says_what_why_and_what_to_do),
		cmocka_unit_test(warnings_are_in_the_order_of_their_ids),
		cmocka_unit_test(advises_nobody_to_do_what_he_does),
		cmocka_unit_test(knows_what_the_user_does_in_a_case),
		cmocka_unit_test(warns_once_for_each_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
