#include "tests/unit/runners/subject.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/arena.h"

static char path_variable[] = "PATH=/usr/local/bin:/usr/bin:/bin";
static char *environment[] = {path_variable, NULL};
static int exit_codes[] = {0};
static struct tare_arena *forever;

struct tare_program
subject_program(const char *const *words)
{
	struct tare_program program = {.env = environment, .cwd = "/", .timeout_ns = 20000000000u};

	while (words[program.argc])
		program.argc++;
	if (!forever)
		forever = tare_arena_new();
	program.argv = tare_arena_alloc(forever, program.argc + 1, sizeof(*program.argv));
	for (size_t i = 0; i < program.argc; i++)
		program.argv[i] = tare_arena_strdup(forever, words[i]);
	return program;
}

struct tare_program
subject_shell(const char *script)
{
	return subject_program((const char *const[]){"sh", "-c", script, NULL});
}

struct tare_case
subject_case(struct tare_program program)
{
	static struct tare_metric metrics[TARE_BUILTIN_METRIC_COUNT];
	static struct tare_metric_rule rules[TARE_BUILTIN_METRIC_COUNT];

	memcpy(metrics, tare_builtin_metrics, sizeof(metrics));
	return (struct tare_case){.index = 3,
		.benchmark = "subject",
		.name = "subject",
		.variant = "",
		.program = program,
		.metrics = metrics,
		.rules = rules,
		.metric_count = TARE_BUILTIN_METRIC_COUNT,
		.expect = {.exit_codes = exit_codes, .exit_code_count = 1}};
}

static uint32_t
invoke(struct tare_runner *runner, struct tare_outcome *outcomes,
	const struct tare_invocation *invocation)
{
	struct tare_err err = {0};
	uint32_t done = 0;
	enum tare_status status =
		tare_runner_host.invoke(runner, outcomes, &done, invocation, &err);

	if (status != TARE_OK)
		fprintf(stderr, "invoke: %s\n", err.text);
	assert(status == TARE_OK);
	return done;
}

uint32_t
subject_measure(struct tare_runner *runner, struct tare_outcome *outcomes,
	const struct tare_case *subject, uint32_t count)
{
	return invoke(runner, outcomes,
		&(struct tare_invocation){.subject = subject,
			.program = &subject->program,
			.role = TARE_ROLE_MEASURED,
			.seq = 100,
			.pair = 10,
			.count = count,
			.budget_ns = UINT64_MAX});
}

struct tare_outcome
subject_measure_one(struct tare_runner *runner, const struct tare_case *subject)
{
	struct tare_outcome outcome;

	assert(subject_measure(runner, &outcome, subject, 1) == 1);
	return outcome;
}

struct tare_outcome
subject_hook(struct tare_runner *runner, const struct tare_program *program, const char *log_path)
{
	struct tare_outcome outcome;

	assert(invoke(runner, &outcome,
		       &(struct tare_invocation){.program = program,
			       .role = TARE_ROLE_HOOK,
			       .count = 1,
			       .log_path = log_path}) == 1);
	return outcome;
}

struct tare_runner *
subject_open(const char *pending_path, const volatile sig_atomic_t *interrupted)
{
	const struct tare_runner_options options = {.run_id = "20260102-030405-00000a",
		.seed = 42,
		.began_ns = 7,
		.agent_path = TEST_AGENT,
		.pending_path = pending_path,
		.interrupted = interrupted};
	struct tare_runner *runner;
	struct tare_err err = {0};

	if (tare_runner_host.open(&runner, &options, &err) != TARE_OK) {
		fprintf(stderr, "open: %s\n", err.text);
		abort();
	}
	return runner;
}

void
subject_close(struct tare_runner *runner)
{
	tare_runner_host.close(runner);
}

static void
nap(void)
{
	struct timespec pause = {.tv_nsec = 1000000};

	nanosleep(&pause, NULL);
}

/* "123 (name) Z ..." or no such file. */
static bool
is_gone(pid_t pid)
{
	char path[64], text[512];
	const char *state;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (!file)
		return true;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	state = strrchr(text, ')');
	return !state || strncmp(state, ") Z", 3) == 0 || strncmp(state, ") X", 3) == 0;
}

bool
subject_ends(pid_t pid)
{
	for (int i = 0; i < 5000; i++) {
		if (is_gone(pid))
			return true;
		nap();
	}
	return false;
}

pid_t
subject_read_pid(const char *path)
{
	for (int i = 0; i < 5000; i++) {
		FILE *file = fopen(path, "r");
		char text[32] = "";

		if (file) {
			text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
			fclose(file);
		}
		/* The newline says that it is whole. */
		if (strchr(text, '\n'))
			return (pid_t)strtol(text, NULL, 10);
		nap();
	}
	assert(!"no process wrote its number");
	return -1;
}
