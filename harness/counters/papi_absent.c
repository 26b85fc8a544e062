/* In place of papi.c where PAPI's headers were not there when tare was built. */
#include <string.h>

#include "harness/counters/counters.h"

static enum tare_status
papi_supported(const struct tare_counter_place *place, struct tare_err *err)
{
	(void)place;
	return tare_err_set(err, TARE_UNSUPPORTED,
		"tare was built without PAPI; install libpapi-dev and build it again");
}

static enum tare_status
papi_find(struct tare_counter_source *source_out, struct tare_arena *arena,
	const struct tare_counter_place *place, const char *name, struct tare_err *err)
{
	(void)source_out;
	(void)arena;
	if (strncmp(name, "PAPI_", 5) != 0 && !strstr(name, "::"))
		return tare_err_set(err, TARE_NOT_FOUND, "no name of PAPI");
	return papi_supported(place, err);
}

const struct tare_counter_ops tare_counters_papi = {
	.name = "papi",
	.summary = "presets and native events (PAPI)",
	.way = TARE_WAY_EVENT,
	.supported = papi_supported,
	.find = papi_find,
};
