/*
 * Nothing is counted: the template for a provider, and the end of the ladder.
 *
 * Its one name is "nothing", whose value is always 0.
 */
#include <string.h>

#include "harness/counters/counters.h"

static enum tare_status
null_supported(const struct tare_counter_place *place, struct tare_err *err)
{
	(void)place;
	(void)err;
	return TARE_OK;
}

static enum tare_status
null_find(struct tare_counter_source *source_out, struct tare_arena *arena,
	const struct tare_counter_place *place, const char *name, struct tare_err *err)
{
	(void)arena;
	(void)place;
	if (strcmp(name, "nothing") != 0)
		return tare_err_set(err, TARE_NOT_FOUND, "the only name is 'nothing'");
	*source_out = (struct tare_counter_source){
		.origin = {.event = "nothing", .scope = "nothing"}, .unit = "count"};
	return TARE_OK;
}

static double
null_from_record(const struct tare_counter_source *source, const struct tare_agent_record *record)
{
	(void)source;
	(void)record;
	return 0.0;
}

const struct tare_counter_ops tare_counters_null = {
	.name = "null",
	.summary = "counts nothing; the template for a provider",
	.way = TARE_WAY_RECORD,
	.supported = null_supported,
	.find = null_find,
	.from_record = null_from_record,
};
