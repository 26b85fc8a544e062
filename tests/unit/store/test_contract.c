/* What every store promises, checked against each of them with the same tests. */
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
#include "harness/store/store.h"
#include "tests/support/files.h"
#include "tests/support/sample_run.h"

#define ID_A  "20260101-000000-00000a"
#define ID_B  "20260102-000000-00000b"
#define ID_C  "20260103-000000-00000c"
#define DAY   UINT64_C(86400000000000)
#define START UINT64_C(1767225600000000000)

struct fixture {
	char *folder;
	struct tare_store *store;
	struct tare_arena *arena;
};

static int
open_fixture(void **state, bool sqlite)
{
	struct fixture *fixture = tare_xcalloc(1, sizeof(*fixture));
	struct tare_err err = {0};
	char url[4096];

	fixture->folder = test_folder_make();
	fixture->arena = tare_arena_new();
	snprintf(url, sizeof(url), "sqlite:%s/new/results.db", fixture->folder);
	if (tare_store_open(&fixture->store, sqlite ? url : "memory:", &err) != TARE_OK) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	*state = fixture;
	return 0;
}

static int
open_memory(void **state)
{
	return open_fixture(state, false);
}

static int
open_sqlite(void **state)
{
	return open_fixture(state, true);
}

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	tare_store_close(fixture->store);
	tare_arena_free(fixture->arena);
	test_folder_remove(fixture->folder);
	free(fixture);
	return 0;
}

static struct tare_run *
make_run(const char *id, uint64_t started_unix_ns, const char *release, double wall_ns)
{
	struct tare_run *run = sample_run_new(id);
	size_t base = sample_run_add_case(run, "gzip", "base", 0);
	size_t head = sample_run_add_case(run, "gzip", "head", 0);
	double values[8];

	for (size_t i = 0; i < 8; i++)
		values[i] = wall_ns + (double)i;
	sample_run_add_values(run, base, TARE_METRIC_WALL, values, 8);
	sample_run_add_values(run, head, TARE_METRIC_WALL, values, 5);
	run->started_unix_ns = started_unix_ns;
	run->release = tare_arena_strdup(run->arena, release);
	sample_run_finish(run);
	return run;
}

static void
put(struct fixture *fixture, const struct tare_run *run, bool added)
{
	struct tare_err err = {0};
	bool was_added = !added;
	enum tare_status status =
		fixture->store->ops->put_run(fixture->store, &was_added, run, &err);

	assert_string_equal(err.text, "");
	assert_int_equal(status, TARE_OK);
	assert_int_equal(was_added, added);
}

static void
put_new(struct fixture *fixture, const char *id, uint64_t started, const char *release)
{
	struct tare_run *run = make_run(id, started, release, 1000);

	put(fixture, run, true);
	tare_run_free(run);
}

static char *
export_text(const struct tare_run *run)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);

	assert_non_null(stream);
	assert_int_equal(tare_journal_export(stream, run, NULL), TARE_OK);
	fclose(stream);
	return text;
}

static void
assert_runs_equal(const struct tare_run *a, const struct tare_run *b)
{
	char *a_text = export_text(a);
	char *b_text = export_text(b);

	assert_string_equal(a_text, b_text);
	free(a_text);
	free(b_text);
}

static struct tare_run *
get(struct fixture *fixture, const char *id)
{
	struct tare_run *run = NULL;
	struct tare_err err = {0};

	fixture->store->ops->get_run(fixture->store, &run, id, &err);
	assert_string_equal(err.text, "");
	assert_non_null(run);
	return run;
}

static void
assert_stored(struct fixture *fixture, const struct tare_run *run)
{
	struct tare_run *stored = get(fixture, run->id);

	assert_runs_equal(run, stored);
	tare_run_free(stored);
}

static size_t
count_runs(struct fixture *fixture)
{
	struct tare_store_run *runs;
	size_t count = 0;

	assert_int_equal(fixture->store->ops->list_runs(
				 fixture->store, &runs, &count, fixture->arena, NULL, NULL),
		TARE_OK);
	return count;
}

