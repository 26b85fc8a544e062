/*
 * The container runners, docker and podman: programs of an image, started by the same agent.
 *
 * One container for each case, from its beginning to its end, used by nobody else. Its first
 * process is the agent, mounted read-only, which connects to a socket in a folder that is mounted
 * as well. So it is the host runner's protocol, with the program's files handed over as descriptors
 * and its records in the same pending file; no byte of a measured program goes through the engine,
 * and what starting a container costs never enters a sample. What is measured goes through the host
 * runner's functions on a struct tare_runner of the container's own (`inside`).
 *
 * Builds run on the host; hooks and services of a case inside its container.
 *
 * Nothing is left running: the agent ends with its socket, that is with tare, and the container
 * with the agent. What remains of a container after kill -9 of tare has a label, and the next run
 * that opens this runner removes it.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/units.h"
#include "runners/container_args.h"
#include "runners/container_facts.h"
#include "runners/container_group.h"
#include "runners/engine.h"
#include "runners/host.h"

enum { SETTLE_TRIES = 20 };

static const uint64_t connect_limit_ns = 30000000000u;

/* An image that was asked for; tried once, whatever became of it. */
struct provided {
	struct provided *next;
	const struct tare_container *container;
	struct tare_image image;
	struct tare_err why_not; /* TARE_OK where it is there */
	bool rehearsed;
	uint64_t stop_ns; /* of the rehearsal */
};

/* An environment of a program in a container, made once. */
struct made_env {
	struct made_env *next;
	char *const *from;
	char **env;
};

struct container {
	struct container *next;
	const struct tare_case *subject;
	const struct provided *provided;
	const char *name;
	const char *folder;
	int listener;
	struct tare_runner inside;
	struct made_env *envs;
	pid_t agent_pid;
	struct tare_container_group group;
	uint64_t oom_kills;
	uint64_t start_ns;
	bool made;   /* the engine may know of it */
	bool broken; /* whatever it is asked, it is gone */
	char remark[TARE_ERR_TEXT_MAX];
	char failure[TARE_ERR_TEXT_MAX];
};

struct started_service {
	struct started_service *next;
	uint32_t id;                 /* of this runner */
	uint32_t inner;              /* of the container's agent */
	struct container *container; /* NULL: stopped, or its container is no more */
	struct tare_service service; /* as seen from here */
};

struct tare_docker {
	struct tare_engine engine;
	char folder[64]; /* "/tmp/tare-c-XXXXXX" */
	struct provided *images;
	struct container *containers;
	unsigned count; /* of containers ever made */
	struct started_service *services;
	uint32_t service_count; /* ever started */
};

/* Finding what belongs to a case. */

static bool
texts_equal(const char *const *a, const char *const *b)
{
	while (*a && *b && strcmp(*a, *b) == 0) {
		a++;
		b++;
	}
	return !*a && !*b;
}

static bool
same_image(const struct tare_container *a, const struct tare_container *b)
{
	if (!a->build || !b->build)
		return !a->build && !b->build && strcmp(a->image, b->image) == 0;
	return strcmp(a->build->dockerfile, b->build->dockerfile) == 0 &&
	       strcmp(a->build->context, b->build->context) == 0 &&
	       texts_equal(a->build->args, b->build->args);
}

static struct provided *
find_image(const struct tare_runner *runner, const struct tare_container *container)
{
	struct provided *provided = runner->docker->images;

	while (provided && !same_image(provided->container, container))
		provided = provided->next;
	return provided;
}

static struct container *
find_container(const struct tare_runner *runner, const struct tare_case *subject)
{
	struct container *container = runner->docker->containers;

	while (container && container->subject != subject)
		container = container->next;
	return container;
}

/* The container whose case has the service. */
static struct container *
find_owner(const struct tare_runner *runner, const struct tare_service *service)
{
	struct container *container = runner->docker->containers;

	while (container &&
		!(service >= container->subject->services &&
			service < container->subject->services + container->subject->service_count))
		container = container->next;
	return container;
}

/* One container, from nothing to an agent that speaks, and back. */

