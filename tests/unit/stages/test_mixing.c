#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/stages/mixing.h"

static struct tare_run_case base_cases[2], head_cases[2];
static const struct tare_run base = {.cases = base_cases, .case_count = 2};
static const struct tare_run head = {.cases = head_cases, .case_count = 2};
/* b of head against b of base. */
static struct tare_comparison item = {.base_case = 1, .head_case = 0};
static const struct tare_comparison_set set = {.items = &item, .item_count = 1};

static const struct tare_correction_line line = {.beta = 1};
static struct tare_corrected corrected[2];
static const struct tare_correction correction = {.cases = corrected, .case_count = 2};

static enum tare_status
check(const char *base_runner, const char *head_runner, const struct tare_correction *of_head,
	struct tare_err *err)
{
	base_cases[0] = (struct tare_run_case){.name = "a", .runner = "host"};
	base_cases[1] = (struct tare_run_case){.name = "b", .runner = base_runner};
	head_cases[0] = (struct tare_run_case){.name = "b", .runner = head_runner};
	head_cases[1] = (struct tare_run_case){.name = "new", .runner = "docker"};
	return tare_mixing_check(&set, &base, NULL, &head, of_head, err);
}

static void
lets_like_be_compared_with_like(void **state)
{
	(void)state;
	assert_int_equal(check("host", "host", NULL, NULL), TARE_OK);
	assert_int_equal(check("docker", "docker", NULL, NULL), TARE_OK);
	assert_int_equal(check("docker", "podman", NULL, NULL), TARE_OK);
	assert_int_equal(check("replay", "docker", NULL, NULL), TARE_OK);
	assert_int_equal(check("host", "replay", NULL, NULL), TARE_OK);
}

static void
refuses_a_container_against_the_host(void **state)
{
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(check("host", "docker", NULL, &err), TARE_INVALID);
	assert_string_equal(err.text,
		"b ran with the runner host in the baseline and with docker now, so that what a "
		"container costs would count as a change, and it cannot be corrected: nothing is "
		"to be corrected; measure both with one runner, or compare them nevertheless with "
		"--mixed-runners");
	assert_int_equal(check("podman", "host", NULL, NULL), TARE_INVALID);
}

static void
says_why_no_calibration_helps(void **state)
{
	struct tare_err err = {0};

	(void)state;
	corrected[0] = (struct tare_corrected){.inside = true, .why_not = "it is too old"};
	assert_int_equal(check("host", "docker", &correction, &err), TARE_INVALID);
	assert_non_null(strstr(err.text, "and it cannot be corrected: it is too old; measure"));
}

static void
lets_a_container_that_is_corrected_be_compared_with_the_host(void **state)
{
	(void)state;
	corrected[0] = (struct tare_corrected){.inside = true, .line = &line};
	assert_int_equal(check("host", "docker", &correction, NULL), TARE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_like_be_compared_with_like),
		cmocka_unit_test(refuses_a_container_against_the_host),
		cmocka_unit_test(says_why_no_calibration_helps),
		cmocka_unit_test(lets_a_container_that_is_corrected_be_compared_with_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
