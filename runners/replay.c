/*
 * The replay runner: runs nothing and reports what it is told.
 *
 * What an invocation reports depends on the run's seed, the case's name, its pair and the metric,
 * and on nothing else: neither the order of measuring nor a resumed run changes it. A list plays by
 * pair, so that pair n is its n-th value; warm-ups look at the same values and use none up. The
 * shortest list says how many pairs there are: invoke() then runs fewer than asked, at last none.
 * Time does not pass here: each invocation begins where the one before ended, and the budget of a
 * batch is of that time.
 */
#include <math.h>
#include <stdlib.h>

#include "harness/base/arena.h"
#include "harness/base/rng.h"
#include "runners/runner.h"

struct tare_runner {
	uint64_t seed;
	uint64_t now_ns;
	double *values; /* of the last invoke() */
	size_t value_capacity;
};

static enum tare_status
replay_supported(struct tare_err *err)
{
	(void)err;
	return TARE_OK;
}

static enum tare_status
replay_open(struct tare_runner **runner_out, const struct tare_runner_options *options,
	struct tare_err *err)
{
	struct tare_runner *runner = tare_xcalloc(1, sizeof(*runner));

	(void)err;
	runner->seed = options->seed;
	runner->now_ns = options->began_ns;
	*runner_out = runner;
	return TARE_OK;
}

static enum tare_status
replay_case_begin(struct tare_runner *runner, const char **cpus_out,
	const struct tare_case *subject, struct tare_err *err)
{
	(void)runner;
	if (!subject->replay)
		return tare_err_set(err, TARE_INVALID,
			"case '%s' has nothing to replay; expected a `replay:` key", subject->name);
	*cpus_out = "";
	return TARE_OK;
}

/* FNV-1a over the name, then the numbers. */
static uint64_t
stream_of(const struct tare_case *subject, const struct tare_invocation *invocation, uint32_t pair)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (const char *c = subject->name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
	hash = (hash ^ pair) * 0x100000001b3u;
	return (hash ^ invocation->warmup) * 0x100000001b3u;
}

/* The relative standard deviation of a lognormal is sqrt(exp(sigma^2) - 1), whatever its median. */
static double
draw(const struct tare_replay_metric *metric, struct tare_rng *rng)
{
	switch (metric->distribution) {
	case TARE_DISTRIBUTION_NORMAL:
		return metric->center * (1 + metric->spread * tare_rng_normal(rng));
	case TARE_DISTRIBUTION_LOGNORMAL:
		return metric->center *
		       exp(sqrt(log1p(metric->spread * metric->spread)) * tare_rng_normal(rng));
	default:
		return metric->center;
	}
}

static double
value_of(const struct tare_replay_metric *metric, uint64_t seed, uint64_t stream, uint32_t pair)
{
	struct tare_rng rng;

	if (!metric->given)
		return NAN;
	if (metric->distribution == TARE_DISTRIBUTION_LIST)
		return metric->values[pair % metric->value_count];
	tare_rng_seed(&rng, seed, stream);
	return draw(metric, &rng);
}

static uint64_t
whole(double value)
{
	return isnan(value) ? 0 : (uint64_t)fmin(value, 0x1p63);
}

/* The record says the same as the values, as far as it can. */
static void
fill_record(struct tare_agent_record *record, const double *values)
{
	record->wall_ns = whole(values[TARE_METRIC_WALL]);
	record->user_ns = whole(values[TARE_METRIC_USER]);
	record->sys_ns = whole(values[TARE_METRIC_SYS]);
	record->max_rss_bytes = whole(values[TARE_METRIC_MAX_RSS]);
	record->major_faults = whole(values[TARE_METRIC_MAJOR_FAULTS]);
	record->minor_faults = whole(values[TARE_METRIC_PAGE_FAULTS]);
	if (record->minor_faults >= record->major_faults)
		record->minor_faults -= record->major_faults;
	record->involuntary_switches = whole(values[TARE_METRIC_INVOLUNTARY_SWITCHES]);
	record->voluntary_switches = whole(values[TARE_METRIC_CONTEXT_SWITCHES]);
	if (record->voluntary_switches >= record->involuntary_switches)
		record->voluntary_switches -= record->involuntary_switches;
}

