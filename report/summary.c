#include "report/summary.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/order.h"

size_t
tare_report_rows_max(const struct tare_run *run)
{
	size_t max = 1;

	for (size_t i = 0; i < run->case_count; i++)
		if (run->cases[i].samples.count > max)
			max = run->cases[i].samples.count;
	return max;
}

void
tare_figures_read(struct tare_figures *figures_out, double *values,
	const struct tare_run_case *subject, size_t metric)
{
	size_t n = tare_finite(values, tare_samples_values(values, &subject->samples, metric));
	struct tare_interval median;
	struct tare_figures figures = {.n = n, .total = subject->samples.total};

	/* Sets take turns, and a simulation is one for all invocations. */
	if (subject->counting && subject->metrics[metric].counter)
		figures.total = subject->counting[metric].used;
	figures.mean = tare_mean(values, n);
	figures.sd = tare_sd(values, n);
	tare_sort(values, n);
	tare_median_interval(&median, values, n, TARE_REPORT_ALPHA);
	figures.median = median.estimate;
	figures.low = median.low;
	figures.high = median.high;
	figures.half_width =
		median.estimate == 0 ? NAN : (median.high - median.low) / 2 / fabs(median.estimate);
	figures.min = n > 0 ? values[0] : NAN;
	figures.max = n > 0 ? values[n - 1] : NAN;
	*figures_out = figures;
}

bool
tare_metric_is_shown(const struct tare_metric *metrics, size_t metric)
{
	return metric == TARE_METRIC_WALL || metric >= TARE_BUILTIN_METRIC_COUNT ||
	       metrics[metric].gated;
}

struct tare_change
tare_comparison_change(const struct tare_comparison *item)
{
	double base = item->base_median;

	if (item->method != TARE_METHOD_DIFFERENCE)
		return (struct tare_change){item->ratio, item->ratio_low, item->ratio_high};
	if (!(base > 0))
		return (struct tare_change){NAN, NAN, NAN};
	return (struct tare_change){1 + item->difference / base, 1 + item->difference_low / base,
		1 + item->difference_high / base};
}

static void
signed_value_text(char text_out[TARE_UNITS_TEXT_MAX], double value, const char *unit)
{
	char text[TARE_UNITS_TEXT_MAX];

	tare_value_format(text, sizeof(text), value, unit);
	snprintf(text_out, TARE_UNITS_TEXT_MAX, "%s%.*s", value > 0 ? "+" : "",
		TARE_UNITS_TEXT_MAX - 2, text);
}

void
tare_change_text(char text_out[TARE_UNITS_TEXT_MAX], const struct tare_comparison *item)
{
	double ratio = tare_comparison_change(item).ratio;

	if (!isfinite(ratio) && item->method == TARE_METHOD_DIFFERENCE)
		signed_value_text(text_out, item->difference, item->metric.unit);
	else
		tare_change_format(text_out, TARE_UNITS_TEXT_MAX, ratio);
}

void
tare_interval_text(char text_out[TARE_INTERVAL_TEXT_MAX], const struct tare_comparison *item)
{
	struct tare_change change = tare_comparison_change(item);
	char low[TARE_UNITS_TEXT_MAX];
	char high[TARE_UNITS_TEXT_MAX];

	if (isfinite(change.low) && isfinite(change.high)) {
		tare_change_format(low, sizeof(low), change.low);
		tare_change_format(high, sizeof(high), change.high);
	} else if (item->method == TARE_METHOD_DIFFERENCE && isfinite(item->difference_low) &&
		   isfinite(item->difference_high)) {
		signed_value_text(low, item->difference_low, item->metric.unit);
		signed_value_text(high, item->difference_high, item->metric.unit);
	} else {
		snprintf(text_out, TARE_INTERVAL_TEXT_MAX, "n/a");
		return;
	}
	snprintf(text_out, TARE_INTERVAL_TEXT_MAX, "[%s, %s]", low, high);
}

const char *
tare_comparison_note(struct tare_arena *arena, const struct tare_comparison *item)
{
	if (item->reason && *item->reason)
		return item->reason;
	if (tare_comparison_past_margin(item))
		return tare_arena_printf(arena,
			"by the %.4g %% interval, which lies inside the margin of %.4g %%",
			100 * tare_comparison_inner(item), 100 * item->metric.margin);
	if (item->below_margin)
		return tare_arena_printf(
			arena, "real, but below the margin of %.4g %%", 100 * item->metric.margin);
	return NULL;
}

