/*
 * Inside the host runner: what its files share. Nobody else includes this.
 *
 *   host.c          opening, closing, pinning, and the table of functions
 *   host_run.c      programs and their invocations
 *   host_service.c  services
 */
#ifndef TARE_RUNNERS_HOST_H
#define TARE_RUNNERS_HOST_H

#include <limits.h>
#include <stdbool.h>

#include "harness/base/arena.h"
#include "harness/pin/pin.h"
#include "runners/cgroup.h"
#include "runners/description.h"
#include "runners/link.h"
#include "runners/output.h"
#include "runners/runner.h"
#include "runners/tally.h"

/* What the suite's words for CPUs, memory and threads came to here. */
struct host_place {
	struct host_place *next;
	const char *cpus; /* as written, NULL where nothing is */
	const char *numa;
	bool threads_pinned;
	char text[TARE_BITS_TEXT_MAX]; /* of the CPUs; "" where not pinned */
	struct tare_wire_place place;
	const char *thread_cpus; /* NULL where threads are left alone */
};

struct running_service {
	const struct tare_service *service; /* NULL: none of this number */
	char *log_path;
};

/* A service's number is that of its slot, and above it that of the agent which runs it. */
enum { SERVICE_SLOT_BITS = 6 };
_Static_assert(TARE_WIRE_SERVICES == 1 << SERVICE_SLOT_BITS, "a number has room for every slot");

struct tare_runner {
	struct tare_runner_options options;
	char agent_path[PATH_MAX];
	struct tare_cgroup *cgroup; /* NULL where there is none */
	struct tare_link *link; /* NULL after an agent was lost: the next request begins another */
	uint32_t agents_lost;
	struct tare_output output;
	struct tare_tally tally;
	struct tare_pending *pending; /* mapped from pending_fd, which may be a memory file */
	int pending_fd;
	struct tare_description slots[TARE_WIRE_SLOTS]; /* what the agent holds; empty: nothing */
	uint32_t slot_count;                            /* as many as it may have descriptors for */
	uint32_t next_slot;
	struct running_service services[TARE_WIRE_SERVICES];
	struct tare_arena *arena;
	const struct tare_topology *topology; /* NULL until a case wants to be pinned */
	struct host_place *places;
	char thread_library[PATH_MAX]; /* "" until a case wants it */
	char start_failure[TARE_ERR_TEXT_MAX];
	/* docker.c: of the runner, its engine and containers; of the part that speaks with a
	 * container's agent, NULL and is_inside: no other agent can be begun there. */
	struct tare_docker *docker;
	bool is_inside;
};

/* host.c */
enum tare_status tare_host_open(struct tare_runner **runner_out,
	const struct tare_runner_options *options, struct tare_err *err);
void tare_host_close(struct tare_runner *runner); /* NULL is allowed */
enum tare_status tare_host_case_begin(struct tare_runner *runner, const char **cpus_out,
	const struct tare_case *subject, struct tare_err *err);
/* Gives the agent of a link that was just opened what every agent gets. */
enum tare_status tare_host_adopt(struct tare_runner *runner, struct tare_err *err);
bool tare_host_is_interrupted(const struct tare_runner *runner);
/* Where programs of the case go, as chosen when it began; NULL where nothing was asked for. */
const struct host_place *tare_host_place(
	const struct tare_runner *runner, const struct tare_case *subject);
/* Where hooks, services and what is not pinned go. */
struct tare_wire_place tare_host_elsewhere(const struct tare_runner *runner);
/* Begins an agent where there is none, or none any more. TARE_OUTSIDE where that fails. */
enum tare_status tare_host_need_agent(struct tare_runner *runner, struct tare_err *err);
/* One request, which may bring descriptors, to an agent that is there; watches the interrupt flag
 * and the memory that output takes. After an error there is no agent any more. */
enum tare_status tare_host_call(struct tare_runner *runner, struct tare_wire_reply *reply_out,
	const struct tare_wire_request *request, const int *fds, struct tare_err *err);
/* What waiting for an agent looks at meanwhile; good while the runner is. */
struct tare_link_wait tare_host_wait(struct tare_runner *runner);
void tare_host_lose_agent(struct tare_runner *runner);
/* TARE_FAILED with the sentence for a request that only a fault of ours, or somebody who got at the
 * agent, makes it refuse. There is no agent afterwards. */
enum tare_status tare_host_refused(struct tare_runner *runner, const struct tare_wire_reply *reply,
	const char *what, struct tare_err *err);
/* For something that the agent can neither kill nor let go: the cgroup takes both away. What ran as
 * a service is gone then too. */
enum tare_status tare_host_replace_agent(struct tare_runner *runner, struct tare_err *err);

/* host_run.c */
/* The slot of the agent that holds this program with these files; takes the next one in turn where
 * none does. Interleaved cases find theirs again without being sent anew. TARE_FAILED or
 * TARE_INVALID, and errno, where the program itself is the reason. */
enum tare_status tare_host_slot(struct tare_runner *runner, uint32_t *slot_out,
	const struct tare_program *program, const struct tare_sinks *sinks, struct tare_err *err);
struct tare_sinks tare_host_sinks(
	const struct tare_runner *runner, const char *log_path, bool with_output);
/* The sentence for a program that the agent could not start. */
void tare_host_explain_start(struct tare_err *err, const struct tare_wire_reply *reply,
	const struct tare_program *program);
bool tare_host_supports_batch(const struct tare_runner *runner, const struct tare_case *subject);
enum tare_status tare_host_invoke(struct tare_runner *runner, struct tare_outcome *outcomes,
	uint32_t *done_out, const struct tare_invocation *invocation, struct tare_err *err);

/* host_service.c */
enum tare_status tare_host_service_start(struct tare_runner *runner, uint32_t *id_out,
	const struct tare_service *service, const char *log_path, struct tare_err *err);
enum tare_status tare_host_service_stop(
	struct tare_runner *runner, uint32_t id, struct tare_err *err);
bool tare_host_service_is_lost(const struct tare_runner *runner, uint32_t id);

#endif
