#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/compare/compare.h"
#include "harness/stages/measure.h"
#include "harness/stages/order.h"

/* The next look is due when there are a quarter more pairs: what it would find sooner is seldom
 * worth the work of looking. */
enum { LOOK_GROWTH = 4 };
static const uint64_t batch_budget_ns = 20 * 1000000ull;
static const uint64_t sync_period_ns = 200 * 1000000ull;

/* What the cases of a group allow together. */
struct limits {
	uint32_t min_pairs;
	uint32_t max_pairs;
	uint32_t warmup;
	bool automatic;
	uint64_t budget_ns;
	uint64_t spent_ns;
	uint32_t pairs;     /* that every live case has */
	uint32_t ahead;     /* that one of them has */
	uint64_t disturbed; /* invocations to be repeated */
	size_t live;
};

static uint64_t
budget_left_ns(const struct limits *limits)
{
	return limits->budget_ns > limits->spent_ns ? limits->budget_ns - limits->spent_ns : 0;
}

/* A pair one of whose invocations was disturbed is made up for by another, as long as there is
 * budget; but not without end, where every one of them is disturbed. */
static void
allow_repeats(struct limits *limits)
{
	uint32_t most = limits->max_pairs < UINT32_MAX / 4 ? limits->max_pairs : UINT32_MAX / 4;
	uint32_t more = limits->disturbed < most ? (uint32_t)limits->disturbed : most;

	if (more > limits->pairs)
		more = limits->pairs;
	if (limits->live == 0 || more == 0 || budget_left_ns(limits) == 0)
		return;
	more += more % 2; /* whole blocks */
	limits->min_pairs += more;
	limits->max_pairs += more;
}

static struct limits
group_limits(const struct tare_measure *measure, const struct tare_group *group)
{
	const struct tare_measured_group *measured =
		&measure->groups[group - measure->plan->groups];
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
		if (mine->next_pair > limits.ahead)
			limits.ahead = mine->next_pair;
		if (subject->repeats_disturbed)
			limits.disturbed += mine->record->noise.disturbed;
	}
	/* The second measuring has as many pairs as the first, whatever they take. */
	if (measured->confirm_until > 0) {
		limits.min_pairs = limits.max_pairs = measured->confirm_until;
		limits.budget_ns *= 2;
	}
	allow_repeats(&limits);
	return limits;
}

