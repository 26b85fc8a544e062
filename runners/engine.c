#include "runners/engine.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/digest.h"
#include "harness/base/file.h"
#include "harness/base/json.h"
#include "harness/base/text.h"
#include "runners/process.h"

enum { WORDS_MAX = 512, IDS_MAX = 256 };

static const uint64_t short_ns = 60000000000u;  /* what only asks or removes */
static const uint64_t long_ns = 3600000000000u; /* pulling and building */

struct word_list {
	const char *words[WORDS_MAX];
	size_t count;
};

static void
add(struct word_list *list, const char *word)
{
	if (list->count < WORDS_MAX - 1)
		list->words[list->count++] = word;
}

/* Lines that only repeat that something went wrong. */
static bool
is_noise(const char *line)
{
	static const char *const noise[] = {
		"Run '", "See '", "Error: failed to start containers", "WARNING: ", NULL};

	for (size_t i = 0; noise[i]; i++) {
		if (strncmp(line, noise[i], strlen(noise[i])) == 0)
			return true;
	}
	return false;
}

/* The last line of the engine's complaint that says something. */
static const char *
last_line(char *line_out, size_t size, const char *errors)
{
	static const char prefix[] = "Error response from daemon: ";
	const char *at = errors, *best = errors;
	size_t best_len = strcspn(errors, "\n");

	while (*at) {
		size_t len = strcspn(at, "\n");

		if (len > 0 && !is_noise(at)) {
			best = at;
			best_len = len;
		}
		at += len + (at[len] == '\n');
	}
	if (strncmp(best, prefix, strlen(prefix)) == 0) {
		best += strlen(prefix);
		best_len -= strlen(prefix);
	}
	snprintf(line_out, size, "%.*s", (int)(best_len < size ? best_len : size - 1), best);
	return line_out;
}

static bool
says(const char *errors, const char *const *phrases)
{
	for (; *phrases; phrases++) {
		if (strcasestr(errors, *phrases))
			return true;
	}
	return false;
}

static bool
is_podman(const char *program)
{
	return strcmp(program, "podman") == 0;
}

static const char *
variable_of(const char *program)
{
	return is_podman(program) ? "CONTAINER_HOST" : "DOCKER_HOST";
}

static const char *
place_of(const char *program)
{
	const char *host = getenv(variable_of(program));

	return host && *host ? host : "its usual socket";
}

enum tare_status
tare_engine_explain(struct tare_err *err, const char *program, const char *what, const char *errors)
{
	static const char *const refused[] = {
		"permission denied while trying to connect", "dial unix", NULL};
	static const char *const denied[] = {"permission denied", NULL};
	static const char *const down[] = {"cannot connect to the docker daemon",
		"is the docker daemon running", "error during connect", "cannot connect to podman",
		"unable to connect to podman", "failed to connect to the docker api", NULL};
	static const char *const missing[] = {"no such image", "manifest unknown",
		"pull access denied", "repository does not exist", "image not known",
		"unable to find image", NULL};
	char line[400];

	if (says(errors, refused) && says(errors, denied))
		return tare_err_set(err, TARE_UNSUPPORTED,
			"this user may not talk to %s at %s; add the user to the group of the "
			"socket (usually docker), or run tare as root",
			program, place_of(program));
	if (says(errors, down))
		return tare_err_set(err, TARE_UNSUPPORTED,
			"%s does not answer at %s; start the engine (systemctl start %s), or set "
			"%s to where it listens",
			program, place_of(program), is_podman(program) ? "podman.socket" : "docker",
			variable_of(program));
	if (says(errors, missing))
		return tare_err_set(err, TARE_NOT_FOUND,
			"%s: there is no such image here, and it could not be pulled; correct "
			"`image`, or build, load or import it first",
			what);
	return tare_err_set(err, TARE_OUTSIDE, "%s: %s says: %s", what, program,
		*errors ? last_line(line, sizeof(line), errors) : "nothing");
}

static enum tare_status
call_logged(char **out_out, uint64_t *took_ns_out, const struct tare_engine *engine,
	const struct word_list *list, const char *what, const char *log_path, struct tare_err *err)
{
	struct tare_process command = {.argv = list->words,
		.timeout_ns = log_path ? long_ns : short_ns,
		.log_path = log_path,
		.interrupted = engine->interrupted};
	struct tare_process_result result;
	enum tare_status status;

	status = tare_process_run(&result, engine->arena, &command, err);
	if (status != TARE_OK)
		return status;
	if (result.error != 0)
		return tare_err_set(err, TARE_UNSUPPORTED,
			result.error == ENOENT
				? "'%s' is not on PATH; install it (Debian: the package %s), or "
				  "measure with the runner host"
				: "cannot execute '%s' (package %s)",
			engine->program,
			strcmp(engine->program, "docker") == 0 ? "docker.io" : engine->program);
	if (result.exit_code != 0)
		return tare_engine_explain(err, engine->program, what, result.errors);
	if (out_out)
		*out_out = result.out;
	if (took_ns_out)
		*took_ns_out = result.took_ns;
	return TARE_OK;
}

