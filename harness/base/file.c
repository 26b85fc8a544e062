#include "harness/base/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/rng.h"

enum { READ_FIRST = 4096 };

/* One read that goes on after a signal; 0 at the end. */
static ssize_t
read_some(int fd, void *buffer, size_t size)
{
	ssize_t got;

	do {
		got = read(fd, buffer, size);
	} while (got < 0 && errno == EINTR);
	return got;
}

enum tare_status
tare_fd_read(struct tare_arena *arena, char **text_out, size_t *len_out, int fd, const char *name,
	size_t max_len, struct tare_err *err)
{
	size_t size = READ_FIRST;
	size_t len = 0;
	char *buffer = tare_xmalloc(size);
	enum tare_status status = TARE_OK;
	ssize_t got;

	assert(max_len < SIZE_MAX / 2);
	while ((got = read_some(fd, buffer + len, size - len)) > 0) {
		len += (size_t)got;
		if (len > max_len)
			break;
		if (len == size) {
			size *= 2;
			buffer = tare_xreallocarray(buffer, size, 1);
		}
	}
	if (got < 0) {
		status = tare_err_errno(err, TARE_OUTSIDE, "cannot read \"%s\"", name);
	} else if (len > max_len) {
		status = tare_err_set(err, TARE_INVALID,
			"\"%s\" is too long: expected at most %zu bytes", name, max_len);
	} else {
		/* Room for one more, so that the copy ends in NUL. */
		*text_out = tare_arena_grow(arena, buffer, len, len + 1, 1);
		if (len_out)
			*len_out = len;
	}
	free(buffer);
	return status;
}

enum tare_status
tare_file_read(struct tare_arena *arena, char **text_out, size_t *len_out, const char *path,
	size_t max_len, struct tare_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum tare_status status;

	if (fd < 0) {
		status = errno == ENOENT || errno == ENOTDIR ? TARE_NOT_FOUND : TARE_OUTSIDE;
		return tare_err_errno(err, status, "cannot open \"%s\"", path);
	}
	status = tare_fd_read(arena, text_out, len_out, fd, path, max_len, err);
	close(fd);
	return status;
}

