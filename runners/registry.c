#include <string.h>

#include "runners/runner.h"

const struct tare_runner_ops *const tare_runners[] = {
	&tare_runner_host,
	&tare_runner_docker,
	&tare_runner_podman,
	&tare_runner_replay,
	NULL,
};

const struct tare_runner_ops *
tare_runner_find(const char *name)
{
	for (size_t i = 0; tare_runners[i]; i++) {
		if (strcmp(tare_runners[i]->name, name) == 0)
			return tare_runners[i];
	}
	return NULL;
}
