#include "runners/cgroup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"

enum { PROC_TEXT_MAX = 4 << 20, REMOVE_TRIES = 1000 };

static const char prefix[] = "tare-";

struct tare_cgroup {
	char path[PATH_MAX];
	int fd; /* the directory; holds the flock */
};

/* The line "0::/path" of /proc/self/cgroup; NULL where there is none. */
static const char *
unified_path(const char *text, int *len_out)
{
	while (text && strncmp(text, "0::", 3) != 0) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	if (!text)
		return NULL;
	*len_out = (int)strcspn(text + 3, "\n");
	return text + 3;
}

/* Undoes the \040 of mountinfo in place. */
static void
unescape(char *text)
{
	char *to = text;

	for (; *text; text++, to++) {
		unsigned code;

		if (*text == '\\' && sscanf(text + 1, "%3o", &code) == 1) {
			*to = (char)code;
			text += 3;
		} else {
			*to = *text;
		}
	}
	*to = '\0';
}

/* One line of mountinfo: "31 23 0:28 ROOT MOUNT options ... - TYPE source options". */
static bool
unified_mount(char root_out[PATH_MAX], char mount_out[PATH_MAX], const char *line)
{
	const char *tail = strstr(line, " - ");
	const char *end = strchr(line, '\n');

	if (!tail || (end && tail > end) || strncmp(tail + 3, "cgroup2 ", 8) != 0)
		return false;
	if (sscanf(line, "%*s %*s %*s %4095s %4095s", root_out, mount_out) != 2)
		return false;
	unescape(root_out);
	unescape(mount_out);
	return true;
}

enum tare_status
tare_cgroup_locate(char *path_out, size_t size, const char *cgroup_text, const char *mountinfo_text,
	struct tare_err *err)
{
	char root[PATH_MAX], mount[PATH_MAX];
	const char *path, *line = mountinfo_text;
	size_t root_len;
	int path_len;

	path = unified_path(cgroup_text, &path_len);
	while (path && line && *line && !unified_mount(root, mount, line)) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!path || !line || !*line)
		return tare_err_set(
			err, TARE_UNSUPPORTED, "there is no unified cgroup hierarchy here");
	root_len = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (strncmp(path, root, root_len) != 0 ||
		(path_len > (int)root_len && path[root_len] != '/'))
		return tare_err_set(err, TARE_UNSUPPORTED,
			"the cgroup '%.*s' is outside of what is mounted at '%s'", path_len, path,
			mount);
	if (path_len == (int)root_len + 1)
		path_len--; /* no slash at the end */
	if ((size_t)snprintf(path_out, size, "%s%.*s", mount, path_len - (int)root_len,
		    path + root_len) >= size)
		return tare_err_set(err, TARE_UNSUPPORTED, "the cgroup's path is too long");
	return TARE_OK;
}

/* Of a process, as this process sees it. */
static enum tare_status
locate(char path_out[PATH_MAX], const char *cgroup_file, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	char *cgroup_text, *mountinfo_text;
	enum tare_status status;

	status = tare_file_read(arena, &cgroup_text, NULL, cgroup_file, PROC_TEXT_MAX, err);
	if (status == TARE_OK)
		status = tare_file_read(
			arena, &mountinfo_text, NULL, "/proc/self/mountinfo", PROC_TEXT_MAX, err);
	if (status == TARE_OK)
		status = tare_cgroup_locate(path_out, PATH_MAX, cgroup_text, mountinfo_text, err);
	tare_arena_free(arena);
	return status;
}

static bool
write_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Removing works once the last of the killed has ended; SIGKILL takes a moment. */
static void
kill_and_remove(const char *path, int fd)
{
	struct timespec pause = {.tv_nsec = 1000000};

	write_file(fd, "cgroup.kill", "1");
	for (int i = 0; i < REMOVE_TRIES; i++) {
		if (rmdir(path) == 0 || errno != EBUSY)
			return;
		nanosleep(&pause, NULL);
	}
}

/* What runs that were killed left behind: nobody holds the lock. */
static void
remove_dead(const char *parent)
{
	DIR *dir = opendir(parent);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[PATH_MAX];
		int fd;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
			(size_t)snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name) >=
				sizeof(path))
			continue;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			kill_and_remove(path, fd);
		close(fd);
	}
	if (dir)
		closedir(dir);
}

