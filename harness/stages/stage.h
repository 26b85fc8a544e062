/*
 * Stages: a name, what it needs, what it makes, and one function.
 *
 * tare_stages_run() runs them in order, checks needs and makes, and puts the stage's name in front
 * of an error, unless the user's own file is named there already. A stage that `may_fail` does not
 * stop the others: its error is kept in session->deferred and counts for the exit code.
 */
#ifndef TARE_STAGES_STAGE_H
#define TARE_STAGES_STAGE_H

#include "harness/stages/session.h"

struct tare_stage {
	const char *name;
	unsigned needs; /* enum tare_part */
	unsigned makes;
	bool may_fail;
	enum tare_status (*run)(struct tare_session *session, struct tare_err *err);
};

extern const struct tare_stage tare_stage_load;     /* suite.yaml -> suite */
extern const struct tare_stage tare_stage_expand;   /* suite -> plan */
extern const struct tare_stage tare_stage_describe; /* machine, run id, journal with its header */
extern const struct tare_stage tare_stage_baseline; /* the run to compare with */
extern const struct tare_stage tare_stage_choose;   /* runners that are auto */
extern const struct tare_stage
	tare_stage_measure; /* plan -> samples, in the journal as they come */
extern const struct tare_stage tare_stage_correct; /* calibrations -> what containers add */
extern const struct tare_stage tare_stage_compare; /* samples -> verdicts and gate */
extern const struct tare_stage tare_stage_store;   /* run and verdicts -> history */
extern const struct tare_stage tare_stage_report;  /* run and verdicts -> files */

enum tare_status tare_stages_run(struct tare_session *session,
	const struct tare_stage *const *stages, size_t count, struct tare_err *err);

/* "regression,inconclusive" of --gate. */
enum tare_status tare_stage_gate_parse(struct tare_gate *gate_out, const char *text,
	struct tare_arena *arena, struct tare_err *err);
/* The gate of this command: --gate, else the run's, which is the suite's. What the command line
 * asks for is not kept with the run: the next command that reads it may ask for another. */
enum tare_status tare_stage_gate_choose(
	struct tare_gate *gate_out, const struct tare_session *session, struct tare_err *err);

/* What the suite language leaves to others, the names of runners, for check_value of struct
 * tare_expand_options. */
enum tare_status tare_stage_value_check(const char *key, const char *text, struct tare_err *err);

/* What starting a program costs on this machine: the median wall of a static one that does next to
 * nothing, started by the host runner. */
enum tare_status tare_stage_null_program(uint64_t *median_ns_out, struct tare_err *err);
/* As the fact baseline.null_program_ns, where it can be had. */
void tare_stage_add_null_program(struct tare_environment *environment, struct tare_arena *arena);

/* Whether programs of the plan run on this machine, and are not only replayed. */
bool tare_stage_measures_here(const struct tare_plan *plan);

/* Refuses a plan that measures here on a machine that is not what it requires: TARE_UNSUPPORTED,
 * and everything that is not met in session->problems. */
enum tare_status tare_stage_require(struct tare_session *session,
	const struct tare_environment *environment, struct tare_err *err);

/* Where the cases go goes into the run, with warnings of what is doubtful about it. What cannot be
 * had is the runner's to say, case by case. */
void tare_stage_note_placement(struct tare_session *session);
/* As above, with a machine read before. */
void tare_stage_note_placement_on(
	struct tare_run *run, const struct tare_plan *plan, const struct tare_topology *topology);

/* Loads the run a user means by text: a journal's path where such a file exists, else what the
 * store resolves. suite may be NULL. The caller frees *run_out. */
enum tare_status tare_stage_find_run(struct tare_run **run_out, struct tare_session *session,
	const char *text, const char *suite, struct tare_err *err);

#endif
