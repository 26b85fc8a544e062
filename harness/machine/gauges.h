/*
 * Gauges: what the machine says of itself around an invocation.
 *
 * Life cycle: open; begin() and end() around each request to the runner; close. They keep their
 * files open and read them at once, without an arena, because they are read around every
 * invocation. Fast ones (pressure and throttling of the cgroup) are read each time; the slow ones
 * (/proc/stat, swapped pages, heat), whose text grows with the machine, are read again only where
 * the last reading is older than TARE_GAUGES_KEEP_NS, and at the end only after an interval that
 * they can say something of (TARE_NOISE_SHARES_NS). What cannot be read stays NaN.
 *
 * Sources: Documentation/accounting/psi.rst, admin-guide/cgroup-v2.rst and proc(5); the throttle
 * counts of x86 are in /sys/devices/system/cpu/cpuN/thermal_throttle.
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

/* cgroup: the folder of what is measured, NULL where there is none. now_ns: CLOCK_MONOTONIC. */
void tare_gauges_begin(struct tare_gauges *gauges, const char *cgroup, uint64_t now_ns);
/* Fills in what was read; the frequencies stay as they are. cpus: those the program may use;
 * own_ns: the CPU time it took, which is not foreign. */
void tare_gauges_end(struct tare_noise *noise, struct tare_gauges *gauges,
	const struct tare_bits *cpus, double own_ns, uint64_t now_ns);

#endif
