#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/rng.h"
#include "harness/machine/describe.h"
#include "harness/machine/scrub.h"
#include "harness/model/pending.h"
#include "harness/model/warning.h"
#include "harness/stages/correct.h"
#include "harness/stages/counting.h"
#include "harness/stages/measure.h"
#include "harness/stages/stage.h"

static void
describe_machine(struct tare_environment *environment_out, struct tare_arena *arena)
{
	struct tare_machine_identity identity;

	tare_machine_identify(&identity, arena);
	tare_machine_describe(environment_out, arena, "", &identity);
}

/* A suite takes them from ${env:...} so that they are not in it; nor shall they be in journals. */
static void
hide_secrets(struct tare_run *run)
{
	for (size_t i = 0; i < run->case_count; i++)
		run->cases[i].command =
			tare_scrub_variables(run->arena, run->cases[i].command, environ);
}

/* What the suite asks of whoever reads the run later. */
static void
note_correction(struct tare_run *run, const struct tare_plan *plan)
{
	if (!plan->corrects_containers)
		return;
	tare_environment_add(&run->environment, run->arena, TARE_FACT_CORRECT, "container", false);
	if (plan->correct_max_age)
		tare_environment_add(&run->environment, run->arena, TARE_FACT_MAX_AGE,
			plan->correct_max_age, false);
}

static enum tare_status
open_fresh(struct tare_session *session, struct tare_err *err)
{
	const struct tare_session_options *options = &session->options;
	struct tare_run *run = session->run;
	enum tare_status status;

	run->seed = options->has_seed ? options->seed : tare_rng_entropy();
	tare_run_identify(run, tare_unix_ns(), tare_rng_entropy());
	tare_run_from_plan(run, session->plan);
	hide_secrets(run);
	tare_stage_note_placement(session);
	describe_machine(&run->environment, run->arena);
	note_correction(run, session->plan);
	status = tare_stage_require(session, &run->environment, err);
	if (status != TARE_OK)
		return status;
	if (tare_stage_measures_here(session->plan))
		tare_stage_add_null_program(&run->environment, run->arena);
	run->release = tare_arena_strdup(run->arena, options->release);
	run->command_line = tare_arena_strdup(run->arena, options->command_line);
	/* What is asked of the verdicts decides how long is measured. */
	status = tare_stage_gate_choose(&session->plan->gate, session, err);
	if (status != TARE_OK || !options->keep_journal)
		return status;
	session->journal_path = options->journal_path
					? options->journal_path
					: tare_arena_printf(session->arena, "%s/runs/%s.ndjson",
						  options->state_dir, run->id);
	status = tare_journal_create(&session->journal, session->journal_path, err);
	if (status == TARE_OK)
		status = tare_journal_header(session->journal, run, err);
	if (status != TARE_OK)
		session->journal_path = NULL; /* there is nothing to go on from */
	return status;
}

/* The plan must be what the journal was begun with: the same suite and the same cases. */
static enum tare_status
check_same_plan(const struct tare_session *session, const struct tare_run *run, const char *path,
	struct tare_err *err)
{
	const struct tare_plan *plan = session->plan;
	bool same = plan->case_count == run->case_count;

	if (strcmp(plan->digest, run->suite_digest) != 0)
		return tare_err_set(err, TARE_INVALID,
			"%s: suite '%s' has changed since this journal was begun; start a new run",
			path, plan->suite);
	for (size_t i = 0; same && i < plan->case_count; i++)
		same = strcmp(plan->cases[i].name, run->cases[i].name) == 0 &&
		       plan->cases[i].metric_count == run->cases[i].metric_count;
	if (!same)
		return tare_err_set(err, TARE_INVALID,
			"%s: the cases are not those of the journal; resume with the options it "
			"was begun with: %s",
			path, run->command_line);
	return TARE_OK;
}

