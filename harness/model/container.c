#include "harness/model/container.h"

#include <string.h>

bool
tare_runner_is_container(const char *name)
{
	return strcmp(name, "docker") == 0 || strcmp(name, "podman") == 0;
}

const char *
tare_network_name(enum tare_container_network network)
{
	switch (network) {
	case TARE_NETWORK_BRIDGE:
		return "bridge";
	case TARE_NETWORK_NONE:
		return "none";
	default:
		return "host";
	}
}
