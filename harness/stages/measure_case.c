#include "harness/stages/measure.h"

#include <assert.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/text.h"
#include "harness/base/units.h"

enum { TAIL_LINES = 12, TAIL_LEN = 2000, LOG_READ_MAX = 64 << 20 };
static const uint64_t batch_budget_ns = 20 * 1000000ull;

void
tare_record_values(double *values_out, const struct tare_agent_record *record)
{
	double voluntary = (double)record->voluntary_switches;

	values_out[TARE_METRIC_WALL] = (double)record->wall_ns;
	values_out[TARE_METRIC_USER] = (double)record->user_ns;
	values_out[TARE_METRIC_SYS] = (double)record->sys_ns;
	values_out[TARE_METRIC_CPU] = (double)(record->user_ns + record->sys_ns);
	values_out[TARE_METRIC_MAX_RSS] = (double)record->max_rss_bytes;
	values_out[TARE_METRIC_PAGE_FAULTS] = (double)(record->minor_faults + record->major_faults);
	values_out[TARE_METRIC_MAJOR_FAULTS] = (double)record->major_faults;
	values_out[TARE_METRIC_CONTEXT_SWITCHES] = voluntary + (double)record->involuntary_switches;
	values_out[TARE_METRIC_INVOLUNTARY_SWITCHES] = (double)record->involuntary_switches;
}

/* One sentence for what went wrong with a started program, or NULL where nothing did. */
static const char *
outcome_failure(struct tare_arena *arena, const struct tare_outcome *outcome,
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
		return tare_arena_printf(arena, "killed by signal %d (%s)",
			WTERMSIG(record->exit_status), strsignal(WTERMSIG(record->exit_status)));
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

static const char *
text_tail(struct tare_arena *arena, const char *text, size_t len)
{
	if (!text || len == 0)
		return NULL;
	return tare_arena_strdup(arena, tare_text_tail(text, len, TAIL_LINES, TAIL_LEN));
}

static const char *
log_tail(struct tare_arena *arena, const char *path)
{
	char *text;
	size_t len;

	if (!path || tare_file_read(arena, &text, &len, path, LOG_READ_MAX, NULL) != TARE_OK)
		return NULL;
	return text_tail(arena, text, len);
}

static enum tare_status
journal_sample(struct tare_measure *measure, const struct tare_sample *sample, struct tare_err *err)
{
	tare_run_add_sample(measure->run, sample);
	if (sample->seq > measure->last_seq)
		measure->last_seq = sample->seq;
	if (!measure->session->journal)
		return TARE_OK;
	return tare_journal_sample(measure->session->journal, measure->run, sample, err);
}

enum tare_status
tare_measure_fail_case(struct tare_measure *measure, struct tare_measured_case *mine,
	struct tare_sample *sample, const char *text, const char *stderr_tail, struct tare_err *err)
{
	sample->case_index = (uint32_t)mine->subject->index;
	sample->ok = false;
	sample->values = mine->values;
	sample->failure = text;
	sample->stderr_tail = stderr_tail;
	mine->over = true;
	return journal_sample(measure, sample, err);
}

static enum tare_status
fail_outside(struct tare_measure *measure, struct tare_measured_case *mine, const char *text,
	const char *tail, struct tare_err *err)
{
	struct tare_sample sample = {
		.pair = mine->next_pair,
		.start_ns = tare_monotonic_ns() - measure->began_ns,
	};

	return tare_measure_fail_case(measure, mine, &sample, text, tail, err);
}

/* What a runner refuses for one case fails that case; what breaks the run is passed on. */
static enum tare_status
refuse_case(struct tare_measure *measure, struct tare_measured_case *mine,
	const struct tare_err *why, struct tare_err *err)
{
	if (why->status == TARE_INTERRUPTED) {
		*err = *why;
		return why->status;
	}
	return fail_outside(measure, mine, why->text, NULL, err);
}

static enum tare_status
open_runner(struct tare_measure *measure, struct tare_open_runner **on_out, const char *name,
	struct tare_err *err)
{
	const struct tare_session_options *options = &measure->session->options;
	const struct tare_runner_options runner_options = {
		.run_id = measure->run->id,
		.seed = measure->run->seed,
		.began_ns = measure->began_ns,
		.pending_path = measure->pending_path,
		.interrupted = options->interrupted,
	};
	const struct tare_runner_ops *ops =
		tare_runner_find(strcmp(name, "auto") == 0 ? "host" : name);
	struct tare_open_runner *on;
	enum tare_status status;

	if (!ops)
		return tare_err_set(err, TARE_INVALID,
			"there is no runner '%s'; tare list runners names them", name);
	for (size_t i = 0; i < measure->runner_count; i++) {
		if (measure->runners[i].ops == ops) {
			*on_out = &measure->runners[i];
			return TARE_OK;
		}
	}
	assert(measure->runner_count < TARE_OPEN_RUNNERS_MAX);
	status = ops->supported(err);
	on = &measure->runners[measure->runner_count];
	if (status == TARE_OK)
		status = ops->open(&on->runner, &runner_options, err);
	if (status != TARE_OK)
		return tare_err_where(err, "runner %s", ops->name);
	on->ops = ops;
	measure->runner_count++;
	*on_out = on;
	return TARE_OK;
}

/* Runs a hook; a hook that fails is *failed_out and in err, with the log's tail. */
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
	failure = outcome_failure(measure->scratch, measure->outcomes, program, &success, 1);
	if (!failure)
		return TARE_OK;
	return tare_err_set(err, TARE_FAILED, "%s", failure);
}

