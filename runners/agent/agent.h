/*
 * The agent: starts, times and reaps the measured programs, and makes sure none outlives the run.
 *
 * One static binary, the same on the host and as PID 1 of an empty container. It allocates nothing
 * and opens no files but /proc/self/task/<pid>/children, and once the head of a
 * program whose threads are to be pinned, because what it weighs shows in the max
 * RSS of small programs and what it does between gate and reap shows in their time.
 * Single-threaded; the signal handlers share struct agent_watch with the rest, and nothing else.
 *
 *   main.c      start-up, and one message after the other
 *   program.c   descriptions of programs: received, found on PATH, applied
 *   place.c     CPUs and memory
 *   threads.c   whether the threads of a program can be pinned, and its environment then
 *   run.c       the timed path
 *   pace.c      how fast the CPU is
 *   count.c     events that are read around the timed path
 *   watch.c     timeouts and cancelling, by signals
 *   reap.c      services, leftovers, and the end of every tree
 */
#ifndef TARE_RUNNERS_AGENT_AGENT_H
#define TARE_RUNNERS_AGENT_AGENT_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runners/agent/wire.h"

struct agent_program {
	bool defined;
	void *blob; /* the mapped description */
	size_t blob_len;
	struct tare_wire_view view;
	int fds[3];
	char path[PATH_MAX]; /* the file to execute; "" until it was found */
	/* TARE_WIRE_PIN_THREADS: the two words, and what the second stands in for. */
	bool pins_threads;
	bool threads_free; /* its words would not do anything for this program */
	char *thread_words[2];
	char *padding;        /* TARE_WIRE_PADDED: the bytes behind the name; NULL: none */
	uint32_t padding_len; /* where it is cut now */
	char *own_preload;    /* NULL: none */
	char **preload_at;    /* where that stands in the environment */
};

struct agent_service {
	pid_t pid; /* 0: the slot is free, or the service ended */
	bool used;
	int32_t status; /* as from wait4, once it ended */
};

struct agent {
	struct tare_pending *pending;           /* NULL until it came */
	uint64_t cpus_own[TARE_WIRE_CPU_WORDS]; /* what the agent was given at its start */
	int memory_own; /* and the memory policy: a mode of set_mempolicy(2) with its flags */
	uint64_t nodes_own[TARE_WIRE_NODE_WORDS];
	struct tare_wire_place place;  /* where it is now */
	int events[TARE_WIRE_FDS_MAX]; /* on one target after the other */
	unsigned event_count;          /* on each */
	unsigned event_targets;
	struct tare_agent_counts counts; /* of the last invocation */
	struct agent_program programs[TARE_WIRE_SLOTS];
	struct agent_service services[TARE_WIRE_SERVICES];
	unsigned services_alive;
};

/* What the signal handlers see. The child writes pid and exec_errno before exec: vfork shares
 * memory, so a handler never meets a child whose number it does not know. */
struct agent_watch {
	volatile pid_t pid; /* of the running program, leader of its group; 0: none */
	volatile int exec_errno;
	volatile uint64_t started_ns;
	volatile uint64_t timeout_ns; /* 0: none */
	volatile sig_atomic_t timed_out;
	volatile sig_atomic_t cancelled;
	volatile sig_atomic_t leave; /* the harness is gone, or we were told to end */
};
extern struct agent_watch agent_watch;

uint64_t agent_now_ns(void); /* CLOCK_MONOTONIC */

/* watch.c */
void agent_watch_install(void);
/* Begins a request: a message that is already there cancels it. timeout_ns 0: no timer. */
void agent_watch_begin(uint64_t timeout_ns);
void agent_watch_end(void);
void agent_watch_kill(void); /* the running program and its group */

/* program.c; errors are errno, 0 is fine */
int agent_program_define(struct agent_program *program, const int fds[TARE_WIRE_PROGRAM_FDS]);
/* Makes directory, descriptors and place of this process the program's. Sets step and error of the
 * reply and returns false where that fails. */
bool agent_program_apply(struct agent *agent, struct agent_program *program,
	const struct tare_wire_place *place, struct tare_wire_reply *reply);
/* Cuts the padding of its environment to what this invocation has. */
void agent_program_pad(struct agent_program *program, uint64_t seed, uint32_t pair);
void agent_program_rewind(const struct agent_program *program);

/* place.c */
void agent_place_init(struct agent *agent);
/* Moves this process, and with it what it starts, and reads back where it is then. Sets step and
 * error of the reply and returns false where that is somewhere else. */
bool agent_place_apply(
	struct agent *agent, const struct tare_wire_place *place, struct tare_wire_reply *reply);

/* threads.c */
void agent_threads_define(struct agent_program *program);
/* Once its path is known: sets threads_free, and the environment accordingly. */
void agent_threads_choose(struct agent_program *program);

/* count.c */
/* Takes the descriptors over, in place of those it has. */
void agent_events_take(struct agent *agent, const int *fds, unsigned count, unsigned targets);
/* Both are outside the timed interval; what is between them goes into agent->counts. */
void agent_count_begin(struct agent *agent, const struct tare_wire_request *request);
void agent_count_end(struct agent *agent, uint64_t seq);

/* pace.c */
/* The effective frequency of the CPU this runs on, in kHz: measured where the last figure is of
 * another CPU or older than 10 ms, so that it costs less than 1 % of the time however short what is
 * measured in between. */
uint32_t agent_pace_khz(void);

/* run.c */
/* Starts the program as leader of a new group, or of a new session. The number of the child, or -1
 * with the reason in agent_watch.exec_errno; exec_errno may be set as well where exec failed. */
pid_t agent_spawn(const struct agent_program *program, bool new_session);
void agent_run(struct agent *agent, const struct tare_wire_request *request,
	struct tare_wire_reply *reply);

/* reap.c */
enum agent_sweep {
	AGENT_SWEEP_NONE,   /* nothing was left */
	AGENT_SWEEP_KILLED, /* something was, and is no more */
	AGENT_SWEEP_STUCK,  /* something is left that cannot be killed or found */
};
/* Kills and reaps whatever descends from this process; services only if told to. */
enum agent_sweep agent_sweep(struct agent *agent, bool services_too);
void agent_service_start(struct agent *agent, const struct tare_wire_request *request,
	struct tare_wire_reply *reply);
void agent_service_status(struct agent *agent, const struct tare_wire_request *request,
	struct tare_wire_reply *reply);
void agent_service_stop(struct agent *agent, const struct tare_wire_request *request,
	struct tare_wire_reply *reply);

#endif
