/*
 * Reporters: a run and its comparisons -> text for somebody.
 *
 * A reporter is a const table at the end of its file and one line in registry.c. write() only reads
 * its input and writes to the stream; the caller opens, checks and closes the stream. Every string
 * comes from outside and is escaped for the format.
 */
#ifndef TARE_REPORT_REPORT_H
#define TARE_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/base/err.h"
#include "harness/model/comparison.h"
#include "harness/model/correction.h"
#include "harness/model/run.h"

struct tare_report_input {
	const struct tare_run *run;             /* the head; NULL is not allowed */
	const struct tare_run *base;            /* NULL where nothing was compared across runs */
	const struct tare_comparison_set *sets; /* variants first, then across runs */
	size_t set_count;
	const struct tare_gate_outcome *gate; /* NULL: not asked for */
	/* Of run and base, NULL where nobody asked for one (harness/model/correction.h). */
	const struct tare_correction *correction;
	const struct tare_correction *base_correction;
	const struct tare_weights *weights; /* where run is a calibration; else NULL */
	bool color;                         /* text: ANSI colours allowed */
	int width;                          /* text: columns of the terminal; 0: 80 */
};

struct tare_reporter {
	const char *name;      /* "text", "markdown", ... */
	const char *extension; /* "md" */
	const char *summary;   /* one line for `tare list reports` */
	enum tare_status (*write)(
		FILE *out, const struct tare_report_input *input, struct tare_err *err);
};

/* The registry, NULL-terminated. */
extern const struct tare_reporter *const tare_reporters[];
const struct tare_reporter *tare_reporter_find(const char *name); /* NULL where there is none */

#endif
