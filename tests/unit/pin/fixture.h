/* Machines that pinning is tested on: hwloc's synthetic ones, and XML files of tests/machines. */
#ifndef TARE_TESTS_UNIT_PIN_FIXTURE_H
#define TARE_TESTS_UNIT_PIN_FIXTURE_H

#include "harness/pin/topology.h"

/* One socket of 4 cores with 2 CPUs each, numbered as on common hardware: n and n + 4. */
#define SMT_MACHINE "pack:1 l3:1 core:4 pu:2(indexes=0,4,1,5,2,6,3,7)"
#define TWO_SOCKETS "pack:2 numa:1 l3:1 core:4 pu:1"
/* Two sockets of one node and eight L3 caches each, 8 cores behind each of those: 256 CPUs. */
#define LARGE_MACHINE "pack:2 numa:1 l3:8 core:8 pu:2(indexes=2*128:1*2)"
#define TWO_CORES     "core:2 pu:1"
#define ONE_CORE      "core:1 pu:1"
#define MACHINES      "tests/machines/topology/"

/* machine is a path that ends in .xml, or synthetic. affinity and isolated are lists, or NULL. */
struct tare_topology *fixture_topology(
	struct tare_arena *arena, const char *machine, const char *affinity, const char *isolated);

#endif