static enum tare_status
run_hook(struct tare_measure *measure, struct tare_measured_case *mine, const char *name,
	const struct tare_program *program, struct tare_err *err)
{
	struct tare_err why = {0};
	enum tare_status status;

	if (!program)
		return TARE_OK;
	status = run_program(measure, mine->on, mine->subject, program, mine->log_path, &why);
	if (status == TARE_OK)
		return TARE_OK;
	if (status != TARE_FAILED) {
		*err = why;
		return tare_err_where(err, "%s of %s", name, mine->subject->name);
	}
	return fail_outside(measure, mine,
		tare_arena_printf(measure->scratch, "%s failed: %s (log: %s)", name, why.text,
			mine->log_path),
		log_tail(measure->scratch, mine->log_path), err);
}

static bool
programs_equal(const struct tare_program *a, const struct tare_program *b)
{
	if (a->argc != b->argc || strcmp(a->cwd, b->cwd) != 0)
		return false;
	for (size_t i = 0; i < a->argc; i++) {
		if (strcmp(a->argv[i], b->argv[i]) != 0)
			return false;
	}
	for (size_t i = 0; a->env[i] || b->env[i]; i++) {
		if (!a->env[i] || !b->env[i] || strcmp(a->env[i], b->env[i]) != 0)
			return false;
	}
	return true;
}

static bool
services_equal(const struct tare_case *a, const struct tare_case *b)
{
	if (a->service_count != b->service_count)
		return false;
	for (size_t i = 0; i < a->service_count; i++) {
		if (strcmp(a->services[i].name, b->services[i].name) != 0 ||
			!programs_equal(&a->services[i].program, &b->services[i].program))
			return false;
	}
	return true;
}

static void
stop_services(struct tare_measured_case *mine)
{
	if (!mine->services_up)
		return;
	for (size_t i = mine->subject->service_count; i-- > 0;) {
		if (mine->service_ids[i])
			mine->on->ops->service_stop(mine->on->runner, mine->service_ids[i], NULL);
		mine->service_ids[i] = 0;
	}
	mine->services_up = false;
}

static enum tare_status
start_services(struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;

	mine->services_up = true;
	for (size_t i = 0; i < subject->service_count; i++) {
		const struct tare_service *service = &subject->services[i];
		const char *log = tare_arena_printf(measure->scratch, "%s/case-%zu-%s.log",
			measure->log_dir, subject->index, service->name);
		struct tare_err why = {0};

		if (mine->on->ops->service_start(
			    mine->on->runner, &mine->service_ids[i], service, log, &why) == TARE_OK)
			continue;
		stop_services(mine);
		if (why.status == TARE_INTERRUPTED) {
			*err = why;
			return why.status;
		}
		return fail_outside(measure, mine, why.text, log_tail(measure->scratch, log), err);
	}
	return TARE_OK;
}

enum tare_status
tare_measure_need_services(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	const struct tare_group *group = &measure->plan->groups[mine->subject->group];

	if (mine->subject->service_count == 0 || mine->services_up)
		return TARE_OK;
	for (size_t i = 0; i < group->case_count; i++) {
		struct tare_measured_case *other = &measure->cases[group->first_case + i];

		if (!other->services_up)
			continue;
		if (services_equal(other->subject, mine->subject))
			return TARE_OK;
		stop_services(other);
	}
	return start_services(measure, mine, err);
}

