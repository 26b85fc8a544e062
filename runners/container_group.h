/*
 * A container's cgroup on the unified hierarchy, of which pressure and throttling are read.
 *
 * Where the engine gives each container one, it is that, found through the agent's number on this
 * machine. Engines that use the old hierarchies leave a container in the cgroup of their own
 * daemon; then one is made beside tare's, if the unified hierarchy has no controllers there, so
 * that moving the agent into it changes nothing but who is counted. Life cycle: open once the agent
 * runs, close after the container is gone. There may be none: path is "".
 */
#ifndef TARE_RUNNERS_CONTAINER_GROUP_H
#define TARE_RUNNERS_CONTAINER_GROUP_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct tare_cgroup;

struct tare_container_group {
	char path[PATH_MAX];      /* "": none */
	struct tare_cgroup *made; /* NULL: the engine's */
};

void tare_container_group_open(
	struct tare_container_group *group_out, const char *run_id, pid_t agent_pid);
void tare_container_group_close(struct tare_container_group *group);

/* Whether the path is that of a container: engines put its number of 64 hexadecimal digits in. */
bool tare_container_group_is_own(const char *path);

#endif