static enum tare_status
add_pending(struct tare_session *session, const struct tare_agent_record *record,
	const struct tare_agent_counts *counts, struct tare_err *err)
{
	struct tare_run *run = session->run;
	const struct tare_case *subject = &session->plan->cases[record->case_index];
	double *values = tare_arena_alloc(session->arena, subject->metric_count, sizeof(*values));
	struct tare_counted *counted =
		tare_arena_alloc(session->arena, subject->metric_count, sizeof(*counted));
	struct tare_sample sample = {
		.seq = record->seq,
		.case_index = record->case_index,
		.pair = record->pair,
		.warmup = record->flags & TARE_RECORD_WARMUP,
		.ok = true,
		.start_ns = record->start_ns,
		.values = values,
	};

	for (size_t i = TARE_BUILTIN_METRIC_COUNT; i < subject->metric_count; i++)
		values[i] = NAN;
	tare_record_values(values, record);
	tare_counting_fill(&sample, counted, subject, record, counts, NULL);
	tare_counting_derive(&sample, counted, subject);
	tare_run_add_sample(run, &sample);
	return tare_journal_sample(session->journal, run, &sample, err);
}

static bool
is_accepted(const struct tare_case *subject, int exit_status)
{
	if (!WIFEXITED(exit_status))
		return false;
	for (size_t i = 0; i < subject->expect.exit_code_count; i++) {
		if (subject->expect.exit_codes[i] == WEXITSTATUS(exit_status))
			return true;
	}
	return false;
}

/* What the invocation after the last would be, whole and good: one that failed is measured again.
 * Batches are of cases that read nothing from the output, so the built-in metrics are all there
 * is. */
static bool
is_new(const struct tare_session *session, const struct tare_agent_record *record)
{
	const unsigned bad = TARE_RECORD_NOT_STARTED | TARE_RECORD_TIMED_OUT;
	const struct tare_run *run = session->run;
	const struct tare_run_case *owner;

	if (record->seq != run->last_seq + 1 || record->check != tare_record_check(record) ||
		record->case_index >= run->case_count || (record->flags & bad))
		return false;
	owner = &run->cases[record->case_index];
	if (record->pair !=
		(record->flags & TARE_RECORD_WARMUP ? owner->warmup_count : owner->samples.total))
		return false;
	return owner->status != TARE_CASE_FAILED && !owner->stop_reason &&
	       owner->metric_count == session->plan->cases[record->case_index].metric_count &&
	       tare_counting_recoverable(&session->plan->cases[record->case_index], record) &&
	       is_accepted(&session->plan->cases[record->case_index], record->exit_status);
}

/* False where there is none, or it is of another run. */
static bool
read_pending(struct tare_pending *pending_out, const char *path, const char *run_id)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool whole = fd >= 0 &&
		     read(fd, pending_out, sizeof(*pending_out)) == (ssize_t)sizeof(*pending_out);

	if (fd >= 0)
		close(fd);
	return whole && pending_out->magic == TARE_PENDING_MAGIC &&
	       pending_out->slot_count == TARE_PENDING_SLOTS &&
	       pending_out->run_hash == tare_pending_run_hash(run_id);
}

/* What the agent had finished when the harness was killed goes into the journal first. */
static enum tare_status
recover_pending(struct tare_session *session, struct tare_err *err)
{
	struct tare_pending *pending = tare_arena_alloc(session->arena, 1, sizeof(*pending));
	const char *path = tare_arena_printf(session->arena, "%s.pending", session->journal_path);
	enum tare_status status = TARE_OK;

	if (!read_pending(pending, path, session->run->id))
		return TARE_OK;
	for (size_t i = 0; i < TARE_PENDING_SLOTS && status == TARE_OK; i++) {
		struct tare_agent_record record = pending->slots[i];

		if (!is_new(session, &record))
			continue;
		/* The run may have begun before the machine did: the difference is right modulo
		 * 2^64, unless somebody made the file up. */
		record.start_ns -= pending->began_ns;
		if (record.start_ns > INT64_MAX)
			record.start_ns = 0;
		status = add_pending(session, &record, &pending->counts[i], err);
	}
	return status;
}

static void
warn_of_other_machine(struct tare_session *session)
{
	struct tare_environment now;

	describe_machine(&now, session->arena);
	if (strcmp(now.fingerprint, session->run->environment.fingerprint) != 0)
		tare_warn(session->run, TARE_WARN_ENVIRONMENT_CHANGED, 0,
			"the environment is not the one the run was begun in");
}

