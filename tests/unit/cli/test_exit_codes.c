#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/cli/command.h"

/* A session that ended with these findings; a failed case is "x: it broke". */
struct found {
	bool interrupted;
	enum tare_gate_result gate;
	bool failed;
	bool deferred;
	bool quiet;
};

static char said[TARE_ERR_TEXT_MAX];

static int
code_of(struct found found)
{
	struct tare_session *session = tare_session_new();
	struct tare_err err = {0};
	int code;

	session->run = tare_run_new();
	session->run->cases =
		tare_arena_alloc(session->run->arena, 1, sizeof(struct tare_run_case));
	session->run->case_count = 1;
	session->run->cases[0].name = "x";
	session->run->cases[0].status = found.failed ? TARE_CASE_FAILED : TARE_CASE_OK;
	session->run->cases[0].failure = "it broke";
	session->interrupted = found.interrupted;
	session->gate.result = found.gate;
	session->gate.sentence = "gate failed: so";
	session->options.quiet = found.quiet;
	if (found.deferred)
		tare_err_set(&session->deferred, TARE_OUTSIDE, "store: no");
	code = tare_session_exit_code(session, &err);
	strcpy(said, err.text);
	tare_session_free(session);
	return code;
}

static void
each_finding_has_its_code(void **state)
{
	(void)state;
	assert_int_equal(code_of((struct found){0}), 0);
	assert_int_equal(code_of((struct found){.gate = TARE_GATE_PASSED}), 0);
	assert_int_equal(code_of((struct found){.gate = TARE_GATE_FAILED}), 1);
	assert_int_equal(code_of((struct found){.gate = TARE_GATE_UNDECIDED}), 2);
	assert_int_equal(code_of((struct found){.failed = true}), 4);
	assert_int_equal(code_of((struct found){.deferred = true}), 5);
	assert_int_equal(code_of((struct found){.interrupted = true}), 130);
}

static void
the_worst_finding_decides(void **state)
{
	(void)state;
	assert_int_equal(code_of((struct found){.interrupted = true,
				 .gate = TARE_GATE_FAILED,
				 .failed = true,
				 .deferred = true}),
		130);
	assert_int_equal(
		code_of((struct found){.gate = TARE_GATE_FAILED, .failed = true, .deferred = true}),
		1);
	assert_int_equal(code_of((struct found){.failed = true, .deferred = true}), 4);
	assert_int_equal(code_of((struct found){.gate = TARE_GATE_UNDECIDED, .deferred = true}), 5);
	assert_int_equal(code_of((struct found){.gate = TARE_GATE_UNDECIDED, .failed = true}), 4);
}

static void
what_was_deferred_is_said_whatever_decides(void **state)
{
	(void)state;
	code_of((struct found){.gate = TARE_GATE_FAILED, .deferred = true});
	assert_string_equal(said, "store: no");
}

static void
without_a_summary_the_reason_is_said(void **state)
{
	(void)state;
	code_of((struct found){.gate = TARE_GATE_FAILED, .quiet = true});
	assert_string_equal(said, "gate failed: so");
	code_of((struct found){.failed = true, .quiet = true});
	assert_string_equal(said, "x: it broke");
	code_of((struct found){.interrupted = true, .quiet = true});
	assert_string_equal(said, "interrupted");
	code_of((struct found){.quiet = true});
	assert_string_equal(said, "");
	code_of((struct found){.failed = true});
	assert_string_equal(said, "");
}

static void
classes_of_errors_have_codes(void **state)
{
	(void)state;
	assert_int_equal(tare_status_exit_code(TARE_OK), 0);
	assert_int_equal(tare_status_exit_code(TARE_INVALID), 3);
	assert_int_equal(tare_status_exit_code(TARE_NOT_FOUND), 3);
	assert_int_equal(tare_status_exit_code(TARE_FAILED), 4);
	assert_int_equal(tare_status_exit_code(TARE_OUTSIDE), 5);
	assert_int_equal(tare_status_exit_code(TARE_UNSUPPORTED), 5);
	assert_int_equal(tare_status_exit_code(TARE_INTERRUPTED), 130);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_finding_has_its_code),
		cmocka_unit_test(the_worst_finding_decides),
		cmocka_unit_test(what_was_deferred_is_said_whatever_decides),
		cmocka_unit_test(without_a_summary_the_reason_is_said),
		cmocka_unit_test(classes_of_errors_have_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