/* The name must be a plain word, whatever a journal says that is resumed, and is never used twice:
 * a run that is about to remove what it found dead must not meet another one's of the same name. */
static enum tare_status
make(struct tare_cgroup *cgroup, const char *parent, const char *run_id, struct tare_err *err)
{
	char name[128];
	int len = snprintf(name, sizeof(name), "%s%.64s-%d-%" PRIx64, prefix, run_id, (int)getpid(),
		tare_monotonic_ns());

	for (int i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]))
			name[i] = '-';
	}
	errno = ENAMETOOLONG;
	if ((size_t)snprintf(cgroup->path, sizeof(cgroup->path), "%s/%s", parent, name) <
			sizeof(cgroup->path) &&
		mkdir(cgroup->path, 0755) == 0)
		return TARE_OK;
	return tare_err_errno(err, TARE_UNSUPPORTED, "cannot make a cgroup in '%s'", parent);
}

/* Between making and locking it another run may have taken it for a dead one's: then *lost_out. */
static enum tare_status
make_and_lock(struct tare_cgroup *cgroup, bool *lost_out, const char *parent, const char *run_id,
	struct tare_err *err)
{
	enum tare_status status = make(cgroup, parent, run_id, err);

	*lost_out = false;
	if (status != TARE_OK)
		return status;
	cgroup->fd = open(cgroup->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*lost_out = cgroup->fd < 0 || flock(cgroup->fd, LOCK_EX | LOCK_NB) != 0 ||
		    faccessat(cgroup->fd, "cgroup.procs", W_OK, 0) != 0;
	if (!*lost_out && faccessat(cgroup->fd, "cgroup.kill", W_OK, 0) == 0)
		return TARE_OK;
	if (cgroup->fd >= 0)
		close(cgroup->fd);
	rmdir(cgroup->path);
	return tare_err_set(err, TARE_UNSUPPORTED, "cgroups of this kernel cannot be killed");
}

enum tare_status
tare_cgroup_open(struct tare_cgroup **cgroup_out, const char *run_id, struct tare_err *err)
{
	struct tare_cgroup cgroup = {0};
	char parent[PATH_MAX];
	enum tare_status status;
	bool lost = true;

	status = locate(parent, "/proc/self/cgroup", err);
	if (status != TARE_OK)
		return status == TARE_UNSUPPORTED ? status
						  : tare_err_set(err, TARE_UNSUPPORTED,
							    "cannot read this process's cgroup");
	remove_dead(parent);
	for (int i = 0; i < 10 && lost; i++)
		status = make_and_lock(&cgroup, &lost, parent, run_id, err);
	if (status != TARE_OK)
		return status;
	*cgroup_out = tare_xcalloc(1, sizeof(cgroup));
	**cgroup_out = cgroup;
	return TARE_OK;
}

enum tare_status
tare_cgroup_add(struct tare_cgroup *cgroup, pid_t pid, struct tare_err *err)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (write_file(cgroup->fd, "cgroup.procs", text))
		return TARE_OK;
	return tare_err_errno(
		err, TARE_UNSUPPORTED, "cannot move a process into '%s'", cgroup->path);
}

enum tare_status
tare_cgroup_of(char *path_out, size_t size, pid_t pid, struct tare_err *err)
{
	char file[64], path[PATH_MAX];
	enum tare_status status;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	status = locate(path, file, err);
	if (status == TARE_OK && strlen(path) >= size)
		status = tare_err_set(err, TARE_UNSUPPORTED, "the cgroup's path is too long");
	if (status == TARE_OK)
		memcpy(path_out, path, strlen(path) + 1);
	return status;
}

void
tare_cgroup_kill(struct tare_cgroup *cgroup)
{
	write_file(cgroup->fd, "cgroup.kill", "1");
}

void
tare_cgroup_close(struct tare_cgroup *cgroup)
{
	if (!cgroup)
		return;
	kill_and_remove(cgroup->path, cgroup->fd);
	close(cgroup->fd);
	free(cgroup);
}

const char *
tare_cgroup_path(const struct tare_cgroup *cgroup)
{
	return cgroup->path;
}