static enum tare_status
listen_in(struct container *container, struct tare_err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket",
		    container->folder) >= sizeof(address.sun_path))
		return tare_err_set(err, TARE_OUTSIDE, "the path '%s' is too long for a socket",
			container->folder);
	/* For a user in the container who may be any; here the folder around it is tare's alone. */
	if (mkdir(container->folder, 0755) != 0 || chmod(container->folder, 0755) != 0)
		return tare_err_errno(
			err, TARE_OUTSIDE, "cannot make the folder '%s'", container->folder);
	container->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (container->listener < 0 ||
		bind(container->listener, (const struct sockaddr *)&address, sizeof(address)) !=
			0 ||
		chmod(address.sun_path, 0666) != 0 || listen(container->listener, 1) != 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot listen on '%s'", address.sun_path);
	return TARE_OK;
}

/* One that is being removed, or is about to be found dead, looks otherwise for a moment. */
static enum tare_status
inspect_settled(struct tare_container_end *end_out, const struct tare_engine *engine,
	const char *name, struct tare_err *err)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	enum tare_status status = TARE_OK;

	for (int i = 0; i < SETTLE_TRIES; i++) {
		status = tare_engine_inspect(end_out, engine, name, err);
		if (status != TARE_OK || !end_out->exists || end_out->oom_killed)
			break;
		nanosleep(&pause, NULL);
	}
	return status;
}

/* What the engine says of a container whose agent does not speak, or speaks no more. */
static void
explain_end(
	const struct tare_runner *runner, const struct container *container, struct tare_err *err)
{
	struct tare_container_end end = {0};
	struct tare_engine engine = runner->docker->engine;
	struct tare_err why = {0};
	char limit[TARE_UNITS_TEXT_MAX];

	engine.interrupted = NULL;
	if (inspect_settled(&end, &engine, container->name, &why) != TARE_OK) {
		tare_err_set(err, TARE_FAILED,
			"the container is gone, and so is the engine (%s); nothing is measured in "
			"it until the engine is back",
			why.text);
	} else if (!end.exists) {
		tare_err_set(err, TARE_FAILED,
			"the container was removed while it was in use; leave containers with the "
			"label tare.owner alone until the run is over");
	} else if (end.oom_killed) {
		tare_value_format(limit, sizeof(limit),
			(double)container->subject->container->memory_bytes, "bytes");
		tare_err_set(err, TARE_FAILED,
			"the container was killed: out of memory (`memory` is %s); raise it, or "
			"use less",
			limit);
	} else if (!end.running) {
		tare_err_set(err, TARE_FAILED, "the container ended with status %d%s%s%s",
			end.exit_code, *end.error ? " (" : "", end.error, *end.error ? ")" : "");
	} else {
		tare_err_set(err, TARE_FAILED, "the container runs, but its agent is gone");
	}
}

/* This process's limit stands for the engine's, which cannot be asked. */
static uint64_t
limit_of(int resource)
{
	struct rlimit limit = {.rlim_max = RLIM_INFINITY};

	getrlimit(resource, &limit);
	return limit.rlim_max;
}

/* Podman wants a million processes for each user, which only a process with CAP_SYS_RESOURCE may
 * grant where it has fewer itself; and it has no more than there are pids. */
static uint64_t
nproc_max(const struct tare_engine *engine)
{
	uint64_t max = limit_of(RLIMIT_NPROC);
	unsigned long long pids = 0;
	FILE *file;

	if (strcmp(engine->program, "podman") != 0 || max == RLIM_INFINITY)
		return 0;
	file = fopen("/proc/sys/kernel/pid_max", "re");
	if (file && fscanf(file, "%llu", &pids) == 1 && pids < max)
		max = pids;
	if (file)
		fclose(file);
	return max;
}

