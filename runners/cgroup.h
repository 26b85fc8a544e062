/*
 * A run's own cgroup, so that everything it started can be found and killed at once.
 *
 * A directory "tare-<run>-<pid>-<time>" of the unified hierarchy, under the cgroup that tare itself
 * is in. It needs no controller, only permission to make it; where that is missing there is none,
 * and the agent alone sees to it that nothing stays behind. An flock on the directory says that its
 * run is alive: open() kills and removes what dead runs left. Life cycle: open, add, close, which
 * kills what is still inside.
 */
#ifndef TARE_RUNNERS_CGROUP_H
#define TARE_RUNNERS_CGROUP_H

#include <stddef.h>
#include <sys/types.h>

#include "harness/base/err.h"

struct tare_cgroup;

/* TARE_UNSUPPORTED with the reason where there can be none. The caller owns *cgroup_out. */
enum tare_status tare_cgroup_open(
	struct tare_cgroup **cgroup_out, const char *run_id, struct tare_err *err);
/* Moves a process, and so all that it will start, into it. */
enum tare_status tare_cgroup_add(struct tare_cgroup *cgroup, pid_t pid, struct tare_err *err);
/* SIGKILL to all that is inside, setsid children too. */
void tare_cgroup_kill(struct tare_cgroup *cgroup);
void tare_cgroup_close(struct tare_cgroup *cgroup); /* NULL is allowed */
const char *tare_cgroup_path(const struct tare_cgroup *cgroup);

/* The directory of a process's cgroup on the unified hierarchy. TARE_UNSUPPORTED where that is not
 * mounted. */
enum tare_status tare_cgroup_of(char *path_out, size_t size, pid_t pid, struct tare_err *err);

/* The directory of this process's cgroup on the unified hierarchy, from the texts of
 * /proc/self/cgroup and /proc/self/mountinfo. Pure. TARE_UNSUPPORTED where it is not mounted. */
enum tare_status tare_cgroup_locate(char *path_out, size_t size, const char *cgroup_text,
	const char *mountinfo_text, struct tare_err *err);

#endif
