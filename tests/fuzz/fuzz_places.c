/* CPUs, memory and what is required of a machine: any text is read or refused with a sentence, and
 * a set that is printed is read again as it was. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/arena.h"
#include "harness/model/placement.h"
#include "harness/model/requirement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_bits(const char *text)
{
	struct tare_bits bits, again;
	char shown[TARE_BITS_TEXT_MAX];

	if (!tare_bits_parse(&bits, text))
		return;
	assert(!tare_bits_empty(&bits));
	tare_bits_print(shown, sizeof(shown), &bits);
	assert(tare_bits_parse(&again, shown));
	assert(tare_bits_equal(&bits, &again));
}

static void
read_places(const char *text)
{
	struct tare_err err = {0};
	struct tare_cpus cpus;
	struct tare_memory memory;

	if (tare_cpus_parse(&cpus, text, &err) != TARE_OK)
		assert(err.text[0]);
	else if (cpus.kind == TARE_CPUS_LIST)
		assert(!tare_bits_empty(&cpus.list));
	else
		assert(cpus.kind == TARE_CPUS_NONE || cpus.count > 0);
	if (tare_memory_parse(&memory, text, &err) == TARE_OK && memory.kind == TARE_MEMORY_BIND)
		assert(!tare_bits_empty(&memory.nodes));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = tare_xcalloc(size + 1, 1);
	enum tare_relation relation;
	struct tare_version version;
	struct tare_err err = {0};
	uint64_t bytes;

	if (size > 0)
		memcpy(text, data, size);
	read_bits(text);
	read_places(text);
	if (tare_required_size_parse(&relation, &bytes, text, &err) != TARE_OK)
		assert(err.text[0]);
	if (tare_required_version_parse(&relation, &version, text, NULL) == TARE_OK)
		assert(tare_version_compare(&version, &version) == 0);
	free(text);
	return 0;
}
