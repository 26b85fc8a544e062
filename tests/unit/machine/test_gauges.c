#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/machine/gauges.h"
#include "tests/support/close.h"
#include "tests/support/files.h"

/* A machine made of files, with clock ticks of 10 ms as everywhere. */
static char *root;
static char *cgroup;
static struct tare_gauges *gauges;
static struct tare_noise noise;
static struct tare_bits cpus;

static void
put(const char *name, const char *text)
{
	test_file_put(root, name, text);
}

/* busy ticks on CPU 0, none on CPU 1, busy on CPU 2; stolen ones on CPU 0. */
static void
put_stat(unsigned busy, unsigned stolen)
{
	char text[512];

	snprintf(text, sizeof(text),
		"cpu  1 2 3 4 5 6 7 8 0 0\n"
		"cpu0 %u 0 0 500 9 0 0 %u 0 0\n"
		"cpu1 0 0 0 900 9 0 0 0 0 0\n"
		"cpu2 0 0 %u 900 9 0 0 0 0 0\n"
		"intr 1 2 3\n",
		busy, stolen, busy);
	put("proc/stat", text);
}

static void
put_pressure(unsigned total_us, unsigned throttled_us)
{
	char text[256];

	snprintf(text, sizeof(text),
		"some avg10=1.00 avg60=2.00 avg300=3.00 total=%u\n"
		"full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
		total_us);
	put("cg/cpu.pressure", text);
	snprintf(text, sizeof(text), "usage_usec 1\nnr_throttled 1\nthrottled_usec %u\n",
		throttled_us);
	put("cg/cpu.stat", text);
}

static void
put_swapped(unsigned in, unsigned out)
{
	char text[128];

	snprintf(text, sizeof(text), "nr_free_pages 1\npswpin %u\npswpout %u\n", in, out);
	put("proc/vmstat", text);
}

