#include "harness/cli/measuring.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/rng.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/stages/correct.h"
#include "harness/stages/stage.h"
#include "harness/store/store.h"

enum { RELEASE_LEN_MAX = 200 };

#define AT(field) offsetof(struct tare_measuring_line, field)

const struct tare_option tare_measuring_options[] = {
	{"invocations", 'r', "N", TARE_OPTION_TEXT, AT(invocations),
		"how many invocations of each case; auto stops by itself"},
	{"max-time", 0, "TIME", TARE_OPTION_TEXT, AT(max_time),
		"budget of each case where invocations are auto (10s)"},
	{"cpus", 0, "CPUS", TARE_OPTION_TEXT, AT(cpus),
		"pin to cores (2), CPUs (2-3) or a policy (smt:2); none"},
	{"seed", 0, "N", TARE_OPTION_COUNT, AT(seed), "repeat the order of an earlier run"},
	{"release", 0, "NAME", TARE_OPTION_TEXT, AT(release), "label of this run in the history"},
	{"baseline", 'b', "RUN", TARE_OPTION_TEXT, AT(baseline),
		"compare with a run, a release or a journal"},
	{"gate", 0, "VERDICTS", TARE_OPTION_TEXT, AT(gate),
		"fail on these, like regression,inconclusive"},
	{"margin", 0, "PERCENT", TARE_OPTION_TEXT, AT(margin),
		"the smallest change that matters, for all metrics"},
	{"confirm", 0, NULL, TARE_OPTION_FLAG, AT(confirm),
		"measure again which variants differ or cannot be told apart"},
	{"mixed-runners", 0, NULL, TARE_OPTION_FLAG, AT(mixed_runners),
		"compare what ran in a container with what ran on the host"},
	{"correct", 0, "WHAT", TARE_OPTION_TEXT, AT(correct),
		"container: times in containers as they would be on the host; none"},
	{"max-age", 0, "TIME", TARE_OPTION_TEXT, AT(max_age),
		"how far a calibration and a run may be apart (720h)"},
	{"report", 0, "FORMAT=FILE", TARE_OPTION_TEXTS, AT(reports),
		"write a report; repeatable; FILE - is standard output"},
	{"journal", 0, "FILE", TARE_OPTION_TEXT, AT(journal), "where the journal goes"},
	{"store", 0, "URL", TARE_OPTION_TEXT, AT(store),
		"the history (sqlite:.tare/results.db, or TARE_STORE)"},
	{"quiet", 'q', NULL, TARE_OPTION_FLAG, AT(quiet), "no progress and no summary"},
	{0},
};

enum tare_status
tare_margin_parse(struct tare_session *session, const char *text, struct tare_err *err)
{
	double *margin;

	if (!text)
		return TARE_OK;
	margin = tare_arena_alloc(session->arena, 1, sizeof(*margin));
	if (tare_percent_parse(margin, text, err) != TARE_OK)
		return tare_err_where(err, "--margin");
	session->options.margin = margin;
	return TARE_OK;
}

/* The seed stands in front of what was typed, so that what is said repeats the run even behind a
 * "--". */
static void
choose_seed(struct tare_session *session, const struct tare_measuring_line *line)
{
	struct tare_session_options *options = &session->options;
	char **words = tare_words + 1;
	const char *name;

	options->has_seed = true;
	options->seed = line->seed.given ? line->seed.value : tare_rng_entropy();
	if (line->seed.given) {
		options->command_line = tare_command_line(session->arena, "tare", words);
		return;
	}
	name = tare_arena_printf(
		session->arena, "tare %s --seed %" PRIu64, words[0], options->seed);
	options->command_line = tare_command_line(session->arena, name, words + 1);
}

