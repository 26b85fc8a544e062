#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/stages/measure.h"

enum { TAIL_LINES = 12, TAIL_LEN = 2000 };

const char *
tare_outcome_failure(struct tare_arena *arena, const struct tare_outcome *outcome,
	const struct tare_program *program, const int *exit_codes, size_t exit_code_count)
{
	const struct tare_agent_record *record = &outcome->record;
	char duration[TARE_UNITS_TEXT_MAX];
	int code;

	if (record->flags & TARE_RECORD_NOT_STARTED)
		return tare_arena_strdup(arena, outcome->start_failure);
	if (record->flags & TARE_RECORD_TIMED_OUT) {
		tare_duration_format(duration, sizeof(duration), program->timeout_ns);
		return tare_arena_printf(arena, "timed out after %s and was killed", duration);
	}
	if (WIFSIGNALED(record->exit_status))
		return tare_arena_printf(arena, "killed by signal %d (%s)%s%s",
			WTERMSIG(record->exit_status), strsignal(WTERMSIG(record->exit_status)),
			outcome->remark ? ": " : "", outcome->remark ? outcome->remark : "");
	code = WEXITSTATUS(record->exit_status);
	for (size_t i = 0; i < exit_code_count; i++) {
		if (exit_codes[i] == code)
			return NULL;
	}
	if (exit_code_count == 1)
		return tare_arena_printf(arena, "exit code %d, expected %d", code, exit_codes[0]);
	return tare_arena_printf(
		arena, "exit code %d, which is none of the %zu expected", code, exit_code_count);
}

const char *
tare_tail_of_text(struct tare_arena *arena, const char *text, size_t len)
{
	if (!text || len == 0)
		return NULL;
	return tare_arena_strdup(arena, tare_text_tail(text, len, TAIL_LINES, TAIL_LEN));
}

/* Only the end is read: a hook's log grows with every invocation. */
static const char *
tail_of_file(struct tare_arena *arena, const char *path)
{
	char text[TAIL_LEN + 1];
	ssize_t len = -1;
	struct stat status;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0)
		len = pread(fd, text, TAIL_LEN,
			status.st_size > TAIL_LEN ? status.st_size - TAIL_LEN : 0);
	close(fd);
	if (len <= 0)
		return NULL;
	text[len] = '\0';
	return tare_tail_of_text(arena, text, (size_t)len);
}

/* Tried once: it costs every case that wants it, but not its time for each of them. */
static enum tare_status
open_runner(struct tare_measure *measure, struct tare_open_runner *on)
{
	const struct tare_runner_options options = {
		.run_id = measure->run->id,
		.seed = measure->run->seed,
		.began_ns = measure->began_ns,
		.pending_path = measure->pending_path,
		.cpus_elsewhere = measure->cpus_elsewhere,
		.topology = measure->session->topology,
		.interrupted = measure->session->options.interrupted,
	};
	enum tare_status status = on->ops->supported(&on->why_not);

	if (status == TARE_OK)
		status = on->ops->open(&on->runner, &options, &on->why_not);
	if (status == TARE_OK)
		return TARE_OK;
	on->runner = NULL;
	tare_err_where(&on->why_not, "runner %s", on->ops->name);
	if (status == TARE_OUTSIDE || status == TARE_UNSUPPORTED)
		tare_measure_note_breakdown(measure, &on->why_not);
	return status;
}

enum tare_status
tare_measure_open_runner(struct tare_measure *measure, struct tare_open_runner **on_out,
	const char *name, struct tare_err *err)
{
	const struct tare_runner_ops *ops =
		tare_runner_find(strcmp(name, "auto") == 0 ? "host" : name);
	struct tare_open_runner *on = measure->runners;

	if (!ops)
		return tare_err_set(err, TARE_INVALID,
			"there is no runner '%s'; tare list runners names them", name);
	while (on < measure->runners + measure->runner_count && on->ops != ops)
		on++;
	if (on == measure->runners + measure->runner_count) {
		assert(measure->runner_count < TARE_OPEN_RUNNERS_MAX);
		*on = (struct tare_open_runner){.ops = ops};
		/* An interruption is none of the runner's doing. */
		if (open_runner(measure, on) != TARE_INTERRUPTED)
			measure->runner_count++;
	}
	if (!on->runner) {
		*err = on->why_not;
		return on->why_not.status;
	}
	*on_out = on;
	return TARE_OK;
}

