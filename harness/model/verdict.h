/*
 * Verdicts: what a comparison comes to. Plain data.
 */
#ifndef TARE_MODEL_VERDICT_H
#define TARE_MODEL_VERDICT_H

#include <stdbool.h>

enum tare_verdict {
	TARE_VERDICT_REGRESSION,
	TARE_VERDICT_IMPROVEMENT,
	TARE_VERDICT_NO_CHANGE,
	TARE_VERDICT_INCONCLUSIVE,
	TARE_VERDICT_COUNT,
};
const char *tare_verdict_name(enum tare_verdict verdict); /* "regression", "no change", ... */
/* "no change" and "no_change" are both read; false where it is none of them. */
bool tare_verdict_parse(enum tare_verdict *verdict_out, const char *text);

#endif
