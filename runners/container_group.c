#include "runners/container_group.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runners/cgroup.h"

enum { ID_LEN = 64 };

bool
tare_container_group_is_own(const char *path)
{
	size_t run = 0;

	for (; *path; path++) {
		run = isxdigit((unsigned char)*path) ? run + 1 : 0;
		if (run == ID_LEN)
			return true;
	}
	return false;
}

/* With controllers, a move would change what the process may use. */
static bool
has_no_controllers(const char *path)
{
	char file[PATH_MAX], text[8];
	ssize_t len;
	int fd;

	if ((size_t)snprintf(file, sizeof(file), "%s/cgroup.controllers", path) >= sizeof(file))
		return false;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text));
	close(fd);
	return len == 0 || (len == 1 && text[0] == '\n');
}

void
tare_container_group_open(
	struct tare_container_group *group_out, const char *run_id, pid_t agent_pid)
{
	struct tare_cgroup *made = NULL;
	char path[PATH_MAX];

	group_out->path[0] = '\0';
	group_out->made = NULL;
	if (agent_pid <= 0 || tare_cgroup_of(path, sizeof(path), agent_pid, NULL) != TARE_OK)
		return;
	if (!tare_container_group_is_own(path)) {
		if (tare_cgroup_open(&made, run_id, NULL) != TARE_OK)
			return;
		if (!has_no_controllers(tare_cgroup_path(made)) ||
			tare_cgroup_add(made, agent_pid, NULL) != TARE_OK) {
			tare_cgroup_close(made);
			return;
		}
		snprintf(path, sizeof(path), "%s", tare_cgroup_path(made));
	}
	memcpy(group_out->path, path, strlen(path) + 1);
	group_out->made = made;
}

void
tare_container_group_close(struct tare_container_group *group)
{
	tare_cgroup_close(group->made);
	group->made = NULL;
	group->path[0] = '\0';
}
