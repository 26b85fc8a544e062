/*
 * Evidence: the values of one metric on both sides, brought to a scale on which they can be
 * compared.
 *
 * The shift is head against base: a difference of logs where every value is positive, else a plain
 * difference. tare_evidence_gather() fills it with arrays lent by `ranks`, which are valid until
 * the next call. Private to harness/compare.
 */
#ifndef TARE_COMPARE_EVIDENCE_H
#define TARE_COMPARE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/model/run.h"
#include "harness/stats/hodges_lehmann.h"

struct tare_evidence {
	double *base; /* the finite values, sorted */
	size_t base_n;
	double *head;
	size_t head_n;
	double base_median;
	double head_median;
	double superiority; /* P(a head value is larger than a base value) */

	bool paired;
	bool logs;
	size_t n;  /* pairs, or the smaller of the two sides */
	double *d; /* paired: the differences, sorted, some zeros left out */
	size_t d_n;
	struct tare_sides sides; /* unpaired: the values on the scale */
	double shrink; /* plain differences are multiplied by it, so that sums do not overflow */
	double size; /* plain differences: what a relative margin is relative to, shrunk; symmetric
		      * in the two sides */
	double se;   /* standard error of the shift, widened; NaN where unknown */
	double widening; /* of intervals and z, >= 1: the two pairs of a block move together */
	/* Standard error that comes from elsewhere and no number of values takes away, on the scale
	 * of the shift: a calibration's. Ends of intervals lie so much further out in quadrature
	 * (Zou & Donner 2008), and p-values say what these intervals do. */
	double foreign_se;
};

void tare_evidence_gather(struct tare_evidence *evidence_out, struct tare_ranks *ranks,
	const struct tare_samples *base, size_t base_metric, const struct tare_samples *head,
	size_t head_metric, bool paired);

/* Takes the widening back: what was replayed was not measured in this order. */
void tare_evidence_no_widening(struct tare_evidence *evidence);

/* The two-sided level at which the test that takes pairs for independent keeps alpha. */
double tare_evidence_level(const struct tare_evidence *evidence, double alpha);

/* The relative margin on the scale of the shift. */
double tare_evidence_delta(const struct tare_evidence *evidence, double margin);

/* se and foreign_se together. */
double tare_evidence_se(const struct tare_evidence *evidence);

/* The shift with its interval; NaN where there are too few values. */
void tare_evidence_interval(struct tare_interval *interval_out, struct tare_ranks *ranks,
	const struct tare_evidence *evidence, double alpha);
/* One-sided p-values against "the shift is at most bound" and "at least bound"; 1 without values.
 */
double tare_evidence_p_above(
	struct tare_ranks *ranks, const struct tare_evidence *evidence, double bound);
double tare_evidence_p_below(
	struct tare_ranks *ranks, const struct tare_evidence *evidence, double bound);

#endif
