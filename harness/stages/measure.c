#include "harness/stages/measure.h"

#include <stdlib.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/stages/order.h"
#include "harness/stages/stage.h"

bool
tare_measure_is_interrupted(const struct tare_measure *measure)
{
	const volatile sig_atomic_t *flag = measure->session->options.interrupted;

	return flag && *flag;
}

/* Rounds over all groups that share the machine, in a new order each time, until none is left. */
static enum tare_status
measure_interleaved(struct tare_measure *measure, struct tare_err *err)
{
	size_t *active = tare_xcalloc(measure->plan->group_count + 1, sizeof(*active));
	enum tare_status status = TARE_OK;

	for (uint32_t round = 0; status == TARE_OK; round++) {
		size_t count = 0;

		for (size_t i = 0; i < measure->plan->group_count; i++) {
			if (!measure->groups[i].over && !measure->groups[i].group->exclusive)
				active[count++] = i;
		}
		if (count == 0)
			break;
		tare_order_round(active, count, measure->run->seed, round);
		for (size_t i = 0; i < count && status == TARE_OK; i++)
			status =
				tare_measure_visit_group(measure, &measure->groups[active[i]], err);
	}
	free(active);
	return status;
}

static enum tare_status
measure_exclusive(struct tare_measure *measure, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < measure->plan->group_count && status == TARE_OK; i++) {
		struct tare_measured_group *mine = &measure->groups[i];

		while (mine->group->exclusive && !mine->over && status == TARE_OK)
			status = tare_measure_visit_group(measure, mine, err);
	}
	return status;
}

/* A case whose stop line is in a resumed journal, or which failed there, is not touched again. */
static void
take_up(struct tare_measure *measure)
{
	for (size_t i = 0; i < measure->plan->case_count; i++) {
		struct tare_measured_case *mine = &measure->cases[i];
		struct tare_run_case *record = &measure->run->cases[i];

		mine->subject = &measure->plan->cases[i];
		mine->record = record;
		mine->next_pair = (uint32_t)record->samples.total;
		mine->over = record->status == TARE_CASE_FAILED || record->stop_reason;
	}
	for (size_t i = 0; i < measure->plan->group_count; i++) {
		tare_measure_take_up_group(measure, i);
		measure->progress.groups_over += measure->groups[i].over;
	}
}

/* Dates tie a resumed run to its beginning; durations come from the monotonic clock. A date that
 * was set back in between must not make them negative. */
static uint64_t
began_ns(const struct tare_run *run)
{
	uint64_t now_ns = tare_unix_ns();

	return tare_monotonic_ns() -
	       (now_ns > run->started_unix_ns ? now_ns - run->started_unix_ns : 0);
}

static void
measure_open(struct tare_measure *measure, struct tare_session *session)
{
	const struct tare_session_options *options = &session->options;
	struct tare_arena *arena = session->arena;
	const struct tare_plan *plan = session->plan;

	*measure = (struct tare_measure){
		.session = session,
		.run = session->run,
		.plan = plan,
		.scratch = tare_arena_new(),
		.began_ns = began_ns(session->run),
		.last_seq = session->run->last_seq,
		.pending_path = session->journal ? tare_arena_printf(arena, "%s.pending",
							   session->journal_path)
						 : NULL,
		.log_dir = tare_arena_printf(
			arena, "%s/logs/%s", options->state_dir, session->run->id),
	};
	measure->cases = tare_arena_alloc(arena, plan->case_count, sizeof(*measure->cases));
	measure->groups = tare_arena_alloc(arena, plan->group_count, sizeof(*measure->groups));
	measure->outcomes = tare_arena_alloc(arena, TARE_PENDING_SLOTS, sizeof(*measure->outcomes));
	tare_scratch_begin(&measure->folders, options->expand.scratch_root);
	tare_progress_begin(&measure->progress, options->quiet ? NULL : options->progress,
		options->progress_terminal, options->progress_width, plan->group_count);
	take_up(measure);
	tare_measure_move_aside(measure);
	tare_measure_noise_open(measure);
}

/* What a run that is not kept leaves in the current folder: logs of hooks that nobody needs now.
 * The folders go where nothing else is in them. */
static void
remove_logs(const struct tare_measure *measure)
{
	const struct tare_session *session = measure->session;

	if (session->options.keep_journal || tare_session_has_failed_case(session))
		return;
	tare_dir_remove(measure->log_dir, NULL);
	rmdir(tare_path_dirname(session->arena, measure->log_dir));
	rmdir(session->options.state_dir);
}

