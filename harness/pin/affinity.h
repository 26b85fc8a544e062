/*
 * The affinity of this process, and keeping it out of the way of what is measured.
 *
 * tare_housekeeping_enter() moves the calling thread to the housekeeping core, and
 * tare_housekeeping_leave() puts back what was before; processes that are started in between
 * inherit the one core, and must be given their own. Setting is verified by reading back.
 */
#ifndef TARE_PIN_AFFINITY_H
#define TARE_PIN_AFFINITY_H

#include "harness/base/bits.h"
#include "harness/base/err.h"
#include "harness/pin/topology.h"

/* TARE_UNSUPPORTED on a kernel for more CPUs than a struct tare_bits holds. */
enum tare_status tare_affinity_get(struct tare_bits *cpus_out, struct tare_err *err);
/* TARE_OUTSIDE where the kernel gives fewer CPUs, or others, than were asked for. */
enum tare_status tare_affinity_set(const struct tare_bits *cpus, struct tare_err *err);

struct tare_housekeeping {
	bool entered;
	struct tare_bits before;
};

enum tare_status tare_housekeeping_enter(struct tare_housekeeping *housekeeping_out,
	const struct tare_topology *topology, struct tare_err *err);
void tare_housekeeping_leave(struct tare_housekeeping *housekeeping); /* a zeroed one is fine */

#endif
