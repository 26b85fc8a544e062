#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/cli/calibrations.h"
#include "harness/cli/list.h"
#include "harness/cli/list_counters.h"
#include "harness/model/warning.h"
#include "harness/store/store.h"
#include "report/report.h"
#include "runners/runner.h"

enum { NAMES_MAX = 100 };

struct list_line {
	struct tare_given_count limit;
	const char *suite;
	const char *release;
	const char *store;
	const char *format;
	bool json; /* what format came to */
	const char *const *names;
};

#define AT(field) offsetof(struct list_line, field)

static const struct tare_option options[] = {
	{"suite", 0, "NAME", TARE_OPTION_TEXT, AT(suite), "only runs of this suite"},
	{"release", 0, "NAME", TARE_OPTION_TEXT, AT(release), "only runs of this release"},
	{"limit", 0, "N", TARE_OPTION_COUNT, AT(limit), "the newest N (20); 0 for all"},
	{"format", 'f', "FORMAT", TARE_OPTION_TEXT, AT(format), "text or json"},
	{"store", 0, "URL", TARE_OPTION_TEXT, AT(store),
		"the history (sqlite:.tare/results.db, or TARE_STORE)"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

static const char *
status_word(const struct tare_store_run *run)
{
	if (run->status == TARE_RUN_OPEN)
		return "cut off";
	if (run->status == TARE_RUN_INTERRUPTED)
		return "interrupted";
	return run->failed_count > 0 ? "has failures" : "complete";
}

/* That nothing was found is not that nothing is there. */
static void
print_no_runs(const struct list_line *line)
{
	if (!line->suite && !line->release) {
		puts("no runs yet; tare run FILE makes one");
		return;
	}
	fputs("no runs", stdout);
	if (line->suite) {
		fputs(" of suite \"", stdout);
		tare_text_print_safe(stdout, line->suite, false);
		fputc('"', stdout);
	}
	if (line->release) {
		fputs(" of release \"", stdout);
		tare_text_print_safe(stdout, line->release, false);
		fputc('"', stdout);
	}
	puts("; tare list runs shows what there is");
}

static void
print_runs(const struct tare_store_run *runs, size_t count)
{
	printf("%-23s %-20s %-16s %-12s %6s %8s  %s\n", "run", "started (UTC)", "suite", "release",
		"cases", "time", "status");
	for (size_t i = 0; i < count; i++) {
		const struct tare_store_run *run = &runs[i];
		char started[TARE_TIME_TEXT_MAX], took[TARE_UNITS_TEXT_MAX];

		tare_time_format(started, sizeof(started), run->started_unix_ns);
		tare_duration_format(took, sizeof(took), run->duration_ns);
		printf("%-23s %-20s ", run->id, started);
		tare_text_print_safe(stdout, run->suite, false);
		printf("%*s ", (int)(strlen(run->suite) < 16 ? 16 - strlen(run->suite) : 0), "");
		tare_text_print_safe(stdout, run->release, false);
		printf("%*s ", (int)(strlen(run->release) < 12 ? 12 - strlen(run->release) : 0),
			"");
		printf("%6zu %8s  %s\n", run->case_count, took, status_word(run));
	}
}

static void
print_runs_json(const struct tare_store_run *runs, size_t count)
{
	struct tare_json json;

	tare_json_begin(&json, stdout, 2);
	tare_json_array_begin(&json, NULL);
	for (size_t i = 0; i < count; i++) {
		tare_json_object_begin(&json, NULL);
		tare_json_string(&json, "run", runs[i].id);
		tare_json_string(&json, "suite", runs[i].suite);
		tare_json_string(&json, "release", runs[i].release);
		tare_json_string(&json, "environment_name", runs[i].environment_name);
		tare_json_string(&json, "fingerprint", runs[i].fingerprint);
		tare_json_u64(&json, "started_unix_ns", runs[i].started_unix_ns);
		tare_json_u64(&json, "duration_ns", runs[i].duration_ns);
		tare_json_string(&json, "status", status_word(&runs[i]));
		tare_json_u64(&json, "cases", runs[i].case_count);
		tare_json_u64(&json, "failed", runs[i].failed_count);
		tare_json_u64(&json, "invocations", runs[i].invocation_count);
		tare_json_object_end(&json);
	}
	tare_json_array_end(&json);
	putchar('\n');
}

static enum tare_status
list_runs(const struct list_line *line, struct tare_err *err)
{
	const struct tare_store_filter filter = {
		.suite = line->suite,
		.release = line->release,
		.limit = line->limit.given ? line->limit.value : 20,
	};
	struct tare_arena *arena = tare_arena_new();
	struct tare_store *store = NULL;
	struct tare_store_run *runs = NULL;
	size_t count = 0;
	struct tare_err absent = {0};
	enum tare_status status = tare_store_open_existing(&store, line->store, &absent);

	/* A history that has not begun is empty, which is no error. */
	if (status == TARE_NOT_FOUND)
		status = TARE_OK;
	else if (status != TARE_OK)
		*err = absent;
	else
		status = store->ops->list_runs(store, &runs, &count, arena, &filter, err);
	if (status == TARE_OK && line->json)
		print_runs_json(runs, count);
	else if (status == TARE_OK && count == 0)
		print_no_runs(line);
	else if (status == TARE_OK)
		print_runs(runs, count);
	tare_store_close(store);
	tare_arena_free(arena);
	return status;
}

static enum tare_status
list_cases(const struct list_line *line, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_store *store = NULL;
	const char **names;
	size_t count;
	enum tare_status status = tare_store_open_existing(&store, line->store, err);

	if (status == TARE_OK)
		status = store->ops->list_cases(store, &names, &count, arena, err);
	for (size_t i = 0; status == TARE_OK && i < count; i++) {
		tare_text_print_safe(stdout, names[i], false);
		putchar('\n');
	}
	tare_store_close(store);
	tare_arena_free(arena);
	return status;
}

static enum tare_status
list_calibrations(const struct list_line *line, struct tare_err *err)
{
	struct tare_store *store = NULL;
	struct tare_err absent = {0};
	enum tare_status status = tare_store_open_existing(&store, line->store, &absent);

	if (status == TARE_NOT_FOUND) {
		puts("no calibrations yet; tare calibrate makes one");
		return TARE_OK;
	}
	if (status != TARE_OK)
		*err = absent;
	else
		status = tare_calibrations_list(
			stdout, store, line->limit.given ? line->limit.value : 20, err);
	tare_store_close(store);
	return status;
}

static void
print_member(
	const char *name, const char *summary, enum tare_status status, const struct tare_err *err)
{
	printf("%-12s %s\n", name, summary);
	if (status != TARE_OK)
		printf("%-12s not here: %s\n", "", err->text);
}

static enum tare_status
list_runners(const struct list_line *line, struct tare_err *err)
{
	(void)line;
	(void)err;
	for (size_t i = 0; tare_runners[i]; i++) {
		struct tare_err why = {0};

		print_member(tare_runners[i]->name, tare_runners[i]->summary,
			tare_runners[i]->supported(&why), &why);
	}
	return TARE_OK;
}

static enum tare_status
list_stores(const struct list_line *line, struct tare_err *err)
{
	(void)line;
	(void)err;
	for (size_t i = 0; tare_stores[i]; i++) {
		struct tare_err why = {0};

		print_member(tare_stores[i]->name, tare_stores[i]->summary,
			tare_stores[i]->supported(&why), &why);
	}
	return TARE_OK;
}

static enum tare_status
list_reports(const struct list_line *line, struct tare_err *err)
{
	(void)line;
	(void)err;
	for (size_t i = 0; tare_reporters[i]; i++)
		print_member(tare_reporters[i]->name, tare_reporters[i]->summary, TARE_OK, NULL);
	return TARE_OK;
}

static enum tare_status
list_counters(const struct list_line *line, struct tare_err *err)
{
	struct tare_session session = {0};

	(void)err;
	tare_terminal_inspect(&session);
	tare_list_counters(line->names, line->json, (size_t)session.options.width);
	return TARE_OK;
}

static void
print_warning(const struct tare_warning_about *about)
{
	printf("%s: %s\n  why: %s\n", about->id, about->meaning, about->why);
	for (size_t i = 0; i < TARE_ADVICES_MAX && about->advices[i].text; i++) {
		const char *where = tare_habits_text(about->advices[i].habits);

		printf("  do:  %s%s%s\n", where, *where ? ": " : "", about->advices[i].text);
	}
}

static void
print_warnings_json(void)
{
	struct tare_json json;

	tare_json_begin(&json, stdout, 2);
	tare_json_array_begin(&json, NULL);
	for (int i = 0; i < TARE_WARNING_COUNT; i++) {
		const struct tare_warning_about *about =
			tare_warning_about((enum tare_warning_kind)i);

		tare_json_object_begin(&json, NULL);
		tare_json_string(&json, "id", about->id);
		tare_json_string(&json, "meaning", about->meaning);
		tare_json_string(&json, "why", about->why);
		tare_json_array_begin(&json, "advices");
		for (size_t k = 0; k < TARE_ADVICES_MAX && about->advices[k].text; k++) {
			tare_json_object_begin(&json, NULL);
			tare_json_string(
				&json, "where", tare_habits_text(about->advices[k].habits));
			tare_json_string(&json, "text", about->advices[k].text);
			tare_json_object_end(&json);
		}
		tare_json_array_end(&json);
		tare_json_object_end(&json);
	}
	tare_json_array_end(&json);
	putchar('\n');
}

static enum tare_status
list_warnings(const struct list_line *line, struct tare_err *err)
{
	(void)err;
	if (line->json)
		print_warnings_json();
	for (int i = 0; i < TARE_WARNING_COUNT && !line->json; i++)
		print_warning(tare_warning_about((enum tare_warning_kind)i));
	return TARE_OK;
}

struct listing {
	const char *what;
	enum tare_status (*print)(const struct list_line *line, struct tare_err *err);
	bool in_json;
	size_t name_max; /* names behind it */
};

static const struct listing listings[] = {
	{"runs", list_runs, true, 0},
	{"cases", list_cases, false, 0},
	{"calibrations", list_calibrations, false, 0},
	{"runners", list_runners, false, 0},
	{"reports", list_reports, false, 0},
	{"stores", list_stores, false, 0},
	{"counters", list_counters, true, NAMES_MAX},
	{"warnings", list_warnings, true, 0},
};

static const struct listing *
find_listing(const char *what)
{
	for (size_t i = 0; i < sizeof(listings) / sizeof(listings[0]); i++) {
		if (strcmp(what, listings[i].what) == 0)
			return &listings[i];
	}
	return NULL;
}

static enum tare_status
list(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const char *what = operands[0] ? operands[0] : "runs";
	const struct listing *listing = find_listing(what);
	struct list_line line = *(const struct list_line *)line_in;
	enum tare_status status;

	(void)exit_code_out;
	if (!listing)
		return tare_err_set(err, TARE_INVALID,
			"there is no list of '%s'; expected runs, cases, calibrations, runners, "
			"reports, stores, "
			"counters or warnings",
			what);
	status = tare_operands_check("list", operands, 0, 1 + listing->name_max, err);
	if (status == TARE_OK)
		status = tare_format_parse(&line.json, line.format, err);
	if (status == TARE_OK && line.json && !listing->in_json)
		status = tare_err_set(err, TARE_INVALID,
			"--format json is for runs, counters and warnings, not for %s", what);
	/* NULL-terminated behind the word, and at the word where there is none. */
	line.names = (const char *const *)(operands[0] ? operands + 1 : operands);
	return status == TARE_OK ? listing->print(&line, err) : status;
}

const struct tare_command tare_command_list = {
	.name = "list",
	.usage = "[OPTION...] runs|cases|calibrations|runners|reports|stores|counters "
		 "[NAME...]|warnings",
	.words = "runs cases calibrations runners reports stores counters warnings",
	.summary = "list what is in the history, or what this tare can do",
	.tables = tables,
	.line_size = sizeof(struct list_line),
	.run = list,
};