/* An upper bound: what the budget leaves, or what the fixed count will take at the pace so far. */
static uint64_t
group_left_ns(const struct limits *limits)
{
	uint64_t left_ns = limits->automatic ? budget_left_ns(limits) : 0;
	uint64_t by_count = 0;

	if (limits->live == 0)
		return 0;
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

static enum tare_status
visit_case(struct tare_measure *measure, struct tare_measured_case *mine,
	const struct tare_visit *visit, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	if (mine->over)
		return TARE_OK;
	if (tare_measure_is_interrupted(measure))
		return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
	/* The sum over all groups is only worth its time where it will be seen. */
	if (tare_progress_due(&measure->progress))
		tare_progress_draw(&measure->progress, mine->record, plan_left_ns(measure));
	if (mine->subject->service_count > 0)
		status = tare_measure_need_services(measure, mine, err);
	if (status != TARE_OK || mine->over)
		return status;
	return tare_measure_invoke(measure, mine, visit, err);
}

/* Where a block ends that has reached this many pairs: the second of each two mirrors the first.
 * Decisions are taken there only, so that every variant was measured as often. */
static uint32_t
block_end(const struct tare_group *group, const struct limits *limits, uint32_t pairs)
{
	uint32_t end = group->case_count > 1 && pairs < UINT32_MAX ? pairs + pairs % 2 : pairs;

	return end < limits->max_pairs ? end : limits->max_pairs;
}

static uint32_t
look_after(const struct tare_group *group, const struct limits *limits, uint32_t pairs)
{
	uint32_t more = pairs / LOOK_GROWTH;

	return block_end(group, limits, pairs + (more > 2 ? more : 2));
}

/* How many pairs budget and count allow at the pace so far, into the plan of looks. */
static void
estimate_budget(struct tare_looking *looking, const struct limits *limits)
{
	uint64_t per_pair = limits->pairs ? limits->spent_ns / limits->pairs : 0;
	uint64_t pairs = limits->pairs;

	pairs += per_pair ? budget_left_ns(limits) / per_pair : limits->max_pairs;
	looking->budget = pairs < limits->max_pairs ? (size_t)pairs : limits->max_pairs;
	looking->budget_end = pairs < limits->max_pairs ? TARE_STOP_TIME : TARE_STOP_COUNT;
}

/* The walls of the first pairs, as far as rows are kept: what a run that was cut off had spent. */
static double
walls_ns(const struct tare_run_case *record, uint32_t pairs)
{
	const struct tare_samples *samples = &record->samples;
	double sum_ns = 0.0;

	for (size_t i = 0; i < samples->count; i++) {
		if (samples->pairs[i] < pairs)
			sum_ns += fmax(0.0, samples->values[TARE_METRIC_WALL][i]);
	}
	return sum_ns * (double)samples->stride;
}

void
tare_measure_take_up_group(struct tare_measure *measure, size_t index)
{
	const struct tare_group *group = &measure->plan->groups[index];
	struct tare_measured_group *mine = &measure->groups[index];

	*mine = (struct tare_measured_group){.group = group, .over = true};
	mine->looking.margin = measure->session->options.margin;
	mine->looking.confirmed = measure->session->options.confirm && group->case_count > 1;
	for (size_t i = 0; i < group->case_count; i++) {
		struct tare_measured_case *one = &measure->cases[group->first_case + i];

		one->spent_ns = (uint64_t)walls_ns(one->record, UINT32_MAX);
		one->looks_journalled = one->record->look_count;
		mine->over = mine->over && one->over;
	}
}

/* Where the second measuring had begun, its end is known from the look that ended the first. */
static void
take_up_confirming(
	const struct tare_measure *measure, struct tare_measured_group *mine, uint32_t ahead)
{
	const struct tare_group *group = mine->group;

	for (size_t i = 0; i < group->case_count && mine->looking.confirmed; i++) {
		const struct tare_run_case *record = measure->cases[group->first_case + i].record;

		for (size_t j = 0; j < record->look_count; j++) {
			const struct tare_case_look *look = &record->looks[j];

			if (look->phase > 0 || look->decision == TARE_STOP_NOT ||
				look->pairs >= ahead)
				continue;
			mine->looking.phase = 1;
			mine->first_stop = look->decision;
			mine->confirm_until = mine->next_look = 2 * look->pairs;
		}
	}
}

/* The looks that a resumed run has behind it, so that the next is where it would have been: where
 * one case went on, the others would have. */
static void
take_up_looks(const struct tare_measure *measure, struct tare_measured_group *mine)
{
	const struct tare_group *group = mine->group;
	struct limits limits = group_limits(measure, group);
	struct limits then = limits;
	double spent_ns = 0.0;

	mine->next_look = block_end(group, &limits, limits.min_pairs);
	if (mine->next_look >= limits.ahead)
		return;
	for (size_t i = 0; i < group->case_count; i++)
		spent_ns += walls_ns(measure->cases[group->first_case + i].record, mine->next_look);
	then.pairs = mine->next_look;
	then.spent_ns = (uint64_t)spent_ns;
	estimate_budget(&mine->looking, &then);
	tare_looking_take_up(&mine->looking, measure->run, group, limits.ahead);
	while (mine->next_look < limits.ahead && mine->next_look < limits.max_pairs)
		mine->next_look = look_after(group, &limits, mine->next_look);
	take_up_confirming(measure, mine, limits.ahead);
}

static enum tare_status
begin_cases(struct tare_measure *measure, const struct tare_group *group, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < group->case_count && status == TARE_OK; i++) {
		struct tare_measured_case *one = &measure->cases[group->first_case + i];

		if (tare_measure_is_interrupted(measure))
			return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
		if (!one->over)
			status = tare_measure_begin_case(measure, one, err);
	}
	return status;
}