/* A call of some fixed words. */
static enum tare_status
call(char **out_out, const struct tare_engine *engine, const char *what, const char *const *words,
	struct tare_err *err)
{
	struct word_list list = {0};

	add(&list, engine->program);
	for (; *words; words++)
		add(&list, *words);
	return call_logged(out_out, NULL, engine, &list, what, NULL, err);
}

/* Without the newline. */
static const char *
first_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* The start of a process in clock ticks since boot tells it from later ones of its number. */
static bool
process_start(uint64_t *start_out, int pid)
{
	char path[64], text[1024];
	const char *at;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	at = strrchr(text, ')'); /* the name before it may hold anything */
	return at && sscanf(at + 1,
			     " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			     "%*d %*d %" SCNu64,
			     start_out) == 1;
}

static void
boot_id(char *text_out, size_t size)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	snprintf(text_out, size, "unknown");
	if (!file)
		return;
	if (fgets(text_out, (int)size, file))
		text_out[strcspn(text_out, "\n")] = '\0';
	fclose(file);
}

static uint64_t
pid_namespace(void)
{
	struct stat about;

	return stat("/proc/self/ns/pid", &about) == 0 ? (uint64_t)about.st_ino : 0;
}

static const char *
owner_label(struct tare_arena *arena)
{
	char boot[64];
	uint64_t start = 0;

	boot_id(boot, sizeof(boot));
	process_start(&start, (int)getpid());
	return tare_arena_printf(
		arena, "%s/%" PRIu64 "/%d/%" PRIu64, boot, pid_namespace(), (int)getpid(), start);
}

bool
tare_engine_owner_is_gone(const char *label)
{
	char boot[64], mine[64];
	uint64_t space, start, now;
	int pid;

	if (sscanf(label, "%63[^/]/%" SCNu64 "/%d/%" SCNu64, boot, &space, &pid, &start) != 4)
		return false;
	boot_id(mine, sizeof(mine));
	if (strcmp(boot, mine) != 0)
		return true;
	/* Processes of another namespace cannot be seen from here. */
	if (space != pid_namespace())
		return false;
	return !process_start(&now, pid) || now != start;
}

enum tare_status
tare_engine_open(struct tare_engine *engine_out, const char *program, struct tare_arena *arena,
	const volatile sig_atomic_t *interrupted, struct tare_err *err)
{
	const char *const version[] = {"version", "--format",
		is_podman(program) ? "{{.Client.Version}}" : "{{.Server.Version}}", NULL};
	const char *const storage[] = {"info", "--format",
		is_podman(program) ? "{{.Store.GraphDriverName}} {{.Host.OCIRuntime.Name}}"
				   : "{{.Driver}} {{.DefaultRuntime}}",
		NULL};
	struct tare_engine engine = {
		.program = program, .arena = arena, .interrupted = interrupted};
	enum tare_status status;
	char *text = NULL, *blank;

	status = call(&text, &engine, program, version, err);
	if (status == TARE_OK) {
		engine.version = first_line(text);
		status = call(&text, &engine, program, storage, err);
	}
	if (status != TARE_OK)
		return status;
	engine.storage = first_line(text);
	engine.runtime = "";
	blank = strchr(text, ' ');
	if (blank) {
		*blank = '\0';
		engine.runtime = blank + 1;
	}
	engine.owner = owner_label(arena);
	*engine_out = engine;
	return TARE_OK;
}

/* The folder a container of ours had its socket in: one socket, and nothing else is touched. */
static void
remove_folder(const char *path)
{
	char text[PATH_MAX];
	char *slash;

	if (strncmp(path, "/", 1) != 0 || !strstr(path, "/tare-c-") || strstr(path, ".."))
		return;
	if ((size_t)snprintf(text, sizeof(text), "%s/socket", path) >= sizeof(text))
		return;
	unlink(text);
	slash = strrchr(text, '/');
	*slash = '\0';
	rmdir(text);
	slash = strrchr(text, '/');
	*slash = '\0';
	rmdir(text);
}

