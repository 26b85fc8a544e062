#include "harness/counters/counters.h"

/* Hardware before software; a simulator, which takes fifty times as long, only where nothing else
 * counts. perf before papi, because its events begin with the program's exec, where PAPI's count
 * the agent's part of starting it too. rusage before perf_sw: the counts are the same, but an event
 * that is inherited lengthens the start and the end of a program (by 2 to 5 us, and the first by
 * 10: tests/bench/bench_counters.c), and what wait4() says costs nothing. */
const struct tare_counter_ops *const tare_counter_providers[] = {
	&tare_counters_perf,
	&tare_counters_papi,
	&tare_counters_rusage,
	&tare_counters_perf_sw,
	&tare_counters_cgroup,
	&tare_counters_energy,
	&tare_counters_valgrind,
	&tare_counters_null,
	NULL,
};
