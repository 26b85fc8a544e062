#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/suite/draft.h"
#include "harness/suite/pattern.h"

#define DEFAULT_TIMEOUT_NS       UINT64_C(300000000000)
#define HOOK_TIMEOUT_NS          UINT64_C(1800000000000)
#define DEFAULT_READY_TIMEOUT_NS UINT64_C(10000000000)
#define DEFAULT_STOP_TIMEOUT_NS  UINT64_C(5000000000)

enum { ENV_MAX = 1000 }; /* variables in one mapping */

/* What every program gets of tare's own environment. */
static const char *const allow_list[] = {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH",
	"SHELL", "TMPDIR", "TZ", "USER", NULL};

static size_t
env_count(char *const *env)
{
	size_t count = 0;

	while (env != NULL && env[count] != NULL)
		count++;
	return count;
}

/* Compares the names of two "NAME=value". */
static int
compare_names(const char *a, const char *b)
{
	size_t a_len = strcspn(a, "=");
	size_t b_len = strcspn(b, "=");
	int side = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (side != 0)
		return side;
	return a_len < b_len ? -1 : a_len > b_len;
}

/* Puts entry into env, sorted by name, over one of the same name. env has room for one more. */
static void
env_put(char **env, size_t *count, char *entry)
{
	size_t i = *count;
	int side = 1;

	while (i > 0 && (side = compare_names(env[i - 1], entry)) > 0)
		i--;
	if (i > 0 && side == 0) {
		env[i - 1] = entry;
		return;
	}
	memmove(&env[i + 1], &env[i], (*count - i) * sizeof(*env));
	env[i] = entry;
	(*count)++;
}

static char **
env_copy(struct tare_arena *arena, char *const *env, size_t count, size_t more)
{
	char **copy = tare_arena_alloc(arena, count + more + 1, sizeof(*copy));

	if (count > 0)
		memcpy(copy, env, count * sizeof(*copy));
	return copy;
}

static char **
inherit(struct tare_expansion *expansion)
{
	size_t count = 0;
	char **env = NULL;

	if (expansion->inherited != NULL)
		return expansion->inherited;
	env = env_copy(expansion->arena, NULL, 0, sizeof(allow_list) / sizeof(allow_list[0]));
	for (size_t i = 0; allow_list[i] != NULL; i++) {
		const char *value = expansion->shared.getenv(allow_list[i]);

		if (value != NULL)
			env_put(env, &count,
				tare_arena_printf(expansion->arena, "%s=%s", allow_list[i], value));
	}
	expansion->inherited = env;
	return env;
}

/* Adds what env_inherit names; a name that is not set is left out. */
static char **
inherit_more(const struct tare_expansion *expansion, char **env, const struct tare_node *pattern)
{
	struct tare_arena *arena = expansion->arena;
	size_t count = env_count(env);
	size_t all_count = env_count(environ);
	char **more = env_copy(arena, env, count, all_count + 1);
	const char *value = NULL;

	if (strpbrk(pattern->text, "*?") == NULL) {
		value = expansion->shared.getenv(pattern->text);
		if (value != NULL)
			env_put(more, &count,
				tare_arena_printf(arena, "%s=%s", pattern->text, value));
		return more;
	}
	for (size_t i = 0; i < all_count; i++) {
		char *name = tare_arena_strndup(arena, environ[i], strcspn(environ[i], "="));

		value = expansion->shared.getenv(name);
		if (value != NULL && tare_text_glob(pattern->text, name))
			env_put(more, &count, tare_arena_printf(arena, "%s=%s", name, value));
	}
	return more;
}

