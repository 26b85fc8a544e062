#include "tests/unit/stages/bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/files.h"

static void
session_begin(struct bed *bed, const char *suite)
{
	struct tare_session_options *options;

	bed->session = tare_session_new();
	bed->err = (struct tare_err){0};
	bed->interrupted = 0;
	options = &bed->session->options;
	options->suite_text = suite;
	options->suite_name = "suite.yaml";
	options->expand.environment = "development";
	options->expand.scratch_root = bed->scratch_root;
	options->seed = BED_SEED;
	options->has_seed = true;
	options->use_store = false;
	options->state_dir = bed->state_dir;
	options->journal_path = bed->journal;
	options->command_line = "tare run suite.yaml";
	options->interrupted = &bed->interrupted;
}

void
bed_make(struct bed *bed, const char *suite)
{
	bed->folder = test_folder_make();
	bed->state_dir = test_path(bed->folder, "state");
	bed->journal = test_path(bed->folder, "run.ndjson");
	bed->scratch_root = test_path(bed->folder, "scratch");
	bed->confirm = false;
	session_begin(bed, suite);
}

void
bed_again(struct bed *bed, const char *suite)
{
	tare_session_free(bed->session);
	session_begin(bed, suite);
}

void
bed_remove(struct bed *bed)
{
	tare_session_free(bed->session);
	free(bed->state_dir);
	free(bed->journal);
	free(bed->scratch_root);
	test_folder_remove(bed->folder);
}

enum tare_status
bed_describe(struct bed *bed)
{
	static const struct tare_stage *const stages[] = {
		&tare_stage_load,
		&tare_stage_expand,
		&tare_stage_baseline,
		&tare_stage_describe,
	};

	return tare_stages_run(bed->session, stages, sizeof(stages) / sizeof(stages[0]), &bed->err);
}

enum tare_status
bed_measure(struct bed *bed)
{
	static const struct tare_stage *const stages[] = {
		&tare_stage_measure,
		&tare_stage_correct,
		&tare_stage_compare,
	};

	return tare_stages_run(bed->session, stages, sizeof(stages) / sizeof(stages[0]), &bed->err);
}

enum tare_status
bed_run(struct bed *bed)
{
	enum tare_status status = bed_describe(bed);

	return status == TARE_OK ? bed_measure(bed) : status;
}

enum tare_status
bed_resume(struct bed *bed, const char *suite)
{
	bed_again(bed, suite);
	bed->session->options.resume_path = bed->journal;
	bed->session->options.confirm = bed->confirm;
	return bed_run(bed);
}

struct tare_run_case *
bed_case(struct bed *bed, const char *name)
{
	struct tare_run *run = bed->session->run;

	for (size_t i = 0; i < run->case_count; i++) {
		if (strcmp(run->cases[i].name, name) == 0)
			return &run->cases[i];
	}
	fail_msg("there is no case '%s'", name);
	return NULL;
}

/* The next line, NUL-terminated in place; NULL at the end. */
static char *
next_line(char **at)
{
	char *line = *at;
	char *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line;
}

char *
bed_order(const struct bed *bed)
{
	size_t len = 0;
	char *text = test_file_read(bed->journal, &len);
	char *order = calloc(len + 1, 1);
	char *at = text, *line;
	size_t count = 0;

	assert_non_null(order);
	while ((line = next_line(&at))) {
		const char *index = strstr(line, "\"case\":");

		if (strstr(line, "\"type\":\"sample\"") && !strstr(line, "\"warmup\":true"))
			order[count++] = index[7];
	}
	free(text);
	return order;
}

void
bed_cut_journal(const struct bed *bed, size_t lines, size_t len)
{
	size_t size = 0;
	char *text = test_file_read(bed->journal, &size);
	size_t keep = 0;

	while (lines-- > 0) {
		const char *end = memchr(text + keep, '\n', size - keep);

		assert_non_null(end);
		keep = (size_t)(end - text) + 1;
	}
	assert_true(keep + len <= size);
	test_file_write(bed->journal, text, keep + len);
	free(text);
}

size_t
bed_journal_lines(const struct bed *bed)
{
	char *text = test_file_read(bed->journal, NULL);
	char *at = text;
	size_t count = 0;

	while (next_line(&at))
		count++;
	free(text);
	return count;
}

bool
bed_journal_has(const struct bed *bed, const char *text)
{
	char *all = test_file_read(bed->journal, NULL);
	bool found = strstr(all, text) != NULL;

	free(all);
	return found;
}

size_t
bed_warning_count(const struct bed *bed)
{
	const struct tare_run *run = bed->session->run;
	size_t count = 0;

	for (size_t i = 0; i < run->warning_count; i++)
		count += strncmp(run->warnings[i].id, "disturbed", strlen("disturbed")) != 0;
	return count;
}

static void
assert_same_row(const struct tare_samples *got, const struct tare_samples *wanted, size_t row)
{
	assert_int_equal(got->pairs[row], wanted->pairs[row]);
	for (size_t m = 0; m < wanted->metric_count; m++) {
		double a = got->values[m][row], b = wanted->values[m][row];

		assert_true(a == b || (isnan(a) && isnan(b)));
	}
}

void
bed_assert_same_samples(const struct tare_run *got, const struct tare_run *wanted)
{
	assert_int_equal(got->case_count, wanted->case_count);
	for (size_t i = 0; i < wanted->case_count; i++) {
		const struct tare_samples *a = &got->cases[i].samples;
		const struct tare_samples *b = &wanted->cases[i].samples;

		if (a->total != b->total)
			fail_msg("%s: %llu samples, not %llu (%s, not %s)", wanted->cases[i].name,
				(unsigned long long)a->total, (unsigned long long)b->total,
				got->cases[i].stop_reason, wanted->cases[i].stop_reason);
		assert_int_equal(a->count, b->count);
		/* Whoever goes on warms up again. */
		assert_true(got->cases[i].warmup_count >= wanted->cases[i].warmup_count);
		for (size_t row = 0; row < b->count; row++)
			assert_same_row(a, b, row);
	}
}
