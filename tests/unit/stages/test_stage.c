#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/stages/stage.h"

static char called[16];
static enum tare_status results[3];

static enum tare_status
step(char name, size_t index, struct tare_err *err)
{
	size_t len = strlen(called);

	called[len] = name;
	called[len + 1] = '\0';
	if (results[index] == TARE_OK)
		return TARE_OK;
	return tare_err_set(err, results[index], "%c does not work", name);
}

static enum tare_status
run_a(struct tare_session *session, struct tare_err *err)
{
	(void)session;
	return step('a', 0, err);
}

static enum tare_status
run_b(struct tare_session *session, struct tare_err *err)
{
	(void)session;
	return step('b', 1, err);
}

static enum tare_status
run_c(struct tare_session *session, struct tare_err *err)
{
	(void)session;
	return step('c', 2, err);
}

static const struct tare_stage a = {.name = "first", .makes = TARE_PART_SUITE, .run = run_a};
static const struct tare_stage b = {.name = "second",
	.needs = TARE_PART_SUITE,
	.makes = TARE_PART_STORED,
	.may_fail = true,
	.run = run_b};
static const struct tare_stage c = {.name = "third",
	.needs = TARE_PART_SUITE,
	.makes = TARE_PART_PLAN,
	.may_fail = true,
	.run = run_c};
static const struct tare_stage *const stages[] = {&a, &b, &c};

static struct tare_session *session;
static struct tare_err err;

static enum tare_status
drive(enum tare_status of_a, enum tare_status of_b, enum tare_status of_c)
{
	*called = '\0';
	err = (struct tare_err){0};
	results[0] = of_a;
	results[1] = of_b;
	results[2] = of_c;
	session = tare_session_new();
	return tare_stages_run(session, stages, 3, &err);
}

static void
stages_run_in_order_and_leave_what_they_make(void **state)
{
	(void)state;
	assert_int_equal(drive(TARE_OK, TARE_OK, TARE_OK), TARE_OK);
	assert_string_equal(called, "abc");
	assert_int_equal(session->parts, TARE_PART_SUITE | TARE_PART_STORED | TARE_PART_PLAN);
	assert_int_equal(session->deferred.status, TARE_OK);
	tare_session_free(session);
}

static void
an_error_ends_the_run_under_the_name_of_its_stage(void **state)
{
	(void)state;
	assert_int_equal(drive(TARE_OUTSIDE, TARE_OK, TARE_OK), TARE_OUTSIDE);
	assert_string_equal(called, "a");
	assert_string_equal(err.text, "first: a does not work");
	assert_int_equal(session->parts, 0);
	tare_session_free(session);
}

static void
a_mistake_of_the_user_names_its_own_place(void **state)
{
	(void)state;
	assert_int_equal(drive(TARE_INVALID, TARE_OK, TARE_OK), TARE_INVALID);
	assert_string_equal(err.text, "a does not work");
	tare_session_free(session);
}

static void
a_stage_that_may_fail_does_not_stop_the_others(void **state)
{
	(void)state;
	assert_int_equal(drive(TARE_OK, TARE_OUTSIDE, TARE_OK), TARE_OK);
	assert_string_equal(called, "abc");
	assert_int_equal(session->parts, TARE_PART_SUITE | TARE_PART_PLAN);
	assert_int_equal(session->deferred.status, TARE_OUTSIDE);
	assert_string_equal(session->deferred.text, "second: b does not work");
	assert_string_equal(err.text, "");
	tare_session_free(session);
}

static void
every_failure_is_told_of(void **state)
{
	(void)state;
	assert_int_equal(drive(TARE_OK, TARE_OUTSIDE, TARE_UNSUPPORTED), TARE_OK);
	assert_int_equal(session->deferred.status, TARE_OUTSIDE);
	assert_string_equal(
		session->deferred.text, "second: b does not work; third: c does not work");
	tare_session_free(session);
}

static void
the_stages_fit_together(void **state)
{
	static const struct tare_stage *const run[] = {
		&tare_stage_load,
		&tare_stage_expand,
		&tare_stage_baseline,
		&tare_stage_describe,
		&tare_stage_measure,
		&tare_stage_correct,
		&tare_stage_compare,
		&tare_stage_store,
		&tare_stage_report,
	};
	unsigned parts = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(run) / sizeof(run[0]); i++) {
		assert_int_equal(parts & run[i]->needs, run[i]->needs);
		assert_non_null(run[i]->name);
		parts |= run[i]->makes;
	}
	assert_int_equal(parts, 2 * TARE_PART_REPORTS - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_run_in_order_and_leave_what_they_make),
		cmocka_unit_test(an_error_ends_the_run_under_the_name_of_its_stage),
		cmocka_unit_test(a_mistake_of_the_user_names_its_own_place),
		cmocka_unit_test(a_stage_that_may_fail_does_not_stop_the_others),
		cmocka_unit_test(every_failure_is_told_of),
		cmocka_unit_test(the_stages_fit_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