/* TARE_FAILED, and why, where the program did. */
static enum tare_status
run_program(struct tare_measure *measure, struct tare_open_runner *on,
	const struct tare_case *subject, const struct tare_program *program, const char *log_path,
	struct tare_err *err)
{
	const struct tare_invocation invocation = {
		.subject = subject,
		.program = program,
		.role = TARE_ROLE_HOOK,
		.count = 1,
		.log_path = log_path,
	};
	const int success = 0;
	const char *failure;
	uint32_t done = 0;
	enum tare_status status =
		on->ops->invoke(on->runner, measure->outcomes, &done, &invocation, err);

	if (status != TARE_OK || done == 0)
		return status;
	failure = tare_outcome_failure(measure->scratch, measure->outcomes, program, &success, 1);
	return failure ? tare_err_set(err, TARE_FAILED, "%s", failure) : TARE_OK;
}

enum tare_status
tare_measure_hook(struct tare_measure *measure, struct tare_measured_case *mine, const char *name,
	const struct tare_program *program, struct tare_err *err)
{
	struct tare_err why = {0};
	enum tare_status status;

	if (!program)
		return TARE_OK;
	/* What is run around every invocation is not worth a line of its own. */
	if (program == mine->subject->setup || program == mine->subject->cleanup)
		tare_progress_step(&measure->progress, mine->subject->name, name);
	/* A benchmark may have removed it. */
	tare_dir_make(measure->log_dir, NULL);
	status = run_program(measure, mine->on, mine->subject, program, mine->log_path, &why);
	if (status == TARE_OK)
		return TARE_OK;
	if (status == TARE_FAILED)
		return tare_measure_fail_outside(measure, mine,
			tare_arena_printf(measure->scratch, "%s failed: %s (log: %s)", name,
				why.text, mine->log_path),
			tail_of_file(measure->scratch, mine->log_path), err);
	*err = why;
	return status == TARE_INTERRUPTED
		       ? status
		       : tare_err_where(err, "%s of %s", name, mine->subject->name);
}

static enum tare_status
fail_cases_of_build(struct tare_measure *measure, const struct tare_build *build, const char *text,
	const char *tail, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < measure->plan->case_count && status == TARE_OK; i++) {
		struct tare_measured_case *mine = &measure->cases[i];

		if (mine->subject->build == build && !mine->over)
			status = tare_measure_fail_outside(measure, mine, text, tail, err);
	}
	return status;
}

/* A case that still needs the build, or NULL. */
static const struct tare_case *
case_of_build(const struct tare_measure *measure, const struct tare_build *build)
{
	for (size_t i = 0; i < measure->plan->case_count; i++) {
		if (measure->plan->cases[i].build == build && !measure->cases[i].over)
			return &measure->plan->cases[i];
	}
	return NULL;
}

static enum tare_status
run_build(struct tare_measure *measure, size_t index, struct tare_err *err)
{
	const struct tare_build *build = measure->plan->builds[index];
	const struct tare_case *first = case_of_build(measure, build);
	const char *log =
		tare_arena_printf(measure->scratch, "%s/build-%zu.log", measure->log_dir, index);
	struct tare_open_runner *on;
	struct tare_err why = {0};
	enum tare_status status;

	if (!first)
		return TARE_OK;
	tare_progress_note(&measure->progress, "building %s", build->label);
	status = tare_dir_make(measure->log_dir, err);
	if (status != TARE_OK)
		return status;
	status = tare_measure_open_runner(measure, &on, first->runner, &why);
	if (status == TARE_OK)
		status = run_program(measure, on, NULL, &build->program, log, &why);
	if (status == TARE_OK)
		return TARE_OK;
	if (status == TARE_INTERRUPTED || status == TARE_OUTSIDE) {
		*err = why;
		return status;
	}
	return fail_cases_of_build(measure, build,
		tare_arena_printf(measure->scratch, "build failed: %s (log: %s)", why.text, log),
		tail_of_file(measure->scratch, log), err);
}

