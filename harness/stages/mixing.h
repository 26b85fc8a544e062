/*
 * Runs that were made by different runners: what a container costs must not pass for a change.
 */
#ifndef TARE_STAGES_MIXING_H
#define TARE_STAGES_MIXING_H

#include "harness/base/err.h"
#include "harness/model/comparison.h"

/* The refusal to compare such a case; why_not is a sentence. Always TARE_INVALID. */
enum tare_status tare_mixing_refuse(struct tare_err *err, const char *case_name,
	const char *base_runner, const char *head_runner, const char *why_not);

/* TARE_INVALID, naming the first case of the set that ran in a container in one of the runs and on
 * the host in the other, and whose container no calibration speaks of, with the reason. Corrections
 * may be NULL: none was looked for. Replayed cases are fine. */
enum tare_status tare_mixing_check(const struct tare_comparison_set *set,
	const struct tare_run *base, const struct tare_correction *base_correction,
	const struct tare_run *head, const struct tare_correction *head_correction,
	struct tare_err *err);

#endif
