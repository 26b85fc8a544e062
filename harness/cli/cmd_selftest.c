#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/rng.h"
#include "harness/base/secret.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/cli/bench_suite.h"
#include "harness/cli/list.h"
#include "harness/cli/selftest.h"
#include "runners/link.h"

/* The time is meant for so many rounds; where verdicts come sooner there are more. */
enum { ROUNDS_WANTED = 5, ROUNDS_MAX = 1000 };
/* Some 10 ms on a machine of today: starting the probe is a few percent of that. */
static const uint64_t probe_steps = 7500000;
static const double inject_max = 10.0;

struct selftest_line {
	const char *command;
	const char *time;
	const char *inject;
	const char *cpus;
	const char *margin;
	const char *format;
	struct tare_given_count seed;
	bool shell;
	bool quiet;
};

#define AT(field) offsetof(struct selftest_line, field)

static const struct tare_option options[] = {
	{"command", 0, "COMMAND", TARE_OPTION_TEXT, AT(command),
		"what to measure against itself (a loop of 10 ms)"},
	{"shell", 'S', NULL, TARE_OPTION_FLAG, AT(shell), "run the command by /bin/sh -e"},
	{"time", 't', "TIME", TARE_OPTION_TEXT, AT(time), "how long in all (20s)"},
	{"inject", 0, "PERCENT", TARE_OPTION_TEXT, AT(inject),
		"make the work of one side this much longer"},
	{"margin", 0, "PERCENT", TARE_OPTION_TEXT, AT(margin),
		"the smallest change that matters (2%)"},
	{"cpus", 0, "CPUS", TARE_OPTION_TEXT, AT(cpus),
		"pin to cores (2), CPUs (2-3) or a policy (smt:2); none"},
	{"seed", 0, "N", TARE_OPTION_COUNT, AT(seed), "repeat the order of an earlier selftest"},
	{"format", 'f', "FORMAT", TARE_OPTION_TEXT, AT(format), "text or json"},
	{"quiet", 'q', NULL, TARE_OPTION_FLAG, AT(quiet), "no progress and no summary"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

/* One selftest while it goes on. */
struct selftest_run {
	const struct selftest_line *line;
	struct tare_bench_line bench; /* of each round */
	char *commands[3];
	uint64_t total_ns;
	uint64_t longest_ns; /* round so far */
	bool json;
	struct tare_selftest found;
};

/* Within nothing no machine is quiet. */
static enum tare_status
read_margin(double *margin_out, const char *text, struct tare_err *err)
{
	double margin = TARE_DEFAULT_MARGIN;

	if (text && tare_percent_parse(&margin, text, err) != TARE_OK)
		return tare_err_where(err, "--margin");
	if (margin <= 0.0)
		return tare_err_set(err, TARE_INVALID, "--margin '%s' is not above 0%%", text);
	*margin_out = margin;
	return TARE_OK;
}

static enum tare_status
read_inject(struct selftest_run *run, double margin, struct tare_err *err)
{
	const char *text = run->line->inject;

	if (!text)
		return TARE_OK;
	if (run->line->command)
		return tare_err_set(err, TARE_INVALID,
			"--inject makes the loop of tare selftest longer and cannot do so to "
			"--command; leave one of the two out");
	if (tare_percent_parse(&run->found.inject, text, err) != TARE_OK)
		return tare_err_where(err, "--inject");
	if (!(run->found.inject > margin))
		return tare_err_set(err, TARE_INVALID,
			"--inject '%s' is not above the margin of %.4g %%: nothing should be found",
			text, 100.0 * margin);
	if (run->found.inject > inject_max)
		return tare_err_set(err, TARE_INVALID,
			"--inject '%s' is more than %.0f%%, the most there is", text,
			100.0 * inject_max);
	return TARE_OK;
}

static enum tare_status
read_line(struct selftest_run *run, struct tare_err *err)
{
	const struct selftest_line *line = run->line;
	double margin = TARE_DEFAULT_MARGIN;
	enum tare_status status = tare_format_parse(&run->json, line->format, err);

	if (status == TARE_OK)
		status = read_margin(&margin, line->margin, err);
	if (status == TARE_OK)
		status = read_inject(run, margin, err);
	if (status != TARE_OK)
		return status;
	if (tare_duration_parse(&run->total_ns, line->time ? line->time : "20s", err) != TARE_OK)
		return tare_err_where(err, "--time");
	if (run->total_ns == 0)
		return tare_err_set(err, TARE_INVALID, "--time '%s' is no time", line->time);
	run->found.cpus = line->cpus;
	run->found.seed = line->seed.given ? line->seed.value : tare_rng_entropy();
	return TARE_OK;
}

/* So many steps as one command line. The path is quoted, because a shell's words are split. */
static char *
probe_command(struct tare_arena *arena, const char *path, uint64_t steps)
{
	char *text = NULL, *copy;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	tare_text_shell_quote(out, path);
	fprintf(out, " %" PRIu64, steps);
	fclose(out);
	copy = tare_arena_strdup(arena, text);
	free(text);
	return copy;
}

static enum tare_status
use_probe(struct selftest_run *run, struct tare_err *err)
{
	struct tare_arena *arena = run->found.arena;
	double longer = (1.0 + run->found.inject) * (double)probe_steps;
	char agent[4096];
	char *path;
	enum tare_status status = tare_agent_find(agent, sizeof(agent), NULL, err);

	if (status != TARE_OK)
		return status;
	path = tare_path_join(arena, tare_path_dirname(arena, agent), "tare-probe");
	if (access(path, X_OK) != 0)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"'%s' is not there to be measured; install all of tare, or give a "
			"--command",
			path);
	run->found.command = tare_arena_printf(arena, "tare-probe %" PRIu64, probe_steps);
	run->commands[0] = probe_command(arena, path, probe_steps);
	run->commands[1] = probe_command(arena, path, (uint64_t)longer);
	return TARE_OK;
}

static enum tare_status
prepare(struct selftest_run *run, struct tare_err *err)
{
	struct tare_arena *arena = run->found.arena;
	struct tare_measuring_line *measuring = &run->bench.measuring;

	/* Nothing of a round is printed: what its gate says is not the selftest's result. */
	measuring->quiet = true;
	measuring->gate = "regression";
	measuring->cpus = run->line->cpus;
	measuring->margin = run->line->margin;
	/* The budget is of each side. */
	measuring->max_time =
		tare_arena_printf(arena, "%" PRIu64 "ns", run->total_ns / ROUNDS_WANTED / 2 + 1);
	run->bench.shell = run->line->shell;
	run->bench.names = (struct tare_texts){.items = {"A", "B"}, .count = 2};
	if (!run->line->command)
		return use_probe(run, err);
	run->found.command = tare_secret_mask_text(arena, run->line->command);
	run->commands[0] = tare_arena_strdup(arena, run->line->command);
	run->commands[1] = run->commands[0];
	return TARE_OK;
}

static enum tare_status
measure_session(struct selftest_run *run, struct tare_session *session, int *exit_code_out,
	struct tare_err *err)
{
	struct tare_session_options *to = &session->options;
	char *cwd = getcwd(NULL, 0);
	char *text;
	enum tare_status status =
		tare_bench_suite_text(&text, session->arena, &run->bench, run->commands, cwd, err);

	free(cwd);
	if (status == TARE_OK)
		status = tare_measuring_prepare(session, &run->bench.measuring, err);
	if (status != TARE_OK)
		return status;
	to->suite_text = text;
	to->suite_name = "tare selftest";
	to->use_store = false;
	to->keep_journal = false;
	return tare_measuring_run(session, exit_code_out, err);
}

/* A round is what tare bench does. That it finds a regression is no error; that it cannot measure
 * is. One that was interrupted counts for nothing. */
static enum tare_status
measure_round(struct selftest_run *run, struct tare_err *err)
{
	struct tare_session *session = tare_session_new();
	struct tare_err why = {0};
	int exit_code = TARE_EXIT_OK;
	enum tare_status status;

	run->bench.measuring.seed = (struct tare_given_count){
		.value = (run->found.seed + run->found.rounds) & INT64_MAX, .given = true};
	status = measure_session(run, session, &exit_code, &why);
	if (status == TARE_OK)
		status = why.status;
	if (status == TARE_INTERRUPTED || exit_code == TARE_EXIT_INTERRUPTED) {
		run->found.interrupted = true;
		status = TARE_OK;
	} else if (status == TARE_OK) {
		tare_selftest_add(&run->found, session->run, &session->sets[0]);
	} else {
		*err = why;
	}
	tare_session_free(session);
	return status;
}

static void
show_progress(const struct selftest_run *run, uint64_t spent_ns)
{
	uint64_t left_ns = run->total_ns > spent_ns ? run->total_ns - spent_ns : 0;

	if (run->line->quiet || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\rselftest: %zu rounds, %" PRIu64 " s left ", run->found.rounds,
		left_ns / 1000000000);
	fflush(stderr);
}

static void
clear_progress(const struct selftest_run *run)
{
	if (!run->line->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r%40s\r", "");
}

/* At least one round, then as long as another like the longest fits into the time. */
static enum tare_status
measure_rounds(struct selftest_run *run, struct tare_err *err)
{
	uint64_t began_ns = tare_monotonic_ns(), allowed_ns = run->total_ns + run->total_ns / 20;
	enum tare_status status = TARE_OK;

	while (status == TARE_OK && !run->found.interrupted && run->found.rounds < ROUNDS_MAX) {
		uint64_t before_ns = tare_monotonic_ns();
		uint64_t took_ns;

		if (before_ns - began_ns + run->longest_ns > allowed_ns)
			break;
		show_progress(run, before_ns - began_ns);
		status = measure_round(run, err);
		took_ns = tare_monotonic_ns() - before_ns;
		if (took_ns > run->longest_ns)
			run->longest_ns = took_ns;
	}
	clear_progress(run);
	run->found.duration_ns = tare_monotonic_ns() - began_ns;
	return status;
}

/* Without a summary the reason for the exit code is still said, in one line. */
static void
say_result(const struct selftest_run *run, int exit_code, struct tare_err *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (run->json)
		tare_selftest_print_json(stdout, &run->found);
	else if (!run->line->quiet)
		tare_selftest_print(stdout, &run->found);
	if (!run->line->quiet || run->json || exit_code == TARE_EXIT_OK)
		return;
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	tare_selftest_print_result(out, &run->found);
	fclose(out);
	tare_err_set(err, TARE_OK, "%s", text);
	free(text);
}

static enum tare_status
selftest(const void *line, char **operands, int *exit_code_out, struct tare_err *err)
{
	enum tare_status status = tare_operands_check("selftest", operands, 0, 0, err);
	struct selftest_run *run;

	if (status != TARE_OK)
		return status;
	run = tare_xcalloc(1, sizeof(*run));
	run->line = line;
	run->found.arena = tare_arena_new();
	status = read_line(run, err);
	if (status == TARE_OK)
		status = prepare(run, err);
	if (status == TARE_OK)
		status = measure_rounds(run, err);
	if (status == TARE_OK) {
		tare_selftest_finish(&run->found);
		*exit_code_out = tare_selftest_exit_code(&run->found);
		say_result(run, *exit_code_out, err);
	}
	tare_selftest_free(&run->found);
	tare_arena_free(run->found.arena);
	free(run);
	return status;
}

const struct tare_command tare_command_selftest = {
	.name = "selftest",
	.usage = "[OPTION...]",
	.summary = "measure a program against itself: how noisy is this machine",
	.detail =
		"Prints the noise, the false alarms, what change would be found, and what to do.\n"
		"Exit code 1: more changes were found where there are none than chance explains;\n"
		"2: less than half of the comparisons found the slowdown that --inject put in.\n"
		"Nothing is stored.",
	.tables = tables,
	.line_size = sizeof(struct selftest_line),
	.run = selftest,
};
