#include <math.h>
#include <string.h>
#include <sys/wait.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/secret.h"
#include "harness/machine/scrub.h"
#include "harness/model/warning.h"
#include "harness/stages/counting.h"
#include "harness/stages/measure.h"
#include "runners/agent/wire.h"

void
tare_record_values(double *values_out, const struct tare_agent_record *record)
{
	double voluntary = (double)record->voluntary_switches;

	values_out[TARE_METRIC_WALL] = (double)record->wall_ns;
	values_out[TARE_METRIC_USER] = (double)record->user_ns;
	values_out[TARE_METRIC_SYS] = (double)record->sys_ns;
	values_out[TARE_METRIC_CPU] = (double)(record->user_ns + record->sys_ns);
	values_out[TARE_METRIC_MAX_RSS] = (double)record->max_rss_bytes;
	values_out[TARE_METRIC_PAGE_FAULTS] = (double)(record->minor_faults + record->major_faults);
	values_out[TARE_METRIC_MAJOR_FAULTS] = (double)record->major_faults;
	values_out[TARE_METRIC_CONTEXT_SWITCHES] = voluntary + (double)record->involuntary_switches;
	values_out[TARE_METRIC_INVOLUNTARY_SWITCHES] = (double)record->involuntary_switches;
}

static enum tare_status
journal_sample(struct tare_measure *measure, const struct tare_sample *sample, struct tare_err *err)
{
	struct tare_journal *journal = measure->session->journal;
	enum tare_status status = TARE_OK;

	/* What the journal does not hold will be measured again, and must not be there twice. */
	if (journal)
		status = tare_journal_sample(journal, measure->run, sample, err);
	if (status != TARE_OK)
		return status;
	tare_run_add_sample(measure->run, sample);
	if (sample->seq > measure->last_seq)
		measure->last_seq = sample->seq;
	return TARE_OK;
}

/* A program may repeat what it was told. */
static const char *
without_secrets(struct tare_measure *measure, const struct tare_case *subject, const char *text)
{
	if (!text)
		return NULL;
	text = tare_scrub_variables(measure->scratch, text, environ);
	if (subject->program.env)
		text = tare_scrub_variables(measure->scratch, text, subject->program.env);
	return tare_secret_mask_text(measure->scratch, text);
}

/* The sample says of which invocation. */
static enum tare_status
fail_case(struct tare_measure *measure, struct tare_measured_case *mine, struct tare_sample *sample,
	const char *text, const char *stderr_tail, struct tare_err *err)
{
	sample->case_index = (uint32_t)mine->subject->index;
	sample->ok = false;
	sample->values = mine->values;
	sample->failure = without_secrets(measure, mine->subject, text);
	sample->stderr_tail = without_secrets(measure, mine->subject, stderr_tail);
	mine->over = true;
	return journal_sample(measure, sample, err);
}

enum tare_status
tare_measure_fail_outside(struct tare_measure *measure, struct tare_measured_case *mine,
	const char *text, const char *tail, struct tare_err *err)
{
	struct tare_sample sample = {
		.pair = mine->next_pair,
		.start_ns = tare_monotonic_ns() - measure->began_ns,
	};

	return fail_case(measure, mine, &sample, text, tail, err);
}

enum tare_status
tare_measure_refuse_case(struct tare_measure *measure, struct tare_measured_case *mine,
	const struct tare_err *why, struct tare_err *err)
{
	if (why->status != TARE_INTERRUPTED)
		return tare_measure_fail_outside(measure, mine, why->text, NULL, err);
	*err = *why;
	return why->status;
}

static bool
needs_log(const struct tare_case *subject)
{
	return subject->setup || subject->prepare || subject->conclude || subject->cleanup ||
	       subject->service_count > 0;
}

