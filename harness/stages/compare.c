#include <stdlib.h>
#include <string.h>

#include "harness/compare/compare.h"
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
	struct tare_outliers outliers;

	count = tare_finite(values, count);
	tare_sort(values, count);
	tare_outliers_count(&outliers, values, count);
	if ((double)outliers.severe > SEVERE_SHARE * (double)count)
		tare_run_warn(session->run, "outliers",
			tare_arena_printf(session->arena, "%s: %zu of %zu invocations %s",
				record->name, outliers.severe, count,
				outliers.severe == 1 ? "is a severe outlier"
						     : "are severe outliers"),
			"quieten the machine, pin the benchmark with `cpus:`, or add a warm-up");
	if (tare_bimodal(values, count))
		tare_run_warn(session->run, "bimodal",
			tare_arena_printf(session->arena, "%s: wall times fall into two groups",
				record->name),
			"look at the samples in run order: caches, frequency or another process "
			"may "
			"switch between two states");
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
	tare_run_warn(session->run, "no_base",
		tare_arena_printf(session->arena,
			"%s failed, so that there is nothing to compare its other variants with",
			base->name),
		"mend it, or put a variant that works first");
}

static void
warn_of_suites(struct tare_session *session)
{
	tare_run_warn(session->run, "suites",
		tare_arena_printf(session->arena,
			"the runs are of different suites, \"%s\" and \"%s\": cases of one name "
			"may "
			"have nothing to do with each other",
			session->base->suite, session->run->suite),
		"compare with a run of the same suite");
}

static enum tare_status
compare(struct tare_session *session, struct tare_err *err)
{
	const struct tare_compare_options options = {.margin = session->options.margin};
	struct tare_run *run = session->run;
	struct tare_gate gate;
	enum tare_status status = tare_stage_gate_choose(&gate, session, err);

	if (status == TARE_OK && session->base && !session->options.mixed_runners)
		status = tare_mixing_check(session->base, run, err);
	if (status != TARE_OK)
		return status;
	for (size_t i = 0; i < run->case_count; i++) {
		warn_of_shape(session, &run->cases[i]);
		warn_of_missing_base(session, i);
	}
	if (session->base && strcmp(session->base->suite, run->suite) != 0)
		warn_of_suites(session);
	status = tare_compare_variants(&session->sets[0], session->arena, run, &options, err);
	if (status != TARE_OK)
		return status;
	session->set_count = 1;
	if (session->base) {
		status = tare_compare_runs(
			&session->sets[1], session->arena, session->base, run, &options, err);
		if (status != TARE_OK)
			return status;
		session->set_count = 2;
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
