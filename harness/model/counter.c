#include "harness/model/counter.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double guard_share = 0.02;
static const double guard_ns = 1e6;
static const double guard_switch_ns = 1e5;

#define COUNT_OF(counter_name, text)                                       \
	{                                                                  \
		.name = (counter_name), .unit = "count", .summary = (text) \
	}
#define TIME(counter_name, text)                                        \
	{                                                               \
		.name = (counter_name), .unit = "ns", .summary = (text) \
	}
#define ENERGY(counter_name, text)                                      \
	{                                                               \
		.name = (counter_name), .unit = "uJ", .summary = (text) \
	}

const struct tare_counter_name tare_counter_names[] = {
	COUNT_OF("cycles", "cycles of the CPU, at whatever frequency it runs"),
	COUNT_OF("ref-cycles", "cycles at the nominal frequency"),
	COUNT_OF("bus-cycles", "cycles of the bus"),
	COUNT_OF("instructions", "instructions retired"),
	COUNT_OF("branches", "branches retired"),
	COUNT_OF("branch-misses", "branches that were predicted wrongly"),
	COUNT_OF("cache-references", "accesses that reached the last-level cache"),
	COUNT_OF("cache-misses", "accesses that missed the last-level cache"),
	COUNT_OF("stalled-cycles-frontend", "cycles without an instruction to issue"),
	COUNT_OF("stalled-cycles-backend", "cycles waiting for data or units"),
	COUNT_OF("L1-dcache-loads", "loads from the first-level data cache"),
	COUNT_OF("L1-dcache-load-misses", "loads that missed it"),
	COUNT_OF("L1-dcache-store-misses", "stores that missed it"),
	COUNT_OF("L1-icache-load-misses", "instruction fetches that missed the first level"),
	COUNT_OF("LLC-loads", "loads from the last-level cache"),
	COUNT_OF("LLC-load-misses", "loads that missed it"),
	COUNT_OF("dTLB-loads", "loads that looked up the data TLB"),
	COUNT_OF("dTLB-load-misses", "loads that missed it"),
	COUNT_OF("iTLB-load-misses", "instruction fetches that missed the TLB"),
	COUNT_OF("data-reads", "data reads that instructions made"),
	COUNT_OF("data-writes", "data writes that instructions made"),
	TIME("task-clock", "time on a CPU, of all threads"),
	TIME("cpu-clock", "time on a CPU by the high-resolution timer"),
	COUNT_OF("page-faults", "page faults, minor and major"),
	COUNT_OF("minor-faults", "page faults that needed no disk"),
	COUNT_OF("major-faults", "page faults that waited for a disk"),
	COUNT_OF("context-switches", "times a thread left its CPU"),
	COUNT_OF("involuntary-switches", "times a thread was made to leave its CPU"),
	COUNT_OF("cpu-migrations", "times a thread went on on another CPU"),
	COUNT_OF("alignment-faults", "unaligned accesses that the kernel had to fix"),
	COUNT_OF("emulation-faults", "instructions that the kernel had to emulate"),
	TIME("user-time", "CPU time in the program itself"),
	TIME("system-time", "CPU time in the kernel on its behalf"),
	TIME("cgroup-cpu-time", "CPU time of the run's cgroup"),
	TIME("cpu-pressure", "time in which something of the run's cgroup waited for a CPU"),
	TIME("memory-pressure", "time in which something waited for memory"),
	TIME("io-pressure", "time in which something waited for a disk"),
	TIME("throttled-time", "time in which the run's cgroup was over its CPU limit"),
	ENERGY("energy-package", "energy of all CPU packages, other programs included"),
	ENERGY("energy-cores", "energy of all cores"),
	ENERGY("energy-memory", "energy of the memory"),
};
const size_t tare_counter_name_count = sizeof(tare_counter_names) / sizeof(tare_counter_names[0]);

const char *
tare_counter_quality_name(enum tare_counter_quality quality)
{
	static const char *const names[] = {
		[TARE_QUALITY_COUNTED] = "counted",
		[TARE_QUALITY_ACCOUNTED] = "accounted",
		[TARE_QUALITY_SIMULATED] = "simulated",
		[TARE_QUALITY_DERIVED] = "derived",
	};

	assert((size_t)quality < TARE_QUALITY_COUNT);
	return names[quality];
}

bool
tare_counter_quality_parse(enum tare_counter_quality *quality_out, const char *name)
{
	for (int i = 0; i < TARE_QUALITY_COUNT; i++) {
		if (strcmp(name, tare_counter_quality_name((enum tare_counter_quality)i)) == 0) {
			*quality_out = (enum tare_counter_quality)i;
			return true;
		}
	}
	return false;
}

bool
tare_counters_guard(double task_clock_ns, double cpu_ns, uint64_t switches)
{
	return fabs(task_clock_ns - cpu_ns) <=
	       fmax(guard_share * cpu_ns, guard_ns) + guard_switch_ns * (double)switches;
}

bool
tare_counters_guard_cpus(double cpu_clock_ns, double cpu_ns)
{
	return cpu_clock_ns >= cpu_ns - fmax(guard_share * cpu_ns, guard_ns) && cpu_clock_ns > 0.0;
}

struct tare_counted
tare_counter_scale(const struct tare_agent_reading *reading)
{
	struct tare_counted counted = {.value = NAN, .coverage = 0.0};

	/* Nothing was enabled: the group is in error, or the event was not inherited. */
	if (reading->enabled_ns == 0)
		return counted;
	counted.coverage = fmin(1.0, (double)reading->running_ns / (double)reading->enabled_ns);
	if (counted.coverage < TARE_COVERAGE_MIN)
		return counted;
	counted.value = (double)reading->value;
	if (reading->running_ns < reading->enabled_ns)
		counted.value *= (double)reading->enabled_ns / (double)reading->running_ns;
	return counted;
}

const struct tare_counter_name *
tare_counter_name_find(const char *name)
{
	for (size_t i = 0; i < tare_counter_name_count; i++) {
		if (strcmp(tare_counter_names[i].name, name) == 0)
			return &tare_counter_names[i];
	}
	return NULL;
}
