#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/stages/mixing.h"

static struct tare_run_case base_cases[2], head_cases[2];
static const struct tare_run base = {.cases = base_cases, .case_count = 2};
static const struct tare_run head = {.cases = head_cases, .case_count = 2};

static enum tare_status
check(const char *base_runner, const char *head_runner, struct tare_err *err)
{
	base_cases[0] = (struct tare_run_case){.name = "a", .runner = "host"};
	base_cases[1] = (struct tare_run_case){.name = "b", .runner = base_runner};
	head_cases[0] = (struct tare_run_case){.name = "b", .runner = head_runner};
	head_cases[1] = (struct tare_run_case){.name = "new", .runner = "docker"};
	return tare_mixing_check(&base, &head, err);
}

static void
lets_like_be_compared_with_like(void **state)
{
	(void)state;
	assert_int_equal(check("host", "host", NULL), TARE_OK);
	assert_int_equal(check("docker", "docker", NULL), TARE_OK);
	assert_int_equal(check("docker", "podman", NULL), TARE_OK);
	assert_int_equal(check("replay", "docker", NULL), TARE_OK);
	assert_int_equal(check("host", "replay", NULL), TARE_OK);
}

static void
refuses_a_container_against_the_host(void **state)
{
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(check("host", "docker", &err), TARE_INVALID);
	assert_string_equal(err.text,
		"b ran with the runner host in the baseline and with docker now, so that what a "
		"container costs would count as a change; measure both with one runner, see what "
		"of "
		"it is the container's with tare calibrate --correct, or compare them nevertheless "
		"with --mixed-runners");
	assert_int_equal(check("podman", "host", NULL), TARE_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_like_be_compared_with_like),
		cmocka_unit_test(refuses_a_container_against_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
