/*
 * Descriptions: a program as the agent is told of it, and the files it is given.
 *
 * The bytes begin with what goes over the wire (struct tare_wire_program and its strings). After
 * that come, for this side only, the names and identities of the files: two descriptions with the
 * same bytes start the same thing, so the bytes are the key under which a slot of the agent is used
 * again. Life cycle: tare_description_build() into a zeroed or used one, tare_description_free().
 */
#ifndef TARE_RUNNERS_DESCRIPTION_H
#define TARE_RUNNERS_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"
#include "harness/model/plan.h"
#include "runners/agent/wire.h"

struct tare_description {
	char *bytes;
	size_t len;      /* of all */
	size_t wire_len; /* of what is sent */
	size_t capacity;
	bool fresh; /* names a file that was not there: equal to no other */
};

/* What a program is given beside what the suite says of it. */
struct tare_sinks {
	const char *log_path; /* standard error, and output where with_output; NULL: errors_fd */
	bool with_output;     /* hooks and services: output to the log, whatever the program says */
	int errors_fd;
	int capture_fd;
	/* A library that pins threads, and the CPUs it is to use; NULL: threads are left alone. */
	const char *thread_library;
	const char *thread_cpus;
	bool padded; /* with a word whose length the agent changes with each invocation */
};

/* TARE_INVALID where the program does not fit (TARE_WIRE_PROGRAM_MAX). */
enum tare_status tare_description_build(struct tare_description *description,
	const struct tare_program *program, const struct tare_sinks *sinks, struct tare_err *err);
bool tare_description_equal(const struct tare_description *a, const struct tare_description *b);
void tare_description_free(struct tare_description *description);

/* Opens what TARE_WIRE_DEFINE sends: the description in a memory file, stdin, stdout, stderr. All
 * are the caller's to close. On failure none is open, the sentence names the file, and errno
 * says why; TARE_FAILED where the program's own files are the reason. */
enum tare_status tare_description_open(int fds_out[TARE_WIRE_PROGRAM_FDS],
	const struct tare_description *description, const struct tare_program *program,
	const struct tare_sinks *sinks, struct tare_err *err);

#endif
