#include "runners/description.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/base/file.h"

static void
append(struct tare_description *description, const void *data, size_t len)
{
	size_t needed = description->len + len;

	if (needed > description->capacity) {
		description->capacity = needed * 2;
		description->bytes =
			tare_xreallocarray(description->bytes, description->capacity, sizeof(char));
	}
	if (len > 0)
		memcpy(description->bytes + description->len, data, len);
	description->len = needed;
}

/* Appends the string and notes where, in the offset at table_at. */
static void
append_string(struct tare_description *description, size_t offset_at, const char *text)
{
	uint64_t offset = description->len;

	append(description, text, strlen(text) + 1);
	memcpy(description->bytes + offset_at, &offset, sizeof(offset));
}

static uint32_t
count_strings(char *const *strings)
{
	uint32_t count = 0;

	while (strings && strings[count])
		count++;
	return count;
}

static bool
stdout_is_file(const struct tare_program *program)
{
	return program->stdout_mode == TARE_OUTPUT_FILE;
}

static bool
stdout_is_captured(const struct tare_program *program, const struct tare_sinks *sinks)
{
	return program->stdout_mode == TARE_OUTPUT_CAPTURE && !sinks->with_output;
}

static uint32_t
flags_of(const struct tare_program *program, const struct tare_sinks *sinks)
{
	uint32_t flags = 0;

	if (program->stdin_path || program->stdin_text)
		flags |= TARE_WIRE_REWIND_STDIN;
	if (stdout_is_file(program) || stdout_is_captured(program, sinks))
		flags |= TARE_WIRE_TRUNCATE_STDOUT;
	if (sinks->thread_library)
		flags |= TARE_WIRE_PIN_THREADS;
	if (sinks->padded)
		flags |= TARE_WIRE_PADDED;
	return flags;
}

/* path seen from the program's directory; false where it is too long. */
static bool
resolve(char path_out[PATH_MAX], const struct tare_program *program, const char *path)
{
	int len = path[0] == '/' || !program->cwd
			  ? snprintf(path_out, PATH_MAX, "%s", path)
			  : snprintf(path_out, PATH_MAX, "%s/%s", program->cwd, path);

	return len < PATH_MAX;
}

/* A file that a hook replaced since is another file: its identity is part of the key. */
static void
append_file(
	struct tare_description *description, const struct tare_program *program, const char *path)
{
	char full[PATH_MAX];
	struct stat about;
	uint64_t identity[2] = {0, 0};

	if (!path) {
		append(description, "-", 1);
		return;
	}
	if (resolve(full, program, path) && stat(full, &about) == 0) {
		identity[0] = about.st_dev;
		identity[1] = about.st_ino;
	} else {
		description->fresh = true;
	}
	append(description, "+", 1);
	append(description, path, strlen(path) + 1);
	append(description, identity, sizeof(identity));
}

static void
append_key(struct tare_description *description, const struct tare_program *program,
	const struct tare_sinks *sinks)
{
	const char modes[] = {(char)program->stdout_mode, (char)sinks->with_output};
	static const struct tare_program here = {0};

	append(description, modes, sizeof(modes));
	append_file(description, program, program->stdin_path);
	append_file(description, program, stdout_is_file(program) ? program->stdout_path : NULL);
	append_file(description, &here, sinks->log_path);
	if (program->stdin_text)
		append(description, program->stdin_text, strlen(program->stdin_text));
}

/* The last value of LD_PRELOAD in the program's own environment, or NULL. */
static const char *
own_preload(const struct tare_program *program)
{
	const char *own = NULL;

	for (char *const *word = program->env; word && *word; word++) {
		if (strncmp(*word, "LD_PRELOAD=", 11) == 0)
			own = *word + 11;
	}
	return own;
}

/* What the program preloads itself comes second. */
static void
append_thread_words(struct tare_description *description, size_t at,
	const struct tare_program *program, const struct tare_sinks *sinks)
{
	const char *own = own_preload(program);
	size_t size = strlen(sinks->thread_library) + (own ? strlen(own) : 0) +
		      strlen(sinks->thread_cpus) + 32;
	char *word = tare_xmalloc(size);

	snprintf(word, size, "TARE_THREAD_CPUS=%s", sinks->thread_cpus);
	append_string(description, at, word);
	snprintf(word, size, "LD_PRELOAD=%s%s%s", sinks->thread_library, own && *own ? ":" : "",
		own ? own : "");
	append_string(description, at + sizeof(uint64_t), word);
	free(word);
}

static void
append_padding(struct tare_description *description, size_t at)
{
	size_t name_len = strlen(tare_wire_padding_name);
	char word[64 + TARE_WIRE_PADDING_MAX];

	memcpy(word, tare_wire_padding_name, name_len);
	memset(word + name_len, 'x', TARE_WIRE_PADDING_MAX - 1);
	word[name_len + TARE_WIRE_PADDING_MAX - 1] = '\0';
	append_string(description, at, word);
}

