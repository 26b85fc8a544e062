#include "runners/link.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/base/clock.h"
#include "runners/orphans.h"

static const uint64_t hello_limit_ns = 10000000000u;
/* For what the agent does last, which is to kill all it has started: it knows when to give up. */
static const uint64_t sweep_limit_ns = TARE_WIRE_SWEEP_NS + 2000000000u;
static const int tick_ms = 200;

enum { LINKS_MAX = 16 };

struct tare_link {
	pid_t pid;    /* 0 once it was waited for, or its end of the socket was found closed */
	bool foreign; /* not our child: nobody here can wait for it */
	int socket;
	struct tare_cgroup *cgroup;
};

/* Agents that live: children of this process which are not orphans. A link past the last place is
 * not kept apart from them. */
static pid_t agents[LINKS_MAX];

static void
note_agent(pid_t before, pid_t now)
{
	for (size_t i = 0; i < LINKS_MAX; i++) {
		if (agents[i] != before)
			continue;
		agents[i] = now;
		return;
	}
}

/* The folder of this executable; "" where it cannot be known. */
static void
executable_folder(char folder_out[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", folder_out, PATH_MAX - 1);
	char *slash;

	folder_out[len > 0 ? len : 0] = '\0';
	slash = strrchr(folder_out, '/');
	if (slash)
		*slash = '\0';
}

static bool
find_beside(char *path_out, size_t size, const char *folder, const char *relative)
{
	return (size_t)snprintf(path_out, size, "%s/%s", folder, relative) < size &&
	       access(path_out, X_OK) == 0;
}

enum tare_status
tare_agent_find(char *path_out, size_t size, const char *given, struct tare_err *err)
{
	char path[PATH_MAX], folder[PATH_MAX];

	if (!given || !*given)
		given = getenv("TARE_AGENT");
	executable_folder(folder);
	if (given && *given) {
		if (access(given, X_OK) != 0)
			return tare_err_errno(err, TARE_UNSUPPORTED,
				"cannot execute the agent '%s', which TARE_AGENT names", given);
		if ((size_t)snprintf(path, sizeof(path), "%s", given) >= sizeof(path))
			return tare_err_set(err, TARE_UNSUPPORTED, "the agent's path is too long");
	} else if (!find_beside(path, sizeof(path), folder, "tare-agent") &&
		   !find_beside(path, sizeof(path), folder, "../libexec/tare/tare-agent")) {
		return tare_err_set(err, TARE_UNSUPPORTED,
			"there is no program 'tare-agent' in '%s' or '%s/../libexec/tare'; install "
			"all of tare, or set TARE_AGENT to its path",
			folder, folder);
	}
	if (strlen(path) >= size)
		return tare_err_set(err, TARE_UNSUPPORTED, "the agent's path is too long");
	memcpy(path_out, path, strlen(path) + 1);
	return TARE_OK;
}

/* Its own session, so that Ctrl-C reaches tare alone; nothing open but the socket. */
static int
spawn_agent(pid_t *pid_out, const char *path, int socket)
{
	char *const argv[] = {(char[]){"tare-agent"}, NULL};
	char *const envp[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, socket, TARE_WIRE_SOCKET);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	error = posix_spawn(pid_out, path, &actions, &attributes, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

/* Waits until the agent has ended; kills it where that takes longer than limit_ns. */
static int
wait_for_end(struct tare_link *link, uint64_t limit_ns)
{
	uint64_t begin_ns = tare_monotonic_ns();
	struct timespec pause = {.tv_nsec = 200000};
	int status = 0;

	if (link->foreign)
		link->pid = 0;
	if (link->pid > 0)
		note_agent(link->pid, 0);
	while (link->pid > 0) {
		pid_t pid = waitpid(link->pid, &status, WNOHANG);

		if (pid == link->pid || (pid < 0 && errno == ECHILD)) {
			link->pid = 0;
		} else if (tare_monotonic_ns() - begin_ns > limit_ns) {
			kill(link->pid, SIGKILL);
			waitpid(link->pid, &status, 0);
			link->pid = 0;
		} else {
			nanosleep(&pause, NULL);
		}
	}
	return status;
}

/* What the agent started and can see to no more: the cgroup has it all, where there is one; what
 * has left its session comes to us. */
static void
kill_rest(const struct tare_link *link)
{
	if (link->cgroup)
		tare_cgroup_kill(link->cgroup);
	tare_orphans_kill(agents, LINKS_MAX, sweep_limit_ns);
}

/* The agent's end of the socket is closed: says why, and leaves nothing behind. */
static enum tare_status
lost(struct tare_link *link, struct tare_err *err)
{
	pid_t pid = link->pid;
	int status;

	if (pid == 0 || link->foreign) {
		link->pid = 0;
		return tare_err_set(err, TARE_FAILED, "the agent is gone");
	}
	status = wait_for_end(link, sweep_limit_ns);
	kill_rest(link);
	if (WIFSIGNALED(status))
		return tare_err_set(err, TARE_FAILED,
			"the agent (process %d) was killed by signal %d (%s)", (int)pid,
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	return tare_err_set(err, TARE_FAILED, "the agent (process %d) ended with status %d",
		(int)pid, WEXITSTATUS(status));
}

/* An agent that was stopped answers nobody: a program that it measures may have done that. */
static enum tare_status
check_stopped(struct tare_link *link, struct tare_err *err)
{
	pid_t pid = link->pid;
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG) != 0 || info.si_pid != pid)
		return TARE_OK;
	kill(pid, SIGKILL);
	lost(link, NULL);
	return tare_err_set(err, TARE_FAILED,
		"the agent (process %d) was stopped by signal %d (%s)", (int)pid, info.si_status,
		strsignal(info.si_status));
}

static enum tare_status
send_request(struct tare_link *link, const struct tare_wire_request *request, const int *fds,
	size_t fd_count, struct tare_err *err)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * TARE_WIRE_FDS_MAX)];
		struct cmsghdr aligned;
	} control = {0};
	struct tare_wire_request copy = *request;
	struct iovec part = {.iov_base = &copy, .iov_len = sizeof(copy)};
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t len;

	assert(fd_count <= TARE_WIRE_FDS_MAX);
	if (fd_count > 0) {
		head.msg_control = control.bytes;
		head.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		struct cmsghdr *rights = CMSG_FIRSTHDR(&head);

		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(rights), fds, sizeof(int) * fd_count);
	}
	do
		len = sendmsg(link->socket, &head, MSG_NOSIGNAL);
	while (len < 0 && errno == EINTR);
	if (len == (ssize_t)sizeof(copy))
		return TARE_OK;
	if (errno == EPIPE || errno == ECONNRESET)
		return lost(link, err);
	return tare_err_errno(err, TARE_OUTSIDE, "cannot send a request to the agent");
}