/* The parts of beginning that a refusal of one case may come from. */
static enum tare_status
begin_on_runner(struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	const char *cpus = "";
	enum tare_status status = TARE_OK;

	/* Most cases have no use for theirs. */
	mine->has_folder =
		subject->scratch_dir && tare_measure_mentions(subject, subject->scratch_dir);
	if (mine->has_folder)
		status = tare_scratch_make(&measure->folders, subject->scratch_dir, err);
	if (status == TARE_OK)
		status = mine->on->ops->case_begin(mine->on->runner, &cpus, subject, err);
	if (status == TARE_OK)
		status = tare_extractor_new(&mine->extractor, subject, err);
	if (status == TARE_OK)
		tare_extractor_watch(mine->extractor, measure->session->options.interrupted);
	if (status == TARE_OK)
		mine->record->cpus = tare_arena_strdup(measure->run->arena, cpus);
	if (status == TARE_OK && mine->on->ops->describe)
		status = tare_measure_note_facts(measure, mine, err);
	return status;
}

enum tare_status
tare_measure_begin_case(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	struct tare_arena *arena = measure->session->arena;
	struct tare_err why = {0};
	enum tare_status status = TARE_OK;

	mine->values = tare_arena_alloc(arena, subject->metric_count, sizeof(*mine->values));
	mine->counted = tare_arena_alloc(arena, subject->metric_count, sizeof(*mine->counted));
	mine->service_ids =
		tare_arena_alloc(arena, subject->service_count, sizeof(*mine->service_ids));
	mine->log_path =
		tare_arena_printf(arena, "%s/case-%zu.log", measure->log_dir, subject->index);
	if (needs_log(subject))
		status = tare_dir_make(measure->log_dir, err);
	if (status != TARE_OK)
		return status;
	status = tare_measure_open_runner(measure, &mine->on, subject->runner, &why);
	if (status == TARE_OUTSIDE) {
		*err = why;
		return status;
	}
	if (status == TARE_OK)
		status = begin_on_runner(measure, mine, &why);
	if (status != TARE_OK)
		return tare_measure_refuse_case(measure, mine, &why, err);
	status = tare_measure_need_services(measure, mine, err);
	if (status != TARE_OK || mine->over)
		return status;
	mine->set_up = true;
	return tare_measure_hook(measure, mine, "setup", subject->setup, err);
}

/* A cleanup that was killed is not tried again: somebody is waiting. What it left is theirs to
 * know. */
static enum tare_status
clean_up(struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	if (!mine->set_up || !mine->subject->cleanup)
		return TARE_OK;
	mine->set_up = false;
	if (!measure->hurried)
		status = tare_measure_hook(measure, mine, "cleanup", mine->subject->cleanup, err);
	if (status == TARE_OK && !measure->hurried)
		return TARE_OK;
	tare_warn(measure->run, TARE_WARN_NOT_CLEANED_UP, 0, "%s: cleanup did not come to its end",
		mine->subject->name);
	return status;
}

enum tare_status
tare_measure_end_case(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	struct tare_err late = {0};
	enum tare_status status, stopped;

	if (!mine->on)
		return TARE_OK;
	status = clean_up(measure, mine, err);
	stopped = tare_measure_stop_services(measure, mine, &late);
	mine->on->ops->case_end(mine->on->runner, mine->subject);
	if (mine->has_folder)
		tare_dir_remove(mine->subject->scratch_dir, NULL);
	tare_extractor_free(mine->extractor);
	mine->extractor = NULL;
	mine->on = NULL;
	if (status == TARE_OK && stopped != TARE_OK) {
		*err = late;
		status = stopped;
	}
	return status;
}

bool
tare_measure_batches(const struct tare_measured_case *mine)
{
	const struct tare_case *subject = mine->subject;

	return mine->on && !subject->prepare && !subject->conclude &&
	       !tare_extractor_reads_output(mine->extractor) &&
	       mine->on->ops->supports_batch(mine->on->runner, subject);
}

/* What the runner cost besides stands in the first row. */
static void
take_figures(struct tare_measured_case *mine, const struct tare_sample *sample)
{
	const struct tare_case *subject = mine->subject;
	double figures[TARE_RUNNER_METRIC_COUNT];
	size_t first = TARE_BUILTIN_METRIC_COUNT;

	if (!mine->on->ops->figures || sample->warmup || sample->pair != 0)
		return;
	while (first < subject->metric_count && subject->rules[first].source != TARE_SOURCE_RUNNER)
		first++;
	if (first + TARE_RUNNER_METRIC_COUNT > subject->metric_count)
		return;
	mine->on->ops->figures(mine->on->runner, subject, figures);
	memcpy(&mine->values[first], figures, sizeof(figures));
}

