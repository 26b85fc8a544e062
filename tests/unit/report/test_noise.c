#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/noise.h"
#include "tests/support/close.h"
#include "tests/support/sample_run.h"

static struct tare_run *run;

static int
make_run(void **state)
{
	(void)state;
	run = sample_run_new("20260102-030405-00000a");
	return 0;
}

static int
free_run(void **state)
{
	(void)state;
	tare_run_free(run);
	return 0;
}

/* 1, 2, ... ms, of which the first few have labels. */
static struct tare_run_case *
add_case(const char *name, size_t count, const uint32_t *labels, size_t label_count)
{
	size_t index = sample_run_add_case(run, name, "", run->case_count);
	struct tare_run_case *one = &run->cases[index];
	double values[16];

	for (size_t i = 0; i < count; i++)
		values[i] = 1e6 * (double)(i + 1);
	sample_run_add_values(run, index, TARE_METRIC_WALL, values, count);
	for (size_t i = 0; i < label_count; i++) {
		one->samples.labels[i] = labels[i];
		tare_noise_add(&one->noise, NULL, labels[i]);
	}
	return one;
}

static void
says_how_many_samples_were_disturbed_by_what(void **state)
{
	static const uint32_t labels[] = {1u << TARE_DISTURBED_CPU_PRESSURE,
		1u << TARE_DISTURBED_CPU_PRESSURE | 1u << TARE_DISTURBED_STEAL};

	(void)state;
	assert_null(tare_noise_text(run->arena, add_case("quiet", 4, NULL, 0)));
	assert_string_equal(tare_noise_text(run->arena, add_case("loud", 4, labels, 2)),
		"2 of 4 samples were disturbed: 2 had to wait for a CPU, 1 lost its CPU to other "
		"virtual machines");
	assert_string_equal(tare_noise_text(run->arena, add_case("one", 1, labels, 1)),
		"1 of 1 sample was disturbed: 1 had to wait for a CPU");
	assert_string_equal(
		tare_noise_kinds(run->arena, &run->cases[2]), "1 had to wait for a CPU");
	assert_string_equal(tare_labels_text(run->arena, labels[1]), "cpu_pressure+steal");
	assert_string_equal(tare_labels_text(run->arena, 0), "");
}

static void
knows_no_kind_of_a_label_from_elsewhere(void **state)
{
	static const uint32_t unknown = 1u << 30;
	const struct tare_run_case *one = add_case("a", 4, &unknown, 1);

	(void)state;
	assert_string_equal(tare_noise_kinds(run->arena, one), "");
	assert_string_equal(tare_noise_text(run->arena, one), "1 of 4 samples were disturbed");
}

static void
leaves_disturbed_samples_out_of_the_second_figures_only(void **state)
{
	static const uint32_t labels[] = {1, 0, 0, 4};
	struct tare_run_case *one = add_case("a", 4, labels, 4);
	struct tare_figures figures;
	double values[4];

	(void)state;
	tare_figures_read(&figures, values, one, TARE_METRIC_WALL);
	assert_int_equal(figures.n, 4);
	tare_figures_undisturbed(&figures, values, one, TARE_METRIC_WALL);
	assert_int_equal(figures.n, 2);
	assert_close(figures.median, 2.5e6, 1e-9);
	assert_int_equal(one->samples.count, 4);
}

static void
puts_the_most_disturbed_case_first(void **state)
{
	static const uint32_t labels[] = {1, 1, 1};
	const size_t *cases;
	size_t count;

	(void)state;
	add_case("a", 8, labels, 1);
	add_case("b", 4, NULL, 0);
	add_case("c", 4, labels, 3);
	cases = tare_disturbed_cases(&count, run->arena, run);
	assert_int_equal(count, 2);
	assert_int_equal(cases[0], 2);
	assert_int_equal(cases[1], 0);
}

static void
tells_the_comparison_that_is_left(void **state)
{
	struct tare_undisturbed rest = {.n = 9,
		.ratio = 1.021,
		.ratio_low = 1.004,
		.ratio_high = 1.039,
		.verdict = TARE_VERDICT_NO_CHANGE};
	struct tare_comparison item = {
		.method = TARE_METHOD_PAIRED, .ratio = 1.1, .verdict = TARE_VERDICT_REGRESSION};

	(void)state;
	assert_null(tare_undisturbed_text(run->arena, &item));
	assert_false(tare_undisturbed_differs(&item));
	item.undisturbed = &rest;
	assert_string_equal(tare_undisturbed_text(run->arena, &item),
		"+2.1 % [+0.40 %, +3.9 %], no change (n 9)");
	assert_true(tare_undisturbed_differs(&item));
	item.verdict = TARE_VERDICT_NO_CHANGE;
	assert_false(tare_undisturbed_differs(&item));
	rest.n = 1;
	rest.ratio_low = rest.ratio_high = NAN;
	rest.difference_low = rest.difference_high = NAN;
	rest.verdict = TARE_VERDICT_INCONCLUSIVE;
	assert_string_equal(
		tare_undisturbed_text(run->arena, &item), "too few are left to compare (n 1)");
	assert_false(tare_undisturbed_differs(&item));
	rest.n = 0;
	item.verdict = TARE_VERDICT_REGRESSION;
	assert_string_equal(tare_undisturbed_text(run->arena, &item), "nothing is left to compare");
	assert_false(tare_undisturbed_differs(&item));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_run, free_run)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(says_how_many_samples_were_disturbed_by_what),
		TEST(knows_no_kind_of_a_label_from_elsewhere),
		TEST(leaves_disturbed_samples_out_of_the_second_figures_only),
		TEST(puts_the_most_disturbed_case_first),
		TEST(tells_the_comparison_that_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
