#include "tests/unit/report/fixture.h"

#include <assert.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/files.h"
#include "tests/support/sample_run.h"

enum { SAMPLES = 10 };

static const double shape[SAMPLES] = {10.1, 10.3, 9.9, 10.2, 10.0, 10.4, 10.1, 10.6, 9.8, 10.2};

static void
add_shaped(struct tare_run *run, size_t index, size_t metric, double scale)
{
	double values[SAMPLES];

	for (size_t i = 0; i < SAMPLES; i++)
		values[i] = shape[i] * scale;
	sample_run_add_values(run, index, metric, values, SAMPLES);
}

static size_t
add_case(struct tare_run *run, const char *benchmark, const char *variant, size_t group,
	double scale)
{
	size_t index = sample_run_add_case(run, benchmark, variant, group);
	size_t throughput;

	sample_run_add_parameter(run, index, "level", "6");
	throughput = sample_run_add_metric(
		run, index, "throughput", "bytes/s", TARE_HIGHER_IS_BETTER, 0.02);
	add_shaped(run, index, TARE_METRIC_WALL, 1e6 * scale);
	add_shaped(run, index, TARE_METRIC_USER, 9e5 * scale);
	add_shaped(run, index, TARE_METRIC_MAX_RSS, 1 << 20);
	add_shaped(run, index, throughput, 8.3e6 / scale);
	return index;
}

static struct tare_comparison
comparison(const struct tare_run *run, size_t head_case, size_t metric, double ratio)
{
	const struct tare_run_case *head = &run->cases[head_case];

	return (struct tare_comparison){
		.case_name = head->name,
		.benchmark = head->benchmark,
		.base_label = "base",
		.head_label = "head",
		.base_case = head_case - 1,
		.head_case = head_case,
		.metric = head->metrics[metric],
		.base_metric = metric,
		.head_metric = metric,
		.method = TARE_METHOD_PAIRED,
		.n = SAMPLES,
		.base_n = SAMPLES,
		.head_n = SAMPLES,
		.base_median = 10.15e6,
		.head_median = 10.15e6 * ratio,
		.ratio = ratio,
		.ratio_low = ratio - 0.009,
		.ratio_high = ratio + 0.0125,
		.difference = NAN,
		.difference_low = NAN,
		.difference_high = NAN,
		.confidence = 0.95,
		.superiority = 0.5,
		.spread = NAN,
		.mde = 0.0121,
		.p_value = 0.5,
		.p_triage = 1.0,
		.p_adjusted = NAN,
		.verdict = TARE_VERDICT_NO_CHANGE,
		.sentence = "head runs as fast as base",
	};
}

static struct tare_comparison
verdict(struct tare_comparison item, enum tare_verdict verdict, double p_adjusted)
{
	item.verdict = verdict;
	item.p_adjusted = p_adjusted;
	item.superiority = 0.87;
	item.p_value = p_adjusted / 2;
	item.p_triage = isnan(p_adjusted) ? 0.02 : p_adjusted;
	return item;
}

/* What adaptive measuring saw of wall: nothing at first, then a regression. */
static void
add_looks(struct tare_run *run, size_t case_index)
{
	tare_run_add_look(run, case_index,
		&(struct tare_case_look){.pairs = 6,
			.pairs_planned = 40,
			.compared = true,
			.logs = true,
			.estimate = 1.031,
			.low = NAN,
			.high = NAN,
			.p_value = 0.03,
			.alpha_spent = 1e-6,
			.boundary = 1e-6,
			.verdict = TARE_VERDICT_INCONCLUSIVE});
	tare_run_add_look(run, case_index,
		&(struct tare_case_look){.pairs = 8,
			.pairs_planned = 40,
			.compared = true,
			.logs = true,
			.estimate = 1.036,
			.low = 1.011,
			.high = 1.07,
			.p_value = 0.01,
			.alpha_spent = 0.004,
			.boundary = 0.004,
			.verdict = TARE_VERDICT_INCONCLUSIVE});
	tare_run_add_look(run, case_index,
		&(struct tare_case_look){.pairs = 10,
			.pairs_planned = 40,
			.compared = true,
			.logs = true,
			.estimate = 1.034,
			.low = 1.0225,
			.high = 1.05,
			.p_value = 0.002,
			.alpha_spent = 0.015,
			.boundary = 0.011,
			.verdict = TARE_VERDICT_REGRESSION,
			.decision = TARE_STOP_DECIDED});
}

