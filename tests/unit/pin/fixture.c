#include "tests/unit/pin/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct tare_topology *
fixture_topology(
	struct tare_arena *arena, const char *machine, const char *affinity, const char *isolated)
{
	struct tare_topology_source source = {0};
	struct tare_bits affine, alone;
	struct tare_topology *topology = NULL;
	struct tare_err err = {0};

	if (strstr(machine, ".xml"))
		source.xml_path = machine;
	else
		source.synthetic = machine;
	if (affinity) {
		assert_true(tare_bits_parse(&affine, affinity));
		source.affinity = &affine;
	}
	if (isolated) {
		assert_true(tare_bits_parse(&alone, isolated));
		source.isolated = &alone;
	}
	if (tare_topology_read(&topology, arena, &source, &err) != TARE_OK)
		fail_msg("%s: %s", machine, err.text);
	return topology;
}
