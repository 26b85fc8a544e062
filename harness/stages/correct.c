#include "harness/stages/correct.h"

#include <math.h>
#include <string.h>

#include "calibrate/calibration.h"
#include "harness/base/units.h"
#include "harness/model/container.h"
#include "harness/stages/stage.h"

/* A calibration of the history; its run is read when it is first asked for. */
struct candidate {
	struct tare_calibration_made made;
	struct tare_run *run;
	const struct tare_weights *weights; /* read, and this is what came out */
	struct tare_correction_line line;
};

struct finder {
	struct tare_arena *arena;
	struct tare_store *store; /* NULL: there is none */
	const struct tare_run *run;
	uint64_t max_age_ns;
	struct candidate *candidates; /* newest first */
	size_t count;
};

/* How far a candidate came. */
enum distance {
	ELSEWHERE_OR_OLD,
	OF_OTHER_FACTS,
	UNUSABLE,
	VALID,
};

static enum tare_status
list_candidates(struct finder *finder, struct tare_err *err)
{
	const struct tare_store_filter filter = {.suite = TARE_CALIBRATION_SUITE};
	struct tare_store_run *runs;
	enum tare_status status;

	if (!finder->store)
		return TARE_OK;
	status = finder->store->ops->list_runs(
		finder->store, &runs, &finder->count, finder->arena, &filter, err);
	if (status != TARE_OK)
		return status;
	finder->candidates =
		tare_arena_alloc(finder->arena, finder->count, sizeof(*finder->candidates));
	for (size_t i = 0; i < finder->count; i++)
		finder->candidates[i] = (struct candidate){
			.made = {runs[i].id, runs[i].fingerprint, runs[i].started_unix_ns}};
	return TARE_OK;
}

static enum tare_status
read_candidate(struct finder *finder, struct candidate *one, struct tare_err *err)
{
	struct tare_calibration *calibration;
	struct tare_weights *weights;
	enum tare_status status = tare_calibration_read(&calibration, finder->arena, one->run, err);

	if (status != TARE_OK)
		return status;
	weights = tare_calibration_weights(finder->arena, calibration);
	/* The run goes when everything is found. */
	weights->id = one->made.id;
	one->weights = weights;
	if (calibration->has_fit)
		one->line = tare_fit_correction(&calibration->fit);
	one->line.by = weights;
	return TARE_OK;
}

/* What costs least is asked first. *why_out says what is against it. */
static enum tare_status
examine(enum distance *distance_out, struct tare_err *why_out, struct finder *finder,
	struct candidate *one, const struct tare_run_case *subject, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	*distance_out = ELSEWHERE_OR_OLD;
	if (tare_calibration_check_made(&one->made, finder->run, finder->max_age_ns, why_out) !=
		TARE_OK)
		return TARE_OK;
	if (!one->run)
		status = finder->store->ops->get_run(finder->store, &one->run, one->made.id, err);
	if (status != TARE_OK)
		return status;
	*distance_out = OF_OTHER_FACTS;
	if (tare_calibration_check_facts(one->run, finder->run, subject, why_out) != TARE_OK)
		return TARE_OK;
	if (!one->weights)
		status = read_candidate(finder, one, err);
	if (status != TARE_OK)
		return status;
	*distance_out = one->weights->why_not ? UNUSABLE : VALID;
	if (one->weights->why_not)
		tare_err_set(why_out, TARE_INVALID, "calibration %s cannot be used: %s",
			one->made.id, one->weights->why_not);
	return TARE_OK;
}

/* *why_out in the arena where *line_out is NULL. */
static enum tare_status
find_line(const struct tare_correction_line **line_out, const char **why_out, struct finder *finder,
	const struct tare_run_case *subject, struct tare_err *err)
{
	enum distance nearest = ELSEWHERE_OR_OLD;

	*line_out = NULL;
	*why_out = TARE_NO_CALIBRATION;
	for (size_t i = 0; i < finder->count; i++) {
		struct candidate *one = &finder->candidates[i];
		enum distance distance;
		struct tare_err why = {0};
		enum tare_status status = examine(&distance, &why, finder, one, subject, err);

		if (status != TARE_OK)
			return status;
		if (distance == VALID) {
			*line_out = &one->line;
			*why_out = NULL;
			return TARE_OK;
		}
		if (i > 0 && distance <= nearest)
			continue;
		nearest = distance;
		*why_out = tare_arena_strdup(finder->arena, why.text);
	}
	return TARE_OK;
}

/* The median of wall with its interval, and the shortest. */
static struct tare_span
raw_span(double *shortest_out, struct tare_arena *arena, const struct tare_run_case *subject)
{
	const struct tare_samples *samples = &subject->samples;
	double *values = tare_arena_alloc(arena, samples->count + 1, sizeof(*values));
	struct tare_interval median = {NAN, NAN, NAN};
	size_t n = 0;

	if (samples->count > 0 && samples->metric_count > TARE_METRIC_WALL)
		n = tare_finite(values, tare_samples_values(values, samples, TARE_METRIC_WALL));
	tare_sort(values, n);
	*shortest_out = n > 0 ? values[0] : NAN;
	if (n > 0)
		tare_median_interval(&median, values, n, 0.05);
	return (struct tare_span){median.estimate, median.low, median.high};
}

