#include "harness/suite/scope.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

enum { REFERENCE_MAX = 256, CANDIDATES_MAX = 200 };

/* One replacing: the text being read, and the variables it was reached through. */
struct reading {
	const struct tare_scope *scope;
	const struct tare_node *at;
	const struct reading *outer;
	size_t depth;
	size_t *steps;
};

static bool replace(const struct reading *reading, const char *text);

static bool
append(const struct reading *reading, const char *text, size_t len)
{
	struct tare_scope_shared *shared = reading->scope->shared;

	if (shared->buffer_len + len > TARE_SCOPE_TEXT_MAX) {
		tare_problem_add(shared->problems, reading->at,
			"text longer than %d bytes after replacing names; expected less",
			TARE_SCOPE_TEXT_MAX);
		return false;
	}
	if (shared->buffer_len + len + 1 > shared->buffer_capacity) {
		shared->buffer_capacity = (shared->buffer_len + len + 1) * 2;
		shared->buffer = tare_xreallocarray(shared->buffer, shared->buffer_capacity, 1);
	}
	memcpy(shared->buffer + shared->buffer_len, text, len);
	shared->buffer_len += len;
	return true;
}

static const struct tare_point_value *
find_parameter(const struct tare_scope *scope, const char *name)
{
	if (scope->point == NULL)
		return NULL;
	for (size_t i = 0; i < scope->point->count; i++)
		if (strcmp(scope->point->values[i].name, name) == 0)
			return &scope->point->values[i];
	return NULL;
}

static const struct tare_node *
find_var(const struct tare_scope *scope, const char *name)
{
	for (size_t i = scope->layer_count; i-- > 0;) {
		const struct tare_node *vars = scope->layers[i]->slots[TARE_KEY_VARS];
		const struct tare_node *value = NULL;

		if (vars == NULL || vars->kind != TARE_NODE_MAP)
			continue;
		value = tare_node_find(vars, name);
		if (value != NULL)
			return value;
	}
	return NULL;
}

/* All that could have been meant; in the arena. */
static size_t
list_names(const char **names_out, const struct tare_scope *scope)
{
	size_t count = 0;

	for (size_t i = 0; scope->point != NULL && i < scope->point->count; i++)
		if (count < CANDIDATES_MAX)
			names_out[count++] = scope->point->values[i].name;
	for (size_t i = scope->layer_count; i-- > 0;) {
		const struct tare_node *vars = scope->layers[i]->slots[TARE_KEY_VARS];

		if (vars == NULL || vars->kind != TARE_NODE_MAP)
			continue;
		for (size_t j = 0; j < vars->count && count < CANDIDATES_MAX; j++)
			names_out[count++] = tare_node_key(vars, j)->text;
	}
	for (size_t i = 0; tare_builtin_names[i] != NULL; i++)
		names_out[count++] = tare_builtin_names[i];
	return count;
}

/* A mapping of names that is wrong: has it this one? */
static bool
bad_mentions(const struct tare_node *node, const char *name)
{
	if (node == NULL || !node->bad)
		return false;
	return node->kind != TARE_NODE_MAP || tare_node_mentions(node, name);
}

static bool
is_no_mapping(const struct tare_node *node)
{
	return node != NULL && node->bad && node->kind != TARE_NODE_MAP;
}

static bool
root_lost(const struct tare_node *root, const char *name)
{
	if (root->kind != TARE_NODE_MAP)
		return true;
	return bad_mentions(tare_node_find(root, "matrix"), name) ||
	       tare_table_lost(root, "include") || tare_table_lost(root, name);
}

bool
tare_scope_lost(const struct tare_scope *scope, const char *name)
{
	const struct tare_suite *suite = scope->shared->suite;

	if (suite == NULL || !suite->broken)
		return false;
	if (suite->incomplete)
		return true;
	for (size_t i = 0; i < suite->root_count; i++)
		if (root_lost(suite->roots[i], name))
			return true;
	for (size_t i = 0; i < scope->layer_count; i++) {
		const struct tare_layer *layer = scope->layers[i];

		if (bad_mentions(layer->slots[TARE_KEY_VARS], name) ||
			bad_mentions(layer->slots[TARE_KEY_MATRIX], name) ||
			is_no_mapping(layer->at) || tare_table_lost(layer->at, name))
			return true;
	}
	return false;
}

