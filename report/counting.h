/*
 * What counters say about themselves: where each came from, and how much of the time it counted.
 *
 * tare_counting_read() gathers it over the cases of a run; rows live in the arena, and borrow the
 * run's strings.
 */
#ifndef TARE_REPORT_COUNTING_H
#define TARE_REPORT_COUNTING_H

#include "harness/base/arena.h"
#include "harness/model/run.h"

/* One counter from one place, in all cases that have it. */
struct tare_counting_row {
	const char *name; /* of the metric */
	const struct tare_counter *counter;
	struct tare_counting counting; /* over the cases */
	size_t case_count;
	size_t undefined_count; /* cases in which its formula has no value, though its parts do */
};

/* In the order of the cases' metrics. *count_out is 0 where nothing was counted. */
void tare_counting_read(struct tare_counting_row **rows_out, size_t *count_out,
	struct tare_arena *arena, const struct tare_run *run);

/* "100 %", or "62 % (at least 31 %)" where it differed; "" where no value was used. */
enum { TARE_COVERAGE_TEXT_MAX = 64 };
void tare_coverage_text(
	char text_out[TARE_COVERAGE_TEXT_MAX], const struct tare_counting *counting);
/* Why values are missing, as a sentence; NULL where none are. */
const char *tare_counting_note(struct tare_arena *arena, const struct tare_counting_row *row);

#endif
