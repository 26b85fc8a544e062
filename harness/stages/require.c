#include <stdio.h>
#include <string.h>

#include "harness/machine/require.h"
#include "harness/stages/stage.h"

bool
tare_stage_measures_here(const struct tare_plan *plan)
{
	for (size_t i = 0; i < plan->case_count; i++) {
		if (strcmp(plan->cases[i].runner, "replay") != 0)
			return true;
	}
	return false;
}

/* Only where it is asked for, since it takes a while. */
static double
busy_now(struct tare_arena *arena, const struct tare_plan *plan)
{
	for (size_t i = 0; i < plan->requirement_count; i++) {
		if (strcmp(plan->requirements[i].key, "quiet") != 0 ||
			strcmp(plan->requirements[i].value, "true") != 0)
			continue;
		return tare_busy_cpus_now(arena);
	}
	return 0.0;
}

enum tare_status
tare_stage_require(struct tare_session *session, const struct tare_environment *environment,
	struct tare_err *err)
{
	const struct tare_plan *plan = session->plan;
	struct tare_problems *problems = &session->problems;
	double busy_cpus;

	if (plan->requirement_count == 0 || !tare_stage_measures_here(plan))
		return TARE_OK;
	busy_cpus = busy_now(session->arena, plan);
	*problems =
		(struct tare_problems){.texts = tare_arena_alloc(session->arena,
					       plan->requirement_count, sizeof(*problems->texts))};
	for (size_t i = 0; i < plan->requirement_count; i++) {
		const struct tare_requirement *one = &plan->requirements[i];
		const char *text =
			tare_requirement_unmet(session->arena, one, environment, busy_cpus);

		if (text)
			problems->texts[problems->count++] =
				tare_arena_printf(session->arena, "%s: %s", one->place, text);
	}
	problems->total = problems->count;
	if (problems->count == 0)
		return TARE_OK;
	return tare_err_set(err, TARE_UNSUPPORTED, "%s", problems->texts[0]);
}
