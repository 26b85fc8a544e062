#include "runners/container_args.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { WORDS_MAX = 400 };

struct words {
	struct tare_arena *arena;
	const char *list[WORDS_MAX];
	size_t count;
};

static void
add(struct words *words, const char *option, const char *value)
{
	if (words->count + 3 > WORDS_MAX)
		return;
	words->list[words->count++] = option;
	if (value)
		words->list[words->count++] = value;
}

static void
add_number(struct words *words, const char *option, uint64_t value)
{
	add(words, option, tare_arena_printf(words->arena, "%" PRIu64, value));
}

static void
add_each(struct words *words, const char *option, const char *const *values)
{
	for (; values && *values; values++)
		add(words, option, *values);
}

static bool
is_under(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* A folder that the image has its own of. */
static bool
is_system(const char *path)
{
	static const char *const whole[] = {"/", "/bin", "/boot", "/etc", "/home", "/lib", "/lib32",
		"/lib64", "/media", "/mnt", "/opt", "/root", "/run", "/sbin", "/srv", "/tmp",
		"/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/sbin", "/usr/share", "/var",
		"/var/lib", "/var/tmp"};

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		if (strcmp(path, whole[i]) == 0)
			return true;
	}
	return is_under(path, "/proc") || is_under(path, "/sys") || is_under(path, "/dev");
}

/* Whether the suite has put something there itself. */
static bool
is_taken(const struct tare_container *container, const char *path)
{
	size_t len = strlen(path);

	for (const char *const *volume = container->volumes; volume && *volume; volume++) {
		const char *there = strchr(*volume, ':');

		if (there && strncmp(there + 1, path, len) == 0 &&
			(there[1 + len] == '\0' || there[1 + len] == ':'))
			return true;
	}
	for (const char *const *one = container->tmpfs; one && *one; one++) {
		if (strncmp(*one, path, len) == 0 && ((*one)[len] == '\0' || (*one)[len] == ':'))
			return true;
	}
	return false;
}

static void
share(struct words *words, const struct tare_container *container, const char *path, bool writable)
{
	struct stat about;

	if (!path || path[0] != '/' || is_system(path) || is_taken(container, path) ||
		stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
		return;
	add(words, "--volume",
		tare_arena_printf(words->arena, "%s:%s%s", path, path, writable ? "" : ":ro"));
}

/* --cpus would be with the engine's own period. */
static void
add_quota(struct words *words, const struct tare_container *container)
{
	double period_us = (double)container->cpu_period_ns / 1e3;

	add_number(words, "--cpu-period", (uint64_t)period_us);
	add_number(words, "--cpu-quota", (uint64_t)llround(container->cpu_quota * period_us));
}

static void
add_limits(struct words *words, const struct tare_container *container,
	const struct tare_container_request *request)
{
	const char *cpus = request->cpus;
	uint64_t nofile = container->nofile;

	if (nofile == TARE_CONTAINER_NOFILE && nofile > request->nofile_max)
		nofile = request->nofile_max;
	if (*cpus)
		add(words, "--cpuset-cpus", cpus);
	if (container->cpu_quota > 0)
		add_quota(words, container);
	if (container->cpu_shares > 0)
		add_number(words, "--cpu-shares", container->cpu_shares);
	if (container->memory_bytes > 0) {
		add_number(words, "--memory", container->memory_bytes);
		add_number(words, "--memory-swap", container->memory_swap_bytes);
	}
	add_number(words, "--pids-limit", container->pids);
	add(words, "--ulimit",
		tare_arena_printf(words->arena, "nofile=%" PRIu64 ":%" PRIu64, nofile, nofile));
	if (request->nproc_max > 0)
		add(words, "--ulimit",
			tare_arena_printf(words->arena, "nproc=%" PRIu64 ":%" PRIu64,
				request->nproc_max, request->nproc_max));
	if (container->shm_bytes > 0)
		add_number(words, "--shm-size", container->shm_bytes);
}

static const char *
colon_in(const struct tare_container_request *request)
{
	const struct tare_case *subject = request->subject;
	const char *const paths[] = {request->agent_path, request->folder, subject->program.cwd,
		subject->scratch_dir, subject->container->work_dir};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (paths[i] && strchr(paths[i], ':'))
			return paths[i];
	}
	return NULL;
}

