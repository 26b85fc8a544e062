#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/model/comparison.h"
#include "harness/model/journal.h"
#include "tests/support/files.h"
#include "tests/support/sample_run.h"

struct fixture {
	char *folder;
	char *path;
	struct tare_run *run;
	struct tare_journal *journal; /* NULL, or closed at the end */
	struct tare_err err;
};

static int
set_up(void **state)
{
	struct fixture *fixture = tare_xcalloc(1, sizeof(*fixture));

	fixture->folder = test_folder_make();
	fixture->path = test_path(fixture->folder, "runs/one.ndjson");
	fixture->run = sample_run_new("20260102-030405-00000a");
	sample_run_add_case(fixture->run, "gzip", "base", 0);
	sample_run_add_case(fixture->run, "gzip", "head", 0);
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	tare_journal_close(fixture->journal, NULL);
	tare_run_free(fixture->run);
	free(fixture->path);
	test_folder_remove(fixture->folder);
	free(fixture);
	return 0;
}

static void
create(struct fixture *fixture)
{
	assert_int_equal(
		tare_journal_create(&fixture->journal, fixture->path, &fixture->err), TARE_OK);
}

static void
assert_content(const struct fixture *fixture, const char *expected)
{
	char *text = test_file_read(fixture->path, NULL);

	assert_string_equal(text, expected);
	free(text);
}

static enum tare_status
write_sample(struct fixture *fixture, uint64_t seq)
{
	double values[] = {10100000, 9000000, 1000000, 10000000, 1 << 20, 100, 0, 3, 1};
	struct tare_sample sample = {.seq = seq,
		.case_index = 1,
		.pair = 5,
		.ok = true,
		.start_ns = 77,
		.values = values};

	return tare_journal_sample(fixture->journal, fixture->run, &sample, &fixture->err);
}

#define SAMPLE_VALUES                                                                        \
	"\"values\":{\"wall\":10100000,\"user\":9000000,\"sys\":1000000,\"cpu\":10000000,"   \
	"\"max_rss\":1048576,\"page_faults\":100,\"major_faults\":0,\"context_switches\":3," \
	"\"involuntary_switches\":1}}\n"
#define SAMPLE_1 \
	"{\"type\":\"sample\",\"seq\":1,\"case\":1,\"pair\":5,\"start_ns\":77," SAMPLE_VALUES

static void
makes_the_folder_and_an_empty_file(void **state)
{
	struct fixture *fixture = *state;

	create(fixture);
	assert_content(fixture, "");
}

static void
refuses_to_create_what_exists(void **state)
{
	struct fixture *fixture = *state;
	struct tare_journal *journal = NULL;
	char expected[512];

	create(fixture);
	snprintf(expected, sizeof(expected),
		"journal \"%s\" exists already; continue it with --resume, or name another",
		fixture->path);
	assert_int_equal(tare_journal_create(&journal, fixture->path, &fixture->err), TARE_INVALID);
	assert_string_equal(fixture->err.text, expected);
	assert_null(journal);
}

