#include "harness/stats/power.h"

#include <math.h>

#include "harness/stats/normal.h"

#define HODGES_LEHMANN_LOSS 1.0233267079464885

double
tare_mde(double delta, double se, double tail, double power)
{
	double z = tare_normal_quantile(power) - tare_normal_quantile(tail);

	return delta + HODGES_LEHMANN_LOSS * z * se;
}

size_t
tare_needed(double gap, double sd, double tail, double power)
{
	double z = tare_normal_quantile(power) - tare_normal_quantile(tail);
	double root = HODGES_LEHMANN_LOSS * z * sd / gap;

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
