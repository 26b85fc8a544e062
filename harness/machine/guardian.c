#include "harness/machine/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Keeps nothing open that others wait for the end of: a pipe that tare prints into, for one. */
static void
close_others(int fd, int lock_fd)
{
	unsigned low = (unsigned)(fd < lock_fd ? fd : lock_fd);
	unsigned high = (unsigned)(fd < lock_fd ? lock_fd : fd);
	int null_fd = open("/dev/null", O_RDWR);

	for (int stream = 0; null_fd >= 0 && stream < 3; stream++)
		dup2(null_fd, stream);
	if (low > 3)
		close_range(3, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, UINT_MAX, 0);
}

__attribute__((noreturn)) static void
guard(const struct tare_tune_place *place_in, int fd, int lock_fd)
{
	struct tare_tune_place place = *place_in;
	size_t count;
	char byte;
	ssize_t got;

	place.step = NULL;
	close_others(fd, lock_fd);
	prctl(PR_SET_NAME, "tare-guardian");
	do {
		got = read(fd, &byte, 1);
	} while (got < 0 && errno == EINTR);
	/* What cannot be put back stays in the journal, for tare tune --restore to say. */
	if (got <= 0)
		tare_tune_put_back_left(&count, &place, NULL);
	_exit(0);
}

enum tare_status
tare_guardian_start(struct tare_guardian *guardian_out, const struct tare_tune_place *place,
	int lock_fd, struct tare_err *err)
{
	sigset_t all, before;
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot start the guardian");
	/* It stays deaf to all that can be blocked, from its first moment on. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		close(fds[1]);
		guard(place, fds[0], lock_fd);
	}
	if (pid < 0)
		tare_err_errno(err, TARE_OUTSIDE, "cannot start the guardian");
	else
		setpgid(pid, pid);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		return TARE_OUTSIDE;
	}
	*guardian_out = (struct tare_guardian){.pid = pid, .fd = fds[1]};
	return TARE_OK;
}

void
tare_guardian_dismiss(struct tare_guardian *guardian)
{
	if (guardian->pid == 0)
		return;
	/* One that was killed cannot be told, which must not kill this process. */
	send(guardian->fd, "", 1, MSG_NOSIGNAL);
	close(guardian->fd);
	while (waitpid(guardian->pid, NULL, 0) < 0 && errno == EINTR)
		;
	guardian->pid = 0;
}
