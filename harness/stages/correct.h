/*
 * Calibrations for a run: which of the history's speaks of each case that ran in a container.
 *
 * The newest that may be used is taken. Where none may, the reason is that of the one that came
 * nearest: that was made here rather than elsewhere, then recently rather than long ago, then with
 * the same engine, image and limits; the newest of several.
 */
#ifndef TARE_STAGES_CORRECT_H
#define TARE_STAGES_CORRECT_H

#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/model/correction.h"
#include "harness/model/run.h"
#include "harness/stages/session.h"
#include "harness/store/store.h"

/* What suites write as `correct`, kept with the run as facts that do not matter. */
#define TARE_FACT_CORRECT "correct"
#define TARE_FACT_MAX_AGE "correct.max_age"

#define TARE_NO_CALIBRATION "there is no calibration in the history; tare calibrate makes one"

/* Whether the history has any, good or bad. */
enum tare_status tare_correction_any(
	bool *any_out, struct tare_arena *arena, const char *store_url, struct tare_err *err);

/* Never fails for want of a calibration: that is in the correction's refusal, and in why_not of its
 * cases. max_age_ns 0: 30 days. In the arena; the run must outlive it. */
enum tare_status tare_correction_make(struct tare_correction **correction_out,
	struct tare_arena *arena, const struct tare_run *run, struct tare_store *store,
	uint64_t max_age_ns, struct tare_err *err);

/* As above, with the store of that URL; one that is not there yet has no calibration. */
enum tare_status tare_correction_find(struct tare_correction **correction_out,
	struct tare_arena *arena, const struct tare_run *run, const char *store_url,
	uint64_t max_age_ns, struct tare_err *err);

/* "container" or "none" of --correct, and the duration of --max-age; NULL changes nothing. */
enum tare_status tare_correct_options(struct tare_session *session, const char *correct,
	const char *max_age, struct tare_err *err);

#endif