/* One reply if it is there within timeout_ms; *got_out says whether. */
static enum tare_status
receive(struct tare_link *link, struct tare_wire_reply *reply_out, bool *got_out, int timeout_ms,
	struct tare_err *err)
{
	struct pollfd waiting = {.fd = link->socket, .events = POLLIN};
	ssize_t len;

	*got_out = false;
	if (poll(&waiting, 1, timeout_ms) <= 0)
		return TARE_OK; /* nothing yet, or a signal: the caller looks at the clock and flag
				 */
	len = recv(link->socket, reply_out, sizeof(*reply_out), 0);
	if (len < 0 && errno == EINTR)
		return TARE_OK;
	if (len <= 0)
		return lost(link, err);
	if (len != (ssize_t)sizeof(*reply_out))
		return tare_err_set(err, TARE_FAILED, "the agent sent %zd bytes, expected %zu", len,
			sizeof(*reply_out));
	*got_out = true;
	return TARE_OK;
}

static enum tare_status
give_up(struct tare_link *link, struct tare_err *err)
{
	kill(link->pid, SIGKILL);
	lost(link, NULL);
	return tare_err_set(
		err, TARE_INTERRUPTED, "interrupted; the agent did not answer and was killed");
}

enum tare_status
tare_link_call(struct tare_link *link, struct tare_wire_reply *reply_out,
	const struct tare_wire_request *request, const int *fds, size_t fd_count,
	const struct tare_link_wait *wait, struct tare_err *err)
{
	static const struct tare_wire_request cancel = {.op = TARE_WIRE_CANCEL};
	static const struct tare_link_wait patient = {0};
	sig_atomic_t before;
	uint64_t cancelled_ns = 0;
	enum tare_status status;
	bool got = false;

	wait = wait ? wait : &patient;
	before = wait->interrupted ? *wait->interrupted : 0;
	if (link->pid == 0)
		return lost(link, err);
	status = send_request(link, request, fds, fd_count, err);
	while (status == TARE_OK) {
		status = receive(link, reply_out, &got, tick_ms, err);
		if (status != TARE_OK || got)
			break;
		if (wait->tick)
			wait->tick(wait->context);
		status = check_stopped(link, err);
		if (status != TARE_OK)
			break;
		if (cancelled_ns > 0 && tare_monotonic_ns() - cancelled_ns > sweep_limit_ns)
			return give_up(link, err);
		if (cancelled_ns == 0 && wait->interrupted && *wait->interrupted != before) {
			cancelled_ns = tare_monotonic_ns();
			status = send_request(link, &cancel, NULL, 0, err);
		}
	}
	return status;
}

