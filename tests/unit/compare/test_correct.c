#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "harness/base/rng.h"
#include "harness/compare/compare.h"
#include "tests/support/sample_run.h"

enum { PAIRS = 20 };

static struct tare_arena *arena;
static struct tare_run *run;
static struct tare_corrected corrected[4];
static struct tare_correction correction = {.cases = corrected};
static struct tare_weights weights = {.id = "20260102-030405-00000c"};
static struct tare_correction_line line;

static int
setup(void **state)
{
	(void)state;
	arena = tare_arena_new();
	run = sample_run_new("20260102-030405-00000a");
	line = (struct tare_correction_line){.alpha = 5e5, .beta = 2, .by = &weights};
	memset(corrected, 0, sizeof(corrected));
	correction = (struct tare_correction){.cases = corrected, .case_count = 4};
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tare_run_free(run);
	tare_arena_free(arena);
	return 0;
}

/* What the host takes, with a spread of 1 %, and the container alpha and beta of it. */
static void
add_case(const char *benchmark, const char *runner, size_t group, double host_ns)
{
	bool inside = strcmp(runner, "host") != 0;
	size_t at = sample_run_add_case(run, benchmark, runner, group);
	double values[PAIRS];
	struct tare_rng rng;

	tare_rng_seed(&rng, 7, at);
	for (size_t i = 0; i < PAIRS; i++) {
		values[i] = host_ns * (1 + 0.01 * tare_rng_normal(&rng));
		if (inside)
			values[i] = 5e5 + 2 * values[i];
	}
	sample_run_add_values(run, at, TARE_METRIC_WALL, values, PAIRS);
	for (size_t i = 0; i < PAIRS; i++)
		values[i] = inside ? 3e6 : 2e6;
	sample_run_add_values(run, at, TARE_METRIC_MAX_RSS, values, PAIRS);
	run->cases[at].runner = runner;
	if (inside)
		corrected[at] = (struct tare_corrected){.inside = true, .line = &line};
}

static struct tare_comparison_set
compare_variants(void)
{
	const struct tare_compare_options options = {.head_correction = &correction};
	struct tare_comparison_set set;

	assert_int_equal(tare_compare_variants(&set, arena, run, &options, NULL), TARE_OK);
	return set;
}

static struct tare_comparison *
find(const struct tare_comparison_set *set, const char *metric)
{
	for (size_t i = 0; i < set->item_count; i++)
		if (strcmp(set->items[i].metric.name, metric) == 0)
			return &set->items[i];
	fail_msg("there is no comparison of %s", metric);
	return NULL;
}

static void
a_container_against_the_host_is_decided_by_corrected_times(void **state)
{
	struct tare_comparison_set set;
	const struct tare_comparison *wall;

	(void)state;
	add_case("pack", "host", 0, 1e7);
	add_case("pack", "docker", 0, 1e7);
	set = compare_variants();
	wall = find(&set, "wall");
	assert_non_null(wall->correction);
	assert_true(wall->correction->decides);
	assert_int_equal(wall->verdict, TARE_VERDICT_NO_CHANGE);
	assert_true(fabs(wall->ratio - 1) < 0.01);
	assert_int_equal(wall->correction->raw_verdict, TARE_VERDICT_REGRESSION);
	assert_true(fabs(wall->correction->raw_ratio - 2.05) < 0.02);
	assert_true(wall->correction->raw_head_median > 2e7);
	assert_true(fabs(wall->head_median - (wall->correction->raw_head_median - 5e5) / 2) < 1);
	assert_true(wall->correction->ratio == wall->ratio);
	assert_non_null(strstr(wall->sentence,
		"; corrected by calibration 20260102-030405-00000c, raw docker is "));
	/* What the user asked to compare is compared, and nothing is refused within a run. */
	assert_null(find(&set, "max_rss")->correction);
	assert_int_equal(find(&set, "max_rss")->verdict, TARE_VERDICT_REGRESSION);
}

