/*
 * Counters: who can count what here, and how it is attached, read and worked out.
 *
 * A provider is a const table of functions at the end of its file and one line in registry.c, whose
 * order is the ladder: of the providers that know a name, the first that really works here is used.
 * Works means added, started, stopped and not zero after something that must have counted; nothing
 * that a library claims is believed. Promised call order: supported()? -> find -> { attach ->
 * close_attached | read | from_record | simulate_* }*. A provider that was not built, or that this
 * machine does not allow, is listed with its reason.
 *
 *   way               who reads, and when                                 providers
 *   events            the agent, around each invocation, from descriptors perf, papi, perf_sw
 *                     that the harness opened on the agent,
 *                                                                       or on the case's CPUs
 *   record            nobody: it is in what the agent reports anyway      rusage
 *   around            the harness, around each request                    cgroup, energy
 *   simulated         invocations of their own, under a simulator         valgrind
 *
 * Why the agent reads events and not the harness: the agent runs up to 256 invocations of a tiny
 * program before it answers, and a question per invocation would cost as much as the program. A
 * descriptor is opened outside, on the agent's process number, and needs no privilege to be read:
 * so an agent in a container counts with none either. Events are inherited by what the agent
 * starts and enabled by its exec, so the agent itself is not in the figures.
 *
 * Inheriting has a price: the kernel makes, starts and ends each event with each process, which is
 * inside the time that is measured (30 us for six events, tests/bench/bench_counters). Where that
 * matters, counter_scope: cpus has the events count on the CPUs of the case, whatever runs there:
 * nothing is inherited and nothing is added inside, but the agent's starting of the program and
 * whatever else got onto those CPUs are in the figures.
 *
 * `null` counts nothing and is the template for the next provider.
 *
 * Life cycle: tare_counters_new() once (in an arena, which owns all it finds), tare_counters_find()
 * by name, tare_counters_resolve() for a plan before its run begins.
 */
#ifndef TARE_COUNTERS_COUNTERS_H
#define TARE_COUNTERS_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/model/counter.h"
#include "harness/model/plan.h"

enum tare_counter_way {
	TARE_WAY_EVENT,
	TARE_WAY_RECORD,
	TARE_WAY_AROUND,
	TARE_WAY_SIMULATED,
};

/* Where to look. */
struct tare_counter_place {
	const char *root;   /* "" for this machine; tests replay /sys and /proc below it */
	const char *cgroup; /* the directory of the run's cgroup; NULL where there is none */
	const char *path;   /* the search path for programs; NULL: PATH */
	bool inside;        /* the program is in a container: what is here is not there */
	bool on_cpus;       /* events count on CPUs, not with a process */
};

/* What events count: a process and all that it starts, wherever it runs; or a CPU, whatever runs
 * there. The other one is -1. */
struct tare_counter_target {
	pid_t pid;
	int cpu;
};

struct tare_counter_ops;

/* A counter that works here. */
struct tare_counter_source {
	const struct tare_counter_ops *ops;
	struct tare_counter origin;
	const char *unit;
	enum tare_better better;
	uint32_t type; /* perf: of struct perf_event_attr; others: their own */
	uint64_t config;
	bool user_only; /* perf: the kernel may not be counted here */
	bool hardware;  /* takes room on the PMU */
	double wrap;    /* around: where readings begin at 0 again, in our unit; 0: never */
};

/* An event that keeps the kernel from mixing up parent and child (perf.c), of each kind. */
enum { TARE_ANCHORS_MAX = 2 };

/* Open events, in the order they were asked for, on one target after the other. */
struct tare_attachment {
	int fds[TARE_COUNTERS_MAX * TARE_COUNT_CPUS_MAX]; /* its own; a copy may go to the agent */
	size_t count;                                     /* on each target */
	size_t targets;
	int anchors[TARE_ANCHORS_MAX];
	size_t anchor_count;
	const struct tare_counter_ops *keeper; /* whose close_attached(); NULL: none is needed */
	int keeper_id;
};

struct tare_counter_ops {
	const char *name;
	const char *summary; /* one line for `tare list counters` */
	enum tare_counter_way way;
	/* TARE_OK, or TARE_UNSUPPORTED with a reason a user can act on. */
	enum tare_status (*supported)(const struct tare_counter_place *place, struct tare_err *err);
	/* Whether it knows the name, and really counts it here. TARE_NOT_FOUND: no such name.
	 * TARE_UNSUPPORTED: known, but not to be had, and why. Strings of *source_out live in the
	 * arena; what it leaves out is filled in by the caller. Simulated: the caller asks
	 * supported() as well, once for all names, since that takes as long as a simulation. */
	enum tare_status (*find)(struct tare_counter_source *source_out, struct tare_arena *arena,
		const struct tare_counter_place *place, const char *name, struct tare_err *err);
	/* Events: opens count of its own sources on a target, one descriptor each, whose number is
	 * then in attachment->count. Where that fails too, what is in the attachment is the
	 * caller's to close. */
	enum tare_status (*attach)(struct tare_attachment *attachment,
		const struct tare_counter_source *const *sources, size_t count,
		const struct tare_counter_target *target, struct tare_err *err);
	void (*close_attached)(struct tare_attachment *attachment);
	/* Events: whether these can count at the same time, all of them its own. */
	bool (*fits)(const struct tare_counter_source *const *sources, size_t count);
	double (*from_record)(
		const struct tare_counter_source *source, const struct tare_agent_record *record);
	/* Around: the reading now, in our unit; its differences count. */
	enum tare_status (*read)(double *value_out, const struct tare_counter_source *source,
		const struct tare_counter_place *place, struct tare_err *err);
};

