#include <string.h>

#include "harness/pin/pin.h"
#include "harness/stages/stage.h"
#include "runners/runner.h"

static enum tare_status
load(struct tare_session *session, struct tare_err *err)
{
	const struct tare_session_options *options = &session->options;

	if (options->suite_text)
		return tare_suite_load_text(&session->suite, &session->problems, session->arena,
			options->suite_name, options->suite_text, strlen(options->suite_text), err);
	return tare_suite_load(
		&session->suite, &session->problems, session->arena, options->suite_path, err);
}

const struct tare_stage tare_stage_load = {
	.name = "load",
	.makes = TARE_PART_SUITE,
	.run = load,
};

enum tare_status
tare_stage_plan_check(const struct tare_plan *plan, struct tare_err *err)
{
	for (size_t i = 0; i < plan->case_count; i++) {
		const struct tare_case *subject = &plan->cases[i];
		enum tare_status status = TARE_OK;

		if (strcmp(subject->runner, "auto") != 0 && !tare_runner_find(subject->runner))
			status = tare_err_set(err, TARE_INVALID,
				"there is no runner '%s'; tare list runners names them",
				subject->runner);
		else
			status = tare_pin_policy_check(subject->cpus, err);
		if (status != TARE_OK)
			return tare_err_where(
				err, "%s:%d: %s", subject->file, subject->line, subject->benchmark);
	}
	return TARE_OK;
}

static enum tare_status
expand(struct tare_session *session, struct tare_err *err)
{
	enum tare_status status = tare_suite_expand(&session->plan, &session->problems,
		session->arena, session->suite, &session->options.expand, err);

	return status == TARE_OK ? tare_stage_plan_check(session->plan, err) : status;
}

const struct tare_stage tare_stage_expand = {
	.name = "expand",
	.needs = TARE_PART_SUITE,
	.makes = TARE_PART_PLAN,
	.run = expand,
};
