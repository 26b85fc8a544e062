#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/file.h"
#include "harness/stages/stage.h"
#include "runners/link.h"
#include "runners/runner.h"

enum { NULL_PROGRAM_COUNT = 31 };

static int
compare_times(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static enum tare_status
invoke(uint64_t *median_ns_out, struct tare_runner *runner, const struct tare_case *subject,
	struct tare_err *err)
{
	const struct tare_invocation invocation = {.subject = subject,
		.program = &subject->program,
		.role = TARE_ROLE_MEASURED,
		.count = NULL_PROGRAM_COUNT,
		.budget_ns = UINT64_MAX};
	struct tare_outcome outcomes[NULL_PROGRAM_COUNT];
	uint64_t times[NULL_PROGRAM_COUNT];
	uint32_t done = 0;
	enum tare_status status =
		tare_runner_host.invoke(runner, outcomes, &done, &invocation, err);

	if (status != TARE_OK)
		return status;
	for (uint32_t i = 0; i < done; i++) {
		if (outcomes[i].start_failure)
			return tare_err_set(err, TARE_OUTSIDE, "%s", outcomes[i].start_failure);
		times[i] = outcomes[i].record.wall_ns;
	}
	if (done == 0)
		return tare_err_set(err, TARE_OUTSIDE, "the null program was not started");
	qsort(times, done, sizeof(times[0]), compare_times);
	*median_ns_out = times[done / 2];
	return TARE_OK;
}

/* The static probe with next to nothing to do. */
static struct tare_case
null_case(struct tare_arena *arena, const char *agent_path)
{
	static int success = 0;
	static char *env[] = {NULL};
	struct tare_case subject = {.benchmark = "null", .name = "null", .variant = ""};
	char **argv = tare_arena_alloc(arena, 3, sizeof(*argv));

	argv[0] = tare_path_join(arena, tare_path_dirname(arena, agent_path), "tare-probe");
	argv[1] = tare_arena_strdup(arena, "1");
	subject.program = (struct tare_program){
		.argv = argv, .argc = 2, .env = env, .cwd = "/", .timeout_ns = 10000000000u};
	subject.expect.exit_codes = &success;
	subject.expect.exit_code_count = 1;
	return subject;
}

enum tare_status
tare_stage_null_program(uint64_t *median_ns_out, struct tare_err *err)
{
	const struct tare_runner_options options = {.run_id = "null-program"};
	struct tare_arena *arena = tare_arena_new();
	struct tare_runner *runner = NULL;
	char agent_path[PATH_MAX];
	struct tare_case subject;
	enum tare_status status = tare_agent_find(agent_path, sizeof(agent_path), NULL, err);

	if (status == TARE_OK)
		status = tare_runner_host.open(&runner, &options, err);
	if (status == TARE_OK) {
		subject = null_case(arena, agent_path);
		status = invoke(median_ns_out, runner, &subject, err);
		tare_runner_host.close(runner);
	}
	tare_arena_free(arena);
	return status;
}

void
tare_stage_add_null_program(struct tare_environment *environment, struct tare_arena *arena)
{
	uint64_t median_ns;

	if (tare_stage_null_program(&median_ns, NULL) == TARE_OK)
		tare_environment_add(environment, arena, "baseline.null_program_ns",
			tare_arena_printf(arena, "%" PRIu64, median_ns), false);
}
