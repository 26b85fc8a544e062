#include <stdlib.h>
#include <string.h>

#include "harness/compare/compare.h"
#include "harness/model/warning.h"
#include "harness/stages/mixing.h"
#include "harness/stages/stage.h"
#include "harness/stats/order.h"
#include "harness/stats/shape.h"

/* Past this share of severe outliers a case is worth a warning (section 2 of the statistics). */
#define SEVERE_SHARE 0.10

enum tare_status
tare_stage_gate_parse(struct tare_gate *gate_out, const char *text, struct tare_arena *arena,
	struct tare_err *err)
{
	struct tare_gate gate = {.asked_for = true};
	char *copy = tare_arena_strdup(arena, text);

	/* Alone, and as in a suite: takes away the gate that the suite asks for. */
	if (strcmp(text, "none") == 0) {
		*gate_out = (struct tare_gate){0};
		return TARE_OK;
	}
	for (char *word = strtok(copy, ","); word; word = strtok(NULL, ",")) {
		enum tare_verdict verdict;

		if (!tare_verdict_parse(&verdict, word))
			return tare_err_set(err, TARE_INVALID,
				"--gate: '%s' is not a verdict; expected regression, inconclusive, "
				"improvement or no_change, separated by commas, or none",
				word);
		gate.fail_on |= 1u << verdict;
	}
	if (!gate.fail_on)
		return tare_err_set(err, TARE_INVALID,
			"--gate is empty; expected verdicts like regression,inconclusive");
	*gate_out = gate;
	return TARE_OK;
}

enum tare_status
tare_stage_gate_choose(
	struct tare_gate *gate_out, const struct tare_session *session, struct tare_err *err)
{
	if (session->options.gate)
		return tare_stage_gate_parse(gate_out, session->options.gate, session->arena, err);
	*gate_out = session->run->gate;
	return TARE_OK;
}

static void
warn_of_shape(struct tare_session *session, const struct tare_run_case *record)
{
	const struct tare_samples *samples = &record->samples;
	double *values = tare_xcalloc(samples->count + 1, sizeof(*values));
	size_t count = tare_samples_values(values, samples, TARE_METRIC_WALL);
	unsigned habits = tare_case_habits(record);
	struct tare_outliers outliers;

	count = tare_finite(values, count);
	tare_sort(values, count);
	tare_outliers_count(&outliers, values, count);
	if ((double)outliers.severe > SEVERE_SHARE * (double)count)
		tare_warn(session->run, TARE_WARN_OUTLIERS, habits, "%s: %zu of %zu invocations %s",
			record->name, outliers.severe, count,
			outliers.severe == 1 ? "is a severe outlier" : "are severe outliers");
	if (tare_bimodal(values, count))
		tare_warn(session->run, TARE_WARN_BIMODAL, habits,
			"%s: wall times fall into two groups", record->name);
	free(values);
}

/* Variants are compared with the first of theirs. */
static void
warn_of_missing_base(struct tare_session *session, size_t index)
{
	const struct tare_run_case *base = &session->run->cases[index];
	const struct tare_run_case *next = base + 1;
	bool is_first = index == 0 || base[-1].group != base->group;

	if (!is_first || base->status != TARE_CASE_FAILED ||
		index + 1 == session->run->case_count || next->group != base->group)
		return;
	tare_warn(session->run, TARE_WARN_NO_BASE, 0,
		"%s failed, so that there is nothing to compare its other variants with",
		base->name);
}

/* Where most of a case was disturbed: some of it is disturbed on every machine. */
static void
warn_of_noise(struct tare_session *session, const struct tare_run_case *record)
{
	const struct tare_noise_sum *noise = &record->noise;
	int most = 0;

	if (2 * noise->disturbed <= record->samples.total)
		return;
	for (int i = 1; i < TARE_DISTURBANCE_COUNT; i++) {
		if (noise->by_kind[i] > noise->by_kind[most])
			most = i;
	}
	tare_warn(session->run, TARE_WARN_DISTURBED, tare_case_habits(record),
		"%s: %llu of %llu samples were disturbed; most often it %s", record->name,
		(unsigned long long)noise->disturbed, (unsigned long long)record->samples.total,
		tare_disturbance_phrase((enum tare_disturbance)most));
}

