#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/cli/series_print.h"
#include "tests/support/close.h"
#include "tests/support/files.h"

enum { POINTS = 40, STEP = 25 };

static struct tare_arena *arena;
static struct tare_series_set set;
static struct tare_err err;
static char *folder, *path;

/* 10 % up from point 25 on; with a missing value behind the first point, and a last host. */
static int
write_file(void **state)
{
	char text[4096] = "when,v,host\n";
	size_t len = strlen(text);

	(void)state;
	arena = tare_arena_new();
	folder = test_folder_make();
	path = test_path(folder, "a.csv");
	for (int i = 0; i < POINTS; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "r%d,%d,%s\n", i,
			(i < STEP ? 1000 : 1100) + i * 7 % 11, i < 33 ? "old" : "new\x1b[2J");
		if (i == 0)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "r0b,,old\n");
	}
	test_file_write(path, text, len);
	memset(&set, 0, sizeof(set));
	return 0;
}

static int
remove_file(void **state)
{
	(void)state;
	free(path);
	test_folder_remove(folder);
	tare_arena_free(arena);
	return 0;
}

static enum tare_status
load(struct tare_series_line line)
{
	const struct tare_series_choice choice = {0};
	enum tare_status status = tare_series_load(&set, arena, &line, &choice, &err);

	if (status == TARE_OK)
		tare_series_find_trends(&set, arena);
	return status;
}

static void
finds_the_change_of_a_file(void **state)
{
	(void)state;
	assert_int_equal(load((struct tare_series_line){.csv = path, .value = "v", .time = "when"}),
		TARE_OK);
	assert_int_equal(set.count, 1);
	assert_int_equal(set.items[0].count, POINTS);
	assert_int_equal(set.items[0].skipped, 1);
	assert_int_equal(set.items[0].gate.change_count, 1);
	assert_int_equal(set.items[0].gate.changes[0].index, STEP);
	assert_string_equal(set.items[0].points[STEP].time, "r25");
	assert_int_equal(set.items[0].points[STEP].line, STEP + 3);
	assert_string_equal(tare_series_direction(&set.items[0], 1.1, true), "change");
}

static void
the_margin_decides_what_matters(void **state)
{
	(void)state;
	assert_int_equal(
		load((struct tare_series_line){.csv = path, .value = "v", .margin = "20%"}),
		TARE_OK);
	assert_int_equal(set.items[0].gate.change_count, 0);
	assert_int_equal(set.items[0].triage.change_count, 1);
	assert_true(tare_series_is_possible(&set.items[0], &set.items[0].triage.changes[0]));
	assert_int_equal(load((struct tare_series_line){.csv = path, .value = "v", .margin = "2%"}),
		TARE_OK);
	assert_false(tare_series_is_possible(&set.items[0], &set.items[0].triage.changes[0]));
}

static void
another_environment_begins_a_segment(void **state)
{
	(void)state;
	assert_int_equal(
		load((struct tare_series_line){.csv = path, .value = "v", .environment = "host"}),
		TARE_OK);
	assert_int_equal(set.items[0].gate.change_count, 2);
	assert_true(set.items[0].gate.changes[1].forced);
	assert_int_equal(set.items[0].gate.changes[1].index, 33);
	assert_false(set.items[0].gate.changes[1].significant);
}

static void
the_newest_points_are_what_the_limit_keeps(void **state)
{
	(void)state;
	assert_int_equal(load((struct tare_series_line){
				 .csv = path, .value = "v", .time = "1", .limit = {10, true}}),
		TARE_OK);
	assert_int_equal(set.items[0].count, 10);
	assert_string_equal(set.items[0].points[0].time, "r30");
}

static void
better_gives_a_direction(void **state)
{
	(void)state;
	assert_int_equal(
		load((struct tare_series_line){.csv = path, .value = "v", .better = "higher"}),
		TARE_OK);
	assert_string_equal(tare_series_direction(&set.items[0], 1.1, true), "improvement");
	assert_string_equal(tare_series_direction(&set.items[0], -3.0, false), "regression");
}

static void
assert_refused(struct tare_series_line line, const char *sentence)
{
	assert_int_equal(load(line), TARE_INVALID);
	assert_string_equal(err.text, sentence);
}