static enum tare_status
begin_group(struct tare_measure *measure, struct tare_measured_group *mine, struct tare_err *err)
{
	static const struct tare_visit warmup = {.warmup = true, .count = 1};
	const struct tare_group *group = mine->group;
	enum tare_status status;
	struct limits limits;

	mine->begun = true;
	status = begin_cases(measure, group, err);
	limits = group_limits(measure, group);
	for (uint32_t w = 0; w < limits.warmup && status == TARE_OK; w++) {
		for (size_t i = 0; i < group->case_count && status == TARE_OK; i++) {
			struct tare_measured_case *one = &measure->cases[group->first_case + i];

			if (one->warmups <= w && one->subject->warmup > w)
				status = visit_case(measure, one, &warmup, err);
		}
	}
	take_up_looks(measure, mine);
	return status;
}

/* A batch counts one set of counters: short programs would be done before the next has its turn. */
static uint32_t
share_of_a_set(const struct tare_case *subject, uint32_t count)
{
	uint32_t sets = subject->counter_set_count > 0 ? (uint32_t)subject->counter_set_count : 1;

	return count / sets + (count % sets != 0);
}

/* One variant: as many at once as the runner may, up to the next decision. */
static enum tare_status
visit_single(struct tare_measure *measure, struct tare_measured_group *mine, struct tare_err *err)
{
	struct tare_measured_case *one = &measure->cases[mine->group->first_case];
	struct limits limits = group_limits(measure, mine->group);
	struct tare_visit visit = {.count = 1, .budget_ns = batch_budget_ns};
	uint32_t until = limits.max_pairs;

	if (limits.automatic && mine->next_look > limits.pairs && mine->next_look < until)
		until = mine->next_look;
	if (tare_measure_batches(one) && until > limits.pairs)
		visit.count = share_of_a_set(one->subject, until - limits.pairs);
	if (visit.count > TARE_PENDING_SLOTS)
		visit.count = TARE_PENDING_SLOTS;
	if (limits.automatic && limits.pairs >= limits.min_pairs &&
		budget_left_ns(&limits) < visit.budget_ns)
		visit.budget_ns = budget_left_ns(&limits);
	return visit_case(measure, one, &visit, err);
}

/* Up to the end of the block; a case that is ahead (after a resumed run) waits for the others. */
static enum tare_status
visit_block(struct tare_measure *measure, struct tare_measured_group *mine, struct tare_err *err)
{
	static const struct tare_visit visit = {.count = 1};
	const struct tare_group *group = mine->group;
	struct limits limits = group_limits(measure, group);
	uint32_t end = block_end(group, &limits, limits.pairs + 1);
	size_t *order = tare_xcalloc(group->case_count, sizeof(*order));
	enum tare_status status = TARE_OK;

	for (uint32_t pair = limits.pairs; pair < end && status == TARE_OK; pair++) {
		tare_order_pair(order, group->case_count, measure->run->seed,
			(size_t)(group - measure->plan->groups), pair);
		for (size_t i = 0; i < group->case_count && status == TARE_OK; i++) {
			struct tare_measured_case *one =
				&measure->cases[group->first_case + order[i]];

			if (one->next_pair == pair)
				status = visit_case(measure, one, &visit, err);
		}
	}
	free(order);
	return status;
}

/* Why measuring ends now whatever is seen. */
static enum tare_stop
end_of_budget(const struct limits *limits)
{
	if (limits->pairs >= limits->max_pairs)
		return limits->automatic ? TARE_STOP_COUNT : TARE_STOP_DONE;
	if (limits->automatic && limits->pairs >= limits->min_pairs && budget_left_ns(limits) == 0)
		return TARE_STOP_TIME;
	return TARE_STOP_NOT;
}

/* After the look that ends the first measuring: whether a second is due, and up to where. */
static bool
measures_again(struct tare_measured_group *mine, const struct tare_look *look, uint32_t pairs)
{
	if (!mine->looking.confirmed || mine->looking.phase > 0 || !look->doubtful ||
		pairs > UINT32_MAX / 2)
		return false;
	mine->looking.phase = 1;
	mine->first_stop = look->stop;
	mine->confirm_until = 2 * pairs;
	mine->next_look = mine->confirm_until;
	return true;
}