/* Verdicts that nobody gates on change with much less. */
static void
warn_of_verdicts(struct tare_session *session, const struct tare_comparison_set *set)
{
	for (size_t i = 0; i < set->item_count; i++) {
		const struct tare_comparison *item = &set->items[i];
		const struct tare_undisturbed *rest = item->undisturbed;

		if (!item->metric.gated || !rest || !tare_undisturbed_tells(rest) ||
			rest->verdict == item->verdict)
			continue;
		tare_warn(session->run, TARE_WARN_DISTURBED_VERDICT, 0,
			"%s, %s: %s, and without disturbed samples %s", item->case_name,
			item->metric.name, tare_verdict_name(item->verdict),
			tare_verdict_name(rest->verdict));
	}
}

static void
warn_of_suites(struct tare_session *session)
{
	tare_warn(session->run, TARE_WARN_SUITES, 0,
		"the runs are of different suites, \"%s\" and \"%s\"", session->base->suite,
		session->run->suite);
}

/* Where only the comparison with the baseline asks, variants of the run are none of its business.
 */
static const struct tare_correction *
asked_for(const struct tare_correction *correction)
{
	return correction && !correction->mixed_only ? correction : NULL;
}

static enum tare_status
compare_with_base(struct tare_session *session, struct tare_err *err)
{
	const struct tare_compare_options options = {.margin = session->options.margin,
		.base_correction = session->base_correction,
		.head_correction = session->correction};
	enum tare_status status = tare_compare_runs(
		&session->sets[1], session->arena, session->base, session->run, &options, err);

	if (status != TARE_OK || session->options.mixed_runners)
		return status;
	return tare_mixing_check(&session->sets[1], session->base, session->base_correction,
		session->run, session->correction, err);
}

/* What was measured is stored and reported all the same; only `tare compare` is for nothing else.
 */
static enum tare_status
go_without_base(struct tare_session *session, struct tare_err *err)
{
	if (session->options.must_correct || err->status != TARE_INVALID)
		return err->status;
	if (session->deferred.status == TARE_OK)
		session->deferred = *err;
	tare_run_free(session->base);
	session->base = NULL;
	session->base_correction = NULL;
	return TARE_OK;
}

static enum tare_status
compare(struct tare_session *session, struct tare_err *err)
{
	const struct tare_compare_options options = {.margin = session->options.margin,
		.head_correction = asked_for(session->correction)};
	struct tare_run *run = session->run;
	struct tare_gate gate;
	enum tare_status status = tare_stage_gate_choose(&gate, session, err);

	if (status != TARE_OK)
		return status;
	for (size_t i = 0; i < run->case_count; i++) {
		warn_of_shape(session, &run->cases[i]);
		warn_of_noise(session, &run->cases[i]);
		warn_of_missing_base(session, i);
	}
	if (session->base && strcmp(session->base->suite, run->suite) != 0)
		warn_of_suites(session);
	status = tare_compare_variants(&session->sets[0], session->arena, run, &options, err);
	if (status != TARE_OK)
		return status;
	session->set_count = 1;
	warn_of_verdicts(session, &session->sets[0]);
	if (session->base) {
		status = compare_with_base(session, err);
		if (status != TARE_OK)
			status = go_without_base(session, err);
		if (status != TARE_OK)
			return status;
	}
	if (session->base) {
		session->set_count = 2;
		warn_of_verdicts(session, &session->sets[1]);
	}
	/* With a baseline the question is what changed since; variants of the run may be
	 * alternatives that were never meant to be equal. */
	tare_compare_gate(&session->gate, session->arena, &session->sets[session->set_count - 1], 1,
		&gate, &options);
	return TARE_OK;
}

const struct tare_stage tare_stage_compare = {
	.name = "compare",
	.needs = TARE_PART_SAMPLES | TARE_PART_BASELINE,
	.makes = TARE_PART_VERDICTS,
	.run = compare,
};
