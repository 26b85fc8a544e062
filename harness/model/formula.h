/*
 * Formulas: a metric out of others, as "instructions / cycles".
 *
 * Numbers, names, + - * / and parentheses, with the usual precedence. A name begins with a letter
 * and goes on with letters, digits and _ . : and -, so a minus between two names needs a space on
 * its left. Parsed once, evaluated for every sample; everything is bounded, because formulas come
 * from suite files. Pure. The arena that was passed in owns a formula.
 */
#ifndef TARE_MODEL_FORMULA_H
#define TARE_MODEL_FORMULA_H

#include <stddef.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"

enum {
	TARE_FORMULA_LEN_MAX = 512,
	TARE_FORMULA_NAMES_MAX = 16,
	TARE_FORMULA_STEPS_MAX = 128,
	TARE_FORMULA_DEPTH_MAX = 32, /* of parentheses and signs */
};

struct tare_formula;

/* TARE_INVALID with what is wrong at which column. */
enum tare_status tare_formula_parse(struct tare_formula **formula_out, struct tare_arena *arena,
	const char *text, struct tare_err *err);

/* The names in it, each once, in the order they are met. */
size_t tare_formula_name_count(const struct tare_formula *formula);
const char *tare_formula_name(const struct tare_formula *formula, size_t index);

/* values[i] is that of name i. NaN where one of them is, or where the result is not finite (a
 * division by zero). */
double tare_formula_evaluate(const struct tare_formula *formula, const double *values);

#endif
