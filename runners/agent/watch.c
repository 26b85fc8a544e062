#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "runners/agent/agent.h"

struct agent_watch agent_watch;

uint64_t
agent_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void
agent_watch_kill(void)
{
	pid_t pid = agent_watch.pid;

	if (pid <= 0)
		return;
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
}

static void
arm(uint64_t after_ns)
{
	struct itimerval timer = {0};

	timer.it_value.tv_sec = (time_t)(after_ns / 1000000000u);
	timer.it_value.tv_usec = (suseconds_t)(after_ns % 1000000000u / 1000u);
	if (after_ns > 0 && timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0)
		timer.it_value.tv_usec = 1;
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* The timer is armed once per batch, so it may ring for a program that began later: then it is set
 * again for the rest of that one's time. */
static void
on_alarm(int number)
{
	uint64_t elapsed_ns = agent_now_ns() - agent_watch.started_ns;
	int saved = errno;

	(void)number;
	if (agent_watch.timeout_ns == 0)
		return;
	if (agent_watch.pid == 0) {
		arm(agent_watch.timeout_ns);
	} else if (elapsed_ns < agent_watch.timeout_ns) {
		arm(agent_watch.timeout_ns - elapsed_ns);
	} else {
		agent_watch.timed_out = 1;
		agent_watch_kill();
	}
	errno = saved;
}

/* Nothing is said while a program runs but "cancel", so any message then means that, and end of
 * file that the harness died. Its own request may still ring here, late: then nothing is waiting.
 */
static bool
message_waiting(void)
{
	char byte;
	ssize_t len = recv(TARE_WIRE_SOCKET, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);

	if (len == 0)
		agent_watch.leave = 1;
	return len >= 0;
}

static void
on_message(int number)
{
	int saved = errno;

	(void)number;
	if (message_waiting()) {
		agent_watch.cancelled = 1;
		agent_watch_kill();
	}
	errno = saved;
}

static void
on_end(int number)
{
	int saved = errno;

	(void)number;
	agent_watch.leave = 1;
	agent_watch.cancelled = 1;
	agent_watch_kill();
	errno = saved;
}

static void
handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	/* Handlers exclude each other, so that none sees the other half way. */
	sigfillset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

/* Whatever whoever started us ignores or blocks, programs shall find the defaults. libc hides two
 * signals from sigaction() and has them ignored in what it spawns: hence the system call. */
static void
reset_signals(void)
{
	static const uint64_t default_action[8]; /* zero, and larger than the kernel's struct */
	sigset_t none;

	for (int number = 1; number <= 64; number++)
		syscall(SYS_rt_sigaction, number, default_action, NULL, sizeof(uint64_t));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
agent_watch_install(void)
{
	static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};

	reset_signals();
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		handle(ends[i], on_end);
	handle(SIGIO, on_message);
	handle(SIGALRM, on_alarm);
}

void
agent_watch_begin(uint64_t timeout_ns)
{
	agent_watch.pid = 0;
	agent_watch.timed_out = 0;
	agent_watch.timeout_ns = timeout_ns;
	agent_watch.started_ns = agent_now_ns();
	agent_watch.cancelled = agent_watch.leave;
	if (message_waiting())
		agent_watch.cancelled = 1;
	if (timeout_ns > 0)
		arm(timeout_ns);
}

void
agent_watch_end(void)
{
	if (agent_watch.timeout_ns > 0)
		arm(0);
	agent_watch.timeout_ns = 0;
	agent_watch.pid = 0;
}
