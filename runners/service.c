#include "runners/service.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/base/clock.h"
#include "harness/base/text.h"

enum { CONNECT_LIMIT_MS = 200, TAIL_LINES = 4, TAIL_MAX = 480 };

static const uint64_t first_pause_ns = 1000000u;
static const uint64_t last_pause_ns = 50000000u;

static const char *
host_of(const struct tare_service *service)
{
	return service->ready_host && *service->ready_host ? service->ready_host : "127.0.0.1";
}

/* Whether a connection comes about within CONNECT_LIMIT_MS. */
static bool
connects(int family, int type, const struct sockaddr *address, socklen_t len)
{
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;
	bool ok;

	if (fd < 0)
		return false;
	ok = connect(fd, address, len) == 0;
	if (!ok && errno == EINPROGRESS) {
		struct pollfd waiting = {.fd = fd, .events = POLLOUT};
		socklen_t error_len = sizeof(error);

		ok = poll(&waiting, 1, CONNECT_LIMIT_MS) == 1 &&
		     getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) == 0 && error == 0;
	} else if (!ok && errno == EPROTOTYPE) {
		ok = true; /* somebody listens, for another type of socket */
	}
	close(fd);
	return ok;
}

static bool
tcp_answers(const struct tare_service *service)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found, *at;
	char port[16];
	bool ok = false;

	snprintf(port, sizeof(port), "%u", (unsigned)service->ready_port);
	if (getaddrinfo(host_of(service), port, &hints, &found) != 0)
		return false;
	for (at = found; at && !ok; at = at->ai_next)
		ok = connects(at->ai_family, at->ai_socktype, at->ai_addr, at->ai_addrlen);
	freeaddrinfo(found);
	return ok;
}

static bool
full_path(char path_out[PATH_MAX], const struct tare_service *service)
{
	const char *cwd = service->program.cwd;
	int len = service->ready_path[0] == '/' || !cwd
			  ? snprintf(path_out, PATH_MAX, "%s", service->ready_path)
			  : snprintf(path_out, PATH_MAX, "%s/%s", cwd, service->ready_path);

	return len < PATH_MAX;
}

/* A socket's address holds 107 bytes of path, so a long one is reached through its directory. */
static bool
unix_answers(const struct tare_service *service)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char path[PATH_MAX], dir[PATH_MAX];
	const char *name;
	bool ok = false;
	int dir_fd;

	if (!full_path(path, service))
		return false;
	name = strrchr(path, '/');
	snprintf(dir, sizeof(dir), "%.*s", name ? (int)(name - path + 1) : 1, name ? path : ".");
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return false;
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%.90s",
		    dir_fd, name ? name + 1 : path) < sizeof(address.sun_path))
		ok = connects(
			AF_UNIX, SOCK_STREAM, (const struct sockaddr *)&address, sizeof(address));
	close(dir_fd);
	return ok;
}

static bool
file_exists(const struct tare_service *service)
{
	char path[PATH_MAX];
	struct stat about;

	return full_path(path, service) && stat(path, &about) == 0;
}

bool
tare_service_answers(const struct tare_service *service)
{
	switch (service->ready_kind) {
	case TARE_READY_TCP:
		return tcp_answers(service);
	case TARE_READY_UNIX:
		return unix_answers(service);
	case TARE_READY_FILE:
		return file_exists(service);
	default:
		return true;
	}
}

enum tare_status
tare_service_address_free(const struct tare_service *service, struct tare_err *err)
{
	if (service->ready_kind == TARE_READY_TCP && tcp_answers(service))
		return tare_err_set(err, TARE_FAILED,
			"something answers at %s:%u before service '%s' was started; stop it, or "
			"choose another port",
			host_of(service), (unsigned)service->ready_port, service->name);
	if (service->ready_kind == TARE_READY_UNIX && unix_answers(service))
		return tare_err_set(err, TARE_FAILED,
			"something answers at '%s' before service '%s' was started; stop it, or "
			"choose another path",
			service->ready_path, service->name);
	return TARE_OK;
}

void
tare_service_explain(struct tare_err *err, const char *log_path)
{
	char buffer[TAIL_MAX * 4 + 1];
	struct tare_arena *arena;
	const char *tail;
	ssize_t len = 0;
	size_t at;
	int fd;

	if (!err || !log_path)
		return;
	fd = open(log_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		off_t end = lseek(fd, 0, SEEK_END);
		off_t want = (off_t)sizeof(buffer) - 1;

		len = pread(fd, buffer, sizeof(buffer) - 1, end > want ? end - want : 0);
		close(fd);
	}
	buffer[len > 0 ? len : 0] = '\0';
	while (len > 0 && buffer[len - 1] == '\n')
		buffer[--len] = '\0';
	at = strlen(err->text);
	if (len <= 0) {
		snprintf(err->text + at, sizeof(err->text) - at, "; its log '%s' is empty",
			log_path);
		return;
	}
	arena = tare_arena_new();
	tail = tare_text_safe(arena, tare_text_tail(buffer, (size_t)len, TAIL_LINES, TAIL_MAX));
	snprintf(err->text + at, sizeof(err->text) - at, "; its log '%s' ends: %s", log_path, tail);
	tare_arena_free(arena);
}

static enum tare_status
ended(const struct tare_service *service, int exit_status, const char *log_path,
	struct tare_err *err)
{
	if (WIFSIGNALED(exit_status))
		tare_err_set(err, TARE_FAILED,
			"service '%s' was killed by signal %d before it was ready", service->name,
			WTERMSIG(exit_status));
	else
		tare_err_set(err, TARE_FAILED,
			"service '%s' exited with status %d before it was ready", service->name,
			WEXITSTATUS(exit_status));
	tare_service_explain(err, log_path);
	return TARE_FAILED;
}

static void
nap(uint64_t ns)
{
	struct timespec pause = {.tv_nsec = (long)ns};

	nanosleep(&pause, NULL);
}

enum tare_status
tare_service_wait(const struct tare_service *service, const struct tare_service_host *host,
	const char *log_path, struct tare_err *err)
{
	uint64_t begin_ns = tare_monotonic_ns(), elapsed_ns = 0;
	uint64_t limit_ns = service->ready_timeout_ns;
	uint64_t pause_ns = first_pause_ns;

	for (;;) {
		bool running = true, ready = false;
		int exit_status = 0;
		enum tare_status status =
			host->is_running(host->context, &running, &exit_status, err);

		if (status == TARE_OK && !running)
			return ended(service, exit_status, log_path, err);
		if (host->interrupted && *host->interrupted)
			return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
		if (status == TARE_OK && service->ready_kind == TARE_READY_COMMAND)
			status = host->run_command(host->context, &ready, service->ready_command,
				limit_ns - elapsed_ns, err);
		else if (status == TARE_OK)
			ready = tare_service_answers(service);
		if (status != TARE_OK || ready)
			return status;
		nap(pause_ns);
		pause_ns = pause_ns * 2 < last_pause_ns ? pause_ns * 2 : last_pause_ns;
		elapsed_ns = tare_monotonic_ns() - begin_ns;
		if (elapsed_ns >= limit_ns)
			break;
	}
	tare_err_set(err, TARE_FAILED, "service '%s' was not ready within %.3g s", service->name,
		(double)limit_ns / 1e9);
	tare_service_explain(err, log_path);
	return TARE_FAILED;
}