static void
sweep_one(const struct tare_engine *engine, const char *line)
{
	char id[128], owner[256], folder[PATH_MAX];

	if (sscanf(line, "%127s %255s %4095s", id, owner, folder) != 3 ||
		!tare_engine_owner_is_gone(owner))
		return;
	if (tare_engine_remove(engine, id, NULL) == TARE_OK)
		remove_folder(folder);
}

enum tare_status
tare_engine_sweep(const struct tare_engine *engine, struct tare_err *err)
{
	static const char *const all[] = {
		"ps", "--all", "--quiet", "--no-trunc", "--filter", "label=tare.owner", NULL};
	struct word_list inspect = {0};
	enum tare_status status;
	char *ids = NULL, *text = NULL, *next = NULL;

	status = call(&ids, engine, "looking for containers of earlier runs", all, err);
	if (status != TARE_OK)
		return status;
	add(&inspect, engine->program);
	add(&inspect, "inspect");
	add(&inspect, "--format");
	add(&inspect, "{{.Id}} {{index .Config.Labels \"tare.owner\"}} "
		      "{{index .Config.Labels \"tare.folder\"}}");
	for (char *id = strtok_r(ids, " \n", &next); id; id = strtok_r(NULL, " \n", &next))
		add(&inspect, id);
	/* One that goes away in between makes the call fail: another run's business. */
	if (inspect.count == 4 ||
		call_logged(&text, NULL, engine, &inspect, "inspecting", NULL, NULL) != TARE_OK)
		return TARE_OK;
	for (char *line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next))
		sweep_one(engine, line);
	return TARE_OK;
}

static char **
read_env(struct tare_arena *arena, const json_t *config)
{
	const json_t *list = json_object_get(config, "Env");
	size_t count = json_is_array(list) ? json_array_size(list) : 0;
	char **env = tare_arena_alloc(arena, count + 1, sizeof(*env));
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text && strchr(text, '='))
			env[at++] = tare_arena_strdup(arena, text);
	}
	return env;
}

static void
read_image(struct tare_image *image, struct tare_arena *arena, const json_t *about)
{
	const json_t *config = json_object_get(about, "Config");
	const json_t *digests = json_object_get(about, "RepoDigests");
	const char *id = json_string_value(json_object_get(about, "Id"));
	const char *user = json_string_value(json_object_get(config, "User"));
	const char *digest = json_string_value(json_array_get(digests, 0));

	image->id = tare_arena_printf(
		arena, "%s%s", id && strncmp(id, "sha256:", 7) != 0 ? "sha256:" : "", id ? id : "");
	image->digest = tare_arena_strdup(arena, digest ? digest : "");
	image->user = tare_arena_strdup(arena, user ? user : "");
	image->env = read_env(arena, config);
	image->size_bytes = (uint64_t)json_integer_value(json_object_get(about, "Size"));
}

static enum tare_status
inspect_image(struct tare_image *image, const struct tare_engine *engine, const char *name,
	struct tare_err *err)
{
	const char *const words[] = {"image", "inspect", name, NULL};
	enum tare_status status;
	json_t *list = NULL;
	char *text = NULL;

	status = call(
		&text, engine, tare_arena_printf(engine->arena, "image '%s'", name), words, err);
	if (status == TARE_OK)
		status = tare_json_parse(&list, text, strlen(text), err);
	if (status != TARE_OK)
		return status;
	if (json_array_size(list) == 0)
		status = tare_err_set(err, TARE_NOT_FOUND, "image '%s': %s knows nothing of it",
			name, engine->program);
	else
		read_image(image, engine->arena, json_array_get(list, 0));
	json_decref(list);
	return status;
}

enum tare_status
tare_engine_image(struct tare_image *image_out, const struct tare_engine *engine, const char *name,
	const char *log_path, struct tare_err *err)
{
	struct tare_image image = {.name = tare_arena_strdup(engine->arena, name)};
	struct word_list pull = {0};
	enum tare_status status = inspect_image(&image, engine, name, err);

	if (status == TARE_NOT_FOUND) {
		add(&pull, engine->program);
		add(&pull, "pull");
		add(&pull, name);
		status = call_logged(NULL, &image.took_ns, engine, &pull,
			tare_arena_printf(engine->arena, "image '%s'", name), log_path, err);
		/* A registry that cannot be reached has many ways to say so. */
		if (status == TARE_OUTSIDE) {
			struct tare_err why = err ? *err : (struct tare_err){0};

			status = tare_err_set(err, TARE_NOT_FOUND,
				"%s; it is not here either: correct `image`, or build, load or "
				"import it first",
				why.text);
		}
		if (status == TARE_OK)
			status = inspect_image(&image, engine, name, err);
	}
	if (status == TARE_OK)
		*image_out = image;
	return status;
}