static const char *
too_short(struct tare_arena *arena, const struct tare_correction_line *line, double median_ns)
{
	char median[TARE_UNITS_TEXT_MAX], shortest[TARE_UNITS_TEXT_MAX];

	tare_value_format(median, sizeof(median), median_ns, "ns");
	tare_value_format(shortest, sizeof(shortest), line->shortest_ns, "ns");
	return tare_arena_printf(arena,
		"its median, %s, is less than the %s of the shortest workload that calibration %s "
		"was made with, and a limit that slows long programs down need not slow short ones",
		median, shortest, line->by->id);
}

static enum tare_status
correct_case(struct tare_corrected *made, struct finder *finder,
	const struct tare_run_case *subject, struct tare_err *err)
{
	static const struct tare_span nothing = {NAN, NAN, NAN};
	char shortest_text[TARE_UNITS_TEXT_MAX], alpha[TARE_UNITS_TEXT_MAX];
	const struct tare_correction_line *line = NULL;
	double shortest;
	enum tare_status status;

	*made = (struct tare_corrected){.inside = tare_runner_is_container(subject->runner),
		.raw = raw_span(&shortest, finder->arena, subject),
		.host = nothing};
	if (!made->inside || isnan(made->raw.estimate))
		return TARE_OK;
	status = find_line(&line, &made->why_not, finder, subject, err);
	if (status != TARE_OK || !line)
		return status;
	if (shortest <= fmax(line->alpha, 0)) {
		tare_value_format(shortest_text, sizeof(shortest_text), shortest, "ns");
		tare_value_format(alpha, sizeof(alpha), line->alpha, "ns");
		made->why_not = tare_arena_printf(finder->arena,
			"its shortest time, %s, is not above the %s that calibration %s would "
			"subtract",
			shortest_text, alpha, line->by->id);
		return TARE_OK;
	}
	if (!tare_correction_reaches(line, made->raw.estimate)) {
		made->why_not = too_short(finder->arena, line, made->raw.estimate);
		return TARE_OK;
	}
	made->line = line;
	made->host = tare_correction_span(line, &made->raw);
	return TARE_OK;
}

static void
note_calibration(struct tare_correction *correction, const struct tare_weights *by)
{
	for (size_t i = 0; i < correction->calibration_count; i++)
		if (correction->calibrations[i] == by)
			return;
	correction->calibrations[correction->calibration_count++] = by;
}

static enum tare_status
correct_cases(struct tare_correction *correction, struct finder *finder, struct tare_err *err)
{
	const char *first = NULL;

	for (size_t i = 0; i < correction->case_count; i++) {
		struct tare_corrected *one = &correction->cases[i];
		enum tare_status status = correct_case(one, finder, &finder->run->cases[i], err);

		if (status != TARE_OK)
			return status;
		if (one->line) {
			correction->corrected_count++;
			note_calibration(correction, one->line->by);
		}
		if (!first)
			first = one->why_not;
	}
	if (correction->corrected_count == 0)
		correction->refusal = first;
	return TARE_OK;
}

enum tare_status
tare_correction_make(struct tare_correction **correction_out, struct tare_arena *arena,
	const struct tare_run *run, struct tare_store *store, uint64_t max_age_ns,
	struct tare_err *err)
{
	struct finder finder = {.arena = arena,
		.store = store,
		.run = run,
		.max_age_ns = max_age_ns ? max_age_ns : TARE_CALIBRATION_AGE_NS};
	struct tare_correction *made = tare_arena_alloc(arena, 1, sizeof(*made));
	enum tare_status status = list_candidates(&finder, err);

	if (status != TARE_OK)
		return status;
	*made = (struct tare_correction){.asked = "", .case_count = run->case_count};
	made->cases = tare_arena_alloc(arena, run->case_count, sizeof(*made->cases));
	made->calibrations = tare_arena_alloc(arena, finder.count, sizeof(*made->calibrations));
	status = correct_cases(made, &finder, err);
	for (size_t i = 0; i < finder.count; i++)
		tare_run_free(finder.candidates[i].run);
	if (status == TARE_OK)
		*correction_out = made;
	return status;
}

enum tare_status
tare_correction_find(struct tare_correction **correction_out, struct tare_arena *arena,
	const struct tare_run *run, const char *store_url, uint64_t max_age_ns,
	struct tare_err *err)
{
	struct tare_store *store = NULL;
	enum tare_status status = tare_store_open_existing(&store, store_url, err);

	if (status != TARE_OK && status != TARE_NOT_FOUND)
		return status;
	status = tare_correction_make(correction_out, arena, run, store, max_age_ns, err);
	tare_store_close(store);
	return status;
}

