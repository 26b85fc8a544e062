#include "harness/cli/calibrations.h"

#include <math.h>
#include <string.h>

#include "calibrate/calibration.h"
#include "harness/base/clock.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/stages/correct.h"
#include "harness/stages/stage.h"

enum { INTERVAL_TEXT_MAX = 3 * TARE_UNITS_TEXT_MAX + 8 };

static const char *
time_text(char text_out[TARE_UNITS_TEXT_MAX], double ns)
{
	if (isnan(ns))
		return "";
	tare_value_format(text_out, TARE_UNITS_TEXT_MAX, ns, "ns");
	return text_out;
}

/* The figures of a dimension or a probe, behind its name. */
static void
print_weight(FILE *out, const struct tare_weight *one)
{
	char host[TARE_UNITS_TEXT_MAX], inside[TARE_UNITS_TEXT_MAX];
	char change[32] = "", range[48] = "", resolution[32] = "";
	const struct tare_span *overhead = &one->overhead;

	if (!isnan(overhead->estimate))
		snprintf(change, sizeof(change), "%+.2f %%", 100 * overhead->estimate);
	if (!isnan(overhead->low))
		snprintf(range, sizeof(range), "[%+.2f, %+.2f]", 100 * overhead->low,
			100 * overhead->high);
	if (!isnan(one->resolution))
		snprintf(resolution, sizeof(resolution), "%.2f %%", 100 * one->resolution);
	fprintf(out, " %10s %10s %10s %20s %8s  %s\n", time_text(host, one->host_ns),
		time_text(inside, one->container_ns), change, range, resolution, one->verdict);
}

static void
print_dimensions(FILE *out, const struct tare_weights *weights)
{
	fprintf(out, "%-16s %-13s %10s %10s %10s %20s %8s\n", "dimension", "by its probe", "host",
		"container", "overhead", "95 % of all", "A/A");
	for (size_t i = 0; i < weights->dimension_count; i++) {
		fprintf(out, "%-16s %-13s", weights->dimensions[i].name,
			weights->dimensions[i].probe);
		print_weight(out, &weights->dimensions[i]);
	}
	fputs("A dimension's verdict is that of its worst probe, by intervals that hold for all "
	      "its probes\n"
	      "together; an overhead counts where it is more than the host differs from itself "
	      "(A/A).\n",
		out);
}

static void
print_probes(FILE *out, const struct tare_weights *weights)
{
	fprintf(out, "\n%-8s %-21s %10s %10s %10s %20s %8s\n", "", "probe", "host", "container",
		"overhead", "95 %", "A/A");
	for (size_t i = 0; i < weights->probe_count; i++) {
		fprintf(out, "%-8s %-21s", weights->probes[i].dimension, weights->probes[i].name);
		print_weight(out, &weights->probes[i]);
	}
	fputc('\n', out);
}

static void
print_engine(FILE *out, const struct tare_run *run)
{
	static const struct {
		const char *label;
		const char *key;
	} facts[] = {
		{"engine ", "container.engine"},
		{" ", "container.version"},
		{", runtime ", "container.runtime"},
		{", storage ", "container.storage"},
		{", image ", "container.image"},
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		const char *value = tare_environment_get(&run->environment, facts[i].key);

		if (!value)
			continue;
		fputs(facts[i].label, out);
		tare_text_print_safe(out, value, false);
	}
	fputc('\n', out);
}

/* The first value there is of a metric that only containers have. */
static double
figure(const struct tare_run *run, enum tare_runner_metric which)
{
	for (size_t i = 0; i < run->case_count; i++) {
		const struct tare_run_case *one = &run->cases[i];
		size_t at = tare_metric_find(
			one->metrics, one->metric_count, tare_runner_metrics[which].name);

		if (strcmp(one->variant, TARE_CALIBRATION_CONTAINER) != 0 ||
			at == one->metric_count || one->samples.count == 0)
			continue;
		return one->samples.values[at][0];
	}
	return NAN;
}

static void
print_fit(FILE *out, const struct tare_weights *weights)
{
	char text[3][TARE_UNITS_TEXT_MAX];

	if (isnan(weights->beta.estimate))
		return;
	tare_value_format(text[0], sizeof(text[0]), weights->alpha.estimate, "ns");
	tare_value_format(text[1], sizeof(text[1]), weights->alpha.low, "ns");
	tare_value_format(text[2], sizeof(text[2]), weights->alpha.high, "ns");
	fprintf(out, "cpu time in the container = alpha + beta * time on the host\n");
	fprintf(out, "  alpha %s [%s, %s], beta %.5f [%.5f, %.5f]\n", text[0], text[1], text[2],
		weights->beta.estimate, weights->beta.low, weights->beta.high);
	if (!isnan(weights->misfit))
		fprintf(out,
			"  the three lengths lie %.2g times as far from the line as their "
			"noise%s\n",
			sqrt(weights->misfit),
			weights->misfit > 1 ? "; the intervals are as much wider" : "");
}

enum tare_status
tare_calibration_print(FILE *out, const struct tare_run *run, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_calibration *calibration;
	const struct tare_weights *weights;
	enum tare_status status = tare_calibration_read(&calibration, arena, run, err);
	char start[TARE_UNITS_TEXT_MAX], stop[TARE_UNITS_TEXT_MAX];

	if (status != TARE_OK) {
		tare_arena_free(arena);
		return status;
	}
	weights = tare_calibration_weights(arena, calibration);
	fprintf(out, "calibration %s, fingerprint %.12s\n", run->id, weights->fingerprint);
	print_engine(out, run);
	fputc('\n', out);
	print_dimensions(out, weights);
	print_probes(out, weights);
	print_fit(out, weights);
	if (!isnan(figure(run, TARE_METRIC_CONTAINER_START)))
		fprintf(out,
			"starting a container takes %s, removing it %s; neither is in a sample\n",
			time_text(start, figure(run, TARE_METRIC_CONTAINER_START)),
			time_text(stop, figure(run, TARE_METRIC_CONTAINER_STOP)));
	if (weights->why_not)
		fprintf(out, "no correction with this calibration: %s\n", weights->why_not);
	tare_arena_free(arena);
	return TARE_OK;
}