/* Everything a run can hold, with texts that break careless quoting. */
static struct tare_run *
make_rich_run(void)
{
	static const char *tags[] = {"fast", "text"};
	struct tare_run *run = sample_run_new(ID_A);
	size_t first = sample_run_add_case(run, "a'; DROP TABLE runs; --", "", 0);
	size_t second;
	size_t third;
	size_t speed;
	const double walls[] = {1e6, 2e6, 9007199254740992.0};
	const double speeds[] = {0.1, 1e300, -0.5};

	sample_run_add_parameter(run, first, "input", "<script>\"\xc3\xa9\n");
	sample_run_add_parameter(run, first, "level", "");
	second = sample_run_add_case(run, "xz", "base", 1);
	speed = sample_run_add_metric(run, second, "speed", "bytes/s", TARE_HIGHER_IS_BETTER, 0.1);
	third = sample_run_add_case(run, "xz", "head", 1);
	sample_run_add_values(run, second, TARE_METRIC_WALL, walls, 3);
	sample_run_add_values(run, second, speed, speeds, 2);
	sample_run_add_values(run, third, TARE_METRIC_USER, walls, 2);
	sample_run_fail(run, third, "exit status 3", "line one\nline two\x1b[31m");
	run->cases[second].stop_reason = "precision reached";
	run->cases[second].critical = true;
	run->cases[second].warmup_count = 3;
	run->cases[second].tags = tags;
	run->cases[second].tag_count = 2;
	run->cases[second].samples.total = 1000;
	tare_run_warn(run, "few_samples", "3 samples", "take more");
	tare_run_warn(run, "noise", "it is noisy", "");
	run->release = "v1.0";
	run->seed = INT64_MAX;
	run->gate.asked_for = true;
	run->gate.fail_on = 1u << TARE_VERDICT_REGRESSION | 1u << TARE_VERDICT_INCONCLUSIVE;
	sample_run_finish(run);
	return run;
}

static void
gives_back_all_of_a_run(void **state)
{
	struct fixture *fixture = *state;
	struct tare_run *run = make_rich_run();

	put(fixture, run, true);
	assert_stored(fixture, run);
	tare_run_free(run);
}

static void
gives_back_what_a_journal_held(void **state)
{
	struct fixture *fixture = *state;
	struct tare_run *made = make_rich_run();
	char *text = export_text(made);
	FILE *stream = fmemopen(text, strlen(text), "r");
	struct tare_err err = {0};
	struct tare_run *read = NULL;

	assert_int_equal(tare_journal_read_stream(&read, stream, "j", 0, &err), TARE_OK);
	fclose(stream);
	put(fixture, read, true);
	assert_stored(fixture, read);
	tare_run_free(read);
	tare_run_free(made);
	free(text);
}

static void
gives_back_samples_bit_for_bit(void **state)
{
	struct fixture *fixture = *state;
	struct tare_run *run = make_run(ID_A, START, "", 0.1);
	struct tare_samples *samples = &run->cases[0].samples;
	struct tare_run *stored;

	samples->values[1][2] = -0.0;
	samples->values[1][3] = 5e-324;
	samples->values[2][0] = INFINITY;
	samples->start_ns[7] = UINT64_MAX;
	samples->pairs[7] = UINT32_MAX;
	samples->labels[6] = 1u << TARE_DISTURBED_STEAL;
	samples->stride = 4;
	samples->total = 1234567890123;
	put(fixture, run, true);
	stored = get(fixture, ID_A);
	assert_int_equal(stored->cases[0].samples.count, 8);
	assert_int_equal(stored->cases[0].samples.stride, 4);
	assert_int_equal(stored->cases[0].samples.total, 1234567890123);
	assert_memory_equal(stored->cases[0].samples.pairs, samples->pairs, 8 * sizeof(uint32_t));
	assert_memory_equal(stored->cases[0].samples.labels, samples->labels, 8 * sizeof(uint32_t));
	assert_memory_equal(
		stored->cases[0].samples.start_ns, samples->start_ns, 8 * sizeof(uint64_t));
	for (size_t i = 0; i < TARE_BUILTIN_METRIC_COUNT; i++)
		assert_memory_equal(
			stored->cases[0].samples.values[i], samples->values[i], 8 * sizeof(double));
	tare_run_free(stored);
	tare_run_free(run);
}