/* Lays the variables of a mapping over env. */
static char **
env_overlay(const struct tare_draft *draft, char **env, const struct tare_node *map)
{
	struct tare_arena *arena = draft->expansion->arena;
	size_t count = env_count(env);
	char **more = env_copy(arena, env, count, map->count);

	if (map->count > ENV_MAX) {
		tare_problem_add(draft->expansion->decoder.problems, map,
			"%u environment variables; expected at most %d", map->count, ENV_MAX);
		return env;
	}
	for (size_t i = 0; i < map->count; i++) {
		const char *value = tare_scope_text(&draft->scope, tare_node_value(map, i));

		if (value != NULL)
			env_put(more, &count,
				tare_arena_printf(
					arena, "%s=%s", tare_node_key(map, i)->text, value));
	}
	return more;
}

/* Whether the environment variables depend on this case at all. */
static bool
env_is_shared(const struct tare_draft *draft)
{
	size_t base_count = draft->expansion->base_count;

	for (size_t i = 0; i < draft->layer_count; i++) {
		const struct tare_node *env = draft->layers[i]->slots[TARE_KEY_ENV];

		if (i >= base_count &&
			(env != NULL || draft->layers[i]->slots[TARE_KEY_ENV_INHERIT] != NULL))
			return false;
		if (env != NULL && env->has_reference)
			return false;
	}
	return true;
}

static char **
make_env(const struct tare_draft *draft)
{
	struct tare_expansion *expansion = draft->expansion;
	const struct tare_node *patterns = NULL;
	char **env = inherit(expansion);
	bool shared = env_is_shared(draft);

	if (shared && expansion->base_env != NULL)
		return expansion->base_env;
	patterns = tare_draft_value(draft, TARE_KEY_ENV_INHERIT);
	if (patterns != NULL && patterns->kind == TARE_NODE_SCALAR)
		env = inherit_more(expansion, env, patterns);
	for (size_t i = 0;
		patterns != NULL && patterns->kind == TARE_NODE_LIST && i < patterns->count; i++)
		env = inherit_more(expansion, env, &patterns->items[i]);
	for (size_t i = 0; i < draft->layer_count; i++) {
		const struct tare_node *map = draft->layers[i]->slots[TARE_KEY_ENV];

		if (map != NULL && !map->bad)
			env = env_overlay(draft, env, map);
	}
	if (shared)
		expansion->base_env = env;
	return env;
}

static void
set_words(struct tare_program *program, const struct tare_draft *draft,
	const struct tare_node *node, const char *label)
{
	struct tare_arena *arena = draft->expansion->arena;

	program->argv = tare_arena_alloc(arena, node->count + 1, sizeof(*program->argv));
	program->argc = node->count;
	for (size_t i = 0; i < node->count; i++)
		program->argv[i] = tare_arena_strdup(arena, node->items[i].text);
	if (program->argv[0][0] == '\0')
		tare_problem_add(draft->expansion->decoder.problems, &node->items[0],
			"%s has an empty first word; expected a program", label);
}

static void
set_script(
	struct tare_program *program, const struct tare_draft *draft, const struct tare_node *node)
{
	struct tare_arena *arena = draft->expansion->arena;

	program->argv = tare_arena_alloc(arena, 5, sizeof(*program->argv));
	program->argv[0] = tare_arena_strdup(arena, "/bin/sh");
	program->argv[1] = tare_arena_strdup(arena, "-e");
	program->argv[2] = tare_arena_strdup(arena, "-c");
	program->argv[3] = tare_arena_strdup(arena, node->text);
	program->argc = 4;
}

/* A script or a list of words, in the surroundings of the measured program. */
static struct tare_program *
make_hook(const struct tare_draft *draft, const struct tare_node *node, const char *label)
{
	const struct tare_program *measured = &draft->out->program;
	struct tare_program *program =
		tare_arena_alloc(draft->expansion->arena, 1, sizeof(*program));

	program->env = measured->env;
	program->cwd = measured->cwd;
	program->timeout_ns = measured->timeout_ns > HOOK_TIMEOUT_NS || measured->timeout_ns == 0
				      ? measured->timeout_ns
				      : HOOK_TIMEOUT_NS;
	if (node->kind == TARE_NODE_LIST)
		set_words(program, draft, node, label);
	else
		set_script(program, draft, node);
	return program;
}

