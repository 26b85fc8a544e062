/*
 * The doctor: what of a machine makes measurements bad, and what to do about it.
 *
 * tare_doctor_inspect() gathers facts: files below a root path, and on this machine probes that try
 * things out. tare_doctor_examine() is pure: a table of checks, each of which makes one finding of
 * the facts. Everything lives in the arena. A machine is unfit where one finding says so.
 */
#ifndef TARE_CLI_DOCTOR_H
#define TARE_CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/machine/pulse.h"
#include "harness/machine/tune.h"
#include "harness/model/environment.h"

enum tare_finding_level {
	TARE_FINDING_FINE,
	TARE_FINDING_NOTE,    /* good to know; nothing needs to be done */
	TARE_FINDING_WARNING, /* makes intervals wider, or something is not to be had */
	TARE_FINDING_UNFIT,   /* what is measured here is not worth much */
};

/* "fine", "note", "warning", "unfit" */
const char *tare_finding_level_name(enum tare_finding_level level);

struct tare_finding {
	const char *id;
	enum tare_finding_level level;
	const char *text;   /* what was seen */
	const char *remedy; /* NULL where it is fine */
};

/* What was tried out. */
struct tare_probe {
	bool tried; /* only on this machine */
	bool works;
	const char *text; /* the reason where it does not work; else what there is, or NULL */
};

struct tare_doctor {
	struct tare_environment environment;
	struct tare_tune_plan plan; /* of the profile production */
	struct tare_tune_status tuned;
	uint64_t throttled_count; /* by heat, since the machine was booted */
	uint64_t swap_used_bytes;
	bool has_irqbalance;
	size_t core_count; /* 0: unknown */
	size_t isolated_count;
	double busy_cpus; /* at work for others; below 0: unknown */
	const struct tare_pulse *gauges;
	size_t gauge_count;     /* 0: not gauged */
	uint64_t clock_read_ns; /* 0: not tried */
	struct tare_probe pinning, cgroup, host, docker, store, folder;
	struct tare_probe counters; /* works where hardware counts; text: who counts what */
	const char *not_counted;    /* what, and why; NULL where nothing is missing */
};

enum { TARE_FINDINGS_MAX = 64 };

/* root "" is this machine, which takes a second and a half; others are not probed. */
void tare_doctor_inspect(
	struct tare_doctor *doctor_out, struct tare_arena *arena, const char *root);
/* As many findings as checks; findings_out has room for TARE_FINDINGS_MAX. */
size_t tare_doctor_examine(struct tare_finding *findings_out, struct tare_arena *arena,
	const struct tare_doctor *doctor);

/* doctor_probe.c: fills what only trying tells. */
void tare_doctor_probe(struct tare_doctor *doctor, struct tare_arena *arena);

#endif