static void
writes_the_header_on_one_line(void **state)
{
	struct fixture *fixture = *state;
	struct tare_run *run = tare_run_new();
	char *text;

	snprintf(run->id, sizeof(run->id), "r");
	run->suite = "s\n\"x\"";
	run->seed = UINT64_MAX;
	run->gate = (struct tare_gate){.asked_for = true,
		.fail_on = 1u << TARE_VERDICT_REGRESSION | 1u << TARE_VERDICT_NO_CHANGE};
	sample_run_add_case(run, "b", "", 0);
	sample_run_add_parameter(run, 0, "level", "6");
	run->cases[0].metric_count = 1;
	create(fixture);
	assert_int_equal(tare_journal_header(fixture->journal, run, &fixture->err), TARE_OK);
	text = test_file_read(fixture->path, NULL);
	assert_string_equal(text,
		"{\"type\":\"header\",\"format\":\"tare-journal\",\"version\":1,\"run\":\"r\","
		"\"suite\":{\"name\":\"s\\n\\\"x\\\"\",\"file\":\"\",\"digest\":\"\","
		"\"description\":\"\"},\"seed\":\"18446744073709551615\",\"started_unix_ns\":0,"
		"\"release\":\"\",\"environment_name\":\"\",\"command_line\":\"\",\"tare\":\"\","
		"\"environment\":{\"fingerprint\":\"\",\"facts\":[]},\"calibration\":null,"
		"\"gate\":{\"fail_on\":[\"regression\",\"no change\"]},\"cases\":[{"
		"\"benchmark\":\"b\",\"variant\":\"\",\"parameters\":{\"level\":\"6\"},"
		"\"tags\":[],\"group\":0,\"command\":\"b\",\"runner\":\"host\",\"cpus\":\"\","
		"\"critical\":false,\"metrics\":[{\"name\":\"wall\",\"unit\":\"ns\","
		"\"better\":\"lower\",\"exact\":false,\"gated\":true,\"margin\":0.02}]}]}\n");
	free(text);
	run->cases[0].metric_count = TARE_BUILTIN_METRIC_COUNT;
	tare_run_free(run);
}

static void
writes_builtin_values_as_integers(void **state)
{
	struct fixture *fixture = *state;

	create(fixture);
	assert_int_equal(write_sample(fixture, 1), TARE_OK);
	assert_content(fixture, SAMPLE_1);
}

static void
marks_warmups_and_leaves_out_missing_values(void **state)
{
	struct fixture *fixture = *state;
	double values[TARE_BUILTIN_METRIC_COUNT];
	struct tare_sample sample = {.seq = 3, .warmup = true, .ok = true, .values = values};

	for (size_t i = 0; i < TARE_BUILTIN_METRIC_COUNT; i++)
		values[i] = NAN;
	values[TARE_METRIC_SYS] = 0.1;
	create(fixture);
	assert_int_equal(
		tare_journal_sample(fixture->journal, fixture->run, &sample, NULL), TARE_OK);
	assert_content(fixture,
		"{\"type\":\"sample\",\"seq\":3,\"case\":0,\"pair\":0,\"start_ns\":0,"
		"\"warmup\":true,\"values\":{\"sys\":0.1}}\n");
}

static void
writes_iterations_beside_what_they_were_reduced_to(void **state)
{
	struct fixture *fixture = *state;
	double values[TARE_BUILTIN_METRIC_COUNT] = {2};
	double walls[] = {1, 2, 3.5};
	double *iterations[TARE_BUILTIN_METRIC_COUNT] = {walls};
	size_t counts[TARE_BUILTIN_METRIC_COUNT] = {3};
	struct tare_sample sample = {.seq = 1,
		.ok = true,
		.values = values,
		.iterations = iterations,
		.iteration_counts = counts};

	for (size_t i = 1; i < TARE_BUILTIN_METRIC_COUNT; i++)
		values[i] = NAN;
	create(fixture);
	assert_int_equal(
		tare_journal_sample(fixture->journal, fixture->run, &sample, NULL), TARE_OK);
	assert_content(fixture,
		"{\"type\":\"sample\",\"seq\":1,\"case\":0,\"pair\":0,\"start_ns\":0,"
		"\"values\":{\"wall\":[2,[1,2,3.5]]}}\n");
}

