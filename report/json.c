/*
 * The report for programs. The format, "tare-report" version 2, is written down in
 * report/README.md and tare-report(5); a key that is added keeps the version, one that changes its
 * meaning or its place raises it.
 */
#include <math.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/model/warning.h"
#include "report/correction.h"
#include "report/cost.h"
#include "report/noise.h"
#include "report/reporters.h"
#include "report/summary.h"

enum { FORMAT_VERSION = 2 };

static const char *
gate_result_name(enum tare_gate_result result)
{
	switch (result) {
	case TARE_GATE_PASSED:
		return "passed";
	case TARE_GATE_FAILED:
		return "failed";
	case TARE_GATE_UNDECIDED:
		return "undecided";
	default:
		return "not asked";
	}
}

static void
write_interval(struct tare_json *json, const char *key, double low, double high)
{
	if (!isfinite(low) || !isfinite(high)) {
		tare_json_null(json, key);
		return;
	}
	tare_json_line_begin(json, key);
	tare_json_double(json, NULL, low);
	tare_json_double(json, NULL, high);
	tare_json_line_end(json);
}

static void
write_run(struct tare_json *json, const char *key, const struct tare_run *run)
{
	char started[TARE_TIME_TEXT_MAX];

	if (!run) {
		tare_json_null(json, key);
		return;
	}
	tare_time_format(started, sizeof(started), run->started_unix_ns);
	tare_json_object_begin(json, key);
	tare_json_string(json, "id", run->id);
	tare_json_string(json, "suite", run->suite);
	tare_json_string(json, "suite_file", run->suite_file);
	tare_json_string(json, "suite_digest", run->suite_digest);
	tare_json_string(json, "description", run->description);
	tare_json_string(json, "release", run->release);
	tare_json_string(json, "environment", run->environment_name);
	tare_json_string(json, "fingerprint", run->environment.fingerprint);
	tare_json_string(json, "command_line", run->command_line);
	tare_json_string(json, "tare", run->version);
	tare_json_u64(json, "seed", run->seed);
	tare_json_string(json, "started", started);
	tare_json_u64(json, "started_unix_ns", run->started_unix_ns);
	tare_json_u64(json, "duration_ns", run->duration_ns);
	tare_json_u64(json, "invocations", run->invocation_count);
	tare_json_string(json, "status", tare_run_status_name(run->status));
	tare_json_object_end(json);
}

/* Samples stand on one line: a line each would make the document three times as long. */
static void
write_samples(struct tare_json *json, const struct tare_samples *samples, size_t metric)
{
	tare_json_line_begin(json, "samples");
	for (size_t i = 0; i < samples->count; i++) {
		double value = samples->values[metric][i];

		if (!isnan(value))
			tare_json_double(json, NULL, value);
	}
	tare_json_line_end(json);
}

static void
write_undisturbed_figures(
	struct tare_json *json, const struct tare_run_case *subject, size_t metric, double *values)
{
	struct tare_figures figures;

	if (tare_samples_disturbed(&subject->samples) == 0)
		return;
	tare_figures_undisturbed(&figures, values, subject, metric);
	tare_json_object_begin(json, "undisturbed");
	tare_json_u64(json, "n", figures.n);
	tare_json_double(json, "median", figures.median);
	write_interval(json, "interval", figures.low, figures.high);
	tare_json_object_end(json);
}

/* Of wall, in a run whose containers are corrected. */
static void
write_corrected(struct tare_json *json, const struct tare_corrected *one)
{
	if (!one || !one->inside)
		return;
	tare_json_object_begin(json, "corrected");
	tare_json_double(json, "median", one->host.estimate);
	write_interval(json, "interval", one->host.low, one->host.high);
	tare_json_string(json, "calibration", one->line ? one->line->by->id : NULL);
	tare_json_double(json, "subtracted_ns", one->line ? one->line->alpha : NAN);
	tare_json_double(json, "divided_by", one->line ? one->line->beta : NAN);
	tare_json_string(json, "remark", tare_correction_remark(one));
	tare_json_object_end(json);
}

