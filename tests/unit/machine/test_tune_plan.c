#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/resource.h>

#include "harness/machine/tune.h"

static const struct tare_tune_place workstation = {
	.root = "tests/machines/workstation", .housekeeping = "0"};
static const struct tare_tune_place laptop = {.root = "tests/machines/laptop", .housekeeping = "0"};

static int
set_up(void **state)
{
	*state = tare_arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	tare_arena_free(*state);
	return 0;
}

static const struct tare_tune_row *
row_of(const struct tare_tune_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->row_count; i++) {
		if (strcmp(plan->rows[i].knob->name, name) == 0)
			return &plan->rows[i];
	}
	fail_msg("no row %s", name);
	return NULL;
}

static void
the_profile_changes_what_differs_and_says_what_is_not_there(void **state)
{
	struct tare_err err = {0};
	struct tare_tune_plan plan;

	assert_int_equal(
		tare_tune_plan_make(&plan, *state, &workstation, NULL, 0, false, &err), TARE_OK);
	assert_int_equal(plan.row_count, tare_knob_count);
	assert_int_equal(row_of(&plan, "governor")->state, TARE_TUNE_CHANGE);
	assert_int_equal(row_of(&plan, "governor")->change_count, 4);
	assert_string_equal(row_of(&plan, "turbo")->now, "on");
	assert_string_equal(row_of(&plan, "turbo")->wanted, "off");
	assert_int_equal(row_of(&plan, "boost")->state, TARE_TUNE_ABSENT);
	assert_string_equal(row_of(&plan, "boost")->reason, "the frequency driver has no boost");
	assert_int_equal(row_of(&plan, "nice")->state, TARE_TUNE_IN_RUN);
	/* One of the four interrupts is there already. */
	assert_int_equal(row_of(&plan, "irq-affinity")->change_count, 3);
	assert_string_equal(row_of(&plan, "irq-affinity")->wanted, "0");
	assert_int_equal(plan.change_count, 4 + 1 + 1 + 2 + 1 + 1 + 3);
	assert_string_equal(plan.changes[4].path, "/sys/devices/system/cpu/intel_pstate/no_turbo");
	assert_string_equal(plan.changes[4].old, "0");
	assert_string_equal(plan.changes[4].raw, "1");
	assert_false(plan.changes_nice);
}

static void
a_run_can_have_a_priority(void **state)
{
	struct tare_tune_wish wish = {.knob = tare_knob_find("nice"), .value = "19"};
	struct tare_err err = {0};
	struct tare_tune_plan plan;
	int now = getpriority(PRIO_PROCESS, 0);

	assert_int_equal(
		tare_tune_plan_make(&plan, *state, &workstation, &wish, 1, true, &err), TARE_OK);
	assert_int_equal(plan.row_count, 1);
	assert_int_equal(plan.change_count, 0);
	assert_int_equal(plan.nice, 19);
	assert_int_equal(plan.changes_nice, now != 19);
	assert_int_equal(tare_tune_plan_make(&plan, *state, &workstation, &wish, 1, false, &err),
		TARE_INVALID);
	assert_string_equal(err.text, "nice ends with the process that has it; give it to a run: "
				      "tare run --tune=nice=19");
}

static void
a_wish_that_cannot_be_had_is_an_error_and_a_profile_says_so(void **state)
{
	struct tare_tune_wish wish = {.knob = tare_knob_find("boost")};
	struct tare_err err = {0};
	struct tare_tune_plan plan;

	assert_int_equal(tare_tune_plan_make(&plan, *state, &workstation, &wish, 1, false, &err),
		TARE_UNSUPPORTED);
	assert_string_equal(err.text, "setting 'boost' is not to be had here: the frequency driver "
				      "has no boost; leave it out");
	wish = (struct tare_tune_wish){tare_knob_find("governor"), "schedutil"};
	assert_int_equal(tare_tune_plan_make(&plan, *state, &workstation, &wish, 1, false, &err),
		TARE_UNSUPPORTED);
	assert_string_equal(err.text, "governor 'schedutil' is not offered here; expected one of: "
				      "performance powersave");
}

static void
a_value_that_is_as_good_stays_unless_it_was_asked_for(void **state)
{
	struct tare_tune_wish wish = {.knob = tare_knob_find("thp"), .value = "madvise"};
	struct tare_err err = {0};
	struct tare_tune_plan plan;

	/* The recorded laptop has madvise. */
	assert_int_equal(
		tare_tune_plan_make(&plan, *state, &laptop, &wish, 1, false, &err), TARE_OK);
	assert_int_equal(plan.rows[0].state, TARE_TUNE_SAME);
	assert_int_equal(plan.change_count, 0);
	wish.value = "never";
	assert_int_equal(
		tare_tune_plan_make(&plan, *state, &laptop, &wish, 1, false, &err), TARE_OK);
	assert_int_equal(plan.rows[0].state, TARE_TUNE_CHANGE);
	assert_string_equal(plan.changes[0].old, "madvise");
	assert_string_equal(plan.changes[0].raw, "never");
}

static void
wishes_are_names_and_values_in_a_list(void **state)
{
	struct tare_tune_wish wishes[TARE_TUNE_WISHES_MAX];
	struct tare_err err = {0};
	size_t count = 99;

	assert_int_equal(tare_tune_wishes_parse(
				 wishes, &count, *state, "governor,thp=never,irq-affinity=", &err),
		TARE_OK);
	assert_int_equal(count, 3);
	assert_string_equal(wishes[0].knob->name, "governor");
	assert_null(wishes[0].value);
	assert_string_equal(wishes[1].value, "never");
	assert_string_equal(wishes[2].value, "");
	assert_int_equal(
		tare_tune_wishes_parse(wishes, &count, *state, "production", &err), TARE_OK);
	assert_int_equal(count, 0);
}

static void
wishes_that_nobody_knows_are_refused(void **state)
{
	struct tare_tune_wish wishes[TARE_TUNE_WISHES_MAX];
	struct tare_tune_wish twice[] = {
		{.knob = tare_knob_find("thp")}, {.knob = tare_knob_find("thp"), .value = "never"}};
	struct tare_tune_plan plan;
	struct tare_err err = {0};
	size_t count = 99;

	assert_int_equal(
		tare_tune_wishes_parse(wishes, &count, *state, "thp,govenor", &err), TARE_INVALID);
	assert_string_equal(err.text, "there is no setting 'govenor'; did you mean 'governor'?");
	assert_int_equal(
		tare_tune_wishes_parse(wishes, &count, *state, "thp,", &err), TARE_INVALID);
	assert_string_equal(err.text, "there is no setting ''; tare tune lists them");
	assert_int_equal(
		tare_tune_wishes_parse(wishes, &count, *state,
			"thp,thp,thp,thp,thp,thp,thp,thp,thp,thp,thp,thp,thp,thp,thp,thp,thp",
			&err),
		TARE_INVALID);
	assert_string_equal(err.text, "more than 16 settings are given");
	assert_int_equal(count, 99);
	assert_int_equal(tare_tune_plan_make(&plan, *state, &workstation, twice, 2, false, &err),
		TARE_INVALID);
	assert_string_equal(err.text, "setting 'thp' is given twice");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_profile_changes_what_differs_and_says_what_is_not_there, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_run_can_have_a_priority, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_wish_that_cannot_be_had_is_an_error_and_a_profile_says_so, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_value_that_is_as_good_stays_unless_it_was_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			wishes_are_names_and_values_in_a_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			wishes_that_nobody_knows_are_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
