/*
 * CSV files of series, with the columns by number and by title, and the trends of what was read.
 */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "harness/cli/series_csv.h"
#include "harness/stats/trend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { POINTS_MAX = 500 };

static void
find_trend(struct tare_arena *arena, const struct tare_csv *csv)
{
	size_t n = csv->count < POINTS_MAX ? csv->count : POINTS_MAX;
	double *values = tare_arena_alloc(arena, n, sizeof(*values));
	struct tare_trend trend;

	for (size_t i = 0; i < n; i++) {
		assert(isfinite(csv->rows[i].value));
		values[i] = csv->rows[i].value;
	}
	tare_trend_find(&trend, arena, values, NULL, n, &tare_trend_gate);
	assert(trend.segment_count == trend.change_count + 1);
	assert(trend.segments[trend.change_count].end == n);
	for (size_t i = 0; i < trend.change_count; i++) {
		assert(trend.changes[i].index == trend.segments[i + 1].begin);
		assert(!isnan(trend.changes[i].shift.estimate));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct tare_csv_columns choices[] = {{"1", "2", "3"}, {"time", "value", NULL}};
	struct tare_arena *arena = tare_arena_new();

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		char *text = tare_arena_alloc(arena, len + 1, 1);
		struct tare_csv csv;
		struct tare_err err;

		if (len > 0)
			memcpy(text, data, len);
		if (tare_csv_parse(&csv, arena, text, len, "x.csv", &choices[i], &err) == TARE_OK)
			find_trend(arena, &csv);
	}
	tare_arena_free(arena);
	return 0;
}
