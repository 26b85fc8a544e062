/*
 * A program with threads for the tests of pinning: prints where each may run.
 *
 * usage: threaded [own|fork|exec]
 *
 * Four threads, all alive at once, the last made by thrd_create: "main 0\nthread 1\n...". own: the
 * main thread sets its affinity first. fork and exec: a child of the pinned main thread prints
 * instead.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

enum { THREADS = 4 };

static pthread_barrier_t barrier;
static char places[THREADS][64];

static void
print_place(char *text_out, size_t size)
{
	cpu_set_t set;
	size_t len = 0;

	*text_out = '\0';
	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && len + 8 < size; cpu++) {
		if (CPU_ISSET(cpu, &set))
			len += (size_t)snprintf(
				text_out + len, size - len, "%s%u", len ? "," : "", cpu);
	}
}

static void *
run_posix(void *place)
{
	print_place(place, sizeof(places[0]));
	pthread_barrier_wait(&barrier);
	return place;
}

static int
run_c11(void *place)
{
	print_place(place, sizeof(places[0]));
	pthread_barrier_wait(&barrier);
	return 42;
}

static void
choose_own_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((unsigned)sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void
print_child(const char *self, bool exec)
{
	char place[64];
	pid_t pid = fork();

	if (pid == 0) {
		if (exec)
			execl(self, self, "place", (char *)NULL);
		print_place(place, sizeof(place));
		printf("child %s\n", place);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	pthread_t threads[THREADS];
	thrd_t last;
	void *returned = NULL;
	int result = 0;
	char place[64];

	if (strcmp(mode, "place") == 0) {
		print_place(place, sizeof(place));
		printf("child %s\n", place);
		return 0;
	}
	if (strcmp(mode, "own") == 0)
		choose_own_cpu();
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS - 1; i++) {
		if (pthread_create(&threads[i], NULL, run_posix, places[i]) != 0)
			return 1;
	}
	if (thrd_create(&last, run_c11, places[THREADS - 1]) != thrd_success)
		return 1;
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS - 1; i++) {
		if (pthread_join(threads[i], &returned) != 0 || returned != places[i])
			return 1;
	}
	if (thrd_join(last, &result) != thrd_success || result != 42)
		return 1;
	if (strcmp(mode, "fork") == 0 || strcmp(mode, "exec") == 0) {
		print_child(argv[0], strcmp(mode, "exec") == 0);
		return 0;
	}
	print_place(place, sizeof(place));
	printf("main %s\n", place);
	for (int i = 0; i < THREADS; i++)
		printf("thread %s\n", places[i]);
	return 0;
}
