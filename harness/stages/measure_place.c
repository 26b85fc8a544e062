#include <string.h>

#include "harness/model/warning.h"
#include "harness/stages/measure.h"

/* Whether any case wants CPUs of its own on this machine. */
static bool
wants_cpus(const struct tare_plan *plan)
{
	for (size_t i = 0; i < plan->case_count; i++) {
		const struct tare_case *subject = &plan->cases[i];

		if (subject->cpus && strcmp(subject->cpus, "none") != 0 &&
			strcmp(subject->runner, "replay") != 0)
			return true;
	}
	return false;
}

/* Measuring goes on without: the figures are the agent's, and only noisier. */
void
tare_measure_move_aside(struct tare_measure *measure)
{
	const struct tare_topology *topology = NULL;
	struct tare_err why = {0};
	enum tare_status status;

	if (!wants_cpus(measure->plan))
		return;
	status = tare_session_topology(&topology, measure->session, &why);
	if (status == TARE_OK)
		status = tare_housekeeping_enter(&measure->housekeeping, topology, &why);
	if (status == TARE_OK)
		measure->cpus_elsewhere = measure->housekeeping.before;
	else
		tare_warn(measure->run, TARE_WARN_NOT_MOVED_ASIDE, TARE_HABIT_PINS,
			"tare runs wherever the kernel puts it: %s", why.text);
}
