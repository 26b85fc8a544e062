#include "harness/model/look.h"

#include <assert.h>
#include <string.h>

static const char *const reasons[TARE_STOP_KIND_COUNT] = {
	[TARE_STOP_NOT] = "",
	[TARE_STOP_DECIDED] = "verdict reached",
	[TARE_STOP_PRECISE] = "precision reached",
	[TARE_STOP_TIME] = "time budget used up",
	[TARE_STOP_COUNT] = "count budget used up",
	[TARE_STOP_DONE] = "all invocations done",
	[TARE_STOP_FAILED] = "a case failed",
};

const char *
tare_stop_reason(enum tare_stop stop)
{
	assert((unsigned)stop < TARE_STOP_KIND_COUNT);
	return reasons[stop];
}

enum tare_stop
tare_stop_parse(const char *reason)
{
	for (unsigned i = 0; i < TARE_STOP_KIND_COUNT; i++) {
		if (strcmp(reason, reasons[i]) == 0)
			return (enum tare_stop)i;
	}
	return TARE_STOP_NOT;
}
