/*
 * Files: read with a limit, written whole or not at all.
 *
 * Errors name the path. Paths are used as given (relative to the working directory).
 */
#ifndef TARE_BASE_FILE_H
#define TARE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"

/* The file's bytes, NUL-terminated, in the arena. TARE_NOT_FOUND where it does not exist,
 * TARE_OUTSIDE for other failures, TARE_INVALID where it is longer than max_len (read no further).
 * Works on /proc and /sys, whose sizes lie. len_out may be NULL. */
enum tare_status tare_file_read(struct tare_arena *arena, char **text_out, size_t *len_out,
	const char *path, size_t max_len, struct tare_err *err);

/* As above for an open descriptor from its current offset; name is for messages. */
enum tare_status tare_fd_read(struct tare_arena *arena, char **text_out, size_t *len_out, int fd,
	const char *name, size_t max_len, struct tare_err *err);

/* Writes all len bytes, going on after EINTR and short writes. */
enum tare_status tare_fd_write(int fd, const void *data, size_t len, struct tare_err *err);

/* mkdir -p, mode 0777 less the umask. */
enum tare_status tare_dir_make(const char *path, struct tare_err *err);
/* rm -r of a directory tree without following links; a missing one is fine. */
enum tare_status tare_dir_remove(const char *path, struct tare_err *err);

/* A file that appears under its name only when complete: written to a temporary name beside it,
 * flushed, checked, renamed. What is not a regular file (/dev/stdout, a link) is written in place.
 * Directories are not made. Life cycle: open, write to ->stream, then commit (which closes in
 * any case) or abandon. */
struct tare_new_file {
	FILE *stream;
	char path[4096];
	char temporary_path[4096 + 16];
};
enum tare_status tare_new_file_open(
	struct tare_new_file *file_out, const char *path, struct tare_err *err);
/* Whether opening it would probably succeed; makes nothing. For work that takes long to get there.
 */
enum tare_status tare_new_file_check(const char *path, struct tare_err *err);
enum tare_status tare_new_file_commit(struct tare_new_file *file, struct tare_err *err);
void tare_new_file_abandon(struct tare_new_file *file);

/* Joins dir and path unless path is absolute or dir is NULL or empty. */
char *tare_path_join(struct tare_arena *arena, const char *dir, const char *path);
char *tare_path_dirname(struct tare_arena *arena, const char *path); /* "." where none */

#endif