static void
fill_items(struct tare_comparison_set *set, const struct tare_run *run)
{
	struct tare_comparison *items = set->items;
	const size_t throughput = TARE_BUILTIN_METRIC_COUNT;

	items[0] = verdict(
		comparison(run, 1, TARE_METRIC_WALL, 1.034), TARE_VERDICT_REGRESSION, 0.004);
	items[0].sentence = "head takes 3.4 % longer than base (2.5 % to 4.7 %)";
	items[1] =
		verdict(comparison(run, 1, TARE_METRIC_USER, 1.041), TARE_VERDICT_REGRESSION, NAN);
	items[2] = verdict(comparison(run, 1, throughput, 0.9671), TARE_VERDICT_INCONCLUSIVE, 0.09);
	items[2].reason = "the interval covers the margin; about 6 more pairs would decide";
	items[2].missing_pairs = 6;
	items[3] = verdict(comparison(run, 3, TARE_METRIC_WALL, 1.001), TARE_VERDICT_NO_CHANGE, 1);
	items[4] = verdict(comparison(run, 3, throughput, 1.3), TARE_VERDICT_IMPROVEMENT, 1);
	items[5] = verdict(comparison(run, 5, TARE_METRIC_WALL, 1.014), TARE_VERDICT_NO_CHANGE, 1);
	items[5].below_margin = true;
	items[5].ratio_high = 1.0193;
	items[6] = comparison(run, 5, TARE_METRIC_MAJOR_FAULTS, NAN);
	items[6].method = TARE_METHOD_DIFFERENCE;
	items[6].ratio_low = NAN;
	items[6].ratio_high = NAN;
	items[6].base_median = 0;
	items[6].head_median = 3;
	items[6].difference = 3;
	items[6].difference_low = 2;
	items[6].difference_high = 4;
	items[6].mde = NAN;
	set->item_count = 7;
}

static struct fixture *
fixture_new(const char *suite)
{
	struct fixture *fixture = tare_xcalloc(1, sizeof(*fixture));
	struct tare_run *run = sample_run_new("20260102-030405-00000a");

	run->suite = suite;
	fixture->run = run;
	fixture->sets = tare_xcalloc(1, sizeof(*fixture->sets));
	fixture->sets->geomean = NAN;
	fixture->sets->geomean_low = NAN;
	fixture->sets->geomean_high = NAN;
	fixture->input = (struct tare_report_input){.run = run, .sets = fixture->sets};
	return fixture;
}

struct fixture *
fixture_typical(void)
{
	struct fixture *fixture = fixture_new("compression");
	struct tare_run *run = fixture->run;
	struct tare_comparison_set *set = fixture->sets;

	add_case(run, "gzip", "base", 0, 1);
	add_case(run, "gzip", "head", 0, 1.034);
	add_case(run, "zstd", "base", 1, 0.31);
	add_case(run, "zstd", "head", 1, 0.31031);
	add_case(run, "xz", "base", 2, 17);
	add_case(run, "xz", "head", 2, 17.238);
	for (size_t i = 0; i < run->case_count; i++)
		run->cases[i].stop_reason = i < 2 ? "verdict reached" : "time budget used up";
	add_looks(run, 1);
	sample_run_finish(run);
	tare_run_warn(run, "noise", "the CPU frequency governor is \"powersave\"",
		"set it to performance, or pin the benchmark with cpus: isolated");

	set->base_label = "base";
	set->head_label = "head";
	set->items = tare_arena_alloc(run->arena, 7, sizeof(*set->items));
	fill_items(set, run);
	set->geomean = 1.0162;
	set->geomean_low = 1.0081;
	set->geomean_high = 1.0245;
	set->geomean_count = 3;
	fixture->gate = (struct tare_gate_outcome){
		.result = TARE_GATE_FAILED,
		.failed_count = 1,
		.gated_count = 5,
		.sentence = "gate failed: 1 of 5 comparisons is a regression",
	};
	set->items[0].failed_gate = true;
	fixture->input.set_count = 1;
	fixture->input.gate = &fixture->gate;
	return fixture;
}

struct fixture *
fixture_across_runs(void)
{
	static struct tare_missing_case missing[] = {
		{"lz4[level=1]", true}, {"brotli[level=5]", false}};
	static struct tare_fact_difference differences[] = {
		{"cpu.model", "Fast One", "Slow One", true},
		{"cpu.governor", NULL, "powersave", true}};
	struct fixture *fixture = fixture_typical();

	fixture->base = sample_run_new("20260101-030405-00000b");
	fixture->base->release = "v1.2.0";
	fixture->run->release = "v1.3.0";
	fixture->input.base = fixture->base;
	fixture->sets->across_runs = true;
	fixture->sets->base_label = "v1.2.0";
	fixture->sets->head_label = "v1.3.0";
	fixture->sets->missing = missing;
	fixture->sets->missing_count = 2;
	fixture->sets->environment_differences = differences;
	fixture->sets->environment_difference_count = 2;
	return fixture;
}

