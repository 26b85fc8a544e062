#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/model/run.h"
#include "tests/support/sample_run.h"

/* A run with one group of two variants, base 0 and head 1. */
static int
make_run(void **state)
{
	struct tare_run *run = sample_run_new("run");

	sample_run_add_case(run, "gzip", "base", 0);
	sample_run_add_case(run, "gzip", "head", 0);
	*state = run;
	return 0;
}

static int
free_run(void **state)
{
	tare_run_free(*state);
	return 0;
}

static void
add(struct tare_run *run, uint32_t case_index, uint32_t pair, double wall)
{
	double values[TARE_BUILTIN_METRIC_COUNT] = {wall};
	struct tare_sample sample = {.seq = run->last_seq + 1,
		.case_index = case_index,
		.pair = pair,
		.ok = true,
		.values = values};

	tare_run_add_sample(run, &sample);
}

static void
has_texts_from_the_start(void **state)
{
	struct tare_run *run = tare_run_new();

	(void)state;
	assert_string_equal(run->id, "");
	assert_string_equal(run->suite, "");
	assert_string_equal(run->release, "");
	assert_string_equal(run->version, "");
	assert_int_equal(run->status, TARE_RUN_OPEN);
	tare_run_free(run);
	tare_run_free(NULL);
}

static void
makes_an_id_of_date_and_chance(void **state)
{
	struct tare_run *run = *state;

	tare_run_identify(run, UINT64_C(1795254969123456789), UINT64_C(0xabcdef003fa9c2));
	assert_string_equal(run->id, "20261121-095609-3fa9c2");
	assert_true(run->started_unix_ns == UINT64_C(1795254969123456789));
	assert_string_not_equal(run->version, "");
	tare_run_identify(run, 0, 0);
	assert_string_equal(run->id, "19700101-000000-000000");
	tare_run_identify(run, UINT64_MAX, UINT64_MAX);
	assert_string_equal(run->id, "25540721-233433-ffffff");
}

static void
names_a_case_by_benchmark_parameters_and_variant(void **state)
{
	struct tare_run *run = *state;
	const struct tare_parameter parameters[] = {{"level", "6"}, {"input", "text"}};

	assert_string_equal(tare_case_name(run->arena, "gzip", parameters, 2, "head"),
		"gzip[level=6,input=text]@head");
	assert_string_equal(tare_case_name(run->arena, "gzip", parameters, 1, ""), "gzip[level=6]");
	assert_string_equal(tare_case_name(run->arena, "gzip", NULL, 0, "head"), "gzip@head");
	assert_string_equal(tare_case_name(run->arena, "gzip", NULL, 0, NULL), "gzip");
}

static void
copies_the_plan(void **state)
{
	char name[] = "gzip[level=6]@head";
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"gzip it's"}, NULL};
	const char *tags[] = {"fast"};
	struct tare_parameter parameters[] = {{"level", "6"}};
	struct tare_metric metrics[TARE_BUILTIN_METRIC_COUNT + 1];
	struct tare_case one = {.benchmark = "gzip",
		.variant = "head",
		.name = name,
		.tags = tags,
		.tag_count = 1,
		.parameters = parameters,
		.parameter_count = 1,
		.runner = "host",
		.cpus = "isolated",
		.program = {.argv = argv, .argc = 3},
		.metrics = metrics,
		.metric_count = TARE_BUILTIN_METRIC_COUNT + 1,
		.critical = true};
	struct tare_plan plan = {.suite = "s",
		.description = "d",
		.file = "s.yaml",
		.digest = "00",
		.environment = "ci",
		.cases = &one,
		.case_count = 1,
		.gate = {.asked_for = true, .fail_on = 5}};
	struct tare_run *run = tare_run_new();

	(void)state;
	memcpy(metrics, tare_builtin_metrics, sizeof(tare_builtin_metrics));
	metrics[TARE_BUILTIN_METRIC_COUNT] = (struct tare_metric){
		"rate", "bytes/s", TARE_HIGHER_IS_BETTER, true, true, 0.1, NULL};
	tare_run_from_plan(run, &plan);
	memset(name, 'x', sizeof(name) - 1);
	memset(argv[2], 'x', 4);
	memset(metrics, 0, sizeof(metrics));

	assert_string_equal(run->suite, "s");
	assert_string_equal(run->suite_file, "s.yaml");
	assert_string_equal(run->environment_name, "ci");
	assert_true(run->gate.asked_for);
	assert_int_equal(run->gate.fail_on, 5);
	assert_int_equal(run->case_count, 1);
	assert_string_equal(run->cases[0].name, "gzip[level=6]@head");
	assert_string_equal(run->cases[0].command, "sh -c 'gzip it'\\''s'");
	assert_string_equal(run->cases[0].tags[0], "fast");
	assert_string_equal(run->cases[0].parameters[0].value, "6");
	assert_string_equal(run->cases[0].cpus, "");
	assert_true(run->cases[0].critical);
	assert_string_equal(run->cases[0].metrics[TARE_BUILTIN_METRIC_COUNT].name, "rate");
	assert_true(run->cases[0].metrics[TARE_BUILTIN_METRIC_COUNT].margin == 0.1);
	assert_int_equal(run->cases[0].samples.metric_count, TARE_BUILTIN_METRIC_COUNT + 1);
	assert_int_equal(run->cases[0].status, TARE_CASE_PENDING);
	tare_run_free(run);
}