/* A label is found again by typing it. */
static enum tare_status
check_release(const char *release, struct tare_err *err)
{
	if (!release)
		return TARE_OK;
	if (!*release)
		return tare_err_set(err, TARE_INVALID,
			"--release is empty; expected a name, or leave the option out");
	if (strlen(release) > RELEASE_LEN_MAX)
		return tare_err_set(
			err, TARE_INVALID, "--release is longer than %d bytes", RELEASE_LEN_MAX);
	if (tare_utf8_check(release, strlen(release)) < strlen(release))
		return tare_err_set(
			err, TARE_INVALID, "--release '%s' is not valid UTF-8", release);
	for (const char *c = release; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return tare_err_set(err, TARE_INVALID,
				"--release '%s' has a control character in it", release);
	}
	if (strcmp(release, "latest") == 0 || strncmp(release, "latest:", 7) == 0)
		return tare_err_set(err, TARE_INVALID,
			"--release '%s' would not be found again: latest means the newest run",
			release);
	return TARE_OK;
}

enum tare_status
tare_measuring_prepare(
	struct tare_session *session, const struct tare_measuring_line *line, struct tare_err *err)
{
	struct tare_session_options *options = &session->options;
	enum tare_status status = tare_margin_parse(session, line->margin, err);

	if (status == TARE_OK)
		status = check_release(line->release, err);
	if (status == TARE_OK)
		status = tare_correct_options(session, line->correct, line->max_age, err);
	if (status != TARE_OK)
		return status;
	tare_terminal_inspect(session);
	options->release = line->release ? line->release : "";
	options->baseline = line->baseline;
	options->gate = line->gate;
	options->mixed_runners = line->mixed_runners;
	options->expand.cpus = line->cpus;
	options->expand.max_time = line->max_time;
	options->expand.invocations = line->invocations;
	options->journal_path = line->journal;
	options->store_url = line->store;
	options->confirm = line->confirm;
	options->quiet = line->quiet;
	options->interrupted = &tare_interrupted;
	choose_seed(session, line);
	if (!line->quiet)
		status = tare_report_request_add(session, "text", "-", err);
	return status == TARE_OK ? tare_reports_request(session, &line->reports, err) : status;
}

static void
print_option(FILE *out, const char *name, const char *value)
{
	if (!value)
		return;
	fputs(name, out);
	tare_text_shell_quote(out, value);
}

/* What is asked of a run is not in its journal, so it is asked again. */
static void
print_resume(FILE *out, const struct tare_session *session)
{
	const struct tare_session_options *options = &session->options;

	fputs("to go on with this run: tare run", out);
	print_option(out, " --resume ", session->journal_path);
	print_option(out, " --gate ", options->gate);
	print_option(out, " --baseline ", options->baseline);
	print_option(out, " --correct ", options->correct);
	if (options->margin)
		fprintf(out, " --margin %.9g%%", *options->margin * 100);
	if (options->confirm)
		fputs(" --confirm", out);
	fputc('\n', out);
}

/* Where to find what was made, and how to go on with what was not finished. */
static void
print_paths(const struct tare_session *session)
{
	const struct tare_session_options *options = &session->options;
	FILE *out = options->quiet ? NULL : options->progress;

	for (size_t i = 0; out && i < options->report_count; i++) {
		const struct tare_report_request *request = &options->reports[i];

		if (request->written && strcmp(request->path, "-") != 0) {
			fprintf(out, "%s report: ", request->format);
			tare_text_print_safe(out, request->path, false);
			fputc('\n', out);
		}
	}
	if (!out || !session->journal_path)
		return;
	fputs("journal: ", out);
	tare_text_print_safe(out, session->journal_path, false);
	fputc('\n', out);
	if (!options->suite_text && !(session->run && session->run->status == TARE_RUN_COMPLETE))
		print_resume(out, session);
}

/* All that is wrong with the suite; without places where nobody wrote it. */
static void
explain(struct tare_session *session, struct tare_err *err)
{
	const struct tare_session_options *options = &session->options;
	const char *file = options->suite_text ? options->suite_name : options->suite_path;

	for (size_t i = 0; options->suite_text && i < session->problems.count; i++)
		tare_place_strip(session->problems.texts[i], options->suite_name);
	if (options->suite_text)
		tare_place_strip(err->text, options->suite_name);
	tare_problems_print(&session->problems, file, err);
}