static enum tare_status
start(struct tare_runner *runner, struct container *container, const char *cpus,
	struct tare_err *err)
{
	struct tare_docker *docker = runner->docker;
	const struct tare_container_request request = {.subject = container->subject,
		.image = container->provided->image.id,
		.name = container->name,
		.owner = docker->engine.owner,
		.run_id = runner->options.run_id,
		.agent_path = runner->agent_path,
		.folder = container->folder,
		.cpus = cpus,
		.thread_library = runner->thread_library,
		.nofile_max = limit_of(RLIMIT_NOFILE),
		.nproc_max = nproc_max(&docker->engine)};
	const uint64_t begin_ns = tare_monotonic_ns();
	struct tare_err why = {0};
	const char *const *words;
	enum tare_status status;

	status = tare_container_args(&words, runner->arena, &request, err);
	if (status != TARE_OK)
		return status;
	container->made = true;
	if (container->subject->threads_pinned)
		snprintf(container->inside.thread_library, sizeof(container->inside.thread_library),
			TARE_CONTAINER_THREADS);
	status = tare_engine_start(&docker->engine, words, container->name, err);
	if (status != TARE_OK)
		return status;
	status = tare_link_accept(&container->inside.link, container->listener, connect_limit_ns,
		runner->options.interrupted, &why);
	if (status != TARE_OK) {
		if (status == TARE_OUTSIDE)
			explain_end(runner, container, &why);
		tare_err_where(&why, "the agent did not start in the container");
		return tare_err_set(
			err, status == TARE_OUTSIDE ? TARE_FAILED : status, "%s", why.text);
	}
	container->start_ns = tare_monotonic_ns() - begin_ns;
	container->agent_pid = tare_link_pid(container->inside.link);
	tare_container_oom_kills(&container->oom_kills, "", container->agent_pid);
	tare_container_group_open(&container->group, runner->options.run_id, container->agent_pid);
	return tare_host_adopt(&container->inside, err);
}

/* The agent's part of the container shares what all agents of the run share. */
static enum tare_status
prepare_inside(struct tare_runner *runner, struct container *container, struct tare_err *err)
{
	struct tare_runner *inside = &container->inside;

	inside->options = runner->options;
	inside->pending = runner->pending;
	inside->pending_fd = runner->pending_fd;
	inside->slot_count = runner->slot_count;
	/* Nothing leaves the container's own CPUs. */
	memset(&inside->options.cpus_elsewhere, 0, sizeof(inside->options.cpus_elsewhere));
	inside->is_inside = true;
	tare_tally_open(&inside->tally);
	inside->output.errors_fd = inside->output.capture_fd = -1;
	return tare_output_open(&inside->output, err);
}

/* Closing the socket ends the agent and all it started, and with its first process the container:
 * what the engine is asked to do is to forget it. Returns how long that took. */
static uint64_t
discard(struct tare_runner *runner, struct container *container)
{
	uint64_t begin_ns = tare_monotonic_ns();
	char path[128];

	tare_host_lose_agent(&container->inside);
	if (container->made)
		tare_engine_remove(&runner->docker->engine, container->name, NULL);
	begin_ns = tare_monotonic_ns() - begin_ns;
	tare_container_group_close(&container->group);
	tare_output_close(&container->inside.output);
	tare_tally_close(&container->inside.tally);
	if (container->listener >= 0)
		close(container->listener);
	snprintf(path, sizeof(path), "%s/socket", container->folder);
	unlink(path);
	rmdir(container->folder);
	free(container);
	return begin_ns;
}

static enum tare_status
make(struct container **container_out, struct tare_runner *runner, const struct tare_case *subject,
	const struct provided *provided, const char *cpus, struct tare_err *err)
{
	struct tare_docker *docker = runner->docker;
	struct container *container = tare_xcalloc(1, sizeof(*container));
	unsigned number = docker->count++;
	enum tare_status status;

	container->subject = subject;
	container->provided = provided;
	container->listener = -1;
	container->name =
		tare_arena_printf(runner->arena, "tare-%.40s-%u", runner->options.run_id, number);
	container->folder = tare_arena_printf(runner->arena, "%s/%u", docker->folder, number);
	status = prepare_inside(runner, container, err);
	if (status == TARE_OK)
		status = listen_in(container, err);
	if (status == TARE_OK)
		status = start(runner, container, cpus, err);
	if (status != TARE_OK) {
		discard(runner, container);
		return status;
	}
	*container_out = container;
	return TARE_OK;
}

