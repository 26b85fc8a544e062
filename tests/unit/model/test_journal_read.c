#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/journal.h"
#include "tests/support/files.h"
#include "tests/support/sample_run.h"

/* A journal as text, made by the writer: header, count samples of two cases in turns, end. */
static char *
make_journal(const char *id, size_t count, bool ended)
{
	struct tare_run *run = sample_run_new(id);
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);
	double values[TARE_SAMPLES_MAX];

	assert_non_null(stream);
	for (size_t i = 0; i < count; i++)
		values[i] = 10e6 + (double)i;
	sample_run_add_case(run, "gzip", "base", 0);
	sample_run_add_case(run, "gzip", "head", 0);
	sample_run_add_values(run, 0, TARE_METRIC_WALL, values, count);
	sample_run_add_values(run, 1, TARE_METRIC_WALL, values, count);
	if (ended)
		sample_run_finish(run);
	assert_int_equal(tare_journal_export(stream, run, NULL), TARE_OK);
	fclose(stream);
	tare_run_free(run);
	return text;
}

static enum tare_status
read_text(
	struct tare_run **run_out, const char *text, size_t len, size_t index, struct tare_err *err)
{
	char *copy = tare_xmalloc(len + 1); /* exactly sized, for the sanitizers */
	FILE *stream = fmemopen(copy, len + 1, "w+");
	enum tare_status status;

	assert_non_null(stream);
	/* fmemopen() refuses nothing at all, so an empty journal is a stream at its end. */
	assert_int_equal(fwrite(text, 1, len, stream), len);
	fflush(stream);
	rewind(stream);
	status = tare_journal_read_stream(run_out, stream, "j", index, err);
	fclose(stream);
	free(copy);
	return status;
}

static void
assert_refused(const char *text, size_t index, const char *expected)
{
	struct tare_run *run = NULL;
	struct tare_err err = {0};

	assert_int_equal(read_text(&run, text, strlen(text), index, &err), TARE_INVALID);
	assert_string_equal(err.text, expected);
	assert_null(run);
}

static size_t
count_lines(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += text[i] == '\n';
	return count;
}

static void
reads_up_to_the_last_whole_line_wherever_it_is_cut(void **state)
{
	char *text = make_journal("a", 4, true);
	size_t full = strlen(text);
	size_t header_len = (size_t)(strchr(text, '\n') - text) + 1;

	(void)state;
	for (size_t len = 0; len <= full; len++) {
		struct tare_run *run = NULL;
		struct tare_err err = {0};
		enum tare_status status = read_text(&run, text, len, 0, &err);
		size_t lines = count_lines(text, len);
		bool cut = len > 0 && text[len - 1] != '\n';

		if (len < header_len) {
			assert_int_equal(status, TARE_INVALID);
			assert_string_equal(err.text,
				"j:1: there is no complete header; the file is empty or cut off");
			continue;
		}
		assert_int_equal(status, TARE_OK);
		assert_int_equal(run->invocation_count, lines > 9 ? 8 : lines - 1);
		assert_int_equal(run->status, len == full ? TARE_RUN_COMPLETE : TARE_RUN_OPEN);
		assert_int_equal(run->warning_count, cut ? 1 : 0);
		tare_run_free(run);
	}
	free(text);
}

static void
warns_of_a_line_that_was_cut(void **state)
{
	char *text = make_journal("a", 1, false);
	struct tare_run *run = NULL;

	(void)state;
	assert_int_equal(read_text(&run, text, strlen(text) - 5, 0, NULL), TARE_OK);
	assert_int_equal(run->warning_count, 1);
	assert_string_equal(run->warnings[0].id, "journal_cut");
	assert_string_equal(run->warnings[0].text,
		"the last line of the journal is cut off; 85 bytes after line 2 are left out");
	assert_string_equal(run->warnings[0].advice, "continue it with tare run --resume");
	tare_run_free(run);
	free(text);
}

