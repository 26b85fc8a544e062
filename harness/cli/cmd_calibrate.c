#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calibrate/calibration.h"
#include "harness/base/file.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/cli/calibrations.h"
#include "harness/cli/list.h"
#include "harness/cli/measuring.h"
#include "harness/model/container.h"
#include "harness/stages/stage.h"
#include "runners/link.h"
#include "runners/runner.h"

struct calibrate_line {
	struct tare_given_count seed;
	struct tare_texts reports;
	struct tare_texts resources;
	struct tare_texts dimensions;
	const char *runner;
	const char *image;
	const char *cpus;
	const char *memory;
	const char *cpu_quota;
	const char *journal;
	const char *store;
	const char *like;
	const char *correct;
	const char *max_age;
	bool quick;
	bool thorough;
	bool print_suite;
	bool quiet;
};

#define AT(field) offsetof(struct calibrate_line, field)

static const struct tare_option options[] = {
	{"runner", 0, "NAME", TARE_OPTION_TEXT, AT(runner), "docker (the default) or podman"},
	{"image", 0, "IMAGE", TARE_OPTION_TEXT, AT(image),
		"what is weighed (an empty image that is built for it)"},
	{"cpus", 0, "CPUS", TARE_OPTION_TEXT, AT(cpus),
		"pin to cores (1), CPUs (2-3) or a policy (smt:2); none"},
	{"memory", 0, "SIZE", TARE_OPTION_TEXT, AT(memory), "the container's limit"},
	{"cpu-quota", 0, "CORES", TARE_OPTION_TEXT, AT(cpu_quota),
		"the container's limit, in cores' worth of time"},
	{"like", 0, "RUN", TARE_OPTION_TEXT, AT(like),
		"image and limits of RUN's container, where not given here"},
	{"resource", 0, "KEY=VALUE", TARE_OPTION_TEXTS, AT(resources),
		"more of what a suite writes in `resources`; repeatable"},
	{"dimension", 0, "NAME", TARE_OPTION_TEXTS, AT(dimensions),
		"only the probes of cpu, memory, latency, start, disk or network; repeatable"},
	{"quick", 0, NULL, TARE_OPTION_FLAG, AT(quick), "20 pairs of each probe instead of 40"},
	{"thorough", 0, NULL, TARE_OPTION_FLAG, AT(thorough), "60 pairs, and longer ones"},
	{"seed", 0, "N", TARE_OPTION_COUNT, AT(seed), "repeat the order of an earlier calibration"},
	{"report", 0, "FORMAT=FILE", TARE_OPTION_TEXTS, AT(reports),
		"write a report; repeatable; FILE - is standard output"},
	{"journal", 0, "FILE", TARE_OPTION_TEXT, AT(journal), "where the journal goes"},
	{"store", 0, "URL", TARE_OPTION_TEXT, AT(store),
		"the history (sqlite:.tare/results.db, or TARE_STORE)"},
	{"correct", 0, "RUN", TARE_OPTION_TEXT, AT(correct),
		"measure nothing; take off what the containers of RUN weighed"},
	{"max-age", 0, "TIME", TARE_OPTION_TEXT, AT(max_age),
		"how far a calibration and a run may be apart (720h)"},
	{"print-suite", 0, NULL, TARE_OPTION_FLAG, AT(print_suite),
		"print the suite this stands for, and measure nothing"},
	{"quiet", 'q', NULL, TARE_OPTION_FLAG, AT(quiet), "no progress"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

static enum tare_status
check_line(const struct calibrate_line *line, struct tare_err *err)
{
	const char *runner = line->runner ? line->runner : "docker";

	if (!tare_runner_is_container(runner))
		return tare_err_set(err, TARE_INVALID,
			"--runner '%s' has no container; expected docker or podman", runner);
	if (line->quick && line->thorough)
		return tare_err_set(
			err, TARE_INVALID, "--quick and --thorough: expected one of them");
	if (line->print_suite)
		return TARE_OK;
	/* A case that fails would say so too, but sixteen times. */
	return tare_runner_find(runner)->supported(err);
}

static enum tare_status
find_weight(char **path_out, struct tare_arena *arena, struct tare_err *err)
{
	char agent[4096];
	enum tare_status status = tare_agent_find(agent, sizeof(agent), NULL, err);
	char *path, *real;

	if (status != TARE_OK)
		return status;
	path = tare_path_join(arena, tare_path_dirname(arena, agent), "tare-weight");
	real = realpath(path, NULL);
	if (!real)
		return tare_err_errno(
			err, TARE_UNSUPPORTED, "cannot find '%s'; install all of tare", path);
	*path_out = tare_arena_strdup(arena, real);
	free(real);
	return TARE_OK;
}

/* The image that has nothing but the text that it is made of. */
static enum tare_status
write_dockerfile(
	char **path_out, struct tare_arena *arena, const char *folder, struct tare_err *err)
{
	static const char text[] = "FROM scratch\nCOPY Dockerfile /Dockerfile\n";
	char *path = tare_arena_printf(arena, "%s/Dockerfile", folder);
	enum tare_status status = tare_dir_make(folder, err);
	FILE *out;

	if (status != TARE_OK)
		return status;
	out = fopen(path, "we");
	if (!out)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot write '%s'", path);
	fputs(text, out);
	if (fclose(out) != 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot write '%s'", path);
	*path_out = path;
	return TARE_OK;
}

static enum tare_status
read_dimensions(
	bool only[TARE_DIMENSION_COUNT], const struct calibrate_line *line, struct tare_err *err)
{
	enum tare_dimension dimension;

	for (size_t i = 0; i < line->dimensions.count; i++) {
		if (!tare_dimension_find(&dimension, line->dimensions.items[i]))
			return tare_err_set(err, TARE_INVALID,
				"--dimension '%s' is unknown; expected cpu, memory, latency, "
				"start, disk or network",
				line->dimensions.items[i]);
		only[dimension] = true;
	}
	return TARE_OK;
}

static enum tare_status
write_suite(char **text_out, struct tare_session *session, const struct calibrate_line *line,
	struct tare_err *err)
{
	struct tare_protocol protocol = {.runner = line->runner ? line->runner : "docker",
		.image = line->image,
		.cpus = line->cpus ? line->cpus : "1",
		.memory = line->memory,
		.cpu_quota = line->cpu_quota,
		.resources = line->resources.items,
		.resource_count = line->resources.count,
		.effort = line->quick      ? TARE_EFFORT_QUICK
			  : line->thorough ? TARE_EFFORT_THOROUGH
					   : TARE_EFFORT_NORMAL};
	char *cwd = getcwd(NULL, 0), *weight = NULL, *dockerfile = NULL;
	char *folder;
	enum tare_status status = read_dimensions(protocol.only, line, err);

	if (status == TARE_OK)
		status = find_weight(&weight, session->arena, err);
	if (status == TARE_OK && !cwd)
		status = tare_err_errno(err, TARE_OUTSIDE, "cannot find the current folder");
	folder = tare_arena_printf(session->arena, "%s/.tare/calibrate", cwd ? cwd : "");
	free(cwd);
	if (status == TARE_OK && !line->print_suite)
		status = write_dockerfile(&dockerfile, session->arena, folder, err);
	if (status != TARE_OK)
		return status;
	protocol.weight_path = weight;
	protocol.folder = folder;
	protocol.dockerfile = dockerfile ? dockerfile : "Dockerfile";
	return tare_protocol_suite(text_out, session->arena, &protocol, err);
}

/* A calibration is shown in another way than a run of any suite. */
static void
drop_summary(struct tare_session *session)
{
	struct tare_session_options *to = &session->options;

	if (to->quiet || to->report_count == 0)
		return;
	to->report_count--;
	memmove(to->reports, to->reports + 1, to->report_count * sizeof(to->reports[0]));
}

/* The limits as a suite writes them, of what the kernel shows in a container: bytes, and "50000
 * 100000" for half of a core, or a word or -1 for none. */
static void
take_limits(struct calibrate_line *line, struct tare_arena *arena,
	const struct tare_environment *environment)
{
	const char *memory = tare_environment_get(environment, "container.memory");
	const char *quota = tare_environment_get(environment, "container.cpu_quota");
	uint64_t bytes, quota_us, period_us;
	char *period;

	/* Beyond that cgroups write what is no limit. */
	if (memory && !line->memory &&
		tare_count_parse(&bytes, memory, INT64_MAX, NULL) == TARE_OK &&
		bytes < UINT64_C(1) << 60)
		line->memory = tare_arena_printf(arena, "%sB", memory);
	if (!quota || line->cpu_quota || !strchr(quota, ' '))
		return;
	period = tare_arena_strdup(arena, quota);
	period[strcspn(period, " ")] = '\0';
	if (tare_count_parse(&quota_us, period, UINT32_MAX, NULL) != TARE_OK ||
		tare_count_parse(&period_us, strchr(quota, ' ') + 1, UINT32_MAX, NULL) != TARE_OK ||
		period_us == 0)
		return;
	line->cpu_quota = tare_arena_printf(arena, "%.9g", (double)quota_us / (double)period_us);
	if (line->resources.count < TARE_TEXTS_MAX)
		line->resources.items[line->resources.count++] = tare_arena_printf(
			arena, "cpu_period=%lluus", (unsigned long long)period_us);
}

/* What was not said on the command line is that of a run that ran in a container. */
static enum tare_status
take_after(struct calibrate_line *line, struct tare_session *session, struct tare_err *err)
{
	struct tare_run *run = NULL;
	const struct tare_environment *environment;
	const char *image;
	enum tare_status status;

	if (!line->like)
		return TARE_OK;
	session->options.store_url = line->store;
	status = tare_stage_find_run(&run, session, line->like, NULL, err);
	if (status != TARE_OK)
		return tare_err_where(err, "--like");
	environment = &run->environment;
	image = tare_environment_get(environment, "container.image_id");
	if (!image) {
		status = tare_err_set(
			err, TARE_INVALID, "--like: no case of run %s ran in a container", run->id);
	} else {
		if (!line->image)
			line->image = tare_arena_strdup(session->arena, image);
		if (!line->runner && tare_environment_get(environment, "container.engine"))
			line->runner = tare_arena_strdup(session->arena,
				tare_environment_get(environment, "container.engine"));
		take_limits(line, session->arena, environment);
	}
	tare_run_free(run);
	return status;
}

static enum tare_status
measure(struct tare_session *session, const struct calibrate_line *line,
	struct tare_measuring_line *measuring, int *exit_code_out, struct tare_err *err)
{
	char *text;
	enum tare_status status = check_line(line, err);

	if (status == TARE_OK)
		status = write_suite(&text, session, line, err);
	if (status == TARE_OK && line->print_suite) {
		fputs(text, stdout);
		return TARE_OK;
	}
	*measuring = (struct tare_measuring_line){.seed = line->seed,
		.reports = line->reports,
		.journal = line->journal,
		.store = line->store,
		.quiet = line->quiet};
	if (status == TARE_OK)
		status = tare_measuring_prepare(session, measuring, err);
	if (status != TARE_OK)
		return status;
	session->options.suite_text = text;
	session->options.suite_name = "tare calibrate";
	drop_summary(session);
	status = tare_measuring_run(session, exit_code_out, err);
	if (status == TARE_OK)
		status = tare_calibration_print(stdout, session->run, err);
	return status;
}

static enum tare_status
calibrate(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	struct calibrate_line line = *(const struct calibrate_line *)line_in;
	struct tare_measuring_line measuring;
	enum tare_status status = tare_operands_check("calibrate", operands, 0, 0, err);
	struct tare_session *session;

	if (status != TARE_OK)
		return status;
	session = tare_session_new();
	if (line.correct)
		status = tare_calibration_correct_run(
			session, line.correct, line.store, line.max_age, err);
	else
		status = take_after(&line, session, err);
	if (status == TARE_OK && !line.correct)
		status = measure(session, &line, &measuring, exit_code_out, err);
	tare_session_free(session);
	return status;
}

const struct tare_command tare_command_calibrate = {
	.name = "calibrate",
	.usage = "[OPTION...]",
	.summary = "weigh a container against the host",
	.detail = "Measures small programs on the host, on the host again and in a container, and\n"
		  "says what the container costs, kind by kind. The calibration is kept in the\n"
		  "history: tare list calibrations. With --like RUN it is of that run's image and\n"
		  "limits. With --correct RUN the times that a run took in containers are shown\n"
		  "beside what they would be on the host.",
	.words = "",
	.tables = tables,
	.line_size = sizeof(struct calibrate_line),
	.run = calibrate,
};