/* The built-in metrics are whole numbers and not negative, whatever a normal distribution says. */
static void
fill_values(double *values, const struct tare_runner *runner,
	const struct tare_invocation *invocation, uint32_t pair)
{
	const struct tare_case *subject = invocation->subject;
	uint64_t stream = stream_of(subject, invocation, pair);

	for (size_t m = 0; m < subject->metric_count; m++) {
		values[m] = value_of(&subject->replay[m], runner->seed, stream + m, pair);
		if (m < TARE_BUILTIN_METRIC_COUNT && !isnan(values[m]))
			values[m] = fmax(0, round(values[m]));
	}
	if (isnan(values[TARE_METRIC_CPU]))
		values[TARE_METRIC_CPU] = values[TARE_METRIC_USER] + values[TARE_METRIC_SYS];
}

/* How many of count invocations the lists still have values for. */
static uint32_t
left_to_play(const struct tare_invocation *invocation)
{
	const struct tare_case *subject = invocation->subject;
	uint32_t left = invocation->count;

	for (size_t m = 0; m < subject->metric_count; m++) {
		const struct tare_replay_metric *metric = &subject->replay[m];

		if (!metric->given || metric->distribution != TARE_DISTRIBUTION_LIST)
			continue;
		if (metric->value_count == 0)
			return 0;
		if (invocation->warmup)
			continue;
		if (metric->value_count <= invocation->pair)
			return 0;
		if (metric->value_count - invocation->pair < left)
			left = (uint32_t)(metric->value_count - invocation->pair);
	}
	return left;
}

static void
replay_one(struct tare_runner *runner, struct tare_outcome *outcome, double *values,
	const struct tare_invocation *invocation, uint32_t at)
{
	struct tare_agent_record *record = &outcome->record;

	*outcome = (struct tare_outcome){.values = values};
	record->seq = invocation->seq + at;
	record->pair = invocation->pair + at;
	record->case_index = (uint32_t)invocation->subject->index;
	record->flags = invocation->warmup ? TARE_RECORD_WARMUP : 0;
	fill_values(values, runner, invocation, record->pair);
	fill_record(record, values);
	record->start_ns = runner->now_ns;
	record->check = tare_record_check(record);
	runner->now_ns += record->wall_ns;
}

static enum tare_status
replay_invoke(struct tare_runner *runner, struct tare_outcome *outcomes, uint32_t *done_out,
	const struct tare_invocation *invocation, struct tare_err *err)
{
	const struct tare_case *subject = invocation->subject;
	uint64_t began_ns = runner->now_ns;
	uint32_t count, done = 0;

	(void)err;
	if (invocation->role != TARE_ROLE_MEASURED || !subject) {
		for (uint32_t i = 0; i < invocation->count; i++)
			outcomes[i] = (struct tare_outcome){.record.seq = invocation->seq + i};
		*done_out = invocation->count;
		return TARE_OK;
	}
	count = left_to_play(invocation);
	if (count * subject->metric_count > runner->value_capacity) {
		runner->value_capacity = count * subject->metric_count;
		runner->values = tare_xreallocarray(
			runner->values, runner->value_capacity, sizeof(*runner->values));
	}
	while (done < count && (done == 0 || runner->now_ns - began_ns < invocation->budget_ns)) {
		replay_one(runner, &outcomes[done], runner->values + done * subject->metric_count,
			invocation, done);
		done++;
	}
	*done_out = done;
	return TARE_OK;
}

static bool
replay_supports_batch(const struct tare_runner *runner, const struct tare_case *subject)
{
	(void)runner;
	(void)subject;
	return true;
}

static enum tare_status
replay_service_start(struct tare_runner *runner, uint32_t *id_out,
	const struct tare_service *service, const char *log_path, struct tare_err *err)
{
	(void)runner;
	(void)service;
	(void)log_path;
	(void)err;
	*id_out = 0;
	return TARE_OK;
}

static enum tare_status
replay_service_stop(struct tare_runner *runner, uint32_t id, struct tare_err *err)
{
	(void)runner;
	(void)id;
	(void)err;
	return TARE_OK;
}

static void
replay_case_end(struct tare_runner *runner, const struct tare_case *subject)
{
	(void)runner;
	(void)subject;
}

static void
replay_close(struct tare_runner *runner)
{
	if (!runner)
		return;
	free(runner->values);
	free(runner);
}

const struct tare_runner_ops tare_runner_replay = {
	.name = "replay",
	.summary = "runs nothing and reports what the suite tells it to",
	.supported = replay_supported,
	.open = replay_open,
	.case_begin = replay_case_begin,
	.invoke = replay_invoke,
	.supports_batch = replay_supports_batch,
	.service_start = replay_service_start,
	.service_stop = replay_service_stop,
	.case_end = replay_case_end,
	.close = replay_close,
};