/* The same Dockerfile, context and arguments have the same name, and find their layers again. */
static const char *
build_tag(const struct tare_engine *engine, const struct tare_image_build *build)
{
	char digest[TARE_DIGEST_TEXT_MAX];
	char *text =
		tare_arena_printf(engine->arena, "%s\n%s\n", build->dockerfile, build->context);

	for (size_t i = 0; build->args[i]; i++)
		text = tare_arena_printf(engine->arena, "%s%s\n", text, build->args[i]);
	tare_digest_bytes(digest, text, strlen(text));
	return tare_arena_printf(engine->arena, "tare-build:%.16s", digest);
}

enum tare_status
tare_engine_build(struct tare_image *image_out, const struct tare_engine *engine,
	const struct tare_image_build *build, const char *log_path, struct tare_err *err)
{
	struct tare_image image = {.name = build->dockerfile};
	const char *tag = build_tag(engine, build);
	struct word_list words = {0};
	enum tare_status status;

	if (access(build->dockerfile, R_OK) != 0)
		return tare_err_errno(
			err, TARE_INVALID, "cannot read the Dockerfile '%s'", build->dockerfile);
	add(&words, engine->program);
	add(&words, "build");
	add(&words, "--tag");
	add(&words, tag);
	add(&words, "--label");
	add(&words, "tare.image=built");
	add(&words, "--file");
	add(&words, build->dockerfile);
	for (size_t i = 0; build->args[i]; i++) {
		add(&words, "--build-arg");
		add(&words, build->args[i]);
	}
	add(&words, build->context);
	status = call_logged(NULL, &image.took_ns, engine, &words,
		tare_arena_printf(engine->arena, "building '%s'", build->dockerfile), log_path,
		err);
	if (status == TARE_OK)
		status = inspect_image(&image, engine, tag, err);
	if (status == TARE_OK)
		*image_out = image;
	return status;
}

enum tare_status
tare_engine_start(const struct tare_engine *engine, const char *const *create_words,
	const char *name, struct tare_err *err)
{
	const char *const start[] = {"start", name, NULL};
	struct word_list create = {0};
	enum tare_status status;

	add(&create, engine->program);
	add(&create, "create");
	for (; *create_words; create_words++)
		add(&create, *create_words);
	if (create.count == WORDS_MAX - 1)
		return tare_err_set(err, TARE_INVALID,
			"the container needs more than %d words to describe; expected fewer "
			"volumes",
			WORDS_MAX);
	status = call_logged(NULL, NULL, engine, &create, "making the container", NULL, err);
	if (status == TARE_OK)
		status = call(NULL, engine, "starting the container", start, err);
	return status;
}

enum tare_status
tare_engine_inspect(struct tare_container_end *end_out, const struct tare_engine *engine,
	const char *name, struct tare_err *err)
{
	const char *const words[] = {"inspect", "--type", "container", "--format",
		"{{.State.Running}} {{.State.OOMKilled}} {{.State.ExitCode}} {{.State.Error}}",
		name, NULL};
	static const char *const missing[] = {"no such", NULL};
	struct tare_container_end end = {.error = ""};
	char running[16], oom[16];
	struct tare_err why = {0};
	enum tare_status status;
	char *text = NULL;
	int error_at = 0;

	status = call(&text, engine, "container", words, &why);
	if (status == TARE_OUTSIDE && says(why.text, missing)) {
		*end_out = end;
		return TARE_OK;
	}
	if (status != TARE_OK) {
		if (err)
			*err = why;
		return status;
	}
	first_line(text);
	if (sscanf(text, "%15s %15s %d %n", running, oom, &end.exit_code, &error_at) < 3)
		return tare_err_set(
			err, TARE_OUTSIDE, "%s says of a container: %s", engine->program, text);
	end.exists = true;
	end.running = strcmp(running, "true") == 0;
	end.oom_killed = strcmp(oom, "true") == 0;
	end.error = error_at > 0 ? text + error_at : "";
	*end_out = end;
	return TARE_OK;
}

enum tare_status
tare_engine_remove(const struct tare_engine *engine, const char *name, struct tare_err *err)
{
	const char *const words[] = {"rm", "--force", "--volumes", name, NULL};
	static const char *const missing[] = {"no such", NULL};
	struct tare_engine deaf = *engine;
	struct tare_err why = {0};
	enum tare_status status;

	deaf.interrupted = NULL;
	status = call(NULL, &deaf, "removing a container", words, &why);
	if (status == TARE_OUTSIDE && says(why.text, missing))
		return TARE_OK;
	if (status != TARE_OK && err)
		*err = why;
	return status;
}
