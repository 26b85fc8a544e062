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
#include "harness/model/correction.h"
#include "harness/model/run.h"

/* The largest overhead that is none; and within what the A/A arm of the lengths has to be
 * equivalent for a correction to be made: as much as corrected figures are good for. What noise
 * there was is in their intervals anyway. */
#define TARE_CALIBRATION_MARGIN 0.01
#define TARE_CALIBRATION_AA_MAX 0.03
/* Thirty days: how far apart a calibration and a run may be unless somebody says so. */
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
	/* The same with intervals of 95 % for all probes of the dimension together (Bonferroni). */
	struct tare_interval overhead_of_all;
	double resolution_of_all;
};

/*
 * A dimension by the probe that speaks for it. Intervals are those of all its probes together:
 *
 *   overhead      a probe's is above zero, not within the margin, and more than the host differs
 *                 from itself (A/A); the one that is furthest above speaks
 *   benefit       else, one is so below
 *   equivalent    else, all were measured and lie within the margin; the one that reaches furthest
 *                 speaks, as for the next
 *   inconclusive  else
 *   not measured  no probe has an interval
 *
 * A network of its own is a dimension of its own, since nobody has to use one.
 */
struct tare_weighed_dimension {
	enum tare_dimension dimension;
	bool bridge;
	const struct tare_weighing *probe; /* in weighings; NULL: not measured */
	enum tare_weighed weighed;
};

enum { TARE_WEIGHINGS_MAX = 40, TARE_DIMENSIONS_MAX = TARE_DIMENSION_COUNT + 1 };

struct tare_calibration {
	const struct tare_run *run; /* id, time and environment are its */
	struct tare_weighing weighings[TARE_WEIGHINGS_MAX];
	size_t weighing_count;
	struct tare_weighed_dimension dimensions[TARE_DIMENSIONS_MAX];
	size_t dimension_count;
	bool has_fit;
	struct tare_fit fit;                    /* alpha is as uncertain as a cpu quota makes it */
	char fingerprint[TARE_DIGEST_TEXT_MAX]; /* of what must be the same for it to hold */
	const char *why_not;                    /* NULL: it may be used; else a sentence */
};

/* Whether the run is one of a calibration. */
bool tare_calibration_is(const struct tare_run *run);

/* TARE_INVALID where the run is none. *calibration_out is in the arena. */
enum tare_status tare_calibration_read(struct tare_calibration **calibration_out,
	struct tare_arena *arena, const struct tare_run *run, struct tare_err *err);

/* As reports show it, in the arena. */
struct tare_weights *tare_calibration_weights(
	struct tare_arena *arena, const struct tare_calibration *calibration);

/* What is known of a calibration before its run is read. */
struct tare_calibration_made {
	const char *id;
	const char *fingerprint; /* of its machine */
	uint64_t started_unix_ns;
};

/*
 * Whether a calibration says anything of the container of a case of the run: TARE_INVALID with the
 * reason where it does not. What costs less is asked first: whether it was made on this machine and
 * at most max_age_ns apart from the run; with this engine, image and limits; and whether it may be
 * used at all.
 */
enum tare_status tare_calibration_check_made(const struct tare_calibration_made *made,
	const struct tare_run *run, uint64_t max_age_ns, struct tare_err *err);
enum tare_status tare_calibration_check_facts(const struct tare_run *mine,
	const struct tare_run *run, const struct tare_run_case *subject, struct tare_err *err);
enum tare_status tare_calibration_check_use(
	const struct tare_calibration *calibration, struct tare_err *err);

#endif
