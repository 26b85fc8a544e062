/* Formulas: any text is refused with a sentence, or has a value that is finite or none. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "harness/model/formula.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tare_arena *arena = tare_arena_new();
	const char *text = tare_arena_strndup(arena, size > 0 ? (const char *)data : "", size);
	struct tare_formula *formula = NULL;
	struct tare_err err = {0};

	if (tare_formula_parse(&formula, arena, text, &err) != TARE_OK) {
		assert(err.text[0] != '\0' && err.status == TARE_INVALID);
	} else {
		double values[TARE_FORMULA_NAMES_MAX];
		double value;

		for (size_t i = 0; i < TARE_FORMULA_NAMES_MAX; i++)
			values[i] = (double)i - 3.0;
		for (size_t i = 0; i < tare_formula_name_count(formula); i++)
			assert(tare_formula_name(formula, i)[0] != '\0');
		value = tare_formula_evaluate(formula, values);
		assert(isfinite(value) || isnan(value));
	}
	tare_arena_free(arena);
	return 0;
}