/* After an interruption or an error what was begun still has its cleanup; a second interruption
 * ends that too. Where outcomes may be missing in the journal the pending file stays, for a
 * resumed run to take them from. */
static void
measure_close(struct tare_measure *measure, bool whole)
{
	for (size_t i = 0; i < measure->plan->case_count; i++) {
		struct tare_err why = {0};
		enum tare_status status = tare_measure_end_case(measure, &measure->cases[i], &why);

		if (status == TARE_INTERRUPTED)
			measure->hurried = true;
		else if (status != TARE_OK)
			tare_progress_note(&measure->progress, "%s", why.text);
	}
	for (size_t i = 0; i < measure->runner_count; i++) {
		if (measure->runners[i].runner)
			measure->runners[i].ops->close(measure->runners[i].runner);
	}
	tare_housekeeping_leave(&measure->housekeeping);
	tare_gauges_close(measure->gauges);
	if (measure->pending_path && whole)
		unlink(measure->pending_path);
	tare_scratch_end(&measure->folders);
	remove_logs(measure);
	tare_progress_clear(&measure->progress);
	tare_arena_free(measure->scratch);
}

/* What was measured is still worth a report, and the journal can be gone on with. */
static void
note_breakdown(struct tare_session *session, const struct tare_err *why)
{
	session->broke_down = true;
	if (session->deferred.status == TARE_OK)
		tare_err_set(&session->deferred, why->status, "measure: %s", why->text);
}

void
tare_measure_note_breakdown(struct tare_measure *measure, const struct tare_err *why)
{
	note_breakdown(measure->session, why);
}

static enum tare_status
finish_journal(struct tare_session *session, struct tare_err *err)
{
	struct tare_run *run = session->run;
	enum tare_status status = TARE_OK;

	if (!session->journal)
		return TARE_OK;
	for (size_t i = 0; i < run->warning_count && status == TARE_OK; i++)
		status = tare_journal_warning(session->journal, &run->warnings[i], err);
	if (status == TARE_OK)
		status = tare_journal_end(session->journal, run, err);
	if (status == TARE_OK)
		status = tare_journal_close(session->journal, err);
	else
		tare_journal_close(session->journal, NULL);
	session->journal = NULL;
	return status;
}

static void
finish_run(struct tare_session *session, bool whole, uint64_t duration_ns)
{
	struct tare_run *run = session->run;
	struct tare_err why = {0};

	run->duration_ns = duration_ns;
	run->status = whole ? TARE_RUN_COMPLETE : TARE_RUN_INTERRUPTED;
	/* The report, and the history, may be all that is left of it. */
	if (session->journal && tare_journal_check(session->journal, &why) != TARE_OK) {
		note_breakdown(session, &why);
		session->journal_path = NULL;
	}
	if (finish_journal(session, &why) == TARE_OK)
		return;
	run->status = TARE_RUN_INTERRUPTED;
	note_breakdown(session, &why);
}

static enum tare_status
measure_groups(struct tare_measure *measure, struct tare_err *err)
{
	enum tare_status status = tare_measure_builds(measure, err);

	if (status == TARE_OK)
		status = measure_interleaved(measure, err);
	return status == TARE_OK ? measure_exclusive(measure, err) : status;
}

static enum tare_status
measure_all(struct tare_session *session, struct tare_err *err)
{
	struct tare_measure measure;
	struct tare_err why = {0};
	enum tare_status status;

	measure_open(&measure, session);
	status = measure_groups(&measure, &why);
	if (status == TARE_INTERRUPTED) {
		session->interrupted = true;
		*session->options.interrupted = 0;
	} else if (status == TARE_OUTSIDE) {
		note_breakdown(session, &why);
	} else if (status != TARE_OK) {
		*err = why;
	}
	measure_close(&measure, status == TARE_OK || status == TARE_INTERRUPTED);
	if (status != TARE_OK && status != TARE_INTERRUPTED && status != TARE_OUTSIDE)
		return status;
	finish_run(session, status == TARE_OK, tare_monotonic_ns() - measure.began_ns);
	return TARE_OK;
}

const struct tare_stage tare_stage_measure = {
	.name = "measure",
	.needs = TARE_PART_PLAN | TARE_PART_RUN,
	.makes = TARE_PART_SAMPLES,
	.run = measure_all,
};
