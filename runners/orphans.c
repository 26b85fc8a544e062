#include "runners/orphans.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/clock.h"

void
tare_orphans_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static bool
is_kept(pid_t pid, const pid_t *keep, size_t keep_count)
{
	for (size_t i = 0; i < keep_count; i++) {
		if (keep[i] == pid)
			return true;
	}
	return false;
}

/* Kills what is left and takes what has ended; how many there were. */
static size_t
sweep(const pid_t *keep, size_t keep_count)
{
	char path[64];
	size_t count = 0;
	FILE *children;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	children = fopen(path, "re");
	while (children && fscanf(children, "%d", &pid) == 1) {
		pid_t session = getsid(pid);

		if (session < 0 || session == getsid(0) || is_kept(pid, keep, keep_count))
			continue;
		kill(pid, SIGKILL);
		count++;
		waitpid(pid, NULL, WNOHANG);
	}
	if (children)
		fclose(children);
	return count;
}

bool
tare_orphans_kill(const pid_t *keep, size_t keep_count, unsigned long long limit_ns)
{
	const struct timespec pause = {.tv_nsec = 200000};
	uint64_t begin_ns = tare_monotonic_ns();

	while (sweep(keep, keep_count) > 0) {
		if (tare_monotonic_ns() - begin_ns > limit_ns)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}
