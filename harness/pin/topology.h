/*
 * The topology: a machine's CPUs and where they are, as choosing sees it.
 *
 * tare_topology_read() takes it from hwloc (this machine, an XML file that lstopo wrote elsewhere,
 * or a synthetic description) into plain data in the arena; nothing is open afterwards. CPUs stand
 * in the order of the machine, so that those of a core, a cache, a node are neighbours. Positions
 * (core, package, l3) count from 0; CPU and NUMA node numbers are the kernel's.
 *
 * The housekeeping core is the one of the first CPU that may be used and is not isolated: tare
 * itself stays there, interrupts mostly go there, and programs are kept away from it.
 */
#ifndef TARE_PIN_TOPOLOGY_H
#define TARE_PIN_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/base/bits.h"
#include "harness/base/err.h"

enum { TARE_NO_CACHE = -1 };

struct tare_pu {
	unsigned cpu;
	size_t core;
	size_t package;
	int l3; /* TARE_NO_CACHE where none is known */
	unsigned node;
	size_t kind;   /* of core: higher is faster where the machine tells */
	bool allowed;  /* to this process */
	bool isolated; /* the kernel's scheduler leaves it alone */
};

struct tare_numa_node {
	unsigned node;
	uint64_t memory_bytes;
	bool allowed;
	struct tare_bits cpus; /* those whose nearest memory this is; may be empty */
};

struct tare_topology {
	struct tare_pu *pus;
	size_t pu_count;
	size_t core_count;
	size_t package_count;
	size_t l3_count;
	uint64_t *l3_bytes; /* [l3_count] */
	struct tare_numa_node *nodes;
	size_t node_count;
	const char **kinds; /* names, slowest first: "IntelAtom", "IntelCore" */
	size_t kind_count;  /* at least 1 */
	struct tare_bits cpus;
	struct tare_bits allowed;
	struct tare_bits offline;
	size_t beyond;                 /* CPUs whose numbers are past TARE_BITS_MAX: never chosen */
	size_t housekeeping_core;      /* its position */
	struct tare_bits housekeeping; /* its CPUs */
};

struct tare_topology_source {
	const char *xml_path;
	const char *synthetic; /* hwloc's language: "pack:2 core:4 pu:2" */
	/* Where both are NULL it is this machine. */
	const struct tare_bits *affinity; /* NULL: whatever hwloc says is allowed */
	const struct tare_bits *isolated; /* NULL: none */
};

/* Errors: TARE_INVALID for a file or description that hwloc cannot read, or that has more CPUs than
 * is sensible (TARE_BITS_MAX described, four times that in a file); TARE_OUTSIDE; and
 * TARE_UNSUPPORTED where an HWLOC_ variable makes hwloc describe another machine than this. */
enum tare_status tare_topology_read(struct tare_topology **topology_out, struct tare_arena *arena,
	const struct tare_topology_source *source, struct tare_err *err);

/* This machine, as far as affinity goes, which is this process's now where it is NULL or empty.
 * Isolated CPUs are in nobody's affinity before they are asked for, so they count as allowed where
 * the cpuset has them. */
enum tare_status tare_topology_read_own(struct tare_topology **topology_out,
	struct tare_arena *arena, const struct tare_bits *affinity, struct tare_err *err);

/* As a user names a machine: a file of that name, else a synthetic description; NULL: this one. */
enum tare_status tare_topology_read_named(struct tare_topology **topology_out,
	struct tare_arena *arena, const char *machine, struct tare_err *err);

/* This machine in hwloc's XML, which `source.xml_path` reads elsewhere, in the arena. Names and
 * serial numbers of the machine are left out. Errors: TARE_OUTSIDE and TARE_UNSUPPORTED as above.
 */
enum tare_status tare_topology_export(
	char **xml_out, struct tare_arena *arena, struct tare_err *err);

#endif
