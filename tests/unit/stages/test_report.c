#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/files.h"
#include "tests/unit/stages/bed.h"

static const char suite[] =
	"suite: s\n"
	"benchmarks: [{name: x, runner: replay, invocations: 8, replay: {wall: 1ms}}]\n";

static void
ask(struct bed *bed, const char *format, const char *path)
{
	struct tare_session_options *options = &bed->session->options;

	options->reports[options->report_count++] =
		(struct tare_report_request){.format = format, .path = path};
}

static void
report(struct bed *bed)
{
	static const struct tare_stage *const stages[] = {&tare_stage_report};

	assert_int_equal(bed_run(bed), TARE_OK);
	assert_int_equal(tare_stages_run(bed->session, stages, 1, &bed->err), TARE_OK);
}

static void
reports_go_where_they_are_asked_to(void **state)
{
	struct bed bed;
	char *csv, *json, *text;

	(void)state;
	bed_make(&bed, suite);
	csv = test_path(bed.folder, "run.csv");
	json = test_path(bed.folder, "run.json");
	ask(&bed, "csv", csv);
	ask(&bed, "json", json);
	report(&bed);
	assert_int_equal(bed.session->deferred.status, TARE_OK);
	assert_true(bed.session->options.reports[0].written);
	assert_true(bed.session->options.reports[1].written);
	text = test_file_read(json, NULL);
	assert_int_equal(text[0], '{');
	free(text);
	text = test_file_read(csv, NULL);
	assert_non_null(strstr(text, "x"));
	free(text);
	free(csv);
	free(json);
	bed_remove(&bed);
}

static void
one_that_cannot_be_written_does_not_cost_the_others(void **state)
{
	struct bed bed;
	char *json;

	(void)state;
	bed_make(&bed, suite);
	json = test_path(bed.folder, "run.json");
	ask(&bed, "html", "/dev/null/run.html");
	ask(&bed, "json", json);
	ask(&bed, "csv", "/dev/null/run.csv");
	report(&bed);
	assert_int_equal(bed.session->deferred.status, TARE_OUTSIDE);
	assert_string_equal(bed.session->deferred.text,
		"report: html: cannot write \"/dev/null/run.html\": Not a directory; "
		"csv: cannot write \"/dev/null/run.csv\": Not a directory");
	assert_false(bed.session->options.reports[0].written);
	assert_true(bed.session->options.reports[1].written);
	assert_int_equal(access(json, F_OK), 0);
	free(json);
	bed_remove(&bed);
}

static void
a_full_disk_is_told_of(void **state)
{
	struct bed bed;

	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	bed_make(&bed, suite);
	ask(&bed, "json", "/dev/full");
	report(&bed);
	assert_int_equal(bed.session->deferred.status, TARE_OUTSIDE);
	assert_non_null(strstr(bed.session->deferred.text, "No space left on device"));
	bed_remove(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_go_where_they_are_asked_to),
		cmocka_unit_test(one_that_cannot_be_written_does_not_cost_the_others),
		cmocka_unit_test(a_full_disk_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