static void
writes_the_other_lines(void **state)
{
	struct fixture *fixture = *state;
	struct tare_run *run = fixture->run;
	struct tare_journal *journal;
	struct tare_sample failure = {.seq = 2, .failure = "exit status 1"};
	const struct tare_case_look first = {.pairs = 6,
		.pairs_planned = 60,
		.estimate = 10.5,
		.low = NAN,
		.high = NAN,
		.p_value = NAN,
		.verdict = TARE_VERDICT_INCONCLUSIVE};
	const struct tare_case_look last = {.phase = 1,
		.pairs = 12,
		.pairs_planned = 60,
		.metric = TARE_METRIC_USER,
		.compared = true,
		.logs = true,
		.estimate = 1.5,
		.low = 1.25,
		.high = 1.75,
		.p_value = 0.5,
		.alpha_spent = 0.25,
		.boundary = 0.125,
		.verdict = TARE_VERDICT_REGRESSION,
		.decision = TARE_STOP_DECIDED};
	const struct tare_warning warning = {"few_samples", "only 3", "take more"};

	create(fixture);
	journal = fixture->journal;
	assert_int_equal(tare_journal_sample(journal, run, &failure, NULL), TARE_OK);
	failure.stderr_tail = "cannot\n";
	assert_int_equal(tare_journal_sample(journal, run, &failure, NULL), TARE_OK);
	assert_int_equal(tare_journal_look(journal, run, 1, &first, NULL), TARE_OK);
	assert_int_equal(tare_journal_look(journal, run, 1, &last, NULL), TARE_OK);
	assert_int_equal(tare_journal_stop(journal, 1, "precision reached", NULL), TARE_OK);
	assert_int_equal(tare_journal_warning(journal, &warning, NULL), TARE_OK);
	assert_int_equal(tare_journal_resume(journal, 12, NULL), TARE_OK);
	assert_int_equal(tare_journal_kept(journal, run, 0, NULL), TARE_OK);
	run->status = TARE_RUN_INTERRUPTED;
	run->invocation_count = 2;
	run->duration_ns = 9;
	assert_int_equal(tare_journal_end(journal, run, NULL), TARE_OK);
	assert_content(fixture,
		"{\"type\":\"failure\",\"seq\":2,\"case\":0,\"pair\":0,\"start_ns\":0,"
		"\"text\":\"exit status 1\",\"stderr\":null}\n"
		"{\"type\":\"failure\",\"seq\":2,\"case\":0,\"pair\":0,\"start_ns\":0,"
		"\"text\":\"exit status 1\",\"stderr\":\"cannot\\n\"}\n"
		"{\"type\":\"look\",\"case\":1,\"metric\":\"wall\",\"pairs\":6,\"planned\":60,"
		"\"estimate\":10.5,\"alpha_spent\":0,\"boundary\":0,"
		"\"verdict\":\"inconclusive\"}\n"
		"{\"type\":\"look\",\"case\":1,\"metric\":\"user\",\"pairs\":12,"
		"\"planned\":60,\"phase\":1,\"compared\":true,\"ratio\":true,\"estimate\":1.5,"
		"\"low\":1.25,\"high\":1.75,\"p_value\":0.5,\"alpha_spent\":0.25,"
		"\"boundary\":0.125,\"verdict\":\"regression\","
		"\"decision\":\"verdict reached\"}\n"
		"{\"type\":\"stop\",\"case\":1,\"reason\":\"precision reached\"}\n"
		"{\"type\":\"warning\",\"id\":\"few_samples\",\"text\":\"only 3\","
		"\"advice\":\"take more\"}\n"
		"{\"type\":\"resume\",\"unix_ns\":12}\n"
		"{\"type\":\"kept\",\"case\":0,\"total\":0,\"stride\":1,\"warmups\":0}\n"
		"{\"type\":\"end\",\"status\":\"interrupted\",\"invocations\":2,"
		"\"duration_ns\":9}\n");
}

static void
writes_lines_of_every_length(void **state)
{
	struct fixture *fixture = *state;
	char *reason = tare_xcalloc(100001, 1);

	create(fixture);
	memset(reason, 'r', 100000);
	assert_int_equal(tare_journal_stop(fixture->journal, 0, reason, NULL), TARE_OK);
	reason[1] = '\0';
	assert_int_equal(tare_journal_stop(fixture->journal, 0, reason, NULL), TARE_OK);
	free(reason);
	reason = test_file_read(fixture->path, NULL);
	assert_string_equal(
		strchr(reason, '\n') + 1, "{\"type\":\"stop\",\"case\":0,\"reason\":\"r\"}\n");
	free(reason);
}

