/*
 * Output of programs, kept in memory: standard error in one file, captured standard output in
 * another.
 *
 * The program writes straight into the files; nobody reads along while it is timed. Begin before an
 * invocation, read after it, trim now and then so that a program without end does not fill the
 * memory. Text stays valid until the next begin. Life cycle: open, { begin, trim, read }, close.
 */
#ifndef TARE_RUNNERS_OUTPUT_H
#define TARE_RUNNERS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"

enum { TARE_ERRORS_TAIL_MAX = 64 << 10 };

struct tare_output {
	int errors_fd; /* appended to by whatever runs */
	int capture_fd;
	size_t errors_begin; /* where this invocation's standard error starts */
	char *errors_text;
	char *capture_text;
};

struct tare_output_text {
	const char *text; /* NUL-terminated, never NULL */
	size_t len;
	bool cut;
};

enum tare_status tare_output_open(struct tare_output *output_out, struct tare_err *err);
void tare_output_close(struct tare_output *output);

void tare_output_begin(struct tare_output *output);
/* Gives back memory of what will not be read: past TARE_CAPTURE_MAX of captured output, and all but
 * the tail of standard error. */
void tare_output_trim(struct tare_output *output);
/* At most the last TARE_ERRORS_TAIL_MAX bytes since begin. */
enum tare_status tare_output_errors(
	struct tare_output_text *text_out, struct tare_output *output, struct tare_err *err);
/* At most the first TARE_CAPTURE_MAX bytes of the file. */
enum tare_status tare_output_captured(
	struct tare_output_text *text_out, struct tare_output *output, struct tare_err *err);

#endif