enum tare_status
tare_description_build(struct tare_description *description, const struct tare_program *program,
	const struct tare_sinks *sinks, struct tare_err *err)
{
	struct tare_wire_program head = {.magic = TARE_WIRE_MAGIC,
		.flags = flags_of(program, sinks),
		.argc = count_strings(program->argv),
		.envc = count_strings(program->env) + (sinks->padded ? 1 : 0) +
			(sinks->thread_library ? 2 : 0)};
	const uint32_t own_envc = count_strings(program->env);
	const size_t cwd_at = offsetof(struct tare_wire_program, cwd);
	size_t at = sizeof(head);
	static const uint64_t end = 0;

	description->len = 0;
	description->fresh = false;
	append(description, &head, sizeof(head));
	for (size_t i = 0; i < (size_t)head.argc + head.envc + 2; i++)
		append(description, &end, sizeof(end));
	for (uint32_t i = 0; i < head.argc; i++, at += sizeof(end))
		append_string(description, at, program->argv[i]);
	at += sizeof(end);
	for (uint32_t i = 0; i < own_envc; i++, at += sizeof(end))
		append_string(description, at, program->env[i]);
	if (sinks->padded) {
		append_padding(description, at);
		at += sizeof(end);
	}
	if (sinks->thread_library)
		append_thread_words(description, at, program, sinks);
	append_string(description, cwd_at, program->cwd ? program->cwd : ".");
	if (description->len > TARE_WIRE_PROGRAM_MAX)
		return tare_err_set(err, TARE_INVALID,
			"the arguments and environment of '%s' take %zu bytes, expected at most %d",
			program->argv[0], description->len, TARE_WIRE_PROGRAM_MAX);
	description->wire_len = description->len;
	append_key(description, program, sinks);
	return TARE_OK;
}

bool
tare_description_equal(const struct tare_description *a, const struct tare_description *b)
{
	return !a->fresh && !b->fresh && a->len == b->len && a->wire_len == b->wire_len &&
	       memcmp(a->bytes, b->bytes, a->len) == 0;
}

void
tare_description_free(struct tare_description *description)
{
	free(description->bytes);
	*description = (struct tare_description){0};
}

/* A memory file with these bytes that nobody can change any more. */
static int
sealed_file(const char *name, const void *data, size_t len, struct tare_err *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0) {
		tare_err_errno(err, TARE_OUTSIDE, "cannot make a file in memory");
		return -1;
	}
	if (tare_fd_write(fd, data, len, err) != TARE_OK) {
		close(fd);
		return -1;
	}
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Opened without waiting for the other end of a named pipe. */
static int
open_for(const struct tare_program *program, const char *path, int flags, struct tare_err *err)
{
	char full[PATH_MAX];
	int fd = -1;

	errno = ENAMETOOLONG;
	if (resolve(full, program, path))
		fd = open(full, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
	if (fd < 0)
		tare_err_errno(err, TARE_FAILED, "cannot open '%s'", path);
	else
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

static int
keep(int fd, struct tare_err *err)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		tare_err_errno(err, TARE_OUTSIDE, "cannot duplicate a file descriptor");
	return copy;
}

static int
open_stdin(const struct tare_program *program, struct tare_err *err)
{
	if (program->stdin_text)
		return sealed_file(
			"tare-stdin", program->stdin_text, strlen(program->stdin_text), err);
	return open_for(
		program, program->stdin_path ? program->stdin_path : "/dev/null", O_RDONLY, err);
}

static int
open_log(const struct tare_sinks *sinks, struct tare_err *err)
{
	static const struct tare_program here = {0};

	if (!sinks->log_path)
		return keep(sinks->errors_fd, err);
	return open_for(&here, sinks->log_path, O_WRONLY | O_APPEND | O_CREAT, err);
}

static int
open_stdout(
	const struct tare_program *program, const struct tare_sinks *sinks, struct tare_err *err)
{
	if (stdout_is_file(program))
		return open_for(program, program->stdout_path, O_WRONLY | O_CREAT, err);
	if (stdout_is_captured(program, sinks))
		return keep(sinks->capture_fd, err);
	if (sinks->with_output)
		return open_log(sinks, err);
	return open_for(program, "/dev/null", O_WRONLY, err);
}

enum tare_status
tare_description_open(int fds_out[TARE_WIRE_PROGRAM_FDS],
	const struct tare_description *description, const struct tare_program *program,
	const struct tare_sinks *sinks, struct tare_err *err)
{
	int fds[TARE_WIRE_PROGRAM_FDS] = {-1, -1, -1, -1};
	struct tare_err reason;
	int saved;

	fds[0] = sealed_file("tare-program", description->bytes, description->wire_len, &reason);
	if (fds[0] >= 0)
		fds[1] = open_stdin(program, &reason);
	if (fds[1] >= 0)
		fds[2] = open_stdout(program, sinks, &reason);
	if (fds[2] >= 0)
		fds[3] = open_log(sinks, &reason);
	if (fds[3] >= 0) {
		memcpy(fds_out, fds, sizeof(fds));
		return TARE_OK;
	}
	saved = errno;
	for (int i = 0; i < TARE_WIRE_PROGRAM_FDS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	if (err)
		*err = reason;
	errno = saved;
	return reason.status;
}
