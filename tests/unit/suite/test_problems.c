#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/suite/problems.h"

static struct tare_arena *arena;
static struct tare_problem_list list;
static const struct tare_source source = {.name = "a.yaml", .rank = 0};

static int
setup(void **state)
{
	(void)state;
	arena = tare_arena_new();
	tare_problem_list_init(&list, arena);
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
has_nothing_to_say_at_first(void **state)
{
	struct tare_problems out;
	struct tare_err err;

	(void)state;
	assert_int_equal(tare_problem_list_finish(&out, &list, &err), TARE_OK);
	assert_int_equal(out.count, 0);
	assert_int_equal(out.total, 0);
}

static void
sorts_by_file_line_and_column(void **state)
{
	static const struct tare_source other = {.name = "b.yaml", .rank = 1};
	struct tare_problems out;
	struct tare_err err;

	(void)state;
	tare_problem_add_at(&list, &other, 1, 1, "four");
	tare_problem_add_at(&list, &source, 10, 1, "three");
	tare_problem_add_at(&list, &source, 9, 20, "two");
	tare_problem_add_at(&list, &source, 9, 3, "one");
	assert_int_equal(tare_problem_list_finish(&out, &list, &err), TARE_INVALID);
	assert_int_equal(out.count, 4);
	assert_string_equal(out.texts[0], "a.yaml:9:3: one");
	assert_string_equal(out.texts[1], "a.yaml:9:20: two");
	assert_string_equal(out.texts[2], "a.yaml:10:1: three");
	assert_string_equal(out.texts[3], "b.yaml:1:1: four");
	assert_string_equal(err.text, "a.yaml:9:3: one (and 3 more)");
}

static void
says_one_problem_alone(void **state)
{
	const struct tare_node node = {.source = &source, .line = 2, .column = 5};
	struct tare_problems out;
	struct tare_err err;

	(void)state;
	tare_problem_add(&list, &node, "%d too many", 3);
	assert_int_equal(tare_problem_list_finish(&out, &list, &err), TARE_INVALID);
	assert_string_equal(err.text, "a.yaml:2:5: 3 too many");
}

static void
leaves_the_place_out_for_options(void **state)
{
	static const struct tare_source option = {.name = "--cpus"};
	struct tare_problems out;
	struct tare_err err;

	(void)state;
	tare_problem_add_at(&list, &option, 0, 0, "wrong");
	tare_problem_list_finish(&out, &list, &err);
	assert_string_equal(out.texts[0], "--cpus: wrong");
}

static void
keeps_the_same_problem_once(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		tare_problem_add_at(&list, &source, 1, 1, "again");
	assert_int_equal(list.count, 1);
	assert_int_equal(list.total, 1);
	assert_int_equal(list.attempts, 5);
}

static void
keeps_a_hundred_and_counts_the_rest(void **state)
{
	struct tare_problems out;
	struct tare_err err;

	(void)state;
	for (unsigned i = 1; i <= 250; i++)
		tare_problem_add_at(&list, &source, i, 1, "wrong");
	tare_problem_list_finish(&out, &list, &err);
	assert_int_equal(out.count, TARE_SUITE_PROBLEM_MAX);
	assert_int_equal(out.total, 250);
	assert_string_equal(err.text, "a.yaml:1:1: wrong (and 249 more)");
}

static void
quotes_safely_and_briefly(void **state)
{
	char text[400];

	(void)state;
	assert_string_equal(tare_problem_quote(&list, "a b"), "\"a b\"");
	assert_string_equal(tare_problem_quote(&list, "a\x1b[2J"), "\"a\\x1b[2J\"");
	for (size_t i = 0; i < sizeof(text) - 2; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[0] = 'x';
	text[1] = 'y';
	text[2] = 'z'; /* so that a character lies across the limit */
	text[3] = 'w';
	text[4] = 'v';
	memmove(text + 5, text + 6, sizeof(text) - 8);
	text[sizeof(text) - 3] = '\0';
	assert_true(strlen(tare_problem_quote(&list, text)) <= 80 + 5);
	assert_non_null(strstr(tare_problem_quote(&list, text), "\xc3\xa9...\""));
}

static void
suggests_what_is_near(void **state)
{
	static const char *const words[] = {"command", "shell"};

	(void)state;
	assert_string_equal(
		tare_problem_suggest(&list, "comand", words, 2), "; did you mean \"command\"?");
	assert_string_equal(tare_problem_suggest(&list, "zebra", words, 2), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(has_nothing_to_say_at_first, setup, teardown),
		cmocka_unit_test_setup_teardown(sorts_by_file_line_and_column, setup, teardown),
		cmocka_unit_test_setup_teardown(says_one_problem_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_the_place_out_for_options, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_the_same_problem_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			keeps_a_hundred_and_counts_the_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(quotes_safely_and_briefly, setup, teardown),
		cmocka_unit_test_setup_teardown(suggests_what_is_near, setup, teardown),
	};

	return cmocka_run_group_tests_name("problems", tests, NULL, NULL);
}
