#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibration.h"
#include "tests/support/sample_run.h"

enum { PAIRS = 20 };

static struct tare_arena *arena;
static const uint64_t day_ns = UINT64_C(86400) * 1000000000;

static int
setup(void **state)
{
	(void)state;
	arena = tare_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static void
add_case(struct tare_run *run, const char *name, const char *variant, size_t group, double center)
{
	size_t at = sample_run_add_case(run, name, variant, group);
	double values[PAIRS];

	/* A little of noise, the same for all: medians are what is asked for. */
	for (size_t i = 0; i < PAIRS; i++)
		values[i] = center * (1 + 1e-5 * (double)((i * 7) % PAIRS) - 1e-5 * PAIRS / 2);
	sample_run_add_values(run, at, TARE_METRIC_WALL, values, PAIRS);
}

/* The container takes alpha and beta of what the host takes; again of it is the host's again. */
static struct tare_run *
make_run(double alpha, double beta, double again)
{
	struct tare_run *run = sample_run_new("20260102-030405-00000a");

	run->suite = TARE_CALIBRATION_SUITE;
	for (size_t i = 0; i < tare_probe_count; i++) {
		const struct tare_probe *probe = &tare_probes[i];
		double host = 1e5 * probe->count;

		add_case(run, probe->name, TARE_CALIBRATION_HOST, i, host);
		add_case(run, probe->name, TARE_CALIBRATION_AGAIN, i, again * host);
		add_case(run, probe->name, TARE_CALIBRATION_CONTAINER, i, alpha + beta * host);
		if (probe->dimension == TARE_DIMENSION_NETWORK)
			add_case(run, probe->name, TARE_CALIBRATION_BRIDGE, i, 2 * host);
	}
	tare_environment_add(
		&run->environment, run->arena, "container.image_id", "sha256:1", false);
	tare_environment_add(&run->environment, run->arena, "container.memory", "1024", false);
	sample_run_finish(run);
	return run;
}

static struct tare_calibration
read_run(const struct tare_run *run)
{
	struct tare_calibration *calibration;
	struct tare_err err = {0};

	if (tare_calibration_read(&calibration, arena, run, &err) != TARE_OK) {
		fail_msg("%s", err.text);
		abort();
	}
	return *calibration;
}

static const struct tare_weighing *
find(const struct tare_calibration *calibration, const char *probe, bool bridge)
{
	for (size_t i = 0; i < calibration->weighing_count; i++) {
		const struct tare_weighing *one = &calibration->weighings[i];

		if (strcmp(one->probe->name, probe) == 0 && one->bridge == bridge)
			return one;
	}
	fail_msg("there is no probe %s", probe);
	return NULL;
}

static void
says_what_each_probe_costs(void **state)
{
	struct tare_run *run = make_run(0, 1.05, 1);
	struct tare_calibration calibration = read_run(run);
	const struct tare_weighing *one = find(&calibration, "floating", false);

	(void)state;
	assert_int_equal(calibration.weighing_count, tare_probe_count + 2);
	assert_int_equal(one->n, PAIRS);
	assert_true(fabs(one->overhead.estimate - 0.05) < 1e-9);
	assert_true(fabs(one->container_ns / one->host_ns - 1.05) < 1e-9);
	assert_int_equal(one->weighed, TARE_WEIGHED_OVERHEAD);
	assert_true(one->resolution < 1e-9);
	assert_true(fabs(find(&calibration, "loopback", true)->overhead.estimate - 1) < 1e-9);
	assert_null(calibration.why_not);
	tare_run_free(run);
}

static void
fits_the_lengths(void **state)
{
	struct tare_run *run = make_run(2e5, 2, 1);
	struct tare_calibration calibration = read_run(run);

	(void)state;
	assert_true(calibration.has_fit);
	assert_true(fabs(calibration.fit.alpha - 2e5) < 500);
	assert_true(fabs(calibration.fit.beta - 2) < 1e-3);
	tare_run_free(run);
}

static void
a_quota_leaves_alpha_uncertain_by_the_wait_of_a_period(void **state)
{
	static const struct {
		const char *quota; /* of us, as the kernel has it */
		double error_ns;
	} table[] = {{"5000 10000", 2.5e6}, {"max 100000", 0}, {"-1 100000", 0}, {"20000 10000", 0},
		{"5000", 0}};
	double none = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct tare_run *run = make_run(0, 2, 1);
		struct tare_calibration calibration;

		none = read_run(run).fit.alpha_variance;
		tare_environment_add(&run->environment, run->arena, "container.cpu_quota",
			table[i].quota, false);
		calibration = read_run(run);
		assert_true(fabs(sqrt(calibration.fit.alpha_variance - none) - table[i].error_ns) <
			    1e3);
		assert_true(fabs(calibration.fit.beta - 2) < 1e-3);
		tare_run_free(run);
	}
}

