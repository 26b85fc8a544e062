#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/compare/internal.h"

enum { AMOUNT_MAX = 64, SPAN_MAX = 256 };

const char *
tare_compare_count(struct tare_arena *arena, size_t count, const char *one, const char *many)
{
	return tare_arena_printf(arena, "%zu %s", count, count == 1 ? one : many);
}

static bool
is_wall(const struct tare_comparison *item)
{
	return strcmp(item->metric.name, "wall") == 0;
}

/* The shift as people say it: a share of the base, or an amount in the metric's unit. Values
 * without sign: a word says the direction. */
struct change {
	double estimate, low, high; /* above 0: head's values are larger */
	bool relative;
};

static struct change
change_of(const struct tare_comparison *item)
{
	if (!isnan(item->ratio))
		return (struct change){
			item->ratio - 1.0, item->ratio_low - 1.0, item->ratio_high - 1.0, true};
	return (struct change){
		item->difference, item->difference_low, item->difference_high, false};
}

static void
percent(char *out, double share)
{
	double value = fabs(share) * 100.0;
	int digits = value >= 100.0 || value == 0.0 ? 0 : value >= 1.0 ? 1 : 2;

	snprintf(out, AMOUNT_MAX, "%.*f %%", digits, value);
}

static void
amount(char *out, const struct tare_comparison *item, const struct change *change, double value)
{
	if (change->relative)
		percent(out, value);
	else
		tare_value_format(out, AMOUNT_MAX, fabs(value), item->metric.unit);
}

/* Wall time is what people call slow and fast; all else is high and low. */
static const char *
direction(const struct tare_comparison *item, double value)
{
	if (is_wall(item))
		return value > 0.0 ? "slower" : "faster";
	return value > 0.0 ? "higher" : "lower";
}

/* "2.5 % to 9.6 %", or with the directions where they differ. */
static void
span(char *out, const struct tare_comparison *item, const struct change *change)
{
	char low[AMOUNT_MAX], high[AMOUNT_MAX];

	amount(low, item, change, change->low);
	amount(high, item, change, change->high);
	if (change->low < 0.0 && change->high > 0.0)
		snprintf(out, SPAN_MAX, "%s %s to %s %s", low, direction(item, change->low), high,
			direction(item, change->high));
	else if (change->high <= 0.0)
		snprintf(out, SPAN_MAX, "%s to %s", high, low);
	else
		snprintf(out, SPAN_MAX, "%s to %s", low, high);
}

/* "head is 3.4 % slower than base" */
static const char *
state(struct tare_arena *arena, const struct tare_comparison *item, const struct change *change)
{
	char text[AMOUNT_MAX];
	const char *word = direction(item, change->estimate);

	amount(text, item, change, change->estimate);
	if (is_wall(item))
		return change->estimate == 0.0
			       ? tare_arena_printf(arena, "%s takes as long as %s",
					 item->head_label, item->base_label)
			       : tare_arena_printf(arena, "%s is %s %s than %s", item->head_label,
					 text, word, item->base_label);
	return change->estimate == 0.0
		       ? tare_arena_printf(arena, "%s of %s is that of %s", item->metric.name,
				 item->head_label, item->base_label)
		       : tare_arena_printf(arena, "%s of %s is %s %s than of %s", item->metric.name,
				 item->head_label, text, word, item->base_label);
}

/* " (95 % interval 2.5 % to 9.6 %)"; nothing for constants and where there is none. */
static const char *
interval_note(
	struct tare_arena *arena, const struct tare_comparison *item, const struct change *change)
{
	char text[SPAN_MAX];

	if (item->method == TARE_METHOD_EXACT || isnan(change->low))
		return "";
	span(text, item, change);
	return tare_arena_printf(arena, " (%.4g %% interval %s)", 100.0 * item->confidence, text);
}

static const char *
undecided(struct tare_arena *arena, const struct tare_comparison *item, const char *margin,
	const struct change *change)
{
	if (isnan(change->low))
		return tare_arena_printf(arena, "cannot tell whether %s differs from %s%s%s: %s",
			item->head_label, item->base_label, is_wall(item) ? "" : " in ",
			is_wall(item) ? "" : item->metric.name, item->reason);
	if (item->below_margin)
		return tare_arena_printf(arena,
			"%s%s: a real change, and it is not clear whether it is past the %s "
			"margin; %s",
			state(arena, item, change), interval_note(arena, item, change), margin,
			item->reason);
	return tare_arena_printf(arena,
		"cannot tell yet: %s%s, which reaches past the %s margin; %s",
		state(arena, item, change), interval_note(arena, item, change), margin,
		item->reason);
}

static const char *
decided(struct tare_arena *arena, const struct tare_comparison *item, const char *margin,
	const struct change *change)
{
	const char *verdict = "no change past";

	if (tare_comparison_past_margin(item))
		return tare_arena_printf(arena,
			"%s%s: no change past the %s margin, inside which the %.4g %% interval "
			"lies",
			state(arena, item, change), interval_note(arena, item, change), margin,
			100.0 * tare_comparison_inner(item));
	if (item->verdict == TARE_VERDICT_REGRESSION)
		verdict = "a regression past";
	else if (item->verdict == TARE_VERDICT_IMPROVEMENT)
		verdict = "an improvement past";
	else if (item->below_margin)
		verdict = "real but below";
	return tare_arena_printf(arena, "%s%s: %s the %s margin", state(arena, item, change),
		interval_note(arena, item, change), verdict, margin);
}

/* "; by calibration X; raw, container is 98.3 % slower than host" */
static const char *
correction_note(struct tare_arena *arena, const struct tare_comparison *item)
{
	const struct tare_comparison_correction *correction = item->correction;
	const struct tare_correction_line *line;
	struct change raw;

	if (correction == NULL || !correction->decides)
		return "";
	line = correction->head_line != NULL ? correction->head_line : correction->base_line;
	raw = (struct change){correction->raw_ratio - 1.0, correction->raw_low - 1.0,
		correction->raw_high - 1.0, true};
	return tare_arena_printf(arena, "; corrected by calibration %s, raw %s%s", line->by->id,
		state(arena, item, &raw), interval_note(arena, item, &raw));
}

void
tare_compare_sentence(
	struct tare_comparison *item, struct tare_arena *arena, struct tare_arena *scratch)
{
	struct change change = change_of(item);
	char margin[AMOUNT_MAX];
	const char *sentence;

	tare_arena_reset(scratch);
	snprintf(margin, sizeof(margin), "%.4g %%", 100.0 * item->metric.margin);
	sentence = item->verdict == TARE_VERDICT_INCONCLUSIVE
			   ? undecided(scratch, item, margin, &change)
			   : decided(scratch, item, margin, &change);
	item->sentence = tare_arena_printf(arena, "%s%s", sentence, correction_note(scratch, item));
}
