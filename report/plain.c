#include "report/plain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/units.h"

enum { AMOUNT_MAX = 64 };

/* From this ratio on people say "3.1 times" rather than "210 % more". */
#define TIMES_FROM 2.0

/* Head against base: above 0 where head's values are larger. */
struct shift {
	double estimate;
	double low;
	double high;
	bool relative; /* to the base; else in the metric's unit */
};

static struct shift
shift_of(const struct tare_comparison *item)
{
	if (item->method == TARE_METHOD_DIFFERENCE)
		return (struct shift){
			item->difference, item->difference_low, item->difference_high, false};
	return (struct shift){
		item->ratio - 1.0, item->ratio_low - 1.0, item->ratio_high - 1.0, true};
}

static bool
is_wall(const struct tare_comparison *item)
{
	return strcmp(item->metric.name, "wall") == 0;
}

static bool
is_multiple(const struct shift *shift, double value)
{
	return shift->relative && 1.0 + value >= TIMES_FROM;
}

static void
percent_text(char text_out[AMOUNT_MAX], double share)
{
	double percent = fabs(share) * 100.0;
	int digits = percent >= 99.5 || percent == 0.0 ? 0 : percent >= 0.995 ? 1 : 2;

	snprintf(text_out, AMOUNT_MAX, "%.*f %%", digits, percent);
}

/* "4.8 %", "3.1 times", "12 ms": without its direction. */
static void
amount_text(char text_out[AMOUNT_MAX], const struct tare_comparison *item,
	const struct shift *shift, double value)
{
	if (is_multiple(shift, value))
		snprintf(text_out, AMOUNT_MAX, 1.0 + value < 9.95 ? "%.1f times" : "%.4g times",
			1.0 + value < 99.5 ? 1.0 + value : round(1.0 + value));
	else if (shift->relative)
		percent_text(text_out, value);
	else
		tare_value_format(text_out, AMOUNT_MAX, fabs(value), item->metric.unit);
}

/* "head takes 4.8 % longer than base" */
static const char *
claim(struct tare_arena *arena, const struct tare_comparison *item, const struct shift *shift)
{
	const char *head = item->head_label;
	const char *base = item->base_label;
	char amount[AMOUNT_MAX];

	amount_text(amount, item, shift, shift->estimate);
	if (is_wall(item)) {
		if (is_multiple(shift, shift->estimate))
			return tare_arena_printf(
				arena, "%s takes %s as long as %s", head, amount, base);
		return tare_arena_printf(arena, "%s takes %s %s than %s", head, amount,
			shift->estimate > 0.0 ? "longer" : "less time", base);
	}
	if (is_multiple(shift, shift->estimate))
		return tare_arena_printf(
			arena, "%s of %s is %s that of %s", item->metric.name, head, amount, base);
	return tare_arena_printf(arena, "%s of %s is %s %s than that of %s", item->metric.name,
		head, amount, shift->estimate > 0.0 ? "higher" : "lower", base);
}

/* What people call slow and fast needs no word for good and bad. */
static const char *
judgement(const struct tare_comparison *item)
{
	if (is_wall(item))
		return "";
	return item->verdict == TARE_VERDICT_REGRESSION ? ", which is worse" : ", which is better";
}

static const char *
change_sentence(struct tare_arena *arena, const struct tare_comparison *item,
	const struct shift *shift, const char *margin)
{
	double nearest = shift->estimate > 0.0 ? shift->low : shift->high;
	char sure[AMOUNT_MAX];

	if (item->method == TARE_METHOD_EXACT || !isfinite(nearest))
		return tare_arena_printf(arena,
			"%s%s; differences under %s would not count; these values do not vary",
			claim(arena, item, shift), judgement(item), margin);
	amount_text(sure, item, shift, nearest);
	return tare_arena_printf(arena,
		"%s%s; differences under %s would not count; we are sure of at least %s",
		claim(arena, item, shift), judgement(item), margin, sure);
}

static const char *
same_sentence(struct tare_arena *arena, const struct tare_comparison *item,
	const struct shift *shift, const char *margin)
{
	const char *head = item->head_label;
	const char *base = item->base_label;
	const char *same;

	if (item->below_margin && shift->estimate != 0.0)
		return tare_arena_printf(arena,
			"%s: that is real, but too little to count; only differences of %s and "
			"more do",
			claim(arena, item, shift), margin);
	same = is_wall(item) ? tare_arena_printf(arena, "%s takes as long as %s", head, base)
			     : tare_arena_printf(arena, "%s of %s is like that of %s",
				       item->metric.name, head, base);
	if (shift->low == 0.0 && shift->high == 0.0)
		return tare_arena_printf(arena, "%s: there is no difference at all", same);
	return tare_arena_printf(arena,
		"%s: if there is a difference, it is smaller than the %s that would count", same,
		margin);
}

static const char *
direction(const struct tare_comparison *item, double value)
{
	if (is_wall(item))
		return value > 0.0 ? "longer" : "shorter";
	return value > 0.0 ? "higher" : "lower";
}

/* "1.2 % shorter to 6.3 % longer"; "2.1 to 3.4 times as long" where all of it is that far. */
static const char *
span_text(struct tare_arena *arena, const struct tare_comparison *item, const struct shift *shift)
{
	char low[AMOUNT_MAX];
	char high[AMOUNT_MAX];

	amount_text(low, item, shift, shift->low);
	amount_text(high, item, shift, shift->high);
	return tare_arena_printf(arena, "%s%s%s to %s%s%s", low,
		is_multiple(shift, shift->low) ? "" : " ",
		is_multiple(shift, shift->low) ? "" : direction(item, shift->low), high,
		is_multiple(shift, shift->high) ? "" : " ",
		is_multiple(shift, shift->high) ? "" : direction(item, shift->high));
}

static const char *
unknown_sentence(struct tare_arena *arena, const struct tare_comparison *item,
	const struct shift *shift, const char *margin)
{
	const char *reason = item->reason && *item->reason ? item->reason : NULL;
	const char *question = is_wall(item) ? tare_arena_printf(arena, "whether %s takes longer",
						       item->head_label)
					     : tare_arena_printf(arena, "whether %s of %s differs",
						       item->metric.name, item->head_label);

	if (!isfinite(shift->low) || !isfinite(shift->high))
		return tare_arena_printf(arena, "too little was measured to tell %s %s %s%s%s",
			question, is_wall(item) ? "than" : "from that of", item->base_label,
			reason ? ": " : "", reason ? reason : "");
	return tare_arena_printf(arena,
		"we cannot tell yet %s %s %s: the truth may be anything from %s, and differences "
		"from %s on count%s%s",
		question, is_wall(item) ? "than" : "from that of", item->base_label,
		span_text(arena, item, shift), margin, reason ? "; " : "", reason ? reason : "");
}

const char *
tare_plain_sentence(struct tare_arena *arena, const struct tare_comparison *item)
{
	struct shift shift = shift_of(item);
	char margin[AMOUNT_MAX];

	snprintf(margin, sizeof(margin), "%.4g %%", 100.0 * item->metric.margin);
	switch (item->verdict) {
	case TARE_VERDICT_REGRESSION:
	case TARE_VERDICT_IMPROVEMENT:
		return change_sentence(arena, item, &shift, margin);
	case TARE_VERDICT_NO_CHANGE:
		return same_sentence(arena, item, &shift, margin);
	default:
		return unknown_sentence(arena, item, &shift, margin);
	}
}
