#include "harness/cli/list.h"
#include "harness/cli/measuring.h"
#include "harness/stages/correct.h"
#include "harness/stages/stage.h"

struct compare_line {
	struct tare_texts reports;
	const char *format;
	const char *gate;
	const char *margin;
	const char *store;
	const char *correct;
	const char *max_age;
	bool mixed_runners;
};

#define AT(field) offsetof(struct compare_line, field)

static const struct tare_option compare_options[] = {
	{"gate", 0, "VERDICTS", TARE_OPTION_TEXT, AT(gate),
		"fail on these, like regression,inconclusive"},
	{"margin", 0, "PERCENT", TARE_OPTION_TEXT, AT(margin),
		"the smallest change that matters, for all metrics"},
	{"mixed-runners", 0, NULL, TARE_OPTION_FLAG, AT(mixed_runners),
		"compare what ran in a container with what ran on the host"},
	{0},
};

static const struct tare_option show_options[] = {
	{"format", 'f', "FORMAT", TARE_OPTION_TEXT, AT(format),
		"what to print: text, markdown, json, csv, ..."},
	{"report", 0, "FORMAT=FILE", TARE_OPTION_TEXTS, AT(reports), "write a report; repeatable"},
	{"correct", 0, "WHAT", TARE_OPTION_TEXT, AT(correct),
		"container: times in containers as they would be on the host; none"},
	{"max-age", 0, "TIME", TARE_OPTION_TEXT, AT(max_age),
		"how far a calibration and a run may be apart (720h)"},
	{"store", 0, "URL", TARE_OPTION_TEXT, AT(store),
		"the history (sqlite:.tare/results.db, or TARE_STORE)"},
	{0},
};

static const struct tare_option *const compare_tables[] = {compare_options, show_options, NULL};
static const struct tare_option *const show_tables[] = {show_options, NULL};

static enum tare_status
prepare(struct tare_session *session, const struct compare_line *line, struct tare_err *err)
{
	enum tare_status status = tare_margin_parse(session, line->margin, err);

	tare_terminal_inspect(session);
	session->options.store_url = line->store;
	session->options.must_correct = true;
	if (status == TARE_OK)
		status = tare_correct_options(session, line->correct, line->max_age, err);
	if (status == TARE_OK)
		status = tare_report_request_add(
			session, line->format ? line->format : "text", "-", err);
	return status == TARE_OK ? tare_reports_request(session, &line->reports, err) : status;
}

/* The way from two runs, or one, to a report; nothing is measured. */
static enum tare_status
judge(struct tare_session *session, const struct compare_line *line, int *exit_code_out,
	struct tare_err *err)
{
	static const struct tare_stage *const stages[] = {
		&tare_stage_correct, &tare_stage_compare, &tare_stage_report};
	enum tare_status status;

	session->parts |= TARE_PART_SAMPLES | TARE_PART_BASELINE;
	session->options.gate = line->gate;
	session->options.mixed_runners = line->mixed_runners;
	status = tare_stages_run(session, stages, 3, err);
	if (status == TARE_OK)
		*exit_code_out = tare_session_exit_code(session, err);
	return status;
}

static enum tare_status
compare(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct compare_line *line = line_in;
	enum tare_status status = tare_operands_check("compare", operands, 2, 2, err);
	struct tare_session *session = tare_session_new();

	if (status == TARE_OK)
		status = prepare(session, line, err);
	if (status == TARE_OK)
		status = tare_stage_find_run(&session->base, session, operands[0], NULL, err);
	if (status == TARE_OK)
		status = tare_stage_find_run(
			&session->run, session, operands[1], session->base->suite, err);
	if (status == TARE_OK)
		status = judge(session, line, exit_code_out, err);
	tare_session_free(session);
	return status;
}

const struct tare_command tare_command_compare = {
	.name = "compare",
	.usage = "[OPTION...] BASE HEAD",
	.summary = "compare two runs",
	.detail =
		"BASE and HEAD are journals, run ids, releases, or latest. Exit code 1 or 2 only\n"
		"where a gate is asked for, here or by the suite.",
	.tables = compare_tables,
	.line_size = sizeof(struct compare_line),
	.run = compare,
};

/* A report of a run that was measured earlier; what it found then is not this command's failure. */
static enum tare_status
show_run(const void *line, char **operands, const char *name, struct tare_err *err)
{
	enum tare_status status = tare_operands_check(name, operands, 1, 1, err);
	struct tare_session *session = tare_session_new();
	int found = TARE_EXIT_OK;

	if (status == TARE_OK)
		status = prepare(session, line, err);
	if (status == TARE_OK)
		status = tare_stage_find_run(&session->run, session, operands[0], NULL, err);
	if (status == TARE_OK)
		status = judge(session, line, &found, err);
	if (status == TARE_OK)
		status = session->deferred.status;
	tare_session_free(session);
	return status;
}

static enum tare_status
show(const void *line, char **operands, int *exit_code_out, struct tare_err *err)
{
	(void)exit_code_out;
	return show_run(line, operands, "show", err);
}

static enum tare_status
report(const void *line, char **operands, int *exit_code_out, struct tare_err *err)
{
	(void)exit_code_out;
	return show_run(line, operands, "report", err);
}

const struct tare_command tare_command_show = {
	.name = "show",
	.usage = "[OPTION...] RUN",
	.summary = "show a run of the history or a journal",
	.detail = "RUN is a journal, a run id or its beginning, a release, or latest.",
	.tables = show_tables,
	.line_size = sizeof(struct compare_line),
	.run = show,
};

const struct tare_command tare_command_report = {
	.name = "report",
	.usage = "[OPTION...] RUN",
	.summary = "write reports of a run that was measured earlier",
	.detail = "As tare show; for example: tare report latest --report html=report.html",
	.tables = show_tables,
	.line_size = sizeof(struct compare_line),
	.run = report,
};
