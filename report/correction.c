#include "report/correction.h"

#include <math.h>
#include <string.h>

#include "harness/base/units.h"
#include "report/summary.h"

const char tare_weights_rule[] =
	"A dimension is judged by its worst probe, with intervals that hold for all its probes "
	"together (95 %); an overhead counts where it is more than the host differs from itself "
	"(A/A).";

const struct tare_weights *
tare_corrected_by(const struct tare_comparison *item)
{
	const struct tare_comparison_correction *correction = item->correction;

	if (!correction)
		return NULL;
	return correction->head_line ? correction->head_line->by : correction->base_line->by;
}

const char *
tare_ratio_text(struct tare_arena *arena, double ratio, double low, double high)
{
	char change[3][TARE_UNITS_TEXT_MAX];

	tare_change_format(change[0], sizeof(change[0]), ratio);
	if (!isfinite(low) || !isfinite(high))
		return tare_arena_strdup(arena, change[0]);
	tare_change_format(change[1], sizeof(change[1]), low);
	tare_change_format(change[2], sizeof(change[2]), high);
	return tare_arena_printf(arena, "%s [%s, %s]", change[0], change[1], change[2]);
}

const char *
tare_correction_beside(struct tare_arena *arena, const struct tare_comparison *item)
{
	const struct tare_comparison_correction *correction = item->correction;

	if (!correction)
		return NULL;
	if (!correction->decides)
		return tare_arena_printf(arena,
			"corrected %s by calibration %s; the verdict is of raw "
			"times, both from containers",
			tare_ratio_text(
				arena, correction->ratio, correction->low, correction->high),
			tare_corrected_by(item)->id);
	return tare_arena_printf(arena, "raw %s, %s; corrected by calibration %s",
		tare_ratio_text(
			arena, correction->raw_ratio, correction->raw_low, correction->raw_high),
		tare_verdict_name(correction->raw_verdict), tare_corrected_by(item)->id);
}

const char *
tare_span_text(struct tare_arena *arena, const struct tare_span *span)
{
	char text[3][TARE_UNITS_TEXT_MAX];

	tare_value_format(text[0], sizeof(text[0]), span->estimate, "ns");
	if (!isfinite(span->low) || !isfinite(span->high))
		return tare_arena_strdup(arena, text[0]);
	tare_value_format(text[1], sizeof(text[1]), span->low, "ns");
	tare_value_format(text[2], sizeof(text[2]), span->high, "ns");
	return tare_arena_printf(arena, "%s [%s, %s]", text[0], text[1], text[2]);
}

const char *
tare_correction_remark(const struct tare_corrected *one)
{
	if (!one->line)
		return one->why_not ? one->why_not : "";
	return tare_correction_changes(one->line) ? "" : "not corrected: the interval covers zero";
}

size_t
tare_correction_rules(const char *texts_out[TARE_CORRECTION_RULES_MAX], struct tare_arena *arena,
	const struct tare_correction *correction)
{
	const struct tare_correction_line *known[TARE_CORRECTION_RULES_MAX];
	size_t count = 0;

	for (size_t i = 0; correction && i < correction->case_count; i++) {
		const struct tare_correction_line *line = correction->cases[i].line;
		size_t at = 0;

		while (at < count && known[at] != line)
			at++;
		if (!line || at < count || count == TARE_CORRECTION_RULES_MAX)
			continue;
		known[count] = line;
		texts_out[count++] = tare_arena_printf(arena, "by calibration %s: %s", line->by->id,
			tare_correction_rule(arena, line));
	}
	return count;
}

/* Adds a name to a list of them, once. */
static const char *
with_name(struct tare_arena *arena, const char *names, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = strstr(names, name); at; at = strstr(at + 1, name))
		if ((at == names || at[-1] == ' ') && (at[len] == '\0' || at[len] == ','))
			return names;
	return tare_arena_printf(arena, "%s%s%s", names, *names ? ", " : "", name);
}

/* What a report shows besides, but for the container's own figures. */
static bool
is_left_as_it_is(const struct tare_run_case *subject, size_t metric)
{
	const char *name = subject->metrics[metric].name;

	return metric != TARE_METRIC_WALL && tare_metric_is_shown(subject->metrics, metric) &&
	       tare_metric_find(tare_runner_metrics, TARE_RUNNER_METRIC_COUNT, name) ==
		       TARE_RUNNER_METRIC_COUNT;
}

const char *
tare_correction_scope(struct tare_arena *arena, const struct tare_run *run,
	const struct tare_correction *correction)
{
	const char *names = "";

	for (size_t i = 0; i < correction->case_count; i++) {
		const struct tare_run_case *subject = &run->cases[i];

		for (size_t k = 0; correction->cases[i].line && k < subject->metric_count; k++)
			if (is_left_as_it_is(subject, k))
				names = with_name(arena, names, subject->metrics[k].name);
	}
	if (*names)
		return tare_arena_printf(arena,
			"only wall time is corrected, as of a program that computes; as measured: "
			"%s",
			names);
	return "only wall time is corrected, as of a program that computes; the rest is as "
	       "measured";
}

const char *
tare_correction_refusal(struct tare_arena *arena, const struct tare_correction *correction)
{
	if (!correction || !correction->refusal)
		return NULL;
	return tare_arena_printf(arena, "nothing is corrected, although %s asks for it: %s",
		correction->asked, correction->refusal);
}

const char *
tare_overhead_text(struct tare_arena *arena, const struct tare_weight *weight)
{
	const struct tare_span *overhead = &weight->overhead;

	if (!isfinite(overhead->estimate))
		return "";
	return tare_ratio_text(
		arena, 1 + overhead->estimate, 1 + overhead->low, 1 + overhead->high);
}
