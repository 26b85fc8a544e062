#include "report/counting.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/model/formula.h"

static bool
is_same(const struct tare_counting_row *row, const struct tare_metric *metric)
{
	return strcmp(row->name, metric->name) == 0 &&
	       row->counter->quality == metric->counter->quality &&
	       strcmp(row->counter->provider, metric->counter->provider) == 0 &&
	       strcmp(row->counter->event, metric->counter->event) == 0 &&
	       strcmp(row->counter->scope, metric->counter->scope) == 0;
}

static bool
has_value(const struct tare_run_case *one, const char *name)
{
	for (size_t i = 0; i < one->metric_count; i++) {
		const double *values = one->samples.values[i];

		for (size_t k = 0;
			strcmp(one->metrics[i].name, name) == 0 && k < one->samples.count; k++) {
			if (!isnan(values[k]))
				return true;
		}
	}
	return false;
}

/* Whether it is for the formula itself that a metric has no value in any sample. */
static bool
is_undefined(struct tare_arena *arena, const struct tare_run_case *one, size_t metric)
{
	const struct tare_counter *counter = one->metrics[metric].counter;
	const struct tare_counting *counting = &one->counting[metric];
	struct tare_formula *formula = NULL;
	bool undefined = true;

	if (counter->quality != TARE_QUALITY_DERIVED || one->samples.count == 0 ||
		counting->used + counting->thin + counting->invalid > 0 ||
		tare_formula_parse(&formula, arena, counter->event, NULL) != TARE_OK)
		return false;
	for (size_t i = 0; i < tare_formula_name_count(formula) && undefined; i++)
		undefined = has_value(one, tare_formula_name(formula, i));
	return undefined;
}

static void
add(struct tare_counting_row *row, const struct tare_counting *counting, bool undefined)
{
	row->case_count++;
	row->undefined_count += undefined;
	row->counting.used += counting->used;
	row->counting.thin += counting->thin;
	row->counting.invalid += counting->invalid;
	row->counting.coverage_sum += counting->coverage_sum;
	row->counting.coverage_min = fmin(row->counting.coverage_min, counting->coverage_min);
}

/* The metrics of cases are mostly the same, so the row is mostly the one after the last. */
static struct tare_counting_row *
find_row(struct tare_counting_row *rows, size_t count, size_t *hint,
	const struct tare_metric *metric)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = (*hint + i) % count;

		if (is_same(&rows[at], metric)) {
			*hint = at + 1;
			return &rows[at];
		}
	}
	return NULL;
}

void
tare_counting_read(struct tare_counting_row **rows_out, size_t *count_out, struct tare_arena *arena,
	const struct tare_run *run)
{
	struct tare_counting_row *rows = NULL;
	size_t count = 0, capacity = 0, hint = 0;

	for (size_t i = 0; i < run->case_count; i++) {
		const struct tare_run_case *one = &run->cases[i];

		for (size_t k = 0; one->counting && k < one->metric_count; k++) {
			struct tare_counting_row *row;

			if (!one->metrics[k].counter)
				continue;
			row = find_row(rows, count, &hint, &one->metrics[k]);
			if (!row && count == capacity) {
				rows = tare_arena_grow(
					arena, rows, count, 2 * capacity + 16, sizeof(*rows));
				capacity = 2 * capacity + 16;
			}
			if (!row) {
				row = &rows[count++];
				*row = (struct tare_counting_row){.name = one->metrics[k].name,
					.counter = one->metrics[k].counter,
					.counting.coverage_min = 1.0};
			}
			add(row, &one->counting[k], is_undefined(arena, one, k));
		}
	}
	*rows_out = rows;
	*count_out = count;
}

void
tare_coverage_text(char text_out[TARE_COVERAGE_TEXT_MAX], const struct tare_counting *counting)
{
	double mean = 100 * counting->coverage_sum / (double)counting->used;
	double least = 100 * counting->coverage_min;

	text_out[0] = '\0';
	if (counting->used == 0)
		return;
	/* Downwards: only what was counted all the time is 100 %. */
	snprintf(text_out, TARE_COVERAGE_TEXT_MAX, "%.0f %%", floor(mean));
	if (floor(least) < floor(mean))
		snprintf(text_out, TARE_COVERAGE_TEXT_MAX, "%.0f %% (at least %.0f %%)",
			floor(mean), floor(least));
}

/* The formula is a column beside it. */
static const char *
undefined_note(struct tare_arena *arena, const struct tare_counting_row *row)
{
	static const char why[] = "the formula divides by zero, or its result is too large";

	if (row->undefined_count == row->case_count)
		return tare_arena_printf(arena, "no value: %s", why);
	return tare_arena_printf(arena, "no value in %zu of %zu cases: %s", row->undefined_count,
		row->case_count, why);
}

const char *
tare_counting_note(struct tare_arena *arena, const struct tare_counting_row *row)
{
	const struct tare_counting *counting = &row->counting;
	char thin[96] = "";
	char invalid[96] = "";

	if (row->undefined_count > 0)
		return undefined_note(arena, row);
	if (counting->thin > 0)
		snprintf(thin, sizeof(thin), "%llu counted for less than %.0f %% of the time",
			(unsigned long long)counting->thin, 100 * TARE_COVERAGE_MIN);
	if (counting->invalid > 0)
		snprintf(invalid, sizeof(invalid),
			"%llu whose task clock is not the program's CPU time",
			(unsigned long long)counting->invalid);
	if (counting->thin + counting->invalid == 0)
		return NULL;
	return tare_arena_printf(
		arena, "not used: %s%s%s", thin, *thin && *invalid ? ", " : "", invalid);
}
