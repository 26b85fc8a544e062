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
	const struct tare_counter_set *set)
{
	if (tally->attachment.count == 0 || tally->attached_count != set->count)
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
	const struct tare_wire_request request = {
		.op = TARE_WIRE_COUNT, .count = (uint32_t)attachment->count};
	struct tare_wire_reply reply = {0};
	enum tare_status status = tare_link_call(
		link, &reply, &request, attachment->fds, attachment->count, wait, err);

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

static enum tare_status
attach(struct tare_tally *tally, struct tare_link *link, const struct tare_link_wait *wait,
	const struct tare_case *subject, const struct tare_counter_set *set, struct tare_err *err)
{
	enum tare_status status = tare_tally_detach(tally, link, wait, err);

	if (status != TARE_OK)
		return status;
	status = tare_counters_attach(&tally->attachment, subject, set, tare_link_pid(link), err);
	if (status != TARE_OK) {
		tare_err_where(err, "counters");
		if (err)
			err->status = TARE_UNSUPPORTED;
		return TARE_UNSUPPORTED;
	}
	for (size_t i = 0; i < set->count; i++)
		tally->attached[i] = subject->rules[set->metrics[i]].counter;
	tally->attached_count = set->count;
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
	size_t set;

	prepare_around(tally, invocation);
	/* Hooks are not worth taking events off for; their counts are in no invocation. */
	if (invocation->role != TARE_ROLE_MEASURED || !subject)
		return TARE_OK;
	if (subject->counter_set_count == 0)
		return tare_tally_detach(tally, link, wait, err);
	set = choose_set(invocation);
	request->flags |= TARE_WIRE_COUNTED;
	request->set = (uint32_t)set;
	if (is_attached(tally, subject, &subject->counter_sets[set]))
		return TARE_OK;
	return attach(tally, link, wait, subject, &subject->counter_sets[set], err);
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