static void
little_is_equivalent_and_less_is_a_benefit(void **state)
{
	struct tare_run *like = make_run(0, 1.004, 1), *less = make_run(0, 0.9, 1);
	struct tare_calibration calibration = read_run(like);

	(void)state;
	assert_int_equal(find(&calibration, "pipe", false)->weighed, TARE_WEIGHED_EQUIVALENT);
	calibration = read_run(less);
	assert_int_equal(find(&calibration, "pipe", false)->weighed, TARE_WEIGHED_BENEFIT);
	assert_true(find(&calibration, "pipe", false)->overhead.estimate < 0);
	tare_run_free(like);
	tare_run_free(less);
}

static void
a_probe_that_failed_is_missing_and_no_more(void **state)
{
	struct tare_run *run = make_run(0, 1, 1);
	struct tare_calibration calibration;

	(void)state;
	for (size_t i = 0; i < run->case_count; i++) {
		if (strcmp(run->cases[i].benchmark, "tmpfs") == 0)
			run->cases[i].samples.count = 0;
	}
	calibration = read_run(run);
	assert_int_equal(find(&calibration, "tmpfs", false)->weighed, TARE_WEIGHED_MISSING);
	assert_true(isnan(find(&calibration, "tmpfs", false)->resolution));
	assert_string_equal(tare_weighed_name(TARE_WEIGHED_MISSING), "not measured");
	assert_null(calibration.why_not);
	tare_run_free(run);
}

static void
refuses_a_host_that_differs_from_itself(void **state)
{
	struct tare_run *run = make_run(0, 1, 1.04);
	struct tare_calibration calibration = read_run(run);
	struct tare_err err = {0};

	(void)state;
	assert_string_equal(calibration.why_not,
		"its A/A arm failed: with 'integer short' the host differed from itself by up to "
		"4.0 %, and at most 3 % is allowed");
	assert_int_equal(tare_calibration_check_use(&calibration, &err), TARE_INVALID);
	assert_string_equal(err.text,
		"calibration 20260102-030405-00000a cannot be used: its A/A arm failed: with "
		"'integer short' the host differed from itself by up to 4.0 %, and at most 3 % is "
		"allowed");
	tare_run_free(run);
}

static void
refuses_what_was_cut_off_or_lacks_a_length(void **state)
{
	struct tare_run *run = make_run(0, 1, 1);

	(void)state;
	for (size_t i = 0; i < run->case_count; i++) {
		if (strcmp(run->cases[i].benchmark, "integer middle") == 0)
			run->cases[i].samples.count = 0;
	}
	assert_string_equal(
		read_run(run).why_not, "its probes of three lengths were not all measured");
	run->status = TARE_RUN_INTERRUPTED;
	assert_string_equal(read_run(run).why_not, "it was not measured to its end");
	tare_run_free(run);
}

static void
is_bound_to_machine_engine_image_and_limits(void **state)
{
	struct tare_run *mine = make_run(0, 1, 1), *other = make_run(0, 1, 1);
	const struct tare_run_case *subject = &other->cases[0];
	struct tare_calibration calibration = read_run(mine);
	char fingerprint[TARE_DIGEST_TEXT_MAX];
	struct tare_err err = {0};

	(void)state;
	strcpy(other->id, "20260202-030405-00000b");
	assert_int_equal(tare_calibration_check_facts(mine, other, subject, &err), TARE_OK);
	strcpy(fingerprint, read_run(other).fingerprint);
	assert_string_equal(fingerprint, calibration.fingerprint);
	other->environment.facts[other->environment.fact_count - 1].value = "2048";
	assert_string_not_equal(read_run(other).fingerprint, fingerprint);
	assert_int_equal(tare_calibration_check_facts(mine, other, subject, &err), TARE_INVALID);
	assert_string_equal(err.text,
		"calibration 20260102-030405-00000a was made with container.memory '1024', and "
		"integer short@host of run 20260202-030405-00000b has '2048'; calibrate with what "
		"is to be corrected: tare calibrate --like 20260202-030405-00000b");
	tare_run_free(mine);
	tare_run_free(other);
}