extern const struct tare_counter_ops tare_counters_perf;
extern const struct tare_counter_ops tare_counters_papi;
extern const struct tare_counter_ops tare_counters_perf_sw;
extern const struct tare_counter_ops tare_counters_cgroup;
extern const struct tare_counter_ops tare_counters_rusage;
extern const struct tare_counter_ops tare_counters_energy;
extern const struct tare_counter_ops tare_counters_valgrind;
extern const struct tare_counter_ops tare_counters_null;

/* The ladder, NULL-terminated. */
extern const struct tare_counter_ops *const tare_counter_providers[];

/* What was looked for so far, each name once: a probe may take a second. */
struct tare_counters;
struct tare_counters *tare_counters_new(
	struct tare_arena *arena, const struct tare_counter_place *place);

/* The arena it was made in. */
struct tare_arena *tare_counters_arena(const struct tare_counters *counters);

/* The same place for programs in containers, and for events that count on CPUs. */
struct tare_counters *tare_counters_for(struct tare_counters *counters, bool inside, bool on_cpus);

/* The source of a name: a portable one, a PAPI preset or a native event, or "PROVIDER/NAME" for one
 * provider only. *source_out lives as long as the arena. TARE_UNSUPPORTED names every provider that
 * knows the name and why it does not count here; TARE_NOT_FOUND where none knows it, with what was
 * probably meant. */
enum tare_status tare_counters_find(const struct tare_counter_source **source_out,
	struct tare_counters *counters, const char *name, struct tare_err *err);

/* Decides for every counter of the plan where it comes from: metrics get their unit and origin,
 * rules their source, cases their sets. Counters that cannot be had, and metrics derived from them,
 * are taken out of the plan; *missing_out is one sentence that names them all with their reasons,
 * NULL where there are none. TARE_UNSUPPORTED, with the same sentence, where a case requires its
 * counters. */
enum tare_status tare_counters_resolve(const char **missing_out, struct tare_counters *counters,
	struct tare_plan *plan, struct tare_err *err);

/* Opens the events of a set on one process, or on each of the CPUs (at most TARE_COUNT_CPUS_MAX):
 * first the clock that guards them, then those of set->metrics in order. TARE_UNSUPPORTED where
 * that fails. */
enum tare_status tare_counters_attach(struct tare_attachment *attachment_out,
	const struct tare_case *subject, const struct tare_counter_set *set,
	const struct tare_counter_target *targets, size_t target_count, struct tare_err *err);
void tare_counters_detach(struct tare_attachment *attachment); /* twice is harmless */

/* The counted metrics of one invocation; NaN where they have no value, as all other metrics are.
 * counted_out is [metric_count]. *invalid_out: the guard said that the events cannot be
 * right. around: [metric_count] differences of what is read around, or NULL. */
void tare_counters_values(struct tare_counted *counted_out, bool *invalid_out,
	const struct tare_case *subject, const struct tare_agent_record *record,
	const struct tare_agent_counts *counts, const double *around);
/* Derived metrics out of the others of the sample. */
void tare_counters_derive(double *values, const struct tare_case *subject);

/* True where the case has a metric that is got this way. */
bool tare_counters_has(const struct tare_case *subject, enum tare_counter_way way);

/* valgrind.c: the program as it is run under the simulator, which writes its files into dir. In the
 * arena. */
const struct tare_program *tare_valgrind_program(
	struct tare_arena *arena, const struct tare_case *subject, const char *dir);
/* Adds up what the files in dir say, by metric; values of other metrics are left alone. */
enum tare_status tare_valgrind_values(
	double *values_out, const struct tare_case *subject, const char *dir, struct tare_err *err);
/* The events and their totals out of one file of the simulator. counts_out has room for
 * TARE_VALGRIND_EVENTS_MAX; names point into text, which is changed. */
enum { TARE_VALGRIND_EVENTS_MAX = 32 };
enum tare_status tare_valgrind_parse(const char **names_out, uint64_t *counts_out,
	size_t *count_out, char *text, struct tare_err *err);

#endif