/* The last run of the journal is the one that what is appended belongs to. */
static enum tare_status
read_last_run(struct tare_run **run_out, const char *path, struct tare_err *err)
{
	size_t count = 0;
	enum tare_status status = tare_journal_count(&count, path, err);

	return status == TARE_OK ? tare_journal_read(run_out, path, count - 1, err) : status;
}

static enum tare_status
check_resumable(const struct tare_session *session, const struct tare_run *run, const char *path,
	struct tare_err *err)
{
	const struct tare_session_options *options = &session->options;

	if (run->status == TARE_RUN_COMPLETE)
		return tare_err_set(err, TARE_INVALID,
			"%s: run %s is complete, there is nothing to resume", path, run->id);
	if (options->has_seed && options->seed != run->seed)
		return tare_err_set(err, TARE_INVALID,
			"%s: run %s was begun with the seed %" PRIu64 ", not %" PRIu64, path,
			run->id, run->seed, options->seed);
	if (*options->release && strcmp(options->release, run->release) != 0)
		return tare_err_set(err, TARE_INVALID,
			"%s: run %s was begun as release '%s', not '%s'", path, run->id,
			run->release, options->release);
	return check_same_plan(session, run, path, err);
}

static void
copy_warnings(struct tare_run *run, const struct tare_run *from)
{
	for (size_t i = 0; i < from->warning_count; i++)
		tare_run_warn(run, from->warnings[i].id, from->warnings[i].text,
			from->warnings[i].advice);
}

/* Read while it is locked, so that two resumed runs cannot both go on from the same line. */
static enum tare_status
open_resumed(struct tare_session *session, struct tare_err *err)
{
	const struct tare_session_options *options = &session->options;
	const char *path = options->resume_path;
	struct tare_run *before = NULL;
	enum tare_status status = read_last_run(&before, path, err);

	if (status == TARE_OK)
		status = check_resumable(session, before, path, err);
	if (status == TARE_OK)
		status = tare_journal_reopen(&session->journal, path, err);
	if (status == TARE_OK)
		status = read_last_run(&session->run, path, err);
	/* By then the torn line is gone, but not what was said of it. */
	if (status == TARE_OK)
		copy_warnings(session->run, before);
	tare_run_free(before);
	if (status != TARE_OK)
		return status;
	session->journal_path = path;
	session->run->status = TARE_RUN_OPEN;
	status = tare_stage_gate_choose(&session->plan->gate, session, err);
	if (status == TARE_OK)
		status = tare_journal_resume(session->journal, tare_unix_ns(), err);
	if (status == TARE_OK)
		status = recover_pending(session, err);
	if (status == TARE_OK)
		warn_of_other_machine(session);
	return status;
}

/* Where not one case could be run there is nothing to begin; a runner that only some want costs
 * those. What is no runner at all was found before. */
static enum tare_status
check_runners(const struct tare_plan *plan, struct tare_err *err)
{
	struct tare_err why = {0};

	for (size_t i = 0; i < plan->case_count; i++) {
		const char *name = plan->cases[i].runner;
		const struct tare_runner_ops *ops =
			tare_runner_find(strcmp(name, "auto") == 0 ? "host" : name);

		if (i > 0 && strcmp(name, plan->cases[i - 1].runner) == 0)
			continue;
		if (!ops || ops->supported(&why) == TARE_OK)
			return TARE_OK;
		tare_err_where(&why, "runner %s", ops->name);
	}
	return why.status == TARE_OK ? TARE_OK : tare_err_set(err, why.status, "%s", why.text);
}

static enum tare_status
describe(struct tare_session *session, struct tare_err *err)
{
	const char *missing = NULL;
	enum tare_status status = check_runners(session->plan, err);

	if (status == TARE_OK)
		status = tare_stage_counters(&missing, session, err);
	if (status != TARE_OK)
		return status;
	if (session->options.resume_path) {
		status = open_resumed(session, err);
	} else {
		session->run = tare_run_new();
		status = open_fresh(session, err);
	}
	if (status == TARE_OK)
		tare_stage_warn_of_counters(session->run, missing);
	return status;
}

const struct tare_stage tare_stage_describe = {
	.name = "describe",
	.needs = TARE_PART_PLAN,
	.makes = TARE_PART_RUN,
	.run = describe,
};