static bool
report_unknown(const struct reading *reading, const char *name)
{
	struct tare_problem_list *problems = reading->scope->shared->problems;
	const char *names[CANDIDATES_MAX + 16];
	size_t count = 0;
	const char *near = "";

	if (tare_scope_lost(reading->scope, name))
		return false;
	if (problems->count < TARE_SUITE_PROBLEM_MAX) {
		count = list_names(names, reading->scope);
		near = tare_problem_suggest(problems, name, names, count);
	}
	if (near[0] == '\0')
		near = "; expected a parameter, a variable or ${env:NAME} ($${ is a literal ${)";
	tare_problem_add(problems, reading->at, "nothing is called ${%s}%s",
		tare_text_safe(problems->arena, name), near);
	return false;
}

static bool
is_circle(const struct reading *reading, const struct tare_node *value)
{
	for (const struct reading *one = reading; one != NULL; one = one->outer)
		if (one->at == value)
			return true;
	return false;
}

static bool
replace_var(const struct reading *reading, const struct tare_node *value, const char *name)
{
	struct reading inner = {
		.scope = reading->scope,
		.at = value,
		.outer = reading,
		.depth = reading->depth + 1,
		.steps = reading->steps,
	};

	if (value->bad || value->kind != TARE_NODE_SCALAR)
		return false;
	if (!value->has_reference)
		return append(reading, value->text, strlen(value->text));
	if (is_circle(reading, value)) {
		tare_problem_add(reading->scope->shared->problems, value,
			"${%s} goes round in a circle; expected it to end in a text", name);
		return false;
	}
	if (inner.depth > TARE_SCOPE_DEPTH_MAX) {
		tare_problem_add(reading->scope->shared->problems, value,
			"variables nested more than %d deep; expected less", TARE_SCOPE_DEPTH_MAX);
		return false;
	}
	return replace(&inner, value->text);
}

/* env:NAME or env:NAME:-otherwise */
static bool
replace_env(const struct reading *reading, const char *reference)
{
	const struct tare_scope_shared *shared = reading->scope->shared;
	const char *otherwise = strstr(reference, ":-");
	size_t len = otherwise != NULL ? (size_t)(otherwise - reference) : strlen(reference);
	char *name = tare_arena_strndup(shared->arena, reference, len);
	const char *value = NULL;

	if (len == 0 || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789_") != len) {
		tare_problem_add(shared->problems, reading->at,
			"${env:%s} has no name of an environment variable; expected ${env:NAME} or "
			"${env:NAME:-text}",
			tare_text_safe(shared->arena, reference));
		return false;
	}
	value = shared->getenv(name);
	if (otherwise != NULL && (value == NULL || value[0] == '\0'))
		value = otherwise + 2;
	if (value != NULL && tare_utf8_check(value, strlen(value)) == strlen(value))
		return append(reading, value, strlen(value));
	if (value == NULL && shared->elsewhere)
		return false;
	tare_problem_add(shared->problems, reading->at,
		"environment variable %s is %s; expected a value, or ${env:%s:-text}", name,
		value == NULL ? "not set" : "not UTF-8", name);
	return false;
}

static const char *
find_builtin(bool *known_out, const struct reading *reading, const char *name)
{
	const struct tare_scope *scope = reading->scope;
	const struct {
		const char *name;
		const char *value;
	} builtins[] = {
		{"suite_dir", reading->at->source->directory},
		{"work_dir", scope->shared->work_dir},
		{"scratch_dir", scope->scratch_dir},
		{"benchmark", scope->benchmark},
		{"variant", scope->variant},
	};

	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		if (strcmp(builtins[i].name, name) != 0)
			continue;
		*known_out = true;
		return builtins[i].value;
	}
	return NULL;
}

static bool
replace_name(const struct reading *reading, const char *name)
{
	const struct tare_scope *scope = reading->scope;
	const struct tare_point_value *parameter = find_parameter(scope, name);
	const struct tare_node *var = NULL;
	bool known = false;
	const char *text = find_builtin(&known, reading, name);

	if (text == NULL && known) {
		tare_problem_add(scope->shared->problems, reading->at,
			"${%s} is not known here; expected %s", name,
			strcmp(name, "scratch_dir") == 0
				? "${work_dir} for what is there before a case begins"
				: "it inside a case");
		return false;
	}
	if (text == NULL && parameter != NULL)
		text = parameter->text;
	for (size_t i = scope->shared->variable_count; i-- > 0 && text == NULL;) {
		struct tare_variable *variable = &scope->shared->variables[i];

		if (strcmp(variable->name, name) == 0) {
			variable->used = true;
			text = variable->text;
		}
	}
	if (text != NULL)
		return append(reading, text, strlen(text));
	var = find_var(scope, name);
	if (var != NULL)
		return replace_var(reading, var, name);
	return report_unknown(reading, name);
}

