#include <assert.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/model/comparison.h"
#include "harness/suite/draft.h"

/* The environment. */

static bool
is_predefined(const char *name)
{
	return strcmp(name, "development") == 0 || strcmp(name, "ci") == 0 ||
	       strcmp(name, "production") == 0;
}

static void
check_environment(struct tare_expansion *expansion, const char *name, const char *where)
{
	const struct tare_suite *suite = expansion->suite;
	struct tare_problem_list *problems = expansion->decoder.problems;
	struct tare_source source = {.name = where};
	const char *names[64] = {"development", "ci", "production"};
	size_t count = 3;

	if (is_predefined(name))
		return;
	for (size_t i = 0; i < suite->environment_count; i++) {
		if (strcmp(suite->environments[i].name, name) == 0)
			return;
		if (count < sizeof(names) / sizeof(names[0]))
			names[count++] = suite->environments[i].name;
	}
	tare_problem_add_at(problems, &source, 0, 0,
		"%s is no environment of the suite; expected development, ci, production or one "
		"under `environments`%s",
		tare_problem_quote(problems, name),
		tare_problem_suggest(problems, name, names, count));
}

static void
pick_environment(struct tare_expansion *expansion)
{
	struct tare_plan *plan = expansion->plan;
	const char *asked = expansion->options->environment;
	const char *variable = expansion->shared.getenv("TARE_ENVIRONMENT");
	const char *ci = expansion->shared.getenv("CI");

	if (asked != NULL) {
		plan->environment = tare_arena_strdup(expansion->arena, asked);
		plan->environment_reason = "--environment";
		check_environment(expansion, asked, "--environment");
	} else if (variable != NULL && variable[0] != '\0') {
		plan->environment = tare_arena_strdup(expansion->arena, variable);
		plan->environment_reason = tare_arena_printf(expansion->arena,
			"TARE_ENVIRONMENT=%s", tare_text_safe(expansion->arena, variable));
		check_environment(expansion, variable, "TARE_ENVIRONMENT");
	} else if (ci != NULL && ci[0] != '\0' && strcmp(ci, "false") != 0 &&
		   strcmp(ci, "0") != 0) {
		plan->environment = "ci";
		plan->environment_reason = tare_arena_printf(
			expansion->arena, "CI=%s", tare_text_safe(expansion->arena, ci));
	} else {
		plan->environment = "development";
		plan->environment_reason = "default";
	}
}

static void
collect_base(struct tare_expansion *expansion)
{
	const struct tare_suite *suite = expansion->suite;

	for (size_t i = 0; i < suite->vars_count; i++)
		expansion->base[expansion->base_count++] = &suite->vars[i];
	for (size_t i = 0; i < suite->defaults_count; i++)
		expansion->base[expansion->base_count++] = &suite->defaults[i];
	for (size_t i = 0; i < suite->environment_count; i++)
		if (strcmp(suite->environments[i].name, expansion->plan->environment) == 0)
			expansion->base[expansion->base_count++] = &suite->environments[i].layer;
	assert(expansion->base_count + 2 <= TARE_LAYERS_MAX);
}

static void
read_gate(struct tare_expansion *expansion)
{
	static const struct {
		const char *name;
		enum tare_verdict verdict;
	} verdicts[] = {
		{"regression", TARE_VERDICT_REGRESSION},
		{"inconclusive", TARE_VERDICT_INCONCLUSIVE},
		{"improvement", TARE_VERDICT_IMPROVEMENT},
	};
	struct tare_gate *gate = &expansion->plan->gate;
	const struct tare_node *node = expansion->suite->gate;

	for (size_t i = 0; i < expansion->base_count; i++)
		if (expansion->base[i]->slots[TARE_KEY_GATE] != NULL)
			node = expansion->base[i]->slots[TARE_KEY_GATE];
	if (node == NULL || node->bad)
		return;
	if (node->kind == TARE_NODE_MAP)
		node = tare_node_find(node, "fail_on");
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		bool named =
			node->kind == TARE_NODE_SCALAR && strcmp(node->text, verdicts[i].name) == 0;

		for (size_t j = 0; node->kind == TARE_NODE_LIST && j < node->count; j++)
			named |= strcmp(node->items[j].text, verdicts[i].name) == 0;
		if (named)
			gate->fail_on |= 1u << verdicts[i].verdict;
	}
	gate->asked_for = gate->fail_on != 0;
}

static void
read_correct(struct tare_expansion *expansion)
{
	const struct tare_node *node = expansion->suite->correct, *max_age = NULL;
	struct tare_plan *plan = expansion->plan;

	if (node == NULL || node->bad)
		return;
	if (node->kind == TARE_NODE_MAP) {
		max_age = tare_node_find(node, "max_age");
		node = tare_node_find(node, "what");
	}
	plan->corrects_containers = strcmp(node->text, "container") == 0;
	if (max_age != NULL)
		plan->correct_max_age = max_age->text;
}

/* Of the strongest layer that has any. Names in the values are not replaced: there is no case
 * here. */
static void
read_requirements(struct tare_expansion *expansion)
{
	struct tare_plan *plan = expansion->plan;
	const struct tare_node *node = NULL;

	for (size_t i = 0; i < expansion->base_count; i++)
		if (expansion->base[i]->slots[TARE_KEY_REQUIRE] != NULL)
			node = expansion->base[i]->slots[TARE_KEY_REQUIRE];
	if (node == NULL || node->bad || node->kind != TARE_NODE_MAP)
		return;
	plan->requirements =
		tare_arena_alloc(expansion->arena, node->count, sizeof(*plan->requirements));
	for (size_t i = 0; i < node->count; i++) {
		const struct tare_node *key = tare_node_key(node, i);
		const struct tare_node *value = tare_node_value(node, i);

		if (key->bad || value->bad || value->kind != TARE_NODE_SCALAR)
			continue;
		plan->requirements[plan->requirement_count++] =
			(struct tare_requirement){.key = key->text,
				.value = value->text,
				.place = tare_arena_printf(expansion->arena, "%s:%u:%u",
					value->source->name, value->line, value->column)};
	}
}