/* What looks spent decides at which level the run is compared later, so each store keeps them. */
static void
gives_back_looks(void **state)
{
	const struct tare_case_look looks[] = {
		{.pairs = 6,
			.pairs_planned = 30,
			.compared = true,
			.logs = true,
			.estimate = 1.1,
			.low = NAN,
			.high = NAN,
			.p_value = 0.25,
			.verdict = TARE_VERDICT_INCONCLUSIVE},
		{.phase = 1,
			.pairs = 9,
			.pairs_planned = 30,
			.metric = 1,
			.compared = true,
			.estimate = 1.25,
			.low = 1.0625,
			.high = 1.5,
			.p_value = 0.00390625,
			.alpha_spent = 0.0125,
			.boundary = 0.01,
			.verdict = TARE_VERDICT_REGRESSION,
			.decision = TARE_STOP_DECIDED},
	};
	struct fixture *fixture = *state;
	struct tare_run *run = make_run(ID_A, START, "", 1);
	struct tare_run *stored;
	const struct tare_case_look *look;

	tare_run_add_look(run, 0, &looks[0]);
	tare_run_add_look(run, 0, &looks[1]);
	put(fixture, run, true);
	tare_run_free(run);
	stored = get(fixture, ID_A);
	assert_int_equal(stored->cases[0].look_count, 2);
	look = stored->cases[0].looks;
	assert_int_equal(look[0].pairs, 6);
	assert_int_equal(look[0].pairs_planned, 30);
	assert_true(look[0].compared && look[0].logs);
	assert_true(isnan(look[0].low) && isnan(look[0].high));
	assert_int_equal(look[0].verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_int_equal(look[0].decision, TARE_STOP_NOT);
	assert_int_equal(look[1].phase, 1);
	assert_int_equal(look[1].metric, 1);
	assert_false(look[1].logs);
	assert_true(look[1].estimate == 1.25 && look[1].low == 1.0625 && look[1].high == 1.5);
	assert_true(look[1].p_value == 0.00390625 && look[1].alpha_spent == 0.0125);
	assert_true(look[1].boundary == 0.01);
	assert_int_equal(look[1].verdict, TARE_VERDICT_REGRESSION);
	assert_int_equal(look[1].decision, TARE_STOP_DECIDED);
	tare_run_add_look(stored, 0, &(struct tare_case_look){.pairs = 12});
	assert_int_equal(stored->cases[0].look_count, 3);
	tare_run_free(stored);
}

/* A simulated count is one value, however many rows have it, and only counts of one origin are
 * compared: a run of the history must say what the journal said. */
static void
gives_back_where_counters_come_from(void **state)
{
	static const struct tare_counter simulated = {
		"valgrind", "cachegrind Ir", "program", TARE_QUALITY_SIMULATED};
	struct fixture *fixture = *state;
	struct tare_run *run = make_run(ID_A, START, "", 1);
	struct tare_run_case *one = &run->cases[1];
	const struct tare_counting counting = {7, 2, 1, 5.5, 0.25};
	struct tare_run *stored;
	const struct tare_run_case *read;

	one->metrics[2].counter = tare_counter_copy(run->arena, &simulated);
	tare_run_case_count(one, run->arena);
	one->counting[2] = counting;
	put(fixture, run, true);
	tare_run_free(run);
	stored = get(fixture, ID_A);
	read = &stored->cases[1];
	assert_null(stored->cases[0].counting);
	assert_null(stored->cases[0].metrics[2].counter);
	assert_null(read->metrics[1].counter);
	assert_null(read->metrics[3].counter);
	assert_non_null(read->metrics[2].counter);
	assert_string_equal(read->metrics[2].counter->provider, "valgrind");
	assert_string_equal(read->metrics[2].counter->event, "cachegrind Ir");
	assert_string_equal(read->metrics[2].counter->scope, "program");
	assert_int_equal(read->metrics[2].counter->quality, TARE_QUALITY_SIMULATED);
	assert_int_equal(read->counting[2].used, 7);
	assert_int_equal(read->counting[2].thin, 2);
	assert_int_equal(read->counting[2].invalid, 1);
	assert_true(read->counting[2].coverage_sum == 5.5);
	assert_true(read->counting[2].coverage_min == 0.25);
	assert_int_equal(read->counting[0].used, 0);
	assert_true(read->counting[3].coverage_min == 1.0);
	tare_run_free(stored);
}

/* Most invocations of a long run have no rows. */
static void
gives_back_what_disturbed_all_of_a_thinned_run(void **state)
{
	static const struct tare_counter counter = {
		"perf", "cycles", "program", TARE_QUALITY_COUNTED};
	struct fixture *fixture = *state;
	struct tare_run *run = make_run(ID_A, START, "", 1);
	struct tare_run_case *one = &run->cases[1];
	struct tare_run *stored;
	const struct tare_noise_sum *noise;

	tare_samples_thin(&one->samples, 4);
	one->samples.total = 100000;
	one->samples.labels[1] = 1u << TARE_DISTURBED_STEAL;
	one->noise = (struct tare_noise_sum){.disturbed = 70,
		.by_kind = {[TARE_DISTURBED_STEAL] = 69, [TARE_DISTURBED_SWAP] = 2},
		.khz_low = 2893000,
		.khz_high = 4191000.5};
	one->metrics[2].counter = tare_counter_copy(run->arena, &counter);
	tare_run_case_count(one, run->arena);
	one->counting[2] = (struct tare_counting){99000, 600, 400, 98000.5, 0.25};
	put(fixture, run, true);
	assert_stored(fixture, run);
	stored = get(fixture, ID_A);
	noise = &stored->cases[1].noise;
	assert_int_equal(noise->disturbed, 70);
	assert_int_equal(noise->by_kind[TARE_DISTURBED_STEAL], 69);
	assert_int_equal(noise->by_kind[TARE_DISTURBED_SWAP], 2);
	assert_int_equal(noise->by_kind[TARE_DISTURBED_SWITCHES], 0);
	assert_true(noise->khz_low == 2893000 && noise->khz_high == 4191000.5);
	assert_int_equal(stored->cases[0].noise.disturbed, 0);
	tare_run_free(stored);
	tare_run_free(run);
}

static void
gives_back_numbers_of_64_bits(void **state)
{
	struct fixture *fixture = *state;
	struct tare_run *run = make_run(ID_A, START, "", 1);
	struct tare_run *stored;

	run->seed = UINT64_MAX;
	run->last_seq = UINT64_MAX - 1;
	run->cases[1].warmup_count = UINT64_MAX - 2;
	put(fixture, run, true);
	stored = get(fixture, ID_A);
	assert_true(stored->seed == UINT64_MAX);
	assert_true(stored->last_seq == UINT64_MAX - 1);
	assert_true(stored->cases[1].warmup_count == UINT64_MAX - 2);
	tare_run_free(stored);
	tare_run_free(run);
}

static void
a_run_without_cases_is_a_run(void **state)
{
	struct fixture *fixture = *state;
	struct tare_run *run = sample_run_new(ID_A);

	put(fixture, run, true);
	assert_stored(fixture, run);
	tare_run_free(run);
}

static void
importing_twice_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct tare_run *run = make_run(ID_A, START, "v1", 1000);
	struct tare_run *other = make_run(ID_A, START, "v2", 5000);

	put(fixture, run, true);
	put(fixture, run, false);
	/* A complete run stays what it is, whatever else comes under its id. */
	put(fixture, other, false);
	assert_int_equal(count_runs(fixture), 1);
	assert_stored(fixture, run);
	tare_run_free(run);
	tare_run_free(other);
}

