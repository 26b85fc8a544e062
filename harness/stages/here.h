/*
 * What a machine has of what a suite asks for, told without running anything.
 *
 * tare_here_check() is check_here of struct tare_expand_options, with a struct tare_here as its
 * context: CPUs and memory are chosen as a runner would, counters looked for as they are before a
 * run. The topology is read, and the first counter tried, when they are asked for.
 */
#ifndef TARE_STAGES_HERE_H
#define TARE_STAGES_HERE_H

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/pin/topology.h"

struct tare_here;

/* other: the CPUs of another machine, of whose counters nothing is known; NULL: this one. In the
 * arena, which also has what is found out. */
struct tare_here *tare_here_new(struct tare_arena *arena, struct tare_topology *other);

/* TARE_OK, also for keys that are not known. TARE_UNSUPPORTED with what is not to be had, and what
 * is. What cannot be found out is had. */
enum tare_status tare_here_check(
	void *here, const char *key, const char *text, struct tare_err *err);

#endif
