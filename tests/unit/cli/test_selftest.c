#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/cli/selftest.h"
#include "harness/compare/compare.h"
#include "tests/support/sample_run.h"

enum { PAIRS = 40 };

/* Rounds of PAIRS pairs: the second side is `ratio` of the first, give or take `noise` in turn. */
static void
add_round(struct tare_selftest *selftest, double ratio, double noise)
{
	struct tare_run *run = sample_run_new("20260102-030405-00000a");
	size_t base = sample_run_add_case(run, "bench", "A", 0);
	size_t head = sample_run_add_case(run, "bench", "B", 0);
	struct tare_comparison_set set;
	struct tare_err err = {0};
	double a[PAIRS], b[PAIRS];

	for (size_t i = 0; i < PAIRS; i++) {
		a[i] = 10e6;
		b[i] = 10e6 * ratio * exp(i % 2 == 0 ? noise : -noise);
	}
	sample_run_add_values(run, base, TARE_METRIC_WALL, a, PAIRS);
	sample_run_add_values(run, head, TARE_METRIC_WALL, b, PAIRS);
	sample_run_finish(run);
	assert_int_equal(tare_compare_variants(&set, run->arena, run, NULL, &err), TARE_OK);
	tare_selftest_add(selftest, run, &set);
	tare_run_free(run);
}

static struct tare_selftest
begin(double inject)
{
	return (struct tare_selftest){
		.command = "loop", .inject = inject, .seed = 7, .arena = tare_arena_new()};
}

static void
end(struct tare_selftest *selftest)
{
	tare_selftest_free(selftest);
	tare_arena_free(selftest->arena);
}

static const struct tare_selftest_metric *
wall_of(const struct tare_selftest *selftest)
{
	for (size_t i = 0; i < selftest->metric_count; i++) {
		if (strcmp(selftest->metrics[i].name, "wall") == 0)
			return &selftest->metrics[i];
	}
	fail_msg("there is no wall");
	return NULL;
}

static bool
has_advice(const struct tare_selftest *selftest, const char *piece)
{
	for (size_t i = 0; i < selftest->advice_count; i++) {
		if (strstr(selftest->advice[i], piece))
			return true;
	}
	return false;
}

static void
figures_come_from_the_spread_of_pairs(void **state)
{
	struct tare_selftest selftest = begin(0.0);
	const struct tare_selftest_metric *wall;

	(void)state;
	add_round(&selftest, 1.0, 0.01);
	add_round(&selftest, 1.0, 0.01);
	tare_selftest_finish(&selftest);
	wall = wall_of(&selftest);
	assert_int_equal(selftest.rounds, 2);
	assert_int_equal(selftest.pairs, 2 * PAIRS);
	assert_int_equal(selftest.comparisons, 2);
	assert_int_equal(wall->count, 2 * PAIRS);
	assert_true(fabs(wall->noise_floor - expm1(0.01)) < 1e-9);
	assert_true(fabs(wall->spread - 0.01 * sqrt(80.0 / 79.0)) < 1e-9);
	/* 1.02 * exp(1.0233 (1.96 + .84) sd / 10), a little more for 99 degrees and the level that
	 * the exact test attains. */
	assert_true(wall->mde[4] > 0.0229 && wall->mde[4] < 0.0232);
	for (size_t i = 1; i < TARE_SELFTEST_SIZES; i++)
		assert_true(wall->mde[i] < wall->mde[i - 1]);
	end(&selftest);
}

static void
a_quiet_machine_passes_and_is_told_so(void **state)
{
	struct tare_selftest selftest = begin(0.0);

	(void)state;
	add_round(&selftest, 1.0, 0.002);
	tare_selftest_finish(&selftest);
	assert_int_equal(tare_selftest_false_alarms(&selftest), 0);
	assert_int_equal(selftest.verdicts[TARE_VERDICT_NO_CHANGE], 1);
	assert_int_equal(tare_selftest_exit_code(&selftest), TARE_EXIT_OK);
	assert_true(has_advice(&selftest, "wall is quiet enough for its margin: 20 pairs find"));
	assert_false(has_advice(&selftest, "--cpus"));
	end(&selftest);
}

