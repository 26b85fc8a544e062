/*
 * Corrections: what a run's times in containers would be on the host, by which calibration, and why
 * not. Plain data and pure functions.
 *
 * harness/stages finds the calibration and fills a struct tare_correction for a run; comparing and
 * reports read it. Its line is T_container = alpha + beta T_host with its uncertainty (the formulas
 * are those of calibrate/fit.h), and holds for wall time only. Everything belongs to the arena it
 * was made in, and points into the run it is about.
 *
 * Nanoseconds; beta has no unit.
 */
#ifndef TARE_MODEL_CORRECTION_H
#define TARE_MODEL_CORRECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/model/run.h"

/* An estimate and its interval of 95 %; NaN where there is none. */
struct tare_span {
	double estimate;
	double low;
	double high;
};

/* What a calibration says of one dimension of a container's cost, or of one of its probes.
 * Overheads are relative, 0.03 for 3 % more time. */
struct tare_weight {
	const char *name;      /* "cpu", "network (bridge)"; or of the probe */
	const char *probe;     /* that speaks for the dimension, "" where none; NULL of a probe */
	const char *dimension; /* of a probe */
	double host_ns;        /* medians */
	double container_ns;
	struct tare_span overhead;
	double resolution; /* A/A: how far the host may be from itself; NaN where missing */
	const char
		*verdict; /* "equivalent", "overhead", "benefit", "inconclusive", "not measured" */
};

/* A calibration as reports show it. */
struct tare_weights {
	const char *id;          /* of its run */
	const char *fingerprint; /* of what it is bound to */
	uint64_t made_unix_ns;   /* when */
	struct tare_span alpha;  /* NaN where there is no line */
	struct tare_span beta;
	double covariance; /* of alpha and beta */
	double misfit;     /* chi^2 over its degrees of freedom; NaN where unknown */
	struct tare_weight *dimensions;
	size_t dimension_count;
	struct tare_weight *probes;
	size_t probe_count;
	const char *why_not; /* NULL: it may be used */
};

/* What is taken off: an alpha whose interval covers 0 is 0 here, a beta whose interval covers 1 is
 * 1; their uncertainty stays. */
struct tare_correction_line {
	double alpha;
	double beta;
	double alpha_variance;
	double beta_variance;
	double covariance;
	double shortest_ns; /* of the workloads that the line was fitted to, in the container */
	const struct tare_weights *by;
};

/* One case of the run that was corrected, or not. */
struct tare_corrected {
	bool inside;                             /* it ran in a container */
	const struct tare_correction_line *line; /* NULL: nothing is corrected */
	const char *why_not;   /* where it ran in a container and line is NULL: why, a sentence */
	struct tare_span raw;  /* the median of wall, as measured; estimate NaN: no samples */
	struct tare_span host; /* what it would be on the host; NaN without line */
};

struct tare_correction {
	const char *asked; /* by whom: "the suite", "--correct=container", or why */
	bool mixed_only;   /* nobody asked but a comparison of a container with the host */
	struct tare_corrected *cases; /* as the run's */
	size_t case_count;
	const struct tare_weights **calibrations; /* that were used, each once */
	size_t calibration_count;
	size_t corrected_count;
	const char
		*refusal; /* NULL, or where not one case could be corrected: the first's reason */
};

/* Whether a time in a container is one that the line knows of: a limit that makes long workloads
 * slower, as a quota of CPU time does, leaves short ones alone; so where beta is more than 1.1,
 * none that is less than 0.9 of the shortest that was weighed. */
bool tare_correction_reaches(const struct tare_correction_line *line, double container_ns);

/* Whether something is subtracted or divided at all: not where both intervals cover zero. */
bool tare_correction_changes(const struct tare_correction_line *line);

/* The host's time for one of the container: (T - alpha) / beta. NULL line: T. */
double tare_correction_value(const struct tare_correction_line *line, double container_ns);
/* Its interval for a raw one whose half width counts as 1.96 standard errors (delta method). */
struct tare_span tare_correction_span(
	const struct tare_correction_line *line, const struct tare_span *raw);

/* The variance of log(head / base) that the calibrations leave, at these raw times of the two
 * sides; a NULL line is a side that was not corrected, and one line of both sides is one
 * uncertainty. */
double tare_correction_shift_variance(const struct tare_correction_line *base, double base_ns,
	const struct tare_correction_line *head, double head_ns);

/* Who corrects case index of the run; NULL where nobody does, or correction is NULL. */
const struct tare_correction_line *tare_correction_of(
	const struct tare_correction *correction, size_t case_index);

/* How it is corrected: "(raw - 203 us) / 2.00312; the interval of ... covers ..."; "not corrected:
 * the interval covers zero" where nothing is taken off. In the arena. */
const char *tare_correction_rule(struct tare_arena *arena, const struct tare_correction_line *line);

#endif
