#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/cli/list.h"
#include "harness/cli/tuning.h"
#include "report/table.h"

struct tune_line {
	const char *profile;
	const char *format;
	bool restore;
	bool dry_run;
};

#define AT(field) offsetof(struct tune_line, field)

static const struct tare_option options[] = {
	{"profile", 0, "NAME", TARE_OPTION_TEXT, AT(profile),
		"change what this profile lists: production"},
	{"restore", 0, NULL, TARE_OPTION_FLAG, AT(restore), "put the old values back"},
	{"dry-run", 'n', NULL, TARE_OPTION_FLAG, AT(dry_run), "say what would be changed"},
	{"format", 'f', "FORMAT", TARE_OPTION_TEXT, AT(format), "text or json"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

/* One call of the command. */
struct tuning_call {
	const struct tune_line *line;
	struct tare_arena *arena;
	struct tare_tune_place place;
	struct tare_tune_wish wishes[TARE_TUNE_WISHES_MAX];
	size_t wish_count;
	bool applies;
	bool json;
	struct tare_tune_plan plan;
	size_t recovered;
};

static void
print_what(const struct tare_tune_row *row, bool applied)
{
	switch (row->state) {
	case TARE_TUNE_SAME:
		fputs("stays", stdout);
		return;
	case TARE_TUNE_ABSENT:
		fputs("not here: ", stdout);
		break;
	case TARE_TUNE_IN_RUN:
		break;
	case TARE_TUNE_CHANGE:
		fputs(applied ? "changed" : "would be changed", stdout);
		if (row->change_count > 1)
			printf(" in %zu files", row->change_count);
		if (row->refused_count > 0)
			printf(", of which %zu refused", row->refused_count);
		return;
	}
	tare_text_print_safe(stdout, row->reason, false);
}

static void
print_cell(const char *text, size_t width)
{
	struct tare_arena *arena = tare_arena_new();

	tare_display_padded(stdout, tare_text_safe(arena, text ? text : "-"), width);
	fputs("  ", stdout);
	tare_arena_free(arena);
}

static void
print_rows(const struct tare_tune_plan *plan, bool applied)
{
	printf("%-16s  %-12s  %s\n", "setting", applied ? "before" : "now", "wanted");
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct tare_tune_row *row = &plan->rows[i];

		print_cell(row->knob->name, 16);
		print_cell(row->now, 12);
		print_cell(row->wanted, 12);
		print_what(row, applied);
		putchar('\n');
	}
}

static const char *
state_word(enum tare_tune_state state, bool applied)
{
	switch (state) {
	case TARE_TUNE_SAME:
		return "same";
	case TARE_TUNE_CHANGE:
		return applied ? "changed" : "would change";
	case TARE_TUNE_ABSENT:
		return "absent";
	case TARE_TUNE_IN_RUN:
		return "in runs";
	}
	return "";
}

static void
print_status_json(struct tare_json *json, const struct tare_tune_status *status)
{
	if (!status->tuned) {
		tare_json_null(json, "tuned");
		return;
	}
	tare_json_object_begin(json, "tuned");
	tare_json_u64(json, "since_unix_ns", status->started_unix_ns);
	tare_json_u64(json, "process", (uint64_t)status->pid);
	tare_json_u64(json, "values", status->change_count);
	tare_json_bool(json, "stays", status->kept);
	tare_json_bool(json, "running", status->held);
	tare_json_bool(json, "damaged", status->damaged);
	tare_json_object_end(json);
}

static void
print_json(const struct tuning_call *call)
{
	const struct tare_tune_plan *plan = &call->plan;
	struct tare_tune_status status;
	struct tare_json json;

	tare_tune_look(&status, &call->place);
	tare_json_begin(&json, stdout, 2);
	tare_json_object_begin(&json, NULL);
	tare_json_string(&json, "format", "tare-tune");
	tare_json_u64(&json, "version", 1);
	tare_json_array_begin(&json, "settings");
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct tare_tune_row *row = &plan->rows[i];

		tare_json_object_begin(&json, NULL);
		tare_json_string(&json, "name", row->knob->name);
		tare_json_string(&json, "summary", row->knob->summary);
		tare_json_string(&json, call->applies ? "before" : "now", row->now);
		tare_json_string(&json, "wanted", row->wanted);
		tare_json_string(&json, "state", state_word(row->state, call->applies));
		tare_json_string(&json, "reason", row->reason);
		tare_json_u64(&json, "files", row->change_count);
		tare_json_u64(&json, "refused", row->refused_count);
		tare_json_object_end(&json);
	}
	tare_json_array_end(&json);
	print_status_json(&json, &status);
	tare_json_object_end(&json);
	putchar('\n');
}

/* What is the matter with the machine already. */
static void
print_status(const struct tare_tune_place *place)
{
	struct tare_tune_status status;
	char since[TARE_TIME_TEXT_MAX];
	const char *values;

	tare_tune_look(&status, place);
	values = status.change_count == 1 ? "value" : "values";
	if (!status.tuned) {
		puts("\nnothing was changed: tare tune --profile production changes these until\n"
		     "tare tune --restore, tare tune SETTING[=VALUE] some of them, and\n"
		     "tare run --tune while it measures");
		return;
	}
	if (status.damaged) {
		puts("\nthe undo journal is damaged: tare tune --restore puts back what it can, "
		     "and\n"
		     "says what it cannot");
		return;
	}
	tare_time_format(since, sizeof(since), status.started_unix_ns);
	if (status.held)
		printf("\ntuned since %s by process %ld, which puts %zu %s back when it ends\n",
			since, (long)status.pid, status.change_count, values);
	else if (status.kept)
		printf("\ntuned since %s; tare tune --restore puts %zu %s back\n", since,
			status.change_count, values);
	else
		printf("\nprocess %ld was killed and left %zu %s behind; tare tune --restore puts "
		       "back what was there\n",
			(long)status.pid, status.change_count, values);
}