enum tare_status
tare_fd_write(int fd, const void *data, size_t len, struct tare_err *err)
{
	const unsigned char *rest = data;

	while (len > 0) {
		ssize_t written = write(fd, rest, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return tare_err_errno(err, TARE_OUTSIDE, "cannot write");
		rest += written;
		len -= (size_t)written;
	}
	return TARE_OK;
}

static bool
is_directory(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Asks for the directory only after mkdir() failed: a read-only parent that exists is no error. */
static enum tare_status
make_one(const char *path, struct tare_err *err)
{
	int number;

	if (mkdir(path, 0777) == 0)
		return TARE_OK;
	number = errno;
	if (is_directory(path))
		return TARE_OK;
	errno = number == EEXIST ? ENOTDIR : number;
	return tare_err_errno(err, TARE_OUTSIDE, "cannot make directory \"%s\"", path);
}

enum tare_status
tare_dir_make(const char *path, struct tare_err *err)
{
	char *copy;
	enum tare_status status = TARE_OK;

	if (*path == '\0')
		return tare_err_set(err, TARE_INVALID, "the name of a directory is empty");
	copy = tare_xstrdup(path);
	for (char *at = copy + 1; *at && status == TARE_OK; at++) {
		if (*at != '/' || at[-1] == '/')
			continue;
		*at = '\0';
		status = make_one(copy, err);
		*at = '/';
	}
	if (status == TARE_OK)
		status = make_one(copy, err);
	free(copy);
	return status;
}

static int remove_at(int parent, const char *name);

/* Takes fd over. */
static int
empty_directory(int fd)
{
	DIR *entries = fdopendir(fd);
	const struct dirent *entry;
	int failed = 0;

	if (!entries) {
		close(fd);
		return -1;
	}
	while (!failed && (errno = 0, entry = readdir(entries))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			failed = remove_at(fd, entry->d_name);
	}
	if (!failed && errno)
		failed = -1;
	if (failed) {
		int number = errno;

		closedir(entries);
		errno = number;
		return -1;
	}
	return closedir(entries);
}

/* Goes by descriptors and never by paths, so that nobody can put a link into the way meanwhile. */
static int
remove_at(int parent, const char *name)
{
	int fd;

	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* unlink() of a directory is EISDIR on Linux and EPERM in POSIX. */
	if (errno != EISDIR && errno != EPERM)
		return -1;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || empty_directory(fd))
		return -1;
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

enum tare_status
tare_dir_remove(const char *path, struct tare_err *err)
{
	char *copy = tare_xstrdup(path);
	size_t len = strlen(copy);
	const char *last;
	enum tare_status status = TARE_OK;

	/* A slash at the end would follow a link. */
	while (len > 0 && copy[len - 1] == '/')
		copy[--len] = '\0';
	last = strrchr(copy, '/');
	last = last ? last + 1 : copy;
	if (*last == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
		status = tare_err_set(err, TARE_INVALID,
			"refusing to remove \"%s\": expected a directory's own name", path);
	else if (remove_at(AT_FDCWD, copy))
		status = tare_err_errno(err, TARE_OUTSIDE, "cannot remove \"%s\"", path);
	free(copy);
	return status;
}

/* Renaming onto a device, a pipe or a link such as /dev/stdout would replace it instead of writing
 * to it. */
static bool
must_write_in_place(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

static int
open_temporary(struct tare_new_file *file)
{
	int fd;
	int attempts = 0;

	do {
		snprintf(file->temporary_path, sizeof(file->temporary_path), "%s.%08x~", file->path,
			(unsigned)tare_rng_entropy());
		fd = open(file->temporary_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	} while (fd < 0 && errno == EEXIST && ++attempts < 8);
	return fd;
}

static enum tare_status
wrong_length(const char *path, struct tare_err *err)
{
	return tare_err_set(err, TARE_INVALID,
		"the name of a file to write has %zu bytes: expected 1 to %zu", strlen(path),
		sizeof(((struct tare_new_file *)NULL)->path) - 1);
}

static enum tare_status
check_folder(const char *path, const char *folder, struct tare_err *err)
{
	struct stat info;

	if (stat(folder, &info) != 0)
		return tare_err_errno(err, errno == ENOENT ? TARE_INVALID : TARE_OUTSIDE,
			"cannot write \"%s\": folder \"%s\"", path, folder);
	if (!S_ISDIR(info.st_mode))
		return tare_err_set(err, TARE_INVALID,
			"cannot write \"%s\": \"%s\" is not a folder", path, folder);
	if (access(folder, W_OK | X_OK) != 0)
		return tare_err_errno(
			err, TARE_OUTSIDE, "cannot write \"%s\": folder \"%s\"", path, folder);
	return TARE_OK;
}

enum tare_status
tare_new_file_check(const char *path, struct tare_err *err)
{
	struct tare_arena *arena;
	struct stat info;
	enum tare_status status;

	if (*path == '\0' || strlen(path) >= sizeof(((struct tare_new_file *)NULL)->path))
		return wrong_length(path, err);
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return tare_err_set(err, TARE_INVALID,
			"cannot write \"%s\": it is a folder; expected the name of a file", path);
	if (must_write_in_place(path)) {
		if (access(path, W_OK) != 0)
			return tare_err_errno(err, TARE_OUTSIDE, "cannot write \"%s\"", path);
		return TARE_OK;
	}
	arena = tare_arena_new();
	status = check_folder(path, tare_path_dirname(arena, path), err);
	tare_arena_free(arena);
	return status;
}

enum tare_status
tare_new_file_open(struct tare_new_file *file_out, const char *path, struct tare_err *err)
{
	struct tare_new_file file = {0};
	enum tare_status status;
	int fd;

	if (*path == '\0' || strlen(path) >= sizeof(file.path))
		return wrong_length(path, err);
	snprintf(file.path, sizeof(file.path), "%s", path);
	if (must_write_in_place(path))
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	else
		fd = open_temporary(&file);
	if (fd < 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot write \"%s\"", path);
	file.stream = fdopen(fd, "w");
	if (!file.stream) {
		status = tare_err_errno(err, TARE_OUTSIDE, "cannot write \"%s\"", path);
		close(fd);
		if (*file.temporary_path)
			unlink(file.temporary_path);
		return status;
	}
	*file_out = file;
	return TARE_OK;
}

/* All bytes where they belong, or errno. */
static int
flush_all(const struct tare_new_file *file)
{
	if (fflush(file->stream))
		return -1;
	if (ferror(file->stream)) {
		errno = EIO; /* an earlier write failed and its reason is gone */
		return -1;
	}
	return *file->temporary_path ? fsync(fileno(file->stream)) : 0;
}

enum tare_status
tare_new_file_commit(struct tare_new_file *file, struct tare_err *err)
{
	int failed = flush_all(file);
	int number = errno;

	if (fclose(file->stream) && !failed) {
		failed = -1;
		number = errno;
	}
	file->stream = NULL;
	if (!failed && *file->temporary_path) {
		failed = rename(file->temporary_path, file->path);
		number = errno;
	}
	if (!failed)
		return TARE_OK;
	if (*file->temporary_path)
		unlink(file->temporary_path);
	errno = number;
	return tare_err_errno(err, TARE_OUTSIDE, "cannot write \"%s\"", file->path);
}

void
tare_new_file_abandon(struct tare_new_file *file)
{
	if (!file->stream)
		return;
	fclose(file->stream);
	file->stream = NULL;
	if (*file->temporary_path)
		unlink(file->temporary_path);
}

char *
tare_path_join(struct tare_arena *arena, const char *dir, const char *path)
{
	if (!dir || *dir == '\0' || *path == '/')
		return tare_arena_strdup(arena, path);
	return tare_arena_printf(
		arena, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", path);
}

char *
tare_path_dirname(struct tare_arena *arena, const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	return len ? tare_arena_strndup(arena, path, len) : tare_arena_strdup(arena, ".");
}
