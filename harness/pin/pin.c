#include "harness/pin/pin.h"

#include <assert.h>
#include <hwloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/arena.h"
#include "harness/base/units.h"

struct tare_topology {
	hwloc_topology_t hwloc;
};

enum tare_status
tare_topology_open(struct tare_topology **topology_out, const char *synthetic, struct tare_err *err)
{
	struct tare_topology *topology = tare_xcalloc(1, sizeof(*topology));
	bool loaded;

	if (hwloc_topology_init(&topology->hwloc) != 0) {
		free(topology);
		return tare_err_errno(err, TARE_OUTSIDE, "cannot start hwloc");
	}
	loaded = (!synthetic || hwloc_topology_set_synthetic(topology->hwloc, synthetic) == 0) &&
		 hwloc_topology_load(topology->hwloc) == 0;
	if (!loaded) {
		tare_err_errno(err, TARE_OUTSIDE, "hwloc cannot read the machine's topology");
		tare_topology_close(topology);
		return TARE_OUTSIDE;
	}
	*topology_out = topology;
	return TARE_OK;
}

void
tare_topology_close(struct tare_topology *topology)
{
	if (!topology)
		return;
	hwloc_topology_destroy(topology->hwloc);
	free(topology);
}

enum policy_kind {
	POLICY_NONE,
	POLICY_COUNT,
	POLICY_LIST,
};

static enum tare_status
policy_invalid(struct tare_err *err, const char *policy)
{
	return tare_err_set(err, TARE_INVALID,
		"cpus '%.100s' is not understood; expected none, a number of cores like 2, or a "
		"list "
		"of CPUs like 2-3 or 1,3",
		policy);
}

/* A list is told from a count by its comma or dash; "cpu 3 alone" is written 3-3 or 3,3. */
static enum tare_status
policy_kind(enum policy_kind *kind_out, const char *policy, struct tare_err *err)
{
	if (!policy || strcmp(policy, "none") == 0)
		*kind_out = POLICY_NONE;
	else if (!*policy || policy[strspn(policy, "0123456789,-")])
		return policy_invalid(err, policy);
	else
		*kind_out = strpbrk(policy, ",-") ? POLICY_LIST : POLICY_COUNT;
	return TARE_OK;
}

static enum tare_status
list_parse(cpu_set_t *cpus_out, const char *policy, struct tare_err *err)
{
	cpu_set_t cpus;
	const char *at = policy;

	CPU_ZERO(&cpus);
	while (*at) {
		char *end;
		unsigned long first, last;

		if (*at < '0' || *at > '9')
			return policy_invalid(err, policy);
		first = last = strtoul(at, &end, 10);
		if (*end == '-') {
			if (end[1] < '0' || end[1] > '9')
				return policy_invalid(err, policy);
			last = strtoul(end + 1, &end, 10);
		}
		if (first > last || last >= CPU_SETSIZE || (*end && *end != ',') ||
			(*end == ',' && !end[1]))
			return policy_invalid(err, policy);
		for (unsigned long cpu = first; cpu <= last; cpu++)
			CPU_SET(cpu, &cpus);
		at = *end ? end + 1 : end;
	}
	*cpus_out = cpus;
	return TARE_OK;
}

enum tare_status
tare_pin_policy_check(const char *policy, struct tare_err *err)
{
	enum policy_kind kind;
	enum tare_status status = policy_kind(&kind, policy, err);
	cpu_set_t cpus;
	uint64_t count;

	if (status != TARE_OK || kind == POLICY_NONE)
		return status;
	if (kind == POLICY_LIST)
		return list_parse(&cpus, policy, err);
	if (tare_count_parse(&count, policy, CPU_SETSIZE, NULL) != TARE_OK || count == 0)
		return policy_invalid(err, policy);
	return TARE_OK;
}

static void
cpus_print(char *text_out, size_t size, const cpu_set_t *cpus)
{
	size_t len = 0;

	*text_out = '\0';
	for (int cpu = 0; cpu < CPU_SETSIZE && len + 12 < size; cpu++) {
		int first = cpu;

		if (!CPU_ISSET(cpu, cpus))
			continue;
		while (cpu + 1 < CPU_SETSIZE && CPU_ISSET(cpu + 1, cpus))
			cpu++;
		len += (size_t)snprintf(text_out + len, size - len,
			first == cpu ? "%s%d" : "%s%d-%d", len ? "," : "", first, cpu);
	}
}

static enum tare_status
choose_list(struct tare_pin *pin, const struct tare_topology *topology, const char *policy,
	struct tare_err *err)
{
	hwloc_const_cpuset_t allowed = hwloc_topology_get_allowed_cpuset(topology->hwloc);
	hwloc_obj_t housekeeping = hwloc_get_obj_by_type(topology->hwloc, HWLOC_OBJ_CORE, 0);
	enum tare_status status = list_parse(&pin->cpus, policy, err);