/* Decimals that give value four significant digits. Whole base units have none to show. */
static int
decimals_of(double value, double divisor)
{
	double magnitude = fabs(value / divisor);

	if (divisor == 1 && value == floor(value) && magnitude >= 1)
		return 0;
	if (magnitude >= 1000)
		return 0;
	if (magnitude >= 100)
		return 1;
	if (magnitude >= 10)
		return 2;
	return 3;
}

void
tare_summary_column(
	char text_out[TARE_UNITS_TEXT_MAX], double value, double scale_of, const char *unit)
{
	const char *short_unit;
	double divisor = tare_unit_scale(&short_unit, scale_of, unit);

	/* Figures out of the ordinary are not worth lining up. */
	if (!isfinite(value) || !isfinite(scale_of) || fabs(scale_of / divisor) >= 1e9 ||
		fabs(scale_of / divisor) < 0.1) {
		tare_value_format(text_out, TARE_UNITS_TEXT_MAX, value, unit);
		return;
	}
	snprintf(text_out, TARE_UNITS_TEXT_MAX, "%.*f%s%s",
		fabs(value / divisor) >= 1000 ? 0 : decimals_of(scale_of, divisor), value / divisor,
		*short_unit ? " " : "", short_unit);
}

struct entry {
	const struct tare_comparison *item;
	size_t rank;
	double size;
};

static int
compare_entries(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return a->item < b->item ? -1 : a->item > b->item;
}

static struct entry
entry_of(const struct tare_comparison *item)
{
	static const size_t verdict_ranks[TARE_VERDICT_COUNT] = {
		[TARE_VERDICT_REGRESSION] = 0,
		[TARE_VERDICT_IMPROVEMENT] = 1,
		[TARE_VERDICT_INCONCLUSIVE] = 2,
		[TARE_VERDICT_NO_CHANGE] = 3,
	};
	double size = fabs(log(tare_comparison_change(item).ratio));
	size_t rank = verdict_ranks[item->verdict] * 2 + (item->critical ? 0 : 1);

	return (struct entry){
		.item = item,
		.rank = rank + (item->metric.gated ? 0 : TARE_VERDICT_COUNT * 2),
		.size = isnan(size) ? -1 : size,
	};
}

const struct tare_comparison **
tare_comparisons_order(struct tare_arena *arena, const struct tare_comparison_set *set)
{
	const struct tare_comparison **ordered = tare_arena_alloc(
		arena, set->item_count + 1, sizeof(const struct tare_comparison *));
	struct entry *entries = tare_xcalloc(set->item_count + 1, sizeof(*entries));

	for (size_t i = 0; i < set->item_count; i++)
		entries[i] = entry_of(&set->items[i]);
	qsort(entries, set->item_count, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < set->item_count; i++)
		ordered[i] = entries[i].item;
	free(entries);
	return ordered;
}

bool
tare_set_is_empty(const struct tare_comparison_set *set)
{
	return set->item_count == 0 && set->missing_count == 0 &&
	       set->environment_difference_count == 0;
}

const char *
tare_set_head_label(const struct tare_comparison_set *set)
{
	const char *label = set->head_label;

	if (!set->across_runs && set->item_count > 0)
		label = set->items[0].head_label;
	for (size_t i = 1; i < set->item_count && !set->across_runs && label; i++)
		if (!set->items[i].head_label || strcmp(label, set->items[i].head_label) != 0)
			return "";
	return label ? label : "";
}

const char *
tare_risk_name(enum tare_risk risk)
{
	static const char *const names[] = {"none", "low", "medium", "high"};

	return names[risk];
}

const char *
tare_recommendation_name(enum tare_recommendation recommendation)
{
	static const char *const names[] = {"approve", "review", "block"};

	return names[recommendation];
}

bool
tare_comparison_is_blocking(const struct tare_comparison *item)
{
	double ratio = tare_comparison_change(item).ratio;
	double worse = item->metric.better == TARE_HIGHER_IS_BETTER ? 1 / ratio : ratio;

	if (item->verdict != TARE_VERDICT_REGRESSION || !item->metric.gated)
		return false;
	/* Where no ratio can be had the base was nothing: any margin is passed. */
	return item->critical || isnan(worse) || worse > 1 + 2 * item->metric.margin;
}

