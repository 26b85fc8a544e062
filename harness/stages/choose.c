#include "harness/stages/choose.h"

#include <stdlib.h>
#include <string.h>

#include "harness/compare/compare.h"
#include "harness/model/container.h"
#include "harness/model/journal.h"
#include "harness/stages/correct.h"
#include "harness/stages/mixing.h"
#include "harness/stages/stage.h"
#include "runners/runner.h"

enum { CHOICES_MAX = 8 };

static enum tare_status
choose_by_engine(struct tare_choice *choice_out, struct tare_arena *arena,
	const struct tare_choice_grounds *grounds)
{
	static const char *const engines[] = {"docker", "podman"};
	struct tare_err why = {.text = "there is none"};

	for (size_t i = 0; grounds->supported && i < 2; i++) {
		struct tare_err ignored;

		if (grounds->supported(engines[i], i == 0 ? &why : &ignored) != TARE_OK)
			continue;
		*choice_out = (struct tare_choice){
			engines[i], tare_arena_printf(arena, "environment %s, and %s answers",
					    grounds->environment, engines[i])};
		return TARE_OK;
	}
	*choice_out = (struct tare_choice){
		"host", tare_arena_printf(arena, "no container engine: %s", why.text)};
	return TARE_OK;
}

enum tare_status
tare_runner_choose(struct tare_choice *choice_out, struct tare_arena *arena,
	const struct tare_choice_grounds *grounds, struct tare_err *err)
{
	const char *mode = grounds->mode ? grounds->mode : "";

	if (strcmp(mode, "docker") == 0)
		*choice_out = (struct tare_choice){"docker", "BENCHMARK_MODE=docker"};
	else if (strcmp(mode, "bare_metal") == 0)
		*choice_out = (struct tare_choice){"host", "BENCHMARK_MODE=bare_metal"};
	else if (*mode)
		return tare_err_set(err, TARE_INVALID,
			"BENCHMARK_MODE is '%.64s'; expected docker or bare_metal", mode);
	else if (grounds->baseline_runner)
		*choice_out = (struct tare_choice){grounds->baseline_runner, "as in the baseline"};
	else if (strcmp(grounds->environment, "production") == 0)
		*choice_out = (struct tare_choice){"host", "environment production"};
	else if (strcmp(grounds->environment, "ci") == 0)
		*choice_out = (struct tare_choice){"docker", "environment ci"};
	else
		return choose_by_engine(choice_out, arena, grounds);
	return TARE_OK;
}

static enum tare_status
is_supported(const char *runner, struct tare_err *err)
{
	return tare_runner_find(runner)->supported(err);
}

/* A replayed baseline says nothing of where programs run. */
static const char *
runner_in(const struct tare_run *base, const char *name)
{
	for (size_t i = 0; base && i < base->case_count; i++) {
		const struct tare_runner_ops *ops = tare_runner_find(base->cases[i].runner);

		if (strcmp(base->cases[i].name, name) == 0)
			return ops && strcmp(ops->name, "replay") != 0 ? ops->name : NULL;
	}
	return NULL;
}

/* On the host nothing is known of containers. */
static void
drop_figures(struct tare_case *subject)
{
	while (subject->metric_count > TARE_BUILTIN_METRIC_COUNT &&
		subject->rules[subject->metric_count - 1].source == TARE_SOURCE_RUNNER)
		subject->metric_count--;
}

struct told {
	struct tare_choice choices[CHOICES_MAX];
	size_t count;
};

static void
tell(struct told *told, const struct tare_choice *choice, FILE *out)
{
	for (size_t i = 0; i < told->count; i++) {
		if (strcmp(told->choices[i].runner, choice->runner) == 0 &&
			strcmp(told->choices[i].reason, choice->reason) == 0)
			return;
	}
	if (told->count < CHOICES_MAX)
		told->choices[told->count++] = *choice;
	if (out)
		fprintf(out, "runner auto: %s (%s)\n", choice->runner, choice->reason);
}

