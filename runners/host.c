/*
 * The host runner: programs of this machine, started by the agent.
 *
 * One agent process per open runner does the starting, timing and reaping; this side describes the
 * programs, hands over their files, and collects what they wrote. Where a run's own cgroup can be
 * had, everything is inside it, and it is the last resort for what the agent cannot kill.
 */
#include "runners/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Standard streams, the socket, four that come with a message, one to look at /proc, and some. */
enum { FDS_OWN = 12, FDS_PER_SLOT = 3 };

static enum tare_status
host_supported(struct tare_err *err)
{
	char path[PATH_MAX];

	return tare_agent_find(path, sizeof(path), NULL, err);
}

bool
tare_host_is_interrupted(const struct tare_runner *runner)
{
	return runner->options.interrupted && *runner->options.interrupted;
}

static void
trim(void *context)
{
	struct tare_runner *runner = context;

	tare_output_trim(&runner->output);
}

static enum tare_status
make_pending(struct tare_runner *runner, struct tare_err *err)
{
	const char *path = runner->options.pending_path;
	int error;

	if (path) {
		runner->pending_fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	} else {
		path = "tare-pending";
		runner->pending_fd = memfd_create(path, MFD_CLOEXEC);
	}
	if (runner->pending_fd < 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot make '%s'", path);
	/* Room on the disk now, so that the agent cannot fail for want of it later. */
	error = posix_fallocate(runner->pending_fd, 0, (off_t)sizeof(*runner->pending));
	if (error != 0)
		return tare_err_set(
			err, TARE_OUTSIDE, "cannot make '%s': %s", path, strerror(error));
	runner->pending = mmap(NULL, sizeof(*runner->pending), PROT_READ | PROT_WRITE, MAP_SHARED,
		runner->pending_fd, 0);
	if (runner->pending == MAP_FAILED) {
		runner->pending = NULL;
		return tare_err_errno(err, TARE_OUTSIDE, "cannot map '%s'", path);
	}
	runner->pending->slot_count = TARE_PENDING_SLOTS;
	runner->pending->run_hash = tare_pending_run_hash(runner->options.run_id);
	runner->pending->began_ns = runner->options.began_ns;
	runner->pending->magic = TARE_PENDING_MAGIC;
	return TARE_OK;
}

/* Its services are gone with it, and the programs it held. */
void
tare_host_lose_agent(struct tare_runner *runner)
{
	if (!runner->link)
		return;
	tare_tally_forget(&runner->tally);
	tare_link_close(runner->link);
	runner->link = NULL;
	runner->agents_lost++;
	for (size_t i = 0; i < TARE_WIRE_SLOTS; i++)
		tare_description_free(&runner->slots[i]);
	for (size_t i = 0; i < TARE_WIRE_SERVICES; i++) {
		free(runner->services[i].log_path);
		runner->services[i] = (struct running_service){0};
	}
}

struct tare_link_wait
tare_host_wait(struct tare_runner *runner)
{
	return (struct tare_link_wait){
		.interrupted = runner->options.interrupted, .tick = trim, .context = runner};
}

enum tare_status
tare_host_call(struct tare_runner *runner, struct tare_wire_reply *reply_out,
	const struct tare_wire_request *request, const int *fds, struct tare_err *err)
{
	const struct tare_link_wait wait = tare_host_wait(runner);
	enum tare_status status;

	if (!runner->link)
		return tare_err_set(err, TARE_FAILED, "the agent is gone");
	status = tare_link_call(
		runner->link, reply_out, request, fds, fds ? TARE_WIRE_PROGRAM_FDS : 0, &wait, err);
	if (status != TARE_OK)
		tare_host_lose_agent(runner);
	return status;
}

enum tare_status
tare_host_refused(struct tare_runner *runner, const struct tare_wire_reply *reply, const char *what,
	struct tare_err *err)
{
	tare_host_lose_agent(runner);
	errno = reply->error;
	return tare_err_errno(err, TARE_FAILED, "the agent refused %s", what);
}

enum tare_status
tare_host_adopt(struct tare_runner *runner, struct tare_err *err)
{
	const struct tare_wire_request request = {.op = TARE_WIRE_PENDING};
	const struct tare_link_wait wait = tare_host_wait(runner);
	struct tare_wire_reply reply = {0};
	enum tare_status status;

	status = tare_link_call(runner->link, &reply, &request, &runner->pending_fd, 1, &wait, err);
	if (status == TARE_OK && reply.error != 0)
		status = tare_host_refused(runner, &reply, "the pending file", err);
	return status;
}

/* An agent that cannot be begun is nothing that a program did. */
enum tare_status
tare_host_need_agent(struct tare_runner *runner, struct tare_err *err)
{
	struct tare_err why = {0};
	enum tare_status status;

	if (runner->link)
		return TARE_OK;
	if (runner->is_inside)
		return tare_err_set(err, TARE_FAILED, "the agent is gone");
	status = tare_link_open(&runner->link, runner->agent_path, runner->cgroup, &why);
	if (status == TARE_OK)
		status = tare_host_adopt(runner, &why);
	if (status == TARE_OK)
		return TARE_OK;
	tare_host_lose_agent(runner);
	return tare_err_set(err, status == TARE_FAILED ? TARE_OUTSIDE : status, "%s", why.text);
}

void
tare_host_close(struct tare_runner *runner)
{
	if (!runner)
		return;
	tare_host_lose_agent(runner);
	tare_tally_close(&runner->tally);
	tare_cgroup_close(runner->cgroup);
	tare_output_close(&runner->output);
	if (runner->pending)
		munmap(runner->pending, sizeof(*runner->pending));
	if (runner->pending_fd >= 0)
		close(runner->pending_fd);
	tare_arena_free(runner->arena);
	free(runner);
}

/* The agent has three descriptors for each program it holds; a limit that is lower than usual must
 * not be met in the middle of a run. */
static enum tare_status
count_slots(uint32_t *count_out, struct tare_err *err)
{
	struct rlimit limit = {.rlim_cur = RLIM_INFINITY};

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < FDS_OWN + FDS_PER_SLOT)
		return tare_err_set(err, TARE_OUTSIDE,
			"%llu open files are too few; raise the limit to at least %d (ulimit -n)",
			(unsigned long long)limit.rlim_cur, FDS_OWN + FDS_PER_SLOT);
	*count_out = TARE_WIRE_SLOTS;
	if (limit.rlim_cur < FDS_OWN + FDS_PER_SLOT * TARE_WIRE_SLOTS)
		*count_out = (uint32_t)(limit.rlim_cur - FDS_OWN) / FDS_PER_SLOT;
	return TARE_OK;
}