static enum tare_status
take_values(struct tare_measure *measure, struct tare_measured_case *mine,
	struct tare_sample *sample, const struct tare_outcome *outcome, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	const struct tare_output output = {
		.text = {outcome->stdout_text, outcome->stderr_text},
		.len = {outcome->stdout_len, outcome->stderr_len},
	};
	enum tare_status status;

	if (outcome->values) {
		memcpy(mine->values, outcome->values, subject->metric_count * sizeof(double));
		return TARE_OK;
	}
	for (size_t i = TARE_BUILTIN_METRIC_COUNT; i < subject->metric_count; i++)
		mine->values[i] = NAN;
	tare_record_values(mine->values, &outcome->record);
	take_figures(mine, sample);
	tare_counting_fill(sample, mine->counted, subject, &outcome->record, &outcome->counts,
		outcome->around);
	tare_counting_take_simulated(sample, mine->counted, subject, mine->simulated);
	if (!tare_extractor_reads_output(mine->extractor))
		return TARE_OK;
	status = tare_extract_check(mine->extractor, &output, err);
	if (status != TARE_OK)
		return status;
	return tare_extract_metrics(mine->extractor, sample, measure->scratch, &output, err);
}

/* What was cut off the output that is looked at; NULL where it is all there. */
static const char *
cut_text(const struct tare_measured_case *mine, const struct tare_outcome *outcome)
{
	if (outcome->output_cut)
		return "only the first 16 MiB of its captured output were read";
	if (outcome->stderr_cut && tare_extractor_reads_errors(mine->extractor))
		return "only the last 64 KiB of its standard error were read";
	return NULL;
}

static void
warn_of_outcome(struct tare_measure *measure, const struct tare_measured_case *mine,
	const struct tare_outcome *outcome)
{
	const char *cut = cut_text(mine, outcome);

	if (outcome->record.flags & TARE_RECORD_LEFTOVERS)
		tare_warn(measure->run, TARE_WARN_LEFTOVERS, 0,
			"%s left processes running, which were killed", mine->subject->name);
	if (outcome->threads_free)
		tare_warn(measure->run, TARE_WARN_THREADS_NOT_PINNED, TARE_HABIT_PINS,
			"%s: its threads are not pinned", mine->subject->name);
	if (cut)
		tare_warn(
			measure->run, TARE_WARN_OUTPUT_CUT, 0, "%s: %s", mine->subject->name, cut);
}

static enum tare_status
take_outcome(struct tare_measure *measure, struct tare_measured_case *mine, bool warmup,
	const struct tare_outcome *outcome, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	const struct tare_agent_record *record = &outcome->record;
	struct tare_sample sample = {
		.seq = record->seq,
		.case_index = (uint32_t)subject->index,
		.pair = record->pair,
		.warmup = warmup,
		.ok = true,
		.start_ns = record->start_ns - measure->began_ns,
		.values = mine->values,
	};
	const char *failure = NULL, *cut;
	struct tare_err why = {0};

	if (!outcome->values)
		failure = tare_outcome_failure(measure->scratch, outcome, &subject->program,
			subject->expect.exit_codes, subject->expect.exit_code_count);
	if (!failure && take_values(measure, mine, &sample, outcome, &why) != TARE_OK) {
		if (why.status == TARE_INTERRUPTED) {
			*err = why;
			return why.status;
		}
		cut = cut_text(mine, outcome);
		failure = cut ? tare_arena_printf(measure->scratch, "%s; %s", why.text, cut)
			      : why.text;
	}
	if (subject->pads_environment && mine->on->ops != &tare_runner_replay)
		sample.padding_bytes = (uint32_t)strlen(tare_wire_padding_name) + 1 +
				       tare_wire_padding(measure->run->seed, record->pair);
	tare_counting_derive(&sample, mine->counted, subject);
	tare_measure_noise_label(measure, mine, &sample, record);
	warn_of_outcome(measure, mine, outcome);
	if (failure)
		return fail_case(measure, mine, &sample, failure,
			tare_tail_of_text(
				measure->scratch, outcome->stderr_text, outcome->stderr_len),
			err);
	return journal_sample(measure, &sample, err);
}

