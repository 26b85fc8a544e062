#include "runners/tally.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void
tare_tally_open(struct tare_tally *tally)
{
	*tally = (struct tare_tally){.place.root = ""};
}

void
tare_tally_forget(struct tare_tally *tally)
{
	tare_counters_detach(&tally->attachment);
	tally->attached_count = 0;
	tally->attached_cpus = (struct tare_bits){0};
}

void
tare_tally_close(struct tare_tally *tally)
{
	tare_tally_forget(tally);
	free(tally->around);
	tally->around = NULL;
}

static bool
is_attached(const struct tare_tally *tally, const struct tare_case *subject,
	const struct tare_counter_set *set, const struct tare_bits *cpus)
{
	if (tally->attachment.count == 0 || tally->attached_count != set->count ||
		!tare_bits_equal(&tally->attached_cpus, cpus))
		return false;
	for (size_t i = 0; i < set->count; i++) {
		if (tally->attached[i] != subject->rules[set->metrics[i]].counter)
			return false;
	}
	return true;
}

/* A whole pair of pairs (a block) counts the same; a batch is a turn. */
static size_t
choose_set(const struct tare_invocation *invocation)
{
	size_t count = invocation->subject->counter_set_count;

	return (invocation->count > 1 ? invocation->turn : invocation->pair / 2) % count;
}

static enum tare_status
send_events(const struct tare_attachment *attachment, struct tare_link *link,
	const struct tare_link_wait *wait, struct tare_err *err)
{
	const struct tare_wire_request request = {.op = TARE_WIRE_COUNT,
		.count = (uint32_t)attachment->count,
		.targets = attachment->count > 0 ? (uint32_t)attachment->targets : 1};
	struct tare_wire_reply reply = {0};
	enum tare_status status = tare_link_call(link, &reply, &request, attachment->fds,
		attachment->count * attachment->targets, wait, err);

	if (status == TARE_OK && reply.error != 0) {
		errno = reply.error;
		return tare_err_errno(err, TARE_OUTSIDE, "the agent refused what it shall count");
	}
	return status;
}

enum tare_status
tare_tally_detach(struct tare_tally *tally, struct tare_link *link,
	const struct tare_link_wait *wait, struct tare_err *err)
{
	if (tally->attachment.count == 0)
		return TARE_OK;
	tare_tally_forget(tally);
	return send_events(&tally->attachment, link, wait, err);
}

/* None where events count with the process. */
static struct tare_bits
counted_cpus(const struct tare_case *subject, const struct tare_wire_request *request)
{
	struct tare_bits cpus = {0};

	if (subject->counts_cpus)
		memcpy(cpus.words, request->place.cpus, sizeof(cpus.words));
	return cpus;
}

/* The agent and what it starts, or each of the CPUs. */
static enum tare_status
list_targets(struct tare_counter_target *targets_out, size_t *count_out,
	const struct tare_bits *cpus, pid_t agent, struct tare_err *err)
{
	size_t count = tare_bits_count(cpus);

	*count_out = 0;
	if (count > TARE_COUNT_CPUS_MAX)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"%zu CPUs; counter_scope: cpus counts on at most %d", count,
			TARE_COUNT_CPUS_MAX);
	for (unsigned i = 0; count > 0 && i < TARE_BITS_MAX; i++) {
		if (tare_bits_has(cpus, i))
			targets_out[(*count_out)++] = (struct tare_counter_target){-1, (int)i};
	}
	if (count == 0)
		targets_out[(*count_out)++] = (struct tare_counter_target){agent, -1};
	return TARE_OK;
}

static enum tare_status
attach(struct tare_tally *tally, struct tare_link *link, const struct tare_link_wait *wait,
	const struct tare_case *subject, const struct tare_wire_request *request,
	struct tare_err *err)
{
	const struct tare_counter_set *set = &subject->counter_sets[request->set];
	struct tare_bits cpus = counted_cpus(subject, request);
	struct tare_counter_target targets[TARE_COUNT_CPUS_MAX];
	enum tare_status status = tare_tally_detach(tally, link, wait, err);
	size_t count;

	if (status != TARE_OK)
		return status;
	status = list_targets(targets, &count, &cpus, tare_link_pid(link), err);
	if (status == TARE_OK)
		status =
			tare_counters_attach(&tally->attachment, subject, set, targets, count, err);
	if (status != TARE_OK) {
		tare_err_where(err, "counters");
		if (err)
			err->status = TARE_UNSUPPORTED;
		return TARE_UNSUPPORTED;
	}
	for (size_t i = 0; i < set->count; i++)
		tally->attached[i] = subject->rules[set->metrics[i]].counter;
	tally->attached_count = set->count;
	tally->attached_cpus = cpus;
	return send_events(&tally->attachment, link, wait, err);
}

/* Room for what is read around the request. */
static void
prepare_around(struct tare_tally *tally, const struct tare_invocation *invocation)
{
	bool wanted = invocation->role == TARE_ROLE_MEASURED && invocation->subject &&
		      tare_counters_has(invocation->subject, TARE_WAY_AROUND);

	free(tally->around);
	tally->around = NULL;
	tally->subject = wanted ? invocation->subject : NULL;
	if (wanted)
		tally->around = tare_xcalloc(invocation->subject->metric_count, sizeof(double));
}

enum tare_status
tare_tally_prepare(struct tare_tally *tally, struct tare_link *link,
	const struct tare_link_wait *wait, struct tare_wire_request *request,
	const struct tare_invocation *invocation, struct tare_err *err)
{
	const struct tare_case *subject = invocation->subject;
	struct tare_bits cpus;

	prepare_around(tally, invocation);
	/* Hooks are not worth taking events off for; their counts are in no invocation. */
	if (invocation->role != TARE_ROLE_MEASURED || !subject)
		return TARE_OK;
	if (subject->counter_set_count == 0)
		return tare_tally_detach(tally, link, wait, err);
	request->flags |= TARE_WIRE_COUNTED;
	request->set = (uint32_t)choose_set(invocation);
	cpus = counted_cpus(subject, request);
	if (is_attached(tally, subject, &subject->counter_sets[request->set], &cpus))
		return TARE_OK;
	return attach(tally, link, wait, subject, request, err);
}

/* NaN where it cannot be read. */
static double
read_around(const struct tare_tally *tally, const struct tare_counter_source *source)
{
	double value;

	if (source->ops->read(&value, source, &tally->place, NULL) != TARE_OK)
		return NAN;
	return value;
}

void
tare_tally_begin(struct tare_tally *tally)
{
	for (size_t i = 0; tally->subject && i < tally->subject->metric_count; i++) {
		const struct tare_counter_source *source = tally->subject->rules[i].counter;

		if (source && source->ops->read)
			tally->around[i] = read_around(tally, source);
	}
}

void
tare_tally_end(struct tare_tally *tally)
{
	for (size_t i = 0; tally->subject && i < tally->subject->metric_count; i++) {
		const struct tare_counter_source *source = tally->subject->rules[i].counter;
		double difference;

		if (!source || !source->ops->read)
			continue;
		difference = read_around(tally, source) - tally->around[i];
		/* It began at 0 again in between. */
		if (difference < 0.0 && source->wrap > 0.0)
			difference += source->wrap;
		tally->around[i] = difference;
	}
}
