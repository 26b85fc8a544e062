/*
 * Extracting: metrics out of a program's output, and whether the output is as expected.
 *
 * An extractor holds a case's compiled patterns; new once per case, free at its end. The output is
 * hostile: bounded by the runner, matched line by line in bounded time each (a pattern with a line
 * feed in it: as a whole, where that is short), at most TARE_MATCHES_MAX values a metric. Many
 * lines may still take long, so an interruption is looked for between them: TARE_INTERRUPTED.
 */
#ifndef TARE_STAGES_EXTRACT_H
#define TARE_STAGES_EXTRACT_H

#include <signal.h>
#include <stdbool.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/model/plan.h"
#include "harness/model/run.h"

enum { TARE_MATCHES_MAX = 100000, TARE_MATCHED_LINE_MAX = 8192, TARE_MATCHED_WHOLE_MAX = 16384 };

struct tare_extractor;

/* What a program wrote, NUL-terminated; NULL where it was not captured. */
struct tare_output {
	const char *text[2]; /* by enum tare_stream */
	size_t len[2];
};

enum tare_status tare_extractor_new(struct tare_extractor **extractor_out,
	const struct tare_case *subject, struct tare_err *err);
void tare_extractor_free(struct tare_extractor *extractor); /* NULL is allowed */

/* True where standard output or error has to be looked at after every invocation. */
bool tare_extractor_reads_output(const struct tare_extractor *extractor);

bool tare_extractor_reads_errors(const struct tare_extractor *extractor);
/* Changed by a signal handler; matching ends when it is not 0. */
void tare_extractor_watch(
	struct tare_extractor *extractor, const volatile sig_atomic_t *interrupted);

/* TARE_FAILED with "stdout does not match 'PATTERN'" where the output is not as expected. */
enum tare_status tare_extract_check(const struct tare_extractor *extractor,
	const struct tare_output *output, struct tare_err *err);

/* Fills values (and iterations, where a metric matched several times) of the suite's own metrics,
 * converted to base units and reduced. Lists live in scratch. TARE_FAILED where a metric is not in
 * the output or not a number. */
enum tare_status tare_extract_metrics(const struct tare_extractor *extractor,
	struct tare_sample *sample, struct tare_arena *scratch, const struct tare_output *output,
	struct tare_err *err);

/* One number of several; values are reordered. */
double tare_reduce(double *values, size_t count, enum tare_reduce reduce);

#endif