enum tare_status
tare_host_open(struct tare_runner **runner_out, const struct tare_runner_options *options,
	struct tare_err *err)
{
	struct tare_runner *runner = tare_xcalloc(1, sizeof(*runner));
	enum tare_status status;

	runner->options = *options;
	tare_tally_open(&runner->tally);
	runner->arena = tare_arena_new();
	runner->pending_fd = runner->output.errors_fd = runner->output.capture_fd = -1;
	runner->options.run_id = tare_arena_strdup(runner->arena, options->run_id);
	status = tare_agent_find(
		runner->agent_path, sizeof(runner->agent_path), options->agent_path, err);
	if (status == TARE_OK)
		status = count_slots(&runner->slot_count, err);
	if (status == TARE_OK)
		status = tare_output_open(&runner->output, err);
	if (status == TARE_OK)
		status = make_pending(runner, err);
	if (status == TARE_OK) {
		/* Without a cgroup the agent alone keeps the trees together. */
		if (tare_cgroup_open(&runner->cgroup, runner->options.run_id, NULL) != TARE_OK)
			runner->cgroup = NULL;
		else
			runner->tally.place.cgroup = tare_cgroup_path(runner->cgroup);
		status = tare_host_need_agent(runner, err);
	}
	if (status != TARE_OK) {
		tare_host_close(runner);
		return status;
	}
	*runner_out = runner;
	return TARE_OK;
}

enum tare_status
tare_host_replace_agent(struct tare_runner *runner, struct tare_err *err)
{
	if (!runner->cgroup)
		return tare_err_set(err, TARE_OUTSIDE,
			"processes that a program left behind cannot be killed from here");
	tare_cgroup_kill(runner->cgroup);
	tare_host_lose_agent(runner);
	return TARE_OK;
}

