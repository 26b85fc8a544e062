#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/list.h"
#include "harness/cli/series_print.h"

struct history_line {
	struct tare_series_line series; /* first: its options are shared */
	const char *suite;
};

static const struct tare_option options[] = {
	{"suite", 0, "NAME", TARE_OPTION_TEXT, offsetof(struct history_line, suite),
		"only runs of this suite"},
	{0},
};

static const struct tare_option *const tables[] = {options, tare_series_options, NULL};

/* One that was probably meant: of this name with points or variants, or nearly of it. */
static const char *
near_case(const char *const *names, size_t count, const char *wanted)
{
	size_t len = strlen(wanted);

	for (size_t i = 0; i < count; i++)
		if (strncmp(names[i], wanted, len) == 0 &&
			(names[i][len] == '[' || names[i][len] == '@'))
			return names[i];
	return tare_text_nearest(wanted, names, count);
}

static enum tare_status
no_history(const char *url, const char *case_name, const char *metric, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	const char **names = NULL;
	const char *near;
	size_t count = 0;
	struct tare_store *store;
	bool known = false;
	enum tare_status status = tare_store_open_existing(&store, url, err);

	if (status == TARE_OK) {
		status = store->ops->list_cases(store, &names, &count, arena, err);
		tare_store_close(store);
	}
	for (size_t i = 0; status == TARE_OK && i < count; i++)
		known = known || strcmp(names[i], case_name) == 0;
	near = near_case(names, count, case_name);
	if (status == TARE_OK && known)
		status = tare_err_set(err, TARE_NOT_FOUND,
			"case '%s' has no metric '%s'; tare show latest names its metrics",
			case_name, metric);
	else if (status == TARE_OK)
		status = tare_err_set(err, TARE_NOT_FOUND,
			"there is no case '%s'; %s%s%stare list cases names "
			"them",
			case_name, near ? "did you mean '" : "", near ? near : "",
			near ? "'? " : "");
	tare_arena_free(arena);
	return status;
}

static enum tare_status
check_words(const struct history_line *line, char **operands, struct tare_err *err)
{
	if (!line->series.csv)
		return tare_operands_check("history", operands, 1, 2, err);
	if (operands[0])
		return tare_err_set(err, TARE_INVALID,
			"--csv is one series and '%s' a case; expected one of them", operands[0]);
	if (line->suite)
		return tare_err_set(
			err, TARE_INVALID, "--csv and --suite exclude each other; expected one");
	return TARE_OK;
}

static enum tare_status
history(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct history_line *line = line_in;
	const char *metric = operands[0] && operands[1] ? operands[1] : "wall";
	const struct tare_series_choice choice = {
		.suite = line->suite, .case_name = operands[0], .metric = metric};
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
		status = no_history(line->series.store, operands[0], metric, err);
	if (status == TARE_OK) {
		tare_series_find_trends(&set, arena);
		if (json)
			tare_series_print_json(stdout, &set, true);
		else
			tare_history_print(stdout, &set.items[0]);
	}
	tare_arena_free(arena);
	return status;
}

const struct tare_command tare_command_history = {
	.name = "history",
	.usage = "[OPTION...] CASE [METRIC] | --csv FILE --value COLUMN [--time COLUMN]",
	.summary = "draw a metric of a case over runs and releases, and its changes",
	.detail =
		"Below the points: medians of stretches with a ^ where the level changed, and the\n"
		"segments between.",
	.tables = tables,
	.line_size = sizeof(struct history_line),
	.run = history,
};
