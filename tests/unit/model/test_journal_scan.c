#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/journal.h"
#include "harness/model/journal_scan.h"
#include "tests/support/sample_run.h"

/* Two metrics are enough. */
static int
make_run(void **state)
{
	struct tare_run *run = sample_run_new("a");

	sample_run_add_case(run, "b", "", 0);
	run->cases[0].metric_count = 2;
	tare_samples_free(&run->cases[0].samples);
	tare_samples_init(&run->cases[0].samples, 2);
	*state = run;
	return 0;
}

static int
free_run(void **state)
{
	tare_run_free(*state);
	return 0;
}

static bool
scan(struct tare_run *run, const char *text)
{
	size_t len = strlen(text);
	char *copy = tare_xmalloc(len); /* without a NUL, for the sanitizers */
	double values[2];
	bool found;

	memcpy(copy, text, len);
	found = tare_journal_scan_sample(run, copy, len, values);
	free(copy);
	return found;
}

#define START "{\"type\":\"sample\",\"seq\":7,\"case\":0,\"pair\":3,\"start_ns\":99"

static void
reads_a_line_of_the_writer(void **state)
{
	struct tare_run *run = *state;
	const struct tare_samples *samples = &run->cases[0].samples;

	run->status = TARE_RUN_COMPLETE;
	assert_true(scan(run, START ",\"values\":{\"wall\":10100000,\"user\":0}}"));
	assert_int_equal(run->last_seq, 7);
	assert_int_equal(run->status, TARE_RUN_OPEN);
	assert_int_equal(samples->count, 1);
	assert_int_equal(samples->pairs[0], 3);
	assert_int_equal(samples->start_ns[0], 99);
	assert_true(samples->values[0][0] == 10100000);
	assert_true(samples->values[1][0] == 0);
}

static void
reads_lines_with_missing_values(void **state)
{
	static const struct {
		const char *values;
		double wall;
		double user;
	} lines[] = {
		{",\"values\":{\"user\":5}}", NAN, 5},
		{",\"values\":{\"wall\":4}}", 4, NAN},
		{",\"values\":{}}", NAN, NAN},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct tare_run *run = *state;
		char line[256];
		const struct tare_samples *samples = &run->cases[0].samples;

		run->last_seq = 0;
		snprintf(line, sizeof(line), START "%s", lines[i].values);
		assert_true(scan(run, line));
		assert_int_equal(samples->count, i + 1);
		if (isnan(lines[i].wall))
			assert_true(isnan(samples->values[0][i]));
		else
			assert_true(samples->values[0][i] == lines[i].wall);
		if (isnan(lines[i].user))
			assert_true(isnan(samples->values[1][i]));
		else
			assert_true(samples->values[1][i] == lines[i].user);
	}
}

static void
reads_warmups(void **state)
{
	struct tare_run *run = *state;

	assert_true(scan(run, START ",\"warmup\":true,\"values\":{\"wall\":1}}"));
	assert_int_equal(run->cases[0].warmup_count, 1);
	assert_int_equal(run->cases[0].samples.count, 0);
}

static void
leaves_everything_else_to_the_parser(void **state)
{
	static const char *const lines[] = {
		"",
		"{}",
		START,
		START ",\"values\":{\"wall\":1}",
		START ",\"values\":{\"wall\":1}} ",
		START ",\"values\":{\"wall\":1},\"more\":1}",
		START ",\"values\":{\"wall\":1,}}",
		START ",\"values\":{,\"user\":1}}",
		START ",\"values\":{\"wall\":1.5}}",
		START ",\"values\":{\"wall\":-1}}",
		START ",\"values\":{\"wall\":01}}",
		START ",\"values\":{\"wall\":}}",
		START ",\"values\":{\"wall\":null}}",
		START ",\"values\":{\"wall\":[1,[1]]}}",
		START ",\"values\":{\"wall\":1234567890123456789}}",
		START ",\"values\":{\"user\":1,\"wall\":1}}",
		START ",\"values\":{\"wall\":1,\"wall\":1}}",
		START ",\"values\":{\"other\":1}}",
		START ",\"warmup\":false,\"values\":{}}",
		START "1234567890123456789,\"values\":{}}",
		"{\"type\":\"sample\",\"seq\":6,\"case\":0,\"pair\":3,\"start_ns\":9,\"values\":{}"
		"}",
		"{\"type\":\"sample\",\"seq\":7,\"case\":1,\"pair\":3,\"start_ns\":9,\"values\":{}"
		"}",
		"{\"type\":\"sample\",\"seq\":7,\"case\":0,\"pair\":4294967296,\"start_ns\":9,"
		"\"values\":{}}",
		"{\"type\":\"sample\",\"seq\":-7,\"case\":0,\"pair\":3,\"start_ns\":9,"
		"\"values\":{}}",
		"{\"type\":\"failure\",\"seq\":7,\"case\":0,\"pair\":3,\"start_ns\":9}",
		"{ \"type\":\"sample\",\"seq\":7,\"case\":0,\"pair\":3,\"start_ns\":9,"
		"\"values\":{}}",
	};
	struct tare_run *run = *state;

	run->last_seq = 6;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_false(scan(run, lines[i]));
		assert_int_equal(run->last_seq, 6);
		assert_int_equal(run->cases[0].samples.count, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_run, free_run)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_a_line_of_the_writer),
		TEST(reads_lines_with_missing_values),
		TEST(reads_warmups),
		TEST(leaves_everything_else_to_the_parser),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