static void
write_metric(struct tare_json *json, const struct tare_run_case *subject, size_t metric,
	double *values, const struct tare_corrected *corrected)
{
	const struct tare_metric *about = &subject->metrics[metric];
	struct tare_figures figures;

	tare_figures_read(&figures, values, subject, metric);
	if (figures.n == 0)
		return;
	tare_json_object_begin(json, about->name);
	tare_json_string(json, "unit", about->unit);
	tare_json_string(json, "better", tare_better_name(about->better));
	tare_json_bool(json, "gated", about->gated);
	tare_json_u64(json, "n", figures.n);
	tare_json_u64(json, "total", figures.total);
	tare_json_double(json, "median", figures.median);
	write_interval(json, "interval", figures.low, figures.high);
	tare_json_double(json, "min", figures.min);
	tare_json_double(json, "max", figures.max);
	tare_json_double(json, "mean", figures.mean);
	tare_json_double(json, "sd", figures.sd);
	write_samples(json, &subject->samples, metric);
	write_undisturbed_figures(json, subject, metric, values);
	if (metric == TARE_METRIC_WALL)
		write_corrected(json, corrected);
	tare_json_object_end(json);
}

/* Rows by their pair, since metrics leave out rows where they have no value. */
static void
write_noise(struct tare_json *json, const struct tare_run_case *subject)
{
	const struct tare_noise_sum *noise = &subject->noise;
	const struct tare_samples *samples = &subject->samples;

	tare_json_object_begin(json, "noise");
	tare_json_u64(json, "disturbed", noise->disturbed);
	tare_json_object_begin(json, "by");
	for (int i = 0; i < TARE_DISTURBANCE_COUNT; i++) {
		if (noise->by_kind[i] > 0)
			tare_json_u64(json, tare_disturbance_name((enum tare_disturbance)i),
				noise->by_kind[i]);
	}
	tare_json_object_end(json);
	if (noise->khz_low > 0) {
		tare_json_double(json, "khz_low", noise->khz_low);
		tare_json_double(json, "khz_high", noise->khz_high);
	}
	tare_json_line_begin(json, "disturbed_pairs");
	for (size_t i = 0; i < samples->count; i++) {
		if (samples->labels[i] != 0)
			tare_json_u64(json, NULL, samples->pairs[i]);
	}
	tare_json_line_end(json);
	tare_json_object_end(json);
}

/* Of every counter, those included that have no value. Cases without counters have no such key. */
static void
write_counters(struct tare_json *json, const struct tare_run_case *subject)
{
	if (!subject->counting)
		return;
	tare_json_object_begin(json, "counters");
	for (size_t i = 0; i < subject->metric_count; i++) {
		const struct tare_counter *counter = subject->metrics[i].counter;
		const struct tare_counting *counting = &subject->counting[i];

		if (!counter)
			continue;
		tare_json_object_begin(json, subject->metrics[i].name);
		tare_json_string(json, "provider", counter->provider);
		tare_json_string(json, "event", counter->event);
		tare_json_string(json, "scope", counter->scope);
		tare_json_string(json, "quality", tare_counter_quality_name(counter->quality));
		/* NaN, and so null, where no value was used. */
		tare_json_double(json, "coverage", counting->coverage_sum / (double)counting->used);
		tare_json_double(
			json, "coverage_min", counting->used > 0 ? counting->coverage_min : NAN);
		tare_json_u64(json, "used", counting->used);
		tare_json_u64(json, "thin", counting->thin);
		tare_json_u64(json, "invalid", counting->invalid);
		tare_json_object_end(json);
	}
	tare_json_object_end(json);
}

static void
write_case_cost(struct tare_json *json, const struct tare_case_cost *cost)
{
	tare_json_object_begin(json, "cost");
	tare_json_u64(json, "invocations", cost->invocations);
	tare_json_double(json, "time_ns", cost->time_ns);
	tare_json_double(json, "share", cost->share);
	tare_json_string(json, "stopped", cost->stopped);
	tare_json_object_end(json);
}

