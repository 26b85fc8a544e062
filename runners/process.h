/*
 * Another program of this machine, run to its end: what it printed and how it ended.
 *
 * For the command lines of container engines, never for anything measured. Arguments go as they
 * are, without a shell; standard input is empty; the environment is tare's own. The child has a
 * session of its own, so that Ctrl-C reaches tare alone, and is killed with its group where it
 * takes too long or the run is interrupted. The texts belong to the arena.
 */
#ifndef TARE_RUNNERS_PROCESS_H
#define TARE_RUNNERS_PROCESS_H

#include <signal.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"

enum { TARE_PROCESS_TEXT_MAX = 1 << 20 }; /* of each stream; the rest is not kept */

struct tare_process {
	const char *const *argv; /* NULL-terminated; argv[0] is looked for on PATH */
	uint64_t timeout_ns;
	const char *log_path;                     /* both streams are appended to it as well */
	const volatile sig_atomic_t *interrupted; /* a change kills it; NULL: nothing does */
};

struct tare_process_result {
	int exit_code; /* 127 and error where it could not be started; 128 + signal */
	int error;     /* errno where it could not be started */
	uint64_t took_ns;
	char *out;
	char *errors;
};

/* A program that fails, or is not there, is a result. TARE_INTERRUPTED; TARE_OUTSIDE where it did
 * not end in time, or this machine has no room for it. */
enum tare_status tare_process_run(struct tare_process_result *result_out, struct tare_arena *arena,
	const struct tare_process *command, struct tare_err *err);

#endif
