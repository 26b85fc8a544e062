/*
 * Runs that were made by different runners: what a container costs must not pass for a change.
 */
#ifndef TARE_STAGES_MIXING_H
#define TARE_STAGES_MIXING_H

#include "harness/base/err.h"
#include "harness/model/run.h"

/* TARE_INVALID, naming the first case that ran in a container in one of the runs and on the host in
 * the other. Cases that are in one only, or replayed, are fine. */
enum tare_status tare_mixing_check(
	const struct tare_run *base, const struct tare_run *head, struct tare_err *err);

#endif