static void
write_look(struct tare_json *json, const struct tare_run_case *subject,
	const struct tare_case_look *look)
{
	tare_json_object_begin(json, NULL);
	tare_json_string(json, "metric",
		look->metric < subject->metric_count ? subject->metrics[look->metric].name : NULL);
	tare_json_u64(json, "phase", look->phase);
	tare_json_u64(json, "pairs", look->pairs);
	tare_json_u64(json, "pairs_planned", look->pairs_planned);
	tare_json_string(json, "scale",
		!look->compared ? "value"
		: look->logs    ? "ratio"
				: "difference");
	tare_json_double(json, "estimate", look->estimate);
	write_interval(json, "interval", look->low, look->high);
	tare_json_double(json, "p_value", look->p_value);
	tare_json_double(json, "alpha_spent", look->alpha_spent);
	tare_json_double(json, "boundary", look->boundary);
	tare_json_string(json, "verdict", tare_verdict_name(look->verdict));
	tare_json_string(json, "decision",
		look->decision == TARE_STOP_NOT ? "go on" : tare_stop_reason(look->decision));
	tare_json_object_end(json);
}

static void
write_looks(struct tare_json *json, const struct tare_run_case *subject)
{
	tare_json_array_begin(json, "looks");
	for (size_t i = 0; i < subject->look_count; i++)
		write_look(json, subject, &subject->looks[i]);
	tare_json_array_end(json);
}

static void
write_case(struct tare_json *json, const struct tare_run_case *subject,
	const struct tare_case_cost *cost, double *values, const struct tare_corrected *corrected)
{
	tare_json_object_begin(json, NULL);
	tare_json_string(json, "name", subject->name);
	tare_json_string(json, "benchmark", subject->benchmark);
	tare_json_object_begin(json, "parameters");
	for (size_t i = 0; i < subject->parameter_count; i++)
		tare_json_string(json, subject->parameters[i].name, subject->parameters[i].value);
	tare_json_object_end(json);
	tare_json_string(json, "variant", subject->variant);
	tare_json_array_begin(json, "tags");
	for (size_t i = 0; i < subject->tag_count; i++)
		tare_json_string(json, NULL, subject->tags[i]);
	tare_json_array_end(json);
	tare_json_string(json, "command", subject->command);
	tare_json_string(json, "runner", subject->runner);
	tare_json_string(json, "cpus", subject->cpus);
	tare_json_string(json, "placement", subject->placement ? subject->placement : "");
	tare_json_bool(json, "critical", subject->critical);
	tare_json_string(json, "status", tare_case_status_name(subject->status));
	tare_json_string(json, "failure", subject->failure);
	tare_json_string(json, "stderr", subject->stderr_tail);
	tare_json_string(json, "stop_reason", subject->stop_reason);
	tare_json_u64(json, "warmups", subject->warmup_count);
	write_case_cost(json, cost);
	write_looks(json, subject);
	write_counters(json, subject);
	write_noise(json, subject);
	tare_json_object_begin(json, "metrics");
	for (size_t i = 0; i < subject->metric_count; i++)
		write_metric(json, subject, i, values, corrected);
	tare_json_object_end(json);
	tare_json_object_end(json);
}

static void
write_cases(struct tare_json *json, const struct tare_report_input *input,
	const struct tare_run_cost *cost)
{
	const struct tare_run *run = input->run;
	const struct tare_correction *correction = input->correction;
	double *values = tare_xcalloc(tare_report_rows_max(run), sizeof(*values));

	tare_json_array_begin(json, "cases");
	for (size_t i = 0; i < run->case_count; i++)
		write_case(json, &run->cases[i], &cost->cases[i], values,
			correction ? &correction->cases[i] : NULL);
	tare_json_array_end(json);
	free(values);
}

