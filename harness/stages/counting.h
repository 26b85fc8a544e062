/*
 * Counters in the measuring stages: decided before the run begins, taken into each sample.
 *
 * Private to the stages. What is counted how is harness/counters' to know.
 */
#ifndef TARE_STAGES_COUNTING_H
#define TARE_STAGES_COUNTING_H

#include "harness/counters/counters.h"
#include "harness/stages/measure.h"

/* Decides for the plan of the session; see tare_counters_resolve(). */
enum tare_status tare_stage_counters(
	const char **missing_out, struct tare_session *session, struct tare_err *err);
/* missing may be NULL. */
void tare_stage_warn_of_counters(struct tare_run *run, const char *missing);

/* Whether a sample can be made again of what is in the pending file alone. */
bool tare_counting_recoverable(
	const struct tare_case *subject, const struct tare_agent_record *record);

/* What was counted of one invocation, into sample->values; counted is [metric_count], and the
 * sample's from then on. Nothing happens for a case that counts nothing. */
void tare_counting_fill(struct tare_sample *sample, struct tare_counted *counted,
	const struct tare_case *subject, const struct tare_agent_record *record,
	const struct tare_agent_counts *counts, const double *around);
/* What was simulated goes into the first pair. simulated may be NULL. */
void tare_counting_take_simulated(struct tare_sample *sample, struct tare_counted *counted,
	const struct tare_case *subject, const double *simulated);
/* Derived metrics, when all others are there. */
void tare_counting_derive(
	struct tare_sample *sample, struct tare_counted *counted, const struct tare_case *subject);

/* Before the first pair of a case that wants it: untimed invocations under the simulator, with
 * prepare and conclude around each. One that fails is a warning. */
enum tare_status tare_counting_simulate(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err);

#endif