static void
a_case_with_limits_of_its_own_is_asked_for_these(void **state)
{
	struct tare_run *mine = make_run(0, 1, 1), *other = make_run(0, 1, 1);
	struct tare_err err = {0};

	(void)state;
	tare_environment_add(&other->environment, other->arena,
		"container.memory of integer short@again", "2048", false);
	assert_int_equal(
		tare_calibration_check_facts(mine, other, &other->cases[0], &err), TARE_OK);
	assert_int_equal(
		tare_calibration_check_facts(mine, other, &other->cases[1], &err), TARE_INVALID);
	tare_run_free(mine);
	tare_run_free(other);
}

static void
is_bound_to_its_machine_and_grows_old(void **state)
{
	struct tare_run *mine = make_run(0, 1, 1), *other = make_run(0, 1, 1);
	const struct tare_calibration_made made = {
		mine->id, mine->environment.fingerprint, mine->started_unix_ns};
	struct tare_err err = {0};

	(void)state;
	strcpy(other->id, "20260202-030405-00000b");
	other->started_unix_ns += 3 * day_ns;
	assert_int_equal(tare_calibration_check_made(&made, other, 3 * day_ns, &err), TARE_OK);
	assert_int_equal(tare_calibration_check_made(&made, other, 2 * day_ns, &err), TARE_INVALID);
	assert_string_equal(err.text,
		"calibration 20260102-030405-00000a is 72 h 0 min apart from run "
		"20260202-030405-00000b, and at most 48 h 0 min are allowed; calibrate again");
	strcpy(other->environment.fingerprint, "x");
	assert_int_equal(tare_calibration_check_made(&made, other, 9 * day_ns, &err), TARE_INVALID);
	assert_string_equal(err.text,
		"calibration 20260102-030405-00000a was made on another machine, or on this one "
		"before it was changed; calibrate again");
	tare_run_free(mine);
	tare_run_free(other);
}

static const struct tare_weighed_dimension *
find_dimension(const struct tare_calibration *calibration, enum tare_dimension which, bool bridge)
{
	for (size_t i = 0; i < calibration->dimension_count; i++) {
		const struct tare_weighed_dimension *one = &calibration->dimensions[i];

		if (one->dimension == which && one->bridge == bridge)
			return one;
	}
	fail_msg("there is no dimension %d", (int)which);
	return NULL;
}

static void
scale_case(struct tare_run *run, const char *probe, const char *variant, double factor)
{
	for (size_t i = 0; i < run->case_count; i++) {
		const struct tare_run_case *one = &run->cases[i];

		if (strcmp(one->benchmark, probe) != 0 || strcmp(one->variant, variant) != 0)
			continue;
		for (size_t k = 0; k < one->samples.count; k++)
			one->samples.values[TARE_METRIC_WALL][k] *= factor;
	}
}

static void
a_dimension_is_as_its_worst_probe(void **state)
{
	struct tare_run *run = make_run(0, 1, 1);
	struct tare_calibration *calibration;
	const struct tare_weighed_dimension *one;

	(void)state;
	scale_case(run, "checked call", TARE_CALIBRATION_CONTAINER, 1.3);
	scale_case(run, "pipe", TARE_CALIBRATION_CONTAINER, 1.1);
	scale_case(run, "bandwidth", TARE_CALIBRATION_CONTAINER, 0.8);
	assert_int_equal(tare_calibration_read(&calibration, arena, run, NULL), TARE_OK);
	assert_int_equal(calibration->dimension_count, TARE_DIMENSION_COUNT + 1);
	one = find_dimension(calibration, TARE_DIMENSION_LATENCY, false);
	assert_int_equal(one->weighed, TARE_WEIGHED_OVERHEAD);
	assert_string_equal(one->probe->probe->name, "checked call");
	one = find_dimension(calibration, TARE_DIMENSION_MEMORY, false);
	assert_int_equal(one->weighed, TARE_WEIGHED_BENEFIT);
	assert_string_equal(one->probe->probe->name, "bandwidth");
	one = find_dimension(calibration, TARE_DIMENSION_CPU, false);
	assert_int_equal(one->weighed, TARE_WEIGHED_EQUIVALENT);
	/* A network of its own is no cost of the host's. */
	one = find_dimension(calibration, TARE_DIMENSION_NETWORK, false);
	assert_int_equal(one->weighed, TARE_WEIGHED_EQUIVALENT);
	one = find_dimension(calibration, TARE_DIMENSION_NETWORK, true);
	assert_int_equal(one->weighed, TARE_WEIGHED_OVERHEAD);
	tare_run_free(run);
}

