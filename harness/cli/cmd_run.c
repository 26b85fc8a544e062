#include "harness/cli/list.h"
#include "harness/cli/measuring.h"
#include "harness/cli/tuning.h"

struct run_line {
	struct tare_measuring_line measuring;
	struct tare_texts only;
	struct tare_texts variables;
	const char *environment;
	const char *runner;
	const char *resume;
	const char *tune;
	bool no_store;
};

#define AT(field) offsetof(struct run_line, field)

static const struct tare_option options[] = {
	{"environment", 'e', "NAME", TARE_OPTION_TEXT, AT(environment),
		"development, ci, production, or the suite's own"},
	{"only", 'o', "GLOB", TARE_OPTION_TEXTS, AT(only),
		"only cases of this name, or tag:NAME; repeatable"},
	{"var", 0, "NAME=VALUE", TARE_OPTION_TEXTS, AT(variables),
		"set a variable of the suite; repeatable"},
	{"runner", 0, "NAME", TARE_OPTION_TEXT, AT(runner), "the runner of every case"},
	{"resume", 0, "JOURNAL", TARE_OPTION_TEXT, AT(resume), "go on with a run that was cut off"},
	{"tune", 0, "SETTINGS", TARE_OPTION_MAYBE, AT(tune),
		"tune the machine meanwhile: governor,thp=never (production)"},
	{"no-store", 0, NULL, TARE_OPTION_FLAG, AT(no_store), "do not add the run to the history"},
	{0},
};

static const struct tare_option *const tables[] = {options, tare_measuring_options, NULL};

/* A resumed run knows its suite; naming it again is allowed. */
static enum tare_status
read_resumed(struct tare_session *session, const char *path, struct tare_err *err)
{
	struct tare_session_options *to = &session->options;
	struct tare_run *run = NULL;
	size_t count = 0;
	enum tare_status status = tare_journal_count(&count, path, err);

	if (status == TARE_OK)
		status = tare_journal_read(&run, path, count - 1, err);
	if (status != TARE_OK)
		return status;
	if (!to->suite_path && !*run->suite_file)
		status = tare_err_set(err, TARE_INVALID,
			"%s: a run of tare bench cannot be resumed; repeat it: %s", path,
			run->command_line);
	to->resume_path = path;
	if (!to->suite_path)
		to->suite_path = tare_arena_strdup(session->arena, run->suite_file);
	if (!to->expand.environment)
		to->expand.environment = tare_arena_strdup(session->arena, run->environment_name);
	tare_run_free(run);
	return status;
}

static enum tare_status
run_session(struct tare_session *session, const struct run_line *line, int *exit_code_out,
	struct tare_err *err)
{
	struct tare_session_options *to = &session->options;
	enum tare_status status = tare_measuring_prepare(session, &line->measuring, err);

	if (status == TARE_OK && line->resume && line->measuring.journal)
		status = tare_err_set(err, TARE_INVALID,
			"--journal cannot be given with --resume, which goes on in its own");
	if (status != TARE_OK)
		return status;
	to->expand.environment = line->environment;
	to->expand.runner = line->runner;
	to->expand.only = line->only.items;
	to->expand.only_count = line->only.count;
	to->expand.variables = line->variables.items;
	to->expand.variable_count = line->variables.count;
	to->use_store = !line->no_store;
	if (line->resume) {
		/* Its seed is in the journal; one that is typed must be the same. */
		to->has_seed = line->measuring.seed.given;
		status = read_resumed(session, line->resume, err);
	}
	return status == TARE_OK ? tare_measuring_run(session, exit_code_out, err) : status;
}

/* Whatever the run came to, the machine is put back; that it could not be is worse than all else.
 */
static enum tare_status
run_tuned(struct tare_session *session, const struct run_line *line, int *exit_code_out,
	struct tare_err *err)
{
	struct tare_tuning tuning;
	struct tare_err why = {0};
	enum tare_status status;

	if (line->tune)
		tare_signals_catch();
	else
		tare_tuning_put_back_left(line->measuring.quiet ? NULL : stderr);
	status = tare_tuning_begin(&tuning, line->tune, line->measuring.quiet ? NULL : stderr, err);
	if (status != TARE_OK)
		return status;
	status = run_session(session, line, exit_code_out, err);
	if (tare_tuning_end(&tuning, &why) != TARE_OK) {
		*exit_code_out = TARE_EXIT_OK;
		*err = why;
		status = why.status;
	}
	return status;
}

static enum tare_status
run(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct run_line *line = line_in;
	char *path = NULL;
	enum tare_status status = tare_operands_check("run", operands, 0, 1, err);
	struct tare_session *session;

	if (status == TARE_OK && (operands[0] || !line->resume))
		status = tare_suite_operand(&path, "run", operands, err);
	if (status != TARE_OK)
		return status;
	session = tare_session_new();
	session->options.suite_path = path;
	status = run_tuned(session, line, exit_code_out, err);
	tare_session_free(session);
	return status;
}

const struct tare_command tare_command_run_suite = {
	.name = "run",
	.usage = "[OPTION...] [FILE]",
	.summary = "run a suite",
	.detail =
		"Measures every case of the suite, compares variants (and the baseline), stores\n"
		"the run and prints a summary. The journal of the run is kept in .tare/runs. FILE\n"
		"is tare.yaml where it is not given.",
	.tables = tables,
	.line_size = sizeof(struct run_line),
	.run = run,
};