static void
one_alarm_among_many_is_what_chance_explains(void **state)
{
	static const struct {
		size_t comparisons, chance;
	} rows[] = {{0, 0}, {1, 0}, {2, 1}, {5, 1}, {8, 2}, {20, 3}, {100, 9}, {1000, 62}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tare_selftest selftest = {.comparisons = rows[i].comparisons};

		assert_int_equal(tare_selftest_chance(&selftest), rows[i].chance);
		if (rows[i].comparisons == 0)
			continue;
		selftest.verdicts[TARE_VERDICT_REGRESSION] = rows[i].chance;
		assert_int_equal(tare_selftest_exit_code(&selftest), TARE_EXIT_OK);
		selftest.verdicts[TARE_VERDICT_IMPROVEMENT] = 1;
		assert_int_equal(tare_selftest_exit_code(&selftest), TARE_EXIT_REGRESSION);
	}
}

static void
any_change_in_a_a_is_a_false_alarm(void **state)
{
	static const double ratios[] = {1.1, 0.9};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tare_selftest selftest = begin(0.0);

		add_round(&selftest, ratios[i], 0.002);
		tare_selftest_finish(&selftest);
		assert_int_equal(tare_selftest_false_alarms(&selftest), 1);
		assert_int_equal(tare_selftest_exit_code(&selftest), TARE_EXIT_REGRESSION);
		assert_true(has_advice(&selftest, "do not gate on this machine as it is"));
		end(&selftest);
	}
}

static void
an_injected_slowdown_must_be_found_in_half_of_the_rounds(void **state)
{
	struct tare_selftest selftest = begin(0.1);

	(void)state;
	add_round(&selftest, 1.1, 0.002);
	add_round(&selftest, 1.0, 0.002);
	assert_true(tare_selftest_found(&selftest));
	assert_int_equal(tare_selftest_exit_code(&selftest), TARE_EXIT_OK);
	assert_int_equal(tare_selftest_false_alarms(&selftest), 0);
	add_round(&selftest, 1.0, 0.002);
	tare_selftest_finish(&selftest);
	assert_false(tare_selftest_found(&selftest));
	assert_int_equal(tare_selftest_exit_code(&selftest), TARE_EXIT_INCONCLUSIVE);
	assert_true(has_advice(&selftest, "give more --time"));
	end(&selftest);
}

static void
the_slowdown_put_in_is_not_taken_for_noise(void **state)
{
	struct tare_selftest selftest = begin(0.1);

	(void)state;
	add_round(&selftest, 1.1, 0.002);
	tare_selftest_finish(&selftest);
	assert_true(fabs(wall_of(&selftest)->noise_floor - expm1(0.002)) < 1e-9);
	assert_true(wall_of(&selftest)->spread < 0.0021);
	end(&selftest);
}

static void
an_improvement_where_work_was_added_is_a_false_alarm(void **state)
{
	struct tare_selftest selftest = begin(0.1);

	(void)state;
	add_round(&selftest, 0.9, 0.002);
	assert_int_equal(tare_selftest_false_alarms(&selftest), 1);
	assert_int_equal(tare_selftest_exit_code(&selftest), TARE_EXIT_REGRESSION);
	end(&selftest);
}

static void
advice_for_noise_knows_what_is_done_already(void **state)
{
	struct tare_selftest selftest = begin(0.0), pinned = begin(0.0);

	(void)state;
	pinned.cpus = "1";
	add_round(&selftest, 1.0, 0.1);
	add_round(&pinned, 1.0, 0.1);
	tare_selftest_finish(&selftest);
	tare_selftest_finish(&pinned);
	assert_true(has_advice(&selftest, "pin it with --cpus 1"));
	assert_false(has_advice(&pinned, "pin it with"));
	assert_true(has_advice(&pinned, "it is pinned already (--cpus 1)"));
	assert_true(has_advice(&pinned, "would take"));
	assert_true(has_advice(&pinned, "a larger margin: with --margin "));
	end(&selftest);
	end(&pinned);
}

