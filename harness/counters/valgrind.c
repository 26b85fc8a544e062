/*
 * Counts of a simulated CPU: instructions, caches and branches, by valgrind's cachegrind.
 *
 * The program is run under it in invocations of its own, which are not timed and take some fifty
 * times as long. The counts hardly depend on the machine or on what else runs on it, so that a
 * change of 0.1 % is seen where no clock could see it. The kernel's work is not in them, and
 * threads take turns. Each process of the program writes a file; they are added up.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/counters/counters.h"

enum { FILE_LEN_MAX = 256 << 20, TERMS_MAX = 4, PROCESSES_MAX = 4096 };
/* Cachegrind takes 20 to 100 times as long. */
static const uint64_t slower = 100;
static const uint64_t probe_limit_ns = 30 * 1000000000ull;

enum { NEEDS_CACHES = 1u << 0, NEEDS_BRANCHES = 1u << 1 };

static const struct known {
	const char *name;
	const char *events; /* added up */
	unsigned needs;
} knowns[] = {
	{"instructions", "Ir", 0},
	{"data-reads", "Dr", NEEDS_CACHES},
	{"data-writes", "Dw", NEEDS_CACHES},
	{"L1-dcache-loads", "Dr", NEEDS_CACHES},
	{"L1-dcache-load-misses", "D1mr", NEEDS_CACHES},
	{"L1-dcache-store-misses", "D1mw", NEEDS_CACHES},
	{"L1-icache-load-misses", "I1mr", NEEDS_CACHES},
	{"LLC-load-misses", "DLmr", NEEDS_CACHES},
	{"cache-references", "I1mr D1mr D1mw", NEEDS_CACHES},
	{"cache-misses", "ILmr DLmr DLmw", NEEDS_CACHES},
	{"branches", "Bc Bi", NEEDS_BRANCHES},
	{"branch-misses", "Bcm Bim", NEEDS_BRANCHES},
};

/* The file to execute, in path_out; false where there is none on the search path. */
static bool
find_valgrind(char *path_out, size_t size, const struct tare_counter_place *place)
{
	const char *dir = place->path ? place->path : getenv("PATH");

	while (dir && *dir) {
		int len = (int)strcspn(dir, ":");

		if (len > 0 && (size_t)snprintf(path_out, size, "%.*s/valgrind", len, dir) < size &&
			access(path_out, X_OK) == 0)
			return true;
		dir += len;
		dir += *dir == ':';
	}
	return false;
}

static bool
wait_for(pid_t pid)
{
	uint64_t begin_ns = tare_monotonic_ns();
	int status = 0;

	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);

		if (ended == pid)
			return WIFEXITED(status) && WEXITSTATUS(status) == 0;
		if (ended < 0 && errno != EINTR)
			return false;
		if (tare_monotonic_ns() - begin_ns > probe_limit_ns) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return false;
		}
		poll(NULL, 0, 5);
	}
}

