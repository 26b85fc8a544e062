#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/cli/bench_suite.h"
#include "harness/cli/list.h"

#define AT(field) offsetof(struct tare_bench_line, field)

static const struct tare_option options[] = {
	{"name", 'n', "NAME", TARE_OPTION_TEXTS, AT(names),
		"name of a command, in their order; repeatable"},
	{"warmup", 'w', "N", TARE_OPTION_COUNT, AT(warmup),
		"invocations before any is counted (1)"},
	{"runs", 0, "N", TARE_OPTION_TEXT, AT(measuring.invocations), "same as --invocations"},
	{"min-runs", 'm', "N", TARE_OPTION_COUNT, AT(min_runs),
		"at least so many invocations (10)"},
	{"max-runs", 'M', "N", TARE_OPTION_COUNT, AT(max_runs),
		"at most so many invocations (1000)"},
	{"prepare", 'p', "SCRIPT", TARE_OPTION_TEXT, AT(prepare),
		"run by /bin/sh before each invocation"},
	{"conclude", 0, "SCRIPT", TARE_OPTION_TEXT, AT(conclude),
		"run by /bin/sh after each invocation"},
	{"setup", 's', "SCRIPT", TARE_OPTION_TEXT, AT(setup), "run by /bin/sh once per command"},
	{"cleanup", 'c', "SCRIPT", TARE_OPTION_TEXT, AT(cleanup),
		"run by /bin/sh once per command, at the end"},
	{"parameter-list", 'L', "NAME A,B,C", TARE_OPTION_PAIRS, AT(parameters),
		"repeat for each value of {NAME}; repeatable"},
	{"shell", 'S', NULL, TARE_OPTION_FLAG, AT(shell), "run commands by /bin/sh -e"},
	{"no-shell", 'N', NULL, TARE_OPTION_FLAG, AT(no_shell), "no shell, which is the default"},
	{"ignore-failure", 'i', NULL, TARE_OPTION_FLAG, AT(ignore_failure),
		"any exit code is fine"},
	{"input", 0, "FILE", TARE_OPTION_TEXT, AT(input), "standard input of each invocation"},
	{"timeout", 0, "TIME", TARE_OPTION_TEXT, AT(timeout), "kill an invocation after this long"},
	{"precision", 0, "PERCENT", TARE_OPTION_TEXT, AT(precision),
		"stop at this half-width of the interval (2%)"},
	{"export-json", 0, "FILE", TARE_OPTION_TEXT, AT(export_json), "same as --report json=FILE"},
	{"export-csv", 0, "FILE", TARE_OPTION_TEXT, AT(export_csv), "same as --report csv=FILE"},
	{"export-markdown", 0, "FILE", TARE_OPTION_TEXT, AT(export_markdown),
		"same as --report markdown=FILE"},
	{"keep", 0, NULL, TARE_OPTION_FLAG, AT(keep),
		"add the run to the history and keep its journal"},
	{"print-suite", 0, NULL, TARE_OPTION_FLAG, AT(print_suite),
		"print the suite this stands for, and measure nothing"},
	{0},
};

static const struct tare_option *const tables[] = {options, tare_measuring_options, NULL};

static enum tare_status
add_exports(struct tare_session *session, const struct tare_bench_line *line, struct tare_err *err)
{
	const struct tare_report_request exports[] = {
		{.format = "json", .path = line->export_json},
		{.format = "csv", .path = line->export_csv},
		{.format = "markdown", .path = line->export_markdown},
	};
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < 3 && status == TARE_OK; i++) {
		if (exports[i].path)
			status = tare_report_request_add(
				session, exports[i].format, exports[i].path, err);
	}
	return status;
}

static enum tare_status
bench_session(struct tare_session *session, const struct tare_bench_line *line, char **commands,
	int *exit_code_out, struct tare_err *err)
{
	struct tare_session_options *to = &session->options;
	char *cwd = getcwd(NULL, 0);
	char *text;
	enum tare_status status =
		tare_bench_suite_text(&text, session->arena, line, commands, cwd, err);

	free(cwd);
	if (status != TARE_OK)
		return status;
	if (line->print_suite) {
		fputs(text, stdout);
		return TARE_OK;
	}
	status = tare_measuring_prepare(session, &line->measuring, err);
	if (status == TARE_OK)
		status = add_exports(session, line, err);
	if (status != TARE_OK)
		return status;
	to->suite_text = text;
	to->suite_name = "tare bench";
	to->use_store = line->keep || line->measuring.store;
	to->keep_journal = line->keep || line->measuring.journal;
	if (!to->expand.max_time)
		to->expand.max_time = "5s";
	return tare_measuring_run(session, exit_code_out, err);
}

static enum tare_status
bench(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct tare_bench_line *line = line_in;
	enum tare_status status = tare_operands_check("bench", operands, 1, 1000, err);
	struct tare_session *session;

	if (!operands[0] && line->parameters.count > 0)
		return tare_err_set(err, TARE_INVALID,
			"there is no command; --parameter-list takes two words, a name and its "
			"values: -L %s 1,2,3 'COMMAND {%s}'",
			line->parameters.items[0], line->parameters.items[0]);
	if (status != TARE_OK)
		return status;
	session = tare_session_new();
	status = bench_session(session, line, operands, exit_code_out, err);
	tare_session_free(session);
	return status;
}

const struct tare_command tare_command_bench = {
	.name = "bench",
	.usage = "[OPTION...] 'COMMAND' ['COMMAND'...]",
	.summary = "measure commands without a suite",
	.detail =
		"A command is split into words as a shell would, but no shell runs it (see\n"
		"--shell). Several commands are interleaved and compared with the first. Nothing\n"
		"is stored unless --keep is given. In a value of --parameter-list \\, is a comma.",
	.tables = tables,
	.line_size = sizeof(struct tare_bench_line),
	.run = bench,
};
