#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/cli/list.h"
#include "harness/store/store.h"

enum { BAR_WIDTH = 30 };

struct history_line {
	struct tare_given_count limit;
	const char *suite;
	const char *format;
	const char *store;
};

#define AT(field) offsetof(struct history_line, field)

static const struct tare_option options[] = {
	{"suite", 0, "NAME", TARE_OPTION_TEXT, AT(suite), "only runs of this suite"},
	{"limit", 0, "N", TARE_OPTION_COUNT, AT(limit), "the newest N points; 0 for all (0)"},
	{"format", 'f', "FORMAT", TARE_OPTION_TEXT, AT(format), "text or json"},
	{"store", 0, "URL", TARE_OPTION_TEXT, AT(store),
		"the history (sqlite:.tare/results.db, or TARE_STORE)"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

static double
largest_median(const struct tare_store_point *points, size_t count)
{
	double largest = 0.0;

	for (size_t i = 0; i < count; i++)
		largest = fmax(largest, points[i].median);
	return largest;
}

/* A bar from zero, so that lengths compare as the values do. */
static void
print_bar(double value, double largest)
{
	int len = largest > 0.0 && value > 0.0 ? (int)lround(value / largest * BAR_WIDTH) : 0;

	putchar('|');
	for (int i = 0; i < len; i++)
		putchar('#');
	putchar('\n');
}

static void
print_point(const struct tare_store_point *point, double largest, bool changed_machine)
{
	char date[TARE_TIME_TEXT_MAX], median[TARE_UNITS_TEXT_MAX];

	if (changed_machine)
		puts("  -- another environment from here on --");
	tare_time_format(date, sizeof(date), point->started_unix_ns);
	tare_value_format(median, sizeof(median), point->median, point->metric.unit);
	printf("%.10s  %-23s ", date, point->run_id);
	tare_text_print_safe(stdout, point->release, false);
	printf("%*s %12s  n=%-5zu ",
		(int)(strlen(point->release) < 12 ? 12 - strlen(point->release) : 0), "", median,
		point->n);
	print_bar(point->median, largest);
}

static void
print_points(const struct tare_store_point *points, size_t count)
{
	double largest = largest_median(points, count);

	tare_text_print_safe(stdout, points[0].case_name, false);
	printf(": %s (%s is better)\n", points[0].metric.name,
		tare_better_name(points[0].metric.better));
	for (size_t i = 0; i < count; i++)
		print_point(&points[i], largest,
			i > 0 && strcmp(points[i].fingerprint, points[i - 1].fingerprint) != 0);
}

static void
print_points_json(const struct tare_store_point *points, size_t count)
{
	struct tare_json json;

	tare_json_begin(&json, stdout, 2);
	tare_json_array_begin(&json, NULL);
	for (size_t i = 0; i < count; i++) {
		tare_json_object_begin(&json, NULL);
		tare_json_string(&json, "case", points[i].case_name);
		tare_json_string(&json, "metric", points[i].metric.name);
		tare_json_string(&json, "unit", points[i].metric.unit);
		tare_json_string(&json, "run", points[i].run_id);
		tare_json_string(&json, "release", points[i].release);
		tare_json_string(&json, "fingerprint", points[i].fingerprint);
		tare_json_u64(&json, "started_unix_ns", points[i].started_unix_ns);
		tare_json_u64(&json, "n", points[i].n);
		tare_json_double(&json, "median", points[i].median);
		tare_json_array_begin(&json, "interval");
		tare_json_double(&json, NULL, points[i].low);
		tare_json_double(&json, NULL, points[i].high);
		tare_json_array_end(&json);
		tare_json_object_end(&json);
	}
	tare_json_array_end(&json);
	putchar('\n');
}

static enum tare_status
no_history(struct tare_store *store, struct tare_arena *arena, const char *case_name,
	const char *metric, struct tare_err *err)
{
	const char **names;
	const char *near;
	size_t count;

	if (store->ops->list_cases(store, &names, &count, arena, err) != TARE_OK)
		return err->status;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], case_name) == 0)
			return tare_err_set(err, TARE_NOT_FOUND,
				"case '%s' has no metric '%s'; tare show latest names its metrics",
				case_name, metric);
	}
	near = tare_text_nearest(case_name, names, count);
	return tare_err_set(err, TARE_NOT_FOUND,
		"there is no case '%s'; %s%s%stare list cases names "
		"them",
		case_name, near ? "did you mean '" : "", near ? near : "", near ? "'? " : "");
}

static enum tare_status
history(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct history_line *line = line_in;
	const struct tare_store_filter filter = {.suite = line->suite, .limit = line->limit.value};
	const char *metric = operands[0] && operands[1] ? operands[1] : "wall";
	struct tare_arena *arena = tare_arena_new();
	struct tare_store *store = NULL;
	struct tare_store_point *points;
	size_t count = 0;
	bool json = false;
	enum tare_status status = tare_operands_check("history", operands, 1, 2, err);

	(void)exit_code_out;
	if (status == TARE_OK)
		status = tare_format_parse(&json, line->format, err);
	if (status == TARE_OK)
		status = tare_store_open_existing(&store, line->store, err);
	if (status == TARE_OK)
		status = store->ops->history(
			store, &points, &count, arena, operands[0], metric, &filter, err);
	if (status == TARE_OK && count == 0)
		status = no_history(store, arena, operands[0], metric, err);
	if (status == TARE_OK && json)
		print_points_json(points, count);
	else if (status == TARE_OK)
		print_points(points, count);
	tare_store_close(store);
	tare_arena_free(arena);
	return status;
}

const struct tare_command tare_command_history = {
	.name = "history",
	.usage = "[OPTION...] CASE [METRIC]",
	.summary = "print a metric of a case over runs and releases",
	.tables = tables,
	.line_size = sizeof(struct history_line),
	.run = history,
};