static void
names_the_line_that_is_no_json(void **state)
{
	char *text = make_journal("a", 1, true);
	struct tare_run *run = NULL;
	struct tare_err err = {0};

	(void)state;
	*strstr(text, "{\"type\":\"sample\",\"seq\":2") = '!';
	assert_int_equal(read_text(&run, text, strlen(text), 0, &err), TARE_INVALID);
	assert_memory_equal(err.text, "j:3: ", 5);
	free(text);
}

static void
refuses_a_file_that_begins_with_anything_else(void **state)
{
	(void)state;
	assert_refused(
		"{\"type\":\"sample\",\"seq\":1}\n", 0, "j:1: expected the header of a journal");
	assert_refused("{}\n", 0, "j:1: expected the header of a journal");
	assert_refused("[]\n", 0, "j:1: expected the header of a journal");
}

static void
reads_concatenated_runs_by_index(void **state)
{
	char *first = make_journal("a", 2, true);
	char *second = make_journal("b", 3, false);
	char *both = tare_xcalloc(strlen(first) + strlen(second) + 1, 1);
	struct tare_run *run = NULL;

	(void)state;
	stpcpy(stpcpy(both, first), second);
	assert_int_equal(read_text(&run, both, strlen(both), 0, NULL), TARE_OK);
	assert_string_equal(run->id, "a");
	assert_int_equal(run->invocation_count, 4);
	assert_int_equal(run->status, TARE_RUN_COMPLETE);
	tare_run_free(run);
	assert_int_equal(read_text(&run, both, strlen(both), 1, NULL), TARE_OK);
	assert_string_equal(run->id, "b");
	assert_int_equal(run->invocation_count, 6);
	assert_int_equal(run->status, TARE_RUN_OPEN);
	tare_run_free(run);
	assert_refused(both, 2, "j: there is no run 3; the journal holds 2");
	free(both);
	free(second);
	free(first);
}

static void
numbers_lines_from_the_start_of_the_file(void **state)
{
	char *first = make_journal("a", 2, true);
	char *both = tare_xcalloc(2 * strlen(first) + 1, 1);
	struct tare_run *run = NULL;
	struct tare_err err = {0};

	(void)state;
	stpcpy(stpcpy(both, first), first);
	memcpy(strrchr(both, '{'), "{\"type\":5   ", 12);
	assert_int_equal(read_text(&run, both, strlen(both), 1, &err), TARE_INVALID);
	assert_memory_equal(err.text, "j:12: ", 6);
	free(both);
	free(first);
}

static void
counts_runs(void **state)
{
	char *folder = test_folder_make();
	char *path = test_path(folder, "j");
	char *one = make_journal("a", 2, true);
	char *two = tare_xcalloc(2 * strlen(one) + 1, 1);
	size_t count = 0;

	(void)state;
	stpcpy(stpcpy(two, one), one);
	test_file_write(path, one, strlen(one));
	assert_int_equal(tare_journal_count(&count, path, NULL), TARE_OK);
	assert_int_equal(count, 1);
	test_file_write(path, two, strlen(two) - 3);
	assert_int_equal(tare_journal_count(&count, path, NULL), TARE_OK);
	assert_int_equal(count, 2);
	test_file_write(path, "", 0);
	assert_int_equal(tare_journal_count(&count, path, NULL), TARE_INVALID);
	assert_int_equal(count, 2);
	free(one);
	free(two);
	free(path);
	test_folder_remove(folder);
}

static void
says_what_is_wrong_with_the_file(void **state)
{
	char *folder = test_folder_make();
	char *path = test_path(folder, "none");
	char expected[512];
	struct tare_run *run = NULL;
	struct tare_err err = {0};
	size_t count;

	(void)state;
	snprintf(expected, sizeof(expected),
		"cannot open journal \"%s\": No such file or directory", path);
	assert_int_equal(tare_journal_read(&run, path, 0, &err), TARE_NOT_FOUND);
	assert_string_equal(err.text, expected);
	assert_int_equal(tare_journal_count(&count, path, &err), TARE_NOT_FOUND);
	snprintf(expected, sizeof(expected), "cannot read journal \"%s\": Is a directory", folder);
	assert_int_equal(tare_journal_read(&run, folder, 0, &err), TARE_OUTSIDE);
	assert_string_equal(err.text, expected);
	free(path);
	test_folder_remove(folder);
}

