/*
 * Corrections in words that all reports share: raw and corrected side by side, by which
 * calibration, and what is not corrected and why.
 *
 * Pure functions; texts live in the arena passed in.
 */
#ifndef TARE_REPORT_CORRECTION_H
#define TARE_REPORT_CORRECTION_H

#include "harness/base/arena.h"
#include "report/report.h"

/* The calibration that a comparison was corrected by; NULL where it was not. */
const struct tare_weights *tare_corrected_by(const struct tare_comparison *item);

/* What stands beside a comparison's own figures: "raw +98.3 % [+97.9 %, +98.8 %], regression;
 * corrected by calibration X", or, of two containers, "corrected +1.2 % [...] by calibration X".
 * NULL where nothing is corrected. */
const char *tare_correction_beside(struct tare_arena *arena, const struct tare_comparison *item);
/* Only "+98.3 % [+97.9 %, +98.8 %]". */
const char *tare_ratio_text(struct tare_arena *arena, double ratio, double low, double high);

/* "9.98 ms [9.95 ms, 10.02 ms]", the interval left out where there is none. */
const char *tare_span_text(struct tare_arena *arena, const struct tare_span *span);

/* Of a container's case: "" where it was corrected and something was taken off, else why nothing
 * was. */
const char *tare_correction_remark(const struct tare_corrected *one);

/* How and by which calibration each case was corrected; one text for each way there is, at most
 * `max`. Returns how many. */
enum { TARE_CORRECTION_RULES_MAX = 8 };
size_t tare_correction_rules(const char *texts_out[TARE_CORRECTION_RULES_MAX],
	struct tare_arena *arena, const struct tare_correction *correction);

/* "only wall time is corrected: of max_rss and requests the calibration knows nothing". */
const char *tare_correction_scope(struct tare_arena *arena, const struct tare_run *run,
	const struct tare_correction *correction);

/* "nothing is corrected, although the suite asks for it: ..."; NULL where something is, or there is
 * nothing to correct. */
const char *tare_correction_refusal(
	struct tare_arena *arena, const struct tare_correction *correction);

/* The rule by which a dimension's verdict comes about. */
extern const char tare_weights_rule[];
/* "+3.20 % [+2.90 %, +3.51 %]"; "" where there is none. */
const char *tare_overhead_text(struct tare_arena *arena, const struct tare_weight *weight);

#endif
