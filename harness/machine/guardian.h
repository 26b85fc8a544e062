/*
 * The guardian: a child of this process that puts a tuned machine back where this process dies.
 *
 * tare_guardian_start() forks it, with the lock, before anything is written; it sleeps in a read.
 * tare_guardian_dismiss() ends and reaps it. Where this process ends without having said so, the
 * guardian does what tare_tune_restore() does, unless the journal says that the values stay. It is
 * a process group of its own, deaf to the signals of a terminal and of service managers, in the
 * session of this process. Internal to harness/machine.
 */
#ifndef TARE_MACHINE_GUARDIAN_H
#define TARE_MACHINE_GUARDIAN_H

#include "harness/machine/tune.h"

struct tare_guardian {
	pid_t pid; /* 0: there is none */
	int fd;
};

/* For a process of one thread. */
enum tare_status tare_guardian_start(struct tare_guardian *guardian_out,
	const struct tare_tune_place *place, int lock_fd, struct tare_err *err);
void tare_guardian_dismiss(struct tare_guardian *guardian); /* a zeroed one is fine */

/* Puts back what the journal has, unless it is kept; the lock is held by the caller. tune.c. */
enum tare_status tare_tune_put_back_left(
	size_t *count_out, const struct tare_tune_place *place, struct tare_err *err);

#endif
