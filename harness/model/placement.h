/*
 * Placement: which CPUs and which memory a case gets, as a suite writes it.
 *
 * `cpus:` is read here into what is wanted; which CPUs that comes to on a machine is for
 * harness/pin to choose. N is always how many CPUs the program gets:
 *
 *   none             not pinned
 *   N, cores:N       N cores, one CPU of each, of one NUMA node where they fit
 *   smt:N            N CPUs that share cores: all of a core before the next
 *   spread:N         N cores as far from each other as the machine has them
 *   l3:N             N cores behind one L3 cache
 *   numa:K.cores:N   the same on NUMA node K only; smt, spread and l3 too
 *   2-5,8            these CPUs, by the kernel's numbers (one CPU alone: 3-3)
 *
 * `numa:` is where its memory comes from: local (to the CPU that touches it first), interleave (all
 * nodes in turn), bind:N (these nodes only). `threads: pinned` gives each thread a CPU of its own.
 * Pure functions.
 */
#ifndef TARE_MODEL_PLACEMENT_H
#define TARE_MODEL_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/bits.h"
#include "harness/base/err.h"

enum tare_cpus_kind {
	TARE_CPUS_NONE,
	TARE_CPUS_LIST,
	TARE_CPUS_CORES,
	TARE_CPUS_SMT,
	TARE_CPUS_SPREAD,
	TARE_CPUS_L3,
};

struct tare_cpus {
	enum tare_cpus_kind kind;
	struct tare_bits list; /* TARE_CPUS_LIST */
	size_t count;          /* the others: at least 1 */
	bool on_node;
	unsigned node; /* where on_node */
};

/* NULL and "" are none. Errors: TARE_INVALID with a sentence that goes behind the key, as in "is
 * \"fast\"; expected none, ...". */
enum tare_status tare_cpus_parse(
	struct tare_cpus *cpus_out, const char *text, struct tare_err *err);

/* "cores", "smt", "spread", "l3": the word of a policy; NULL for the other kinds. */
const char *tare_cpus_word(enum tare_cpus_kind kind);

enum tare_memory_kind {
	TARE_MEMORY_DEFAULT, /* nothing said: as the kernel does it */
	TARE_MEMORY_LOCAL,
	TARE_MEMORY_INTERLEAVE,
	TARE_MEMORY_BIND,
};

struct tare_memory {
	enum tare_memory_kind kind;
	struct tare_bits nodes; /* TARE_MEMORY_BIND */
};

/* As tare_cpus_parse(). */
enum tare_status tare_memory_parse(
	struct tare_memory *memory_out, const char *text, struct tare_err *err);

#endif
