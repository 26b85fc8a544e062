/*
 * Counters: metrics that a machine, a kernel or a simulator counts, by their portable names.
 *
 * struct tare_counter says of a metric where its values come from; it goes with the metric into
 * journal and reports. struct tare_counting says how counting went over a case's samples. The table
 * of portable names is what the suite language, the providers and `tare list counters` share. Plain
 * data; strings belong to whoever made them (the plan's, or the run's arena).
 */
#ifndef TARE_MODEL_COUNTER_H
#define TARE_MODEL_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/model/metric.h"
#include "harness/model/pending.h"

enum tare_counter_quality {
	TARE_QUALITY_COUNTED,   /* by hardware or kernel, event by event */
	TARE_QUALITY_ACCOUNTED, /* by the kernel's book-keeping, which may be coarse or shared */
	TARE_QUALITY_SIMULATED, /* by a simulator, in invocations of their own */
	TARE_QUALITY_DERIVED,   /* by a formula over others */
	TARE_QUALITY_COUNT,
};

/* "counted", "accounted", "simulated", "derived" */
const char *tare_counter_quality_name(enum tare_counter_quality quality);
/* False, and nothing is set, where no quality has that name. */
bool tare_counter_quality_parse(enum tare_counter_quality *quality_out, const char *name);

/* Where a metric's values come from. */
struct tare_counter {
	const char *provider; /* "perf", "papi", ...; of a derived metric those of its parts */
	const char *event;    /* what it is called there; the formula of a derived metric */
	const char *scope;    /* what is counted: "program", "package", ... */
	enum tare_counter_quality quality;
};

/* A value that was counted for less than this share of the time is not used. */
#define TARE_COVERAGE_MIN 0.25

/* What became of one counter in one invocation. */
struct tare_counted {
	double value;    /* NaN: not counted, or not used */
	double coverage; /* share of the program's time in which it was counted; NaN: not counted */
};

/* How counting went for one metric of a case. */
struct tare_counting {
	uint64_t used;       /* values that were used */
	uint64_t thin;       /* left out because their coverage was below TARE_COVERAGE_MIN */
	uint64_t invalid;    /* left out because the guard said that they cannot be right */
	double coverage_sum; /* over the values that were used */
	double coverage_min; /* 1.0 until one was less */
};

/* What the guard allows between the task clock that was counted and the CPU time of the program:
 * |task_clock - cpu| <= max(2 % of cpu, 1 ms) + 100 us for each context switch. More, and the
 * events were not with the program: a set-user-ID program drops them, for one. The switches are in
 * it because events are off while one goes on and the process pays for it: 40 us each were found on
 * a busy virtual machine, 4 % of a program that had 200 of them and was counted rightly. */
bool tare_counters_guard(double task_clock_ns, double cpu_ns, uint64_t switches);

/* The same for events that count on the case's CPUs: the clock of these, summed, cannot be less
 * than the CPU time that the program had there, by more than 2 % or 1 ms. Less, and it ran
 * elsewhere or they were off. */
bool tare_counters_guard_cpus(double cpu_clock_ns, double cpu_ns);

/* Value and coverage out of what was read of an event around one invocation: scaled by enabled /
 * running, which is an estimate, and NaN where the coverage is too small. */
struct tare_counted tare_counter_scale(const struct tare_agent_reading *reading);

/* A portable name, and what providers that know no names of their own call it. */
struct tare_counter_name {
	const char *name;
	const char *unit;
	const char *summary;
	enum tare_better better;
};

/* Sorted by kind for readers, count of them; all are lower-is-better counts unless they say so. */
extern const struct tare_counter_name tare_counter_names[];
extern const size_t tare_counter_name_count;
/* NULL where name is no portable one. */
const struct tare_counter_name *tare_counter_name_find(const char *name);

/* The presets of PAPI 7.0, NULL-terminated. */
extern const char *const tare_counter_presets[];

/* What a name can be by how it is written, on whatever machine. */
enum tare_counter_form {
	TARE_COUNTER_PORTABLE,
	TARE_COUNTER_NATIVE,  /* "PAPI_TOT_INS", "INST_RETIRED:ANY", "perf::CYCLES", "r01c2" */
	TARE_COUNTER_UNKNOWN, /* only a portable name could look like this, and none does */
};

/* Of a name without a provider in front. Native events are written in capitals, or hold one of
 * : _ . as those of CPUs' manuals do; names of two words with a hyphen are ours. */
enum tare_counter_form tare_counter_form_of(const char *name);
/* What was probably meant: a portable name, a preset, or one of others; NULL: nothing is near. */
const char *tare_counter_nearest(const char *name, const char *const *others, size_t other_count);

#endif
