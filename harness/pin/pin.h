/*
 * Pinning: which CPUs a case gets.
 *
 * tare_topology_open() loads a machine through hwloc (this one, or a synthetic description for
 * tests); tare_pin_choose() is pure over it; applying is the runner's and agent's business, and
 * they verify by reading the affinity back. Policies: none         not pinned N            N
 * physical cores, one PU each, of one NUMA node where they fit, without the housekeeping core (the
 * first one allowed) and its siblings A-B,C        exactly these CPUs, by the kernel's numbers
 * Where a machine has no core to spare the housekeeping core is shared, and the choice says so.
 */
#ifndef TARE_PIN_PIN_H
#define TARE_PIN_PIN_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"

struct tare_topology;

/* synthetic: an hwloc synthetic description, or NULL for this machine (as restricted by the
 * process's cpuset). The caller closes it. */
enum tare_status tare_topology_open(
	struct tare_topology **topology_out, const char *synthetic, struct tare_err *err);
void tare_topology_close(struct tare_topology *topology); /* NULL is allowed */

enum { TARE_CPUS_TEXT_MAX = 256 };

struct tare_pin {
	bool pinned; /* false for "none" */
	cpu_set_t cpus;
	char text[TARE_CPUS_TEXT_MAX]; /* "2-3,6"; "" where not pinned */
	bool shares_housekeeping;
};

/* Errors: TARE_INVALID for a policy that cannot be read or a CPU that does not exist, with what
 * there is; TARE_UNSUPPORTED for more cores than the machine has, with the nearest possibility. */
enum tare_status tare_pin_choose(struct tare_pin *pin_out, const struct tare_topology *topology,
	const char *policy, struct tare_err *err);

/* "none", a count or a list? Needs no topology; for `tare check`. */
enum tare_status tare_pin_policy_check(const char *policy, struct tare_err *err);

#endif
