#include "harness/model/container.h"

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
