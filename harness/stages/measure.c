#include "harness/stages/measure.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/compare/compare.h"
#include "harness/stages/order.h"
#include "harness/stages/stage.h"

/* The next look is due when there are a quarter more pairs: looks are few and cost little alpha. */
enum { LOOK_GROWTH = 4 };
static const uint64_t sync_period_ns = 200 * 1000000ull;

static bool
interrupted(const struct tare_measure *measure)
{
	const volatile sig_atomic_t *flag = measure->session->options.interrupted;

	return flag && *flag;
}

/* What the cases of a group allow together. */
struct limits {
	uint32_t min_pairs;
	uint32_t max_pairs;
	uint32_t warmup;
	bool automatic;
	uint64_t budget_ns;
	uint64_t spent_ns;
	uint32_t pairs; /* that every live case has */
	size_t live;
};

static struct limits
group_limits(const struct tare_measure *measure, const struct tare_group *group)
{
	struct limits limits = {.pairs = UINT32_MAX};

	for (size_t i = 0; i < group->case_count; i++) {
		const struct tare_measured_case *mine = &measure->cases[group->first_case + i];
		const struct tare_case *subject = mine->subject;

		limits.spent_ns += mine->spent_ns;
		limits.budget_ns += subject->max_time_ns;
		if (mine->over)
			continue;
		limits.live++;
		limits.automatic |= subject->invocations_auto;
		if (subject->invocations_min > limits.min_pairs)
			limits.min_pairs = subject->invocations_min;
		if (subject->invocations_max > limits.max_pairs)
			limits.max_pairs = subject->invocations_max;
		if (subject->warmup > limits.warmup)
			limits.warmup = subject->warmup;
		if (mine->next_pair < limits.pairs)
			limits.pairs = mine->next_pair;
	}
	return limits;
}

/* An upper bound: what the budget leaves, or what the fixed count will take at the pace so far. */
static uint64_t
group_left_ns(const struct limits *limits)
{
	uint64_t left_ns = limits->budget_ns > limits->spent_ns && limits->automatic
				   ? limits->budget_ns - limits->spent_ns
				   : 0;
	uint64_t by_count = 0;

	if (limits->pairs > 0 && limits->max_pairs > limits->pairs)
		by_count = limits->spent_ns / limits->pairs * (limits->max_pairs - limits->pairs);
	if (!limits->automatic || (by_count > 0 && by_count < left_ns))
		return by_count;
	return left_ns;
}

static uint64_t
plan_left_ns(const struct tare_measure *measure)
{
	uint64_t left_ns = 0;

	for (size_t i = 0; i < measure->plan->group_count; i++) {
		struct limits limits;

		if (measure->groups[i].over)
			continue;
		limits = group_limits(measure, &measure->plan->groups[i]);
		left_ns += group_left_ns(&limits);
	}
	return left_ns;
}

static void
draw(struct tare_measure *measure, const struct tare_measured_case *mine)
{
	/* The sum over all groups is only worth its time where it will be seen. */
	if (measure->progress.out && measure->progress.terminal)
		tare_progress_draw(&measure->progress, mine->record, plan_left_ns(measure));
}

static enum tare_status
visit_once(struct tare_measure *measure, struct tare_measured_case *mine, bool warmup,
	uint32_t count, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	if (mine->over)
		return TARE_OK;
	if (interrupted(measure))
		return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
	draw(measure, mine);
	if (mine->subject->service_count > 0)
		status = tare_measure_need_services(measure, mine, err);
	if (status != TARE_OK || mine->over)
		return status;
	return tare_measure_invoke(measure, mine, warmup, count, err);
}

static enum tare_status
begin_group(struct tare_measure *measure, struct tare_measured_group *mine, struct tare_err *err)
{
	const struct tare_group *group = mine->group;
	enum tare_status status = TARE_OK;
	struct limits limits;

	mine->begun = true;
	for (size_t i = 0; i < group->case_count && status == TARE_OK; i++) {
		struct tare_measured_case *one = &measure->cases[group->first_case + i];

		if (!one->over)
			status = tare_measure_begin_case(measure, one, err);
	}
	limits = group_limits(measure, group);
	for (uint32_t w = 0; w < limits.warmup && status == TARE_OK; w++) {
		for (size_t i = 0; i < group->case_count && status == TARE_OK; i++) {
			struct tare_measured_case *one = &measure->cases[group->first_case + i];

			if (one->warmups <= w && one->subject->warmup > w)
				status = visit_once(measure, one, true, 1, err);
		}
	}
	mine->next_look = limits.min_pairs;
	return status;
}

