#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/counters/counters.h"
#include "tests/support/files.h"

static const struct tare_counter_place server = {.root = "tests/machines/powercap"};
static const struct tare_counter_place laptop = {.root = "tests/machines/laptop"};

static void
adds_up_the_packages_of_a_recorded_machine(void **state)
{
	struct tare_counter_source source;
	double value = 0.0;

	(void)state;
	assert_int_equal(tare_counters_energy.supported(&server, NULL), TARE_OK);
	assert_int_equal(
		tare_counters_energy.find(&source, NULL, &server, "energy-package", NULL), TARE_OK);
	assert_int_equal(tare_counters_energy.read(&value, &source, &server, NULL), TARE_OK);
	assert_true(value == 1000200.0 + 2000400.0);
	assert_true(source.wrap == 262143328850.0);
	assert_int_equal(
		tare_counters_energy.find(&source, NULL, &server, "energy-memory", NULL), TARE_OK);
	assert_int_equal(tare_counters_energy.read(&value, &source, &server, NULL), TARE_OK);
	assert_true(value == 300.0 + 700.0);
}

static void
says_which_zone_is_not_there(void **state)
{
	struct tare_counter_source source;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(tare_counters_energy.find(&source, NULL, &server, "energy-cores", &err),
		TARE_UNSUPPORTED);
	assert_string_equal(err.text, "there is no cores zone in /sys/class/powercap");
	assert_int_equal(tare_counters_energy.supported(&laptop, &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, "there is no package zone in /sys/class/powercap");
}

static void
does_not_take_part_of_the_packages_for_all(void **state)
{
	char *folder = test_folder_make();
	char *second = test_path(folder, "sys/class/powercap/intel-rapl:1/energy_uj");
	const struct tare_counter_place place = {.root = folder};
	struct tare_counter_source source;
	struct tare_err err = {0};
	double value = 0.0;

	(void)state;
	test_file_put(folder, "sys/class/powercap/intel-rapl:0/name", "package-0\n");
	test_file_put(folder, "sys/class/powercap/intel-rapl:0/energy_uj", "1000\n");
	test_file_put(folder, "sys/class/powercap/intel-rapl:1/name", "package-1\n");
	test_file_put(folder, "sys/class/powercap/intel-rapl:1/energy_uj", "2000\n");
	assert_int_equal(
		tare_counters_energy.find(&source, NULL, &place, "energy-package", NULL), TARE_OK);
	assert_int_equal(tare_counters_energy.read(&value, &source, &place, NULL), TARE_OK);
	assert_true(value == 3000.0);
	remove(second);
	assert_int_equal(
		tare_counters_energy.read(&value, &source, &place, &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, "/sys/class/powercap cannot be read any more");
	free(second);
	test_folder_remove(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_the_packages_of_a_recorded_machine),
		cmocka_unit_test(says_which_zone_is_not_there),
		cmocka_unit_test(does_not_take_part_of_the_packages_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
