/*
 * How a container is asked for: the words behind `docker create` or `podman create`, and what the
 * environment of a program in it is. Pure; everything is in the arena, lists are NULL-terminated.
 *
 * Beside what the suite says, a container gets: the agent as its first process, read-only; the
 * folder with the agent's socket; the case's scratch folder and the suite's work folder, at the
 * same path as here; the program's working directory, read-only, unless that would cover a folder
 * of the system.
 */
#ifndef TARE_RUNNERS_CONTAINER_ARGS_H
#define TARE_RUNNERS_CONTAINER_ARGS_H

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/model/plan.h"

#define TARE_CONTAINER_AGENT   "/.tare-agent"
#define TARE_CONTAINER_THREADS "/.tare-threads.so"
#define TARE_CONTAINER_FOLDER  "/.tare"
#define TARE_CONTAINER_SOCKET  TARE_CONTAINER_FOLDER "/socket"

struct tare_container_request {
	const struct tare_case *subject; /* has a container */
	const char *image;               /* what the engine knows it by */
	const char *name;
	const char *owner;
	const char *run_id;
	const char *agent_path;
	const char *folder;         /* here; becomes TARE_CONTAINER_FOLDER */
	const char *cpus;           /* "2-3"; "" where not pinned */
	const char *thread_library; /* where the case pins threads; here */
	/* What the default of `nofile` may be at most: an engine without privileges cannot raise
	 * the limit it has itself. */
	uint64_t nofile_max;
	/* How many processes a user may have, where the engine would ask for more than it may give;
	 * 0: as the engine does it. */
	uint64_t nproc_max;
};

/* TARE_INVALID for a path that no engine can be told of. */
enum tare_status tare_container_args(const char *const **words_out, struct tare_arena *arena,
	const struct tare_container_request *request, struct tare_err *err);

/* The image's variables, under those that the suite asked for. */
char **tare_container_env(struct tare_arena *arena, char *const *image_env, const char *user,
	char *const *env, char *const *inherited);

#endif
