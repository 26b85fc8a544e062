#include <string.h>

#include "harness/model/warning.h"
#include "harness/pin/pin.h"
#include "harness/stages/stage.h"

static bool
is_policy(const char *text)
{
	return text && *text && strcmp(text, "none") != 0;
}

static void
warn_of_choice(struct tare_run *run, const struct tare_case *subject, const struct tare_pin *pin)
{
	if (pin->shares_housekeeping)
		tare_warn(run, TARE_WARN_CPUS_SHARED, TARE_HABIT_PINS,
			"%s: CPUs %.200s are also those of tare and most interrupts", subject->name,
			pin->text);
	if (pin->isolated_count > 1 && !subject->threads_pinned)
		tare_warn(run, TARE_WARN_ISOLATED_STACK, TARE_HABIT_PINS,
			"%s: the kernel does not balance over isolated CPUs, so threads may all "
			"run on one of %.200s",
			subject->name, pin->text);
	if (pin->mixes_kinds)
		tare_warn(run, TARE_WARN_CPUS_MIXED, TARE_HABIT_PINS,
			"%s: CPUs %.200s are of cores of different speed", subject->name,
			pin->text);
}

static const char *
join(struct tare_arena *arena, const char *text, const char *more)
{
	return tare_arena_printf(arena, "%s%s%s", text, *text ? "; " : "", more);
}

/* Without CPUs of the case's own. */
static const char *
note_threads(
	struct tare_run *run, const struct tare_case *subject, const struct tare_topology *topology)
{
	char cpus[TARE_BITS_TEXT_MAX];

	tare_bits_print(cpus, sizeof(cpus), &topology->allowed);
	tare_warn(run, TARE_WARN_CPUS_SHARED, TARE_HABIT_PINS,
		"%s: CPUs %.200s are also those of tare and most interrupts", subject->name, cpus);
	return tare_arena_printf(run->arena, "threads pinned to %s, shared with tare", cpus);
}

static void
note_case(struct tare_run *run, struct tare_run_case *record, const struct tare_case *subject,
	const struct tare_topology *topology)
{
	struct tare_pin pin;
	const char *text = "";

	if (tare_pin_choose(&pin, topology, subject->cpus, NULL) != TARE_OK)
		return;
	if (pin.pinned) {
		text = tare_arena_printf(run->arena, "%s: %s", subject->cpus,
			tare_pin_describe(run->arena, &pin, topology));
		record->cpus = tare_arena_strdup(run->arena, pin.text);
		warn_of_choice(run, subject, &pin);
	}
	if (is_policy(subject->numa))
		text = join(run->arena, text,
			tare_arena_printf(run->arena, "memory %s", subject->numa));
	if (subject->threads_pinned)
		text = join(run->arena, text,
			pin.pinned ? "threads pinned" : note_threads(run, subject, topology));
	record->placement = text;
}

static bool
is_placed(const struct tare_case *subject)
{
	return strcmp(subject->runner, "replay") != 0 &&
	       (is_policy(subject->cpus) || is_policy(subject->numa) || subject->threads_pinned);
}

void
tare_stage_note_placement_on(
	struct tare_run *run, const struct tare_plan *plan, const struct tare_topology *topology)
{
	for (size_t i = 0; i < plan->case_count; i++) {
		if (is_placed(&plan->cases[i]))
			note_case(run, &run->cases[i], &plan->cases[i], topology);
	}
}

void
tare_stage_note_placement(struct tare_session *session)
{
	const struct tare_plan *plan = session->plan;
	const struct tare_topology *topology;
	size_t i = 0;

	while (i < plan->case_count && !is_placed(&plan->cases[i]))
		i++;
	if (i < plan->case_count && tare_session_topology(&topology, session, NULL) == TARE_OK)
		tare_stage_note_placement_on(session->run, plan, topology);
}
