#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/model/formula.h"

static struct tare_arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = tare_arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static struct tare_formula *
parsed(const char *text)
{
	struct tare_formula *formula = NULL;
	struct tare_err err = {0};

	if (tare_formula_parse(&formula, arena, text, &err) != TARE_OK)
		fail_msg("%s: %s", text, err.text);
	return formula;
}

static double
value_of(const char *text, const double *values)
{
	return tare_formula_evaluate(parsed(text), values);
}

static void
check_refused(const char *text, const char *sentence)
{
	struct tare_formula *formula = NULL;
	struct tare_err err = {0};

	assert_int_equal(tare_formula_parse(&formula, arena, text, &err), TARE_INVALID);
	assert_string_equal(err.text, sentence);
	assert_null(formula);
}

static void
multiplies_before_it_adds(void **state)
{
	(void)state;
	assert_true(value_of("1 + 2 * 3", NULL) == 7.0);
	assert_true(value_of("(1 + 2) * 3", NULL) == 9.0);
	assert_true(value_of("2*3+4*5", NULL) == 26.0);
}

static void
goes_from_left_to_right(void **state)
{
	(void)state;
	assert_true(value_of("10 - 3 - 2", NULL) == 5.0);
	assert_true(value_of("100 / 10 / 5", NULL) == 2.0);
	assert_true(value_of("1.5e3 / 3", NULL) == 500.0);
}

static void
keeps_the_hyphens_of_names(void **state)
{
	const double values[] = {6.0, 4.0};
	struct tare_formula *formula = parsed("cache-misses - page-faults");

	(void)state;
	assert_int_equal(tare_formula_name_count(formula), 2);
	assert_string_equal(tare_formula_name(formula, 0), "cache-misses");
	assert_string_equal(tare_formula_name(formula, 1), "page-faults");
	assert_true(tare_formula_evaluate(formula, values) == 2.0);
}

static void
names_what_it_needs_once(void **state)
{
	const double values[] = {3.0, 2.0};
	struct tare_formula *formula = parsed("a / (a + perf::B:u) * 1000");

	(void)state;
	assert_int_equal(tare_formula_name_count(formula), 2);
	assert_string_equal(tare_formula_name(formula, 1), "perf::B:u");
	assert_true(tare_formula_evaluate(formula, values) == 600.0);
}

static void
has_no_value_where_a_part_has_none(void **state)
{
	const double missing[] = {1.0, NAN};
	const double zero[] = {1.0, 0.0};

	(void)state;
	assert_true(isnan(value_of("a / b", missing)));
	assert_true(isnan(value_of("a / b", zero)));
	assert_true(isnan(value_of("(a - a) / (a - a)", zero)));
	assert_true(isnan(value_of("1e308 * 10", NULL)));
}

static void
says_what_is_wrong_and_where(void **state)
{
	(void)state;
	check_refused("", "the formula ends early; expected a name, a number or '('");
	check_refused("a +", "the formula ends early; expected a name, a number or '('");
	check_refused("a b", "unexpected 'b' in column 3 of the formula; expected an operator");
	check_refused("(a", "the formula ends early; expected an operator or ')'");
	check_refused("a)", "unexpected ')' in column 2 of the formula; expected an operator");
	check_refused("a % b", "unexpected '%' in column 3 of the formula; expected an operator");
	check_refused("-a",
		"unexpected '-' in column 1 of the formula; expected a name, a number or '('");
	check_refused(
		"0x10", "unexpected '0' in column 1 of the formula; expected a decimal number");
	check_refused("1e999",
		"unexpected '1' in column 1 of the formula; expected a number that is not too "
		"large");
	check_refused("\x01",
		"unexpected '?' in column 1 of the formula; expected a name, a number or '('");
}

static void
is_bounded_in_every_direction(void **state)
{
	char text[TARE_FORMULA_LEN_MAX + 2];

	(void)state;
	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	check_refused(text, "the formula has 513 bytes; expected at most 512");
	text[100] = '\0';
	check_refused(text, "the formula is nested deeper than 32");
	for (size_t i = 0; i < 130; i++)
		memcpy(text + 2 * i, "1+", 3);
	check_refused(text, "the formula has more than 128 numbers, names and operators");
	check_refused("a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q", "the formula has more than 16 names");
}

static void
has_room_for_the_deepest_formula(void **state)
{
	char text[TARE_FORMULA_LEN_MAX];
	size_t len = 0;

	(void)state;
	for (int i = 0; i < TARE_FORMULA_DEPTH_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "1+(");
	len += (size_t)snprintf(text + len, sizeof(text) - len, "1");
	memset(text + len, ')', TARE_FORMULA_DEPTH_MAX);
	text[len + TARE_FORMULA_DEPTH_MAX] = '\0';
	assert_true(value_of(text, NULL) == TARE_FORMULA_DEPTH_MAX + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multiplies_before_it_adds),
		cmocka_unit_test(goes_from_left_to_right),
		cmocka_unit_test(keeps_the_hyphens_of_names),
		cmocka_unit_test(names_what_it_needs_once),
		cmocka_unit_test(has_no_value_where_a_part_has_none),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(is_bounded_in_every_direction),
		cmocka_unit_test(has_room_for_the_deepest_formula),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