static bool
is_policy(const char *text)
{
	return text && *text && strcmp(text, "none") != 0;
}

static bool
is_same(const char *a, const char *b)
{
	return is_policy(a) ? is_policy(b) && strcmp(a, b) == 0 : !is_policy(b);
}

const struct host_place *
tare_host_place(const struct tare_runner *runner, const struct tare_case *subject)
{
	const struct host_place *place = runner->places;

	while (place &&
		!(is_same(place->cpus, subject->cpus) && is_same(place->numa, subject->numa) &&
			place->threads_pinned == subject->threads_pinned))
		place = place->next;
	return place;
}

struct tare_wire_place
tare_host_elsewhere(const struct tare_runner *runner)
{
	struct tare_wire_place place = {0};

	memcpy(place.cpus, runner->options.cpus_elsewhere.words, sizeof(place.cpus));
	return place;
}

static enum tare_status
verify_place(struct tare_runner *runner, const struct host_place *place,
	const struct tare_case *subject, struct tare_err *err)
{
	struct tare_wire_request request = {.op = TARE_WIRE_PIN, .place = place->place};
	struct tare_wire_reply reply = {0};
	enum tare_status status = tare_host_need_agent(runner, err);

	if (status == TARE_OK)
		status = tare_host_call(runner, &reply, &request, NULL, err);
	if (status != TARE_OK || reply.error == 0)
		return status;
	errno = reply.error;
	if (reply.step != TARE_STEP_MEMORY)
		return tare_err_errno(
			err, TARE_OUTSIDE, "cannot pin to the CPUs %.200s", place->text);
	if (errno == ENOSYS)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"numa '%.64s' cannot be had: this kernel was built without NUMA",
			subject->numa);
	return tare_err_errno(err, TARE_OUTSIDE, "cannot take memory as numa '%.64s' says%s",
		subject->numa,
		errno == EPERM ? " (in a container it takes the capability SYS_NICE)" : "");
}

/* LD_PRELOAD has no way to write what separates its words. */
static enum tare_status
find_thread_library(struct tare_runner *runner, struct tare_err *err)
{
	static const char name[] = "tare-threads.so";
	const char *slash = strrchr(runner->agent_path, '/');
	int dir_len = slash ? (int)(slash - runner->agent_path) : 1;
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%.*s/%s", dir_len,
		    slash ? runner->agent_path : ".", name) >= sizeof(path) ||
		!realpath(path, runner->thread_library)) {
		runner->thread_library[0] = '\0';
		return tare_err_set(err, TARE_UNSUPPORTED,
			"threads: pinned needs '%s' beside the agent '%.200s'; install all of tare",
			name, runner->agent_path);
	}
	if (!strpbrk(runner->thread_library, " :$"))
		return TARE_OK;
	tare_err_set(err, TARE_UNSUPPORTED,
		"threads: pinned cannot load '%.200s': its path has a blank, colon or $ in it",
		runner->thread_library);
	runner->thread_library[0] = '\0';
	return TARE_UNSUPPORTED;
}

static enum tare_status
choose_threads(struct tare_runner *runner, struct host_place *place, const struct tare_pin *pin,
	struct tare_err *err)
{
	char text[TARE_BITS_TEXT_MAX];
	enum tare_status status = TARE_OK;

	if (!runner->thread_library[0])
		status = find_thread_library(runner, err);
	if (status != TARE_OK)
		return status;
	tare_bits_print(text, sizeof(text), pin->pinned ? &pin->cpus : &runner->topology->allowed);
	place->thread_cpus = tare_arena_strdup(runner->arena, text);
	return TARE_OK;
}

static enum tare_status
choose_memory(struct tare_runner *runner, struct host_place *place, const char *policy,
	struct tare_err *err)
{
	static const uint32_t wire[] = {
		[TARE_MEMORY_DEFAULT] = TARE_WIRE_MEMORY_DEFAULT,
		[TARE_MEMORY_LOCAL] = TARE_WIRE_MEMORY_LOCAL,
		[TARE_MEMORY_INTERLEAVE] = TARE_WIRE_MEMORY_INTERLEAVE,
		[TARE_MEMORY_BIND] = TARE_WIRE_MEMORY_BIND,
	};
	struct tare_memory memory;
	struct tare_bits nodes;
	enum tare_status status =
		tare_pin_choose_memory(&nodes, &memory, runner->topology, policy, err);