/* One variant: as many at once as the runner may, up to the next decision. */
static enum tare_status
visit_single(struct tare_measure *measure, struct tare_measured_group *mine, struct tare_err *err)
{
	struct tare_measured_case *one = &measure->cases[mine->group->first_case];
	struct limits limits = group_limits(measure, mine->group);
	uint32_t until = limits.max_pairs;
	uint32_t count = 1;

	if (limits.automatic && mine->next_look > limits.pairs && mine->next_look < until)
		until = mine->next_look;
	if (tare_measure_batches(one) && until > limits.pairs)
		count = until - limits.pairs;
	if (count > TARE_PENDING_SLOTS)
		count = TARE_PENDING_SLOTS;
	return visit_once(measure, one, false, count, err);
}

/* A block of two pairs; a case that is ahead (after a resumed run) waits for the others. */
static enum tare_status
visit_block(struct tare_measure *measure, struct tare_measured_group *mine, struct tare_err *err)
{
	const struct tare_group *group = mine->group;
	struct limits limits = group_limits(measure, group);
	size_t *order = tare_xcalloc(group->case_count, sizeof(*order));
	enum tare_status status = TARE_OK;

	for (uint32_t pair = limits.pairs; pair < limits.pairs + 2 && status == TARE_OK; pair++) {
		if (pair >= limits.max_pairs)
			break;
		tare_order_pair(order, group->case_count, measure->run->seed,
			(size_t)(group - measure->plan->groups), pair);
		for (size_t i = 0; i < group->case_count && status == TARE_OK; i++) {
			struct tare_measured_case *one =
				&measure->cases[group->first_case + order[i]];

			if (one->next_pair == pair)
				status = visit_once(measure, one, false, 1, err);
		}
	}
	free(order);
	return status;
}

/* n_max of the spending plan: what budget and count allow at the pace of the first pairs. */
static uint32_t
planned_pairs(const struct limits *limits)
{
	uint64_t per_pair = limits->pairs ? limits->spent_ns / limits->pairs : 0;
	uint64_t left_ns =
		limits->budget_ns > limits->spent_ns ? limits->budget_ns - limits->spent_ns : 0;
	uint64_t pairs = limits->pairs;

	pairs += per_pair ? left_ns / per_pair : limits->max_pairs;
	return pairs < limits->max_pairs ? (uint32_t)pairs : limits->max_pairs;
}

/* NULL: go on. Otherwise why the group is finished. */
static const char *
group_verdict(struct tare_measure *measure, struct tare_measured_group *mine)
{
	struct limits limits = group_limits(measure, mine->group);
	struct tare_look look = {0};

	if (limits.live == 0)
		return "nothing left to measure";
	if (limits.pairs >= limits.max_pairs)
		return limits.automatic ? "count budget used up" : "all invocations done";
	if (!limits.automatic)
		return NULL;
	if (limits.pairs >= limits.min_pairs && limits.spent_ns >= limits.budget_ns)
		return "time budget used up";
	if (limits.pairs < mine->next_look)
		return NULL;
	if (!mine->planned_pairs)
		mine->planned_pairs = planned_pairs(&limits);
	mine->next_look = limits.pairs + limits.pairs / LOOK_GROWTH + 2;
	tare_arena_reset(measure->scratch);
	tare_compare_look(&look, measure->scratch, measure->run, mine->group, measure->plan,
		mine->planned_pairs);
	return look.stop ? look.reason : NULL;
}

/* After a case, but not more often than a power cut is worth: ten thousand cases of a millisecond
 * would wait for the disk and for nothing else. Closing the journal syncs in any case. */
static enum tare_status
sync_journal(struct tare_measure *measure, struct tare_err *err)
{
	uint64_t now_ns = tare_monotonic_ns();

	if (!measure->session->journal || now_ns - measure->last_sync_ns < sync_period_ns)
		return TARE_OK;
	measure->last_sync_ns = now_ns;
	return tare_journal_sync(measure->session->journal, err);
}

static enum tare_status
end_group(struct tare_measure *measure, struct tare_measured_group *mine, const char *reason,
	struct tare_err *err)
{
	const struct tare_group *group = mine->group;
	struct tare_journal *journal = measure->session->journal;
	enum tare_status status = TARE_OK;

	mine->over = true;
	for (size_t i = 0; i < group->case_count && status == TARE_OK; i++) {
		struct tare_measured_case *one = &measure->cases[group->first_case + i];

		status = tare_measure_end_case(measure, one, err);
		if (status != TARE_OK || !reason || one->record->status == TARE_CASE_FAILED)
			continue;
		one->record->stop_reason = tare_arena_strdup(measure->run->arena, reason);
		if (journal)
			status = tare_journal_stop(journal, one->subject->index, reason, err);
	}
	if (status == TARE_OK && reason)
		status = sync_journal(measure, err);
	tare_progress_group_over(
		&measure->progress, measure->run, group->first_case, group->case_count);
	return status;
}

