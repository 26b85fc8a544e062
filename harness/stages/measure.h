/*
 * Measuring, in two layers, private to the stage: measure.c decides what is measured next and when
 * enough is enough; measure_case.c does it for one case: hooks, services, invocations, journal.
 *
 * struct tare_measure lives for the stage. Rule: between the agent's gate and reap the harness does
 * nothing; progress is drawn before an invocation begins.
 */
#ifndef TARE_STAGES_MEASURE_H
#define TARE_STAGES_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/stages/extract.h"
#include "harness/stages/progress.h"
#include "harness/stages/session.h"
#include "runners/runner.h"

enum { TARE_OPEN_RUNNERS_MAX = 8 };

struct tare_open_runner {
	const struct tare_runner_ops *ops;
	struct tare_runner *runner;
};

struct tare_measured_case {
	const struct tare_case *subject;
	struct tare_run_case *record;
	struct tare_open_runner *on; /* NULL until begun */
	struct tare_extractor *extractor;
	const char *log_path;
	uint32_t *service_ids;
	bool services_up;
	bool set_up;    /* setup ran: cleanup is owed */
	double *values; /* one sample */
	uint32_t next_pair;
	uint32_t warmups;
	uint64_t spent_ns;
	bool over; /* failed, or its list ended */
};

struct tare_measured_group {
	const struct tare_group *group;
	uint32_t round;
	uint32_t next_look;     /* in pairs */
	uint32_t planned_pairs; /* n_max of the spending plan; 0 until the first look */
	bool begun;
	bool over;
};

struct tare_measure {
	struct tare_session *session;
	struct tare_run *run;
	const struct tare_plan *plan;
	struct tare_measured_case *cases;
	struct tare_measured_group *groups;
	struct tare_open_runner runners[TARE_OPEN_RUNNERS_MAX];
	size_t runner_count;
	struct tare_outcome *outcomes; /* [TARE_PENDING_SLOTS] */
	struct tare_arena *scratch;    /* reset before each invocation */
	struct tare_progress progress;
	const char *log_dir;
	const char *pending_path; /* NULL where there is no journal */
	uint64_t began_ns;
	uint64_t last_seq;
};

/* Runner, pins, scratch folder, extractor, services where they are not shared, setup. A case that
 * cannot begin is failed in run and journal and over; only what stops the whole run is an error. */
enum tare_status tare_measure_begin_case(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err);

/* cleanup, services, scratch folder. Safe on a case that never began. */
enum tare_status tare_measure_end_case(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err);

/* Up to count invocations, each with prepare and conclude, into run and journal. */
enum tare_status tare_measure_invoke(struct tare_measure *measure, struct tare_measured_case *mine,
	bool warmup, uint32_t count, struct tare_err *err);

/* True where several invocations may run before the harness looks at the first. */
bool tare_measure_batches(const struct tare_measured_case *mine);

/* Fails the case: in run, journal and progress. seq 0: outside an invocation. */
enum tare_status tare_measure_fail_case(struct tare_measure *measure,
	struct tare_measured_case *mine, struct tare_sample *sample, const char *text,
	const char *stderr_tail, struct tare_err *err);

/* Services of the case up and those of its other variants down, where they are not the same. */
enum tare_status tare_measure_need_services(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err);

/* Makes ${work_dir} and runs every build of the plan once; a build that fails fails the cases that
 * need it. */
enum tare_status tare_measure_builds(struct tare_measure *measure, struct tare_err *err);

/* The values of the always-measured metrics out of what the agent reported. */
void tare_record_values(double *values_out, const struct tare_agent_record *record);

#endif