	if (status != TARE_OK)
		return status;
	memcpy(place->place.nodes, nodes.words, sizeof(place->place.nodes));
	place->place.memory = wire[memory.kind];
	return TARE_OK;
}

static enum tare_status
need_topology(struct tare_runner *runner, struct tare_err *err)
{
	struct tare_topology *topology = NULL;
	enum tare_status status = TARE_OK;

	if (!runner->topology)
		runner->topology = runner->options.topology;
	if (runner->topology)
		return TARE_OK;
	status = tare_topology_read_own(
		&topology, runner->arena, &runner->options.cpus_elsewhere, err);
	runner->topology = topology;
	return status;
}

/* In front of the error; place may be NULL. */
static enum tare_status
written_at(const char *place, enum tare_status status, struct tare_err *err)
{
	if (place && err)
		tare_err_where(err, "%s", place);
	return status;
}

static enum tare_status
choose_place(const struct host_place **place_out, struct tare_runner *runner,
	const struct tare_case *subject, struct tare_err *err)
{
	struct host_place *place = tare_arena_alloc(runner->arena, 1, sizeof(*place));
	struct tare_pin pin;
	enum tare_status status = need_topology(runner, err);

	if (status != TARE_OK)
		return status;
	status = tare_pin_choose(&pin, runner->topology, subject->cpus, err);
	if (status != TARE_OK)
		return written_at(subject->cpus_at, status, err);
	place->place = tare_host_elsewhere(runner);
	if (pin.pinned)
		memcpy(place->place.cpus, pin.cpus.words, sizeof(place->place.cpus));
	memcpy(place->text, pin.text, sizeof(place->text));
	status = choose_memory(runner, place, subject->numa, err);
	if (status != TARE_OK)
		return written_at(subject->numa_at, status, err);
	if (subject->threads_pinned)
		status = choose_threads(runner, place, &pin, err);
	if (status == TARE_OK)
		status = verify_place(runner, place, subject, err);
	if (status != TARE_OK)
		return status;
	place->cpus = tare_arena_strdup(runner->arena, subject->cpus);
	place->numa = tare_arena_strdup(runner->arena, subject->numa);
	place->threads_pinned = subject->threads_pinned;
	place->next = runner->places;
	runner->places = place;
	*place_out = place;
	return TARE_OK;
}

enum tare_status
tare_host_case_begin(struct tare_runner *runner, const char **cpus_out,
	const struct tare_case *subject, struct tare_err *err)
{
	const struct host_place *place;
	enum tare_status status = TARE_OK;

	if (!is_policy(subject->cpus) && !is_policy(subject->numa) && !subject->threads_pinned) {
		*cpus_out = "";
		return TARE_OK;
	}
	place = tare_host_place(runner, subject);
	if (!place)
		status = choose_place(&place, runner, subject, err);
	if (status == TARE_OK)
		*cpus_out = place->text;
	return status;
}

static const char *
host_cgroup(const struct tare_runner *runner, const struct tare_case *subject)
{
	(void)subject;
	return runner->cgroup ? tare_cgroup_path(runner->cgroup) : NULL;
}

static void
host_case_end(struct tare_runner *runner, const struct tare_case *subject)
{
	(void)runner;
	(void)subject;
}

const struct tare_runner_ops tare_runner_host = {
	.name = "host",
	.summary = "runs programs on this machine, each timed by the agent",
	.supported = host_supported,
	.open = tare_host_open,
	.case_begin = tare_host_case_begin,
	.invoke = tare_host_invoke,
	.cgroup = host_cgroup,
	.supports_batch = tare_host_supports_batch,
	.service_start = tare_host_service_start,
	.service_stop = tare_host_service_stop,
	.service_is_lost = tare_host_service_is_lost,
	.case_end = host_case_end,
	.close = tare_host_close,
};
