#include <stdio.h>

#include "harness/base/text.h"
#include "harness/cli/list.h"
#include "harness/cli/series_print.h"

enum { NAMES_MAX = 256 };

struct trend_line {
	struct tare_series_line series; /* first: its options are shared */
	const char *metric;
	bool all_metrics;
};

static const struct tare_option options[] = {
	{"metric", 0, "NAME", TARE_OPTION_TEXT, offsetof(struct trend_line, metric),
		"only this metric (those that are gated)"},
	{"all-metrics", 0, NULL, TARE_OPTION_FLAG, offsetof(struct trend_line, all_metrics),
		"every metric"},
	{0},
};

static const struct tare_option *const tables[] = {options, tare_series_options, NULL};

/* There is nothing of that suite: name what is near. */
static enum tare_status
no_trend(const struct trend_line *line, const char *suite, struct tare_err *err)
{
	const struct tare_store_filter all = {0};
	struct tare_arena *arena = tare_arena_new();
	const char *names[NAMES_MAX], *near;
	struct tare_store_run *runs;
	struct tare_store *store;
	size_t count = 0, name_count = 0;
	enum tare_status status = tare_store_open_existing(&store, line->series.store, err);

	if (status == TARE_OK) {
		status = store->ops->list_runs(store, &runs, &count, arena, &all, err);
		tare_store_close(store);
	}
	for (size_t i = 0; i < count && name_count < NAMES_MAX; i++)
		names[name_count++] = runs[i].suite;
	near = tare_text_nearest(suite, names, name_count);
	if (status == TARE_OK && line->metric)
		status = tare_err_set(err, TARE_NOT_FOUND,
			"there are no runs of suite '%s' with a metric '%s'", suite, line->metric);
	else if (status == TARE_OK)
		status = tare_err_set(err, TARE_NOT_FOUND,
			"there are no runs of suite '%s' with gated metrics; %s%s%stare list runs "
			"names suites",
			suite, near ? "did you mean '" : "", near ? near : "", near ? "'? " : "");
	tare_arena_free(arena);
	return status;
}

static enum tare_status
check_words(const struct trend_line *line, char **operands, struct tare_err *err)
{
	enum tare_status status;

	if (line->series.csv && operands[0])
		return tare_err_set(err, TARE_INVALID,
			"--csv is one series and '%s' a suite; expected one of them", operands[0]);
	if (line->series.csv && (line->metric || line->all_metrics))
		return tare_err_set(err, TARE_INVALID,
			"%s is for suites; --value names what is read from a file",
			line->metric ? "--metric" : "--all-metrics");
	if (line->metric && line->all_metrics)
		return tare_err_set(err, TARE_INVALID,
			"--metric and --all-metrics exclude each other; expected one");
	status = line->series.csv ? TARE_OK : tare_operands_check("trend", operands, 1, 1, err);
	return status;
}

static enum tare_status
trend(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct trend_line *line = line_in;
	const struct tare_series_choice choice = {
		.suite = operands[0], .metric = line->metric, .all_metrics = line->all_metrics};
	struct tare_arena *arena = tare_arena_new();
	struct tare_series_set set = {0};
	bool json = false;
	enum tare_status status = check_words(line, operands, err);

	(void)exit_code_out;
	if (status == TARE_OK)
		status = tare_format_parse(&json, line->series.format, err);
	if (status == TARE_OK)
		status = tare_series_load(&set, arena, &line->series, &choice, err);
	if (status == TARE_OK && set.count == 0)
		status = no_trend(line, operands[0], err);
	if (status == TARE_OK) {
		tare_series_find_trends(&set, arena);
		if (json)
			tare_series_print_json(stdout, &set, false);
		else
			tare_trend_print(stdout, &set);
	}
	tare_arena_free(arena);
	return status;
}

const struct tare_command tare_command_trend = {
	.name = "trend",
	.usage = "[OPTION...] SUITE | --csv FILE --value COLUMN [--time COLUMN]",
	.summary = "list what changed over runs and releases, when, and by how much",
	.detail = "A change is a new level that lasts, not a slow run. Those under 'Changed' pass\n"
		  "the gate's sensitivity, where false alarms are rare; those under 'May have\n"
		  "changed' only that for triage. The newest 3 or 4 points make a change\n"
		  "provisional. Another environment begins anew.",
	.tables = tables,
	.line_size = sizeof(struct trend_line),
	.run = trend,
};