/* The runner. */

static void
docker_close(struct tare_runner *runner)
{
	struct tare_docker *docker = runner->docker;

	while (docker->containers) {
		struct container *container = docker->containers;

		docker->containers = container->next;
		discard(runner, container);
	}
	if (*docker->folder)
		rmdir(docker->folder);
	free(docker);
	runner->docker = NULL;
	tare_host_close(runner);
}

/* Short, since the path of a socket is. */
static enum tare_status
make_folder(struct tare_docker *docker, struct tare_err *err)
{
	const char *parent = getenv("TMPDIR");

	if (!parent || parent[0] != '/' || strlen(parent) > 40 || strchr(parent, ':'))
		parent = "/tmp";
	snprintf(docker->folder, sizeof(docker->folder), "%s/tare-c-XXXXXX", parent);
	if (mkdtemp(docker->folder))
		return TARE_OK;
	docker->folder[0] = '\0';
	return tare_err_errno(err, TARE_OUTSIDE, "cannot make a folder in '%s'", parent);
}

static enum tare_status
open_with(struct tare_runner **runner_out, const char *program,
	const struct tare_runner_options *options, struct tare_err *err)
{
	struct tare_runner *runner = NULL;
	enum tare_status status = tare_host_open(&runner, options, err);

	if (status != TARE_OK)
		return status;
	runner->docker = tare_xcalloc(1, sizeof(*runner->docker));
	status = tare_engine_open(
		&runner->docker->engine, program, runner->arena, options->interrupted, err);
	if (status == TARE_OK)
		status = tare_engine_sweep(&runner->docker->engine, err);
	if (status == TARE_OK)
		status = make_folder(runner->docker, err);
	if (status != TARE_OK) {
		docker_close(runner);
		return status;
	}
	*runner_out = runner;
	return TARE_OK;
}

static enum tare_status
docker_open(struct tare_runner **runner_out, const struct tare_runner_options *options,
	struct tare_err *err)
{
	return open_with(runner_out, "docker", options, err);
}

static enum tare_status
podman_open(struct tare_runner **runner_out, const struct tare_runner_options *options,
	struct tare_err *err)
{
	return open_with(runner_out, "podman", options, err);
}

/* Whether an engine answers; what a run needs besides, it finds out itself. */
static enum tare_status
supported_by(const char *program, struct tare_err *err)
{
	char path[PATH_MAX];
	struct tare_engine engine;
	struct tare_arena *arena;
	enum tare_status status = tare_agent_find(path, sizeof(path), NULL, err);

	if (status != TARE_OK)
		return status;
	arena = tare_arena_new();
	status = tare_engine_open(&engine, program, arena, NULL, err);
	tare_arena_free(arena);
	if (status == TARE_OUTSIDE && err)
		err->status = TARE_UNSUPPORTED;
	return status == TARE_OK ? TARE_OK : TARE_UNSUPPORTED;
}

static enum tare_status
docker_supported(struct tare_err *err)
{
	return supported_by("docker", err);
}

static enum tare_status
podman_supported(struct tare_err *err)
{
	return supported_by("podman", err);
}

/* A container of the image is started and stopped once, for nothing: what stopping takes is known
 * before it matters, the image's layers are warm, and what does not work is found early. Where it
 * fails, what the case asks for may be the reason, and the next case of the image tries again. */
static enum tare_status
rehearse(struct tare_runner *runner, struct provided *provided, const struct tare_case *subject,
	struct tare_err *err)
{
	struct container *container;
	enum tare_status status = make(&container, runner, subject, provided, "", err);

	if (status != TARE_OK)
		return status;
	provided->stop_ns = discard(runner, container);
	provided->rehearsed = true;
	return TARE_OK;
}

static enum tare_status
obtain(struct tare_runner *runner, struct provided *provided,
	const struct tare_container *container, const char *log_path, struct tare_err *err)
{
	const struct tare_engine *engine = &runner->docker->engine;

	if (container->build)
		return tare_engine_build(&provided->image, engine, container->build, log_path, err);
	return tare_engine_image(&provided->image, engine, container->image, log_path, err);
}

