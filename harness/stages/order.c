#include "harness/stages/order.h"

#include "harness/base/rng.h"

/* Streams of the run's seed; the replay runner uses others. */
enum {
	STREAM_PAIRS = 1,
	STREAM_ROUNDS = 2,
};

static uint64_t
stream(uint64_t kind, uint64_t a, uint64_t b)
{
	return kind << 60 | (a & 0xfffffff) << 32 | (b & 0xffffffff);
}

void
tare_order_pair(size_t *variants_out, size_t count, uint64_t seed, size_t group, uint32_t pair)
{
	struct tare_rng rng;

	for (size_t i = 0; i < count; i++)
		variants_out[i] = i;
	tare_rng_seed(&rng, seed, stream(STREAM_PAIRS, group, pair / 2));
	tare_rng_shuffle(&rng, variants_out, count);
	if (pair % 2 == 0)
		return;
	for (size_t i = 0; i < count / 2; i++) {
		size_t swap = variants_out[i];

		variants_out[i] = variants_out[count - 1 - i];
		variants_out[count - 1 - i] = swap;
	}
}

void
tare_order_round(size_t *groups, size_t count, uint64_t seed, uint32_t round)
{
	struct tare_rng rng;

	tare_rng_seed(&rng, seed, stream(STREAM_ROUNDS, 0, round));
	tare_rng_shuffle(&rng, groups, count);
}
