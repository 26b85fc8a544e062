#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/rng.h"
#include "harness/machine/describe.h"
#include "harness/model/pending.h"
#include "harness/pin/pin.h"
#include "harness/stages/measure.h"
#include "harness/stages/stage.h"

static void
describe_machine(struct tare_environment *environment_out, struct tare_arena *arena)
{
	struct tare_machine_identity identity;

	tare_machine_identify(&identity, arena);
	tare_machine_describe(environment_out, arena, "", &identity);
}

/* The pins go into the header. What cannot be had is the runner's to say, case by case. */
static void
note_pins(struct tare_run *run, const struct tare_plan *plan)
{
	struct tare_topology *topology = NULL;

	for (size_t i = 0; i < plan->case_count; i++) {
		const struct tare_case *subject = &plan->cases[i];
		struct tare_pin pin;

		if (!subject->cpus || strcmp(subject->cpus, "none") == 0 ||
			strcmp(subject->runner, "replay") == 0)
			continue;
		if (!topology && tare_topology_open(&topology, NULL, NULL) != TARE_OK)
			return;
		if (tare_pin_choose(&pin, topology, subject->cpus, NULL) == TARE_OK)
			run->cases[i].cpus = tare_arena_strdup(run->arena, pin.text);
	}
	tare_topology_close(topology);
}

static enum tare_status
open_fresh(struct tare_session *session, struct tare_err *err)
{
	const struct tare_session_options *options = &session->options;
	struct tare_run *run = session->run;
	enum tare_status status = TARE_OK;

	run->seed = options->has_seed ? options->seed : tare_rng_entropy() >> 11;
	tare_run_identify(run, tare_unix_ns(), tare_rng_entropy());
	tare_run_from_plan(run, session->plan);
	note_pins(run, session->plan);
	describe_machine(&run->environment, run->arena);
	run->release = tare_arena_strdup(run->arena, options->release);
	run->command_line = options->has_seed
				    ? tare_arena_strdup(run->arena, options->command_line)
				    : tare_arena_printf(run->arena, "%s --seed %llu",
					      options->command_line, (unsigned long long)run->seed);
	if (options->gate)
		status = tare_stage_gate_parse(&run->gate, options->gate, run->arena, err);
	if (status != TARE_OK || !options->keep_journal)
		return status;
	session->journal_path = options->journal_path
					? options->journal_path
					: tare_arena_printf(session->arena, "%s/runs/%s.ndjson",
						  options->state_dir, run->id);
	status = tare_journal_create(&session->journal, session->journal_path, err);
	return status == TARE_OK ? tare_journal_header(session->journal, run, err) : status;
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
			"was "
			"begun with: %s",
			path, run->command_line);
	return TARE_OK;
}

static enum tare_status
add_pending(
	struct tare_session *session, const struct tare_agent_record *record, struct tare_err *err)
{
	struct tare_run *run = session->run;
	double values[TARE_BUILTIN_METRIC_COUNT];
	struct tare_sample sample = {
		.seq = record->seq,
		.case_index = record->case_index,
		.pair = record->pair,
		.warmup = record->flags & TARE_RECORD_WARMUP,
		.ok = true,
		.start_ns = record->start_ns,
		.values = values,
	};

	tare_record_values(values, record);
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

/* Whole and good records only: one that failed is measured again. Batches are of cases that read
 * nothing from the output, so the built-in metrics are all there is. */
static bool
is_new(const struct tare_session *session, const struct tare_agent_record *record)
{
	const unsigned bad = TARE_RECORD_NOT_STARTED | TARE_RECORD_TIMED_OUT;
	const struct tare_run *run = session->run;

	return record->seq == run->last_seq + 1 && record->check == tare_record_check(record) &&
	       record->case_index < run->case_count && !(record->flags & bad) &&
	       is_accepted(&session->plan->cases[record->case_index], record->exit_status) &&
	       run->cases[record->case_index].metric_count == TARE_BUILTIN_METRIC_COUNT;
}

/* What the agent had finished when the harness was killed goes into the journal first. */
static enum tare_status
recover_pending(struct tare_session *session, struct tare_err *err)
{
	struct tare_pending *pending = tare_arena_alloc(session->arena, 1, sizeof(*pending));
	const char *path = tare_arena_printf(session->arena, "%s.pending", session->journal_path);
	struct tare_run *run = session->run;
	enum tare_status status = TARE_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool whole = fd >= 0 && read(fd, pending, sizeof(*pending)) == (ssize_t)sizeof(*pending);

	if (fd >= 0)
		close(fd);
	if (!whole || pending->magic != TARE_PENDING_MAGIC ||
		pending->slot_count != TARE_PENDING_SLOTS ||
		pending->run_hash != tare_pending_run_hash(run->id))
		return TARE_OK;
	for (size_t i = 0; i < TARE_PENDING_SLOTS && status == TARE_OK; i++) {
		struct tare_agent_record record = pending->slots[i];

		if (!is_new(session, &record))
			continue;
		record.start_ns = record.start_ns > pending->began_ns
					  ? record.start_ns - pending->began_ns
					  : 0;
		status = add_pending(session, &record, err);
	}
	return status;
}

static void
warn_of_other_machine(struct tare_session *session)
{
	struct tare_environment now;

	describe_machine(&now, session->arena);
	if (strcmp(now.fingerprint, session->run->environment.fingerprint) != 0)
		tare_run_warn(session->run, "environment_changed",
			"the environment is not the one the run was begun in",
			"start a new run: samples from two environments do not belong together");
}

static enum tare_status
open_resumed(struct tare_session *session, struct tare_err *err)
{
	const char *path = session->options.resume_path;
	struct tare_run *run = session->run;
	enum tare_status status = check_same_plan(session, run, path, err);

	if (status != TARE_OK)
		return status;
	if (run->status == TARE_RUN_COMPLETE)
		return tare_err_set(err, TARE_INVALID,
			"%s: run %s is complete, there is nothing to resume", path, run->id);
	session->journal_path = path;
	status = tare_journal_reopen(&session->journal, path, err);
	if (status == TARE_OK)
		status = tare_journal_resume(session->journal, tare_unix_ns(), err);
	if (status == TARE_OK)
		status = recover_pending(session, err);
	run->status = TARE_RUN_OPEN;
	if (status == TARE_OK)
		warn_of_other_machine(session);
	return status;
}

static enum tare_status
describe(struct tare_session *session, struct tare_err *err)
{
	if (session->options.resume_path)
		return open_resumed(session, err);
	session->run = tare_run_new();
	return open_fresh(session, err);
}

const struct tare_stage tare_stage_describe = {
	.name = "describe",
	.needs = TARE_PART_PLAN,
	.makes = TARE_PART_RUN,
	.run = describe,
};
