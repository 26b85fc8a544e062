/*
 * For the tests of runners: programs, cases and an open host runner without writing out every
 * field.
 *
 * What is made here lives until the program ends. Misuse is asserted.
 */
#ifndef TARE_TESTS_RUNNERS_SUBJECT_H
#define TARE_TESTS_RUNNERS_SUBJECT_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "runners/runner.h"

/* A program of these words (the last is NULL), with a PATH, in "/", output discarded, and a timeout
 * of 20 s, so that no fault of a test hangs it. */
struct tare_program subject_program(const char *const *words);
/* `sh -c script` */
struct tare_program subject_shell(const char *script);
/* Expects exit code 0; has the built-in metrics; not pinned. */
struct tare_case subject_case(struct tare_program program);

/* Measures count invocations; outcomes has room for them. Returns how many; status must be OK. */
uint32_t subject_measure(struct tare_runner *runner, struct tare_outcome *outcomes,
	const struct tare_case *subject, uint32_t count);
/* One invocation, which must be done. */
struct tare_outcome subject_measure_one(
	struct tare_runner *runner, const struct tare_case *subject);
/* One hook. */
struct tare_outcome subject_hook(
	struct tare_runner *runner, const struct tare_program *program, const char *log_path);

/* The host runner with the agent of this build. */
struct tare_runner *subject_open(
	const char *pending_path, const volatile sig_atomic_t *interrupted);
void subject_close(struct tare_runner *runner);

/* Whether the process still runs (a zombie does not), waiting up to 5 s for its end. */
bool subject_ends(pid_t pid);
/* The number that a program wrote into a file, waiting up to 5 s for it. */
pid_t subject_read_pid(const char *path);

#endif