static void
a_dimension_costs_nothing_that_the_host_does_of_itself(void **state)
{
	struct tare_run *run = make_run(0, 1, 1);
	struct tare_calibration *calibration;

	(void)state;
	scale_case(run, "tmpfs", TARE_CALIBRATION_CONTAINER, 1.1);
	scale_case(run, "tmpfs", TARE_CALIBRATION_AGAIN, 0.85);
	assert_int_equal(tare_calibration_read(&calibration, arena, run, NULL), TARE_OK);
	assert_int_equal(find_dimension(calibration, TARE_DIMENSION_DISK, false)->weighed,
		TARE_WEIGHED_INCONCLUSIVE);
	tare_run_free(run);
}

static void
a_dimension_with_a_probe_missing_is_not_equivalent(void **state)
{
	struct tare_run *run = make_run(0, 1, 1);
	struct tare_calibration *calibration;

	(void)state;
	for (size_t i = 0; i < run->case_count; i++) {
		if (strcmp(run->cases[i].benchmark, "tmpfs") == 0 ||
			strcmp(run->cases[i].benchmark, "start") == 0 ||
			strcmp(run->cases[i].benchmark, "fork and exec") == 0)
			run->cases[i].samples.count = 0;
	}
	assert_int_equal(tare_calibration_read(&calibration, arena, run, NULL), TARE_OK);
	assert_int_equal(find_dimension(calibration, TARE_DIMENSION_DISK, false)->weighed,
		TARE_WEIGHED_INCONCLUSIVE);
	assert_int_equal(find_dimension(calibration, TARE_DIMENSION_START, false)->weighed,
		TARE_WEIGHED_MISSING);
	assert_null(find_dimension(calibration, TARE_DIMENSION_START, false)->probe);
	tare_run_free(run);
}

static void
is_told_to_reports_in_words(void **state)
{
	struct tare_run *run = make_run(2e5, 2, 1);
	struct tare_calibration calibration = read_run(run);
	const struct tare_weights *weights = tare_calibration_weights(arena, &calibration);

	(void)state;
	assert_string_equal(weights->id, "20260102-030405-00000a");
	assert_int_equal(weights->dimension_count, TARE_DIMENSION_COUNT + 1);
	assert_string_equal(weights->dimensions[0].name, "cpu");
	assert_string_equal(weights->dimensions[0].verdict, "overhead");
	assert_string_equal(weights->dimensions[6].name, "network (bridge)");
	assert_int_equal(weights->probe_count, tare_probe_count + 2);
	assert_string_equal(weights->probes[0].name, "integer short");
	assert_string_equal(weights->probes[0].dimension, "cpu");
	assert_null(weights->probes[0].probe);
	assert_true(fabs(weights->beta.estimate - 2) < 1e-3);
	assert_true(weights->beta.low < 2 && weights->beta.high > 2);
	assert_null(weights->why_not);
	tare_run_free(run);
}

static void
a_run_of_another_suite_is_none(void **state)
{
	struct tare_run *run = sample_run_new("20260102-030405-00000a");
	struct tare_calibration *calibration;
	struct tare_err err = {0};

	(void)state;
	run->suite = "mine";
	assert_false(tare_calibration_is(run));
	assert_int_equal(tare_calibration_read(&calibration, arena, run, &err), TARE_INVALID);
	assert_string_equal(err.text,
		"run 20260102-030405-00000a is no calibration but of the suite 'mine'; tare list "
		"calibrations shows what there is");
	tare_run_free(run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(says_what_each_probe_costs, setup, teardown),
		cmocka_unit_test_setup_teardown(fits_the_lengths, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_quota_leaves_alpha_uncertain_by_the_wait_of_a_period, setup, teardown),
		cmocka_unit_test_setup_teardown(
			little_is_equivalent_and_less_is_a_benefit, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_probe_that_failed_is_missing_and_no_more, setup, teardown),
		cmocka_unit_test_setup_teardown(
			refuses_a_host_that_differs_from_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(
			refuses_what_was_cut_off_or_lacks_a_length, setup, teardown),
		cmocka_unit_test_setup_teardown(
			is_bound_to_machine_engine_image_and_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_case_with_limits_of_its_own_is_asked_for_these, setup, teardown),
		cmocka_unit_test_setup_teardown(
			is_bound_to_its_machine_and_grows_old, setup, teardown),
		cmocka_unit_test_setup_teardown(a_dimension_is_as_its_worst_probe, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_dimension_costs_nothing_that_the_host_does_of_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_dimension_with_a_probe_missing_is_not_equivalent, setup, teardown),
		cmocka_unit_test_setup_teardown(is_told_to_reports_in_words, setup, teardown),
		cmocka_unit_test_setup_teardown(a_run_of_another_suite_is_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
