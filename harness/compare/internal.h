/*
 * What the files of harness/compare share. Private to the folder.
 */
#ifndef TARE_COMPARE_INTERNAL_H
#define TARE_COMPARE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/compare/compare.h"
#include "harness/compare/evidence.h"

#define TARE_COMPARE_ALPHA 0.05
#define TARE_COMPARE_POWER 0.80 /* of the printed MDE and of missing_pairs */

/* One comparing of many cases: where results go and what is reused from one to the next. */
struct tare_comparing {
	struct tare_arena *arena;
	struct tare_ranks *ranks;
	struct tare_arena *text; /* pieces of sentences; NULL where none are wanted */
	double alpha;
	double level; /* of the verdict and the interval: alpha, less where looks spent of it */
	double foreign_se;    /* what calibrations leave uncertain of the next shift (evidence.h) */
	const double *margin; /* NULL: each metric's own */
	bool paired;
	const struct tare_correction *base_correction; /* as in the options */
	const struct tare_correction *head_correction;
};

struct tare_comparing tare_comparing_begin(struct tare_arena *arena, struct tare_ranks *ranks,
	bool paired, const struct tare_compare_options *options);

/* What tare_compare_cases() does, with the labels left to the caller; no sentence yet. False where
 * neither side has a value or the metrics are not the same: nothing to compare. */
bool tare_compare_metric(struct tare_comparison *item_out, const struct tare_comparing *comparing,
	const struct tare_run_case *base, const struct tare_run_case *head, size_t metric);

/* Where a line corrects a side: the corrected comparison goes beside the raw one, or in its place.
 * *sides_out are then the cases with corrected times, in the comparing's arena. True where item is
 * now the corrected one. */
bool tare_compare_correct(struct tare_comparison *item, const struct tare_run_case *sides_out[2],
	const struct tare_comparing *comparing, const struct tare_run_case *const sides[2],
	const size_t positions[2]);

/* Fills item->sentence from everything else. scratch is reset. */
void tare_compare_sentence(
	struct tare_comparison *item, struct tare_arena *arena, struct tare_arena *scratch);

/* Fills the set's geometric mean of wall from its items. */
void tare_compare_geomean(struct tare_comparison_set *set, const struct tare_comparing *comparing,
	const struct tare_run *base, const struct tare_run *head);

/* "1 pair", "3 pairs". */
const char *tare_compare_count(
	struct tare_arena *arena, size_t count, const char *one, const char *many);

#endif
