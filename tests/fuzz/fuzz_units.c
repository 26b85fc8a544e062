/* Quantities as people write them: any text is read or refused, and what is read is in bounds. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/arena.h"
#include "harness/base/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = tare_xcalloc(size + 1, 1);
	char shown[TARE_UNITS_TEXT_MAX];
	uint64_t whole = 77;
	double ratio = 0;
	struct tare_err err = {0};

	if (size > 0)
		memcpy(text, data, size);
	if (tare_duration_parse(&whole, text, &err) == TARE_OK)
		tare_duration_format(shown, sizeof(shown), whole);
	else
		assert(whole == 77 && err.text[0]);
	tare_size_parse(&whole, text, NULL);
	if (tare_percent_parse(&ratio, text, NULL) == TARE_OK)
		assert(isfinite(ratio) && ratio >= 0);
	if (tare_count_parse(&whole, text, 1000, NULL) == TARE_OK)
		assert(whole <= 1000);
	free(text);
	return 0;
}
