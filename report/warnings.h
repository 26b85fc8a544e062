/*
 * Warnings of a run for reports: those of one kind together, each with why it matters and what to
 * do, which are said once.
 *
 * Groups come in the order of their first warnings. Pure; results live in the arena passed in and
 * point into the run. A run has at most a thousand warnings (harness/model/run.h).
 */
#ifndef TARE_REPORT_WARNINGS_H
#define TARE_REPORT_WARNINGS_H

#include <stddef.h>

#include "harness/base/arena.h"
#include "harness/model/run.h"

/* So many of one kind a short report tells of; the rest it counts. */
enum { TARE_WARNINGS_ALIKE = 4 };

struct tare_warning_group {
	const char *id;
	const char *advice; /* "" where none */
	const char *why;    /* "" where this version of tare does not know the id */
	const char **texts; /* what was seen */
	size_t count;
};

/* Returns how many; *groups_out is in the arena. */
size_t tare_warning_groups(struct tare_warning_group **groups_out, struct tare_arena *arena,
	const struct tare_run *run);

#endif
