#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/suite/checks.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef enum tare_status check(const char *text, struct tare_err *err);

static void
expect_all(check *function, const char *const *texts, size_t count, enum tare_status expected)
{
	for (size_t i = 0; i < count; i++) {
		struct tare_err err = {0};

		if (function(texts[i], &err) != expected)
			fail_msg("\"%s\" is taken for the opposite: %s", texts[i], err.text);
		assert_int_equal(err.text[0] != '\0', expected != TARE_OK);
	}
}

#define TAKES(function, ...)                                     \
	expect_all(function, (const char *const[]){__VA_ARGS__}, \
		COUNT(((const char *const[]){__VA_ARGS__})), TARE_OK)
#define REFUSES(function, ...)                                   \
	expect_all(function, (const char *const[]){__VA_ARGS__}, \
		COUNT(((const char *const[]){__VA_ARGS__})), TARE_INVALID)

static void
knows_names(void **state)
{
	(void)state;
	TAKES(tare_check_name, "a", "a b", "<script>", "\xc3\xa9", "1");
	REFUSES(tare_check_name, "", " a", "a ", "a\nb", "a\x7f", "${a}");
	TAKES(tare_check_identifier, "a", "_a", "a-b", "A9");
	REFUSES(tare_check_identifier, "", "9a", "a b", "a.b", "work_dir", "variant", "-a");
	TAKES(tare_check_tag, "a", "1.2", "a/b:c");
	REFUSES(tare_check_tag, "", "a b", "-a");
	TAKES(tare_check_runner, "host", "auto", "my-runner");
	REFUSES(tare_check_runner, "", "a b", "_a");
	TAKES(tare_check_environment_name, "ci", "lab-2");
	REFUSES(tare_check_environment_name, "", "2", "a.b");
}

static void
knows_environment_variables(void **state)
{
	(void)state;
	TAKES(tare_check_variable_name, "A", "_a1");
	REFUSES(tare_check_variable_name, "", "1A", "A=B", "A-B", "A*");
	TAKES(tare_check_variable_glob, "A*", "*", "?_A");
	REFUSES(tare_check_variable_glob, "", "1A", "[A]");
}

static void
knows_metrics(void **state)
{
	(void)state;
	TAKES(tare_check_metric_name, "wall", "p99.latency", "a/b");
	REFUSES(tare_check_metric_name, "", "9", "a b");
	TAKES(tare_check_unit, "ms", "requests/s", "%");
	REFUSES(tare_check_unit, "", "a\nb", "a unit that is longer than any unit");
	TAKES(tare_check_quantity, "1", "-2.5", "10.1ms", "10 ms", "1e3");
	REFUSES(tare_check_quantity, "", "ms", "nan", "inf", "--1", ".5", "1\n");
}

static void
knows_json_paths(void **state)
{
	(void)state;
	TAKES(tare_check_json_path, "a", "a.b", "a[0]", "a[0][1].b", "[3]", "[0].x");
	REFUSES(tare_check_json_path, "", ".", ".a", "a.", "a..b", "a[", "a[x]", "a[]", "a]",
		"a[1]b", "a[1234567890]", "a.[0]");
}

static void
knows_ports(void **state)
{
	(void)state;
	TAKES(tare_check_port, "1", "65535", "localhost:80", "[::1]:80");
	REFUSES(tare_check_port, "", "0", "65536", ":80", "a:", "a:b", "80x", "999999999999");
}

static void
knows_values_paths_and_scripts(void **state)
{
	(void)state;
	TAKES(tare_check_parameter, "", "a b", "1.10");
	REFUSES(tare_check_parameter, "a\nb", "\x1b");
	TAKES(tare_check_path, "a", "/a b");
	REFUSES(tare_check_path, "");
	TAKES(tare_check_script, "a", " a\n");
	REFUSES(tare_check_script, "", " \t\n");
	TAKES(tare_check_regex, "a+", "(?<x>b)");
	REFUSES(tare_check_regex, "", "(a");
}

static void
bounds_lengths(void **state)
{
	char text[5000];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	REFUSES(tare_check_name, text);
	REFUSES(tare_check_identifier, text);
	REFUSES(tare_check_parameter, text);
	REFUSES(tare_check_metric_name, text);
	REFUSES(tare_check_json_path, text);
	REFUSES(tare_check_path, text);
	REFUSES(tare_check_regex, text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_names),
		cmocka_unit_test(knows_environment_variables),
		cmocka_unit_test(knows_metrics),
		cmocka_unit_test(knows_json_paths),
		cmocka_unit_test(knows_ports),
		cmocka_unit_test(knows_values_paths_and_scripts),
		cmocka_unit_test(bounds_lengths),
	};

	return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