static void
an_incomplete_run_is_replaced_by_more_of_it(void **state)
{
	struct fixture *fixture = *state;
	struct tare_run *less = make_run(ID_A, START, "", 1000);
	struct tare_run *more = make_run(ID_A, START, "", 1000);

	less->status = TARE_RUN_OPEN;
	less->cases[1].samples.count = 2;
	less->invocation_count -= 3;
	more->status = TARE_RUN_INTERRUPTED;
	put(fixture, less, true);
	put(fixture, more, true);
	assert_stored(fixture, more);
	put(fixture, less, false);
	assert_stored(fixture, more);
	more->status = TARE_RUN_COMPLETE;
	put(fixture, more, true);
	assert_stored(fixture, more);
	assert_int_equal(count_runs(fixture), 1);
	tare_run_free(less);
	tare_run_free(more);
}

static void
a_run_that_is_not_there_is_not_found(void **state)
{
	struct fixture *fixture = *state;
	const struct tare_store_ops *ops = fixture->store->ops;
	const struct tare_comparison_set set = {.base_label = "a", .head_label = "b"};
	struct tare_comparison_set *sets = NULL;
	struct tare_run *run = NULL;
	struct tare_err err = {0};
	size_t count = 0;

	assert_int_equal(ops->get_run(fixture->store, &run, "nothing", &err), TARE_NOT_FOUND);
	assert_string_equal(err.text, "there is no run \"nothing\" in the store");
	assert_int_equal(ops->remove_run(fixture->store, "nothing", &err), TARE_NOT_FOUND);
	assert_int_equal(
		ops->put_comparisons(fixture->store, "nothing", &set, &err), TARE_NOT_FOUND);
	assert_int_equal(ops->get_comparisons(
				 fixture->store, &sets, &count, fixture->arena, "nothing", &err),
		TARE_NOT_FOUND);
}