struct fixture *
fixture_empty(void)
{
	struct fixture *fixture = fixture_new("nothing");

	sample_run_finish(fixture->run);
	return fixture;
}

struct fixture *
fixture_failed(void)
{
	struct fixture *fixture = fixture_new("fragile");
	struct tare_run *run = fixture->run;

	sample_run_add_case(run, "breaks", "", 0);
	sample_run_add_case(run, "never", "", 1);
	sample_run_add_case(run, "once", "", 2);
	sample_run_add_values(run, 0, TARE_METRIC_WALL, (const double[]){2e9, 3e9}, 2);
	sample_run_fail(run, 0, "exit status 1, expected 0", "reading input\nno such file: a<b>\n");
	sample_run_add_values(run, 2, TARE_METRIC_WALL, (const double[]){5e6}, 1);
	run->status = TARE_RUN_INTERRUPTED;
	return fixture;
}

static void
add_counted_case(struct tare_run *run, size_t group, const char *benchmark)
{
	static const struct tare_counter counters[] = {
		{"perf", "PERF_COUNT_HW_CPU_CYCLES", "program and its descendants",
			TARE_QUALITY_COUNTED},
		{"perf", "PERF_COUNT_HW_INSTRUCTIONS", "program and its descendants",
			TARE_QUALITY_COUNTED},
		{"perf", "instructions / cycles", "program and its descendants",
			TARE_QUALITY_DERIVED},
		{"valgrind", "cachegrind Dr", "program and its descendants, without the kernel",
			TARE_QUALITY_SIMULATED}};
	static const char *const names[] = {"cycles", "instructions", "ipc", "data-reads"};
	static const double values[][2] = {{4e6, 4.4e6}, {8e6, NAN}, {2.0, NAN}, {3e6, NAN}};
	static const size_t counts[] = {2, 1, 1, 1};
	size_t index = sample_run_add_case(run, benchmark, "", group);
	struct tare_run_case *one = &run->cases[index];

	for (size_t i = 0; i < 4; i++)
		sample_run_add_metric(run, index, names[i], i == 2 ? "instructions/cycle" : "count",
			i == 2 ? TARE_HIGHER_IS_BETTER : TARE_LOWER_IS_BETTER, 0.02);
	sample_run_add_values(run, index, TARE_METRIC_WALL, (const double[]){2e6, 3e6}, 2);
	for (size_t i = 0; i < 4; i++) {
		size_t metric = TARE_BUILTIN_METRIC_COUNT + i;

		one->metrics[metric].counter = &counters[i];
		sample_run_add_values(run, index, metric, values[i], counts[i]);
	}
	tare_run_case_count(one, run->arena);
	for (size_t i = 0; i < 4; i++) {
		one->counting[TARE_BUILTIN_METRIC_COUNT + i].used = counts[i];
		one->counting[TARE_BUILTIN_METRIC_COUNT + i].coverage_sum = (double)counts[i];
	}
}

struct fixture *
fixture_counted(void)
{
	struct fixture *fixture = fixture_new("counted");
	struct tare_run *run = fixture->run;
	struct tare_counting *counting;

	add_counted_case(run, 0, "sort");
	add_counted_case(run, 1, "join");
	counting = &run->cases[1].counting[TARE_BUILTIN_METRIC_COUNT];
	counting[0].used = 1;
	counting[0].coverage_sum = counting[0].coverage_min = 0.625;
	counting[0].invalid = 1;
	counting[1].coverage_sum = counting[1].coverage_min = 0.5;
	counting[1].thin = 1;
	sample_run_finish(run);
	return fixture;
}

static void
attack_counter(struct tare_run *run, struct tare_run_case *subject, const char *text)
{
	struct tare_counter *counter = tare_arena_alloc(run->arena, 1, sizeof(*counter));
	size_t last = subject->metric_count - 1;

	*counter = (struct tare_counter){text, text, text, TARE_QUALITY_COUNTED};
	subject->metrics[last].counter = counter;
	tare_run_case_count(subject, run->arena);
	subject->counting[last].used = subject->samples.total;
	subject->counting[last].coverage_sum = (double)subject->samples.total;
	subject->counting[last].thin = 1;
}

