/*
 * What a case wants of a container: its image and what it may use of the machine.
 *
 * Plain data, part of the plan and owned by its arena; filled with defaults, so that the runners
 * decide nothing. Sizes are bytes, and 0 where nothing is limited. A case without image or build
 * has one too where a container runner was asked for: then its image is NULL.
 */
#ifndef TARE_MODEL_CONTAINER_H
#define TARE_MODEL_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An image that is built before anything is measured. */
struct tare_image_build {
	const char *dockerfile;  /* absolute */
	const char *context;     /* absolute */
	const char *const *args; /* "NAME=value", NULL-terminated */
};

enum tare_container_network {
	TARE_NETWORK_HOST,
	TARE_NETWORK_BRIDGE,
	TARE_NETWORK_NONE,
};

struct tare_container {
	const char *image;                    /* as written; NULL: none, or built */
	const struct tare_image_build *build; /* NULL: none */
	uint64_t memory_bytes;
	uint64_t memory_swap_bytes; /* memory and swap together; equal to memory: no swap */
	uint64_t cpu_shares;        /* 0: the engine's default */
	double cpu_quota;           /* cores; 0: none */
	uint64_t cpu_period_ns;     /* that it is counted over; 0 without one */
	uint64_t pids;
	uint64_t nofile;
	uint64_t shm_bytes; /* 0: the engine's default */
	enum tare_container_network network;
	const char *const *volumes; /* "/here:/there[:ro]", as all lists NULL-terminated */
	const char *const *tmpfs;   /* "/there[:options]" */
	const char *const *security_opts;
	bool privileged;
	const char *user;     /* NULL: the image's */
	const char *work_dir; /* of the suite: shared with the container where it exists */
	/* The strings in the environments of the case's programs that came from tare's own
	 * environment unasked: these very pointers. They say nothing about a container. */
	char *const *inherited;
};

/* The kernel's bounds for the period of a quota, and for the quota's share of it from below. */
#define TARE_CPU_PERIOD_MIN_NS UINT64_C(1000000)
#define TARE_CPU_PERIOD_MAX_NS UINT64_C(1000000000)
#define TARE_CPU_SHARE_MIN_NS  UINT64_C(1000000)
/* Engines have 100 ms, in which a program of 50 ms and half a core is not slowed at all. */
#define TARE_CPU_PERIOD_NS UINT64_C(10000000)

enum { TARE_CONTAINER_PIDS = 4096, TARE_CONTAINER_NOFILE = 65536 };

/* Whether programs of the runner of that name run in containers. */
bool tare_runner_is_container(const char *name);
const char *tare_network_name(enum tare_container_network network); /* "host", ... */

#endif
