/*
 * Comparisons with the weight of containers taken off.
 *
 * Every time of a side that has a line is brought to the host's, and the comparison done again: so
 * estimate and interval are of the kind they always are. What the calibration leaves uncertain is
 * the same for all of these times; it is taken at the medians (delta method) and makes interval and
 * p-values wider (evidence.h).
 */
#include <math.h>
#include <string.h>

#include "harness/compare/internal.h"
#include "harness/model/container.h"
#include "harness/stats/order.h"

bool
tare_compare_is_mixed(const struct tare_run_case *base, const struct tare_run_case *head)
{
	return (tare_runner_is_container(base->runner) && strcmp(head->runner, "host") == 0) ||
	       (tare_runner_is_container(head->runner) && strcmp(base->runner, "host") == 0);
}

/* The case with its times brought to the host's; the case itself where no line says how. */
static const struct tare_run_case *
corrected_case(struct tare_arena *arena, const struct tare_run_case *raw, size_t metric,
	const struct tare_correction_line *line)
{
	struct tare_run_case *made;
	double *values;

	if (!line)
		return raw;
	made = tare_arena_alloc(arena, 1, sizeof(*made));
	*made = *raw;
	made->samples.values =
		tare_arena_alloc(arena, raw->samples.metric_count, sizeof(*made->samples.values));
	memcpy(made->samples.values, raw->samples.values,
		raw->samples.metric_count * sizeof(*made->samples.values));
	values = tare_arena_alloc(arena, raw->samples.count + 1, sizeof(*values));
	for (size_t i = 0; i < raw->samples.count; i++)
		values[i] = tare_correction_value(line, raw->samples.values[metric][i]);
	made->samples.values[metric] = values;
	return made;
}

static struct tare_comparison_correction *
begin(struct tare_arena *arena, const struct tare_comparison *raw,
	const struct tare_correction_line *const lines[2])
{
	struct tare_comparison_correction *made = tare_arena_alloc(arena, 1, sizeof(*made));

	*made = (struct tare_comparison_correction){.base_line = lines[0],
		.head_line = lines[1],
		.raw_ratio = raw->ratio,
		.raw_low = raw->ratio_low,
		.raw_high = raw->ratio_high,
		.raw_verdict = raw->verdict,
		.raw_base_median = raw->base_median,
		.raw_head_median = raw->head_median,
		.calibration_se = sqrt(tare_correction_shift_variance(
			lines[0], raw->base_median, lines[1], raw->head_median))};
	return made;
}

/* What no calibration speaks of would count as a change where only one side has a container. */
static void
decide_nothing(struct tare_comparison *item, const struct tare_comparing *comparing)
{
	item->verdict = TARE_VERDICT_INCONCLUSIVE;
	item->p_value = 1.0;
	item->below_margin = false;
	item->missing_pairs = 0;
	item->reason = tare_arena_printf(comparing->arena,
		"a calibration knows wall time only, so that what the container does to %s cannot "
		"be told from a change",
		item->metric.name);
}

static bool
is_only_for_mixed(const struct tare_comparing *comparing)
{
	return (comparing->base_correction && comparing->base_correction->mixed_only) ||
	       (comparing->head_correction && comparing->head_correction->mixed_only);
}

bool
tare_compare_correct(struct tare_comparison *item, const struct tare_run_case *sides_out[2],
	const struct tare_comparing *comparing, const struct tare_run_case *const sides[2],
	const size_t positions[2])
{
	const struct tare_correction_line *const lines[2] = {
		tare_correction_of(comparing->base_correction, positions[0]),
		tare_correction_of(comparing->head_correction, positions[1])};
	bool mixed = tare_compare_is_mixed(sides[0], sides[1]);
	struct tare_comparing mine = *comparing;
	struct tare_comparison_correction *made;
	struct tare_comparison corrected;

	sides_out[0] = sides[0];
	sides_out[1] = sides[1];
	if ((!lines[0] && !lines[1]) || (!mixed && is_only_for_mixed(comparing)))
		return false;
	if (item->head_metric != TARE_METRIC_WALL) {
		if (mixed && !comparing->paired)
			decide_nothing(item, comparing);
		return false;
	}
	made = begin(comparing->arena, item, lines);
	sides_out[0] = corrected_case(comparing->arena, sides[0], item->base_metric, lines[0]);
	sides_out[1] = corrected_case(comparing->arena, sides[1], item->head_metric, lines[1]);
	mine.foreign_se = made->calibration_se;
	if (!tare_compare_metric(&corrected, &mine, sides_out[0], sides_out[1], item->head_metric))
		return false;
	made->ratio = corrected.ratio;
	made->low = corrected.ratio_low;
	made->high = corrected.ratio_high;
	made->verdict = corrected.verdict;
	made->base_median = corrected.base_median;
	made->head_median = corrected.head_median;
	made->decides = mixed;
	if (mixed) {
		corrected.base_case = item->base_case;
		corrected.head_case = item->head_case;
		corrected.base_label = item->base_label;
		corrected.head_label = item->head_label;
		*item = corrected;
	} else {
		sides_out[0] = sides[0];
		sides_out[1] = sides[1];
	}
	item->correction = made;
	return mixed;
}