static void
lists_runs_newest_first(void **state)
{
	struct fixture *fixture = *state;
	struct tare_store_run *runs;
	size_t count = 0;

	put_new(fixture, ID_B, START + DAY, "v1");
	put_new(fixture, ID_C, START + 2 * DAY, "");
	put_new(fixture, ID_A, START, "v1");
	assert_int_equal(fixture->store->ops->list_runs(
				 fixture->store, &runs, &count, fixture->arena, NULL, NULL),
		TARE_OK);
	assert_int_equal(count, 3);
	assert_string_equal(runs[0].id, ID_C);
	assert_string_equal(runs[1].id, ID_B);
	assert_string_equal(runs[2].id, ID_A);
	assert_string_equal(runs[0].release, "");
	assert_string_equal(runs[1].release, "v1");
	assert_int_equal(runs[1].started_unix_ns, START + DAY);
	assert_int_equal(runs[1].status, TARE_RUN_COMPLETE);
	assert_int_equal(runs[1].case_count, 2);
	assert_int_equal(runs[1].failed_count, 0);
	assert_int_equal(runs[1].invocation_count, 13);
	assert_int_equal(strlen(runs[1].fingerprint), 64);
}

static void
filters_runs_by_suite_release_and_number(void **state)
{
	struct fixture *fixture = *state;
	struct tare_run *run = make_run(ID_C, START + 2 * DAY, "v1", 10);
	struct tare_store_filter filter = {.suite = "other"};
	struct tare_store_run *runs;
	size_t count = 0;

	run->suite = "other";
	put(fixture, run, true);
	tare_run_free(run);
	put_new(fixture, ID_A, START, "v1");
	put_new(fixture, ID_B, START + DAY, "v2");
	fixture->store->ops->list_runs(
		fixture->store, &runs, &count, fixture->arena, &filter, NULL);
	assert_int_equal(count, 1);
	assert_string_equal(runs[0].suite, "other");
	filter = (struct tare_store_filter){.release = "v1"};
	fixture->store->ops->list_runs(
		fixture->store, &runs, &count, fixture->arena, &filter, NULL);
	assert_int_equal(count, 2);
	filter = (struct tare_store_filter){.limit = 2};
	fixture->store->ops->list_runs(
		fixture->store, &runs, &count, fixture->arena, &filter, NULL);
	assert_int_equal(count, 2);
	assert_string_equal(runs[1].id, ID_B);
	filter = (struct tare_store_filter){.release = "v3"};
	fixture->store->ops->list_runs(
		fixture->store, &runs, &count, fixture->arena, &filter, NULL);
	assert_int_equal(count, 0);
}