	if (status != TARE_OK)
		return status;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &pin->cpus))
			continue;
		if (!hwloc_bitmap_isset(allowed, cpu)) {
			char there[128];

			hwloc_bitmap_list_snprintf(there, sizeof(there), allowed);
			return tare_err_set(err, TARE_INVALID,
				"cpus '%.100s' names CPU %u, which this process may not use; there "
				"are %s",
				policy, cpu, there);
		}
		if (housekeeping && hwloc_bitmap_isset(housekeeping->cpuset, cpu))
			pin->shares_housekeeping = true;
	}
	return TARE_OK;
}

/* Cores of one NUMA node, the housekeeping core last so that it is taken only when all others are.
 */
static size_t
node_cores(hwloc_obj_t *cores_out, const struct tare_topology *topology,
	hwloc_const_cpuset_t within, size_t capacity)
{
	hwloc_obj_t housekeeping = hwloc_get_obj_by_type(topology->hwloc, HWLOC_OBJ_CORE, 0);
	hwloc_obj_t core = NULL;
	size_t count = 0;
	bool has_housekeeping = false;

	while ((core = hwloc_get_next_obj_inside_cpuset_by_type(
			topology->hwloc, within, HWLOC_OBJ_CORE, core)) != NULL) {
		if (core == housekeeping)
			has_housekeeping = true;
		else if (count < capacity)
			cores_out[count++] = core;
	}
	if (has_housekeeping && count < capacity)
		cores_out[count++] = housekeeping;
	return count;
}

static void
take_cores(struct tare_pin *pin, const struct tare_topology *topology, hwloc_obj_t *cores,
	size_t count)
{
	hwloc_obj_t housekeeping = hwloc_get_obj_by_type(topology->hwloc, HWLOC_OBJ_CORE, 0);

	CPU_ZERO(&pin->cpus);
	for (size_t i = 0; i < count; i++) {
		CPU_SET((unsigned)hwloc_bitmap_first(cores[i]->cpuset), &pin->cpus);
		pin->shares_housekeeping |= cores[i] == housekeeping;
	}
}

/* The node that gives count cores without housekeeping, else with it, else the whole machine. */
static enum tare_status
choose_count(struct tare_pin *pin, const struct tare_topology *topology, size_t wanted,
	struct tare_err *err)
{
	enum { CORES_MAX = CPU_SETSIZE };
	hwloc_obj_t *cores = tare_xcalloc(CORES_MAX, sizeof(hwloc_obj_t));
	hwloc_obj_t node = NULL;
	hwloc_const_cpuset_t all = hwloc_topology_get_allowed_cpuset(topology->hwloc);
	size_t count;
	bool found = false;

	for (int pass = 0; pass < 2 && !found; pass++) {
		while (!found && (node = hwloc_get_next_obj_by_type(
					  topology->hwloc, HWLOC_OBJ_NUMANODE, node)) != NULL) {
			struct tare_pin trial = *pin;

			count = node_cores(cores, topology, node->cpuset, CORES_MAX);
			if (count < wanted)
				continue;
			take_cores(&trial, topology, cores, wanted);
			found = pass == 1 || !trial.shares_housekeeping;
			if (found)
				*pin = trial;
		}
		node = NULL;
	}
	count = node_cores(cores, topology, all, CORES_MAX);
	if (!found && count >= wanted) {
		take_cores(pin, topology, cores, wanted);
		found = true;
	}
	free(cores);
	if (!found)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"cpus '%zu' asks for %zu physical cores, this machine has %zu; the most it "
			"can "
			"give is %zu",
			wanted, wanted, count, count);
	return TARE_OK;
}

enum tare_status
tare_pin_choose(struct tare_pin *pin_out, const struct tare_topology *topology, const char *policy,
	struct tare_err *err)
{
	struct tare_pin pin = {0};
	enum policy_kind kind;
	enum tare_status status = tare_pin_policy_check(policy, err);

	if (status != TARE_OK)
		return status;
	policy_kind(&kind, policy, NULL);
	if (kind == POLICY_LIST)
		status = choose_list(&pin, topology, policy, err);
	else if (kind == POLICY_COUNT)
		status = choose_count(&pin, topology, strtoul(policy, NULL, 10), err);
	if (status != TARE_OK)
		return status;
	pin.pinned = kind != POLICY_NONE;
	if (pin.pinned)
		cpus_print(pin.text, sizeof(pin.text), &pin.cpus);
	*pin_out = pin;
	return TARE_OK;
}
