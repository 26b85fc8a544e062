/*
 * Calibrations: what a container weighs, read out of a run of the suite that protocol.h writes.
 * Pure.
 *
 * A calibration has nothing that its run has not, so that it is as good from the history as from a
 * journal, and every figure can be got at. All text is the run's or in the arena given; it must not
 * outlive either.
 *
 * Overheads are relative, 0.03 for 3 % more time: Hodges-Lehmann estimates of the log ratios of
 * pairs, with intervals of 95 %.
 */
#ifndef TARE_CALIBRATE_CALIBRATION_H
#define TARE_CALIBRATE_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calibrate/fit.h"
#include "calibrate/protocol.h"
#include "harness/base/arena.h"
#include "harness/base/digest.h"
#include "harness/base/err.h"
#include "harness/model/run.h"

/* The largest overhead that is none, and the largest difference of the host from itself at which
 * the A/A arm of the cpu probes has held. */
#define TARE_CALIBRATION_MARGIN 0.01
#define TARE_CALIBRATION_AA_MAX 0.02
/* Thirty days. */
#define TARE_CALIBRATION_AGE_NS (UINT64_C(30) * 24 * 3600 * 1000000000)

enum tare_weighed {
	TARE_WEIGHED_EQUIVALENT,   /* the interval lies within the margin */
	TARE_WEIGHED_OVERHEAD,     /* it lies above zero, and not within the margin */
	TARE_WEIGHED_BENEFIT,      /* below */
	TARE_WEIGHED_INCONCLUSIVE, /* none of these */
	TARE_WEIGHED_MISSING,      /* too few pairs: the probe failed */
};
const char *tare_weighed_name(enum tare_weighed weighed);

/* A probe in the container, or in one with a network of its own. */
struct tare_weighing {
	const struct tare_probe *probe;
	bool bridge;
	size_t n; /* pairs */
	double host_ns;
	double container_ns; /* medians */
	struct tare_interval overhead;
	double resolution; /* how far from none the A/A interval reaches; NaN where missing */
	enum tare_weighed weighed;
};

enum { TARE_WEIGHINGS_MAX = 40 };

struct tare_calibration {
	const struct tare_run *run; /* id, time and environment are its */
	struct tare_weighing weighings[TARE_WEIGHINGS_MAX];
	size_t weighing_count;
	bool has_fit;
	struct tare_fit fit;                    /* alpha is as uncertain as a cpu quota makes it */
	char fingerprint[TARE_DIGEST_TEXT_MAX]; /* of what must be the same for it to hold */
	const char *why_not;                    /* NULL: it may be used; else a sentence */
};

/* Whether the run is one of a calibration. */
bool tare_calibration_is(const struct tare_run *run);

/* TARE_INVALID where the run is none. */
enum tare_status tare_calibration_read(struct tare_calibration *calibration_out,
	struct tare_arena *arena, const struct tare_run *run, struct tare_err *err);

/* Whether the calibration says anything of the containers of the run: TARE_INVALID with the reason
 * where it may not be used, is older than max_age_ns at the start of the run, or was made with
 * another machine, engine, image or limit. */
enum tare_status tare_calibration_check(const struct tare_calibration *calibration,
	const struct tare_run *run, uint64_t max_age_ns, struct tare_err *err);

#endif