static enum tare_status
docker_provide(struct tare_runner *runner, const struct tare_case *subject, const char *log_path,
	struct tare_err *err)
{
	const struct tare_container *container = subject->container;
	struct provided *provided;

	if (!container || (!container->image && !container->build))
		return tare_err_set(err, TARE_INVALID,
			"the runner %s needs an image; write `image: NAME`, or `build:` with a "
			"dockerfile",
			runner->docker->engine.program);
	provided = find_image(runner, container);
	if (!provided) {
		provided = tare_arena_alloc(runner->arena, 1, sizeof(*provided));
		provided->container = container;
		obtain(runner, provided, container, log_path, &provided->why_not);
		if (provided->why_not.status == TARE_INTERRUPTED) {
			if (err)
				*err = provided->why_not;
			return TARE_INTERRUPTED;
		}
		provided->next = runner->docker->images;
		runner->docker->images = provided;
	}
	if (provided->why_not.status != TARE_OK) {
		if (err)
			*err = provided->why_not;
		return provided->why_not.status;
	}
	return provided->rehearsed ? TARE_OK : rehearse(runner, provided, subject, err);
}

static enum tare_status
docker_case_begin(struct tare_runner *runner, const char **cpus_out,
	const struct tare_case *subject, struct tare_err *err)
{
	struct container *container;
	const char *cpus = "";
	enum tare_status status;

	status = docker_provide(runner, subject, NULL, err);
	if (status == TARE_OK)
		status = tare_host_case_begin(runner, &cpus, subject, err);
	if (status == TARE_OK)
		status = make(&container, runner, subject, find_image(runner, subject->container),
			cpus, err);
	if (status != TARE_OK)
		return status;
	container->next = runner->docker->containers;
	runner->docker->containers = container;
	*cpus_out = cpus;
	return TARE_OK;
}

static void
docker_case_end(struct tare_runner *runner, const struct tare_case *subject)
{
	struct container **at = &runner->docker->containers;

	while (*at && (*at)->subject != subject)
		at = &(*at)->next;
	if (*at) {
		struct container *container = *at;

		*at = container->next;
		for (struct started_service *one = runner->docker->services; one; one = one->next) {
			if (one->container == container)
				one->container = NULL;
		}
		discard(runner, container);
	}
}

/* What a program of the case sees: the image's variables under the suite's. */
static char **
env_inside(struct tare_runner *runner, struct container *container, char *const *env)
{
	const struct tare_container *wanted = container->subject->container;
	const struct tare_image *image = &container->provided->image;
	struct made_env *made = container->envs;

	while (made && made->from != env)
		made = made->next;
	if (made)
		return made->env;
	made = tare_arena_alloc(runner->arena, 1, sizeof(*made));
	made->from = env;
	made->env = tare_container_env(runner->arena, image->env,
		wanted->user ? wanted->user : image->user, env, wanted->inherited);
	made->next = container->envs;
	container->envs = made;
	return made->env;
}

/* Killed, and the kernel has counted one more of those it kills for want of memory. */
static void
note_out_of_memory(struct container *container, struct tare_outcome *outcome)
{
	const uint64_t before = container->oom_kills;
	char limit[TARE_UNITS_TEXT_MAX];

	if (!WIFSIGNALED(outcome->record.exit_status) ||
		WTERMSIG(outcome->record.exit_status) != SIGKILL ||
		(outcome->record.flags & (TARE_RECORD_NOT_STARTED | TARE_RECORD_TIMED_OUT)) != 0)
		return;
	if (!tare_container_oom_kills(&container->oom_kills, "", container->agent_pid) ||
		container->oom_kills == before)
		return;
	tare_value_format(
		limit, sizeof(limit), (double)container->subject->container->memory_bytes, "bytes");
	snprintf(container->remark, sizeof(container->remark),
		"out of memory, of which its container has %s; raise `memory`, or use less", limit);
	outcome->remark = container->remark;
}

