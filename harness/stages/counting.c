#include "harness/stages/counting.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/model/warning.h"
#include "runners/cgroup.h"

enum { SIMULATIONS = 2 };
static const double unstable = 0.001;

static bool
plan_counts(const struct tare_plan *plan)
{
	for (size_t i = 0; i < plan->case_count; i++) {
		if (plan->cases[i].counter_group_count > 0)
			return true;
	}
	return false;
}

/* What a cgroup has is seen in one made for looking: the run's own comes with its runner. */
enum tare_status
tare_stage_counters(const char **missing_out, struct tare_session *session, struct tare_err *err)
{
	struct tare_counter_place place = {.root = ""};
	struct tare_cgroup *cgroup = NULL;
	enum tare_status status;

	*missing_out = NULL;
	if (!plan_counts(session->plan))
		return TARE_OK;
	if (tare_cgroup_open(&cgroup, "counters", NULL) == TARE_OK)
		place.cgroup = tare_cgroup_path(cgroup);
	status = tare_counters_resolve(
		missing_out, tare_counters_new(session->arena, &place), session->plan, err);
	tare_cgroup_close(cgroup);
	return status;
}

void
tare_stage_warn_of_counters(struct tare_run *run, const char *missing)
{
	if (missing)
		tare_warn(run, TARE_WARN_COUNTERS_MISSING, 0, "not counted here: %s", missing);
}

bool
tare_counting_recoverable(const struct tare_case *subject, const struct tare_agent_record *record)
{
	/* Simulations belong to the first pair, and are not in the pending file. */
	if (tare_counters_has(subject, TARE_WAY_SIMULATED) && record->pair == 0 &&
		(record->flags & TARE_RECORD_WARMUP) == 0)
		return false;
	for (size_t i = TARE_BUILTIN_METRIC_COUNT; i < subject->metric_count; i++) {
		if (subject->rules[i].source != TARE_SOURCE_COUNTER &&
			subject->rules[i].source != TARE_SOURCE_DERIVED &&
			subject->rules[i].source != TARE_SOURCE_RUNNER)
			return false;
	}
	return !tare_counters_has(subject, TARE_WAY_AROUND);
}

void
tare_counting_fill(struct tare_sample *sample, struct tare_counted *counted,
	const struct tare_case *subject, const struct tare_agent_record *record,
	const struct tare_agent_counts *counts, const double *around)
{
	if (subject->counter_group_count == 0)
		return;
	if (counts && counts->count > 0 && counts->check != tare_counts_check(counts))
		counts = NULL;
	tare_counters_values(counted, &sample->counts_invalid, subject, record, counts, around);
	for (size_t i = TARE_BUILTIN_METRIC_COUNT; i < subject->metric_count; i++) {
		if (subject->rules[i].source == TARE_SOURCE_COUNTER)
			sample->values[i] = counted[i].value;
	}
	sample->counted = counted;
}

/* As good as its worst part. */
static void
cover_derived(struct tare_counted *counted, const struct tare_case *subject, size_t metric)
{
	const struct tare_metric_rule *rule = &subject->rules[metric];
	double worst = 1.0;

	for (size_t i = 0; i < tare_formula_name_count(rule->formula); i++) {
		size_t at = rule->formula_metrics[i];

		if (at < subject->metric_count && !isnan(counted[at].coverage))
			worst = fmin(worst, counted[at].coverage);
	}
	counted[metric].coverage = worst;
}

void
tare_counting_derive(
	struct tare_sample *sample, struct tare_counted *counted, const struct tare_case *subject)
{
	if (subject->counter_group_count == 0)
		return;
	tare_counters_derive(sample->values, subject);
	for (size_t i = 0; i < subject->metric_count && sample->counted; i++) {
		if (!subject->rules[i].formula || isnan(sample->values[i]))
			continue;
		counted[i].value = sample->values[i];
		cover_derived(counted, subject, i);
	}
}

void
tare_counting_take_simulated(struct tare_sample *sample, struct tare_counted *counted,
	const struct tare_case *subject, const double *simulated)
{
	if (!simulated || sample->warmup || sample->pair != 0)
		return;
	for (size_t i = TARE_BUILTIN_METRIC_COUNT; i < subject->metric_count; i++) {
		const struct tare_counter_source *source = subject->rules[i].counter;

		if (!source || source->ops->way != TARE_WAY_SIMULATED || isnan(simulated[i]))
			continue;
		sample->values[i] = simulated[i];
		counted[i] = (struct tare_counted){.value = simulated[i], .coverage = 1.0};
	}
}

