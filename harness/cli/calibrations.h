/*
 * Calibrations for people: as a table, as a list, and taken off what a run measured in containers.
 */
#ifndef TARE_CLI_CALIBRATIONS_H
#define TARE_CLI_CALIBRATIONS_H

#include <stdio.h>

#include "harness/base/err.h"
#include "harness/model/run.h"
#include "harness/stages/session.h"
#include "harness/store/store.h"

/* TARE_INVALID where the run is no calibration. */
enum tare_status tare_calibration_print(
	FILE *out, const struct tare_run *run, struct tare_err *err);

/* Raw and corrected times of the run's cases that ran in containers, by the newest calibration of
 * the history that speaks of them. max_age is a duration; NULL: 30 days. TARE_NOT_FOUND with the
 * newest one's reason where there is none. */
enum tare_status tare_calibration_correct_run(struct tare_session *session, const char *run,
	const char *store_url, const char *max_age, struct tare_err *err);

/* Those in the store, newest first. */
enum tare_status tare_calibrations_list(
	FILE *out, struct tare_store *store, size_t limit, struct tare_err *err);

#endif