static void
reads_a_file_it_wrote_and_resumed(void **state)
{
	char *folder = test_folder_make();
	char *path = test_path(folder, "j");
	struct tare_run *run = sample_run_new("a");
	struct tare_run *again = NULL;
	struct tare_journal *journal = NULL;
	double values[TARE_BUILTIN_METRIC_COUNT] = {1};
	struct tare_sample sample = {.seq = 1, .ok = true, .values = values};

	(void)state;
	sample_run_add_case(run, "b", "", 0);
	assert_int_equal(tare_journal_create(&journal, path, NULL), TARE_OK);
	assert_int_equal(tare_journal_header(journal, run, NULL), TARE_OK);
	assert_int_equal(tare_journal_sample(journal, run, &sample, NULL), TARE_OK);
	run->status = TARE_RUN_INTERRUPTED;
	run->duration_ns = 5;
	assert_int_equal(tare_journal_end(journal, run, NULL), TARE_OK);
	assert_int_equal(tare_journal_close(journal, NULL), TARE_OK);
	assert_int_equal(tare_journal_reopen(&journal, path, NULL), TARE_OK);
	assert_int_equal(tare_journal_resume(journal, 9, NULL), TARE_OK);
	sample.seq = 2;
	sample.pair = 1;
	assert_int_equal(tare_journal_sample(journal, run, &sample, NULL), TARE_OK);
	assert_int_equal(tare_journal_close(journal, NULL), TARE_OK);
	assert_int_equal(tare_journal_read(&again, path, 0, NULL), TARE_OK);
	assert_int_equal(again->status, TARE_RUN_OPEN);
	assert_int_equal(again->last_seq, 2);
	assert_int_equal(again->cases[0].samples.count, 2);
	tare_run_free(again);
	tare_run_free(run);
	free(path);
	test_folder_remove(folder);
}

/* A stream that never ends its line, of any size. */
static ssize_t
read_endless(void *cookie, char *buffer, size_t size)
{
	(void)cookie;
	memset(buffer, ' ', size);
	return (ssize_t)size;
}

static void
gives_up_on_a_line_without_end(void **state)
{
	FILE *stream = fopencookie(NULL, "r", (cookie_io_functions_t){.read = read_endless});
	struct tare_run *run = NULL;
	struct tare_err err = {0};

	(void)state;
	assert_non_null(stream);
	assert_int_equal(tare_journal_read_stream(&run, stream, "j", 0, &err), TARE_INVALID);
	assert_string_equal(err.text, "j:1: the line is longer than 67108864 bytes");
	fclose(stream);
}

static void
reads_lines_that_span_blocks(void **state)
{
	char *text = make_journal("a", 2000, true);
	struct tare_run *run = NULL;

	(void)state;
	assert_true(strlen(text) > 3 * 65536);
	assert_int_equal(read_text(&run, text, strlen(text), 0, NULL), TARE_OK);
	assert_int_equal(run->cases[0].samples.count, 2000);
	assert_true(run->cases[1].samples.values[TARE_METRIC_WALL][1999] == 10001999);
	tare_run_free(run);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_up_to_the_last_whole_line_wherever_it_is_cut),
		cmocka_unit_test(warns_of_a_line_that_was_cut),
		cmocka_unit_test(names_the_line_that_is_no_json),
		cmocka_unit_test(refuses_a_file_that_begins_with_anything_else),
		cmocka_unit_test(reads_concatenated_runs_by_index),
		cmocka_unit_test(numbers_lines_from_the_start_of_the_file),
		cmocka_unit_test(counts_runs),
		cmocka_unit_test(says_what_is_wrong_with_the_file),
		cmocka_unit_test(reads_a_file_it_wrote_and_resumed),
		cmocka_unit_test(gives_up_on_a_line_without_end),
		cmocka_unit_test(reads_lines_that_span_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
