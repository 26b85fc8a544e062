/*
 * The normal distribution. Pure functions, O(1), no life cycle.
 */
#ifndef TARE_STATS_NORMAL_H
#define TARE_STATS_NORMAL_H

/* P(Z <= z) = erfc(-z / sqrt 2) / 2; relative error about 1e-15 in both tails. NaN gives NaN. */
double tare_normal_cdf(double z);

/* The z with P(Z <= z) = p: rational approximation (Acklam 2003, 1e-9) and two steps of Halley, to
 * about 1e-15. 0 gives -inf, 1 gives inf, outside [0, 1] and NaN give NaN. */
double tare_normal_quantile(double p);

#endif