static void
warns_once_of_the_same(void **state)
{
	struct tare_run *run = *state;
	char text[] = "only 3 samples";

	tare_run_warn(run, "few_samples", text, "take more");
	tare_run_warn(run, "few_samples", text, "take more");
	text[5] = '4';
	tare_run_warn(run, "few_samples", text, NULL);
	assert_int_equal(run->warning_count, 2);
	assert_string_equal(run->warnings[0].text, "only 3 samples");
	assert_string_equal(run->warnings[1].text, "only 4 samples");
	assert_string_equal(run->warnings[1].advice, "");
}

static void
sums_up_warnings_past_a_thousand(void **state)
{
	struct tare_run *run = *state;
	char text[32];

	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "warning %d", i);
		tare_run_warn(run, "w", text, "");
	}
	assert_int_equal(run->warning_count, 1000);
	assert_string_equal(run->warnings[998].text, "warning 998");
	assert_string_equal(run->warnings[999].id, "more_warnings");
}

static void
counts_warmups_apart(void **state)
{
	struct tare_run *run = *state;
	double values[TARE_BUILTIN_METRIC_COUNT] = {0};
	struct tare_sample sample = {.seq = 1, .warmup = true, .ok = true, .values = values};

	tare_run_add_sample(run, &sample);
	assert_int_equal(run->cases[0].warmup_count, 1);
	assert_int_equal(run->cases[0].samples.total, 0);
	assert_int_equal(run->cases[0].samples.count, 0);
	assert_int_equal(run->cases[0].status, TARE_CASE_PENDING);
	assert_int_equal(run->invocation_count, 1);
	assert_int_equal(run->last_seq, 1);
}

static void
keeps_the_first_failure_and_the_samples_before_it(void **state)
{
	struct tare_run *run = *state;
	struct tare_sample sample = {.seq = 2, .failure = "exit status 1", .stderr_tail = "no\n"};

	add(run, 0, 0, 10);
	tare_run_add_sample(run, &sample);
	sample = (struct tare_sample){.seq = 0, .failure = "cleanup failed"};
	tare_run_add_sample(run, &sample);
	assert_int_equal(run->cases[0].status, TARE_CASE_FAILED);
	assert_string_equal(run->cases[0].failure, "exit status 1");
	assert_string_equal(run->cases[0].stderr_tail, "no\n");
	assert_int_equal(run->cases[0].samples.count, 1);
	/* A hook is no invocation. */
	assert_int_equal(run->invocation_count, 2);
	assert_int_equal(run->last_seq, 2);
}

static void
keeps_every_row_up_to_the_cap(void **state)
{
	struct tare_run *run = *state;

	for (uint32_t pair = 0; pair < TARE_SAMPLES_MAX; pair++)
		add(run, 0, pair, pair);
	assert_int_equal(run->cases[0].samples.count, TARE_SAMPLES_MAX);
	assert_int_equal(run->cases[0].samples.stride, 1);
}

/* ABBA: the two variants of a pair come in turns, and meet the cap at different moments. */
static void
thins_all_variants_of_a_group_alike(void **state)
{
	struct tare_run *run = *state;
	const uint32_t pair_count = 5 * TARE_SAMPLES_MAX;
	struct tare_samples *base = &run->cases[0].samples;
	struct tare_samples *head = &run->cases[1].samples;

	for (uint32_t pair = 0; pair < pair_count; pair++) {
		add(run, pair % 2, pair, pair);
		add(run, 1 - pair % 2, pair, 2.0 * pair);
		assert_true(base->count <= TARE_SAMPLES_MAX);
		assert_int_equal(base->stride, head->stride);
	}
	assert_int_equal(base->total, pair_count);
	assert_int_equal(base->stride, 8);
	assert_int_equal(base->count, pair_count / 8);
	assert_int_equal(head->count, base->count);
	for (size_t row = 0; row < base->count; row++) {
		assert_int_equal(base->pairs[row], 8 * row);
		assert_int_equal(head->pairs[row], 8 * row);
	}
}