/* A misspelt store is found before time is spent on measuring; one that cannot be reached now may
 * be there again when the run is over, and the journal keeps it. */
static enum tare_status
check_store(const struct tare_session *session, struct tare_err *err)
{
	struct tare_store *store = NULL;
	struct tare_err why = {0};

	if (!session->options.use_store)
		return TARE_OK;
	tare_store_open_existing(&store, session->options.store_url, &why);
	tare_store_close(store);
	if (why.status != TARE_INVALID)
		return TARE_OK;
	*err = why;
	return why.status;
}

/* Whether a folder can be made here, or is there, and files can be made in it. */
static bool
has_room_for(struct tare_arena *arena, const char *folder)
{
	bool has_room = eaccess(folder, W_OK | X_OK) == 0;

	if (!has_room && errno == ENOENT)
		has_room = eaccess(tare_path_dirname(arena, folder), W_OK | X_OK) == 0;
	return has_room;
}

/* Where nothing is to be kept, a folder that must not be written is no reason not to measure. */
static enum tare_status
use_temporary_state(struct tare_session *session, const char **made_out, struct tare_err *err)
{
	struct tare_session_options *options = &session->options;
	const char *parent = getenv("TMPDIR");
	char *made = tare_arena_printf(
		session->arena, "%s/tare-XXXXXX", parent && *parent ? parent : "/tmp");

	if (!mkdtemp(made))
		return tare_err_errno(err, TARE_OUTSIDE,
			"neither this folder nor '%s' can be written; set TMPDIR to one that can",
			made);
	options->state_dir = *made_out = made;
	if (!options->quiet && options->progress)
		fprintf(options->progress,
			"this folder cannot be written: scratch files and logs are in %s, and "
			"nothing is stored\n",
			made);
	return TARE_OK;
}

/* *made_out: a folder to be removed, or NULL. Two runs may go on in one folder, so each has its own
 * place for scratch folders in it. */
static enum tare_status
choose_places(struct tare_session *session, const char **made_out, struct tare_err *err)
{
	struct tare_session_options *options = &session->options;
	bool keeps = options->keep_journal || options->use_store;
	char *here = getcwd(NULL, 0);
	enum tare_status status = TARE_OK;

	if (keeps && !here)
		return tare_err_set(err, TARE_OUTSIDE,
			"the current folder has been removed; change to one where runs can be "
			"kept");
	if (!keeps && (!here || !has_room_for(session->arena, options->state_dir)))
		status = use_temporary_state(session, made_out, err);
	free(here);
	options->expand.scratch_root = tare_arena_printf(
		session->arena, "%s/scratch/%ld", options->state_dir, (long)getpid());
	return status;
}

enum tare_status
tare_measuring_run(struct tare_session *session, int *exit_code_out, struct tare_err *err)
{
	static const struct tare_stage *const stages[] = {
		&tare_stage_load,
		&tare_stage_expand,
		&tare_stage_baseline,
		&tare_stage_choose,
		&tare_stage_describe,
		&tare_stage_measure,
		&tare_stage_correct,
		&tare_stage_compare,
		&tare_stage_store,
		&tare_stage_report,
	};
	const char *temporary = NULL;
	enum tare_status status;

	tare_signals_catch();
	status = check_store(session, err);
	if (status == TARE_OK)
		status = choose_places(session, &temporary, err);
	if (status != TARE_OK)
		return status;
	status = tare_stages_run(session, stages, sizeof(stages) / sizeof(stages[0]), err);
	/* Unless it has the logs of what failed. */
	if (temporary)
		rmdir(temporary);
	if (status != TARE_OK)
		explain(session, err);
	print_paths(session);
	if (status != TARE_OK)
		return status;
	*exit_code_out = tare_session_exit_code(session, err);
	return TARE_OK;
}