static void
options_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	assert_refused((struct tare_series_line){.value = "v"},
		"--value is for files; expected --csv FILE too");
	assert_refused((struct tare_series_line){.csv = path},
		"--csv needs --value COLUMN to say what to read");
	assert_refused((struct tare_series_line){.csv = path, .value = "v", .store = "memory:"},
		"--csv and --store exclude each other; expected one");
	assert_refused((struct tare_series_line){.csv = path, .value = "v", .better = "less"},
		"--better: there is no 'less'; expected lower or higher");
}

static char *
printed(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	print(out);
	fclose(out);
	return text;
}

static void
print_json(FILE *out)
{
	tare_series_print_json(out, &set, true);
}

static void
print_trend(FILE *out)
{
	tare_trend_print(out, &set);
}

static void
print_history(FILE *out)
{
	tare_history_print(out, &set.items[0]);
}

static void
json_has_the_change_and_its_segments(void **state)
{
	json_t *root, *list, *item;
	const char *word;
	uint64_t number;
	double value;
	char *text;

	(void)state;
	load((struct tare_series_line){.csv = path, .value = "v", .time = "when"});
	text = printed(print_json);
	assert_int_equal(tare_json_parse(&root, text, strlen(text), &err), TARE_OK);
	assert_int_equal(tare_json_get_string(&word, root, "format", &err), TARE_OK);
	assert_string_equal(word, "tare-trend");
	assert_int_equal(tare_json_get_array(&list, root, "change_points", &err), TARE_OK);
	assert_int_equal(json_array_size(list), 1);
	item = json_array_get(list, 0);
	assert_int_equal(tare_json_get_u64(&number, item, "index", &err), TARE_OK);
	assert_int_equal(number, STEP);
	assert_int_equal(tare_json_get_string(&word, item, "time", &err), TARE_OK);
	assert_string_equal(word, "r25");
	assert_int_equal(tare_json_get_double(&value, item, "ratio", &err), TARE_OK);
	assert_close(value, 1.1, 0.01);
	assert_int_equal(tare_json_get_double(&value, item, "confidence", &err), TARE_OK);
	assert_true(value > 0.9999 && value <= 1.0);
	assert_int_equal(json_array_size(json_object_get(item, "interval")), 2);
	assert_int_equal(json_array_size(json_object_get(root, "segments")), 2);
	assert_int_equal(json_array_size(json_object_get(root, "points")), POINTS);
	assert_int_equal(json_array_size(json_object_get(root, "series")), 1);
	json_decref(root);
	free(text);
}

static void
people_read_when_and_by_how_much(void **state)
{
	char *text;

	(void)state;
	load((struct tare_series_line){.csv = path, .value = "v", .time = "when"});
	text = printed(print_trend);
	assert_non_null(strstr(text, ": 40 points of v, 1 without a number skipped\n"));
	assert_non_null(strstr(text, "Changed:\n    from  case: metric  change"));
	assert_non_null(strstr(text, "\n    r25   v             +10.0 %"));
	free(text);
	text = printed(print_history);
	assert_non_null(strstr(text, "\n  -- change from here on: +10.0 % (95 % "));
	assert_non_null(strstr(text, "  segment 2: points 25 to 39 (n=15), median 110"));
	assert_non_null(strstr(text, "  ▁▁▁"));
	free(text);
}

static void
outside_text_cannot_drive_the_terminal(void **state)
{
	char *text;

	(void)state;
	load((struct tare_series_line){.csv = path, .value = "v", .time = "host"});
	text = printed(print_history);
	assert_null(strchr(text, '\x1b'));
	assert_non_null(strstr(text, "new\\x1b[2J"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_change_of_a_file),
		cmocka_unit_test(the_margin_decides_what_matters),
		cmocka_unit_test(another_environment_begins_a_segment),
		cmocka_unit_test(the_newest_points_are_what_the_limit_keeps),
		cmocka_unit_test(better_gives_a_direction),
		cmocka_unit_test(options_that_do_not_fit_are_refused),
		cmocka_unit_test(json_has_the_change_and_its_segments),
		cmocka_unit_test(people_read_when_and_by_how_much),
		cmocka_unit_test(outside_text_cannot_drive_the_terminal),
	};

	return cmocka_run_group_tests(tests, write_file, remove_file);
}
