#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "harness/model/noise.h"

#define LABEL(kind) (UINT32_C(1) << TARE_DISTURBED_##kind)

static struct tare_noise noise;
static struct tare_noise_scale scale;

/* A second on two CPUs, half of one of them used, with nothing to complain of. */
static int
quiet(void **state)
{
	(void)state;
	noise = tare_noise_unread();
	scale = (struct tare_noise_scale){
		.wall_ns = 1e9, .window_ns = 1e9, .cpu_ns = 5e8, .cpus = 2, .fastest_khz = 4e6};
	return 0;
}

static uint32_t
with(enum tare_reading reading, double value)
{
	quiet(NULL);
	noise.readings[reading] = value;
	return tare_noise_judge(&noise, &scale);
}

static void
finds_nothing_where_nothing_was_read(void **state)
{
	(void)state;
	assert_int_equal(tare_noise_judge(&noise, &scale), 0);
}

static void
labels_by_each_sign_past_its_limit(void **state)
{
	(void)state;
	assert_int_equal(with(TARE_READING_CPU_PRESSURE, 9.9e6), 0);
	assert_int_equal(with(TARE_READING_CPU_PRESSURE, 10.1e6), LABEL(CPU_PRESSURE));
	assert_int_equal(with(TARE_READING_FOREIGN_CPU, 0.25), 0);
	assert_int_equal(with(TARE_READING_FOREIGN_CPU, 0.26), LABEL(FOREIGN_CPU));
	assert_int_equal(with(TARE_READING_STEAL, 0.01), 0);
	assert_int_equal(with(TARE_READING_STEAL, 0.02), LABEL(STEAL));
	assert_int_equal(with(TARE_READING_SWAP, 0), 0);
	assert_int_equal(with(TARE_READING_SWAP, 1), LABEL(SWAP));
	assert_int_equal(with(TARE_READING_THROTTLED, 1), LABEL(THROTTLED));
	assert_int_equal(with(TARE_READING_OVERHEATED, 1), LABEL(THROTTLED));
	assert_int_equal(with(TARE_READING_KHZ_BEFORE, 3.9e6), 0);
	assert_int_equal(with(TARE_READING_KHZ_BEFORE, 3.8e6), LABEL(FREQUENCY));
	assert_int_equal(with(TARE_READING_KHZ_AFTER, 3.8e6), LABEL(FREQUENCY));
}

static void
puts_signs_into_proportion(void **state)
{
	(void)state;
	/* What waking up costs is no disturbance of a short program. */
	scale.wall_ns = scale.window_ns = 1e6;
	scale.cpu_ns = 0;
	noise.readings[TARE_READING_CPU_PRESSURE] = 49e3;
	assert_int_equal(tare_noise_judge(&noise, &scale), 0);
	noise.readings[TARE_READING_CPU_PRESSURE] = 51e3;
	assert_int_equal(tare_noise_judge(&noise, &scale), LABEL(CPU_PRESSURE));
	quiet(NULL);
	scale.involuntary_switches = 55;
	assert_int_equal(tare_noise_judge(&noise, &scale), 0);
	scale.involuntary_switches = 56;
	assert_int_equal(tare_noise_judge(&noise, &scale), LABEL(SWITCHES));
	/* On CPUs of its own less is too much. */
	assert_int_equal(with(TARE_READING_FOREIGN_CPU, 0.06), 0);
	scale.pinned = true;
	assert_int_equal(tare_noise_judge(&noise, &scale), LABEL(FOREIGN_CPU));
}

static void
does_not_blame_others_for_threads_of_its_own(void **state)
{
	(void)state;
	noise.readings[TARE_READING_CPU_PRESSURE] = 9e8;
	scale.involuntary_switches = 1000;
	scale.cpu_ns = 1.99e9;
	assert_int_equal(tare_noise_judge(&noise, &scale), 0);
	scale.cpu_ns = 1.9e9;
	assert_int_equal(tare_noise_judge(&noise, &scale), LABEL(CPU_PRESSURE) | LABEL(SWITCHES));
}

static void
takes_faults_for_usual_where_most_invocations_have_them(void **state)
{
	(void)state;
	scale.major_faults = 1;
	assert_int_equal(tare_noise_judge(&noise, &scale), LABEL(MAJOR_FAULTS));
	scale.faults_itself = true;
	assert_int_equal(tare_noise_judge(&noise, &scale), 0);
}

static void
knows_no_slower_clock_before_it_saw_one(void **state)
{
	(void)state;
	assert_int_equal(with(TARE_READING_KHZ_BEFORE, 1e6), LABEL(FREQUENCY));
	scale.fastest_khz = 0;
	assert_int_equal(tare_noise_judge(&noise, &scale), 0);
}

static void
never_labels_a_sample_for_being_slow(void **state)
{
	(void)state;
	noise.readings[TARE_READING_CPU_PRESSURE] = 1e6;
	for (double wall_ns = 1e9; wall_ns < 1e13; wall_ns *= 10) {
		scale.wall_ns = scale.window_ns = wall_ns;
		assert_int_equal(tare_noise_judge(&noise, &scale), 0);
	}
}

static void
sums_up_by_kind_and_keeps_the_ends_of_the_frequency(void **state)
{
	struct tare_noise_sum sum = {0};

	(void)state;
	noise.readings[TARE_READING_KHZ_BEFORE] = 3e6;
	noise.readings[TARE_READING_KHZ_AFTER] = 4e6;
	tare_noise_add(&sum, &noise, LABEL(SWAP) | LABEL(STEAL));
	tare_noise_add(&sum, &noise, 0);
	tare_noise_add(&sum, NULL, LABEL(SWAP));
	assert_int_equal(sum.disturbed, 2);
	assert_int_equal(sum.by_kind[TARE_DISTURBED_SWAP], 2);
	assert_int_equal(sum.by_kind[TARE_DISTURBED_STEAL], 1);
	assert_int_equal(sum.by_kind[TARE_DISTURBED_FREQUENCY], 0);
	assert_true(sum.khz_low == 3e6 && sum.khz_high == 4e6);
}

static void
every_kind_and_reading_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < TARE_DISTURBANCE_COUNT; i++) {
		enum tare_disturbance kind = TARE_DISTURBANCE_COUNT;

		assert_true(tare_disturbance_parse(
			&kind, tare_disturbance_name((enum tare_disturbance)i)));
		assert_int_equal(kind, i);
		assert_non_null(tare_disturbance_phrase(kind));
	}
	for (int i = 0; i < TARE_READING_COUNT; i++)
		assert_non_null(tare_reading_name((enum tare_reading)i));
	assert_false(tare_disturbance_parse(&(enum tare_disturbance){0}, "moon"));
}

#define TEST(name) cmocka_unit_test_setup(name, quiet)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_nothing_where_nothing_was_read),
		TEST(labels_by_each_sign_past_its_limit),
		TEST(puts_signs_into_proportion),
		TEST(does_not_blame_others_for_threads_of_its_own),
		TEST(takes_faults_for_usual_where_most_invocations_have_them),
		TEST(knows_no_slower_clock_before_it_saw_one),
		TEST(never_labels_a_sample_for_being_slow),
		TEST(sums_up_by_kind_and_keeps_the_ends_of_the_frequency),
		TEST(every_kind_and_reading_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
