/*
 * What `tare calibrate` measures, as a suite of the suite language: probes by dimension, each on
 * the host, on the host again (A/A) and in the container, in the order that any suite is measured
 * in.
 *
 * So a calibration is a run: with a journal, an environment, a place in the history and reports.
 */
#ifndef TARE_CALIBRATE_PROTOCOL_H
#define TARE_CALIBRATE_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"

#define TARE_CALIBRATION_SUITE     "tare calibrate"
#define TARE_CALIBRATION_HOST      "host"
#define TARE_CALIBRATION_AGAIN     "again"
#define TARE_CALIBRATION_CONTAINER "container"
#define TARE_CALIBRATION_BRIDGE    "bridge"

enum tare_dimension {
	TARE_DIMENSION_CPU,
	TARE_DIMENSION_MEMORY,
	TARE_DIMENSION_LATENCY,
	TARE_DIMENSION_START,
	TARE_DIMENSION_DISK,
	TARE_DIMENSION_NETWORK,
	TARE_DIMENSION_COUNT,
};
const char *tare_dimension_name(enum tare_dimension dimension);

/* False where there is none of that name. */
bool tare_dimension_find(enum tare_dimension *dimension_out, const char *name);

enum tare_probe_place {
	TARE_PROBE_NOWHERE,
	TARE_PROBE_OWN,    /* a folder of the container's own file system */
	TARE_PROBE_VOLUME, /* one that both sides share */
	TARE_PROBE_TMPFS,
	TARE_PROBE_PEER, /* no folder: the address of the host, as seen from either side */
};

struct tare_probe {
	const char *name; /* its benchmark's */
	enum tare_dimension dimension;
	const char *kind; /* of tare-weight */
	unsigned count;
	enum tare_probe_place place;
	bool is_length; /* one of those the line is fitted to */
};

extern const struct tare_probe tare_probes[];
extern const size_t tare_probe_count;

enum tare_effort { TARE_EFFORT_QUICK, TARE_EFFORT_NORMAL, TARE_EFFORT_THOROUGH };

struct tare_protocol {
	const char *runner; /* "docker" */
	const char *image;  /* NULL: an empty one is built from `dockerfile` */
	const char *dockerfile;
	const char *weight_path; /* of tare-weight */
	const char *folder;      /* here, for files of the host's side */
	const char *cpus;        /* as in a suite */
	const char *memory;      /* NULL: no limit, as for the next */
	const char *cpu_quota;
	/* More of `resources`, as "KEY=VALUE", where volumes, tmpfs and security_opt may come more
	 * than once. */
	const char *const *resources;
	size_t resource_count;
	enum tare_effort effort;
	bool only[TARE_DIMENSION_COUNT]; /* none of them: all */
};

/* The suite's text, in the arena. TARE_INVALID for a path that a suite or an engine cannot be told
 * of, and for what is not KEY=VALUE. */
enum tare_status tare_protocol_suite(char **text_out, struct tare_arena *arena,
	const struct tare_protocol *protocol, struct tare_err *err);

#endif