static void
explain_outcome(struct container *container, struct tare_outcome *outcome)
{
	if (outcome->start_failure && outcome->failed_here)
		return;
	if (outcome->start_failure) {
		snprintf(container->failure, sizeof(container->failure),
			"%.600s in the container of '%.200s'; %s", outcome->start_failure,
			container->provided->image.name,
			outcome->record.exit_status == EACCES
				? "its user must be allowed to; `user` of `resources` says who "
				  "that is"
				: "the image must have it, or a volume bring it");
		outcome->start_failure = container->failure;
		return;
	}
	note_out_of_memory(container, outcome);
}

/* A container that broke is its case's misfortune and nobody else's. */
static enum tare_status
explain_error(struct tare_runner *runner, struct container *container, enum tare_status status,
	struct tare_err *err)
{
	if (status != TARE_FAILED && status != TARE_OUTSIDE)
		return status;
	if (!container->inside.link && !container->broken)
		explain_end(runner, container, err);
	container->broken = !container->inside.link;
	if (err)
		err->status = TARE_FAILED;
	return TARE_FAILED;
}

static enum tare_status
docker_invoke(struct tare_runner *runner, struct tare_outcome *outcomes, uint32_t *done_out,
	const struct tare_invocation *invocation, struct tare_err *err)
{
	struct tare_invocation inside = *invocation;
	struct tare_program program = *invocation->program;
	struct container *container;
	enum tare_status status;

	*done_out = 0;
	if (!invocation->subject)
		return tare_host_invoke(runner, outcomes, done_out, invocation, err);
	container = find_container(runner, invocation->subject);
	if (!container)
		return tare_err_set(err, TARE_FAILED, "the case has no container");
	program.env = env_inside(runner, container, invocation->program->env);
	inside.program = &program;
	container->inside.places = runner->places;
	status = tare_host_invoke(&container->inside, outcomes, done_out, &inside, err);
	if (*done_out > 0)
		explain_outcome(container, &outcomes[*done_out - 1]);
	return status == TARE_OK ? TARE_OK : explain_error(runner, container, status, err);
}

/* A copy of the service as it is seen from where its readiness is asked for: its programs with the
 * container's environment, its paths through the agent's root folder. */
static enum tare_status
service_inside(struct tare_service *copy, struct tare_runner *runner, struct container *container,
	const struct tare_service *service, struct tare_err *err)
{
	struct tare_program *command;

	*copy = *service;
	copy->program.env = env_inside(runner, container, service->program.env);
	if (service->ready_kind == TARE_READY_COMMAND) {
		command = tare_arena_alloc(runner->arena, 1, sizeof(*command));
		*command = *service->ready_command;
		command->env = env_inside(runner, container, command->env);
		copy->ready_command = command;
	} else if (service->ready_kind == TARE_READY_TCP &&
		   container->subject->container->network != TARE_NETWORK_HOST) {
		return tare_err_set(err, TARE_INVALID,
			"service '%s': a port of a container with `network: %s` cannot be reached "
			"from here; expected `ready: {command: ...}`, which runs inside",
			service->name, tare_network_name(container->subject->container->network));
	} else if (service->ready_path) {
		copy->ready_path = tare_arena_printf(runner->arena, "/proc/%d/root%s",
			(int)container->agent_pid, service->ready_path);
	}
	return TARE_OK;
}

static enum tare_status
docker_service_start(struct tare_runner *runner, uint32_t *id_out,
	const struct tare_service *service, const char *log_path, struct tare_err *err)
{
	struct container *container = find_owner(runner, service);
	struct started_service *started;
	enum tare_status status;

	if (!container)
		return tare_err_set(
			err, TARE_FAILED, "service '%s' has no container", service->name);
	started = tare_arena_alloc(runner->arena, 1, sizeof(*started));
	status = service_inside(&started->service, runner, container, service, err);
	if (status == TARE_OK)
		status = tare_host_service_start(
			&container->inside, &started->inner, &started->service, log_path, err);
	if (status != TARE_OK)
		return container->inside.link ? status
					      : explain_error(runner, container, status, err);
	started->container = container;
	started->id = ++runner->docker->service_count;
	started->next = runner->docker->services;
	runner->docker->services = started;
	*id_out = started->id;
	return TARE_OK;
}

