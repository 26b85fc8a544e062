/*
 * What a sample can show: smallest detectable change, needed and smallest sizes. Pure, O(1).
 *
 * se is the standard error that sd / sqrt(n) (paired, sd of the differences) or sqrt(sx^2 / m +
 * sy^2 / n) (unpaired) gives; 1.0233 = sqrt(pi / 3) is what the Hodges-Lehmann estimator loses
 * against the mean on normal data (Hodges & Lehmann 1963). All on the scale of the differences,
 * e.g. logs.
 */
#ifndef TARE_STATS_POWER_H
#define TARE_STATS_POWER_H

#include <stddef.h>

#define TARE_HODGES_LEHMANN_LOSS 1.0233267079464885

/* The smallest true change past delta that a one-sided test at level tail against delta finds with
 * the given power: delta + 1.0233 (t_{1-tail} + t_{power}) se, t of Student's distribution with
 * that many degrees of freedom (by the expansion of Abramowitz & Stegun 26.7.5, good to 1 % from 5
 * degrees on), which for many is the normal's z. tail is the level the exact test attains, not the
 * nominal one. With normal values it is within 10 % of the true change from n = 7 on
 * (tests/sim/sim_ab). NaN where se is NaN or degrees is 0. */
double tare_mde(double delta, double se, size_t degrees, double tail, double power);

/* The same where the test can reject only if all n differences are past delta (6 or 7 pairs): delta
 * + Phi^-1(power^(1/n)) sd, sd = se sqrt(n) freed of its bias. NaN for n < 2. */
double tare_mde_unanimous(double delta, double se, size_t n, double power);

/* How many pairs, in all, find the distance gap with the given power where the differences have the
 * standard deviation sd: ceil((1.0233 (z_{1-tail} + z_{power}) sd / gap)^2), at most
 * TARE_NEEDED_MAX; 0 where gap is not positive or sd is NaN. */
#define TARE_NEEDED_MAX 1000000
size_t tare_needed(double gap, double sd, double tail, double power);

/* The smallest n of pairs whose signed-rank test can reject at all at the two-sided level alpha:
 * 2 / 2^n <= alpha; 6 at .05, 8 at .01, 12 at .0005. */
size_t tare_smallest_pairs(double alpha);

#endif