/* A ratio cannot be more certain than the calibration: half widths add in quadrature. */
static void
the_interval_carries_the_calibrations_uncertainty(void **state)
{
	struct tare_comparison sure, unsure;
	struct tare_comparison_set set;
	double own, foreign, wide;

	(void)state;
	add_case("pack", "host", 0, 1e7);
	add_case("pack", "docker", 0, 1e7);
	set = compare_variants();
	sure = *find(&set, "wall");
	line.beta_variance = 4 * 0.05 * 0.05; /* 5 % of beta */
	set = compare_variants();
	unsure = *find(&set, "wall");
	own = log(sure.ratio_high) - log(sure.ratio);
	foreign = 1.959963984540054 * 0.05;
	wide = log(unsure.ratio_high) - log(unsure.ratio);
	assert_true(fabs(unsure.ratio - sure.ratio) < 1e-12);
	assert_true(fabs(unsure.correction->calibration_se - 0.05) < 1e-9);
	assert_true(fabs(wide - sqrt(own * own + foreign * foreign)) < 1e-9);
	assert_true(log(unsure.ratio) - log(unsure.ratio_low) > foreign);
	assert_int_equal(unsure.verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_string_equal(unsure.reason,
		"the calibration is not certain enough; tare calibrate --thorough makes a better "
		"one");
	assert_true(unsure.mde > sure.mde);
	/* Raw figures know nothing of it. */
	assert_true(unsure.correction->raw_high == sure.correction->raw_high);
}

/* The p-value says what the interval does, so that the gate cannot be surer than what is shown. */
static void
p_values_and_intervals_agree(void **state)
{
	struct tare_comparison_set set;
	const struct tare_comparison *wall;

	(void)state;
	add_case("pack", "host", 0, 1e7);
	add_case("pack", "docker", 0, 1.2e7);
	for (double se = 0.005; se < 0.12; se += 0.005) {
		line.beta_variance = 4 * se * se;
		set = compare_variants();
		wall = find(&set, "wall");
		assert_int_equal(wall->verdict == TARE_VERDICT_REGRESSION, wall->p_value <= 0.025);
		assert_int_equal(wall->ratio_low > 1.02, wall->p_value <= 0.025);
	}
	assert_int_equal(wall->verdict, TARE_VERDICT_INCONCLUSIVE);
}

static void
two_containers_are_compared_raw_with_the_corrected_figures_beside(void **state)
{
	struct tare_comparison_set set;
	const struct tare_comparison *wall;

	(void)state;
	add_case("pack", "docker", 0, 1e7);
	add_case("pack", "podman", 0, 1.1e7);
	line.beta_variance = 1; /* is of both sides, and so of no ratio */
	set = compare_variants();
	wall = find(&set, "wall");
	assert_non_null(wall->correction);
	assert_false(wall->correction->decides);
	assert_true(wall->correction->raw_ratio == wall->ratio);
	assert_true(wall->correction->ratio > wall->ratio);
	assert_true(fabs(wall->correction->ratio - 1.1) < 0.02);
	assert_true(wall->correction->calibration_se < 1e-9);
	assert_null(strstr(wall->sentence, "corrected"));
}

static void
what_no_line_corrects_is_raw(void **state)
{
	struct tare_comparison_set set;

	(void)state;
	add_case("pack", "host", 0, 1e7);
	add_case("pack", "docker", 0, 1e7);
	corrected[1].line = NULL;
	set = compare_variants();
	assert_null(find(&set, "wall")->correction);
	assert_int_equal(find(&set, "wall")->verdict, TARE_VERDICT_REGRESSION);
	assert_true(isnan(set.raw_geomean));
}

static void
between_runs_what_the_calibration_does_not_know_decides_nothing(void **state)
{
	const struct tare_compare_options options = {.head_correction = &correction};
	struct tare_run *base = run;
	struct tare_comparison_set set;
	const struct tare_comparison *rss;

	(void)state;
	add_case("pack", "host", 0, 1e7);
	run = sample_run_new("20260102-030405-00000b");
	add_case("pack", "docker", 0, 1e7);
	assert_int_equal(tare_compare_runs(&set, arena, base, run, &options, NULL), TARE_OK);
	assert_int_equal(find(&set, "wall")->verdict, TARE_VERDICT_NO_CHANGE);
	assert_true(find(&set, "wall")->correction->decides);
	rss = find(&set, "max_rss");
	assert_int_equal(rss->verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_true(rss->p_value == 1);
	assert_true(fabs(rss->ratio - 1.5) < 1e-9);
	assert_string_equal(rss->reason,
		"a calibration knows wall time only, so that what the container does to max_rss "
		"cannot be told from a change");
	tare_run_free(base);
}

static void
nobody_else_is_corrected_where_only_mixed_runs_ask(void **state)
{
	struct tare_comparison_set set;

	(void)state;
	add_case("pack", "docker", 0, 1e7);
	add_case("pack", "podman", 0, 1.1e7);
	correction.mixed_only = true;
	set = compare_variants();
	assert_null(find(&set, "wall")->correction);
}

/* One calibration errs in all cases alike: its uncertainty does not average out. */
static void
the_geometric_mean_is_no_surer_than_the_calibration(void **state)
{
	struct tare_comparison_set set;
	double reach;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		add_case(i ? "b" : "a", "host", i, 1e7);
		add_case(i ? "b" : "a", "docker", i, 1e7);
	}
	line.beta_variance = 4 * 0.05 * 0.05;
	set = compare_variants();
	assert_int_equal(set.geomean_count, 2);
	reach = log(set.geomean_high) - log(set.geomean);
	assert_true(reach > 1.96 * 0.05 - 1e-4 && reach < 1.96 * 0.05 * 1.05);
	assert_true(fabs(set.geomean - 1) < 0.01);
	assert_true(fabs(set.raw_geomean - 2.05) < 0.02);
	assert_true(log(set.raw_geomean_high) - log(set.raw_geomean) < 0.01);
}

static void
mixed_is_a_container_and_the_host(void **state)
{
	const struct tare_run_case host = {.runner = "host"}, docker = {.runner = "docker"},
				   podman = {.runner = "podman"}, replay = {.runner = "replay"};

	(void)state;
	assert_true(tare_compare_is_mixed(&host, &docker));
	assert_true(tare_compare_is_mixed(&podman, &host));
	assert_false(tare_compare_is_mixed(&podman, &docker));
	assert_false(tare_compare_is_mixed(&host, &host));
	assert_false(tare_compare_is_mixed(&replay, &docker));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_container_against_the_host_is_decided_by_corrected_times, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			the_interval_carries_the_calibrations_uncertainty, setup, teardown),
		cmocka_unit_test_setup_teardown(p_values_and_intervals_agree, setup, teardown),
		cmocka_unit_test_setup_teardown(
			two_containers_are_compared_raw_with_the_corrected_figures_beside, setup,
			teardown),
		cmocka_unit_test_setup_teardown(what_no_line_corrects_is_raw, setup, teardown),
		cmocka_unit_test_setup_teardown(
			between_runs_what_the_calibration_does_not_know_decides_nothing, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			nobody_else_is_corrected_where_only_mixed_runs_ask, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_geometric_mean_is_no_surer_than_the_calibration, setup, teardown),
		cmocka_unit_test(mixed_is_a_container_and_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
