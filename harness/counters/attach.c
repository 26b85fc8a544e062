#include <assert.h>
#include <linux/perf_event.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "harness/counters/counters.h"
#include "harness/counters/perf.h"

/* Not perf sources that were found: one is opened beside every set, whatever was asked for. The
 * clock of a process runs in the kernel too, whoever asks; without it an ordinary user may open it.
 */
static const struct tare_counter_source process_guard = {
	.ops = &tare_counters_perf_sw,
	.origin = {.event = "PERF_COUNT_SW_TASK_CLOCK"},
	.type = PERF_TYPE_SOFTWARE,
	.config = PERF_COUNT_SW_TASK_CLOCK,
	.user_only = true,
};
static const struct tare_counter_source cpu_guard = {
	.ops = &tare_counters_perf_sw,
	.origin = {.event = "PERF_COUNT_SW_CPU_CLOCK"},
	.type = PERF_TYPE_SOFTWARE,
	.config = PERF_COUNT_SW_CPU_CLOCK,
};

/* The guard and the set's events in their order. */
static size_t
sources_of(const struct tare_counter_source **sources_out, const struct tare_case *subject,
	const struct tare_counter_set *set, const struct tare_counter_target *target)
{
	assert(set->count < TARE_COUNTERS_MAX);
	sources_out[0] = target->cpu < 0 ? &process_guard : &cpu_guard;
	for (size_t i = 0; i < set->count; i++)
		sources_out[1 + i] = subject->rules[set->metrics[i]].counter;
	return 1 + set->count;
}

/* Opens one provider's share of the events on one target; fds are those of the target. */
static enum tare_status
attach_share(struct tare_attachment *attachment, int *fds,
	const struct tare_counter_source *const *sources, const struct tare_counter_ops *ops,
	const struct tare_counter_target *target, struct tare_err *err)
{
	const struct tare_counter_source *own[TARE_COUNTERS_MAX];
	struct tare_attachment share = {.targets = 1};
	size_t at[TARE_COUNTERS_MAX];
	size_t count = 0;
	enum tare_status status;

	for (size_t i = 0; i < attachment->count; i++) {
		if (sources[i]->ops != ops)
			continue;
		own[count] = sources[i];
		at[count++] = i;
	}
	if (count == 0)
		return TARE_OK;
	status = ops->attach(&share, own, count, target, err);
	if (status != TARE_OK) {
		tare_counters_detach(&share);
		return tare_err_where(err, "%s", ops->name);
	}
	assert(share.count == count);
	for (size_t i = 0; i < count; i++)
		fds[at[i]] = share.fds[i];
	if (share.keeper) {
		attachment->keeper = share.keeper;
		attachment->keeper_id = share.keeper_id;
	}
	return TARE_OK;
}

static enum tare_status
attach_all(struct tare_attachment *attachment, const struct tare_counter_source *const *sources,
	const struct tare_counter_target *targets, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	if (targets[0].cpu < 0)
		status = tare_perf_anchor(
			attachment, sources, attachment->count, targets[0].pid, err);
	for (size_t t = 0; t < attachment->targets; t++) {
		int *fds = &attachment->fds[t * attachment->count];

		for (size_t i = 0; tare_counter_providers[i] && status == TARE_OK; i++) {
			if (tare_counter_providers[i]->way == TARE_WAY_EVENT)
				status = attach_share(attachment, fds, sources,
					tare_counter_providers[i], &targets[t], err);
		}
	}
	return status;
}

