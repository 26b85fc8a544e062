/*
 * A CPU for each thread of a measured program: tare-threads.so, preloaded into it.
 *
 * The kernel does not balance over isolated CPUs: several of them in one mask may all stay empty
 * but one. So each new thread is bound to the next CPU of TARE_THREAD_CPUS ("2-5,8"), in turn, and
 * the one that creates the first thread to the first. A program without threads is left alone, as
 * are its children, whatever starts them: they find the whole mask. A program that sets affinities
 * itself wins.
 *
 * Interposes pthread_create and thrd_create, and nothing else. Every thread reads back where it is;
 * what cannot be had is said on standard error, once.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

typedef int pthread_create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
typedef int thrd_create_function(thrd_t *, thrd_start_t, void *);

struct state {
	cpu_set_t whole;
	unsigned short cpus[CPU_SETSIZE];
	unsigned cpu_count; /* 0: nothing to do */
	atomic_uint next;
	atomic_bool told;
};
static struct state state;
static _Thread_local int own_cpu = -1; /* given by us; -1: none */

/* What a thread begins with, in place of what it was to begin with. */
struct start {
	void *(*posix)(void *);
	thrd_start_t c11;
	void *argument;
	int cpu;
	cpu_set_t inherited;
};

static void
parse(const char *text)
{
	while (text && *text) {
		char *end;
		unsigned long first = strtoul(text, &end, 10);
		unsigned long last = first;

		if (end == text)
			return;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && last < CPU_SETSIZE; first++) {
			if (!CPU_ISSET(first, &state.whole))
				state.cpus[state.cpu_count++] = (unsigned short)first;
			CPU_SET(first, &state.whole);
		}
		if (*end != ',')
			return;
		text = end + 1;
	}
}

static void
complain(int cpu)
{
	char text[96];
	int len;

	if (atomic_exchange(&state.told, true))
		return;
	len = snprintf(text, sizeof(text), "tare-threads: cannot pin a thread to CPU %d\n", cpu);
	if (len > 0)
		(void)!write(STDERR_FILENO, text, (size_t)len);
}

static void
bind_self(int cpu)
{
	cpu_set_t one, got;

	CPU_ZERO(&one);
	CPU_ZERO(&got);
	CPU_SET((unsigned)cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0 ||
		sched_getaffinity(0, sizeof(got), &got) != 0 || !CPU_EQUAL(&one, &got))
		complain(cpu);
	else
		own_cpu = cpu;
}

/* The affinity is the one this library or the harness gave, nobody else's. */
static bool
is_ours(const cpu_set_t *now)
{
	cpu_set_t one;

	if (own_cpu < 0)
		return CPU_EQUAL(now, &state.whole);
	CPU_ZERO(&one);
	CPU_SET((unsigned)own_cpu, &one);
	return CPU_EQUAL(now, &one);
}

static void
restore_whole(void)
{
	if (state.cpu_count == 0 || own_cpu < 0)
		return;
	own_cpu = -1;
	atomic_store(&state.next, 0);
	sched_setaffinity(0, sizeof(state.whole), &state.whole);
}

static bool
is_one_of_ours(const cpu_set_t *now)
{
	cpu_set_t both;

	CPU_AND(&both, now, &state.whole);
	return CPU_COUNT(now) == 1 && CPU_COUNT(&both) == 1;
}

/* A process that a pinned thread started has its one CPU by then. */
__attribute__((constructor)) static void
begin(void)
{
	cpu_set_t now;
	int saved = errno;

	parse(getenv("TARE_THREAD_CPUS"));
	if (state.cpu_count > 0) {
		pthread_atfork(NULL, NULL, restore_whole);
		if (sched_getaffinity(0, sizeof(now), &now) == 0 && is_one_of_ours(&now))
			sched_setaffinity(0, sizeof(state.whole), &state.whole);
	}
	errno = saved;
}

static void *
run_posix(void *argument)
{
	struct start start = *(struct start *)argument;
	cpu_set_t now;

	free(argument);
	/* Attributes that name CPUs are the program's own wish. */
	if (sched_getaffinity(0, sizeof(now), &now) == 0 && CPU_EQUAL(&now, &start.inherited))
		bind_self(start.cpu);
	return start.posix(start.argument);
}

static int
run_c11(void *argument)
{
	struct start start = *(struct start *)argument;

	free(argument);
	bind_self(start.cpu);
	return start.c11(start.argument);
}

/* NULL where the new thread is to be left alone. */
static struct start *
prepare(void *argument)
{
	struct start *start = NULL;
	cpu_set_t now;

	if (state.cpu_count == 0 || sched_getaffinity(0, sizeof(now), &now) != 0 || !is_ours(&now))
		return NULL;
	if (own_cpu < 0 && atomic_load(&state.next) == 0) {
		atomic_fetch_add(&state.next, 1);
		bind_self(state.cpus[0]);
		if (sched_getaffinity(0, sizeof(now), &now) != 0)
			return NULL;
	}
	start = malloc(sizeof(*start));
	if (!start)
		return NULL;
	start->argument = argument;
	start->inherited = now;
	start->cpu = state.cpus[atomic_fetch_add(&state.next, 1) % state.cpu_count];
	return start;
}

/* POSIX wants functions and void pointers to be of one size; the two types stay apart in C. */
static void
find_next(void *function_out, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(function_out, &found, sizeof(found));
}

__attribute__((visibility("default"))) int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
	void *argument)
{
	pthread_create_function *next = NULL;
	struct start *start = prepare(argument);
	int error;

	find_next(&next, "pthread_create");
	if (!start)
		return next(thread, attributes, function, argument);
	start->posix = function;
	error = next(thread, attributes, run_posix, start);
	if (error != 0)
		free(start);
	return error;
}

__attribute__((visibility("default"))) int
thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
	thrd_create_function *next = NULL;
	struct start *start = prepare(argument);
	int result;

	find_next(&next, "thrd_create");
	if (!start)
		return next(thread, function, argument);
	start->c11 = function;
	result = next(thread, run_c11, start);
	if (result != thrd_success)
		free(start);
	return result;
}
