#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runners/agent/agent.h"

struct message {
	struct tare_wire_request request;
	int fds[TARE_WIRE_FDS_MAX];
	unsigned fd_count;
	bool valid;
};

static void
take_fds(struct message *message, struct msghdr *head)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(head);
	size_t len;

	if (!part || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
		return;
	len = part->cmsg_len - CMSG_LEN(0);
	memcpy(message->fds, CMSG_DATA(part), len);
	message->fd_count = (unsigned)(len / sizeof(int));
}

/* Descriptors come with the requests that take them, and with no other. */
static bool
fds_are_right(const struct message *message)
{
	switch (message->request.op) {
	case TARE_WIRE_DEFINE:
	case TARE_WIRE_PENDING:
		return message->fd_count > 0;
	case TARE_WIRE_COUNT:
		return message->fd_count == message->request.count * message->request.targets;
	default:
		return message->fd_count == 0;
	}
}

/* False where the harness is gone, or the agent was told to end. */
static bool
receive(struct message *message)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * TARE_WIRE_FDS_MAX)];
		struct cmsghdr aligned;
	} control;
	struct iovec part = {.iov_base = &message->request, .iov_len = sizeof(message->request)};
	ssize_t len;

	memset(message, 0, sizeof(*message));
	for (;;) {
		struct msghdr head = {.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = sizeof(control.bytes)};

		if (agent_watch.leave)
			return false;
		len = recvmsg(TARE_WIRE_SOCKET, &head, MSG_CMSG_CLOEXEC);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return false;
		take_fds(message, &head);
		message->valid = (head.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
				 tare_wire_request_valid(&message->request, (size_t)len) &&
				 fds_are_right(message);
		return true;
	}
}

static void
reply_with(const struct tare_wire_reply *reply)
{
	while (send(TARE_WIRE_SOCKET, reply, sizeof(*reply), MSG_NOSIGNAL) < 0 && errno == EINTR &&
		!agent_watch.leave)
		;
}

static void
fail(struct tare_wire_reply *reply, enum tare_wire_step step, int error)
{
	reply->step = error != 0 ? step : TARE_STEP_NONE;
	reply->error = error;
}

static void
close_fds(const struct message *message)
{
	for (unsigned i = 0; i < message->fd_count; i++)
		close(message->fds[i]);
}

/* Where the slot takes the program it keeps all descriptors but the description's. */
static void
define(struct agent *agent, const struct message *message, struct tare_wire_reply *reply)
{
	int error = EINVAL;

	if (message->fd_count == TARE_WIRE_PROGRAM_FDS)
		error = agent_program_define(&agent->programs[message->request.slot], message->fds);
	fail(reply, TARE_STEP_REQUEST, error);
	if (error != 0)
		close_fds(message);
	else
		close(message->fds[0]);
}

static void
map_pending(struct agent *agent, const struct message *message, struct tare_wire_reply *reply)
{
	struct stat about;
	void *mapped;

	if (message->fd_count != 1 || agent->pending || fstat(message->fds[0], &about) != 0 ||
		about.st_size != (off_t)sizeof(struct tare_pending)) {
		close_fds(message);
		fail(reply, TARE_STEP_REQUEST, EINVAL);
		return;
	}
	mapped = mmap(NULL, sizeof(struct tare_pending), PROT_READ | PROT_WRITE, MAP_SHARED,
		message->fds[0], 0);
	if (mapped == MAP_FAILED)
		fail(reply, TARE_STEP_REQUEST, errno);
	else
		agent->pending = mapped;
	close_fds(message);
}

static void
answer(struct agent *agent, const struct message *message)
{
	struct tare_wire_reply reply = {.op = message->request.op};

	switch (message->request.op) {
	case TARE_WIRE_DEFINE:
		define(agent, message, &reply);
		break;
	case TARE_WIRE_PENDING:
		map_pending(agent, message, &reply);
		break;
	case TARE_WIRE_PIN:
		agent_place_apply(agent, &message->request.place, &reply);
		break;
	case TARE_WIRE_COUNT:
		agent_events_take(
			agent, message->fds, message->request.count, message->request.targets);
		break;
	case TARE_WIRE_RUN:
		agent_run(agent, &message->request, &reply);
		break;
	case TARE_WIRE_START:
		agent_service_start(agent, &message->request, &reply);
		break;
	case TARE_WIRE_STATUS:
		agent_service_status(agent, &message->request, &reply);
		break;
	case TARE_WIRE_STOP:
		agent_service_stop(agent, &message->request, &reply);
		break;
	default: /* a cancel that came too late */
		return;
	}
	reply_with(&reply);
}

static void
refuse(const struct message *message)
{
	struct tare_wire_reply reply = {
		.op = message->request.op, .step = TARE_STEP_REQUEST, .error = EPROTO};

	close_fds(message);
	reply_with(&reply);
}

/* In a container the harness cannot hand the socket over: it listens on one that is mounted. */
static bool
connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return false;
	return fd == TARE_WIRE_SOCKET || dup2(fd, TARE_WIRE_SOCKET) == TARE_WIRE_SOCKET;
}

/* Nothing of the harness's is left open for measured programs to inherit, a message rings
 * (SIGIO), the harness's death does (SIGTERM; end of file, where it is not our parent), and orphans
 * come to us. */
static bool
start_up(const char *path)
{
	int flags;

	if (path && !connect_to(path))
		return false;
	flags = fcntl(TARE_WIRE_SOCKET, F_GETFL);
	if (flags < 0)
		return false;
	agent_watch_install();
	close_range(TARE_WIRE_SOCKET + 1, ~0u, 0);
	return fcntl(TARE_WIRE_SOCKET, F_SETFD, FD_CLOEXEC) == 0 &&
	       fcntl(TARE_WIRE_SOCKET, F_SETOWN, getpid()) == 0 &&
	       fcntl(TARE_WIRE_SOCKET, F_SETFL, flags | O_ASYNC) == 0 &&
	       (path || prctl(PR_SET_PDEATHSIG, SIGTERM) == 0) &&
	       prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

/* usage: tare-agent [SOCKET]; without a path the socket is open already. */
int
main(int argc, char **argv)
{
	static struct agent agent;
	struct tare_wire_reply hello = {.op = TARE_WIRE_HELLO, .done = TARE_WIRE_VERSION};
	struct message message;

	if (!start_up(argc > 1 ? argv[1] : NULL))
		return 1;
	agent_place_init(&agent);
	reply_with(&hello);
	while (receive(&message)) {
		if (message.valid)
			answer(&agent, &message);
		else
			refuse(&message);
	}
	return agent_sweep(&agent, true) == AGENT_SWEEP_STUCK;
}