/* The files that the simulator left; without them this is no more than a counter less. */
static enum tare_status
read_simulation(
	double *values, const struct tare_case *subject, const char *dir, struct tare_err *err)
{
	struct tare_err why = {0};

	if (tare_valgrind_values(values, subject, dir, &why) == TARE_OK)
		return TARE_OK;
	return tare_err_set(err, TARE_FAILED, "%s", why.text);
}

/* Absolute, since the program may run elsewhere. */
static enum tare_status
make_dir(char path_out[PATH_MAX], const char *dir, struct tare_err *err)
{
	enum tare_status status = tare_dir_make(dir, err);

	if (status == TARE_OK && !realpath(dir, path_out))
		status = tare_err_errno(err, TARE_OUTSIDE, "cannot find '%s' again", dir);
	return status;
}

/* One invocation under the simulator, its sums into values. TARE_FAILED, and why, where the program
 * did not end as it should. */
static enum tare_status
simulate(double *values, struct tare_measure *measure, const struct tare_measured_case *mine,
	const char *dir, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	struct tare_invocation invocation = {
		.subject = subject, .role = TARE_ROLE_HOOK, .count = 1};
	char path[PATH_MAX];
	const char *failure;
	uint32_t done = 0;
	enum tare_status status = make_dir(path, dir, err);

	if (status != TARE_OK)
		return status;
	invocation.program = tare_valgrind_program(measure->scratch, subject, path);
	status =
		mine->on->ops->invoke(mine->on->runner, measure->outcomes, &done, &invocation, err);
	if (status == TARE_OK && done == 1) {
		failure = tare_outcome_failure(measure->scratch, measure->outcomes,
			invocation.program, subject->expect.exit_codes,
			subject->expect.exit_code_count);
		status = failure ? tare_err_set(err, TARE_FAILED, "%s", failure)
				 : read_simulation(values, subject, path, err);
	}
	tare_dir_remove(dir, NULL);
	return status;
}

static enum tare_status
simulate_between_hooks(double *values, struct tare_measure *measure,
	struct tare_measured_case *mine, const char *dir, struct tare_err *why,
	struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	enum tare_status status;

	if (tare_measure_is_interrupted(measure))
		return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
	tare_progress_step(&measure->progress, subject->name, "simulation");
	status = tare_measure_hook(measure, mine, "prepare", subject->prepare, err);
	if (status != TARE_OK || mine->over)
		return status;
	status = simulate(values, measure, mine, dir, why);
	if (status == TARE_INTERRUPTED || status == TARE_OUTSIDE) {
		*err = *why;
		return status;
	}
	return tare_measure_hook(measure, mine, "conclude", subject->conclude, err);
}

/* The smaller of two: what disturbs a simulation adds to it. */
static void
merge(struct tare_measure *measure, const struct tare_measured_case *mine, const double *again)
{
	const struct tare_case *subject = mine->subject;

	for (size_t i = 0; i < subject->metric_count; i++) {
		double *first = &mine->simulated[i];
		double less = fmin(*first, again[i]), more = fmax(*first, again[i]);

		/* fmin() takes the other where one is NaN. */
		if (more - less > unstable * less)
			tare_warn(measure->run, TARE_WARN_SIMULATION_UNSTABLE, 0,
				"%s under valgrind: %s is %.0f once and %.0f the next time",
				subject->name, subject->metrics[i].name, *first, again[i]);
		*first = less;
	}
}

static double *
no_values(struct tare_arena *arena, size_t count)
{
	double *values = tare_arena_alloc(arena, count, sizeof(*values));

	for (size_t i = 0; i < count; i++)
		values[i] = NAN;
	return values;
}

enum tare_status
tare_counting_simulate(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	const char *state = measure->session->options.state_dir;
	const char *dir = tare_arena_printf(measure->session->arena, "%s/valgrind-%s-%zu", state,
		measure->run->id, subject->index);
	enum tare_status status = TARE_OK;

	if (!tare_counters_has(subject, TARE_WAY_SIMULATED) || mine->simulated ||
		mine->next_pair > 0)
		return TARE_OK;
	mine->simulated = no_values(measure->session->arena, subject->metric_count);
	for (int i = 0; i < SIMULATIONS && status == TARE_OK && !mine->over; i++) {
		double *values = no_values(measure->scratch, subject->metric_count);
		struct tare_err why = {0};

		status = simulate_between_hooks(values, measure, mine, dir, &why, err);
		if (why.status != TARE_OK && status == TARE_OK) {
			tare_warn(measure->run, TARE_WARN_SIMULATION_MISSING, 0,
				"%s under valgrind: %s", subject->name, why.text);
			break;
		}
		merge(measure, mine, values);
	}
	rmdir(state); /* only where nothing else is in it */
	return status;
}
