/*
 * In place of a PMU: stands before perf_event_open(2) in a test program.
 *
 * Linked into a test, it takes the place of syscall(2) for everything in the process, libpapi too
 * (the test exports its symbols), and lets all other calls through. By default it does nothing, so
 * that what the machine has is seen. Single-threaded; set it back with {0}.
 */
#ifndef TARE_TESTS_PERF_SHIM_H
#define TARE_TESTS_PERF_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_shim {
	bool has_pmu;            /* hardware events count as the kernel's clocks and faults do */
	int refuse_errno;        /* every event is refused with this */
	int refuse_kernel_errno; /* events that count the kernel too are refused with this */
	unsigned group_max;      /* hardware events that a group has room for; 0: any number */
	bool in_error;           /* hardware events read as nothing: a pinned group in error */
	bool stuck_at_zero;      /* hardware events are there and never count */
	bool has_cpus;           /* events of a CPU read as steps of 1000 and its number */
	int refuse_cpus_errno;   /* events of a CPU are refused with this */
	bool turns;              /* hardware events ran for 40 % of the time they were enabled */
	unsigned opened;         /* how many events were opened */
	unsigned opened_hardware;
};

extern struct perf_shim perf_shim;

#endif
