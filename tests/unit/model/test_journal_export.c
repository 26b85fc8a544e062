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
#include "tests/support/sample_run.h"

static char *export(const struct tare_run *run)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);
	struct tare_err err = {0};

	assert_non_null(stream);
	assert_int_equal(tare_journal_export(stream, run, &err), TARE_OK);
	fclose(stream);
	return text;
}

static struct tare_run *
import(char *text)
{
	FILE *stream = fmemopen(text, strlen(text), "r");
	struct tare_run *run = NULL;
	struct tare_err err = {0};

	assert_non_null(stream);
	if (tare_journal_read_stream(&run, stream, "export", 0, &err) != TARE_OK)
		fail_msg("%s", err.text);
	fclose(stream);
	return run;
}

static struct tare_run *
make_run(void)
{
	struct tare_run *run = sample_run_new("20260102-030405-00000a");
	size_t base = sample_run_add_case(run, "gzip", "base", 0);
	size_t head = sample_run_add_case(run, "gzip", "head", 0);

	sample_run_add_parameter(run, base, "level", "6");
	sample_run_add_parameter(run, head, "level", "6");
	sample_run_add_values(run, base, TARE_METRIC_WALL, (double[]){10e6, 11e6, 0.1}, 3);
	sample_run_add_values(run, head, TARE_METRIC_WALL, (double[]){12e6, NAN, 13e6}, 3);
	sample_run_add_values(run, head, TARE_METRIC_SYS, (double[]){1, -0.0, 1e300}, 3);
	run->cases[base].stop_reason = "precision reached";
	run->cases[head].samples.labels[1] =
		1u << TARE_DISTURBED_SWAP | 1u << TARE_DISTURBED_FREQUENCY;
	tare_run_add_look(run, head,
		&(struct tare_case_look){.pairs = 3,
			.pairs_planned = 30,
			.metric = TARE_METRIC_SYS,
			.compared = true,
			.estimate = -1e-3,
			.low = NAN,
			.high = NAN,
			.p_value = 1.0 / 3,
			.verdict = TARE_VERDICT_NO_CHANGE});
	tare_run_add_look(run, head,
		&(struct tare_case_look){.phase = 1,
			.pairs = 5,
			.pairs_planned = 30,
			.compared = true,
			.logs = true,
			.estimate = 1.1,
			.low = 1.05,
			.high = 1.15,
			.p_value = 1e-300,
			.alpha_spent = 0.01,
			.boundary = 0.007,
			.verdict = TARE_VERDICT_REGRESSION,
			.decision = TARE_STOP_DECIDED});
	sample_run_finish(run);
	return run;
}

static void
assert_same_samples(const struct tare_samples *a, const struct tare_samples *b)
{
	assert_int_equal(a->count, b->count);
	assert_true(a->total == b->total);
	assert_true(a->stride == b->stride);
	assert_int_equal(a->metric_count, b->metric_count);
	for (size_t row = 0; row < a->count; row++) {
		assert_int_equal(a->pairs[row], b->pairs[row]);
		assert_true(a->start_ns[row] == b->start_ns[row]);
		assert_int_equal(a->labels[row], b->labels[row]);
		for (size_t i = 0; i < a->metric_count; i++) {
			if (isnan(a->values[i][row]))
				assert_true(isnan(b->values[i][row]));
			else
				assert_memory_equal(
					&a->values[i][row], &b->values[i][row], sizeof(double));
		}
	}
}

static void
assert_same_number(double a, double b)
{
	if (isnan(a))
		assert_true(isnan(b));
	else
		assert_true(a == b);
}

static void
assert_same_looks(const struct tare_run_case *a, const struct tare_run_case *b)
{
	assert_int_equal(a->look_count, b->look_count);
	for (size_t i = 0; i < a->look_count; i++) {
		const struct tare_case_look *left = &a->looks[i];
		const struct tare_case_look *right = &b->looks[i];

		assert_int_equal(left->phase, right->phase);
		assert_int_equal(left->pairs, right->pairs);
		assert_int_equal(left->pairs_planned, right->pairs_planned);
		assert_int_equal(left->metric, right->metric);
		assert_int_equal(left->compared, right->compared);
		assert_int_equal(left->logs, right->logs);
		assert_same_number(left->estimate, right->estimate);
		assert_same_number(left->low, right->low);
		assert_same_number(left->high, right->high);
		assert_same_number(left->p_value, right->p_value);
		assert_same_number(left->alpha_spent, right->alpha_spent);
		assert_same_number(left->boundary, right->boundary);
		assert_int_equal(left->verdict, right->verdict);
		assert_int_equal(left->decision, right->decision);
	}
}