enum tare_status
tare_plan_choose_runners(struct tare_plan *plan, struct tare_arena *arena,
	const struct tare_run *base, FILE *out, struct tare_err *err)
{
	struct tare_choice_grounds grounds = {.mode = getenv("BENCHMARK_MODE"),
		.environment = plan->environment,
		.supported = is_supported};
	struct tare_choice by_engine = {0};
	struct told told = {0};

	for (size_t i = 0; i < plan->case_count; i++) {
		struct tare_case *subject = &plan->cases[i];
		struct tare_choice choice = by_engine;
		enum tare_status status = TARE_OK;

		if (strcmp(subject->runner, "auto") != 0)
			continue;
		grounds.baseline_runner = runner_in(base, subject->name);
		/* The engines are asked once. */
		if (!by_engine.runner || grounds.baseline_runner)
			status = tare_runner_choose(&choice, arena, &grounds, err);
		if (status != TARE_OK)
			return status;
		if (!grounds.baseline_runner)
			by_engine = choice;
		subject->runner = choice.runner;
		if (strcmp(choice.runner, "host") == 0)
			drop_figures(subject);
		tell(&told, &choice, out);
	}
	return TARE_OK;
}

static const struct tare_run_case *
find_case(const struct tare_run *run, const char *name)
{
	for (size_t i = 0; i < run->case_count; i++) {
		if (strcmp(run->cases[i].name, name) == 0)
			return &run->cases[i];
	}
	return NULL;
}

/* Why a mixed pair will not be corrected, as far as it is known before measuring; NULL: it may be.
 * What a container of the baseline says is all there; of one that is still to be made only whether
 * there is any calibration. */
static enum tare_status
foresee(const char **why_out, struct tare_correction **found, const struct tare_session *session,
	const struct tare_run_case *other, struct tare_err *err)
{
	const struct tare_session_options *options = &session->options;
	bool any = false;
	enum tare_status status = TARE_OK;

	if (options->correct && strcmp(options->correct, "none") == 0) {
		*why_out = "nothing is to be corrected";
		return TARE_OK;
	}
	if (!tare_runner_is_container(other->runner)) {
		status = tare_correction_any(&any, session->arena, options->store_url, err);
		*why_out = any ? NULL : TARE_NO_CALIBRATION;
		return status;
	}
	if (!*found)
		status = tare_correction_find(found, session->arena, session->base,
			options->store_url, options->max_age_ns, err);
	if (status == TARE_OK)
		*why_out = (*found)->cases[other - session->base->cases].why_not;
	return status;
}

/* Refused before it takes any time. */
static enum tare_status
check_mixing(const struct tare_session *session, struct tare_err *err)
{
	const struct tare_plan *plan = session->plan;
	struct tare_correction *found = NULL;

	if (!session->base || session->options.mixed_runners)
		return TARE_OK;
	for (size_t i = 0; i < plan->case_count; i++) {
		const struct tare_run_case planned = {.runner = plan->cases[i].runner};
		const struct tare_run_case *other = find_case(session->base, plan->cases[i].name);
		const char *why = NULL;
		enum tare_status status;

		if (!other || !tare_compare_is_mixed(other, &planned))
			continue;
		status = foresee(&why, &found, session, other, err);
		if (status != TARE_OK)
			return status;
		if (why)
			return tare_mixing_refuse(
				err, plan->cases[i].name, other->runner, planned.runner, why);
	}
	return TARE_OK;
}

static bool
has_auto(const struct tare_plan *plan)
{
	for (size_t i = 0; i < plan->case_count; i++) {
		if (strcmp(plan->cases[i].runner, "auto") == 0)
			return true;
	}
	return false;
}

/* What a resumed run was begun with decides before everything else. */
static enum tare_status
read_resumed(struct tare_run **run_out, const struct tare_session *session, struct tare_err *err)
{
	const char *path = has_auto(session->plan) ? session->options.resume_path : NULL;
	size_t count = 0;
	enum tare_status status = path ? tare_journal_count(&count, path, err) : TARE_OK;

	if (status == TARE_OK && count > 0)
		status = tare_journal_read(run_out, path, count - 1, err);
	return status;
}

static enum tare_status
choose(struct tare_session *session, struct tare_err *err)
{
	struct tare_run *resumed = NULL;
	enum tare_status status = read_resumed(&resumed, session, err);

	if (status == TARE_OK)
		status = tare_plan_choose_runners(session->plan, session->arena,
			resumed ? resumed : session->base,
			session->options.quiet ? NULL : session->options.progress, err);
	tare_run_free(resumed);
	return status == TARE_OK ? check_mixing(session, err) : status;
}

const struct tare_stage tare_stage_choose = {
	.name = "choose",
	.needs = TARE_PART_PLAN | TARE_PART_BASELINE,
	.run = choose,
};
