/*
 * What the kernel says of a container's first process: limits, seccomp, speculation.
 *
 * Read from the outside through /proc, so that an image without any tools will do; what may not be
 * read is left out. proc_root is "" for this machine, else a recorded tree. No state.
 */
#ifndef TARE_RUNNERS_CONTAINER_FACTS_H
#define TARE_RUNNERS_CONTAINER_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef void (*tare_fact_sink)(void *context, const char *key, const char *value);

/* Calls sink for each: "memory.max", "pids.max", "cpu.max", "cpus", "nofile", "seccomp", "ssb", ...
 * prefix is put in front of the keys. */
void tare_container_limits(
	const char *proc_root, pid_t pid, const char *prefix, tare_fact_sink sink, void *context);
/* The part of it that any process has: seccomp, speculation, capabilities. pid 0: this process. */
void tare_process_security(
	const char *proc_root, pid_t pid, const char *prefix, tare_fact_sink sink, void *context);

/* How many processes the kernel killed for want of the container's memory; false where that cannot
 * be read. */
bool tare_container_oom_kills(uint64_t *count_out, const char *proc_root, pid_t pid);

#endif
