/*
 * Pinning: which CPUs a case gets.
 *
 * tare_pin_choose() is pure: a topology and a policy (harness/model/placement.h) in, CPUs out. It
 * prefers, in this order: cores other than the housekeeping core; isolated ones; fast ones; those
 * of one NUMA node; the first of the machine. A choice is of one kind of core only. The
 * housekeeping core is taken where there is no other way, and the choice says so. Applying is the
 * runner's and the agent's business, who verify by reading the affinity back.
 */
#ifndef TARE_PIN_PIN_H
#define TARE_PIN_PIN_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/arena.h"
#include "harness/base/bits.h"
#include "harness/base/err.h"
#include "harness/model/placement.h"
#include "harness/pin/topology.h"

struct tare_pin {
	bool pinned; /* false for "none" */
	struct tare_bits cpus;
	char text[TARE_BITS_TEXT_MAX]; /* "2-3,6"; "" where not pinned */
	size_t core_count;             /* cores that these CPUs are of */
	struct tare_bits nodes;        /* NUMA nodes that they are of */
	size_t kind;                   /* of core; kinds where a list mixes them */
	bool mixes_kinds;
	bool shares_housekeeping;
	size_t isolated_count;
};

/* Errors: TARE_INVALID for a policy that cannot be read, or CPUs and nodes that are not there, with
 * what there is; TARE_UNSUPPORTED for more than the machine can give, with the nearest it can. */
enum tare_status tare_pin_choose(struct tare_pin *pin_out, const struct tare_topology *topology,
	const char *policy, struct tare_err *err);

/* The nodes that memory comes from: those named, or all with memory (interleave); none for local
 * and for no policy. Errors as above. */
enum tare_status tare_pin_choose_memory(struct tare_bits *nodes_out, struct tare_memory *memory_out,
	const struct tare_topology *topology, const char *policy, struct tare_err *err);

/* For records and reports: "2 cores of NUMA node 0, shared with tare", in the arena; "" where not
 * pinned. */
const char *tare_pin_describe(
	struct tare_arena *arena, const struct tare_pin *pin, const struct tare_topology *topology);

#endif