static enum tare_status
take_outcomes(struct tare_measure *measure, struct tare_measured_case *mine, bool warmup,
	uint32_t done, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (uint32_t i = 0; i < done && status == TARE_OK && !mine->over; i++) {
		status = take_outcome(measure, mine, warmup, &measure->outcomes[i], err);
		if (warmup)
			mine->warmups++;
		else
			mine->next_pair++;
	}
	return status;
}

/* Replayed time passes as if it were real, so that budgets mean the same. */
static uint64_t
replayed_time(const struct tare_measure *measure, uint32_t done)
{
	double sum_ns = 0.0;

	for (uint32_t i = 0; i < done; i++)
		sum_ns += fmax(0.0, measure->outcomes[i].values[TARE_METRIC_WALL]);
	return (uint64_t)sum_ns;
}

/* The outcomes, and what the runner had to say besides. */
static enum tare_status
invoke(struct tare_measure *measure, struct tare_measured_case *mine,
	const struct tare_visit *visit, uint32_t *done_out, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	const struct tare_invocation invocation = {
		.subject = subject,
		.program = &subject->program,
		.role = TARE_ROLE_MEASURED,
		.seq = measure->last_seq + 1,
		.pair = visit->warmup ? (uint32_t)mine->record->warmup_count : mine->next_pair,
		.turn = visit->warmup ? 0 : mine->turns++,
		.warmup = visit->warmup,
		.count = visit->count,
		.budget_ns = visit->budget_ns,
	};
	struct tare_err why = {0};
	enum tare_status status, taken;

	tare_measure_noise_begin(measure, mine);
	status = mine->on->ops->invoke(
		mine->on->runner, measure->outcomes, done_out, &invocation, &why);
	tare_measure_noise_end(measure, mine, *done_out);
	taken = take_outcomes(measure, mine, visit->warmup, *done_out, err);
	if (taken != TARE_OK)
		return taken;
	if (status == TARE_OUTSIDE) {
		*err = why;
		return tare_err_where(err, "%s", subject->name);
	}
	if (status == TARE_FAILED)
		tare_err_where(&why, "measuring broke off");
	if (status != TARE_OK)
		return tare_measure_refuse_case(measure, mine, &why, err);
	/* Nothing was run and nothing went wrong: a replayed list has ended. */
	if (*done_out == 0)
		mine->over = true;
	return TARE_OK;
}

enum tare_status
tare_measure_invoke(struct tare_measure *measure, struct tare_measured_case *mine,
	const struct tare_visit *visit, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;
	uint64_t began_ns, replayed_ns = 0;
	enum tare_status status = TARE_OK, concluded = TARE_OK;
	struct tare_err late = {0};
	uint32_t done = 0;
	bool replayed;

	tare_arena_reset(measure->scratch);
	if (!visit->warmup)
		status = tare_counting_simulate(measure, mine, err);
	if (status != TARE_OK || mine->over)
		return status;
	began_ns = tare_monotonic_ns(); /* simulating is not in the budget */
	status = tare_measure_hook(measure, mine, "prepare", subject->prepare, err);
	if (status != TARE_OK || mine->over)
		return status;
	status = invoke(measure, mine, visit, &done, err);
	/* A hook takes the place of the outcomes. */
	replayed = done > 0 && measure->outcomes[0].values;
	if (replayed)
		replayed_ns = replayed_time(measure, done);
	/* What was prepared is concluded, whatever became of the invocation. */
	if (status == TARE_OK || status == TARE_INTERRUPTED)
		concluded = tare_measure_hook(measure, mine, "conclude", subject->conclude, &late);
	if (!visit->warmup)
		mine->spent_ns += replayed ? replayed_ns : tare_monotonic_ns() - began_ns;
	if (status == TARE_OK && concluded != TARE_OK) {
		*err = late;
		status = concluded;
	}
	return status;
}
