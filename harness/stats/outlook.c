#include "harness/stats/outlook.h"

#include <math.h>

#include "harness/stats/power.h"

/* Chances past these are as good as none and as certain. */
#define POWER_MIN 0.0005
#define POWER_MAX 0.9995

enum { STEPS = 14 };

/* Past how much of the exact distribution the test rejects; 0 where n is too small. */
static uint64_t
critical_value(struct tare_ranks *ranks, const struct tare_outlook *outlook)
{
	double tail = outlook->alpha / 2.0;

	return outlook->paired ? tare_signed_rank_critical(ranks, outlook->n, tail)
			       : tare_mann_whitney_critical(ranks, outlook->n, outlook->n, tail);
}

static double
mde_by_ranks(struct tare_ranks *ranks, const struct tare_outlook *outlook, uint64_t critical,
	double power)
{
	size_t n = outlook->n;
	double se = outlook->sd * sqrt((outlook->paired ? 1.0 : 2.0) / (double)n);

	if (outlook->paired && critical == 1)
		return tare_mde_unanimous(outlook->delta, se, n, power);
	if (outlook->paired)
		return tare_mde(outlook->delta, se, n - 1,
			tare_signed_rank_cdf(ranks, n, critical - 1), power);
	return tare_mde(outlook->delta, se, 2 * n - 2,
		tare_mann_whitney_cdf(ranks, n, n, critical - 1), power);
}

double
tare_outlook_mde(struct tare_ranks *ranks, const struct tare_outlook *outlook, double power)
{
	uint64_t critical = critical_value(ranks, outlook);

	return critical == 0 ? NAN : mde_by_ranks(ranks, outlook, critical, power);
}

double
tare_outlook_power(struct tare_ranks *ranks, const struct tare_outlook *outlook, double shift)
{
	uint64_t critical = critical_value(ranks, outlook);
	double low = POWER_MIN, high = POWER_MAX;

	if (isnan(outlook->sd) || isnan(shift))
		return NAN;
	if (critical == 0 || !(shift > mde_by_ranks(ranks, outlook, critical, POWER_MIN)))
		return 0.0;
	if (shift >= mde_by_ranks(ranks, outlook, critical, POWER_MAX))
		return 1.0;
	for (int i = 0; i < STEPS; i++) {
		double middle = (low + high) / 2.0;

		if (mde_by_ranks(ranks, outlook, critical, middle) < shift)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2.0;
}
