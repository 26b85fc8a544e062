/* Files of the simulator, which the measured program could have written: read or refused. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/arena.h"
#include "harness/counters/counters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *names[TARE_VALGRIND_EVENTS_MAX];
	uint64_t counts[TARE_VALGRIND_EVENTS_MAX];
	char *text = tare_xcalloc(size + 1, 1);
	struct tare_err err = {0};
	size_t count = 0;

	if (size > 0)
		memcpy(text, data, size);
	if (tare_valgrind_parse(names, counts, &count, text, &err) != TARE_OK) {
		assert(err.text[0]);
	} else {
		assert(count <= TARE_VALGRIND_EVENTS_MAX);
		for (size_t i = 0; i < count; i++)
			assert(strlen(names[i]) <= size);
	}
	free(text);
	return 0;
}
