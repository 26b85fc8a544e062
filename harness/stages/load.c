#include "harness/stages/stage.h"

#include <string.h>

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

static enum tare_status
expand(struct tare_session *session, struct tare_err *err)
{
	return tare_suite_expand(&session->plan, &session->problems, session->arena, session->suite,
		&session->options.expand, err);
}

const struct tare_stage tare_stage_expand = {
	.name = "expand",
	.needs = TARE_PART_SUITE,
	.makes = TARE_PART_PLAN,
	.run = expand,
};
