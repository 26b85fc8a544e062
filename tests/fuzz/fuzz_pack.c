/* Packed samples: any bytes are unpacked or refused, and what was unpacked packs to equal values.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/arena.h"
#include "harness/store/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_values(const uint8_t *data, size_t size, size_t count)
{
	double *values = tare_xcalloc(count + 1, sizeof(double));
	double *back = tare_xcalloc(count + 1, sizeof(double));
	struct tare_packed packed = {0};

	if (tare_unpack_values(values, count, data, size, NULL) == TARE_OK) {
		tare_pack_values(&packed, values, count);
		assert(tare_unpack_values(back, count, packed.bytes, packed.len, NULL) == TARE_OK);
		assert(memcmp(values, back, count * sizeof(double)) == 0);
	}
	tare_packed_free(&packed);
	free(values);
	free(back);
}

static void
fuzz_integers(const uint8_t *data, size_t size, size_t count)
{
	uint64_t *times = tare_xcalloc(count + 1, sizeof(uint64_t));
	uint32_t *pairs = tare_xcalloc(count + 1, sizeof(uint32_t));
	struct tare_packed packed = {0};

	if (tare_unpack_times(times, count, data, size, NULL) == TARE_OK) {
		tare_pack_times(&packed, times, count);
		assert(packed.len <= size);
	}
	if (tare_unpack_pairs(pairs, count, data, size, NULL) == TARE_OK) {
		tare_pack_pairs(&packed, pairs, count);
		assert(packed.len <= size);
	}
	tare_packed_free(&packed);
	free(times);
	free(pairs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count;

	if (tare_packed_count(&count, data, size, NULL) != TARE_OK)
		return 0;
	fuzz_values(data, size, count);
	fuzz_integers(data, size, count);
	return 0;
}