static bool
needs_log(const struct tare_case *subject)
{
	return subject->setup || subject->prepare || subject->conclude || subject->cleanup ||
	       subject->service_count > 0;
}

/* The parts of beginning that a refusal of one case may come from. */
static enum tare_status
begin_on_runner(struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	const char *cpus = "";
	enum tare_status status = open_runner(measure, &mine->on, subject->runner, err);

	if (status == TARE_OK && subject->scratch_dir)
		status = tare_dir_make(subject->scratch_dir, err);
	if (status == TARE_OK)
		status = mine->on->ops->case_begin(mine->on->runner, &cpus, subject, err);
	if (status == TARE_OK)
		status = tare_extractor_new(&mine->extractor, subject, err);
	if (status == TARE_OK)
		mine->record->cpus = tare_arena_strdup(measure->run->arena, cpus);
	return status;
}

enum tare_status
tare_measure_begin_case(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	struct tare_err why = {0};
	enum tare_status status;

	mine->values = tare_arena_alloc(
		measure->session->arena, subject->metric_count, sizeof(*mine->values));
	mine->service_ids = tare_arena_alloc(
		measure->session->arena, subject->service_count, sizeof(*mine->service_ids));
	mine->log_path = tare_arena_printf(
		measure->session->arena, "%s/case-%zu.log", measure->log_dir, subject->index);
	if (needs_log(subject) && tare_dir_make(measure->log_dir, err) != TARE_OK)
		return err->status;
	if (begin_on_runner(measure, mine, &why) != TARE_OK)
		return refuse_case(measure, mine, &why, err);
	status = tare_measure_need_services(measure, mine, err);
	if (status != TARE_OK || mine->over)
		return status;
	mine->set_up = true;
	return run_hook(measure, mine, "setup", subject->setup, err);
}

enum tare_status
tare_measure_end_case(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	if (!mine->on)
		return TARE_OK;
	if (mine->set_up && mine->subject->cleanup)
		status = run_hook(measure, mine, "cleanup", mine->subject->cleanup, err);
	mine->set_up = false;
	stop_services(mine);
	mine->on->ops->case_end(mine->on->runner, mine->subject);
	if (mine->subject->scratch_dir)
		tare_dir_remove(mine->subject->scratch_dir, NULL);
	tare_extractor_free(mine->extractor);
	mine->extractor = NULL;
	mine->on = NULL;
	return status;
}

bool
tare_measure_batches(const struct tare_measured_case *mine)
{
	const struct tare_case *subject = mine->subject;

	return mine->on && !subject->prepare && !subject->conclude &&
	       !tare_extractor_reads_output(mine->extractor) &&
	       mine->on->ops->supports_batch(mine->on->runner, subject);
}

static enum tare_status
take_values(struct tare_measure *measure, struct tare_measured_case *mine,
	struct tare_sample *sample, const struct tare_outcome *outcome, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	const struct tare_output output = {
		.text = {outcome->stdout_text, outcome->stderr_text},
		.len = {outcome->stdout_len, outcome->stderr_len},
	};
	enum tare_status status;

	if (outcome->values) {
		memcpy(mine->values, outcome->values, subject->metric_count * sizeof(double));
		return TARE_OK;
	}
	for (size_t i = TARE_BUILTIN_METRIC_COUNT; i < subject->metric_count; i++)
		mine->values[i] = NAN;
	tare_record_values(mine->values, &outcome->record);
	if (!tare_extractor_reads_output(mine->extractor))
		return TARE_OK;
	status = tare_extract_check(mine->extractor, &output, err);
	if (status != TARE_OK)
		return status;
	return tare_extract_metrics(mine->extractor, sample, measure->scratch, &output, err);
}

static void
warn_of_outcome(struct tare_measure *measure, const struct tare_measured_case *mine,
	const struct tare_outcome *outcome)
{
	if (outcome->record.flags & TARE_RECORD_LEFTOVERS)
		tare_run_warn(measure->run, "leftovers",
			tare_arena_printf(measure->scratch,
				"%s left processes running, which were killed",
				mine->subject->name),
			"let the program wait for its children, or start servers under "
			"`services:`");
	if (outcome->output_cut)
		tare_run_warn(measure->run, "output_cut",
			tare_arena_printf(measure->scratch,
				"%s wrote more than 16 MiB of captured output; the rest was not "
				"read",
				mine->subject->name),
			"print less, or discard the output");
}

