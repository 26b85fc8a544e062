/*
 * What `runner: auto` comes to for cases that name an image.
 *
 * Read from top to bottom, the first line that fits decides:
 *
 *   BENCHMARK_MODE=docker        docker
 *   BENCHMARK_MODE=bare_metal    host
 *   a baseline with this case    the runner it had there
 *   environment production       host
 *   environment ci               docker
 *   an engine answers            that engine, docker before podman
 *   else                         host
 *
 * Cases without an image were given the host when the suite was expanded; runners that the suite or
 * --runner names are nobody's to change.
 */
#ifndef TARE_STAGES_CHOOSE_H
#define TARE_STAGES_CHOOSE_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/model/plan.h"
#include "harness/model/run.h"

struct tare_choice_grounds {
	const char *mode;            /* BENCHMARK_MODE; NULL or "": not set */
	const char *baseline_runner; /* NULL: no baseline, or not in it */
	const char *environment;
	/* Whether a runner can be had; NULL: none but the host. Asked only where that decides. */
	enum tare_status (*supported)(const char *runner, struct tare_err *err);
};

struct tare_choice {
	const char *runner;
	const char *reason; /* "BENCHMARK_MODE=docker" */
};

/* Pure but for supported(). TARE_INVALID for a mode that is neither. The reason may point into
 * arena. */
enum tare_status tare_runner_choose(struct tare_choice *choice_out, struct tare_arena *arena,
	const struct tare_choice_grounds *grounds, struct tare_err *err);

/* Decides for every case of the plan that is still auto; base may be NULL. Tells each runner and
 * reason once on out, which may be NULL. */
enum tare_status tare_plan_choose_runners(struct tare_plan *plan, struct tare_arena *arena,
	const struct tare_run *base, FILE *out, struct tare_err *err);

#endif
