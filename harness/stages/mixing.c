#include "harness/stages/mixing.h"

#include <stdbool.h>
#include <string.h>

#include "harness/model/container.h"

static bool
is_mixed(const struct tare_run_case *a, const struct tare_run_case *b)
{
	return (tare_runner_is_container(a->runner) && strcmp(b->runner, "host") == 0) ||
	       (tare_runner_is_container(b->runner) && strcmp(a->runner, "host") == 0);
}

static const struct tare_run_case *
find(const struct tare_run *run, const char *name)
{
	for (size_t i = 0; i < run->case_count; i++) {
		if (strcmp(run->cases[i].name, name) == 0)
			return &run->cases[i];
	}
	return NULL;
}

enum tare_status
tare_mixing_check(const struct tare_run *base, const struct tare_run *head, struct tare_err *err)
{
	for (size_t i = 0; i < head->case_count; i++) {
		const struct tare_run_case *one = &head->cases[i];
		const struct tare_run_case *other = find(base, one->name);

		if (!other || !is_mixed(one, other))
			continue;
		return tare_err_set(err, TARE_INVALID,
			"%.200s ran with the runner %s in the baseline and with %s now, so that "
			"what a container costs would count as a change; measure both with one "
			"runner, see what of it is the container's with tare calibrate --correct, "
			"or compare "
			"them nevertheless with --mixed-runners",
			one->name, other->runner, one->runner);
	}
	return TARE_OK;
}