static void
history_is_oldest_first_with_the_interval_of_the_median(void **state)
{
	struct fixture *fixture = *state;
	struct tare_run *slow = make_run(ID_B, START + DAY, "v2", 2000);
	struct tare_store_point *points;
	size_t count = 0;

	put(fixture, slow, true);
	tare_run_free(slow);
	put_new(fixture, ID_A, START, "v1");
	assert_int_equal(fixture->store->ops->history(fixture->store, &points, &count,
				 fixture->arena, "gzip@base", "wall", NULL, NULL),
		TARE_OK);
	assert_int_equal(count, 2);
	assert_string_equal(points[0].run_id, ID_A);
	assert_string_equal(points[0].release, "v1");
	assert_string_equal(points[0].case_name, "gzip@base");
	assert_string_equal(points[0].metric.name, "wall");
	assert_string_equal(points[0].metric.unit, "ns");
	assert_true(points[0].metric.gated);
	assert_int_equal(points[0].n, 8);
	/* 8 values: the interval that is sure to 95 % is the whole range. */
	assert_true(points[0].median == 1003.5);
	assert_true(points[0].low == 1000);
	assert_true(points[0].high == 1007);
	assert_string_equal(points[1].run_id, ID_B);
	assert_true(points[1].median == 2003.5);
}

static void
history_of_few_values_has_no_interval_and_of_none_no_median(void **state)
{
	struct fixture *fixture = *state;
	struct tare_store_point *points;
	size_t count = 0;

	put_new(fixture, ID_A, START, "v1");
	fixture->store->ops->history(
		fixture->store, &points, &count, fixture->arena, "gzip@head", "wall", NULL, NULL);
	assert_int_equal(count, 1);
	assert_int_equal(points[0].n, 5);
	assert_true(points[0].median == 1002);
	assert_true(isnan(points[0].low) && isnan(points[0].high));
	fixture->store->ops->history(
		fixture->store, &points, &count, fixture->arena, "gzip@head", "user", NULL, NULL);
	assert_int_equal(count, 1);
	assert_int_equal(points[0].n, 0);
	assert_true(isnan(points[0].median));
}

static void
history_keeps_the_newest_and_takes_all_where_nothing_is_named(void **state)
{
	struct fixture *fixture = *state;
	struct tare_store_filter filter = {.limit = 3};
	struct tare_store_point *points;
	size_t count = 0;

	put_new(fixture, ID_A, START, "v1");
	put_new(fixture, ID_B, START + DAY, "v2");
	fixture->store->ops->history(
		fixture->store, &points, &count, fixture->arena, NULL, "wall", &filter, NULL);
	assert_int_equal(count, 3);
	assert_string_equal(points[0].run_id, ID_A);
	assert_string_equal(points[0].case_name, "gzip@head");
	assert_string_equal(points[1].run_id, ID_B);
	assert_string_equal(points[1].case_name, "gzip@base");
	assert_string_equal(points[2].case_name, "gzip@head");
	fixture->store->ops->history(
		fixture->store, &points, &count, fixture->arena, NULL, NULL, NULL, NULL);
	assert_int_equal(count, 2 * 2 * TARE_BUILTIN_METRIC_COUNT);
	assert_string_equal(points[1].metric.name, "user");
	filter = (struct tare_store_filter){.release = "v2", .suite = "no such suite"};
	fixture->store->ops->history(
		fixture->store, &points, &count, fixture->arena, NULL, NULL, &filter, NULL);
	assert_int_equal(count, 0);
}

static void
lists_each_case_once_and_forgets_those_of_removed_runs(void **state)
{
	struct fixture *fixture = *state;
	const struct tare_store_ops *ops = fixture->store->ops;
	struct tare_run *run = make_rich_run();
	const char **names;
	size_t count = 0;

	put(fixture, run, true);
	tare_run_free(run);
	put_new(fixture, ID_B, START + DAY, "");
	put_new(fixture, ID_C, START + 2 * DAY, "");
	ops->list_cases(fixture->store, &names, &count, fixture->arena, NULL);
	assert_int_equal(count, 5);
	assert_string_equal(names[1], "gzip@base");
	assert_string_equal(names[4], "xz@head");
	assert_int_equal(ops->remove_run(fixture->store, ID_A, NULL), TARE_OK);
	assert_int_equal(ops->remove_run(fixture->store, ID_B, NULL), TARE_OK);
	ops->list_cases(fixture->store, &names, &count, fixture->arena, NULL);
	assert_int_equal(count, 2);
	assert_string_equal(names[0], "gzip@base");
	assert_string_equal(names[1], "gzip@head");
	assert_int_equal(count_runs(fixture), 1);
}

