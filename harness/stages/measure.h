/*
 * Measuring, private to the stage: decide what is measured next and when enough is enough, and do
 * it for one case.
 *
 *   measure.c           the stage: opening, rounds over all groups, closing
 *   measure_group.c     one group: blocks, looks, budgets, its beginning and its end
 *   measure_case.c      one case: begin, invoke, take what came of it, end
 *   measure_facts.c     what a runner found out about a case
 *   measure_program.c   runners, hooks and builds
 *   measure_noise.c     what disturbed an invocation
 *   measure_place.c     where tare itself stays meanwhile
 *   measure_service.c   services, shared or swapped between variants
 *
 * struct tare_measure lives for the stage. Rule: between the agent's gate and reap the harness does
 * nothing; progress is drawn before an invocation begins.
 */
#ifndef TARE_STAGES_MEASURE_H
#define TARE_STAGES_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/compare/compare.h"
#include "harness/machine/gauges.h"
#include "harness/pin/affinity.h"
#include "harness/stages/extract.h"
#include "harness/stages/progress.h"
#include "harness/stages/scratch.h"
#include "harness/stages/session.h"
#include "runners/runner.h"

enum { TARE_OPEN_RUNNERS_MAX = 8 };

struct tare_open_runner {
	const struct tare_runner_ops *ops;
	struct tare_runner *runner; /* NULL where it could not be opened */
	struct tare_err why_not;
};

struct tare_measured_case {
	const struct tare_case *subject;
	struct tare_run_case *record;
	struct tare_open_runner *on; /* NULL until begun */
	struct tare_extractor *extractor;
	const char *log_path;
	uint32_t *service_ids;
	size_t services_up;           /* how many of its services it has running */
	bool set_up;                  /* setup was begun: cleanup is owed */
	bool has_folder;              /* its scratch folder was made */
	double *values;               /* one sample */
	struct tare_counted *counted; /* likewise */
	double *simulated;            /* [metric_count] for the first pair; NULL: not yet */
	uint32_t next_pair;
	uint32_t turns;          /* visits that were not for warming up */
	uint32_t warmups;        /* done since it was begun: a resumed case is warmed up again */
	uint64_t spent_ns;       /* of its budget: measured invocations with prepare and conclude */
	size_t looks_journalled; /* of the record's */
	bool over;               /* failed, or its list ended */
	uint64_t window_ns;      /* how long its last request took; 0: none yet */
	double fastest_khz;      /* of its CPUs so far; 0: not read */
	uint64_t judged;         /* invocations that were looked at for noise, warm-ups too */
	uint64_t faulted;        /* those of them that had major faults */
};

struct tare_measured_group {
	const struct tare_group *group;
	uint32_t next_look; /* in pairs */
	struct tare_looking looking;
	uint32_t confirm_until;    /* measured again up to so many pairs; 0: not, or not yet */
	enum tare_stop first_stop; /* where it is: why the first measuring ended */
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
	struct tare_scratch folders;
	struct tare_progress progress;
	const char *log_dir;
	const char *pending_path; /* NULL where there is no journal */
	uint64_t began_ns;
	uint64_t last_seq;
	uint64_t last_sync_ns;
	struct tare_housekeeping housekeeping;
	struct tare_bits
		cpus_elsewhere; /* what tare could use before; empty where it did not move */
	struct tare_gauges *gauges;
	struct tare_bits cpus_unpinned;      /* those of what is not pinned */
	struct tare_noise noise;             /* of the request at hand, as the next two */
	struct tare_noise_scale noise_scale; /* as far as it is the same for the whole request */
	uint64_t noise_began_ns;
	bool hurried; /* interrupted while cleaning up: no further hook is run */
};

/* What is asked of one visit to a case. */
struct tare_visit {
	bool warmup;
	uint32_t count;
	uint64_t budget_ns; /* no further invocation is begun after this long */
};

/* measure.c */
bool tare_measure_is_interrupted(const struct tare_measure *measure);
/* Something outside of the benchmarks failed: what there is goes on, the exit code says it. */
void tare_measure_note_breakdown(struct tare_measure *measure, const struct tare_err *why);