/* The command line. */

static void
read_override(
	struct tare_expansion *expansion, enum tare_key key, const char *option, const char *text)
{
	struct tare_node *node = NULL;

	if (text == NULL)
		return;
	expansion->option_source[key] = (struct tare_source){.name = option};
	node = tare_arena_alloc(expansion->arena, 1, sizeof(*node));
	node->source = &expansion->option_source[key];
	node->text = tare_arena_strdup(expansion->arena, text);
	if (tare_shape_check(&expansion->decoder, tare_benchmark_fields[key].shape, node,
		    tare_benchmark_fields[key].key))
		expansion->overrides[key] = node;
}

static void
read_variables(struct tare_expansion *expansion)
{
	const struct tare_expand_options *options = expansion->options;
	struct tare_scope_shared *shared = &expansion->shared;
	struct tare_source source = {.name = "--var"};

	shared->variables = tare_arena_alloc(
		expansion->arena, options->variable_count, sizeof(*shared->variables));
	for (size_t i = 0; i < options->variable_count; i++) {
		const char *text = options->variables[i];
		const char *equals = strchr(text, '=');
		struct tare_variable *variable = &shared->variables[shared->variable_count];
		struct tare_err err = {0};

		if (equals == NULL) {
			tare_problem_add_at(expansion->decoder.problems, &source, 0, 0,
				"%s has no value; expected NAME=VALUE",
				tare_problem_quote(expansion->decoder.problems, text));
			continue;
		}
		variable->name =
			tare_arena_strndup(expansion->arena, text, (size_t)(equals - text));
		variable->text = tare_arena_strdup(expansion->arena, equals + 1);
		if (tare_shape_identifier.check(variable->name, &err) == TARE_OK)
			shared->variable_count++;
		else
			tare_problem_add_at(expansion->decoder.problems, &source, 0, 0, "name %s",
				tare_text_safe(expansion->arena, err.text));
	}
}

static bool
layer_has_var(const struct tare_layer *layer, const char *name)
{
	const struct tare_node *vars = layer->slots[TARE_KEY_VARS];

	return vars != NULL && vars->kind == TARE_NODE_MAP && tare_node_find(vars, name) != NULL;
}

static bool
is_declared(const struct tare_suite *suite, const char *name)
{
	bool found = false;

	for (size_t i = 0; i < suite->vars_count; i++)
		found |= layer_has_var(&suite->vars[i], name);
	for (size_t i = 0; i < suite->defaults_count; i++)
		found |= layer_has_var(&suite->defaults[i], name);
	for (size_t i = 0; i < suite->environment_count; i++)
		found |= layer_has_var(&suite->environments[i].layer, name);
	for (size_t i = 0; i < suite->benchmark_count && !found; i++) {
		const struct tare_variants *variants = suite->benchmarks[i].variants;

		found = layer_has_var(&suite->benchmarks[i].layer, name);
		for (size_t j = 0; variants != NULL && j < variants->count; j++)
			found |= layer_has_var(&variants->items[j].layer, name);
	}
	for (size_t i = 0; suite->variants != NULL && i < suite->variants->count; i++)
		found |= layer_has_var(&suite->variants->items[i].layer, name);
	return found;
}

void
tare_expansion_check_variables(struct tare_expansion *expansion)
{
	struct tare_source source = {.name = "--var"};
	struct tare_problem_list *problems = expansion->decoder.problems;
	const struct tare_scope no_case = {.shared = &expansion->shared};
	const char *names[256];
	size_t count = 0;

	for (size_t i = 0; i < expansion->suite->vars_count; i++) {
		const struct tare_node *vars = expansion->suite->vars[i].slots[TARE_KEY_VARS];

		for (size_t j = 0; vars->kind == TARE_NODE_MAP && j < vars->count && count < 256;
			j++)
			names[count++] = tare_node_key(vars, j)->text;
	}
	for (size_t i = 0; i < expansion->shared.variable_count; i++) {
		const struct tare_variable *variable = &expansion->shared.variables[i];

		if (variable->used || is_declared(expansion->suite, variable->name) ||
			tare_scope_lost(&no_case, variable->name))
			continue;
		tare_problem_add_at(problems, &source, 0, 0,
			"the suite has no variable %s; expected one of its vars%s",
			tare_problem_quote(problems, variable->name),
			tare_problem_suggest(problems, variable->name, names, count));
	}
}

void
tare_expansion_choose(struct tare_expansion *expansion)
{
	const struct tare_expand_options *options = expansion->options;

	pick_environment(expansion);
	collect_base(expansion);
	read_gate(expansion);
	read_correct(expansion);
	read_requirements(expansion);
	read_override(expansion, TARE_KEY_CPUS, "--cpus", options->cpus);
	read_override(expansion, TARE_KEY_RUNNER, "--runner", options->runner);
	read_override(expansion, TARE_KEY_INVOCATIONS, "--invocations", options->invocations);
	read_override(expansion, TARE_KEY_MAX_TIME, "--max-time", options->max_time);
	read_variables(expansion);
}