static void
refuses_a_line_longer_than_readers_take(void **state)
{
	struct fixture *fixture = *state;
	char *reason = tare_xmalloc(TARE_JOURNAL_LINE_MAX + 1);
	char expected[512];

	memset(reason, 'r', TARE_JOURNAL_LINE_MAX);
	reason[TARE_JOURNAL_LINE_MAX] = '\0';
	create(fixture);
	assert_int_equal(
		tare_journal_stop(fixture->journal, 0, reason, &fixture->err), TARE_INVALID);
	snprintf(expected, sizeof(expected),
		"journal \"%s\": a line would be 67108901 bytes long; the limit is 67108864",
		fixture->path);
	assert_string_equal(fixture->err.text, expected);
	assert_content(fixture, "");
	free(reason);
}

static void
appends_after_what_another_wrote(void **state)
{
	struct fixture *fixture = *state;

	create(fixture);
	assert_int_equal(write_sample(fixture, 1), TARE_OK);
	assert_int_equal(tare_journal_close(fixture->journal, NULL), TARE_OK);
	assert_int_equal(
		tare_journal_reopen(&fixture->journal, fixture->path, &fixture->err), TARE_OK);
	assert_int_equal(tare_journal_resume(fixture->journal, 5, NULL), TARE_OK);
	assert_content(fixture, SAMPLE_1 "{\"type\":\"resume\",\"unix_ns\":5}\n");
}

static void
cuts_a_torn_line_when_it_reopens(void **state)
{
	struct fixture *fixture = *state;
	size_t tail_len = 10000; /* more than a block of the search */
	char *text = tare_xcalloc(sizeof(SAMPLE_1) + tail_len, 1);

	memcpy(text, SAMPLE_1, sizeof(SAMPLE_1) - 1);
	memset(text + sizeof(SAMPLE_1) - 1, 'x', tail_len);
	create(fixture);
	tare_journal_close(fixture->journal, NULL);
	test_file_write(fixture->path, text, strlen(text));
	free(text);
	assert_int_equal(
		tare_journal_reopen(&fixture->journal, fixture->path, &fixture->err), TARE_OK);
	assert_content(fixture, SAMPLE_1);
	assert_int_equal(tare_journal_resume(fixture->journal, 5, NULL), TARE_OK);
	assert_content(fixture, SAMPLE_1 "{\"type\":\"resume\",\"unix_ns\":5}\n");
}

static void
refuses_to_reopen_a_file_without_a_whole_line(void **state)
{
	struct fixture *fixture = *state;
	struct tare_journal *journal = NULL;
	char expected[512];

	create(fixture);
	tare_journal_close(fixture->journal, NULL);
	fixture->journal = NULL;
	test_file_write(fixture->path, "{\"type\":\"hea", 12);
	snprintf(expected, sizeof(expected), "journal \"%s\" has no whole line to go on from",
		fixture->path);
	assert_int_equal(tare_journal_reopen(&journal, fixture->path, &fixture->err), TARE_INVALID);
	assert_string_equal(fixture->err.text, expected);
	/* What could not be used is left as it was. */
	assert_content(fixture, "{\"type\":\"hea");
}

static void
says_that_there_is_no_such_journal(void **state)
{
	struct fixture *fixture = *state;
	struct tare_journal *journal = NULL;
	char expected[512];

	snprintf(expected, sizeof(expected),
		"cannot open journal \"%s\": No such file or directory", fixture->path);
	assert_int_equal(
		tare_journal_reopen(&journal, fixture->path, &fixture->err), TARE_NOT_FOUND);
	assert_string_equal(fixture->err.text, expected);
}