static const struct tare_program *
read_hook(const struct tare_draft *draft, enum tare_key key)
{
	const struct tare_node *node = tare_draft_value(draft, key);

	return node == NULL ? NULL : make_hook(draft, node, tare_benchmark_fields[key].key);
}

static void
append_key(FILE *out, char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++)
		fprintf(out, "%zu:%s", strlen(words[i]), words[i]);
	fputc('\n', out);
}

/* Two builds with the same text do the same. */
static const char *
build_key(struct tare_arena *arena, const struct tare_program *program)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	const char *key = NULL;

	if (out == NULL)
		abort();
	append_key(out, program->argv);
	append_key(out, program->env);
	fputs(program->cwd, out);
	fclose(out);
	key = tare_arena_strndup(arena, text, len);
	free(text);
	return key;
}

static const struct tare_build *
read_build(struct tare_draft *draft)
{
	struct tare_expansion *expansion = draft->expansion;
	struct tare_plan *plan = expansion->plan;
	const char *scratch_dir = draft->scope.scratch_dir;
	const struct tare_node *node = NULL;
	const struct tare_program *program = NULL;
	struct tare_build *build = NULL;
	size_t first = 0;

	draft->scope.scratch_dir = NULL; /* made after the build */
	node = tare_draft_value(draft, TARE_KEY_BUILD);
	draft->scope.scratch_dir = scratch_dir;
	if (node != NULL && node->kind == TARE_NODE_MAP)
		node = tare_node_find(node, "script"); /* the rest is an image: container.c */
	if (node == NULL)
		return NULL;
	program = make_hook(draft, node, "build");
	if (!tare_names_add(&expansion->build_keys, &first, build_key(expansion->arena, program),
		    plan->build_count))
		return plan->builds[first];
	build = tare_arena_alloc(expansion->arena, 1, sizeof(*build));
	build->label = draft->out->variant[0] == '\0'
			       ? draft->out->benchmark
			       : tare_arena_printf(expansion->arena, "%s@%s", draft->out->benchmark,
					 draft->out->variant);
	build->program = *program;
	if (plan->build_count == expansion->build_capacity) {
		expansion->build_capacity = expansion->build_capacity * 2 + 8;
		plan->builds = tare_arena_grow(expansion->arena, plan->builds, plan->build_count,
			expansion->build_capacity, sizeof(*plan->builds));
	}
	plan->builds[plan->build_count++] = build;
	return build;
}

static uint64_t
duration_or(const struct tare_node *node, uint64_t otherwise_ns)
{
	uint64_t ns = otherwise_ns;

	if (node != NULL && node->kind == TARE_NODE_SCALAR && strcmp(node->text, "none") == 0)
		return 0;
	if (node != NULL)
		tare_duration_parse(&ns, node->text, NULL);
	return ns;
}

static void
read_ready(
	struct tare_service *service, const struct tare_draft *draft, const struct tare_node *node)
{
	struct tare_arena *arena = draft->expansion->arena;
	const struct tare_node *value = tare_node_value(node, 0);
	const char *kind = tare_node_key(node, 0)->text;
	const char *colon = NULL;