static void
leaves_other_groups_alone_when_it_thins(void **state)
{
	struct tare_run *run = *state;
	size_t other = sample_run_add_case(run, "xz", "", 1);

	add(run, (uint32_t)other, 1, 10);
	for (uint32_t pair = 0; pair <= TARE_SAMPLES_MAX; pair++)
		add(run, 0, pair, pair);
	assert_int_equal(run->cases[0].samples.stride, 2);
	assert_int_equal(run->cases[other].samples.stride, 1);
	assert_int_equal(run->cases[other].samples.count, 1);
}

/* No honest run does this, but a journal from outside may. */
static void
bounds_memory_where_pairs_repeat(void **state)
{
	struct tare_run *run = *state;

	for (uint32_t i = 0; i < 3 * TARE_SAMPLES_MAX; i++)
		add(run, 0, 0, i);
	assert_int_equal(run->cases[0].samples.count, TARE_SAMPLES_MAX);
	assert_int_equal(run->cases[0].samples.total, 3 * TARE_SAMPLES_MAX);
}

static void
keeps_looks_in_order_up_to_a_bound(void **state)
{
	struct tare_run *run = *state;

	for (uint32_t i = 0; i < TARE_LOOKS_MAX + 5; i++)
		tare_run_add_look(run, 1, &(struct tare_case_look){.pairs = i});
	assert_int_equal(run->cases[0].look_count, 0);
	assert_int_equal(run->cases[1].look_count, TARE_LOOKS_MAX);
	for (uint32_t i = 0; i < TARE_LOOKS_MAX; i++)
		assert_int_equal(run->cases[1].looks[i].pairs, i);
}

/* As a run does that is cut off right after it looked, and goes on. */
static void
takes_the_same_look_once(void **state)
{
	struct tare_run *run = *state;

	tare_run_add_look(run, 0, &(struct tare_case_look){.pairs = 6});
	tare_run_add_look(run, 0, &(struct tare_case_look){.pairs = 6, .metric = 1});
	tare_run_add_look(run, 0, &(struct tare_case_look){.pairs = 6, .estimate = 2});
	tare_run_add_look(run, 0, &(struct tare_case_look){.pairs = 6, .metric = 1});
	assert_int_equal(run->cases[0].look_count, 2);
	assert_true(run->cases[0].looks[0].estimate == 0);
	tare_run_add_look(run, 0, &(struct tare_case_look){.pairs = 6, .phase = 1});
	tare_run_add_look(run, 0, &(struct tare_case_look){.pairs = 9, .phase = 1});
	assert_int_equal(run->cases[0].look_count, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_run, free_run)

static void
names_of_statuses_are_read_back_and_others_refused(void **state)
{
	enum tare_run_status run;
	enum tare_case_status one;

	(void)state;
	for (unsigned i = TARE_RUN_OPEN; i <= TARE_RUN_INTERRUPTED; i++) {
		assert_true(tare_run_status_parse(&run, tare_run_status_name(i)));
		assert_int_equal(run, i);
	}
	for (unsigned i = TARE_CASE_PENDING; i <= TARE_CASE_FAILED; i++) {
		assert_true(tare_case_status_parse(&one, tare_case_status_name(i)));
		assert_int_equal(one, i);
	}
	assert_false(tare_run_status_parse(&run, "ok"));
	assert_false(tare_case_status_parse(&one, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_statuses_are_read_back_and_others_refused),
		TEST(has_texts_from_the_start),
		TEST(makes_an_id_of_date_and_chance),
		TEST(names_a_case_by_benchmark_parameters_and_variant),
		TEST(copies_the_plan),
		TEST(warns_once_of_the_same),
		TEST(sums_up_warnings_past_a_thousand),
		TEST(counts_warmups_apart),
		TEST(keeps_the_first_failure_and_the_samples_before_it),
		TEST(keeps_every_row_up_to_the_cap),
		TEST(thins_all_variants_of_a_group_alike),
		TEST(leaves_other_groups_alone_when_it_thins),
		TEST(bounds_memory_where_pairs_repeat),
		TEST(keeps_looks_in_order_up_to_a_bound),
		TEST(takes_the_same_look_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
