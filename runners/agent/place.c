#include <errno.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runners/agent/agent.h"

/* The kernel looks at one bit less than it is told. */
static const unsigned long node_bits = TARE_WIRE_NODE_WORDS * 64 + 1;

/* Where there is no such call, there is no policy but the default either. */
void
agent_place_init(struct agent *agent)
{
	sched_getaffinity(0, sizeof(agent->cpus_own), (cpu_set_t *)agent->cpus_own);
	memcpy(agent->place.cpus, agent->cpus_own, sizeof(agent->place.cpus));
	if (syscall(SYS_get_mempolicy, &agent->memory_own, agent->nodes_own, node_bits, NULL, 0) !=
		0)
		agent->memory_own = MPOL_DEFAULT;
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

/* A policy as the kernel has it. */
struct policy {
	int mode;
	uint64_t nodes[TARE_WIRE_NODE_WORDS];
};

static struct policy
policy_of(const struct agent *agent, const struct tare_wire_place *place)
{
	struct policy policy = {.mode = agent->memory_own};
	const uint64_t *nodes = place->nodes;

	switch (place->memory) {
	case TARE_WIRE_MEMORY_LOCAL:
		policy.mode = MPOL_LOCAL;
		return policy;
	case TARE_WIRE_MEMORY_INTERLEAVE:
		policy.mode = MPOL_INTERLEAVE;
		break;
	case TARE_WIRE_MEMORY_BIND:
		policy.mode = MPOL_BIND;
		break;
	default: /* what the agent was given */
		nodes = agent->nodes_own;
		break;
	}
	memcpy(policy.nodes, nodes, sizeof(policy.nodes));
	return policy;
}

/* Kernels before 5.14 call local what they prefer without naming a node. */
static int
read_back(const struct policy *policy)
{
	uint64_t got[TARE_WIRE_NODE_WORDS] = {0};
	int mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, got, node_bits, NULL, 0) != 0)
		return errno;
	if (policy->mode == MPOL_LOCAL && mode == MPOL_PREFERRED)
		mode = MPOL_LOCAL;
	return mode == policy->mode && memcmp(got, policy->nodes, sizeof(got)) == 0 ? 0 : EINVAL;
}

/* The policy is that of this thread, and goes to what it starts by vfork and exec. Until it was
 * read back, nobody knows which it is: the next request sets it, whatever it asks for. */
static int
apply_memory(struct agent *agent, const struct tare_wire_place *place)
{
	const struct policy policy = policy_of(agent, place);
	bool local = policy.mode == MPOL_LOCAL || policy.mode == MPOL_DEFAULT;
	int error;

	if (place->memory == agent->place.memory &&
		memcmp(place->nodes, agent->place.nodes, sizeof(place->nodes)) == 0)
		return 0;
	agent->place.memory = TARE_WIRE_MEMORY_COUNT;
	if (syscall(SYS_set_mempolicy, policy.mode, local ? NULL : policy.nodes,
		    local ? 0 : node_bits) != 0)
		return errno;
	error = read_back(&policy);
	if (error != 0)
		return error;
	memcpy(agent->place.nodes, place->nodes, sizeof(place->nodes));
	agent->place.memory = place->memory;
	return 0;
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