static enum tare_status
parse_wishes(struct tuning_call *call, char **operands, struct tare_err *err)
{
	for (; *operands; operands++) {
		enum tare_status status;

		if (call->wish_count == TARE_TUNE_WISHES_MAX)
			return tare_err_set(err, TARE_INVALID, "more than %d settings are given",
				TARE_TUNE_WISHES_MAX);
		status = tare_tune_wish_parse(
			&call->wishes[call->wish_count], call->arena, *operands, err);
		if (status != TARE_OK)
			return status;
		call->wish_count++;
	}
	return TARE_OK;
}

static enum tare_status
check_line(const struct tune_line *line, char **operands, struct tare_err *err)
{
	if (line->restore && (line->profile || line->dry_run || *operands))
		return tare_err_set(err, TARE_INVALID,
			"--restore puts everything back and takes neither settings nor a profile");
	if (line->profile && *operands)
		return tare_err_set(err, TARE_INVALID,
			"--profile and single settings cannot be given together; tare tune "
			"--dry-run --profile %s lists what it has",
			line->profile);
	if (line->profile && strcmp(line->profile, "production") != 0)
		return tare_err_set(err, TARE_INVALID,
			"there is no profile '%s'; expected production", line->profile);
	return TARE_OK;
}

static enum tare_status
restore(const struct tuning_call *call, struct tare_err *err)
{
	size_t count;
	enum tare_status status = tare_tune_restore(&count, &call->place, err);

	if (status != TARE_OK)
		return status;
	if (call->json)
		printf("{\"format\": \"tare-tune\", \"version\": 1, \"restored\": %zu}\n", count);
	else if (count == 0)
		puts("nothing had to be put back");
	else
		printf("put back %zu %s\n", count, count == 1 ? "value" : "values");
	return TARE_OK;
}

static enum tare_status
apply(struct tuning_call *call, struct tare_err *err)
{
	struct tare_tune *tune;
	enum tare_status status = tare_tune_begin(&tune, &call->recovered, &call->place, err);

	if (status != TARE_OK)
		return status;
	status = tare_tune_plan_make(
		&call->plan, call->arena, &call->place, call->wishes, call->wish_count, false, err);
	if (status == TARE_OK)
		status = tare_tune_apply(tune, &call->plan, err);
	if (status == TARE_OK)
		status = tare_tune_keep(tune, err);
	if (status != TARE_OK) {
		tare_tune_end(tune, NULL);
		return status;
	}
	return tare_tune_end(tune, err);
}

static enum tare_status
change(struct tuning_call *call, struct tare_err *err)
{
	enum tare_status status = apply(call, err);

	if (status != TARE_OK || call->json) {
		if (status == TARE_OK)
			print_json(call);
		return status;
	}
	tare_tuning_print_recovered(stdout, call->recovered);
	print_rows(&call->plan, true);
	if (call->plan.change_count > 0)
		puts("\ntare tune --restore puts the old values back");
	return TARE_OK;
}

static enum tare_status
show(struct tuning_call *call, struct tare_err *err)
{
	enum tare_status status = tare_tune_plan_make(
		&call->plan, call->arena, &call->place, call->wishes, call->wish_count, false, err);

	if (status != TARE_OK)
		return status;
	if (call->json) {
		print_json(call);
		return TARE_OK;
	}
	print_rows(&call->plan, false);
	print_status(&call->place);
	return TARE_OK;
}

static enum tare_status
tune(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct tune_line *line = line_in;
	struct tuning_call call = {.line = line};
	enum tare_status status = check_line(line, operands, err);

	(void)exit_code_out;
	if (status == TARE_OK)
		status = tare_format_parse(&call.json, line->format, err);
	if (status != TARE_OK)
		return status;
	call.arena = tare_arena_new();
	call.applies = !line->dry_run && (line->profile || *operands);
	tare_tuning_place(&call.place, call.arena);
	status = parse_wishes(&call, operands, err);
	if (status == TARE_OK && line->restore)
		status = restore(&call, err);
	else if (status == TARE_OK && call.applies)
		status = change(&call, err);
	else if (status == TARE_OK)
		status = show(&call, err);
	tare_arena_free(call.arena);
	return status;
}

const struct tare_command tare_command_tune = {
	.name = "tune",
	.usage = "[OPTION...] [SETTING[=VALUE]...]",
	.words = "governor turbo boost perf-sample-rate watchdog thp swap irq-affinity",
	.summary = "make the machine quieter for a while, and put it back",
	.detail = "Without settings and without a profile nothing is changed: what is set now is\n"
		  "printed, and what the profile production would do. Changes stay until\n"
		  "tare tune --restore, or the next boot; tare run --tune changes for a run only.",
	.tables = tables,
	.line_size = sizeof(struct tune_line),
	.run = tune,
};