static struct tare_comparison
make_comparison(const char *case_name, enum tare_verdict verdict, enum tare_method method)
{
	return (struct tare_comparison){
		.case_name = case_name,
		.benchmark = "gzip",
		.base_label = "base",
		.head_label = "head",
		.head_case = 1,
		.metric = tare_builtin_metrics[TARE_METRIC_WALL],
		.critical = true,
		.method = method,
		.n = 5,
		.base_n = 8,
		.head_n = 5,
		.base_median = 1003.5,
		.head_median = 1002,
		.ratio = 0.1 + 0.2,
		.ratio_low = NAN,
		.ratio_high = INFINITY,
		.difference = NAN,
		.difference_low = NAN,
		.difference_high = NAN,
		.confidence = 0.95,
		.superiority = 0.5,
		.mde = NAN,
		.p_value = 1e-300,
		.p_adjusted = NAN,
		.verdict = verdict,
		.below_margin = true,
		.missing_pairs = 3,
		.reason = verdict == TARE_VERDICT_INCONCLUSIVE ? "too few" : NULL,
		.sentence = "one 'sentence'",
	};
}

static void
assert_same_double(double a, double b)
{
	assert_true(a == b || (isnan(a) && isnan(b)));
}

static void
assert_same_comparison(const struct tare_comparison *a, const struct tare_comparison *b)
{
	assert_string_equal(a->case_name, b->case_name);
	assert_string_equal(a->benchmark, b->benchmark);
	assert_string_equal(a->base_label, b->base_label);
	assert_string_equal(a->head_label, b->head_label);
	assert_int_equal(a->base_case, b->base_case);
	assert_int_equal(a->head_case, b->head_case);
	assert_string_equal(a->metric.name, b->metric.name);
	assert_true(a->metric.margin == b->metric.margin);
	assert_int_equal(a->critical, b->critical);
	assert_int_equal(a->method, b->method);
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->base_n, b->base_n);
	assert_int_equal(a->head_n, b->head_n);
	assert_same_double(a->base_median, b->base_median);
	assert_same_double(a->ratio, b->ratio);
	assert_same_double(a->ratio_low, b->ratio_low);
	assert_same_double(a->ratio_high, b->ratio_high);
	assert_same_double(a->difference, b->difference);
	assert_same_double(a->p_value, b->p_value);
	assert_same_double(a->p_adjusted, b->p_adjusted);
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->below_margin, b->below_margin);
	assert_int_equal(a->missing_pairs, b->missing_pairs);
	assert_int_equal(a->reason == NULL, b->reason == NULL);
	if (a->reason)
		assert_string_equal(a->reason, b->reason);
	assert_string_equal(a->sentence, b->sentence);
}

