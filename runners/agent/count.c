#include <string.h>
#include <unistd.h>

#include "runners/agent/agent.h"

/* What PAPI opens is read as a value alone; the times are then not known, and taken as whole. */
static const uint64_t unknown_ns = UINT64_MAX;

void
agent_events_take(struct agent *agent, const int *fds, unsigned count, unsigned targets)
{
	for (unsigned i = 0; i < agent->event_count * agent->event_targets; i++)
		close(agent->events[i]);
	memcpy(agent->events, fds, (size_t)count * targets * sizeof(*fds));
	agent->event_count = count;
	agent->event_targets = targets;
}

/* All zero where nothing can be read: an event in error. */
static struct tare_agent_reading
read_one(int fd)
{
	struct tare_agent_reading reading = {0};
	ssize_t len = read(fd, &reading, sizeof(reading));

	if (len == (ssize_t)sizeof(reading.value))
		reading.enabled_ns = reading.running_ns = unknown_ns;
	else if (len != (ssize_t)sizeof(reading))
		reading = (struct tare_agent_reading){0};
	return reading;
}

/* Summed over its targets: an event that counts on CPUs has one for each. */
static struct tare_agent_reading
read_event(const struct agent *agent, unsigned event)
{
	struct tare_agent_reading sum = read_one(agent->events[event]);

	for (unsigned i = 1; i < agent->event_targets; i++) {
		struct tare_agent_reading part =
			read_one(agent->events[i * agent->event_count + event]);

		sum.value += part.value;
		sum.enabled_ns += part.enabled_ns;
		sum.running_ns += part.running_ns;
	}
	return sum;
}

void
agent_count_begin(struct agent *agent, const struct tare_wire_request *request)
{
	struct tare_agent_counts *counts = &agent->counts;

	counts->count = request->flags & TARE_WIRE_COUNTED ? agent->event_count : 0;
	counts->set = request->set;
	for (uint32_t i = 0; i < counts->count; i++)
		counts->readings[i] = read_event(agent, i);
}

static struct tare_agent_reading
between(const struct tare_agent_reading *before, const struct tare_agent_reading *after)
{
	struct tare_agent_reading part = {.value = after->value - before->value};

	if (after->enabled_ns == unknown_ns) {
		part.enabled_ns = part.running_ns = 1;
	} else if (after->enabled_ns >= before->enabled_ns) {
		part.enabled_ns = after->enabled_ns - before->enabled_ns;
		part.running_ns = after->running_ns - before->running_ns;
	}
	return part;
}

void
agent_count_end(struct agent *agent, uint64_t seq)
{
	struct tare_agent_counts *counts = &agent->counts;

	if (counts->count == 0)
		return;
	for (uint32_t i = 0; i < counts->count; i++) {
		struct tare_agent_reading after = read_event(agent, i);

		counts->readings[i] = between(&counts->readings[i], &after);
	}
	counts->seq = seq;
	counts->check = tare_counts_check(counts);
}