	if (strcmp(kind, "tcp") == 0) {
		service->ready_kind = TARE_READY_TCP;
		colon = strrchr(value->text, ':');
		service->ready_host = "127.0.0.1";
		if (colon != NULL && value->text[0] == '[' && colon[-1] == ']')
			service->ready_host = tare_arena_strndup(
				arena, value->text + 1, (size_t)(colon - value->text) - 2);
		else if (colon != NULL)
			service->ready_host = tare_arena_strndup(
				arena, value->text, (size_t)(colon - value->text));
		service->ready_port =
			(uint16_t)strtoul(colon != NULL ? colon + 1 : value->text, NULL, 10);
	} else if (strcmp(kind, "command") == 0) {
		struct tare_program *program = make_hook(draft, value, "command");

		program->env = service->program.env;
		program->cwd = service->program.cwd;
		service->ready_kind = TARE_READY_COMMAND;
		service->ready_command = program;
	} else {
		bool is_unix = strcmp(kind, "unix") == 0;

		service->ready_kind = is_unix ? TARE_READY_UNIX : TARE_READY_FILE;
		service->ready_path = tare_path_join(arena, service->program.cwd, value->text);
		if (is_unix && strlen(service->ready_path) >=
				       sizeof(((struct sockaddr_un *)NULL)->sun_path))
			tare_problem_add(draft->expansion->decoder.problems, value,
				"socket path %s is too long; expected at most %zu bytes",
				tare_problem_quote(
					draft->expansion->decoder.problems, service->ready_path),
				sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	}
}

/* node has been checked against the table of a service. */
static void
read_service(struct tare_service *service, const struct tare_draft *draft, const char *name,
	const struct tare_node *node)
{
	struct tare_arena *arena = draft->expansion->arena;
	const struct tare_node *command = tare_node_find(node, "command");
	const struct tare_node *cwd = tare_node_find(node, "cwd");
	const struct tare_node *env = tare_node_find(node, "env");
	const struct tare_node *ready = tare_node_find(node, "ready");

	if (command == NULL)
		command = tare_node_find(node, "shell");
	service->name = name;
	service->program = *make_hook(draft, command, "command");
	service->program.timeout_ns = 0;
	if (cwd != NULL)
		service->program.cwd = tare_path_join(arena, draft->out->program.cwd, cwd->text);
	if (env != NULL)
		service->program.env = env_overlay(draft, service->program.env, env);
	service->ready_timeout_ns =
		duration_or(tare_node_find(node, "ready_timeout"), DEFAULT_READY_TIMEOUT_NS);
	service->stop_timeout_ns =
		duration_or(tare_node_find(node, "stop_timeout"), DEFAULT_STOP_TIMEOUT_NS);
	if (ready != NULL)
		read_ready(service, draft, ready);
}

static void
read_services(struct tare_draft *draft)
{
	const struct tare_node *node = tare_draft_value(draft, TARE_KEY_SERVICES);
	struct tare_case *out = draft->out;
	struct tare_names names;

	if (node == NULL)
		return;
	out->services =
		tare_arena_alloc(draft->expansion->arena, node->count, sizeof(*out->services));
	tare_names_init(&names);
	for (size_t i = 0; i < node->count; i++) {
		bool is_map = node->kind == TARE_NODE_MAP;
		const struct tare_node *body = is_map ? tare_node_value(node, i) : &node->items[i];
		const struct tare_node *name =
			is_map ? tare_node_key(node, i) : tare_node_find(body, "name");
		size_t first = 0;

		read_service(&out->services[i], draft, name->text, body);
		if (!tare_names_add(&names, &first, name->text, i))
			tare_problem_add(draft->expansion->decoder.problems, name,
				"service %s again; expected each name once",
				tare_problem_quote(draft->expansion->decoder.problems, name->text));
	}
	tare_names_free(&names);
	out->service_count = node->count;
}

static const char **
read_patterns(size_t *count_out, const struct tare_draft *draft, const struct tare_node *node)
{
	size_t count = node == NULL ? 0 : node->kind == TARE_NODE_LIST ? node->count : 1;
	const char **patterns = tare_arena_alloc(draft->expansion->arena, count, sizeof(*patterns));

	for (size_t i = 0; i < count; i++) {
		const struct tare_node *one = node->kind == TARE_NODE_LIST ? &node->items[i] : node;
		struct tare_pattern pattern = {0};

		tare_pattern_read(&pattern, draft->expansion->arena, one->text);
		patterns[i] = pattern.text;
	}
	*count_out = count;
	return patterns;
}

static void
read_expectation(struct tare_draft *draft)
{
	const struct tare_node *node = tare_draft_value(draft, TARE_KEY_EXPECT);
	const struct tare_node *codes = node == NULL ? NULL : tare_node_find(node, "exit");
	struct tare_expectation *expect = &draft->out->expect;
	bool is_list = codes != NULL && codes->kind == TARE_NODE_LIST;

	expect->exit_code_count = is_list ? codes->count : 1;
	expect->exit_codes = tare_arena_alloc(
		draft->expansion->arena, expect->exit_code_count, sizeof(*expect->exit_codes));
	for (size_t i = 0; codes != NULL && i < expect->exit_code_count; i++)
		expect->exit_codes[i] = atoi(is_list ? codes->items[i].text : codes->text);
	expect->stdout_patterns = read_patterns(&expect->stdout_pattern_count, draft,
		node == NULL ? NULL : tare_node_find(node, "stdout"));
	expect->stderr_patterns = read_patterns(&expect->stderr_pattern_count, draft,
		node == NULL ? NULL : tare_node_find(node, "stderr"));
	if (expect->stdout_pattern_count > 0)
		draft->wants_stdout = true;
}

static void
read_streams(struct tare_draft *draft)
{
	struct tare_program *program = &draft->out->program;
	const struct tare_node *input = tare_draft_value(draft, TARE_KEY_STDIN);
	const struct tare_node *output = tare_draft_value(draft, TARE_KEY_STDOUT);

	if (input != NULL && input->kind == TARE_NODE_SCALAR)
		program->stdin_path =
			tare_path_join(draft->expansion->arena, program->cwd, input->text);
	else if (input != NULL)
		program->stdin_text = tare_node_find(input, "text")->text;
	if (output != NULL && output->kind == TARE_NODE_MAP) {
		program->stdout_mode = TARE_OUTPUT_FILE;
		program->stdout_path = tare_path_join(draft->expansion->arena, program->cwd,
			tare_node_find(output, "file")->text);
	} else if (output == NULL ? draft->wants_stdout : strcmp(output->text, "capture") == 0) {
		program->stdout_mode = TARE_OUTPUT_CAPTURE;
	}
	if (!draft->is_replay && draft->wants_stdout && program->stdout_mode != TARE_OUTPUT_CAPTURE)
		tare_problem_add(draft->expansion->decoder.problems, output,
			"stdout is not captured, but a metric or expectation reads it; expected "
			"capture");
}

static void
read_work(struct tare_draft *draft)
{
	enum tare_key key = TARE_KEY_COMMAND;
	bool found = false;
	const struct tare_node *node = tare_draft_work(&key, &found, draft);
	struct tare_program *program = &draft->out->program;

	if (node == NULL)
		return;
	if (key == TARE_KEY_COMMAND)
		set_words(program, draft, node, "command");
	else if (key == TARE_KEY_SHELL)
		set_script(program, draft, node);
}

void
tare_draft_programs(struct tare_draft *draft)
{
	struct tare_arena *arena = draft->expansion->arena;
	const struct tare_node *cwd = tare_draft_value(draft, TARE_KEY_CWD);
	const struct tare_node *timeout = tare_draft_value(draft, TARE_KEY_TIMEOUT);
	struct tare_program *program = &draft->out->program;

	program->cwd = draft->benchmark->at->source->directory;
	if (cwd != NULL)
		program->cwd = tare_path_join(arena, cwd->source->directory, cwd->text);
	program->timeout_ns = duration_or(timeout, DEFAULT_TIMEOUT_NS);
	program->env = make_env(draft);
	if (draft->is_replay) {
		program->argv = tare_arena_alloc(arena, 2, sizeof(*program->argv));
		program->argv[0] = tare_arena_strdup(arena, "replay");
		program->argc = 1;
	} else {
		read_work(draft);
	}
	read_expectation(draft);
	read_streams(draft);
	draft->out->build = read_build(draft);
	draft->out->setup = read_hook(draft, TARE_KEY_SETUP);
	draft->out->prepare = read_hook(draft, TARE_KEY_PREPARE);
	draft->out->conclude = read_hook(draft, TARE_KEY_CONCLUDE);
	draft->out->cleanup = read_hook(draft, TARE_KEY_CLEANUP);
	read_services(draft);
}