static enum tare_status
greet(struct tare_link *link, struct tare_err *err)
{
	uint64_t begin_ns = tare_monotonic_ns();
	struct tare_wire_reply hello;
	enum tare_status status = TARE_OK;
	struct tare_err why = {0};
	bool got = false;

	while (status == TARE_OK && !got && tare_monotonic_ns() - begin_ns < hello_limit_ns)
		status = receive(link, &hello, &got, tick_ms, &why);
	if (status != TARE_OK)
		return tare_err_set(err, TARE_OUTSIDE, "the agent did not start%s%s",
			*why.text ? ": " : "", why.text);
	if (!got)
		return tare_err_set(err, TARE_OUTSIDE, "the agent did not start within %d s",
			(int)(hello_limit_ns / 1000000000u));
	if (hello.op != TARE_WIRE_HELLO || hello.done != TARE_WIRE_VERSION)
		return tare_err_set(err, TARE_OUTSIDE,
			"the agent speaks version %u of the protocol, expected %d; install all of "
			"tare from one build",
			hello.done, TARE_WIRE_VERSION);
	return TARE_OK;
}

enum tare_status
tare_link_open(struct tare_link **link_out, const char *agent_path, struct tare_cgroup *cgroup,
	struct tare_err *err)
{
	struct tare_link *link;
	enum tare_status status;
	int pair[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot make a socket for the agent");
	tare_orphans_adopt();
	link = tare_xcalloc(1, sizeof(*link));
	link->socket = pair[0];
	link->cgroup = cgroup;
	error = spawn_agent(&link->pid, agent_path, pair[1]);
	close(pair[1]);
	if (error != 0) {
		link->pid = 0;
		tare_link_close(link);
		return tare_err_set(err, TARE_OUTSIDE, "cannot start the agent '%s': %s",
			agent_path, strerror(error));
	}
	note_agent(0, link->pid);
	status = greet(link, err);
	if (status != TARE_OK) {
		tare_link_close(link);
		return status;
	}
	/* Where the cgroup refuses, the agent still sees to its own. */
	if (cgroup)
		tare_cgroup_add(cgroup, link->pid, NULL);
	*link_out = link;
	return TARE_OK;
}

/* Waits for a connection, looking at the flag now and then. */
static enum tare_status
accept_one(int *socket_out, int listener, uint64_t limit_ns,
	const volatile sig_atomic_t *interrupted, struct tare_err *err)
{
	struct pollfd waiting = {.fd = listener, .events = POLLIN};
	const sig_atomic_t before = interrupted ? *interrupted : 0;
	uint64_t begin_ns = tare_monotonic_ns();

	while (poll(&waiting, 1, tick_ms) <= 0) {
		if (interrupted && *interrupted != before)
			return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
		if (tare_monotonic_ns() - begin_ns > limit_ns)
			return tare_err_set(err, TARE_OUTSIDE,
				"the agent did not connect within %d s",
				(int)(limit_ns / 1000000000u));
	}
	*socket_out = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (*socket_out < 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot accept the agent's connection");
	return TARE_OK;
}

enum tare_status
tare_link_accept(struct tare_link **link_out, int listener, uint64_t limit_ns,
	const volatile sig_atomic_t *interrupted, struct tare_err *err)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	struct tare_link *link;
	enum tare_status status;
	int socket = -1;

	status = accept_one(&socket, listener, limit_ns, interrupted, err);
	if (status != TARE_OK)
		return status;
	link = tare_xcalloc(1, sizeof(*link));
	link->socket = socket;
	link->foreign = true;
	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		link->pid = peer.pid;
	/* As seen from here; 0 where the engine's processes are not. */
	if (link->pid <= 0) {
		tare_link_close(link);
		return tare_err_set(err, TARE_UNSUPPORTED,
			"the agent's process cannot be seen from here; run tare in the process "
			"namespace of the engine");
	}
	status = greet(link, err);
	if (status != TARE_OK) {
		tare_link_close(link);
		return status;
	}
	*link_out = link;
	return TARE_OK;
}

pid_t
tare_link_pid(const struct tare_link *link)
{
	return link->pid;
}

void
tare_link_close(struct tare_link *link)
{
	if (!link)
		return;
	close(link->socket);
	if (link->pid > 0 && WIFSIGNALED(wait_for_end(link, sweep_limit_ns)))
		kill_rest(link);
	free(link);
}
