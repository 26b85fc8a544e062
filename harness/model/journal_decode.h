/*
 * The journal's lines, decoded: one parsed line -> what it says of a run. Inside harness/model
 * only.
 *
 * The lines come from outside: every index, count and type is checked before it is used. Errors are
 * TARE_INVALID with a sentence that does not say where; the reader puts file and line in front.
 * After an error the run is incomplete and fit for tare_run_free() only.
 */
#ifndef TARE_MODEL_JOURNAL_DECODE_H
#define TARE_MODEL_JOURNAL_DECODE_H

#include "harness/base/err.h"
#include "harness/base/json.h"
#include "harness/model/run.h"

enum { TARE_JOURNAL_CASES_MAX = 1000000, TARE_JOURNAL_METRICS_MAX = 1024 };

/* Fills an empty run from a header line. */
enum tare_status tare_journal_decode_header(
	struct tare_run *run, const json_t *line, struct tare_err *err);

/* Adds any other line to the run; values is scratch, as long as the longest metric list. A line of
 * a type that is not known changes nothing. */
enum tare_status tare_journal_decode_line(
	struct tare_run *run, const json_t *line, double *values, struct tare_err *err);

#endif
