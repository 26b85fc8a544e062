#include "harness/model/comparison.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const char *const verdict_names[TARE_VERDICT_COUNT] = {
	[TARE_VERDICT_REGRESSION] = "regression",
	[TARE_VERDICT_IMPROVEMENT] = "improvement",
	[TARE_VERDICT_NO_CHANGE] = "no change",
	[TARE_VERDICT_INCONCLUSIVE] = "inconclusive",
};

const char *
tare_verdict_name(enum tare_verdict verdict)
{
	assert((unsigned)verdict < TARE_VERDICT_COUNT);
	return verdict_names[verdict];
}

bool
tare_verdict_parse(enum tare_verdict *verdict_out, const char *text)
{
	/* A suite writes it as one word. */
	if (strcmp(text, "no_change") == 0) {
		*verdict_out = TARE_VERDICT_NO_CHANGE;
		return true;
	}
	for (unsigned i = 0; i < TARE_VERDICT_COUNT; i++) {
		if (strcmp(text, verdict_names[i]) != 0)
			continue;
		*verdict_out = (enum tare_verdict)i;
		return true;
	}
	return false;
}

bool
tare_comparison_past_margin(const struct tare_comparison *item)
{
	double margin = item->metric.margin;

	if (item->verdict != TARE_VERDICT_NO_CHANGE || item->method == TARE_METHOD_EXACT)
		return false;
	if (item->method == TARE_METHOD_DIFFERENCE)
		return false; /* of what the margin is a part is not kept */
	return item->ratio_high > 1.0 + margin || item->ratio_low < 1.0 / (1.0 + margin);
}

double
tare_comparison_inner(const struct tare_comparison *item)
{
	return 2.0 * item->confidence - 1.0;
}

bool
tare_undisturbed_tells(const struct tare_undisturbed *rest)
{
	return rest->n > 0 && (isfinite(rest->ratio_low) || isfinite(rest->difference_low));
}

const char *
tare_method_name(enum tare_method method)
{
	switch (method) {
	case TARE_METHOD_PAIRED:
		return "paired";
	case TARE_METHOD_UNPAIRED:
		return "unpaired";
	case TARE_METHOD_DIFFERENCE:
		return "difference";
	case TARE_METHOD_EXACT:
		return "exact";
	}
	assert(!"a method without a name");
	return "";
}