static bool
count_step(const struct reading *reading)
{
	struct tare_scope_shared *shared = reading->scope->shared;

	shared->steps++;
	if (++*reading->steps <= TARE_SCOPE_STEPS_MAX && shared->steps <= TARE_SCOPE_ALL_STEPS_MAX)
		return true;
	tare_problem_add(shared->problems, reading->at,
		"replacing names takes more than %d steps; expected fewer names in names",
		*reading->steps > TARE_SCOPE_STEPS_MAX ? TARE_SCOPE_STEPS_MAX
						       : TARE_SCOPE_ALL_STEPS_MAX);
	return false;
}

/* "${...}" at text; *rest_out is behind it. */
static bool
replace_reference(const struct reading *reading, const char *text, const char **rest_out)
{
	const struct tare_scope_shared *shared = reading->scope->shared;
	const char *end = strchr(text, '}');
	char *name = NULL;

	if (!count_step(reading))
		return false;
	if (end == NULL || end - text > REFERENCE_MAX) {
		tare_problem_add(shared->problems, reading->at,
			"${ is not closed; expected ${name}, or $${ for a literal ${");
		return false;
	}
	*rest_out = end + 1;
	name = tare_arena_strndup(shared->arena, text + 2, (size_t)(end - text) - 2);
	if (strncmp(name, "env:", 4) == 0)
		return replace_env(reading, name + 4);
	return replace_name(reading, name);
}

static bool
replace(const struct reading *reading, const char *text)
{
	while (*text != '\0') {
		const char *dollar = strstr(text, "${");
		size_t len = dollar == NULL ? strlen(text) : (size_t)(dollar - text);
		bool literal = dollar != NULL && len > 0 && dollar[-1] == '$';

		if (!append(reading, text, literal ? len - 1 : len))
			return false;
		if (dollar == NULL)
			return true;
		text = dollar + 2;
		if (literal && !append(reading, "${", 2))
			return false;
		if (!literal && !replace_reference(reading, dollar, &text))
			return false;
	}
	return true;
}

const char *
tare_scope_text(const struct tare_scope *scope, const struct tare_node *node)
{
	struct tare_scope_shared *shared = scope->shared;
	size_t steps = 0;
	struct reading reading = {.scope = scope, .at = node, .steps = &steps};

	if (!node->has_reference)
		return node->text;
	shared->buffer_len = 0;
	if (!replace(&reading, node->text))
		return NULL;
	return tare_arena_strndup(
		shared->arena, shared->buffer != NULL ? shared->buffer : "", shared->buffer_len);
}

static bool
resolve_into(struct tare_node *out, const struct tare_scope *scope, const struct tare_node *node)
{
	size_t item_count = node->kind == TARE_NODE_MAP ? (size_t)node->count * 2 : node->count;
	bool good = true;

	*out = *node;
	if (!node->has_reference)
		return true;
	if (node->kind == TARE_NODE_SCALAR) {
		out->text = tare_scope_text(scope, node);
		out->has_reference = false;
		out->plain = false;
		return out->text != NULL;
	}
	out->items = tare_arena_alloc(scope->shared->arena, item_count, sizeof(*out->items));
	for (size_t i = 0; i < item_count; i++)
		good &= resolve_into(&out->items[i], scope, &node->items[i]);
	out->has_reference = false;
	return good;
}

struct tare_node *
tare_scope_resolve(const struct tare_scope *scope, struct tare_node *node)
{
	struct tare_node *out = NULL;

	if (!node->has_reference)
		return node;
	out = tare_arena_alloc(scope->shared->arena, 1, sizeof(*out));
	return resolve_into(out, scope, node) ? out : NULL;
}

void
tare_scope_shared_free(struct tare_scope_shared *shared)
{
	free(shared->buffer);
	shared->buffer = NULL;
	shared->buffer_len = 0;
	shared->buffer_capacity = 0;
}
