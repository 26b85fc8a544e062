#include "runners/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"

static const int tick_ms = 100;

static int
spawn(pid_t *pid_out, const struct tare_process *command, int out, int errors)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int error;

	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_adddup2(&actions, errors, 2);
	/* posix_spawnp() does not write to the words, whatever its type says. */
	error = posix_spawnp(pid_out, command->argv[0], &actions, &attributes,
		(char *const *)(uintptr_t)command->argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

/* Waits for the end, or kills it; the status as from waitpid. */
static enum tare_status
wait_for_end(int *status_out, pid_t pid, const struct tare_process *command, struct tare_err *err)
{
	const sig_atomic_t before = command->interrupted ? *command->interrupted : 0;
	uint64_t begin_ns = tare_monotonic_ns();
	struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	enum tare_status status = TARE_OK;

	while (waitpid(pid, status_out, WNOHANG) == 0) {
		if (command->interrupted && *command->interrupted != before)
			status = tare_err_set(err, TARE_INTERRUPTED, "interrupted");
		else if (tare_monotonic_ns() - begin_ns > command->timeout_ns)
			status = tare_err_set(err, TARE_OUTSIDE,
				"'%s %s' did not end within %d s and was killed", command->argv[0],
				command->argv[1] ? command->argv[1] : "",
				(int)(command->timeout_ns / 1000000000u));
		if (status != TARE_OK) {
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			waitpid(pid, status_out, 0);
			break;
		}
		poll(&ended, ended.fd < 0 ? 0 : 1, ended.fd < 0 ? 1 : tick_ms);
	}
	if (ended.fd >= 0)
		close(ended.fd);
	return status;
}

/* The beginning of what is in the file. */
static char *
read_text(struct tare_arena *arena, int fd)
{
	char *text = tare_arena_alloc(arena, 1, 1);
	struct stat about;
	size_t len;

	if (fstat(fd, &about) != 0 || about.st_size <= 0)
		return text;
	len = about.st_size > TARE_PROCESS_TEXT_MAX ? TARE_PROCESS_TEXT_MAX : (size_t)about.st_size;
	text = tare_arena_alloc(arena, len + 1, 1);
	text[pread(fd, text, len, 0) == (ssize_t)len ? len : 0] = '\0';
	return text;
}

static void
append_log(const char *path, const struct tare_process_result *result)
{
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;

	if (fd < 0)
		return;
	tare_fd_write(fd, result->out, strlen(result->out), NULL);
	tare_fd_write(fd, result->errors, strlen(result->errors), NULL);
	close(fd);
}

static enum tare_status
run(struct tare_process_result *result, struct tare_arena *arena,
	const struct tare_process *command, const int files[2], struct tare_err *err)
{
	uint64_t begin_ns = tare_monotonic_ns();
	enum tare_status status;
	int how = 0;
	pid_t pid;

	result->error = spawn(&pid, command, files[0], files[1]);
	if (result->error != 0) {
		result->exit_code = 127;
		result->out = result->errors = tare_arena_strdup(arena, "");
		return TARE_OK;
	}
	status = wait_for_end(&how, pid, command, err);
	result->took_ns = tare_monotonic_ns() - begin_ns;
	result->exit_code = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
	result->out = read_text(arena, files[0]);
	result->errors = read_text(arena, files[1]);
	append_log(command->log_path, result);
	return status;
}

enum tare_status
tare_process_run(struct tare_process_result *result_out, struct tare_arena *arena,
	const struct tare_process *command, struct tare_err *err)
{
	int files[2] = {
		memfd_create("tare-out", MFD_CLOEXEC), memfd_create("tare-err", MFD_CLOEXEC)};
	struct tare_process_result result = {0};
	enum tare_status status;

	if (files[0] < 0 || files[1] < 0)
		status = tare_err_errno(err, TARE_OUTSIDE, "cannot make a file in memory");
	else
		status = run(&result, arena, command, files, err);
	for (int i = 0; i < 2; i++) {
		if (files[i] >= 0)
			close(files[i]);
	}
	if (status == TARE_OK)
		*result_out = result;
	return status;
}
