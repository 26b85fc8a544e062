#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/machine/knobs.h"

static const char workstation[] = "tests/machines/workstation";

static int
set_up(void **state)
{
	*state = tare_arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	tare_arena_free(*state);
	return 0;
}

static struct tare_knob_reading
read_knob(struct tare_arena *arena, const char *name)
{
	struct tare_knob_reading reading;
	const struct tare_knob *knob = tare_knob_find(name);

	assert_non_null(knob);
	tare_knob_read(&reading, arena, workstation, knob);
	return reading;
}

static void
every_knob_says_what_it_is_and_what_production_wants(void **state)
{
	(void)state;
	for (size_t i = 0; i < tare_knob_count; i++) {
		const struct tare_knob *knob = &tare_knobs[i];

		assert_true(knob->name && knob->summary && knob->production && knob->expected);
		assert_non_null(knob->absent);
		assert_ptr_equal(tare_knob_find(knob->name), knob);
		assert_true((knob->kind == TARE_KNOB_NICE) == !knob->places[0]);
		assert_true((knob->kind == TARE_KNOB_WORDS) == !!knob->words[0].word);
	}
	assert_null(tare_knob_find("govern"));
}

static void
reads_values_in_the_words_of_users(void **state)
{
	static const struct {
		const char *name, *now;
		size_t count;
	} expected[] = {
		{"governor", "powersave", 4},
		{"turbo", "on", 1},
		{"boost", NULL, 0},
		{"perf-sample-rate", "100000", 1},
		{"watchdog", "on", 2},
		{"thp", "always", 1},
		{"swap", "60", 1},
		{"irq-affinity", "mixed", 4},
		{"nice", NULL, 0},
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct tare_knob_reading reading = read_knob(*state, expected[i].name);

		assert_int_equal(reading.file_count, expected[i].count);
		if (expected[i].now)
			assert_string_equal(reading.now, expected[i].now);
		else
			assert_null(reading.now);
	}
}

static void
names_files_without_the_root_and_in_order(void **state)
{
	struct tare_knob_reading reading = read_knob(*state, "governor");

	assert_string_equal(
		reading.files[0].path, "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor");
	assert_string_equal(
		reading.files[3].path, "/sys/devices/system/cpu/cpufreq/policy3/scaling_governor");
	assert_string_equal(reading.files[3].raw, "powersave");
}

static const char *
raw_of(struct tare_arena *arena, const char *name, const char *value)
{
	struct tare_knob_reading reading = read_knob(arena, name);
	struct tare_err err = {0};
	const char *raw = NULL;

	assert_int_equal(
		tare_knob_value_parse(&raw, arena, workstation, &reading, value, "0-1", &err),
		TARE_OK);
	return raw;
}

static void
turns_words_into_what_files_take(void **state)
{
	assert_string_equal(raw_of(*state, "turbo", "off"), "1");
	assert_string_equal(raw_of(*state, "boost", "off"), "0");
	assert_string_equal(raw_of(*state, "watchdog", "on"), "1");
	assert_string_equal(raw_of(*state, "thp", "never"), "never");
	assert_string_equal(raw_of(*state, "governor", "performance"), "performance");
	assert_string_equal(raw_of(*state, "swap", "007"), "7");
	assert_string_equal(raw_of(*state, "nice", "-20"), "-20");
	assert_string_equal(raw_of(*state, "irq-affinity", "housekeeping"), "0-1");
	assert_string_equal(raw_of(*state, "irq-affinity", "3"), "3");
}

static void
refuses_values_that_a_knob_does_not_take(void **state)
{
	static const struct {
		const char *name, *value, *text;
		enum tare_status status;
	} refused[] = {
		{"turbo", "1", "turbo '1' cannot be set; expected on or off", TARE_INVALID},
		{"thp", "", "thp '' cannot be set; expected always, madvise or never",
			TARE_INVALID},
		{"perf-sample-rate", "0",
			"perf-sample-rate '0' cannot be set; expected a number of samples a "
			"second, like 1",
			TARE_INVALID},
		{"swap", " 60", "swap ' 60' cannot be set; expected a swappiness from 0 to 200",
			TARE_INVALID},
		{"swap", "60%", "swap '60%' cannot be set; expected a swappiness from 0 to 200",
			TARE_INVALID},
		{"nice", "-21", "nice '-21' cannot be set; expected a number from -20 to 19",
			TARE_INVALID},
		{"irq-affinity", "all",
			"irq-affinity 'all' cannot be set; expected a list of CPUs, like 0-1, or "
			"housekeeping",
			TARE_INVALID},
		{"governor", "per\nformance",
			"governor 'per\nformance' cannot be set; expected a governor of this "
			"machine, like performance",
			TARE_INVALID},
		{"governor", "ondemand",
			"governor 'ondemand' is not offered here; expected one of: performance "
			"powersave",
			TARE_UNSUPPORTED},
		{"governor", "power",
			"governor 'power' is not offered here; expected one of: performance "
			"powersave",
			TARE_UNSUPPORTED},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct tare_knob_reading reading = read_knob(*state, refused[i].name);
		struct tare_err err = {0};
		const char *raw = "untouched";

		assert_int_equal(tare_knob_value_parse(&raw, *state, workstation, &reading,
					 refused[i].value, "0", &err),
			refused[i].status);
		assert_string_equal(err.text, refused[i].text);
		assert_string_equal(raw, "untouched");
	}
}

static void
lists_of_cpus_are_equal_however_they_are_written(void **state)
{
	const struct tare_knob *irq = tare_knob_find("irq-affinity");
	const struct tare_knob *governor = tare_knob_find("governor");

	(void)state;
	assert_true(tare_knob_same(irq, "0-3", "0,1,2-3"));
	assert_false(tare_knob_same(irq, "0-3", "0-2"));
	assert_false(tare_knob_same(irq, "0-3", ""));
	assert_true(tare_knob_same(governor, "schedutil", "schedutil"));
	assert_false(tare_knob_same(governor, "0-1", "0,1"));
}

static void
owns_its_own_files_only(void **state)
{
	const struct tare_knob *irq = tare_knob_find("irq-affinity");
	const struct tare_knob *nice = tare_knob_find("nice");

	(void)state;
	assert_true(tare_knob_owns(irq, "/proc/irq/24/smp_affinity_list"));
	assert_false(tare_knob_owns(irq, "/proc/irq/24/smp_affinity"));
	assert_false(tare_knob_owns(irq, "/proc/irq/24/x/smp_affinity_list"));
	assert_false(tare_knob_owns(irq, "/proc/irq/../smp_affinity_list"));
	assert_false(tare_knob_owns(irq, "/etc/passwd"));
	assert_false(tare_knob_owns(irq, "x/proc/irq/24/smp_affinity_list"));
	assert_false(tare_knob_owns(nice, "/proc/sys/vm/swappiness"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knob_says_what_it_is_and_what_production_wants),
		cmocka_unit_test_setup_teardown(
			reads_values_in_the_words_of_users, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			names_files_without_the_root_and_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			turns_words_into_what_files_take, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			refuses_values_that_a_knob_does_not_take, set_up, tear_down),
		cmocka_unit_test(lists_of_cpus_are_equal_however_they_are_written),
		cmocka_unit_test(owns_its_own_files_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
