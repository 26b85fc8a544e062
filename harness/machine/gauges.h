/*
 * Gauges: what the machine says of itself around an invocation.
 *
 * Life cycle: open; begin() and end() around each request to the runner; close. They keep their
 * files open and read them at once, without an arena, because they are read around every
 * invocation. What cannot be read stays NaN. Three kinds:
 *
 *   fast   pressure, throttling and CPU time of the cgroup: each time
 *   fine   how long CPUs ran tasks, in ns, from cpuacct.usage_percpu of a v1 hierarchy or from
 *          /proc/schedstat; swapped pages; heat: around intervals of TARE_GAUGES_KEEP_NS and more,
 *          or longer where the machine is so large that reading takes its time
 *   ticks  /proc/stat, in hundredths of a second: steal, and the CPUs' time where there is nothing
 *          finer, for intervals of TARE_NOISE_SHARES_NS and more; the first reading may be
 *          TARE_GAUGES_KEEP_NS old
 *
 * The two latter are read at the beginning only where the interval is expected to be half as long
 * at least, and say nothing where it was not.
 *
 * A task that goes on running is put down at clock ticks (1 to 10 ms), others when they leave the
 * CPU: what a fine share is wrong by.
 *
 * Sources: Documentation/accounting/psi.rst, admin-guide/cgroup-v2.rst, cgroup-v1/cpuacct.rst,
 * scheduler/sched-stats.rst (the seventh number of a CPU) and proc(5); the throttle counts of x86
 * are in /sys/devices/system/cpu/cpuN/thermal_throttle.
 */
#ifndef TARE_MACHINE_GAUGES_H
#define TARE_MACHINE_GAUGES_H

#include "harness/base/bits.h"
#include "harness/model/noise.h"

enum { TARE_GAUGES_KEEP_NS = 2 * 1000000 };

struct tare_gauges;

/* root: "" for this machine. Never fails; what is missing is not read. */
struct tare_gauges *tare_gauges_open(const char *root);
void tare_gauges_close(struct tare_gauges *gauges); /* NULL is allowed */

/* cgroup: the folder of what is measured, NULL where there is none. expected_ns: how long it will
 * take as far as is known, else UINT64_MAX. now_ns: CLOCK_MONOTONIC. */
void tare_gauges_begin(
	struct tare_gauges *gauges, const char *cgroup, uint64_t expected_ns, uint64_t now_ns);
/* Fills in what was read; the frequencies stay as they are. cpus: those the program may use;
 * own_ns: the CPU time it took, which is not foreign, nor is the rest of its cgroup's. */
void tare_gauges_end(struct tare_noise *noise, struct tare_gauges *gauges,
	const struct tare_bits *cpus, double own_ns, uint64_t now_ns);

#endif