static struct started_service *
find_service(const struct tare_runner *runner, uint32_t id)
{
	struct started_service *started = runner->docker->services;

	while (started && started->id != id)
		started = started->next;
	return started;
}

static bool
docker_service_is_lost(const struct tare_runner *runner, uint32_t id)
{
	const struct started_service *started = find_service(runner, id);

	return !started || !started->container ||
	       tare_host_service_is_lost(&started->container->inside, started->inner);
}

static enum tare_status
docker_service_stop(struct tare_runner *runner, uint32_t id, struct tare_err *err)
{
	struct started_service *started = find_service(runner, id);
	struct container *container;

	if (!started || !started->container)
		return tare_err_set(err, TARE_OUTSIDE, "there is no service number %u", id);
	container = started->container;
	started->container = NULL;
	return tare_host_service_stop(&container->inside, started->inner, err);
}

static void
docker_figures(struct tare_runner *runner, const struct tare_case *subject,
	double values_out[TARE_RUNNER_METRIC_COUNT])
{
	const struct container *container = find_container(runner, subject);
	const struct provided *provided = container ? container->provided : NULL;

	for (size_t i = 0; i < TARE_RUNNER_METRIC_COUNT; i++)
		values_out[i] = NAN;
	if (!container)
		return;
	values_out[TARE_METRIC_CONTAINER_START] = (double)container->start_ns;
	values_out[TARE_METRIC_CONTAINER_STOP] = (double)provided->stop_ns;
	values_out[TARE_METRIC_IMAGE_SIZE] = (double)provided->image.size_bytes;
	if (provided->image.took_ns > 0)
		values_out[TARE_METRIC_IMAGE_TIME] = (double)provided->image.took_ns;
}

static const char *
docker_cgroup(const struct tare_runner *runner, const struct tare_case *subject)
{
	const struct container *container = find_container(runner, subject);

	return container && *container->group.path ? container->group.path : NULL;
}

static void
docker_describe(struct tare_runner *runner, const struct tare_case *subject, tare_fact_sink sink,
	void *context)
{
	const struct container *container = find_container(runner, subject);
	const struct tare_engine *engine = &runner->docker->engine;

	if (!container)
		return;
	sink(context, "container.engine", engine->program);
	sink(context, "container.version", engine->version);
	sink(context, "container.storage", engine->storage);
	if (*engine->runtime)
		sink(context, "container.runtime", engine->runtime);
	sink(context, "container.image",
		*container->provided->image.digest ? container->provided->image.digest
						   : container->provided->image.name);
	sink(context, "container.image_id", container->provided->image.id);
	sink(context, "container.network", tare_network_name(subject->container->network));
	tare_container_limits("", container->agent_pid, "container.", sink, context);
	tare_process_security("", 0, "host.", sink, context);
}

const struct tare_runner_ops tare_runner_docker = {
	.name = "docker",
	.summary = "runs programs in a Docker container, each timed by the agent inside",
	.supported = docker_supported,
	.open = docker_open,
	.provide = docker_provide,
	.case_begin = docker_case_begin,
	.describe = docker_describe,
	.figures = docker_figures,
	.cgroup = docker_cgroup,
	.invoke = docker_invoke,
	.supports_batch = tare_host_supports_batch,
	.service_start = docker_service_start,
	.service_stop = docker_service_stop,
	.service_is_lost = docker_service_is_lost,
	.case_end = docker_case_end,
	.close = docker_close,
};

const struct tare_runner_ops tare_runner_podman = {
	.name = "podman",
	.summary = "runs programs in a Podman container, each timed by the agent inside",
	.supported = podman_supported,
	.open = podman_open,
	.provide = docker_provide,
	.case_begin = docker_case_begin,
	.describe = docker_describe,
	.figures = docker_figures,
	.cgroup = docker_cgroup,
	.invoke = docker_invoke,
	.supports_batch = tare_host_supports_batch,
	.service_start = docker_service_start,
	.service_stop = docker_service_stop,
	.service_is_lost = docker_service_is_lost,
	.case_end = docker_case_end,
	.close = docker_close,
};
