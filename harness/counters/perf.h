/*
 * Opening perf events, for the providers that do. Internal to harness/counters.
 *
 * Through syscall(2), as there is no function for it in the C library; tests put their own in its
 * place (tests/support/perf_shim.h), because most machines that run them have no PMU.
 */
#ifndef TARE_COUNTERS_PERF_H
#define TARE_COUNTERS_PERF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/base/err.h"
#include "harness/counters/counters.h"

struct tare_perf_event {
	uint32_t type;
	uint64_t config;
	bool user_only;
	bool on_exec; /* inherited, and off until an exec; else off until enabled */
	pid_t pid;    /* 0: this process; -1: whatever runs on the CPU */
	int cpu;      /* -1: on all of them */
	int leader;   /* descriptor of the group's leader, or -1 */
};

/* A descriptor that is read as value, time enabled, time running. -1 and errno where it cannot be
 * had. */
int tare_perf_open(const struct tare_perf_event *event);
/* The sentence for an errno of it; a CPU, unlike a process, is not everybody's to count. */
enum tare_status tare_perf_explain(struct tare_err *err, int error, bool on_cpus);
/* Before the first event that a process shall pass on is opened on it: see perf.c. sources: all
 * that will be. */
enum tare_status tare_perf_anchor(struct tare_attachment *attachment,
	const struct tare_counter_source *const *sources, size_t count, pid_t pid,
	struct tare_err *err);
/* Something of everything: arithmetic, unpredictable branches, cache and TLB misses, page faults, a
 * context switch. What has not counted after it does not count. About a millisecond. */
void tare_counters_exercise(void);

#endif
