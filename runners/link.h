/*
 * A link to one agent: its process, its socket, and one request after the other.
 *
 * Life cycle: open (which waits until the agent speaks), call any number of times, close. The agent
 * kills all it has started when the link closes, or when this process dies. A cgroup, where there
 * is one, takes the agent in, and is killed when the agent dies first; it stays the caller's.
 */
#ifndef TARE_RUNNERS_LINK_H
#define TARE_RUNNERS_LINK_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

#include "harness/base/err.h"
#include "runners/agent/wire.h"
#include "runners/cgroup.h"

struct tare_link;

/* What goes on while a request is worked on. */
struct tare_link_wait {
	const volatile sig_atomic_t
		*interrupted;        /* a change cancels the request; NULL: nothing does */
	void (*tick)(void *context); /* called now and then where it takes long; NULL: nothing is */
	void *context;
};

/* Finds the agent: given, or TARE_AGENT, or beside this executable, or ../libexec/tare from there.
 * TARE_UNSUPPORTED with what to do where it cannot be executed. */
enum tare_status tare_agent_find(
	char *path_out, size_t size, const char *given, struct tare_err *err);

enum tare_status tare_link_open(struct tare_link **link_out, const char *agent_path,
	struct tare_cgroup *cgroup, struct tare_err *err);

/* The same for an agent that somebody else starts, in a container: it has limit_ns to connect to
 * listener (SOCK_SEQPACKET, the caller's), and ends when the link does. TARE_INTERRUPTED where the
 * flag, which may be NULL, changes; TARE_OUTSIDE where it does not come. */
enum tare_status tare_link_accept(struct tare_link **link_out, int listener, uint64_t limit_ns,
	const volatile sig_atomic_t *interrupted, struct tare_err *err);

/* Sends the request with its descriptors (which stay the caller's) and waits for the answer. A
 * request that was cancelled is answered too, with TARE_WIRE_CANCELLED if it came in time. Errors:
 * TARE_FAILED where the agent is gone or was stopped, as a program that it runs may have done to
 * it: all it had started was killed; TARE_OUTSIDE where nothing can be sent; TARE_INTERRUPTED where
 * it did not even answer a cancel. The link is of no use afterwards. */
enum tare_status tare_link_call(struct tare_link *link, struct tare_wire_reply *reply_out,
	const struct tare_wire_request *request, const int *fds, size_t fd_count,
	const struct tare_link_wait *wait, struct tare_err *err);

pid_t tare_link_pid(const struct tare_link *link);
void tare_link_close(struct tare_link *link); /* NULL is allowed */

#endif