/* measure_place.c: to the housekeeping core, where any case is pinned on this machine. */
void tare_measure_move_aside(struct tare_measure *measure);

/* measure_group.c: begins the group where that is due, measures a block of it, and ends it where
 * that was enough. */
enum tare_status tare_measure_visit_group(
	struct tare_measure *measure, struct tare_measured_group *mine, struct tare_err *err);
/* Takes the group up where a resumed run left it; what that run spent, as far as samples tell. */
void tare_measure_take_up_group(struct tare_measure *measure, size_t index);

/* measure_case.c: runner, pins, scratch folder, extractor, services where they are not shared,
 * setup. A case that cannot begin is failed in run and journal and over; only what stops the whole
 * run is an error. */
enum tare_status tare_measure_begin_case(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err);

/* cleanup, services, scratch folder. Safe on a case that never began. Everything is done whatever
 * fails; the first error is the one returned. */
enum tare_status tare_measure_end_case(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err);

/* Up to visit->count invocations, each with prepare and conclude, into run and journal. */
enum tare_status tare_measure_invoke(struct tare_measure *measure, struct tare_measured_case *mine,
	const struct tare_visit *visit, struct tare_err *err);

/* True where several invocations may run before the harness looks at the first. */
bool tare_measure_batches(const struct tare_measured_case *mine);

/* Fails the case in run, journal and progress for what is not an invocation: a hook, a build, a
 * service. */
enum tare_status tare_measure_fail_outside(struct tare_measure *measure,
	struct tare_measured_case *mine, const char *text, const char *tail, struct tare_err *err);
/* What a runner refuses for one case fails that case; what breaks the run is passed on. */
enum tare_status tare_measure_refuse_case(struct tare_measure *measure,
	struct tare_measured_case *mine, const struct tare_err *why, struct tare_err *err);

/* measure_facts.c: what the runner says of the case it has begun, into environment and journal, and
 * warnings about containers that are no good ground for measuring. */
enum tare_status tare_measure_note_facts(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err);

/* measure_noise.c: around one request to the runner, then for each sample that came of it. */
void tare_measure_noise_open(struct tare_measure *measure);
void tare_measure_noise_begin(struct tare_measure *measure, const struct tare_measured_case *mine);
/* count: of measure->outcomes. */
void tare_measure_noise_end(
	struct tare_measure *measure, struct tare_measured_case *mine, uint32_t count);
void tare_measure_noise_label(struct tare_measure *measure, struct tare_measured_case *mine,
	struct tare_sample *sample, const struct tare_agent_record *record);

/* measure_program.c */
enum tare_status tare_measure_open_runner(struct tare_measure *measure,
	struct tare_open_runner **on_out, const char *name, struct tare_err *err);
/* Whether anything that is started for the case has this path in its words, environment or files.
 */
bool tare_measure_mentions(const struct tare_case *subject, const char *path);
/* A hook that fails, fails the case; NULL is no hook. */
enum tare_status tare_measure_hook(struct tare_measure *measure, struct tare_measured_case *mine,
	const char *name, const struct tare_program *program, struct tare_err *err);
/* Runs every build of the plan once; a build that fails fails the cases that need it. */
enum tare_status tare_measure_builds(struct tare_measure *measure, struct tare_err *err);
/* One sentence for what went wrong with a started program, or NULL where nothing did. */
const char *tare_outcome_failure(struct tare_arena *arena, const struct tare_outcome *outcome,
	const struct tare_program *program, const int *exit_codes, size_t exit_code_count);
/* The last lines, in the arena; NULL where there are none. */
const char *tare_tail_of_text(struct tare_arena *arena, const char *text, size_t len);

/* measure_service.c: services of the case up and those of its other variants down, where they are
 * not the same. */
enum tare_status tare_measure_need_services(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err);
/* A service that had ended by itself fails every case that relied on it. */
enum tare_status tare_measure_stop_services(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err);

/* The values of the always-measured metrics out of what the agent reported. */
void tare_record_values(double *values_out, const struct tare_agent_record *record);

#endif
