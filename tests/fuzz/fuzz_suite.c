/*
 * Loads and expands whatever bytes come, as a suite. Files are included from the working directory,
 * where there are none that parse: what counts here is the one text.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/suite/suite.h"

static const char *
fake_getenv(const char *name)
{
	return strcmp(name, "HOME") == 0 ? "/home/fuzz" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_suite *suite = NULL;
	struct tare_plan *plan = NULL;
	struct tare_problems problems;
	struct tare_expand_options options = {.getenv = fake_getenv, .cpus = "1"};
	struct tare_err err;
	const struct tare_suite_from from = {
		.name = "fuzz.yaml", .text = size > 0 ? (const char *)data : "", .len = size};
	enum tare_status status = tare_suite_load(&suite, &problems, arena, &from, &options, &err);

	if (status == TARE_OK)
		status = tare_suite_expand(&plan, &problems, arena, suite, &options, &err);
	if (status == TARE_OK && plan->case_count == 0)
		abort();
	if (status == TARE_INVALID && problems.total == 0)
		abort();
	tare_arena_free(arena);
	return 0;
}
