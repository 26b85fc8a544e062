#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runners/agent/agent.h"

static const uint64_t pause_ns = 100000u;

static void
nap(void)
{
	struct timespec time = {.tv_nsec = (long)pause_ns};

	nanosleep(&time, NULL);
}

static void
note_service_end(struct agent *agent, pid_t pid, int status)
{
	for (unsigned i = 0; i < TARE_WIRE_SERVICES; i++) {
		struct agent_service *service = &agent->services[i];

		if (service->pid != pid)
			continue;
		service->pid = 0;
		service->status = status;
		agent->services_alive--;
		return;
	}
}

/* Collects what has ended. True where no child is left at all: since this process is a subreaper,
 * every orphan of a finished tree is its child by then, so this is proof that nothing is left. */
static bool
reap(struct agent *agent)
{
	for (;;) {
		int status = 0;
		pid_t pid = wait4(-1, &status, WNOHANG, NULL);

		if (pid == 0)
			return false;
		if (pid > 0)
			note_service_end(agent, pid, status);
		else if (errno != EINTR)
			return true;
	}
}

/* Services lead sessions of their own; what they start and lose is still in those. */
static bool
belongs_to_service(const struct agent *agent, pid_t pid)
{
	pid_t session = getsid(pid);

	for (unsigned i = 0; i < TARE_WIRE_SERVICES; i++) {
		pid_t service = agent->services[i].pid;

		if (service > 0 && (service == pid || service == session))
			return true;
	}
	return false;
}

static bool
kill_child(const struct agent *agent, pid_t pid, bool services_too)
{
	if (!services_too && belongs_to_service(agent, pid))
		return false;
	kill(pid, SIGKILL);
	return true;
}

/* Where /proc cannot tell who our children are: as PID 1 everything else is a descendant. */
static int
kill_unlisted(const struct agent *agent, bool services_too)
{
	if (getpid() != 1 || (agent->services_alive > 0 && !services_too))
		return -1;
	kill(-1, SIGKILL);
	return 1;
}

/* How many children were killed, or -1 where they cannot be found. */
static int
kill_children(const struct agent *agent, bool services_too)
{
	char path[64], text[1024];
	int killed = 0;
	pid_t child = 0;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kill_unlisted(agent, services_too);
	while ((len = read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < len; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				child = child * 10 + (text[i] - '0');
			} else if (child > 0) {
				killed += kill_child(agent, child, services_too);
				child = 0;
			}
		}
	}
	close(fd);
	return killed;
}

/* The children of what was killed become ours, so this goes on until none come up any more. */
enum agent_sweep
agent_sweep(struct agent *agent, bool services_too)
{
	enum agent_sweep result = AGENT_SWEEP_NONE;
	uint64_t begin_ns = 0;

	while (!reap(agent)) {
		int killed = kill_children(agent, services_too);

		if (killed == 0)
			return result;
		result = AGENT_SWEEP_KILLED;
		if (begin_ns == 0)
			begin_ns = agent_now_ns();
		if (killed < 0 || agent_now_ns() - begin_ns > TARE_WIRE_SWEEP_NS)
			return AGENT_SWEEP_STUCK;
		nap();
	}
	return result;
}

static int
free_service(const struct agent *agent)
{
	for (int i = 0; i < TARE_WIRE_SERVICES; i++) {
		if (!agent->services[i].used)
			return i;
	}
	return -1;
}

void
agent_service_start(
	struct agent *agent, const struct tare_wire_request *request, struct tare_wire_reply *reply)
{
	struct agent_program *program = &agent->programs[request->slot];
	int number = free_service(agent);
	pid_t pid;

	if (!program->defined || number < 0) {
		reply->step = TARE_STEP_REQUEST;
		reply->error = program->defined ? EMFILE : EINVAL;
		return;
	}
	if (!agent_program_apply(agent, program, &request->place, reply))
		return;
	agent_program_rewind(program);
	pid = agent_spawn(program, true);
	agent_watch.pid = 0;
	if (agent_watch.exec_errno != 0) {
		while (pid > 0 && wait4(pid, NULL, 0, NULL) < 0 && errno == EINTR)
			;
		reply->step = pid > 0 ? TARE_STEP_EXEC : TARE_STEP_FORK;
		reply->error = agent_watch.exec_errno;
		program->path[0] = '\0';
		return;
	}
	agent->services[number] = (struct agent_service){.pid = pid, .used = true};
	agent->services_alive++;
	reply->service = (uint32_t)number;
}

static struct agent_service *
find_service(
	struct agent *agent, const struct tare_wire_request *request, struct tare_wire_reply *reply)
{
	struct agent_service *service = &agent->services[request->service];

	if (service->used)
		return service;
	reply->step = TARE_STEP_REQUEST;
	reply->error = ESRCH;
	return NULL;
}

void
agent_service_status(
	struct agent *agent, const struct tare_wire_request *request, struct tare_wire_reply *reply)
{
	struct agent_service *service = find_service(agent, request, reply);

	if (!service)
		return;
	reap(agent);
	reply->exit_status = service->status;
	if (service->pid > 0)
		reply->flags |= TARE_WIRE_RUNNING;
}

/* Waits for the service to end by itself; cancelling ends the waiting. */
static void
wait_for_service(struct agent *agent, const struct agent_service *service, uint64_t timeout_ns)
{
	uint64_t begin_ns = agent_now_ns();

	reap(agent);
	while (service->pid > 0 && !agent_watch.cancelled &&
		agent_now_ns() - begin_ns < timeout_ns) {
		nap();
		reap(agent);
	}
}

void
agent_service_stop(
	struct agent *agent, const struct tare_wire_request *request, struct tare_wire_reply *reply)
{
	struct agent_service *service = find_service(agent, request, reply);
	pid_t leader;

	if (!service)
		return;
	reap(agent);
	leader = service->pid;
	if (leader > 0) {
		reply->flags |= TARE_WIRE_RUNNING;
		agent_watch_begin(0);
		kill(-leader, SIGTERM);
		wait_for_service(agent, service, request->timeout_ns);
		kill(-leader, SIGKILL);
		wait_for_service(agent, service, TARE_WIRE_SWEEP_NS);
		agent_watch_end();
	}
	reply->exit_status = service->status;
	if (service->pid > 0)
		reply->flags |= TARE_WIRE_STUCK;
	/* No service any more: what is left of its tree is swept with the rest. */
	agent->services_alive -= service->pid > 0;
	*service = (struct agent_service){0};
	if (agent_sweep(agent, false) == AGENT_SWEEP_STUCK)
		reply->flags |= TARE_WIRE_STUCK;
}