enum tare_status
tare_counters_attach(struct tare_attachment *attachment_out, const struct tare_case *subject,
	const struct tare_counter_set *set, const struct tare_counter_target *targets,
	size_t target_count, struct tare_err *err)
{
	const struct tare_counter_source *sources[TARE_COUNTERS_MAX];
	struct tare_attachment attachment = {.targets = target_count};
	enum tare_status status;

	assert(target_count >= 1 && target_count <= TARE_COUNT_CPUS_MAX);
	attachment.count = sources_of(sources, subject, set, &targets[0]);
	for (size_t i = 0; i < attachment.count * attachment.targets; i++)
		attachment.fds[i] = -1;
	status = attach_all(&attachment, sources, targets, err);
	if (status != TARE_OK) {
		tare_counters_detach(&attachment);
		return status;
	}
	*attachment_out = attachment;
	return TARE_OK;
}

void
tare_counters_detach(struct tare_attachment *attachment)
{
	for (size_t i = 0; i < attachment->count * attachment->targets; i++) {
		if (attachment->fds[i] >= 0)
			close(attachment->fds[i]);
	}
	for (size_t i = 0; i < attachment->anchor_count; i++)
		close(attachment->anchors[i]);
	if (attachment->keeper)
		attachment->keeper->close_attached(attachment);
	*attachment = (struct tare_attachment){0};
}

bool
tare_counters_has(const struct tare_case *subject, enum tare_counter_way way)
{
	for (size_t i = 0; i < subject->metric_count && subject->rules; i++) {
		const struct tare_counter_source *source = subject->rules[i].counter;

		if (source && source->ops->way == way)
			return true;
	}
	return false;
}

static bool
guard(const struct tare_case *subject, const struct tare_agent_record *record, double clock_ns)
{
	double cpu_ns = (double)(record->user_ns + record->sys_ns);

	if (subject->counts_cpus)
		return tare_counters_guard_cpus(clock_ns, cpu_ns);
	return tare_counters_guard(
		clock_ns, cpu_ns, record->voluntary_switches + record->involuntary_switches);
}

/* What the agent read, by metric. False where the guard found that it cannot be right. */
static bool
take_events(struct tare_counted *counted_out, const struct tare_case *subject,
	const struct tare_agent_record *record, const struct tare_agent_counts *counts)
{
	const struct tare_counter_set *set;
	bool valid;

	if (!counts || counts->count == 0 || counts->seq != record->seq ||
		counts->set >= subject->counter_set_count)
		return true;
	set = &subject->counter_sets[counts->set];
	if (counts->count != set->count + 1)
		return true;
	valid = guard(subject, record, (double)counts->readings[0].value);
	for (size_t i = 0; i < set->count; i++) {
		struct tare_counted *counted = &counted_out[set->metrics[i]];

		*counted = tare_counter_scale(&counts->readings[i + 1]);
		if (!valid)
			counted->value = NAN;
	}
	return valid;
}

void
tare_counters_values(struct tare_counted *counted_out, bool *invalid_out,
	const struct tare_case *subject, const struct tare_agent_record *record,
	const struct tare_agent_counts *counts, const double *around)
{
	for (size_t i = 0; i < subject->metric_count; i++) {
		const struct tare_counter_source *source = subject->rules[i].counter;

		counted_out[i] = (struct tare_counted){.value = NAN, .coverage = NAN};
		if (source && source->ops->from_record)
			counted_out[i].value = source->ops->from_record(source, record);
		else if (source && source->ops->read && around)
			counted_out[i].value = around[i];
		if (!isnan(counted_out[i].value))
			counted_out[i].coverage = 1.0;
	}
	*invalid_out = !take_events(counted_out, subject, record, counts);
}

void
tare_counters_derive(double *values, const struct tare_case *subject)
{
	for (size_t i = 0; i < subject->metric_count && subject->rules; i++) {
		const struct tare_metric_rule *rule = &subject->rules[i];
		double parts[TARE_FORMULA_NAMES_MAX];

		if (!rule->formula)
			continue;
		for (size_t j = 0; j < tare_formula_name_count(rule->formula); j++)
			parts[j] = rule->formula_metrics[j] < subject->metric_count
					   ? values[rule->formula_metrics[j]]
					   : NAN;
		values[i] = tare_formula_evaluate(rule->formula, parts);
	}
}