static enum tare_status
list_runs(struct tare_store_run **runs_out, size_t *count_out, struct tare_arena *arena,
	struct tare_store *store, size_t limit, struct tare_err *err)
{
	const struct tare_store_filter filter = {.suite = TARE_CALIBRATION_SUITE, .limit = limit};

	return store->ops->list_runs(store, runs_out, count_out, arena, &filter, err);
}

/* "4.1 ms [4.0 ms, 4.2 ms]" */
static void
interval_text(char text_out[INTERVAL_TEXT_MAX], struct tare_span interval)
{
	char estimate[TARE_UNITS_TEXT_MAX], low[TARE_UNITS_TEXT_MAX], high[TARE_UNITS_TEXT_MAX];

	tare_value_format(estimate, sizeof(estimate), interval.estimate, "ns");
	tare_value_format(low, sizeof(low), interval.low, "ns");
	tare_value_format(high, sizeof(high), interval.high, "ns");
	snprintf(text_out, INTERVAL_TEXT_MAX, "%s [%s, %s]", estimate, low, high);
}

static void
print_case(FILE *out, struct tare_arena *arena, const struct tare_run_case *subject,
	const struct tare_corrected *one)
{
	char text[2][INTERVAL_TEXT_MAX];

	if (!one->inside || isnan(one->raw.estimate))
		return;
	tare_text_print_safe(out, subject->name, false);
	interval_text(text[0], one->raw);
	if (!one->line) {
		fprintf(out, ": raw %s, not corrected: %s\n", text[0],
			tare_text_safe(arena, one->why_not));
		return;
	}
	interval_text(text[1], one->host);
	fprintf(out, ": raw %s, corrected %s\n", text[0], text[1]);
}

/* How its subtraction came about, since nothing is taken off that is not sure to be there. */
static void
print_method(FILE *out, struct tare_arena *arena, const struct tare_run *run,
	const struct tare_correction *correction)
{
	for (size_t i = 0; i < correction->case_count; i++) {
		const struct tare_correction_line *line = correction->cases[i].line;

		if (!line || (i > 0 && line == correction->cases[i - 1].line))
			continue;
		fprintf(out, "run %s, wall time corrected by calibration %s: %s\n", run->id,
			line->by->id, tare_correction_rule(arena, line));
	}
}

enum tare_status
tare_calibration_correct_run(struct tare_session *session, const char *run, const char *store_url,
	const char *max_age, struct tare_err *err)
{
	struct tare_correction *correction = NULL;
	enum tare_status status = tare_correct_options(session, "container", max_age, err);

	session->options.store_url = store_url;
	if (status == TARE_OK)
		status = tare_stage_find_run(&session->run, session, run, NULL, err);
	if (status == TARE_OK)
		status = tare_correction_find(&correction, session->arena, session->run, store_url,
			session->options.max_age_ns, err);
	if (status != TARE_OK)
		return status;
	if (correction->refusal)
		return tare_err_set(
			err, TARE_NOT_FOUND, "nothing is corrected: %s", correction->refusal);
	if (correction->corrected_count == 0)
		return tare_err_set(err, TARE_INVALID,
			"no case of run %s ran in a container, so there is nothing to correct",
			session->run->id);
	print_method(stdout, session->arena, session->run, correction);
	for (size_t i = 0; i < correction->case_count; i++)
		print_case(stdout, session->arena, &session->run->cases[i], &correction->cases[i]);
	return TARE_OK;
}

static void
print_line(FILE *out, const struct tare_store_run *run, const struct tare_calibration *calibration)
{
	char made[TARE_TIME_TEXT_MAX], beta[32] = "";

	tare_time_format(made, sizeof(made), run->started_unix_ns);
	if (calibration->has_fit)
		snprintf(beta, sizeof(beta), "%.5f", calibration->fit.beta);
	fprintf(out, "%-23s %-20s %-14.12s %-9s %s\n", run->id, made, calibration->fingerprint,
		beta, calibration->why_not ? calibration->why_not : "may be used");
}

enum tare_status
tare_calibrations_list(FILE *out, struct tare_store *store, size_t limit, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_store_run *runs;
	size_t count = 0;
	enum tare_status status = list_runs(&runs, &count, arena, store, limit, err);

	if (status == TARE_OK && count == 0)
		fputs("no calibrations yet; tare calibrate makes one\n", out);
	else if (status == TARE_OK)
		fprintf(out, "%-23s %-20s %-14s %-9s %s\n", "calibration", "made (UTC)",
			"fingerprint", "beta", "state");
	for (size_t i = 0; status == TARE_OK && i < count; i++) {
		struct tare_run *run = NULL;
		struct tare_calibration *calibration;

		status = store->ops->get_run(store, &run, runs[i].id, err);
		if (status == TARE_OK)
			status = tare_calibration_read(&calibration, arena, run, err);
		if (status == TARE_OK)
			print_line(out, &runs[i], calibration);
		tare_run_free(run);
	}
	tare_arena_free(arena);
	return status;
}