/* NULL: go on. Otherwise why the group is finished. */
static const char *
group_verdict(struct tare_measure *measure, struct tare_measured_group *mine)
{
	struct limits limits = group_limits(measure, mine->group);
	enum tare_stop end = end_of_budget(&limits);
	struct tare_look look = {0};

	if (limits.live == 0)
		return "nothing left to measure";
	if (end == TARE_STOP_DONE && !mine->looking.confirmed)
		return tare_stop_reason(end);
	if (mine->confirm_until > 0)
		end = limits.pairs < mine->confirm_until      ? TARE_STOP_NOT
		      : mine->first_stop == TARE_STOP_DECIDED ? TARE_STOP_DONE
							      : mine->first_stop;
	/* A resumed run may begin in the middle of a block. */
	if ((!limits.automatic && end == TARE_STOP_NOT) || limits.ahead != limits.pairs ||
		block_end(mine->group, &limits, limits.pairs) != limits.pairs ||
		(end == TARE_STOP_NOT && limits.pairs < mine->next_look))
		return NULL;
	estimate_budget(&mine->looking, &limits);
	tare_compare_look(&look, &mine->looking, measure->run, measure->plan, mine->group, end);
	if (look.stop != TARE_STOP_NOT && measures_again(mine, &look, limits.pairs))
		return NULL;
	mine->next_look = look_after(mine->group, &limits, limits.pairs);
	if (mine->looking.planned > limits.pairs && mine->looking.planned < mine->next_look)
		mine->next_look = block_end(mine->group, &limits, (uint32_t)mine->looking.planned);
	return look.stop != TARE_STOP_NOT ? look.reason : NULL;
}

/* Looks are told as they are taken, so that a run that is cut off has those it took. */
static enum tare_status
journal_looks(struct tare_measure *measure, const struct tare_group *group, struct tare_err *err)
{
	struct tare_journal *journal = measure->session->journal;
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < group->case_count && journal; i++) {
		struct tare_measured_case *one = &measure->cases[group->first_case + i];
		const struct tare_run_case *record = one->record;

		while (one->looks_journalled < record->look_count && status == TARE_OK)
			status = tare_journal_look(journal, measure->run, one->subject->index,
				&record->looks[one->looks_journalled++], err);
	}
	return status;
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
end_case(struct tare_measure *measure, struct tare_measured_case *one, const char *reason,
	struct tare_err *err)
{
	struct tare_journal *journal = measure->session->journal;
	enum tare_status status = tare_measure_end_case(measure, one, err);

	one->over = true;
	/* A run may have been cut between the stop lines of a group. */
	if (status != TARE_OK || one->record->status == TARE_CASE_FAILED ||
		one->record->stop_reason)
		return status;
	one->record->stop_reason = tare_arena_strdup(measure->run->arena, reason);
	return journal ? tare_journal_stop(journal, one->subject->index, reason, err) : TARE_OK;
}

static enum tare_status
end_group(struct tare_measure *measure, struct tare_measured_group *mine, const char *reason,
	struct tare_err *err)
{
	const struct tare_group *group = mine->group;
	enum tare_status status = TARE_OK;

	mine->over = true;
	for (size_t i = 0; i < group->case_count && status == TARE_OK; i++)
		status = end_case(measure, &measure->cases[group->first_case + i], reason, err);
	if (status == TARE_OK)
		status = sync_journal(measure, err);
	tare_progress_group_over(
		&measure->progress, measure->run, group->first_case, group->case_count);
	return status;
}

enum tare_status
tare_measure_visit_group(
	struct tare_measure *measure, struct tare_measured_group *mine, struct tare_err *err)
{
	enum tare_status status = TARE_OK;
	const char *reason;

	if (tare_measure_is_interrupted(measure))
		return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
	if (!mine->begun)
		status = begin_group(measure, mine, err);
	reason = status == TARE_OK ? group_verdict(measure, mine) : NULL;
	if (status == TARE_OK && !reason) {
		status = mine->group->case_count == 1 ? visit_single(measure, mine, err)
						      : visit_block(measure, mine, err);
		reason = status == TARE_OK ? group_verdict(measure, mine) : NULL;
	}
	if (status == TARE_OK)
		status = journal_looks(measure, mine->group, err);
	if (status == TARE_OK && reason)
		status = end_group(measure, mine, reason, err);
	return status;
}
