/*
 * Whether a machine is what a suite requires.
 *
 * Pure over the facts of an environment and two readings of /proc/stat, but for
 * tare_busy_cpus_now(), which takes them. What cannot be told here
 * does not hold: whoever requires something wants to know.
 */
#ifndef TARE_MACHINE_REQUIRE_H
#define TARE_MACHINE_REQUIRE_H

#include "harness/base/arena.h"
#include "harness/model/environment.h"
#include "harness/model/requirement.h"

/* NULL where the requirement holds, else what is the matter and what to do about it, in the arena.
 * busy_cpus is how many CPUs were at work a moment ago; below 0: unknown. */
const char *tare_requirement_unmet(struct tare_arena *arena,
	const struct tare_requirement *requirement, const struct tare_environment *environment,
	double busy_cpus);

/* How many CPUs were at work between two readings of /proc/stat, as a mean; -1 where it cannot be
 * told. */
double tare_busy_cpus(const char *stat_before, const char *stat_after);
/* The same over the next half second. */
double tare_busy_cpus_now(struct tare_arena *arena);

/* What the daemons of a machine that does nothing else take, in CPUs. It does not grow with their
 * number: one busy neighbour is one too many on a large machine, too. */
#define TARE_QUIET_CPUS 0.1

#endif
