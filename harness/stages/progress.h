/*
 * Progress: what runs, how far, the running estimate and the time left.
 *
 * On a terminal one line that is drawn over at most ten times a second, never while a measured
 * program runs, and cases that failed; elsewhere a plain line when a case is finished. A NULL
 * stream prints nothing. Plain data; the stream stays the caller's.
 */
#ifndef TARE_STAGES_PROGRESS_H
#define TARE_STAGES_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/clock.h"
#include "harness/model/run.h"

struct tare_progress {
	FILE *out;
	bool terminal;
	int width;
	struct tare_clock clock;
	uint64_t next_draw_ns;
	bool drawn; /* a line stands on the terminal */
	size_t group_count;
	size_t groups_over;
};

void tare_progress_begin(struct tare_progress *progress_out, FILE *out, bool terminal, int width,
	size_t group_count);

/* One plain line of what is being done ("building gzip"). */
void tare_progress_note(struct tare_progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* On a terminal: what is done for a case besides measuring ("setup"), at once. */
void tare_progress_step(struct tare_progress *progress, const char *name, const char *step);

/* True where drawing would show something now; for what is costly to find out before it. */
bool tare_progress_due(const struct tare_progress *progress);
/* The case that is measured now; left_ns 0: unknown. Cheap when it is not yet time to draw. */
void tare_progress_draw(
	struct tare_progress *progress, const struct tare_run_case *record, uint64_t left_ns);

/* A group is finished: one line per case with its estimate and why it stopped. */
void tare_progress_group_over(struct tare_progress *progress, const struct tare_run *run,
	size_t first_case, size_t case_count);

/* Takes the terminal's line away. */
void tare_progress_clear(struct tare_progress *progress);

#endif