/* Runs /bin/true under it; false where that does not end well. */
static bool
run_true(const char *valgrind, const char *out_option)
{
	char *const argv[] = {(char[]){"valgrind"}, (char[]){"-q"}, (char[]){"--tool=cachegrind"},
		(char[]){"--cache-sim=no"}, strdup(out_option), (char[]){"/bin/true"}, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int error;

	posix_spawn_file_actions_init(&actions);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	error = posix_spawn(&pid, valgrind, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	free(argv[4]);
	return error == 0 && wait_for(pid);
}

/* Whether it really counts: /bin/true takes more than no instructions. */
static enum tare_status
prove(const char *valgrind, struct tare_err *err)
{
	const char *temporary = getenv("TMPDIR");
	struct tare_arena *arena = tare_arena_new();
	char *dir = tare_arena_printf(
		arena, "%s/tare-valgrind-XXXXXX", temporary && *temporary ? temporary : "/tmp");
	const char *file, *names[TARE_VALGRIND_EVENTS_MAX];
	uint64_t counts[TARE_VALGRIND_EVENTS_MAX];
	enum tare_status status = TARE_OK;
	size_t count = 0;
	char *text;

	if (!mkdtemp(dir)) {
		status = tare_err_errno(err, TARE_UNSUPPORTED, "cannot make a folder to try it in");
		tare_arena_free(arena);
		return status;
	}
	file = tare_arena_printf(arena, "%s/out", dir);
	if (!run_true(valgrind, tare_arena_printf(arena, "--cachegrind-out-file=%s", file)))
		status = tare_err_set(err, TARE_UNSUPPORTED,
			"'%s' cannot run even /bin/true; try it by hand", valgrind);
	if (status == TARE_OK)
		status = tare_file_read(arena, &text, NULL, file, FILE_LEN_MAX, err);
	if (status == TARE_OK)
		status = tare_valgrind_parse(names, counts, &count, text, err);
	if (status == TARE_OK && (count == 0 || counts[0] == 0))
		status = tare_err_set(
			err, TARE_UNSUPPORTED, "it counted no instructions of /bin/true");
	tare_dir_remove(dir, NULL);
	tare_arena_free(arena);
	return status == TARE_OK ? status : TARE_UNSUPPORTED;
}

static enum tare_status
valgrind_supported(const struct tare_counter_place *place, struct tare_err *err)
{
	char path[4096];

	if (place->inside)
		return tare_err_set(
			err, TARE_UNSUPPORTED, "it runs on this machine, and not in a container");
	if (!find_valgrind(path, sizeof(path), place))
		return tare_err_set(
			err, TARE_UNSUPPORTED, "there is no 'valgrind' on PATH; install it");
	return prove(path, err);
}

/* Which of ours, or one of its own names as "Ir"; its own are told by their being short. */
static const struct known *
find_known(const char *name)
{
	for (size_t i = 0; i < sizeof(knowns) / sizeof(knowns[0]); i++) {
		if (strcmp(knowns[i].name, name) == 0)
			return &knowns[i];
	}
	return NULL;
}

static enum tare_status
valgrind_find(struct tare_counter_source *source_out, struct tare_arena *arena,
	const struct tare_counter_place *place, const char *name, struct tare_err *err)
{
	const struct known *known = find_known(name);

	(void)place;
	if (!known)
		return tare_err_set(err, TARE_NOT_FOUND, "valgrind does not simulate it");
	*source_out = (struct tare_counter_source){
		.origin = {.event = tare_arena_printf(arena, "cachegrind %s", known->events),
			.scope = "program and its descendants, without the kernel",
			.quality = TARE_QUALITY_SIMULATED},
		.type = (uint32_t)(known - knowns),
	};
	return TARE_OK;
}

static unsigned
needs_of(const struct tare_case *subject)
{
	unsigned needs = 0;

	for (size_t i = 0; i < subject->metric_count; i++) {
		const struct tare_counter_source *source = subject->rules[i].counter;

		if (source && source->ops == &tare_counters_valgrind)
			needs |= knowns[source->type].needs;
	}
	return needs;
}

const struct tare_program *
tare_valgrind_program(struct tare_arena *arena, const struct tare_case *subject, const char *dir)
{
	const struct tare_program *program = &subject->program;
	struct tare_program *under = tare_arena_alloc(arena, 1, sizeof(*under));
	unsigned needs = needs_of(subject);
	const struct tare_counter_place here = {0};
	char valgrind[4096] = "valgrind";
	size_t count = 0;

	/* Its own place, since the program's PATH may be another. */
	find_valgrind(valgrind, sizeof(valgrind), &here);
	*under = *program;
	under->argv = tare_arena_alloc(arena, program->argc + 9, sizeof(*under->argv));
	under->argv[count++] = tare_arena_strdup(arena, valgrind);
	under->argv[count++] = tare_arena_strdup(arena, "-q");
	under->argv[count++] = tare_arena_strdup(arena, "--tool=cachegrind");
	under->argv[count++] = tare_arena_strdup(arena, "--trace-children=yes");
	under->argv[count++] =
		tare_arena_printf(arena, "--cache-sim=%s", needs & NEEDS_CACHES ? "yes" : "no");
	under->argv[count++] =
		tare_arena_printf(arena, "--branch-sim=%s", needs & NEEDS_BRANCHES ? "yes" : "no");
	under->argv[count++] = tare_arena_printf(arena, "--cachegrind-out-file=%s/%%p", dir);
	under->argv[count++] = tare_arena_strdup(arena, "--");
	memcpy(under->argv + count, program->argv, program->argc * sizeof(*program->argv));
	under->argc = count + program->argc;
	under->stdout_mode = TARE_OUTPUT_DISCARD;
	if (under->timeout_ns > 0)
		under->timeout_ns *= slower;
	return under;
}

/* The line that begins with key, NUL-terminated in place, behind the key; NULL where there is none.
 */
static char *
find_line(char *text, const char *key)
{
	size_t len = strlen(key);

	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		return line + len;
	}
	return NULL;
}

enum tare_status
tare_valgrind_parse(const char **names_out, uint64_t *counts_out, size_t *count_out, char *text,
	struct tare_err *err)
{
	/* The last line first, as ending a line hides what is behind it. */
	char *summary = find_line(text, "summary:");
	char *events = find_line(text, "events:");
	size_t count = 0, sums = 0;
	char *rest;

	if (!summary || !events)
		return tare_err_set(err, TARE_OUTSIDE,
			"valgrind's file has no '%s' line; the program may have been killed",
			events ? "summary:" : "events:");
	for (char *word = strtok_r(events, " \t", &rest); word;
		word = strtok_r(NULL, " \t", &rest)) {
		if (count == TARE_VALGRIND_EVENTS_MAX)
			return tare_err_set(err, TARE_OUTSIDE,
				"valgrind's file has more than %d events",
				TARE_VALGRIND_EVENTS_MAX);
		names_out[count++] = word;
	}
	for (char *at = summary; sums < count; sums++) {
		char *end;

		at += strspn(at, " \t");
		errno = 0;
		if (!isdigit((unsigned char)*at))
			break;
		counts_out[sums] = strtoull(at, &end, 10);
		if (errno != 0)
			break;
		at = end;
	}
	if (sums != count)
		return tare_err_set(err, TARE_OUTSIDE,
			"valgrind's file has %zu events and %zu sums", count, sums);
	*count_out = count;
	return TARE_OK;
}

/* Adds what one file says of the events of a source. */
static double
sum_of(const char *events, const char *const *names, const uint64_t *counts, size_t count)
{
	double sum = 0.0;

	for (const char *event = events; *event; event += strspn(event, " ")) {
		size_t len = strcspn(event, " ");

		for (size_t i = 0; i < count; i++) {
			if (strlen(names[i]) == len && strncmp(names[i], event, len) == 0)
				sum += (double)counts[i];
		}
		event += len;
	}
	return sum;
}

static void
add_file(double *values, const struct tare_case *subject, const char *const *names,
	const uint64_t *counts, size_t count)
{
	for (size_t i = 0; i < subject->metric_count; i++) {
		const struct tare_counter_source *source = subject->rules[i].counter;

		if (source && source->ops == &tare_counters_valgrind)
			values[i] += sum_of(knowns[source->type].events, names, counts, count);
	}
}

static enum tare_status
add_path(double *values, const struct tare_case *subject, const char *path, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	const char *names[TARE_VALGRIND_EVENTS_MAX];
	uint64_t counts[TARE_VALGRIND_EVENTS_MAX];
	size_t count = 0;
	char *text;
	enum tare_status status = tare_file_read(arena, &text, NULL, path, FILE_LEN_MAX, err);

	if (status == TARE_OK)
		status = tare_valgrind_parse(names, counts, &count, text, err);
	if (status == TARE_OK)
		add_file(values, subject, names, counts, count);
	tare_arena_free(arena);
	return status;
}

enum tare_status
tare_valgrind_values(
	double *values_out, const struct tare_case *subject, const char *dir, struct tare_err *err)
{
	double *sums = tare_xcalloc(subject->metric_count, sizeof(*sums));
	DIR *folder = opendir(dir);
	enum tare_status status = TARE_OK;
	size_t files = 0;

	if (!folder) {
		free(sums);
		return tare_err_errno(err, TARE_OUTSIDE, "cannot read '%s'", dir);
	}
	for (struct dirent *entry; status == TARE_OK && (entry = readdir(folder));) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		if (++files > PROCESSES_MAX)
			status = tare_err_set(err, TARE_OUTSIDE,
				"the program started more than %d others", PROCESSES_MAX);
		else if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) <
			 sizeof(path))
			status = add_path(sums, subject, path, err);
	}
	closedir(folder);
	if (status == TARE_OK && files == 0)
		status = tare_err_set(err, TARE_OUTSIDE, "valgrind wrote no file");
	for (size_t i = 0; i < subject->metric_count && status == TARE_OK; i++) {
		const struct tare_counter_source *source = subject->rules[i].counter;

		if (source && source->ops == &tare_counters_valgrind)
			values_out[i] = sums[i];
	}
	free(sums);
	return status;
}

const struct tare_counter_ops tare_counters_valgrind = {
	.name = "valgrind",
	.summary = "a simulated CPU, in invocations of their own (cachegrind)",
	.way = TARE_WAY_SIMULATED,
	.supported = valgrind_supported,
	.find = valgrind_find,
};