static void
refuses_a_journal_that_is_being_written(void **state)
{
	struct fixture *fixture = *state;
	struct tare_journal *journal = NULL;
	char expected[512];

	create(fixture);
	assert_int_equal(write_sample(fixture, 1), TARE_OK);
	snprintf(expected, sizeof(expected), "journal \"%s\" is being written by another process",
		fixture->path);
	assert_int_equal(tare_journal_reopen(&journal, fixture->path, &fixture->err), TARE_INVALID);
	assert_string_equal(fixture->err.text, expected);
	tare_journal_close(fixture->journal, NULL);
	assert_int_equal(tare_journal_reopen(&fixture->journal, fixture->path, NULL), TARE_OK);
}

/* A limit on the size of files stops writes half-way, as a full disk does. */
static void
limit_file_size(rlim_t size)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
cuts_back_a_line_that_does_not_fit_the_disk(void **state)
{
	struct fixture *fixture = *state;
	char expected[512];

	create(fixture);
	assert_int_equal(write_sample(fixture, 1), TARE_OK);
	limit_file_size(sizeof(SAMPLE_1) + 20);
	assert_int_equal(write_sample(fixture, 2), TARE_OUTSIDE);
	limit_file_size(RLIM_INFINITY);
	snprintf(expected, sizeof(expected), "journal \"%s\": cannot write: File too large",
		fixture->path);
	assert_string_equal(fixture->err.text, expected);
	assert_content(fixture, SAMPLE_1);
}

static void
goes_on_where_there_is_room_again(void **state)
{
	struct fixture *fixture = *state;

	create(fixture);
	limit_file_size(20);
	assert_int_equal(write_sample(fixture, 1), TARE_OUTSIDE);
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(write_sample(fixture, 1), TARE_OK);
	assert_content(fixture, SAMPLE_1);
}

static void
leaves_a_given_stream_open(void **state)
{
	struct fixture *fixture = *state;
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);

	assert_non_null(stream);
	fixture->journal = tare_journal_on_stream(stream);
	assert_int_equal(write_sample(fixture, 1), TARE_OK);
	assert_int_equal(tare_journal_sync(fixture->journal, NULL), TARE_OK);
	assert_int_equal(tare_journal_close(fixture->journal, NULL), TARE_OK);
	fixture->journal = NULL;
	fputs("more", stream);
	fclose(stream);
	assert_string_equal(text, SAMPLE_1 "more");
	free(text);
}

static void
reports_a_stream_that_takes_no_more(void **state)
{
	struct fixture *fixture = *state;
	FILE *stream = fopen("/dev/full", "we");

	if (!stream)
		skip();
	fixture->journal = tare_journal_on_stream(stream);
	assert_int_equal(write_sample(fixture, 1), TARE_OK); /* still in the stream's buffer */
	assert_int_equal(tare_journal_close(fixture->journal, &fixture->err), TARE_OUTSIDE);
	assert_string_equal(fixture->err.text, "journal: cannot write: No space left on device");
	fixture->journal = NULL;
	fclose(stream);
}

static void
closes_nothing(void **state)
{
	(void)state;
	assert_int_equal(tare_journal_close(NULL, NULL), TARE_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(makes_the_folder_and_an_empty_file),
		TEST(refuses_to_create_what_exists),
		TEST(writes_the_header_on_one_line),
		TEST(writes_builtin_values_as_integers),
		TEST(marks_warmups_and_leaves_out_missing_values),
		TEST(writes_iterations_beside_what_they_were_reduced_to),
		TEST(writes_the_other_lines),
		TEST(writes_lines_of_every_length),
		TEST(refuses_a_line_longer_than_readers_take),
		TEST(appends_after_what_another_wrote),
		TEST(cuts_a_torn_line_when_it_reopens),
		TEST(refuses_to_reopen_a_file_without_a_whole_line),
		TEST(says_that_there_is_no_such_journal),
		TEST(refuses_a_journal_that_is_being_written),
		TEST(cuts_back_a_line_that_does_not_fit_the_disk),
		TEST(goes_on_where_there_is_room_again),
		TEST(leaves_a_given_stream_open),
		TEST(reports_a_stream_that_takes_no_more),
		TEST(closes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
