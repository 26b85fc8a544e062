#include "harness/stages/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/base/file.h"

/* The process of a folder named "1234"; 0 for any other name. */
static pid_t
pid_of_name(const char *name)
{
	size_t len = strspn(name, "0123456789");
	long pid = len > 0 && len < 10 && name[len] == '\0' ? strtol(name, NULL, 10) : 0;

	return pid <= INT_MAX ? (pid_t)pid : 0;
}

/* A process of another container may have the same number, or none here: its lock tells. */
static bool
is_left(int folder, const char *name)
{
	pid_t pid = pid_of_name(name);
	struct stat about;
	int fd;
	bool left;

	if (pid == 0 || kill(pid, 0) == 0 || errno != ESRCH)
		return false;
	fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	left = fd >= 0 && fstat(fd, &about) == 0 && about.st_uid == geteuid() &&
	       flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (fd >= 0)
		close(fd);
	return left;
}

void
tare_scratch_sweep(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct tare_arena *arena;
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	arena = tare_arena_new();
	while ((entry = readdir(dir))) {
		if (is_left(fd, entry->d_name))
			tare_dir_remove(tare_path_join(arena, folder, entry->d_name), NULL);
	}
	closedir(dir);
	rmdir(folder);
	tare_arena_free(arena);
}

static void
sweep_beside(const char *root)
{
	struct tare_arena *arena = tare_arena_new();

	tare_scratch_sweep(tare_path_dirname(arena, root));
	tare_arena_free(arena);
}

void
tare_scratch_begin(struct tare_scratch *scratch_out, const char *root)
{
	*scratch_out = (struct tare_scratch){.root = root, .lock = -1};
	if (root)
		sweep_beside(root);
}

enum tare_status
tare_scratch_make(struct tare_scratch *scratch, const char *path, struct tare_err *err)
{
	enum tare_status status = tare_dir_make(path, err);

	if (status != TARE_OK || !scratch->root || scratch->lock >= 0)
		return status;
	scratch->lock = open(scratch->root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Where there are no locks the number of the process says enough. */
	if (scratch->lock >= 0)
		flock(scratch->lock, LOCK_SH | LOCK_NB);
	return TARE_OK;
}

void
tare_scratch_end(struct tare_scratch *scratch)
{
	struct tare_arena *arena = tare_arena_new();

	if (scratch->lock >= 0) {
		close(scratch->lock);
		tare_dir_remove(scratch->root, NULL);
		rmdir(tare_path_dirname(arena, scratch->root));
	}
	tare_arena_free(arena);
}