enum tare_status
tare_correction_any(
	bool *any_out, struct tare_arena *arena, const char *store_url, struct tare_err *err)
{
	const struct tare_store_filter filter = {.suite = TARE_CALIBRATION_SUITE, .limit = 1};
	struct tare_store *store = NULL;
	struct tare_store_run *runs;
	size_t count = 0;
	enum tare_status status = tare_store_open_existing(&store, store_url, err);

	if (status == TARE_OK)
		status = store->ops->list_runs(store, &runs, &count, arena, &filter, err);
	tare_store_close(store);
	if (status != TARE_OK && status != TARE_NOT_FOUND)
		return status;
	*any_out = count > 0;
	return TARE_OK;
}

enum tare_status
tare_correct_options(struct tare_session *session, const char *correct, const char *max_age,
	struct tare_err *err)
{
	if (correct && strcmp(correct, "container") != 0 && strcmp(correct, "none") != 0)
		return tare_err_set(err, TARE_INVALID,
			"--correct '%s' is not known; expected container or none", correct);
	if (max_age && tare_duration_parse(&session->options.max_age_ns, max_age, err) != TARE_OK)
		return tare_err_where(err, "--max-age");
	if (max_age && session->options.max_age_ns == 0)
		return tare_err_set(err, TARE_INVALID, "--max-age '%s' is not above 0", max_age);
	session->options.correct = correct;
	return TARE_OK;
}

static bool
has_runner(const struct tare_run *run, bool container)
{
	for (size_t i = 0; i < run->case_count; i++) {
		const char *runner = run->cases[i].runner;

		if (container ? tare_runner_is_container(runner) : strcmp(runner, "host") == 0)
			return true;
	}
	return false;
}

/* Whether some case of one may meet one of the other that has no container. */
static bool
may_be_mixed(const struct tare_run *base, const struct tare_run *head)
{
	return (has_runner(base, true) && has_runner(head, false)) ||
	       (has_runner(base, false) && has_runner(head, true));
}

/* By whom a correction of this run is asked for; NULL: by nobody. */
static const char *
asked_by(const struct tare_session *session, const struct tare_run *run)
{
	const char *said = tare_environment_get(&run->environment, TARE_FACT_CORRECT);

	if (session->options.correct)
		return strcmp(session->options.correct, "container") == 0 ? "--correct=container"
									  : NULL;
	return said && strcmp(said, "container") == 0 ? "the suite" : NULL;
}

static uint64_t
max_age_of(const struct tare_session *session, const struct tare_run *run)
{
	const char *said = tare_environment_get(&run->environment, TARE_FACT_MAX_AGE);
	uint64_t ns = session->options.max_age_ns;

	if (ns == 0 && said && tare_duration_parse(&ns, said, NULL) != TARE_OK)
		ns = 0;
	return ns;
}

static enum tare_status
correct_run(struct tare_correction **correction_out, struct tare_session *session,
	const struct tare_run *run, bool mixed, struct tare_err *err)
{
	const char *asked = asked_by(session, run);
	struct tare_correction *made;
	enum tare_status status;

	if (!run || !has_runner(run, true) || (!asked && !mixed))
		return TARE_OK;
	status = tare_correction_find(&made, session->arena, run, session->options.store_url,
		max_age_of(session, run), err);
	if (status != TARE_OK)
		return status;
	made->asked = asked ? asked : "a comparison of a container with the host";
	made->mixed_only = !asked;
	*correction_out = made;
	return TARE_OK;
}

static enum tare_status
check_asked(const struct tare_session *session, struct tare_err *err)
{
	const struct tare_correction *all[] = {session->correction, session->base_correction};
	bool asked = session->options.correct && !strcmp(session->options.correct, "container");

	if (!asked || !session->options.must_correct)
		return TARE_OK;
	if (!all[0] && !all[1])
		return tare_err_set(err, TARE_INVALID,
			"no case of run %s ran in a container, so there is nothing to correct",
			session->run->id);
	for (size_t i = 0; i < 2; i++)
		if (all[i] && all[i]->refusal)
			return tare_err_set(
				err, TARE_INVALID, "nothing is corrected: %s", all[i]->refusal);
	return TARE_OK;
}

static enum tare_status
read_weights(struct tare_session *session, struct tare_err *err)
{
	struct tare_calibration *calibration;
	enum tare_status status;

	if (!tare_calibration_is(session->run))
		return TARE_OK;
	status = tare_calibration_read(&calibration, session->arena, session->run, err);
	if (status == TARE_OK)
		session->weights = tare_calibration_weights(session->arena, calibration);
	return status;
}

static enum tare_status
correct(struct tare_session *session, struct tare_err *err)
{
	const struct tare_session_options *options = &session->options;
	bool refused = options->correct && strcmp(options->correct, "none") == 0;
	bool mixed = session->base && !options->mixed_runners && !refused &&
		     may_be_mixed(session->base, session->run);
	enum tare_status status = read_weights(session, err);

	if (status == TARE_OK)
		status = correct_run(&session->correction, session, session->run, mixed, err);
	if (status == TARE_OK && session->base)
		status = correct_run(&session->base_correction, session, session->base, mixed, err);
	if (status != TARE_OK)
		return status;
	return check_asked(session, err);
}

const struct tare_stage tare_stage_correct = {
	.name = "correct",
	.needs = TARE_PART_SAMPLES | TARE_PART_BASELINE,
	.makes = TARE_PART_CORRECTION,
	.run = correct,
};
