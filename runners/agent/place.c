#include <errno.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runners/agent/agent.h"

/* The kernel looks at one bit less than it is told. */
static const unsigned long node_bits = TARE_WIRE_NODE_WORDS * 64 + 1;

void
agent_place_init(struct agent *agent)
{
	sched_getaffinity(0, sizeof(agent->cpus_own), (cpu_set_t *)agent->cpus_own);
	memcpy(agent->place.cpus, agent->cpus_own, sizeof(agent->place.cpus));
}

static int
apply_cpus(struct agent *agent, const uint64_t cpus[TARE_WIRE_CPU_WORDS])
{
	static const uint64_t none[TARE_WIRE_CPU_WORDS];
	uint64_t got[TARE_WIRE_CPU_WORDS] = {0};

	if (memcmp(cpus, none, sizeof(none)) == 0)
		cpus = agent->cpus_own;
	if (memcmp(cpus, agent->place.cpus, sizeof(got)) == 0)
		return 0;
	if (sched_setaffinity(0, sizeof(got), (const cpu_set_t *)cpus) != 0)
		return errno;
	if (sched_getaffinity(0, sizeof(got), (cpu_set_t *)got) < 0)
		return errno;
	memcpy(agent->place.cpus, got, sizeof(got));
	/* The kernel silently leaves out CPUs that the cpuset does not allow. */
	return memcmp(cpus, got, sizeof(got)) == 0 ? 0 : EINVAL;
}

static int
mode_of(uint32_t memory)
{
	switch (memory) {
	case TARE_WIRE_MEMORY_LOCAL:
		return MPOL_LOCAL;
	case TARE_WIRE_MEMORY_INTERLEAVE:
		return MPOL_INTERLEAVE;
	case TARE_WIRE_MEMORY_BIND:
		return MPOL_BIND;
	default:
		return MPOL_DEFAULT;
	}
}

/* Kernels before 5.14 call local what they prefer without naming a node. */
static int
read_back(uint32_t memory, const uint64_t nodes[TARE_WIRE_NODE_WORDS])
{
	uint64_t got[TARE_WIRE_NODE_WORDS] = {0};
	int mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, got, node_bits, NULL, 0) != 0)
		return errno;
	if (memory == TARE_WIRE_MEMORY_LOCAL && mode == MPOL_PREFERRED)
		mode = MPOL_LOCAL;
	return mode == mode_of(memory) && memcmp(got, nodes, sizeof(got)) == 0 ? 0 : EINVAL;
}

/* The policy is that of this thread, and goes to what it starts by vfork and exec. */
static int
apply_memory(struct agent *agent, const struct tare_wire_place *place)
{
	bool has_nodes = place->memory == TARE_WIRE_MEMORY_INTERLEAVE ||
			 place->memory == TARE_WIRE_MEMORY_BIND;

	if (place->memory == agent->place.memory &&
		memcmp(place->nodes, agent->place.nodes, sizeof(place->nodes)) == 0)
		return 0;
	if (syscall(SYS_set_mempolicy, mode_of(place->memory), has_nodes ? place->nodes : NULL,
		    has_nodes ? node_bits : 0) != 0)
		return errno;
	memcpy(agent->place.nodes, place->nodes, sizeof(place->nodes));
	agent->place.memory = place->memory;
	return read_back(place->memory, place->nodes);
}

bool
agent_place_apply(
	struct agent *agent, const struct tare_wire_place *place, struct tare_wire_reply *reply)
{
	reply->step = TARE_STEP_CPUS;
	reply->error = apply_cpus(agent, place->cpus);
	if (reply->error == 0) {
		reply->step = TARE_STEP_MEMORY;
		reply->error = apply_memory(agent, place);
	}
	if (reply->error == 0)
		reply->step = TARE_STEP_NONE;
	return reply->error == 0;
}
