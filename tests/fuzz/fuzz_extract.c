/* What measured programs write: any output is refused or gives finite numbers, by every kind of
 * rule. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stages/extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OWN = TARE_BUILTIN_METRIC_COUNT, COUNT = OWN + 1 };

static void
extract(const struct tare_metric_rule *rule, struct tare_arena *arena, char *text, size_t len)
{
	struct tare_metric metrics[COUNT] = {0};
	struct tare_metric_rule rules[COUNT] = {0};
	double values[COUNT] = {0};
	const char *patterns[] = {"^(ok|[0-9]+)$"};
	struct tare_case subject = {.metrics = metrics,
		.rules = rules,
		.metric_count = COUNT,
		.expect = {.stdout_patterns = patterns, .stdout_pattern_count = 1}};
	struct tare_output output = {.text = {text, text}, .len = {len, len}};
	struct tare_sample sample = {.values = values};
	struct tare_extractor *extractor = NULL;
	struct tare_err err = {0};

	metrics[OWN].name = "own";
	rules[OWN] = *rule;
	assert(tare_extractor_new(&extractor, &subject, NULL) == TARE_OK);
	if (tare_extract_metrics(extractor, &sample, arena, &output, &err) == TARE_OK)
		assert(isfinite(values[OWN]));
	else
		assert(err.text[0]);
	if (tare_extract_check(extractor, &output, &err) != TARE_OK)
		assert(err.text[0]);
	tare_extractor_free(extractor);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tare_metric_rule rules[] = {
		{.source = TARE_SOURCE_REGEX, .pattern = "t=([^ ]*)", .group = 1},
		{.source = TARE_SOURCE_REGEX, .pattern = "a\nb *([0-9.]+)", .group = 1},
		{.source = TARE_SOURCE_JSON, .path = "r[1].t", .written_unit = "us"},
		{.source = TARE_SOURCE_JSON, .path = "r[*].t", .reduce = TARE_REDUCE_MAX},
		{.source = TARE_SOURCE_LINES, .line_name = "lat", .written_unit = "ms"},
		{.source = TARE_SOURCE_LINES, .line_name = "lat", .stream = TARE_STREAM_STDERR},
	};
	struct tare_arena *arena = tare_arena_new();
	char *text = tare_xcalloc(size + 1, 1);

	if (size > 0)
		memcpy(text, data, size);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		extract(&rules[i], arena, text, size);
	free(text);
	tare_arena_free(arena);
	return 0;
}