static void
attack_run(struct tare_run *run, const char *text)
{
	run->suite = text;
	run->suite_file = text;
	run->description = text;
	run->release = text;
	run->environment_name = text;
	run->command_line = text;
	for (size_t i = 0; i < run->environment.fact_count; i++) {
		run->environment.facts[i].key = text;
		run->environment.facts[i].value = text;
	}
	for (size_t i = 0; i < run->case_count; i++) {
		struct tare_run_case *subject = &run->cases[i];

		attack_counter(run, subject, text);
		subject->name = text;
		subject->benchmark = text;
		subject->variant = text;
		subject->command = text;
		subject->parameters[0].value = text;
		subject->metrics[TARE_BUILTIN_METRIC_COUNT].name = text;
		subject->metrics[TARE_BUILTIN_METRIC_COUNT].unit = text;
	}
	tare_run_warn(run, text, text, text);
}

struct fixture *
fixture_hostile(const char *text)
{
	struct fixture *fixture = fixture_across_runs();
	struct tare_comparison_set *set = fixture->sets;

	attack_run(fixture->run, text);
	sample_run_fail(fixture->run, 0, text, text);
	for (size_t i = 0; i < set->item_count; i++) {
		set->items[i].case_name = text;
		set->items[i].benchmark = text;
		set->items[i].base_label = text;
		set->items[i].head_label = text;
		set->items[i].reason = text;
		set->items[i].sentence = text;
		set->items[i].metric.name = text;
		set->items[i].metric.unit = text;
	}
	set->base_label = text;
	set->head_label = text;
	fixture->gate.sentence = text;
	return fixture;
}

struct fixture *
fixture_large(size_t group_count, size_t sample_count)
{
	struct fixture *fixture = fixture_new("large");
	struct tare_run *run = fixture->run;
	struct tare_comparison_set *set = fixture->sets;
	double *values = tare_xcalloc(sample_count, sizeof(*values));

	set->items = tare_arena_alloc(run->arena, group_count, sizeof(*set->items));
	for (size_t i = 0; i < group_count; i++) {
		char name[64];

		snprintf(name, sizeof(name), "benchmark-with-a-longer-name-%zu", i);
		for (size_t side = 0; side < 2; side++) {
			size_t index = sample_run_add_case(run, name, side ? "head" : "base", i);

			for (size_t k = 0; k < sample_count; k++)
				values[k] = 1e6 + (double)(i * 131 + k * 7919 % 1009);
			for (size_t k = 0; k < TARE_BUILTIN_METRIC_COUNT; k++)
				sample_run_add_values(run, index, k, values, sample_count);
		}
	}
	for (size_t i = 0; i < group_count; i++) {
		set->items[i] =
			comparison(run, 2 * i + 1, TARE_METRIC_WALL, i % 100 ? 1.001 : 1.03);
		if (i % 100 == 0)
			set->items[i] = verdict(set->items[i], TARE_VERDICT_REGRESSION, 0.001);
		else if (i % 100 == 1)
			set->items[i] = verdict(set->items[i], TARE_VERDICT_INCONCLUSIVE, 1);
	}
	set->item_count = group_count;
	fixture->input.set_count = 1;
	free(values);
	sample_run_finish(run);
	return fixture;
}

void
fixture_free(struct fixture *fixture)
{
	tare_run_free(fixture->run);
	tare_run_free(fixture->base);
	free(fixture->sets);
	free(fixture);
}

char *
fixture_report(const char *reporter, const struct tare_report_input *input)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	enum tare_status status;

	assert(out);
	status = tare_reporter_find(reporter)->write(out, input, NULL);
	assert(status == TARE_OK);
	fclose(out);
	return text;
}

void
assert_golden(const char *name, const char *text)
{
	char *path = test_path("tests/golden/report", name);
	const char *update = getenv("TARE_UPDATE_GOLDEN");
	size_t line = 1;
	size_t same = 0;
	char *golden;

	if (update && strcmp(update, "1") == 0) {
		test_file_write(path, text, strlen(text));
		free(path);
		return;
	}
	golden = test_file_read(path, NULL);
	for (; golden[same] && golden[same] == text[same]; same++)
		line += golden[same] == '\n';
	if (golden[same] != text[same]) {
		while (same > 0 && golden[same - 1] != '\n')
			same--;
		fail_msg("%s:%zu: expected \"%.*s\", got \"%.*s\"", path, line,
			(int)strcspn(golden + same, "\n"), golden + same,
			(int)strcspn(text + same, "\n"), text + same);
	}
	free(golden);
	free(path);
}

void
assert_contains(const char *text, const char *piece)
{
	if (!strstr(text, piece))
		fail_msg("\"%s\" is not in:\n%.20000s", piece, text);
}

void
assert_lacks(const char *text, const char *piece)
{
	const char *at = strstr(text, piece);

	if (at)
		fail_msg("\"%s\" is in it: %.200s", piece, at);
}

size_t
count_of(const char *text, const char *piece)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, piece)); at += strlen(piece))
		count++;
	return count;
}
