/*
 * A container engine, spoken to through its command line.
 *
 * The command line and not the API over the socket: docker and podman have the same one, it knows
 * contexts, DOCKER_HOST, credentials and rootless sockets by itself, needs no HTTP library, and
 * its 30 ms a call lie outside of every sample, since all that is measured goes through the agent's
 * own socket. Arguments are handed over as they are; no shell is involved.
 *
 * Life cycle: open (which asks for the version, so an engine that is not there is known at once),
 * any calls, close. Every failure is one sentence with a remedy; TARE_UNSUPPORTED where there is
 * no engine or it is not permitted, TARE_NOT_FOUND for an image that cannot be had,
 * TARE_INTERRUPTED, else TARE_OUTSIDE. Texts live in the arena given to open.
 */
#ifndef TARE_RUNNERS_ENGINE_H
#define TARE_RUNNERS_ENGINE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/model/container.h"

struct tare_engine {
	const char *program; /* "docker", "podman" */
	struct tare_arena *arena;
	const volatile sig_atomic_t *interrupted;
	const char *version;
	const char *storage; /* "overlay2" */
	const char *runtime; /* "runc"; "" where the engine does not say */
	const char *owner;   /* the label that says whose containers are whose */
};

/* An image as it is here. */
struct tare_image {
	const char *name;   /* for messages: as written, or of the Dockerfile */
	const char *id;     /* "sha256:..." of its configuration */
	const char *digest; /* "name@sha256:..." as in its registry; "" where it never was in one */
	char **env;         /* its own, NULL-terminated */
	const char *user;
	uint64_t size_bytes;
	uint64_t took_ns; /* pulling or building; 0: it was here */
};

/* How a container ended, or that it is gone. */
struct tare_container_end {
	bool exists;
	bool running;
	bool oom_killed;
	int exit_code;
	const char *error; /* the engine's own words, "" where it has none */
};

enum tare_status tare_engine_open(struct tare_engine *engine_out, const char *program,
	struct tare_arena *arena, const volatile sig_atomic_t *interrupted, struct tare_err *err);

/* Removes the containers of tares that are no more, and their folders. */
enum tare_status tare_engine_sweep(const struct tare_engine *engine, struct tare_err *err);

/* Finds the image here, or pulls it. Output goes to log_path as well. */
enum tare_status tare_engine_image(struct tare_image *image_out, const struct tare_engine *engine,
	const char *name, const char *log_path, struct tare_err *err);
enum tare_status tare_engine_build(struct tare_image *image_out, const struct tare_engine *engine,
	const struct tare_image_build *build, const char *log_path, struct tare_err *err);

/* `create` with these words behind it, then `start` with the name. What went wrong stays in the
 * engine: remove it. */
enum tare_status tare_engine_start(const struct tare_engine *engine,
	const char *const *create_words, const char *name, struct tare_err *err);
enum tare_status tare_engine_inspect(struct tare_container_end *end_out,
	const struct tare_engine *engine, const char *name, struct tare_err *err);
/* Kills it as well; one that is not there is fine. Not stopped by an interruption. */
enum tare_status tare_engine_remove(
	const struct tare_engine *engine, const char *name, struct tare_err *err);

/* Whether a label "boot/namespace/pid/start" is of a process that is certainly no more. */
bool tare_engine_owner_is_gone(const char *label);

/* The sentence for what an engine's command printed; pure. */
enum tare_status tare_engine_explain(
	struct tare_err *err, const char *program, const char *what, const char *errors);

#endif
