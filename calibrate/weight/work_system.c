#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calibrate/weight/work.h"

enum { FILE_SIZE = 64 << 10, UNUSED_PORT = 1 };

bool
work_call(uint64_t count)
{
	for (uint64_t i = 0; i < count * 1000; i++) {
		if (syscall(SYS_getppid) < 0)
			return false;
	}
	return true;
}

/* The profile that container engines bring compares the argument of this one with a list. */
bool
work_argument(uint64_t count)
{
	for (uint64_t i = 0; i < count * 1000; i++) {
		if (personality(0xffffffff) < 0)
			return false;
	}
	return true;
}

static bool
move(int from, int to)
{
	char byte;

	return read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1;
}

static void
echo(int from, int to)
{
	while (move(from, to)) {
	}
	_exit(0);
}

static bool
ask(int from, int to, uint64_t times)
{
	for (uint64_t i = 0; i < times; i++) {
		char byte = 0;

		if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
			return false;
	}
	return true;
}

static bool
reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return false;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool
work_pipe(uint64_t count)
{
	int there[2], back[2];
	bool done;
	pid_t pid;

	if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid < 0)
		return false;
	if (pid == 0) {
		close(there[1]);
		echo(there[0], back[1]);
	}
	close(back[1]);
	done = ask(back[0], there[1], count * 100);
	close(there[1]);
	return reap(pid) && done;
}

bool
work_spawn(uint64_t count)
{
	static char *const none[] = {NULL};
	char path[] = "/proc/self/exe", kind[] = "nothing", once[] = "1";
	char *words[] = {path, kind, once, NULL};

	for (uint64_t i = 0; i < count; i++) {
		pid_t pid;
		int error = posix_spawn(&pid, path, NULL, NULL, words, none);

		if (error != 0) {
			errno = error;
			return false;
		}
		if (!reap(pid))
			return false;
	}
	return true;
}

static bool
write_once(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool done;

	if (fd < 0)
		return false;
	errno = ENOSPC;
	done = write(fd, bytes, len) == (ssize_t)len && fsync(fd) == 0;
	if (close(fd) != 0)
		done = false;
	return unlink(path) == 0 && done;
}

bool
work_file(uint64_t count, const char *folder)
{
	static char bytes[FILE_SIZE];
	char path[PATH_MAX];

	memset(bytes, 'x', sizeof(bytes));
	if ((size_t)snprintf(path, sizeof(path), "%s/tare-weight-%ld", folder, (long)getpid()) >=
		sizeof(path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (uint64_t i = 0; i < count; i++) {
		if (!write_once(path, bytes, sizeof(bytes)))
			return false;
	}
	return true;
}

static int
listen_here(struct sockaddr_in *address_out)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 1) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return -1;
	*address_out = address;
	return fd;
}

static int
connect_to(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
		connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
		return -1;
	return fd;
}

bool
work_loopback(uint64_t count)
{
	struct sockaddr_in address;
	int listener = listen_here(&address), fd;
	bool done;
	pid_t pid;

	if (listener < 0)
		return false;
	pid = fork();
	if (pid < 0)
		return false;
	if (pid == 0) {
		int on = 1;

		fd = accept(listener, NULL, NULL);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		echo(fd, fd);
	}
	fd = connect_to(&address);
	if (fd < 0) {
		kill(pid, SIGKILL);
		reap(pid);
		return false;
	}
	done = ask(fd, fd, count * 100);
	close(fd);
	return reap(pid) && done;
}

/* The router of the default route, which the kernel prints as the integer it has in memory. */
static bool
find_gateway(struct in_addr *address_out)
{
	unsigned destination, gateway = 0, flags;
	char line[256];
	bool found = false;
	FILE *file = fopen("/proc/net/route", "re");

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*s %x %x %x", &destination, &gateway, &flags) == 3 &&
			destination == 0 && gateway != 0;
	fclose(file);
	address_out->s_addr = gateway;
	if (!found)
		errno = ENETUNREACH;
	return found;
}

/* Refused is as good an answer as taken; none within a second is none. */
static bool
knock(const struct sockaddr_in *address)
{
	const struct timeval patience = {.tv_sec = 1};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error;
	bool answered;

	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	answered = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		   errno == ECONNREFUSED;
	error = errno;
	close(fd);
	errno = error;
	return answered;
}

bool
work_connect(uint64_t count, const char *peer)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(UNUSED_PORT)};

	if (strcmp(peer, "gateway") == 0) {
		if (!find_gateway(&address.sin_addr))
			return false;
	} else if (inet_pton(AF_INET, peer, &address.sin_addr) != 1) {
		errno = EINVAL;
		return false;
	}
	for (uint64_t i = 0; i < count * 100; i++) {
		if (!knock(&address))
			return false;
	}
	return true;
}