static void
the_larger_margin_advised_is_enough(void **state)
{
	struct tare_selftest selftest = begin(0.0);
	const struct tare_selftest_metric *wall;
	double noise, margin = 0.0;

	(void)state;
	add_round(&selftest, 1.0, 0.05);
	tare_selftest_finish(&selftest);
	wall = wall_of(&selftest);
	noise = (1.0 + wall->mde[2]) / (1.0 + wall->margin);
	for (size_t i = 0; i < selftest.advice_count; i++) {
		const char *at = strstr(selftest.advice[i], "--margin ");

		if (at)
			margin = strtod(at + 9, NULL) / 100.0;
	}
	assert_true(margin > wall->margin);
	assert_true((1.0 + margin) * noise - 1.0 <= 2.0 * margin);
	end(&selftest);
}

static void
without_a_round_everything_is_said_to_be_unknown(void **state)
{
	struct tare_selftest selftest = begin(0.0);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	selftest.interrupted = true;
	tare_selftest_finish(&selftest);
	tare_selftest_print(out, &selftest);
	fclose(out);
	assert_non_null(strstr(text, "false alarms: 0 of 0 comparisons\n"));
	assert_int_equal(tare_selftest_exit_code(&selftest), TARE_EXIT_INTERRUPTED);
	free(text);
	end(&selftest);
}

static void
json_reads_back(void **state)
{
	struct tare_selftest selftest = begin(0.0);
	struct tare_err err = {0};
	const char *result = NULL;
	json_t *root = NULL, *metrics = NULL;
	uint64_t value = 0;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	add_round(&selftest, 1.0, 0.002);
	tare_selftest_finish(&selftest);
	tare_selftest_print_json(out, &selftest);
	fclose(out);
	assert_int_equal(tare_json_parse(&root, text, len, &err), TARE_OK);
	assert_int_equal(tare_json_get_string(&result, root, "format", &err), TARE_OK);
	assert_string_equal(result, "tare-selftest");
	assert_int_equal(tare_json_get_u64(&value, root, "version", &err), TARE_OK);
	assert_int_equal(value, 1);
	assert_int_equal(tare_json_get_string(&result, root, "result", &err), TARE_OK);
	assert_string_equal(result, "ok");
	assert_int_equal(tare_json_get_array(&metrics, root, "metrics", &err), TARE_OK);
	assert_int_equal(json_array_size(metrics), selftest.metric_count);
	json_decref(root);
	free(text);
	end(&selftest);
}

static void
the_command_cannot_drive_a_terminal(void **state)
{
	struct tare_selftest selftest = begin(0.0);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	selftest.command = "x\033[2J";
	tare_selftest_finish(&selftest);
	tare_selftest_print(out, &selftest);
	fclose(out);
	assert_null(strchr(text, '\033'));
	free(text);
	end(&selftest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_come_from_the_spread_of_pairs),
		cmocka_unit_test(a_quiet_machine_passes_and_is_told_so),
		cmocka_unit_test(any_change_in_a_a_is_a_false_alarm),
		cmocka_unit_test(one_alarm_among_many_is_what_chance_explains),
		cmocka_unit_test(an_injected_slowdown_must_be_found_in_half_of_the_rounds),
		cmocka_unit_test(the_slowdown_put_in_is_not_taken_for_noise),
		cmocka_unit_test(an_improvement_where_work_was_added_is_a_false_alarm),
		cmocka_unit_test(advice_for_noise_knows_what_is_done_already),
		cmocka_unit_test(the_larger_margin_advised_is_enough),
		cmocka_unit_test(without_a_round_everything_is_said_to_be_unknown),
		cmocka_unit_test(json_reads_back),
		cmocka_unit_test(the_command_cannot_drive_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