static bool
mentions(const struct tare_program *program, const char *path)
{
	if (!program)
		return false;
	for (size_t i = 0; i < program->argc; i++) {
		if (strstr(program->argv[i], path))
			return true;
	}
	for (size_t i = 0; program->env && program->env[i]; i++) {
		if (strstr(program->env[i], path))
			return true;
	}
	return (program->cwd && strstr(program->cwd, path)) ||
	       (program->stdin_text && strstr(program->stdin_text, path)) ||
	       (program->stdin_path && strstr(program->stdin_path, path)) ||
	       (program->stdout_path && strstr(program->stdout_path, path));
}

bool
tare_measure_mentions(const struct tare_case *subject, const char *path)
{
	const struct tare_program *const programs[] = {
		&subject->program,
		subject->build ? &subject->build->program : NULL,
		subject->setup,
		subject->prepare,
		subject->conclude,
		subject->cleanup,
	};
	bool found = false;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		found = found || mentions(programs[i], path);
	for (size_t i = 0; i < subject->service_count; i++) {
		const struct tare_service *service = &subject->services[i];

		found = found || mentions(&service->program, path) ||
			mentions(service->ready_command, path) ||
			(service->ready_path && strstr(service->ready_path, path));
	}
	return found;
}

/* Only where something uses it: most suites do not, and the current folder may be read-only. */
static enum tare_status
make_work_dir(const struct tare_plan *plan, struct tare_err *err)
{
	for (size_t i = 0; plan->work_dir && i < plan->case_count; i++) {
		if (tare_measure_mentions(&plan->cases[i], plan->work_dir))
			return tare_dir_make(plan->work_dir, err);
	}
	return TARE_OK;
}

/* What the runner of a case must have before anything is measured. */
static enum tare_status
provide(struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	const char *log = tare_arena_printf(measure->scratch, "%s/images.log", measure->log_dir);
	const struct tare_runner_ops *ops = tare_runner_find(mine->subject->runner);
	struct tare_open_runner *on;
	struct tare_err why = {0};
	enum tare_status status;

	if (mine->over || !ops || !ops->provide)
		return TARE_OK;
	status = tare_dir_make(measure->log_dir, err);
	if (status != TARE_OK)
		return status;
	tare_progress_step(&measure->progress, mine->subject->name, "image");
	status = tare_measure_open_runner(measure, &on, mine->subject->runner, &why);
	if (status == TARE_OK)
		status = ops->provide(on->runner, mine->subject, log, &why);
	if (status == TARE_OK)
		return TARE_OK;
	return tare_measure_refuse_case(measure, mine, &why, err);
}

static enum tare_status
provide_all(struct tare_measure *measure, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < measure->plan->case_count && status == TARE_OK; i++) {
		if (tare_measure_is_interrupted(measure))
			return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
		status = provide(measure, &measure->cases[i], err);
	}
	return status;
}

enum tare_status
tare_measure_builds(struct tare_measure *measure, struct tare_err *err)
{
	enum tare_status status = make_work_dir(measure->plan, err);

	for (size_t i = 0; i < measure->plan->build_count && status == TARE_OK; i++) {
		if (tare_measure_is_interrupted(measure))
			return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
		status = run_build(measure, i, err);
	}
	return status == TARE_OK ? provide_all(measure, err) : status;
}
