/*
 * An agent that answers a request only once it is cancelled, for the tests of the link: it tells
 * its parent with SIGUSR1 that it waits for that. Asked for the status of a service it takes longer
 * than an agent without anything to kill would; asked to stop one it lets go of its socket first,
 * and ends with status 7 after as long.
 */
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runners/agent/wire.h"

enum { LONG_S = 6 };

static int
receive(struct tare_wire_request *request)
{
	return recv(TARE_WIRE_SOCKET, request, sizeof(*request), 0) == sizeof(*request);
}

static int
answer(uint32_t op, uint32_t flags, uint32_t done)
{
	const struct tare_wire_reply reply = {.op = op, .flags = flags, .done = done};

	return send(TARE_WIRE_SOCKET, &reply, sizeof(reply), MSG_NOSIGNAL) == sizeof(reply);
}

int
main(void)
{
	struct tare_wire_request request, cancel;

	answer(TARE_WIRE_HELLO, 0, TARE_WIRE_VERSION);
	while (receive(&request)) {
		if (request.op == TARE_WIRE_STOP) {
			close(TARE_WIRE_SOCKET);
			sleep(LONG_S);
			return 7;
		}
		kill(getppid(), SIGUSR1);
		if (!receive(&cancel) || cancel.op != TARE_WIRE_CANCEL)
			return 1;
		if (request.op == TARE_WIRE_STATUS)
			sleep(LONG_S);
		answer(request.op, TARE_WIRE_CANCELLED, 0);
	}
	return 0;
}