/* NaN: not corrected, so it stands as it is. */
static bool
stands_after_correction(const struct tare_comparison *item)
{
	return !(item->p_adjusted > TARE_REPORT_ALPHA);
}

static void append(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
append(char *text, size_t size, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, size - len, format, args);
	va_end(args);
}

static void
write_headline(struct tare_report_summary *summary, const struct tare_run *run)
{
	static const enum tare_verdict named[] = {
		TARE_VERDICT_REGRESSION, TARE_VERDICT_IMPROVEMENT, TARE_VERDICT_INCONCLUSIVE};
	static const char *const plurals[] = {"regressions", "improvements", "inconclusive"};
	char *text = summary->headline;
	size_t size = sizeof(summary->headline);
	size_t parts = 0;

	text[0] = '\0';
	for (size_t i = 0; i < 3 && summary->gated_count > 0; i++) {
		size_t count = summary->gated[named[i]];

		if (count > 0)
			append(text, size, "%s%zu %s", parts++ ? ", " : "", count,
				count == 1 ? tare_verdict_name(named[i]) : plurals[i]);
	}
	if (summary->gated_count > 0)
		append(text, size, "%s in %zu comparison%s", parts ? "" : "no change",
			summary->gated_count, summary->gated_count == 1 ? "" : "s");
	else
		append(text, size, "%zu case%s measured", summary->measured_case_count,
			summary->measured_case_count == 1 ? "" : "s");
	if (summary->failed_case_count > 0)
		append(text, size, "; %zu case%s failed", summary->failed_case_count,
			summary->failed_case_count == 1 ? "" : "s");
	if (run->status != TARE_RUN_COMPLETE)
		append(text, size, "; the run is incomplete");
}

static void
count_set(struct tare_report_summary *summary, bool *stands, const struct tare_comparison_set *set)
{
	for (size_t i = 0; i < set->item_count; i++) {
		const struct tare_comparison *item = &set->items[i];

		if (!item->metric.gated) {
			summary->other_count++;
			summary->other[item->verdict]++;
			continue;
		}
		summary->gated_count++;
		summary->gated[item->verdict]++;
		if (item->verdict == TARE_VERDICT_REGRESSION && stands_after_correction(item))
			*stands = true;
		if (tare_comparison_is_blocking(item))
			summary->blocking_count++;
	}
}

static enum tare_risk
risk_of(const struct tare_report_summary *summary, bool stands)
{
	if (summary->blocking_count > 0)
		return TARE_RISK_HIGH;
	if (stands || summary->failed_case_count > 0)
		return TARE_RISK_MEDIUM;
	if (summary->gated[TARE_VERDICT_REGRESSION] > 0 ||
		summary->gated[TARE_VERDICT_INCONCLUSIVE] > 0)
		return TARE_RISK_LOW;
	return TARE_RISK_NONE;
}

static enum tare_recommendation
recommendation_of(const struct tare_report_summary *summary, const struct tare_gate_outcome *gate)
{
	enum tare_gate_result result = gate ? gate->result : TARE_GATE_NOT_ASKED;

	if (summary->blocking_count > 0 || result == TARE_GATE_FAILED)
		return TARE_RECOMMEND_BLOCK;
	if (summary->gated[TARE_VERDICT_REGRESSION] > 0 || summary->failed_case_count > 0 ||
		result == TARE_GATE_UNDECIDED)
		return TARE_RECOMMEND_REVIEW;
	return TARE_RECOMMEND_APPROVE;
}

void
tare_report_summarize(
	struct tare_report_summary *summary_out, const struct tare_report_input *input)
{
	bool stands = false;

	*summary_out = (struct tare_report_summary){0};
	for (size_t i = 0; i < input->run->case_count; i++) {
		switch (input->run->cases[i].status) {
		case TARE_CASE_OK:
			summary_out->measured_case_count++;
			break;
		case TARE_CASE_FAILED:
			summary_out->failed_case_count++;
			break;
		default:
			break;
		}
	}
	for (size_t i = 0; i < input->set_count; i++)
		count_set(summary_out, &stands, &input->sets[i]);
	summary_out->risk = risk_of(summary_out, stands);
	summary_out->recommendation = recommendation_of(summary_out, input->gate);
	write_headline(summary_out, input->run);
}