static void
gives_back_comparisons_by_base_label(void **state)
{
	struct fixture *fixture = *state;
	const struct tare_store_ops *ops = fixture->store->ops;
	struct tare_comparison items[] = {
		make_comparison("gzip@head", TARE_VERDICT_REGRESSION, TARE_METHOD_PAIRED),
		make_comparison("gzip@head", TARE_VERDICT_NO_CHANGE, TARE_METHOD_UNPAIRED),
		make_comparison("gzip@head", TARE_VERDICT_IMPROVEMENT, TARE_METHOD_DIFFERENCE),
		make_comparison("gzip@head", TARE_VERDICT_INCONCLUSIVE, TARE_METHOD_EXACT),
	};
	struct tare_missing_case missing[] = {{"bzip2", true}, {"lz4", false}};
	struct tare_fact_difference differences[] = {{"cpu.model", "A", NULL, true}};
	struct tare_comparison_set set = {.base_label = "v1",
		.head_label = "v2",
		.across_runs = true,
		.items = items,
		.item_count = 4,
		.missing = missing,
		.missing_count = 2,
		.environment_differences = differences,
		.environment_difference_count = 1,
		.geomean = 1.01,
		.geomean_low = NAN,
		.geomean_high = 1.5,
		.geomean_count = 7};
	struct tare_comparison_set empty = {
		.base_label = "base", .head_label = "head", .geomean = NAN};
	struct tare_comparison_set *sets;
	size_t count = 0;

	put_new(fixture, ID_A, START, "v2");
	assert_int_equal(ops->put_comparisons(fixture->store, ID_A, &set, NULL), TARE_OK);
	assert_int_equal(ops->put_comparisons(fixture->store, ID_A, &empty, NULL), TARE_OK);
	assert_int_equal(
		ops->get_comparisons(fixture->store, &sets, &count, fixture->arena, ID_A, NULL),
		TARE_OK);
	assert_int_equal(count, 2);
	assert_string_equal(sets[0].base_label, "base");
	assert_int_equal(sets[0].item_count, 0);
	assert_true(isnan(sets[0].geomean));
	assert_string_equal(sets[1].head_label, "v2");
	assert_true(sets[1].across_runs);
	assert_int_equal(sets[1].item_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_same_comparison(&sets[1].items[i], &items[i]);
	assert_int_equal(sets[1].missing_count, 2);
	assert_string_equal(sets[1].missing[0].name, "bzip2");
	assert_true(sets[1].missing[0].in_base);
	assert_string_equal(sets[1].environment_differences[0].key, "cpu.model");
	assert_null(sets[1].environment_differences[0].head);
	assert_int_equal(sets[1].geomean_count, 7);
	assert_same_double(sets[1].geomean_low, NAN);
}

static void
a_comparison_replaces_the_one_with_the_same_base_and_goes_with_its_run(void **state)
{
	struct fixture *fixture = *state;
	const struct tare_store_ops *ops = fixture->store->ops;
	struct tare_comparison item =
		make_comparison("gzip@head", TARE_VERDICT_REGRESSION, TARE_METHOD_PAIRED);
	struct tare_comparison_set set = {
		.base_label = "v1", .head_label = "v2", .items = &item, .item_count = 1};
	struct tare_comparison_set *sets;
	size_t count = 0;

	put_new(fixture, ID_A, START, "v2");
	assert_int_equal(ops->put_comparisons(fixture->store, ID_A, &set, NULL), TARE_OK);
	item.verdict = TARE_VERDICT_IMPROVEMENT;
	assert_int_equal(ops->put_comparisons(fixture->store, ID_A, &set, NULL), TARE_OK);
	ops->get_comparisons(fixture->store, &sets, &count, fixture->arena, ID_A, NULL);
	assert_int_equal(count, 1);
	assert_int_equal(sets[0].item_count, 1);
	assert_int_equal(sets[0].items[0].verdict, TARE_VERDICT_IMPROVEMENT);
	assert_int_equal(ops->remove_run(fixture->store, ID_A, NULL), TARE_OK);
	put_new(fixture, ID_A, START, "v2");
	ops->get_comparisons(fixture->store, &sets, &count, fixture->arena, ID_A, NULL);
	assert_int_equal(count, 0);
}

#define BOTH(test)                                                       \
	{"memory: " #test, test, open_memory, close_fixture, NULL},      \
	{                                                                \
		"sqlite: " #test, test, open_sqlite, close_fixture, NULL \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(gives_back_all_of_a_run),
		BOTH(gives_back_what_a_journal_held),
		BOTH(gives_back_samples_bit_for_bit),
		BOTH(gives_back_looks),
		BOTH(gives_back_where_counters_come_from),
		BOTH(gives_back_what_disturbed_all_of_a_thinned_run),
		BOTH(gives_back_numbers_of_64_bits),
		BOTH(a_run_without_cases_is_a_run),
		BOTH(importing_twice_changes_nothing),
		BOTH(an_incomplete_run_is_replaced_by_more_of_it),
		BOTH(a_run_that_is_not_there_is_not_found),
		BOTH(lists_runs_newest_first),
		BOTH(filters_runs_by_suite_release_and_number),
		BOTH(history_is_oldest_first_with_the_interval_of_the_median),
		BOTH(history_of_few_values_has_no_interval_and_of_none_no_median),
		BOTH(history_keeps_the_newest_and_takes_all_where_nothing_is_named),
		BOTH(lists_each_case_once_and_forgets_those_of_removed_runs),
		BOTH(gives_back_comparisons_by_base_label),
		BOTH(a_comparison_replaces_the_one_with_the_same_base_and_goes_with_its_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