static void
reads_back_what_it_wrote(void **state)
{
	struct tare_run *run = make_run();
	char *text = export(run);
	struct tare_run *again = import(text);

	(void)state;
	assert_string_equal(again->id, run->id);
	assert_string_equal(again->suite, run->suite);
	assert_string_equal(again->suite_file, run->suite_file);
	assert_string_equal(again->suite_digest, run->suite_digest);
	assert_string_equal(again->description, run->description);
	assert_string_equal(again->command_line, run->command_line);
	assert_string_equal(again->environment.fingerprint, run->environment.fingerprint);
	assert_int_equal(again->environment.fact_count, run->environment.fact_count);
	assert_true(again->seed == run->seed);
	assert_true(again->started_unix_ns == run->started_unix_ns);
	assert_true(again->duration_ns == run->duration_ns);
	assert_true(again->invocation_count == run->invocation_count);
	assert_int_equal(again->status, TARE_RUN_COMPLETE);
	assert_int_equal(again->case_count, run->case_count);
	for (size_t i = 0; i < run->case_count; i++) {
		assert_string_equal(again->cases[i].name, run->cases[i].name);
		assert_int_equal(again->cases[i].status, TARE_CASE_OK);
		assert_same_samples(&again->cases[i].samples, &run->cases[i].samples);
		assert_same_looks(&again->cases[i], &run->cases[i]);
	}
	assert_string_equal(again->cases[0].stop_reason, "precision reached");
	assert_null(again->cases[1].stop_reason);
	tare_run_free(again);
	tare_run_free(run);
	free(text);
}

static void
exports_the_same_again(void **state)
{
	struct tare_run *run = make_run();
	char *text = export(run);
	struct tare_run *again = import(text);
	char *text_again = export(again);

	(void)state;
	assert_string_equal(text, text_again);
	tare_run_free(again);
	tare_run_free(run);
	free(text);
	free(text_again);
}

static void
writes_the_cases_interleaved_as_they_were_run(void **state)
{
	struct tare_run *run = make_run();
	char *text = export(run);
	const char *at = text;

	(void)state;
	for (int seq = 1; seq <= 6; seq++) {
		char expected[128];

		snprintf(expected, sizeof(expected),
			"{\"type\":\"sample\",\"seq\":%d,\"case\":%d,\"pair\":%d,", seq,
			(seq - 1) % 2, (seq - 1) / 2);
		at = strchr(at, '\n') + 1;
		assert_memory_equal(at, expected, strlen(expected));
	}
	tare_run_free(run);
	free(text);
}

static void
keeps_the_order_of_a_case_whose_clock_went_back(void **state)
{
	struct tare_run *run = make_run();
	char *text;
	struct tare_run *again;

	(void)state;
	run->cases[0].samples.start_ns[2] = 0;
	text = export(run);
	again = import(text);
	assert_same_samples(&again->cases[0].samples, &run->cases[0].samples);
	tare_run_free(again);
	tare_run_free(run);
	free(text);
}

static void
keeps_what_is_known_of_rows_that_were_not_kept(void **state)
{
	struct tare_run *run = make_run();
	char *text;
	struct tare_run *again;

	(void)state;
	tare_samples_thin(&run->cases[0].samples, 2);
	run->cases[0].samples.total = 1000000;
	run->cases[0].warmup_count = 4;
	run->invocation_count = 1000010;
	text = export(run);
	again = import(text);
	assert_same_samples(&again->cases[0].samples, &run->cases[0].samples);
	assert_int_equal(again->cases[0].warmup_count, 4);
	assert_int_equal(again->invocation_count, 1000010);
	assert_int_equal(again->cases[1].samples.stride, 1);
	tare_run_free(again);
	tare_run_free(run);
	free(text);
}