static void
write_undisturbed(struct tare_json *json, const struct tare_undisturbed *rest)
{
	if (!rest) {
		tare_json_null(json, "undisturbed");
		return;
	}
	tare_json_object_begin(json, "undisturbed");
	tare_json_u64(json, "base_disturbed", rest->base_disturbed);
	tare_json_u64(json, "head_disturbed", rest->head_disturbed);
	tare_json_u64(json, "n", rest->n);
	tare_json_double(json, "ratio", rest->ratio);
	write_interval(json, "interval", rest->ratio_low, rest->ratio_high);
	tare_json_double(json, "difference", rest->difference);
	write_interval(json, "difference_interval", rest->difference_low, rest->difference_high);
	tare_json_string(json, "verdict", tare_verdict_name(rest->verdict));
	tare_json_object_end(json);
}

static void
write_side(struct tare_json *json, const char *key, double ratio, double low, double high,
	enum tare_verdict verdict)
{
	tare_json_object_begin(json, key);
	tare_json_double(json, "ratio", ratio);
	write_interval(json, "interval", low, high);
	tare_json_string(json, "verdict", tare_verdict_name(verdict));
}

/* Comparisons that are not corrected have no such key. */
static void
write_correction_of(struct tare_json *json, const struct tare_comparison *item)
{
	const struct tare_comparison_correction *correction = item->correction;

	if (!correction)
		return;
	tare_json_object_begin(json, "correction");
	tare_json_string(json, "calibration", tare_corrected_by(item)->id);
	tare_json_bool(json, "decides", correction->decides);
	tare_json_bool(json, "base_corrected", correction->base_line != NULL);
	tare_json_bool(json, "head_corrected", correction->head_line != NULL);
	write_side(json, "raw", correction->raw_ratio, correction->raw_low, correction->raw_high,
		correction->raw_verdict);
	tare_json_double(json, "base_median", correction->raw_base_median);
	tare_json_double(json, "head_median", correction->raw_head_median);
	tare_json_object_end(json);
	write_side(json, "corrected", correction->ratio, correction->low, correction->high,
		correction->verdict);
	tare_json_double(json, "base_median", correction->base_median);
	tare_json_double(json, "head_median", correction->head_median);
	tare_json_object_end(json);
	tare_json_object_end(json);
}

static void
write_comparison(struct tare_json *json, const struct tare_comparison *item)
{
	tare_json_object_begin(json, NULL);
	tare_json_string(json, "case", item->case_name);
	tare_json_string(json, "benchmark", item->benchmark);
	tare_json_string(json, "base", item->base_label);
	tare_json_string(json, "head", item->head_label);
	tare_json_string(json, "metric", item->metric.name);
	tare_json_string(json, "unit", item->metric.unit);
	tare_json_string(json, "better", tare_better_name(item->metric.better));
	tare_json_double(json, "ratio", item->ratio);
	write_interval(json, "interval", item->ratio_low, item->ratio_high);
	tare_json_double(json, "difference", item->difference);
	write_interval(json, "difference_interval", item->difference_low, item->difference_high);
	tare_json_double(json, "base_median", item->base_median);
	tare_json_double(json, "head_median", item->head_median);
	tare_json_string(json, "verdict", tare_verdict_name(item->verdict));
	tare_json_bool(json, "below_margin", item->below_margin);
	tare_json_double(json, "p_adjusted", item->p_adjusted);
	tare_json_double(json, "p_triage", item->p_triage);
	tare_json_double(json, "p_value", item->p_value);
	tare_json_double(json, "confidence", item->confidence);
	tare_json_double(json, "spread", item->spread);
	tare_json_double(json, "mde", item->mde);
	tare_json_u64(json, "n", item->n);
	tare_json_u64(json, "base_n", item->base_n);
	tare_json_u64(json, "head_n", item->head_n);
	tare_json_string(json, "method", tare_method_name(item->method));
	tare_json_bool(json, "gated", item->metric.gated);
	tare_json_bool(json, "critical", item->critical);
	tare_json_bool(json, "blocking", tare_comparison_is_blocking(item));
	tare_json_double(json, "margin", item->metric.margin);
	tare_json_double(json, "superiority", item->superiority);
	tare_json_u64(json, "missing_pairs", item->missing_pairs);
	tare_json_string(json, "reason", item->reason);
	tare_json_string(json, "sentence", item->sentence);
	write_undisturbed(json, item->undisturbed);
	write_correction_of(json, item);
	tare_json_object_end(json);
}

