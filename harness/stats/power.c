#include "harness/stats/power.h"

#include <math.h>

#include "harness/stats/normal.h"

/* Student's quantile from the normal's. */
static double
student_quantile(double p, double degrees)
{
	double z = tare_normal_quantile(p), z2 = z * z;
	double first = z * (z2 + 1.0) / 4.0;
	double second = z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
	double third = z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;

	return z + ((third / degrees + second) / degrees + first) / degrees;
}

double
tare_mde(double delta, double se, size_t degrees, double tail, double power)
{
	double t;

	if (degrees == 0)
		return NAN;
	t = student_quantile(power, (double)degrees) - student_quantile(tail, (double)degrees);
	return delta + TARE_HODGES_LEHMANN_LOSS * t * se;
}

double
tare_mde_unanimous(double delta, double se, size_t n, double power)
{
	double count = (double)n;
	/* E[sd] / sigma of normal values, to 1e-3 from n = 4 on (Kenney & Keeping 1951). */
	double bias = 1.0 - 0.25 / count - 7.0 / 32.0 / count / count;

	if (n < 2)
		return NAN;
	return delta + tare_normal_quantile(pow(power, 1.0 / count)) * se * sqrt(count) / bias;
}

size_t
tare_needed(double gap, double sd, double tail, double power)
{
	double z = tare_normal_quantile(power) - tare_normal_quantile(tail);
	double root = TARE_HODGES_LEHMANN_LOSS * z * sd / gap;

	if (!(gap > 0.0) || isnan(sd))
		return 0;
	if (root * root >= TARE_NEEDED_MAX)
		return TARE_NEEDED_MAX;
	return (size_t)ceil(fmax(root * root, 1.0));
}

size_t
tare_smallest_pairs(double alpha)
{
	size_t n = 1;

	while (n < 1074 && ldexp(2.0, -(int)n) > alpha)
		n++;
	return n;
}
