/*
 * What disturbed the samples, and what is estimated with and without them, in words that all
 * reports share.
 *
 * Pure functions; texts live in the arena passed in.
 */
#ifndef TARE_REPORT_NOISE_H
#define TARE_REPORT_NOISE_H

#include "report/summary.h"

/* "5 of 60 samples were disturbed: 4 had to wait for a CPU, 1 waited for pages from the disk"; NULL
 * where none was. */
const char *tare_noise_text(struct tare_arena *arena, const struct tare_run_case *subject);
/* What stands behind its colon; "" where no kind is known, as in a run of a newer version. */
const char *tare_noise_kinds(struct tare_arena *arena, const struct tare_run_case *subject);

/* The figures without disturbed samples; n 0 where all were. values as for tare_figures_read(). */
void tare_figures_undisturbed(struct tare_figures *figures_out, double *values,
	const struct tare_run_case *subject, size_t metric);

/* "+2.1 % [+0.4 %, +3.9 %], no change (n 9)"; "nothing is left to compare" where all were
 * disturbed; NULL where none was. */
const char *tare_undisturbed_text(struct tare_arena *arena, const struct tare_comparison *item);
/* Whether the verdict is another one without them, as far as there is something left to judge by.
 */
bool tare_undisturbed_differs(const struct tare_comparison *item);

/* Cases with disturbed samples, those with the largest share first; *count_out of them. */
const size_t *tare_disturbed_cases(
	size_t *count_out, struct tare_arena *arena, const struct tare_run *run);

/* "cpu_pressure+major_faults", "" for 0. */
const char *tare_labels_text(struct tare_arena *arena, uint32_t labels);

#endif