static void
write_comparisons(struct tare_json *json, const struct tare_report_input *input)
{
	tare_json_array_begin(json, "comparisons");
	for (size_t i = 0; i < input->set_count; i++)
		for (size_t k = 0; k < input->sets[i].item_count; k++)
			write_comparison(json, &input->sets[i].items[k]);
	tare_json_array_end(json);
}

static void
write_missing(struct tare_json *json, const struct tare_comparison_set *set)
{
	tare_json_array_begin(json, "missing");
	for (size_t i = 0; i < set->missing_count; i++) {
		tare_json_object_begin(json, NULL);
		tare_json_string(json, "case", set->missing[i].name);
		tare_json_string(json, "only_in", set->missing[i].in_base ? "base" : "head");
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static void
write_differences(struct tare_json *json, const struct tare_comparison_set *set)
{
	tare_json_array_begin(json, "environment_differences");
	for (size_t i = 0; i < set->environment_difference_count; i++) {
		const struct tare_fact_difference *fact = &set->environment_differences[i];

		tare_json_object_begin(json, NULL);
		tare_json_string(json, "key", fact->key);
		tare_json_string(json, "base", fact->base);
		tare_json_string(json, "head", fact->head);
		tare_json_bool(json, "matters", fact->matters);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static void
write_sets(struct tare_json *json, const struct tare_report_input *input)
{
	tare_json_array_begin(json, "comparison_sets");
	for (size_t i = 0; i < input->set_count; i++) {
		const struct tare_comparison_set *set = &input->sets[i];

		tare_json_object_begin(json, NULL);
		tare_json_string(json, "base", set->base_label);
		tare_json_string(json, "head", set->head_label);
		tare_json_bool(json, "across_runs", set->across_runs);
		tare_json_u64(json, "comparisons", set->item_count);
		tare_json_object_begin(json, "geomean");
		tare_json_double(json, "ratio", set->geomean_count > 0 ? set->geomean : NAN);
		write_interval(json, "interval", set->geomean_count > 0 ? set->geomean_low : NAN,
			set->geomean_high);
		tare_json_u64(json, "cases", set->geomean_count);
		if (set->raw_geomean > 0) {
			tare_json_double(json, "raw_ratio", set->raw_geomean);
			write_interval(
				json, "raw_interval", set->raw_geomean_low, set->raw_geomean_high);
		}
		tare_json_object_end(json);
		write_missing(json, set);
		write_differences(json, set);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static void
write_delta(struct tare_json *json, const struct tare_comparison *item)
{
	struct tare_change change = tare_comparison_change(item);

	tare_json_object_begin(json, NULL);
	tare_json_string(json, "operation", item->case_name);
	tare_json_string(json, "base", item->base_label);
	tare_json_string(json, "head", item->head_label);
	tare_json_string(json, "metric", item->metric.name);
	tare_json_double(json, "delta_percent", 100 * (change.ratio - 1));
	write_interval(json, "interval", 100 * (change.low - 1), 100 * (change.high - 1));
	tare_json_double(json, "p_adjusted", item->p_adjusted);
	tare_json_object_end(json);
}

/* What is worth a look, gated or not: among them a tenth is false at most, in the long run. */
static void
write_triage(struct tare_json *json, const struct tare_report_input *input)
{
	tare_json_array_begin(json, "worth_a_look");
	for (size_t i = 0; i < input->set_count; i++) {
		const struct tare_comparison_set *set = &input->sets[i];

		for (size_t k = 0; k < set->item_count; k++)
			if (set->items[k].p_triage <= TARE_REPORT_TRIAGE)
				write_delta(json, &set->items[k]);
	}
	tare_json_array_end(json);
}

static void
write_deltas(struct tare_json *json, const char *key, const struct tare_report_input *input,
	enum tare_verdict verdict)
{
	tare_json_array_begin(json, key);
	for (size_t i = 0; i < input->set_count; i++) {
		const struct tare_comparison_set *set = &input->sets[i];

		for (size_t k = 0; k < set->item_count; k++)
			if (set->items[k].metric.gated && set->items[k].verdict == verdict)
				write_delta(json, &set->items[k]);
	}
	tare_json_array_end(json);
}

/* What a pipeline asks first stands at the top of the document. */
static void
write_advice(struct tare_json *json, const struct tare_report_input *input,
	const struct tare_report_summary *summary)
{
	tare_json_string(json, "risk_level", tare_risk_name(summary->risk));
	tare_json_string(json, "recommendation", tare_recommendation_name(summary->recommendation));
	tare_json_bool(json, "regressions_found", summary->gated[TARE_VERDICT_REGRESSION] > 0);
	tare_json_u64(json, "total_regressions", summary->gated[TARE_VERDICT_REGRESSION]);
	tare_json_u64(json, "blocking_regressions", summary->blocking_count);
	write_deltas(json, "performance_regressions", input, TARE_VERDICT_REGRESSION);
	write_deltas(json, "performance_improvements", input, TARE_VERDICT_IMPROVEMENT);
	write_triage(json, input);
}

static void
write_summary(struct tare_json *json, const struct tare_report_summary *summary)
{
	tare_json_object_begin(json, "summary");
	tare_json_string(json, "headline", summary->headline);
	tare_json_u64(json, "total_comparisons", summary->gated_count);
	tare_json_u64(json, "total_regressions", summary->gated[TARE_VERDICT_REGRESSION]);
	tare_json_u64(json, "total_improvements", summary->gated[TARE_VERDICT_IMPROVEMENT]);
	tare_json_u64(json, "total_inconclusive", summary->gated[TARE_VERDICT_INCONCLUSIVE]);
	tare_json_u64(json, "total_no_change", summary->gated[TARE_VERDICT_NO_CHANGE]);
	tare_json_u64(json, "failed_cases", summary->failed_case_count);
	tare_json_object_end(json);
}

static void
write_gate(struct tare_json *json, const struct tare_gate_outcome *gate)
{
	if (!gate) {
		tare_json_null(json, "gate");
		return;
	}
	tare_json_object_begin(json, "gate");
	tare_json_string(json, "result", gate_result_name(gate->result));
	tare_json_u64(json, "failed", gate->failed_count);
	tare_json_u64(json, "gated", gate->gated_count);
	tare_json_string(json, "sentence", gate->sentence);
	tare_json_object_end(json);
}

static void
write_warnings(struct tare_json *json, const struct tare_run *run)
{
	tare_json_array_begin(json, "warnings");
	for (size_t i = 0; i < run->warning_count; i++) {
		const struct tare_warning_about *about = tare_warning_find(run->warnings[i].id);

		tare_json_object_begin(json, NULL);
		tare_json_string(json, "id", run->warnings[i].id);
		tare_json_string(json, "text", run->warnings[i].text);
		tare_json_string(json, "why", about ? about->why : NULL);
		tare_json_string(json, "advice", run->warnings[i].advice);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static void
write_cost(struct tare_json *json, const struct tare_run_cost *cost)
{
	tare_json_object_begin(json, "cost");
	tare_json_double(json, "time_ns", cost->time_ns);
	tare_json_array_begin(json, "stops");
	for (size_t i = 0; i < cost->stop_count; i++) {
		tare_json_object_begin(json, NULL);
		tare_json_string(json, "stopped", cost->stops[i].stopped);
		tare_json_u64(json, "cases", cost->stops[i].case_count);
		tare_json_double(json, "time_ns", cost->stops[i].time_ns);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
	tare_json_object_end(json);
}

static void
write_span(struct tare_json *json, const char *key, const struct tare_span *span)
{
	tare_json_object_begin(json, key);
	tare_json_double(json, "estimate", span->estimate);
	write_interval(json, "interval", span->low, span->high);
	tare_json_object_end(json);
}

static void
write_weight_list(
	struct tare_json *json, const char *key, const struct tare_weight *list, size_t count)
{
	tare_json_array_begin(json, key);
	for (size_t i = 0; i < count; i++) {
		const struct tare_weight *one = &list[i];

		tare_json_object_begin(json, NULL);
		tare_json_string(json, "name", one->name);
		if (one->probe)
			tare_json_string(json, "probe", one->probe);
		if (one->dimension)
			tare_json_string(json, "dimension", one->dimension);
		tare_json_double(json, "host_ns", one->host_ns);
		tare_json_double(json, "container_ns", one->container_ns);
		tare_json_double(json, "overhead", one->overhead.estimate);
		write_interval(json, "interval", one->overhead.low, one->overhead.high);
		tare_json_double(json, "resolution", one->resolution);
		tare_json_string(json, "verdict", one->verdict);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static void
write_weights(struct tare_json *json, const char *key, const struct tare_weights *weights)
{
	tare_json_object_begin(json, key);
	tare_json_string(json, "id", weights->id);
	tare_json_string(json, "fingerprint", weights->fingerprint);
	tare_json_u64(json, "made_unix_ns", weights->made_unix_ns);
	tare_json_string(json, "why_not", weights->why_not);
	write_span(json, "alpha_ns", &weights->alpha);
	write_span(json, "beta", &weights->beta);
	tare_json_double(json, "covariance", weights->covariance);
	tare_json_double(json, "misfit", weights->misfit);
	tare_json_string(json, "rule", tare_weights_rule);
	write_weight_list(json, "dimensions", weights->dimensions, weights->dimension_count);
	write_weight_list(json, "probes", weights->probes, weights->probe_count);
	tare_json_object_end(json);
}

/* Where nobody asks for a correction there is no such key. */
static void
write_correction(struct tare_json *json, const char *key, const struct tare_correction *correction)
{
	if (!correction)
		return;
	tare_json_object_begin(json, key);
	tare_json_string(json, "asked_by", correction->asked);
	tare_json_u64(json, "corrected_cases", correction->corrected_count);
	tare_json_string(json, "refusal", correction->refusal);
	tare_json_array_begin(json, "calibrations");
	for (size_t i = 0; i < correction->calibration_count; i++)
		write_weights(json, NULL, correction->calibrations[i]);
	tare_json_array_end(json);
	tare_json_object_end(json);
}

static enum tare_status
write_json(FILE *out, const struct tare_report_input *input, struct tare_err *err)
{
	struct tare_report_summary summary;
	struct tare_arena *arena = tare_arena_new();
	struct tare_run_cost cost;
	struct tare_json json;

	tare_report_summarize(&summary, input);
	tare_run_cost_read(&cost, arena, input->run);
	tare_json_begin(&json, out, 1);
	tare_json_object_begin(&json, NULL);
	tare_json_string(&json, "format", "tare-report");
	tare_json_u64(&json, "version", FORMAT_VERSION);
	write_advice(&json, input, &summary);
	write_summary(&json, &summary);
	write_run(&json, "run", input->run);
	write_run(&json, "base_run", input->base);
	write_gate(&json, input->gate);
	write_warnings(&json, input->run);
	if (input->weights)
		write_weights(&json, "calibration", input->weights);
	write_correction(&json, "correction", input->correction);
	write_correction(&json, "base_correction", input->base_correction);
	write_comparisons(&json, input);
	write_sets(&json, input);
	write_cost(&json, &cost);
	write_cases(&json, input, &cost);
	tare_json_object_begin(&json, "environment");
	tare_environment_write(&json, &input->run->environment);
	tare_json_object_end(&json);
	tare_json_object_end(&json);
	putc('\n', out);
	tare_arena_free(arena);
	return tare_report_end(out, err);
}

const struct tare_reporter tare_reporter_json = {
	.name = "json",
	.extension = "json",
	.summary = "everything, for programs; documented and versioned",
	.write = write_json,
};