static enum tare_status
visit_group(struct tare_measure *measure, struct tare_measured_group *mine, struct tare_err *err)
{
	enum tare_status status = TARE_OK;
	const char *reason;

	if (!mine->begun)
		status = begin_group(measure, mine, err);
	reason = status == TARE_OK ? group_verdict(measure, mine) : NULL;
	if (status == TARE_OK && !reason) {
		status = mine->group->case_count == 1 ? visit_single(measure, mine, err)
						      : visit_block(measure, mine, err);
		reason = status == TARE_OK ? group_verdict(measure, mine) : NULL;
	}
	if (status == TARE_OK && reason)
		status = end_group(measure, mine, reason, err);
	return status;
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
			status = visit_group(measure, &measure->groups[active[i]], err);
	}
	free(active);
	return status;
}

static enum tare_status
measure_exclusive(struct tare_measure *measure, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < measure->plan->group_count && status == TARE_OK; i++) {
		while (measure->groups[i].group->exclusive && !measure->groups[i].over &&
			status == TARE_OK)
			status = visit_group(measure, &measure->groups[i], err);
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
		mine->warmups = (uint32_t)record->warmup_count;
		mine->over = record->status == TARE_CASE_FAILED || record->stop_reason;
	}
	for (size_t i = 0; i < measure->plan->group_count; i++) {
		const struct tare_group *group = &measure->plan->groups[i];
		bool over = true;

		for (size_t k = 0; k < group->case_count; k++)
			over &= measure->cases[group->first_case + k].over;
		measure->groups[i] = (struct tare_measured_group){.group = group, .over = over};
		measure->progress.groups_over += over;
	}
}

static void
measure_open(struct tare_measure *measure, struct tare_session *session)
{
	const struct tare_session_options *options = &session->options;
	const struct tare_plan *plan = session->plan;

	*measure = (struct tare_measure){
		.session = session,
		.run = session->run,
		.plan = plan,
		.scratch = tare_arena_new(),
		.last_seq = session->run->last_seq,
		.pending_path = session->journal ? tare_arena_printf(session->arena, "%s.pending",
							   session->journal_path)
						 : NULL,
		.log_dir = tare_arena_printf(
			session->arena, "%s/logs/%s", options->state_dir, session->run->id),
	};
	/* Dates tie a resumed run to its beginning; durations still come from the monotonic clock.
	 */
	measure->began_ns = tare_monotonic_ns() - (tare_unix_ns() - session->run->started_unix_ns);
	measure->cases =
		tare_arena_alloc(session->arena, plan->case_count, sizeof(*measure->cases));
	measure->groups =
		tare_arena_alloc(session->arena, plan->group_count, sizeof(*measure->groups));
	measure->outcomes =
		tare_arena_alloc(session->arena, TARE_PENDING_SLOTS, sizeof(*measure->outcomes));
	tare_progress_begin(&measure->progress, options->quiet ? NULL : options->progress,
		options->progress_terminal, options->progress_width, plan->group_count);
	take_up(measure);
}

/* After an interruption or an error what was begun still has its cleanup. */
static void
measure_close(struct tare_measure *measure)
{
	for (size_t i = 0; i < measure->plan->case_count; i++)
		tare_measure_end_case(measure, &measure->cases[i], NULL);
	for (size_t i = 0; i < measure->runner_count; i++)
		measure->runners[i].ops->close(measure->runners[i].runner);
	if (measure->pending_path)
		unlink(measure->pending_path);
	tare_progress_clear(&measure->progress);
	tare_arena_free(measure->scratch);
}

static enum tare_status
finish_journal(struct tare_session *session, struct tare_err *err)
{
	struct tare_run *run = session->run;
	enum tare_status status = TARE_OK;

	run->duration_ns = tare_unix_ns() - run->started_unix_ns;
	run->status = session->interrupted ? TARE_RUN_INTERRUPTED : TARE_RUN_COMPLETE;
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

static enum tare_status
measure_all(struct tare_session *session, struct tare_err *err)
{
	struct tare_measure measure;
	enum tare_status status;

	measure_open(&measure, session);
	status = tare_measure_builds(&measure, err);
	if (status == TARE_OK)
		status = measure_interleaved(&measure, err);
	if (status == TARE_OK)
		status = measure_exclusive(&measure, err);
	if (status == TARE_INTERRUPTED) {
		session->interrupted = true;
		*session->options.interrupted = 0;
		status = TARE_OK;
	}
	measure_close(&measure);
	return status == TARE_OK ? finish_journal(session, err) : status;
}

const struct tare_stage tare_stage_measure = {
	.name = "measure",
	.needs = TARE_PART_PLAN | TARE_PART_RUN,
	.makes = TARE_PART_SAMPLES,
	.run = measure_all,
};