enum tare_status
tare_container_args(const char *const **words_out, struct tare_arena *arena,
	const struct tare_container_request *request, struct tare_err *err)
{
	const struct tare_container *container = request->subject->container;
	struct words *words = tare_arena_alloc(arena, 1, sizeof(*words));
	const char *colon = colon_in(request);

	if (colon)
		return tare_err_set(err, TARE_INVALID,
			"'%s' has a colon, which no engine mounts; expected a path without", colon);
	words->arena = arena;
	add(words, "--name", request->name);
	add(words, "--label", tare_arena_printf(arena, "tare.owner=%s", request->owner));
	add(words, "--label", tare_arena_printf(arena, "tare.folder=%s", request->folder));
	add(words, "--label", tare_arena_printf(arena, "tare.run=%s", request->run_id));
	add(words, "--pull", "never");
	add(words, "--log-driver", "none");
	add(words, "--no-healthcheck", NULL);
	add(words, "--network", tare_network_name(container->network));
	add_limits(words, container, request);
	if (container->privileged)
		add(words, "--privileged", NULL);
	if (container->user)
		add(words, "--user", container->user);
	add_each(words, "--security-opt", container->security_opts);
	add_each(words, "--tmpfs", container->tmpfs);
	add_each(words, "--volume", container->volumes);
	share(words, container, request->subject->program.cwd, false);
	share(words, container, container->work_dir, true);
	share(words, container, request->subject->scratch_dir, true);
	add(words, "--volume",
		tare_arena_printf(arena, "%s:" TARE_CONTAINER_FOLDER, request->folder));
	add(words, "--volume",
		tare_arena_printf(arena, "%s:" TARE_CONTAINER_AGENT ":ro", request->agent_path));
	if (request->subject->threads_pinned)
		add(words, "--volume",
			tare_arena_printf(arena, "%s:" TARE_CONTAINER_THREADS ":ro",
				request->thread_library));
	add(words, "--entrypoint", TARE_CONTAINER_AGENT);
	add(words, request->image, TARE_CONTAINER_SOCKET);
	if (words->count + 3 > WORDS_MAX)
		return tare_err_set(err, TARE_INVALID,
			"the container has more volumes and options than fit; expected at most %d",
			WORDS_MAX / 4);
	*words_out = words->list;
	return TARE_OK;
}

static bool
same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len) == 0 && b[len] == '=';
}

static void
put(char **env, size_t *count, char *entry)
{
	for (size_t i = 0; i < *count; i++) {
		if (same_name(env[i], entry)) {
			env[i] = entry;
			return;
		}
	}
	env[(*count)++] = entry;
}

static size_t
count_of(char *const *list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

/* The string itself, not its text: what the suite says is kept even if it says the same. */
static bool
is_inherited(char *const *inherited, const char *entry)
{
	for (; inherited && *inherited; inherited++) {
		if (*inherited == entry)
			return true;
	}
	return false;
}

char **
tare_container_env(struct tare_arena *arena, char *const *image_env, const char *user,
	char *const *env, char *const *inherited)
{
	bool is_root = !user || !*user || strcmp(user, "root") == 0 || strcmp(user, "0") == 0 ||
		       strncmp(user, "0:", 2) == 0;
	char **merged =
		tare_arena_alloc(arena, count_of(image_env) + count_of(env) + 3, sizeof(*merged));
	size_t count = 0;

	put(merged, &count,
		tare_arena_strdup(arena,
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
	put(merged, &count, tare_arena_strdup(arena, is_root ? "HOME=/root" : "HOME=/"));
	for (size_t i = 0; i < count_of(image_env); i++)
		put(merged, &count, image_env[i]);
	for (size_t i = 0; i < count_of(env); i++) {
		if (!is_inherited(inherited, env[i]))
			put(merged, &count, env[i]);
	}
	return merged;
}