static void
keeps_the_sums_over_rows_that_were_not_kept(void **state)
{
	static const struct tare_counter counter = {
		"perf", "cycles", "program", TARE_QUALITY_COUNTED};
	struct tare_run *run = make_run();
	struct tare_run_case *one = &run->cases[0];
	char *text;
	struct tare_run *again;
	const struct tare_run_case *read;

	(void)state;
	one->metrics[1].counter = &counter;
	tare_run_case_count(one, run->arena);
	one->counting[1] = (struct tare_counting){900, 60, 40, 800.5, 0.5};
	one->samples.total = 1000;
	one->noise = (struct tare_noise_sum){.disturbed = 7,
		.by_kind = {[TARE_DISTURBED_SWAP] = 7},
		.khz_low = 1,
		.khz_high = 2};
	text = export(run);
	assert_non_null(strstr(text, "\"noise\":{\"disturbed\":7,\"swap\":7,\"khz_low\":1,\"khz_"
				     "high\":2},\"counting\":{"));
	again = import(text);
	read = &again->cases[0];
	assert_int_equal(read->noise.disturbed, 7);
	assert_int_equal(read->noise.by_kind[TARE_DISTURBED_SWAP], 7);
	assert_true(read->noise.khz_low == 1 && read->noise.khz_high == 2);
	assert_int_equal(read->counting[1].used, 900);
	assert_int_equal(read->counting[1].thin, 60);
	assert_int_equal(read->counting[1].invalid, 40);
	assert_true(read->counting[1].coverage_sum == 800.5);
	assert_true(read->counting[1].coverage_min == 0.5);
	tare_run_free(again);
	tare_run_free(run);
	free(text);
}

static void
keeps_failures_and_warnings(void **state)
{
	struct tare_run *run = make_run();
	char *text;
	struct tare_run *again;

	(void)state;
	sample_run_fail(run, 1, "exit status 3", "line\n\x1b[31mred");
	tare_run_warn(run, "few_samples", "only 3", "take more");
	text = export(run);
	again = import(text);
	assert_int_equal(again->cases[1].status, TARE_CASE_FAILED);
	assert_string_equal(again->cases[1].failure, "exit status 3");
	assert_string_equal(again->cases[1].stderr_tail, "line\n\x1b[31mred");
	assert_int_equal(again->cases[1].samples.count, 3);
	assert_int_equal(again->warning_count, 1);
	assert_string_equal(again->warnings[0].advice, "take more");
	tare_run_free(again);
	tare_run_free(run);
	free(text);
}

static void
leaves_an_open_run_open(void **state)
{
	struct tare_run *run = make_run();
	char *text;
	struct tare_run *again;

	(void)state;
	run->status = TARE_RUN_OPEN;
	text = export(run);
	again = import(text);
	assert_int_equal(again->status, TARE_RUN_OPEN);
	assert_null(strstr(text, "\"type\":\"end\""));
	tare_run_free(again);
	tare_run_free(run);
	free(text);
}

static void
reports_a_stream_that_is_full(void **state)
{
	FILE *stream = fopen("/dev/full", "we");
	struct tare_run *run = make_run();
	struct tare_err err = {0};

	(void)state;
	if (!stream)
		skip();
	assert_int_equal(tare_journal_export(stream, run, &err), TARE_OUTSIDE);
	assert_string_equal(err.text, "journal: cannot write: No space left on device");
	fclose(stream);
	tare_run_free(run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_it_wrote),
		cmocka_unit_test(exports_the_same_again),
		cmocka_unit_test(writes_the_cases_interleaved_as_they_were_run),
		cmocka_unit_test(keeps_the_order_of_a_case_whose_clock_went_back),
		cmocka_unit_test(keeps_what_is_known_of_rows_that_were_not_kept),
		cmocka_unit_test(keeps_the_sums_over_rows_that_were_not_kept),
		cmocka_unit_test(keeps_failures_and_warnings),
		cmocka_unit_test(leaves_an_open_run_open),
		cmocka_unit_test(reports_a_stream_that_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
