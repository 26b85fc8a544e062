/*
 * Spending alpha over looks whose number and distance nobody planned (Lan & DeMets 1983).
 *
 * A zeroed struct tare_spending, then for each look in order tare_spending_look() with the pairs
 * seen and the alpha given out so far, as tare_spending() (multiple.h) says; it answers with the
 * two-sided level at which this look may decide. The statistic's values at the looks are taken for
 * a Brownian motion at times n, as those of sums and rank sums nearly are; that a look was not
 * crossed before is integrated over a grid (Armitage, McPherson & Rowe 1969), for each side by
 * itself, which ignores crossing both and errs to the safe side by less than 1e-4. Plain data, no
 * allocation. O(grid^2) for a look, 0.1 ms; error of a level below 1 % of it.
 */
#ifndef TARE_STATS_SPENDING_H
#define TARE_STATS_SPENDING_H

#include <stddef.h>

enum { TARE_SPENDING_GRID = 161 };

struct tare_spending {
	double spent; /* two-sided */
	double n;     /* of the last look that was integrated; 0 before the first */
	double end;   /* z at the upper end of the grid: the bound of that look */
	double density[TARE_SPENDING_GRID]; /* of z from -5 to end, where no bound was crossed */
};

/* The two-sided level of a look at n (more than before) that brings what is spent to `spent`; 0
 * where that is no more than before. Where n is hardly more than at the look before (by less than
 * 1.5 %) the level is what is newly spent, which is safe and small. */
double tare_spending_look(struct tare_spending *spending, double n, double spent);

/* A one-sided p-value of a look with that level, brought to the scale of alpha: at most alpha / 2
 * exactly where p is at most level / 2. For O'Brien & Fleming's bounds this is nearly the smallest
 * alpha / 2 at which the plan would have decided here, and never smaller for less than alpha
 * (repeated p-values, Jennison & Turnbull 2000, chapter 9). 1 where level is 0. */
double tare_spending_p(double p, double level, double alpha);

#endif
