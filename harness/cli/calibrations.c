#include "harness/cli/calibrations.h"

#include <math.h>
#include <string.h>

#include "calibrate/calibration.h"
#include "harness/base/clock.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/model/container.h"
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

static void
print_weighing(FILE *out, const struct tare_weighing *one)
{
	char host[TARE_UNITS_TEXT_MAX], inside[TARE_UNITS_TEXT_MAX];
	char change[32] = "", range[48] = "", resolution[32] = "";
	const struct tare_interval *overhead = &one->overhead;

	if (!isnan(overhead->estimate))
		snprintf(change, sizeof(change), "%+.2f %%", 100 * overhead->estimate);
	if (!isnan(overhead->low))
		snprintf(range, sizeof(range), "[%+.2f, %+.2f]", 100 * overhead->low,
			100 * overhead->high);
	if (!isnan(one->resolution))
		snprintf(resolution, sizeof(resolution), "%.2f %%", 100 * one->resolution);
	fprintf(out, "%-8s %-16s %10s %10s %10s %20s %8s  %s\n",
		tare_dimension_name(one->probe->dimension),
		one->bridge ? "bridge network" : one->probe->name, time_text(host, one->host_ns),
		time_text(inside, one->container_ns), change, range, resolution,
		tare_weighed_name(one->weighed));
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
print_fit(FILE *out, const struct tare_calibration *calibration)
{
	const struct tare_interval alpha = tare_fit_alpha(&calibration->fit);
	const struct tare_interval beta = tare_fit_beta(&calibration->fit);
	char text[3][TARE_UNITS_TEXT_MAX];

	if (!calibration->has_fit)
		return;
	tare_value_format(text[0], sizeof(text[0]), alpha.estimate, "ns");
	tare_value_format(text[1], sizeof(text[1]), alpha.low, "ns");
	tare_value_format(text[2], sizeof(text[2]), alpha.high, "ns");
	fprintf(out, "cpu time in the container = alpha + beta * time on the host\n");
	fprintf(out, "  alpha %s [%s, %s], beta %.5f [%.5f, %.5f]\n", text[0], text[1], text[2],
		beta.estimate, beta.low, beta.high);
}

enum tare_status
tare_calibration_print(FILE *out, const struct tare_run *run, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_calibration calibration;
	enum tare_status status = tare_calibration_read(&calibration, arena, run, err);
	char start[TARE_UNITS_TEXT_MAX], stop[TARE_UNITS_TEXT_MAX];

	if (status != TARE_OK) {
		tare_arena_free(arena);
		return status;
	}
	fprintf(out, "calibration %s, fingerprint %.12s\n", run->id, calibration.fingerprint);
	print_engine(out, run);
	fprintf(out, "\n%-8s %-16s %10s %10s %10s %20s %8s\n", "", "probe", "host", "container",
		"overhead", "95 %", "A/A");
	for (size_t i = 0; i < calibration.weighing_count; i++)
		print_weighing(out, &calibration.weighings[i]);
	fputc('\n', out);
	print_fit(out, &calibration);
	if (!isnan(figure(run, TARE_METRIC_CONTAINER_START)))
		fprintf(out,
			"starting a container takes %s, removing it %s; neither is in a sample\n",
			time_text(start, figure(run, TARE_METRIC_CONTAINER_START)),
			time_text(stop, figure(run, TARE_METRIC_CONTAINER_STOP)));
	if (calibration.why_not)
		fprintf(out, "no correction with this calibration: %s\n", calibration.why_not);
	tare_arena_free(arena);
	return TARE_OK;
}

/* A run that a calibration was made of, which owns what it is made of. */
struct found {
	struct tare_run *run;
	struct tare_calibration calibration;
};

static enum tare_status
load(struct found *found_out, struct tare_arena *arena, struct tare_store *store, const char *id,
	struct tare_err *err)
{
	struct found found = {0};
	enum tare_status status = store->ops->get_run(store, &found.run, id, err);

	if (status == TARE_OK)
		status = tare_calibration_read(&found.calibration, arena, found.run, err);
	if (status != TARE_OK) {
		tare_run_free(found.run);
		return status;
	}
	*found_out = found;
	return TARE_OK;
}

static enum tare_status
list_runs(struct tare_store_run **runs_out, size_t *count_out, struct tare_arena *arena,
	struct tare_store *store, size_t limit, struct tare_err *err)
{
	const struct tare_store_filter filter = {.suite = TARE_CALIBRATION_SUITE, .limit = limit};

	return store->ops->list_runs(store, runs_out, count_out, arena, &filter, err);
}

static enum tare_status
find_valid(struct found *found_out, struct tare_arena *arena, struct tare_store *store,
	const struct tare_run *run, uint64_t max_age_ns, struct tare_err *err)
{
	struct tare_store_run *runs;
	size_t count = 0;
	struct tare_err newest = {0};
	enum tare_status status = list_runs(&runs, &count, arena, store, 0, err);

	if (status != TARE_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		struct found found;
		struct tare_err why = {0};

		status = load(&found, arena, store, runs[i].id, err);
		if (status != TARE_OK)
			return status;
		if (tare_calibration_check(&found.calibration, run, max_age_ns, &why) == TARE_OK) {
			*found_out = found;
			return TARE_OK;
		}
		tare_run_free(found.run);
		if (i == 0)
			newest = why;
	}
	return tare_err_set(err, TARE_NOT_FOUND, "nothing is corrected: %s",
		count > 0 ? newest.text
			  : "there is no calibration in the history; tare calibrate makes one");
}

/* "4.1 ms [4.0 ms, 4.2 ms]" */
static void
interval_text(char text_out[INTERVAL_TEXT_MAX], struct tare_interval interval)
{
	char estimate[TARE_UNITS_TEXT_MAX], low[TARE_UNITS_TEXT_MAX], high[TARE_UNITS_TEXT_MAX];

	tare_value_format(estimate, sizeof(estimate), interval.estimate, "ns");
	tare_value_format(low, sizeof(low), interval.low, "ns");
	tare_value_format(high, sizeof(high), interval.high, "ns");
	snprintf(text_out, INTERVAL_TEXT_MAX, "%s [%s, %s]", estimate, low, high);
}

static void
print_case(FILE *out, struct tare_arena *arena, const struct tare_run_case *one,
	const struct tare_fit *fit)
{
	const struct tare_samples *samples = &one->samples;
	double *values = tare_arena_alloc(arena, samples->count + 1, sizeof(*values));
	size_t n = samples->count ? tare_samples_values(values, samples, TARE_METRIC_WALL) : 0;
	struct tare_interval raw;
	char text[2][INTERVAL_TEXT_MAX];

	if (n == 0)
		return;
	tare_sort(values, n);
	tare_median_interval(&raw, values, n, 0.05);
	tare_text_print_safe(out, one->name, false);
	if (isnan(raw.low) || isnan(raw.high)) {
		fprintf(out, ": not corrected, since %zu samples give no interval\n", n);
		return;
	}
	interval_text(text[0], raw);
	interval_text(text[1], tare_fit_correct(fit, &raw));
	fprintf(out, ": raw %s, corrected %s\n", text[0], text[1]);
}

/* How its subtraction came about, since nothing is taken off that is not sure to be there. */
static void
print_method(FILE *out, const struct tare_run *run, const struct found *found)
{
	const struct tare_fit careful = tare_fit_careful(&found->calibration.fit);
	char alpha[TARE_UNITS_TEXT_MAX];

	tare_value_format(alpha, sizeof(alpha), careful.alpha, "ns");
	fprintf(out, "run %s, wall time corrected by calibration %s: (raw - %s) / %.5f\n", run->id,
		found->run->id, alpha, careful.beta);
	if (careful.alpha == 0)
		fputs("the interval of alpha covers 0, so nothing is subtracted\n", out);
	if (careful.beta == 1)
		fputs("the interval of beta covers 1, so nothing is divided\n", out);
}

static enum tare_status
correct(FILE *out, struct tare_arena *arena, const struct tare_run *run, struct found *found,
	struct tare_err *err)
{
	const struct tare_fit careful = tare_fit_careful(&found->calibration.fit);
	size_t count = 0;

	for (size_t i = 0; i < run->case_count; i++)
		count += tare_runner_is_container(run->cases[i].runner);
	if (count == 0)
		return tare_err_set(err, TARE_INVALID,
			"no case of run %s ran in a container, so there is nothing to correct",
			run->id);
	print_method(out, run, found);
	for (size_t i = 0; i < run->case_count; i++) {
		if (tare_runner_is_container(run->cases[i].runner))
			print_case(out, arena, &run->cases[i], &careful);
	}
	return TARE_OK;
}

enum tare_status
tare_calibration_correct_run(struct tare_session *session, const char *run, const char *store_url,
	const char *max_age, struct tare_err *err)
{
	struct tare_store *store = NULL;
	struct found found = {0};
	uint64_t max_age_ns = TARE_CALIBRATION_AGE_NS;
	enum tare_status status = TARE_OK;

	if (max_age && tare_duration_parse(&max_age_ns, max_age, err) != TARE_OK)
		return tare_err_where(err, "--max-age");
	session->options.store_url = store_url;
	status = tare_stage_find_run(&session->run, session, run, NULL, err);
	if (status == TARE_OK)
		status = tare_store_open_existing(&store, store_url, err);
	if (status == TARE_OK)
		status = find_valid(&found, session->arena, store, session->run, max_age_ns, err);
	if (status == TARE_OK)
		status = correct(stdout, session->arena, session->run, &found, err);
	tare_run_free(found.run);
	tare_store_close(store);
	return status;
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
		struct found found;

		status = load(&found, arena, store, runs[i].id, err);
		if (status != TARE_OK)
			break;
		print_line(out, &runs[i], &found.calibration);
		tare_run_free(found.run);
	}
	tare_arena_free(arena);
	return status;
}