static enum tare_status
take_outcome(struct tare_measure *measure, struct tare_measured_case *mine, bool warmup,
	const struct tare_outcome *outcome, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	const struct tare_agent_record *record = &outcome->record;
	struct tare_sample sample = {
		.seq = record->seq,
		.case_index = (uint32_t)subject->index,
		.pair = record->pair,
		.warmup = warmup,
		.ok = true,
		.start_ns = record->start_ns - measure->began_ns,
		.values = mine->values,
	};
	const char *failure = NULL;
	struct tare_err why = {0};

	if (!outcome->values)
		failure = outcome_failure(measure->scratch, outcome, &subject->program,
			subject->expect.exit_codes, subject->expect.exit_code_count);
	if (!failure && take_values(measure, mine, &sample, outcome, &why) != TARE_OK)
		failure = why.text;
	warn_of_outcome(measure, mine, outcome);
	if (failure)
		return tare_measure_fail_case(measure, mine, &sample, failure,
			text_tail(measure->scratch, outcome->stderr_text, outcome->stderr_len),
			err);
	/* Replayed time passes as if it were real, so that budgets mean the same. */
	if (outcome->values && mine->values[TARE_METRIC_WALL] > 0)
		mine->spent_ns += (uint64_t)mine->values[TARE_METRIC_WALL];
	return journal_sample(measure, &sample, err);
}

static enum tare_status
take_outcomes(struct tare_measure *measure, struct tare_measured_case *mine, bool warmup,
	uint32_t done, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (uint32_t i = 0; i < done && status == TARE_OK && !mine->over; i++) {
		status = take_outcome(measure, mine, warmup, &measure->outcomes[i], err);
		if (warmup)
			mine->warmups++;
		else
			mine->next_pair++;
	}
	return status;
}

enum tare_status
tare_measure_invoke(struct tare_measure *measure, struct tare_measured_case *mine, bool warmup,
	uint32_t count, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	const struct tare_invocation invocation = {
		.subject = subject,
		.program = &subject->program,
		.role = TARE_ROLE_MEASURED,
		.seq = measure->last_seq + 1,
		.pair = warmup ? mine->warmups : mine->next_pair,
		.warmup = warmup,
		.count = count,
		.budget_ns = batch_budget_ns,
	};
	uint64_t began_ns = tare_monotonic_ns();
	struct tare_err why = {0};
	enum tare_status status, taken;
	uint32_t done = 0;

	tare_arena_reset(measure->scratch);
	status = run_hook(measure, mine, "prepare", subject->prepare, err);
	if (status != TARE_OK || mine->over)
		return status;
	status = mine->on->ops->invoke(
		mine->on->runner, measure->outcomes, &done, &invocation, &why);
	taken = take_outcomes(measure, mine, warmup, done, err);
	if (taken != TARE_OK)
		return taken;
	if (status == TARE_INTERRUPTED || status == TARE_OUTSIDE) {
		*err = why;
		return status == TARE_OUTSIDE ? tare_err_where(err, "%s", subject->name) : status;
	}
	if (done < count && !mine->over && done == 0)
		mine->over = true;
	if (!mine->over)
		status = run_hook(measure, mine, "conclude", subject->conclude, err);
	if (strcmp(mine->on->ops->name, "replay") != 0)
		mine->spent_ns += tare_monotonic_ns() - began_ns;
	return status;
}

static enum tare_status
fail_cases_of_build(struct tare_measure *measure, const struct tare_build *build, const char *text,
	const char *tail, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < measure->plan->case_count && status == TARE_OK; i++) {
		struct tare_measured_case *mine = &measure->cases[i];

		if (mine->subject->build != build || mine->over)
			continue;
		mine->values = tare_arena_alloc(measure->session->arena,
			mine->subject->metric_count, sizeof(*mine->values));
		status = fail_outside(measure, mine, text, tail, err);
	}
	return status;
}

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
	status = open_runner(measure, &on, first->runner, &why);
	if (status == TARE_OK)
		status = run_program(measure, on, NULL, &build->program, log, &why);
	if (status == TARE_OK)
		return TARE_OK;
	if (status == TARE_INTERRUPTED) {
		*err = why;
		return status;
	}
	return fail_cases_of_build(measure, build,
		tare_arena_printf(measure->scratch, "build failed: %s (log: %s)", why.text, log),
		log_tail(measure->scratch, log), err);
}

enum tare_status
tare_measure_builds(struct tare_measure *measure, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	if (measure->plan->work_dir)
		status = tare_dir_make(measure->plan->work_dir, err);
	for (size_t i = 0; i < measure->plan->build_count && status == TARE_OK; i++)
		status = run_build(measure, i, err);
	return status;
}