static int
setup(void **state)
{
	(void)state;
	root = test_folder_make();
	cgroup = test_path(root, "cg");
	put("proc/swaps", "Filename Type Size Used Priority\n");
	put_stat(100, 0);
	put_pressure(1000, 0);
	noise = tare_noise_unread();
	memset(&cpus, 0, sizeof(cpus));
	tare_bits_add(&cpus, 0);
	tare_bits_add(&cpus, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tare_gauges_close(gauges);
	gauges = NULL;
	free(cgroup);
	test_folder_remove(root);
	return 0;
}

static double
read_of(enum tare_reading reading)
{
	return noise.readings[reading];
}

static void
reads_pressure_and_throttling_of_the_cgroup_in_between(void **state)
{
	(void)state;
	gauges = tare_gauges_open(root);
	tare_gauges_begin(gauges, cgroup, UINT64_MAX, 1000);
	put_pressure(1250, 40);
	tare_gauges_end(&noise, gauges, &cpus, 0, 2000);
	assert_close(read_of(TARE_READING_CPU_PRESSURE), 250e3, 0);
	assert_close(read_of(TARE_READING_THROTTLED), 40e3, 0);
	/* Too short for what counts in ticks. */
	assert_true(isnan(read_of(TARE_READING_FOREIGN_CPU)));
}

static void
says_what_share_of_its_cpus_others_had(void **state)
{
	(void)state;
	gauges = tare_gauges_open(root);
	tare_gauges_begin(gauges, NULL, UINT64_MAX, 1000);
	put_stat(180, 11);
	/* 800 ms of CPU 0 less 40 ms for counting in ticks, of which 560 ms were the program's. */
	tare_gauges_end(&noise, gauges, &cpus, 560e6, 1000 + UINT64_C(1000000000));
	assert_close(read_of(TARE_READING_FOREIGN_CPU), 0.1, 1e-9);
	assert_close(read_of(TARE_READING_STEAL), 0.05, 1e-9);
	assert_true(isnan(read_of(TARE_READING_CPU_PRESSURE)));
	assert_true(isnan(read_of(TARE_READING_SWAP)));
	assert_true(isnan(read_of(TARE_READING_OVERHEATED)));
}

static void
finds_no_others_where_the_program_was_alone(void **state)
{
	(void)state;
	gauges = tare_gauges_open(root);
	tare_gauges_begin(gauges, NULL, UINT64_MAX, 1000);
	put_stat(200, 0);
	tare_gauges_end(&noise, gauges, &cpus, 999e6, 1000 + UINT64_C(1000000000));
	assert_close(read_of(TARE_READING_FOREIGN_CPU), 0, 0);
}

static void
reads_swapping_and_heat_where_there_can_be_any(void **state)
{
	(void)state;
	put("proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 8 0 -2\n");
	put_swapped(3, 4);
	put("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "5\n");
	put("sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "1\n");
	gauges = tare_gauges_open(root);
	tare_gauges_begin(gauges, NULL, UINT64_MAX, 1000);
	put_swapped(5, 9);
	put("sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "4\n");
	tare_gauges_end(&noise, gauges, &cpus, 0, 1000 + UINT64_C(1000000000));
	assert_close(read_of(TARE_READING_SWAP), 7, 0);
	assert_close(read_of(TARE_READING_OVERHEATED), 3, 0);
}

/* 20 ms, of which the CPUs ran 18 and 1 ms; the cgroup had 15 of them, the program 14. */
static void
check_fine_share(const char *file, const char *before, const char *after)
{
	put(file, before);
	put("cg/cpu.stat", "usage_usec 1000\nthrottled_usec 0\n");
	gauges = tare_gauges_open(root);
	tare_gauges_begin(gauges, cgroup, UINT64_MAX, 1000);
	put(file, after);
	put("cg/cpu.stat", "usage_usec 16000\nthrottled_usec 0\n");
	tare_gauges_end(&noise, gauges, &cpus, 14e6, 1000 + 20 * 1000000);
	assert_close(read_of(TARE_READING_FOREIGN_CPU), 0.1, 1e-9);
	assert_true(isnan(read_of(TARE_READING_STEAL)));
}

static void
knows_shares_of_short_intervals_from_cpuacct(void **state)
{
	(void)state;
	check_fine_share("sys/fs/cgroup/cpuacct/cpuacct.usage_percpu", "5000000 7000000 1 \n",
		"23000000 8000000 9000000 \n");
}

static void
knows_shares_of_short_intervals_from_schedstat(void **state)
{
	(void)state;
	check_fine_share("proc/schedstat",
		"version 15\ntimestamp 4295\ncpu0 0 0 0 0 0 0 5000000 11 12\n"
		"domain0 3 1 2 3 4 5 6 7 8 9\ncpu1 0 0 0 0 0 0 7000000 11 12\n",
		"version 15\ntimestamp 4296\ncpu0 0 0 0 0 0 0 23000000 11 12\n"
		"domain0 3 1 2 3 4 5 6 7 8 9\ncpu1 0 0 0 0 0 0 8000000 11 12\n");
}

static void
leaves_the_shortest_intervals_without_a_share(void **state)
{
	static const char file[] = "sys/fs/cgroup/cpuacct/cpuacct.usage_percpu";

	(void)state;
	put(file, "0 0\n");
	gauges = tare_gauges_open(root);
	tare_gauges_begin(gauges, NULL, UINT64_MAX, 1000);
	tare_gauges_end(&noise, gauges, &cpus, 0, 1000 + TARE_GAUGES_KEEP_NS - 1);
	assert_true(isnan(read_of(TARE_READING_FOREIGN_CPU)));
	/* What is expected to be short is not read at its beginning. */
	tare_gauges_begin(gauges, NULL, 900000, 10000000);
	put(file, "9000000 9000000\n");
	put_stat(180, 0);
	tare_gauges_end(&noise, gauges, &cpus, 0, UINT64_C(1000000000));
	assert_true(isnan(read_of(TARE_READING_FOREIGN_CPU)));
	tare_gauges_begin(gauges, NULL, 1000000, UINT64_C(2000000000));
	put(file, "13000000 9000000\n");
	tare_gauges_end(&noise, gauges, &cpus, 0, UINT64_C(2010000000));
	assert_close(read_of(TARE_READING_FOREIGN_CPU), 0.2, 1e-9);
}

/* A large machine's text takes a while. */
static void
reads_a_long_text_around_long_intervals_only(void **state)
{
	static char text[8 << 10];

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	memcpy(text, "cpu0 0 0 0 0 0 0 5 1 1", 22);
	put("proc/schedstat", text);
	gauges = tare_gauges_open(root);
	tare_gauges_begin(gauges, NULL, UINT64_MAX, 1000);
	tare_gauges_end(&noise, gauges, &cpus, 0, 1000 + 8 * 1000000);
	assert_true(isnan(read_of(TARE_READING_FOREIGN_CPU)));
	tare_gauges_begin(gauges, NULL, UINT64_MAX, 10000000);
	tare_gauges_end(&noise, gauges, &cpus, 0, 30000000);
	tare_gauges_begin(gauges, NULL, UINT64_MAX, 30000000);
	memcpy(text, "cpu0 0 0 0 0 0 0 5000005", 24);
	put("proc/schedstat", text);
	tare_gauges_end(&noise, gauges, &cpus, 0, 50000000);
	assert_close(read_of(TARE_READING_FOREIGN_CPU), 0.25, 1e-9);
}

static void
keeps_a_slow_reading_for_a_moment_and_no_longer(void **state)
{
	(void)state;
	gauges = tare_gauges_open(root);
	tare_gauges_begin(gauges, NULL, UINT64_MAX, 1000);
	put_stat(150, 0);
	tare_gauges_begin(gauges, NULL, UINT64_MAX, 1000 + TARE_GAUGES_KEEP_NS);
	put_stat(180, 0);
	tare_gauges_end(&noise, gauges, &cpus, 0, 1000 + UINT64_C(1000000000));
	assert_close(read_of(TARE_READING_FOREIGN_CPU), 0.38, 1e-9);
	/* The last reading is the next first one until it is too old. */
	tare_gauges_begin(gauges, NULL, UINT64_MAX, UINT64_C(9000000000));
	tare_gauges_end(&noise, gauges, &cpus, 0, UINT64_C(10000000000));
	assert_close(read_of(TARE_READING_FOREIGN_CPU), 0, 0);
}

static void
turns_to_the_cgroup_of_another_case(void **state)
{
	char *other = test_path(root, "other");

	(void)state;
	put("other/cpu.pressure", "some avg10=0 avg60=0 avg300=0 total=5\n");
	gauges = tare_gauges_open(root);
	tare_gauges_begin(gauges, cgroup, UINT64_MAX, 1000);
	tare_gauges_begin(gauges, other, UINT64_MAX, 2000);
	put("other/cpu.pressure", "some avg10=0 avg60=0 avg300=0 total=8\n");
	tare_gauges_end(&noise, gauges, &cpus, 0, 3000);
	assert_close(read_of(TARE_READING_CPU_PRESSURE), 3e3, 0);
	assert_true(isnan(read_of(TARE_READING_THROTTLED)));
	/* A counter that went back says nothing. */
	tare_gauges_begin(gauges, other, UINT64_MAX, 4000);
	put("other/cpu.pressure", "some avg10=0 avg60=0 avg300=0 total=2\n");
	tare_gauges_end(&noise, gauges, &cpus, 0, 5000);
	assert_true(isnan(read_of(TARE_READING_CPU_PRESSURE)));
	free(other);
}

static void
reads_nothing_out_of_nonsense(void **state)
{
	(void)state;
	put("proc/stat", "cpu0 a b c\ncpu99999 1 2 3 4 5 6 7 8\ncpu");
	put("cg/cpu.pressure", "some total\nfull total=3\n");
	put("cg/cpu.stat", "throttled_usec \n");
	gauges = tare_gauges_open(root);
	tare_gauges_begin(gauges, cgroup, UINT64_MAX, 1000);
	tare_gauges_end(&noise, gauges, &cpus, 0, 1000 + UINT64_C(1000000000));
	for (int i = 0; i < TARE_READING_COUNT; i++)
		assert_true(isnan(noise.readings[i]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_pressure_and_throttling_of_the_cgroup_in_between),
		TEST(says_what_share_of_its_cpus_others_had),
		TEST(finds_no_others_where_the_program_was_alone),
		TEST(reads_swapping_and_heat_where_there_can_be_any),
		TEST(knows_shares_of_short_intervals_from_cpuacct),
		TEST(knows_shares_of_short_intervals_from_schedstat),
		TEST(leaves_the_shortest_intervals_without_a_share),
		TEST(reads_a_long_text_around_long_intervals_only),
		TEST(keeps_a_slow_reading_for_a_moment_and_no_longer),
		TEST(turns_to_the_cgroup_of_another_case),
		TEST(reads_nothing_out_of_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
