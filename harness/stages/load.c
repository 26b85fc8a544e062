#include <string.h>

#include "harness/base/text.h"
#include "harness/counters/names.h"
#include "harness/stages/stage.h"
#include "runners/runner.h"

static enum tare_status
load(struct tare_session *session, struct tare_err *err)
{
	const struct tare_session_options *options = &session->options;

	const struct tare_suite_from from = {
		.name = options->suite_text ? options->suite_name : options->suite_path,
		.text = options->suite_text,
		.len = options->suite_text ? strlen(options->suite_text) : 0,
	};

	return tare_suite_load(
		&session->suite, &session->problems, session->arena, &from, &options->expand, err);
}

const struct tare_stage tare_stage_load = {
	.name = "load",
	.makes = TARE_PART_SUITE,
	.run = load,
};

static enum tare_status
runner_check(const char *name, struct tare_err *err)
{
	const char *names[32];
	const char *near;
	size_t count = 0;

	if (strcmp(name, "auto") == 0 || tare_runner_find(name))
		return TARE_OK;
	for (; count < sizeof(names) / sizeof(names[0]) && tare_runners[count]; count++)
		names[count] = tare_runners[count]->name;
	near = tare_text_nearest(name, names, count);
	if (near)
		return tare_err_set(err, TARE_INVALID,
			"there is no runner \"%s\"; did you mean \"%s\"?", name, near);
	return tare_err_set(
		err, TARE_INVALID, "there is no runner \"%s\"; tare list runners names them", name);
}

enum tare_status
tare_stage_value_check(const char *key, const char *text, struct tare_err *err)
{
	if (strcmp(key, "runner") == 0)
		return runner_check(text, err);
	if (strcmp(key, "counters") == 0)
		return tare_counter_provider_check(text, err);
	return TARE_OK;
}

static enum tare_status
check_confirm(const struct tare_plan *plan, struct tare_err *err)
{
	for (size_t i = 0; i < plan->group_count; i++) {
		if (plan->groups[i].case_count > 1)
			return TARE_OK;
	}
	return tare_err_set(err, TARE_INVALID,
		"--confirm measures variants again and there are none here: give what is compared "
		"with as a variant");
}

static enum tare_status
expand(struct tare_session *session, struct tare_err *err)
{
	enum tare_status status = tare_suite_expand(&session->plan, &session->problems,
		session->arena, session->suite, &session->options.expand, err);

	if (status == TARE_OK && session->options.confirm)
		status = check_confirm(session->plan, err);
	return status;
}

const struct tare_stage tare_stage_expand = {
	.name = "expand",
	.needs = TARE_PART_SUITE,
	.makes = TARE_PART_PLAN,
	.run = expand,
};
