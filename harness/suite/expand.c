#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/model/run.h"
#include "harness/suite/draft.h"
#include "harness/suite/matrix.h"

#define DEFAULT_MAX_TIME_NS UINT64_C(10000000000)
#define DEFAULT_PRECISION   0.02

enum {
	DEFAULT_MIN = 6, /* fewer give no interval of 95 % at all */
	DEFAULT_MAX = 1000,
	ATTEMPTS_MAX = 2000, /* problems, repeated ones too, after which expanding stops */
	SLUG_MAX = 80,
};

/* Bytes a plan may take: a bound for hostile suites, far above any real one. */
#define PLAN_SIZE_MAX ((size_t)1 << 30)

static const struct tare_layer no_layer;
static const struct tare_variants no_variants = {
	.items = (struct tare_variant[]){{.name = ""}}, .count = 1};

static const char *
process_getenv(const char *name)
{
	return getenv(name);
}

/* Values. */

const struct tare_node *
tare_draft_resolve(const struct tare_draft *draft, enum tare_key key, struct tare_node *node)
{
	const struct tare_field *field = &tare_benchmark_fields[key];
	struct tare_node *resolved = NULL;

	if (node->bad)
		return NULL;
	if (!node->has_reference)
		return node;
	resolved = tare_scope_resolve(&draft->scope, node);
	if (resolved == NULL ||
		!tare_shape_check(&draft->expansion->decoder, field->shape, resolved, field->key))
		return NULL;
	return resolved;
}

static struct tare_node *
find_slot(const struct tare_draft *draft, enum tare_key key)
{
	if (draft->expansion->overrides[key] != NULL)
		return draft->expansion->overrides[key];
	for (size_t i = draft->layer_count; i-- > 0;)
		if (draft->layers[i]->slots[key] != NULL)
			return draft->layers[i]->slots[key];
	return NULL;
}

const struct tare_node *
tare_draft_value(const struct tare_draft *draft, enum tare_key key)
{
	struct tare_node *node = find_slot(draft, key);

	return node == NULL ? NULL : tare_draft_resolve(draft, key, node);
}

const struct tare_node *
tare_draft_work(enum tare_key *key_out, bool *found_out, const struct tare_draft *draft)
{
	static const enum tare_key keys[] = {TARE_KEY_COMMAND, TARE_KEY_SHELL, TARE_KEY_REPLAY};

	for (size_t i = draft->layer_count; i-- > 0;) {
		for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++) {
			struct tare_node *node = draft->layers[i]->slots[keys[j]];

			if (node == NULL)
				continue;
			*found_out = true;
			*key_out = keys[j];
			return tare_draft_resolve(draft, keys[j], node);
		}
	}
	return NULL;
}

/* Cases. */

static void
read_invocations(struct tare_draft *draft, size_t list_len)
{
	const struct tare_node *node = tare_draft_value(draft, TARE_KEY_INVOCATIONS);
	struct tare_case *out = draft->out;
	const struct tare_node *min = NULL;
	const struct tare_node *max = NULL;
	uint32_t most = list_len > 0 ? (uint32_t)list_len : DEFAULT_MAX;

	out->invocations_auto = node == NULL ? list_len == 0 : true;
	out->invocations_min = most < DEFAULT_MIN || node == NULL ? most : DEFAULT_MIN;
	out->invocations_max = most;
	if (node == NULL && list_len == 0)
		out->invocations_min = DEFAULT_MIN;
	if (node == NULL)
		return;
	if (node->kind == TARE_NODE_MAP) {
		min = tare_node_find(node, "min");
		max = tare_node_find(node, "max");
	} else if (strcmp(node->text, "auto") != 0) {
		min = node;
		max = node;
		out->invocations_auto = false;
	}
	if (min != NULL)
		out->invocations_min = (uint32_t)strtoul(min->text, NULL, 10);
	if (max != NULL)
		out->invocations_max = (uint32_t)strtoul(max->text, NULL, 10);
	if (max == NULL && out->invocations_max < out->invocations_min)
		out->invocations_max = out->invocations_min;
	if (min == NULL && out->invocations_min > out->invocations_max)
		out->invocations_min = out->invocations_max;
	if (out->invocations_min > out->invocations_max)
		tare_problem_add(draft->expansion->decoder.problems, node,
			"min %u is more than max %u; expected it the other way round",
			out->invocations_min, out->invocations_max);
	else if (list_len > 0 && out->invocations_max > list_len)
		tare_problem_add(draft->expansion->decoder.problems, node,
			"%u invocations of a replay with %zu values; expected at most as many",
			out->invocations_max, list_len);
}

static void
read_limits(struct tare_draft *draft, size_t list_len)
{
	const struct tare_node *warmup = tare_draft_value(draft, TARE_KEY_WARMUP);
	const struct tare_node *precision = tare_draft_value(draft, TARE_KEY_PRECISION);
	const struct tare_node *max_time = tare_draft_value(draft, TARE_KEY_MAX_TIME);
	const struct tare_node *on_disturbance = tare_draft_value(draft, TARE_KEY_ON_DISTURBANCE);
	const struct tare_node *randomize = tare_draft_value(draft, TARE_KEY_RANDOMIZE_ENVIRONMENT);
	struct tare_case *out = draft->out;

	out->warmup = draft->is_replay ? 0 : 1;
	if (warmup != NULL)
		out->warmup = (uint32_t)strtoul(warmup->text, NULL, 10);
	out->precision = DEFAULT_PRECISION;
	if (precision != NULL)
		tare_percent_parse(&out->precision, precision->text, NULL);
	out->max_time_ns = DEFAULT_MAX_TIME_NS;
	if (max_time != NULL)
		tare_duration_parse(&out->max_time_ns, max_time->text, NULL);
	out->repeats_disturbed =
		on_disturbance != NULL && strcmp(on_disturbance->text, "repeat") == 0;
	out->pads_environment =
		!draft->is_replay && (randomize == NULL || strcmp(randomize->text, "true") == 0);
	read_invocations(draft, list_len);
}

/* By whoever knows what may stand there. */
bool
tare_draft_check(const struct tare_draft *draft, enum tare_key key, const struct tare_node *node)
{
	const struct tare_expand_options *options = draft->expansion->options;
	struct tare_problem_list *problems = draft->expansion->decoder.problems;
	struct tare_err err = {0};

	if (node == NULL || options->check_value == NULL ||
		options->check_value(tare_benchmark_fields[key].key, node->text, &err) == TARE_OK)
		return true;
	tare_problem_add(problems, node, "%s", tare_text_safe(problems->arena, err.text));
	return false;
}

void
tare_draft_check_here(const struct tare_draft *draft, const char *key, const struct tare_node *node,
	const char *text)
{
	const struct tare_expand_options *options = draft->expansion->options;
	struct tare_problem_list *advice = draft->expansion->advice;
	struct tare_err err = {0};

	if (advice == NULL || draft->is_replay ||
		options->check_here(options->check_here_context, key, text, &err) == TARE_OK)
		return;
	tare_problem_add(advice, node, "%s", tare_text_safe(advice->arena, err.text));
}

const char *
tare_draft_place(const struct tare_draft *draft, const struct tare_node *node)
{
	if (node->line == 0)
		return node->source->name;
	return tare_arena_printf(
		draft->expansion->arena, "%s:%u:%u", node->source->name, node->line, node->column);
}

static void
read_texts(struct tare_draft *draft)
{
	const struct tare_node *description = find_slot(draft, TARE_KEY_DESCRIPTION);
	const struct tare_node *critical = tare_draft_value(draft, TARE_KEY_CRITICAL);
	const struct tare_node *cpus = tare_draft_value(draft, TARE_KEY_CPUS);
	const struct tare_node *numa = tare_draft_value(draft, TARE_KEY_NUMA);
	const struct tare_node *threads = tare_draft_value(draft, TARE_KEY_THREADS);

	draft->out->description = description == NULL || description->bad ? "" : description->text;
	draft->out->critical = critical != NULL && strcmp(critical->text, "true") == 0;
	if (cpus != NULL) {
		draft->out->cpus = cpus->text;
		draft->out->cpus_at = tare_draft_place(draft, cpus);
		tare_draft_check_here(draft, "cpus", cpus, cpus->text);
	}
	if (numa != NULL) {
		draft->out->numa = numa->text;
		draft->out->numa_at = tare_draft_place(draft, numa);
		tare_draft_check_here(draft, "numa", numa, numa->text);
	}
	draft->out->threads_pinned = threads != NULL && strcmp(threads->text, "pinned") == 0;
}

static bool
has_tag(const struct tare_case *out, const char *tag)
{
	for (size_t i = 0; i < out->tag_count; i++)
		if (strcmp(out->tags[i], tag) == 0)
			return true;
	return false;
}

static void
read_tags(struct tare_draft *draft)
{
	struct tare_case *out = draft->out;
	size_t capacity = 0;

	for (size_t i = 0; i < draft->layer_count; i++) {
		const struct tare_node *node = draft->layers[i]->slots[TARE_KEY_TAGS];

		if (node != NULL && !node->bad)
			capacity += node->kind == TARE_NODE_LIST ? node->count : 1;
	}
	if (capacity > TARE_SUITE_TAG_MAX) {
		tare_problem_add(draft->expansion->decoder.problems, draft->benchmark->at,
			"%zu tags; expected at most %d", capacity, TARE_SUITE_TAG_MAX);
		return;
	}
	out->tags = tare_arena_alloc(draft->expansion->arena, capacity, sizeof(*out->tags));
	for (size_t i = 0; i < draft->layer_count; i++) {
		const struct tare_node *node = draft->layers[i]->slots[TARE_KEY_TAGS];
		size_t count = node == NULL || node->bad      ? 0
			       : node->kind == TARE_NODE_LIST ? node->count
							      : 1;

		for (size_t j = 0; j < count; j++) {
			const char *tag =
				node->kind == TARE_NODE_LIST ? node->items[j].text : node->text;

			if (!has_tag(out, tag))
				out->tags[out->tag_count++] = tag;
		}
	}
}

static void
report_no_work(const struct tare_draft *draft)
{
	struct tare_problem_list *problems = draft->expansion->decoder.problems;
	const struct tare_scope *scope = &draft->scope;

	if (!tare_scope_lost(scope, "command") && !tare_scope_lost(scope, "shell") &&
		!tare_scope_lost(scope, "replay"))
		tare_problem_add(problems, draft->benchmark->at,
			"nothing to run in benchmark %s; expected command, shell or replay",
			tare_problem_quote(problems, draft->benchmark->name));
}

/* A runner that is named, and what it shall run. */
static void
check_runner(const struct tare_draft *draft, const struct tare_node *runner)
{
	struct tare_problem_list *problems = draft->expansion->decoder.problems;
	bool asks_replay = strcmp(runner->text, "replay") == 0;

	if (!tare_draft_check(draft, TARE_KEY_RUNNER, runner))
		return;
	if (draft->is_replay && !asks_replay)
		tare_problem_add(problems, runner,
			"runner is %s, but benchmark %s has replay; expected replay or auto",
			tare_problem_quote(problems, runner->text),
			tare_problem_quote(problems, draft->benchmark->name));
	if (!draft->is_replay && asks_replay)
		tare_problem_add(problems, runner,
			"runner is \"replay\", but benchmark %s has no replay; expected the values "
			"to report",
			tare_problem_quote(problems, draft->benchmark->name));
}

/* Decides what kind of case it is; false where nothing can be said of it. */
static bool
read_runner(const struct tare_node **replay_out, struct tare_draft *draft)
{
	const struct tare_node *runner = tare_draft_value(draft, TARE_KEY_RUNNER);
	enum tare_key key = TARE_KEY_COMMAND;
	bool found = false;
	const struct tare_node *work = tare_draft_work(&key, &found, draft);

	if (!found) {
		report_no_work(draft);
		return false;
	}
	draft->is_replay = key == TARE_KEY_REPLAY;
	*replay_out = draft->is_replay ? work : NULL;
	if (runner == NULL || strcmp(runner->text, "auto") == 0) {
		draft->out->runner = draft->is_replay ? "replay" : "host";
		return true;
	}
	check_runner(draft, runner);
	draft->out->runner = runner->text;
	return true;
}

static void
fill_case(struct tare_draft *draft)
{
	const struct tare_node *replay = NULL;
	size_t list_len = 0;

	if (!read_runner(&replay, draft))
		return;
	read_texts(draft);
	tare_draft_metrics(&list_len, draft, replay);
	tare_draft_programs(draft);
	tare_draft_container(draft);
	read_limits(draft, list_len);
}

static bool
is_wanted(struct tare_expansion *expansion, const struct tare_case *one, const char *group)
{
	const struct tare_expand_options *options = expansion->options;
	bool wanted = options->only_count == 0;

	for (size_t i = 0; i < options->only_count; i++) {
		const char *pattern = options->only[i];
		bool match = false;

		if (strncmp(pattern, "tag:", 4) == 0)
			for (size_t j = 0; j < one->tag_count && !match; j++)
				match = tare_text_glob(pattern + 4, one->tags[j]);
		else
			match = tare_text_glob(pattern, one->name) ||
				tare_text_glob(pattern, group) ||
				tare_text_glob(pattern, one->benchmark);
		if (match)
			expansion->only_used[i] = true;
		wanted |= match;
	}
	return wanted;
}

static void
check_only(struct tare_expansion *expansion)
{
	struct tare_source source = {.name = "--only"};

	/* What is wrong may be its name. */
	if (expansion->suite->broken)
		return;
	for (size_t i = 0; i < expansion->options->only_count; i++)
		if (!expansion->only_used[i])
			tare_problem_add_at(expansion->decoder.problems, &source, 0, 0,
				"no case is like %s; expected a case, a benchmark or tag:NAME, in "
				"which * and ? stand for others",
				tare_problem_quote(
					expansion->decoder.problems, expansion->options->only[i]));
}

static struct tare_case *
new_case(struct tare_expansion *expansion)
{
	struct tare_plan *plan = expansion->plan;

	if (plan->case_count == expansion->case_capacity) {
		expansion->case_capacity = expansion->case_capacity * 2 + 16;
		plan->cases = tare_arena_grow(expansion->arena, plan->cases, plan->case_count,
			expansion->case_capacity, sizeof(*plan->cases));
	}
	memset(&plan->cases[plan->case_count], 0, sizeof(*plan->cases));
	return &plan->cases[plan->case_count];
}

static struct tare_group *
new_group(struct tare_expansion *expansion, const char *name)
{
	struct tare_plan *plan = expansion->plan;

	if (plan->group_count == expansion->group_capacity) {
		expansion->group_capacity = expansion->group_capacity * 2 + 16;
		plan->groups = tare_arena_grow(expansion->arena, plan->groups, plan->group_count,
			expansion->group_capacity, sizeof(*plan->groups));
	}
	plan->groups[plan->group_count] =
		(struct tare_group){.first_case = plan->case_count, .name = name};
	return &plan->groups[plan->group_count++];
}

static struct tare_parameter *
list_parameters(struct tare_arena *arena, const struct tare_point *point)
{
	struct tare_parameter *parameters =
		tare_arena_alloc(arena, point->count, sizeof(*parameters));

	for (size_t i = 0; i < point->count; i++)
		parameters[i] = (struct tare_parameter){
			.name = point->values[i].name, .value = point->values[i].text};
	return parameters;
}

/* Identity of the case, and whether it is wanted at all. */
static bool
name_case(struct tare_draft *draft, const struct tare_variant *variant, const char *group_name)
{
	struct tare_expansion *expansion = draft->expansion;
	struct tare_case *out = draft->out;
	size_t first = 0;

	out->benchmark = draft->benchmark->name;
	out->variant = variant->name;
	out->name = tare_case_name(expansion->arena, out->benchmark, out->parameters,
		out->parameter_count, out->variant);
	out->file = draft->benchmark->at->source->name;
	out->line = (int)draft->benchmark->at->line;
	read_tags(draft);
	if (!draft->benchmark->again && !variant->again &&
		!tare_names_add(
			&expansion->case_names, &first, out->name, expansion->plan->case_count)) {
		tare_problem_add(expansion->decoder.problems, draft->benchmark->at,
			"case %s again; expected parameters that tell the points apart",
			tare_problem_quote(expansion->decoder.problems, out->name));
		return false;
	}
	return is_wanted(expansion, out, group_name);
}

static bool
has_room(const struct tare_draft *draft)
{
	struct tare_expansion *expansion = draft->expansion;

	if (expansion->case_names.count > TARE_SUITE_CASE_MAX) {
		tare_problem_add(expansion->decoder.problems, draft->benchmark->at,
			"more than %d cases; expected fewer", TARE_SUITE_CASE_MAX);
		return false;
	}
	if (tare_arena_size_bytes(expansion->arena) > PLAN_SIZE_MAX) {
		tare_problem_add(expansion->decoder.problems, draft->benchmark->at,
			"the plan takes more than %zu MiB; expected shorter texts or fewer cases",
			PLAN_SIZE_MAX >> 20);
		return false;
	}
	return expansion->decoder.problems->attempts < ATTEMPTS_MAX &&
	       expansion->shared.steps <= TARE_SCOPE_ALL_STEPS_MAX;
}

static bool
expand_case(struct tare_draft *draft, struct tare_group **group, const char *group_name,
	const struct tare_variant *variant)
{
	struct tare_expansion *expansion = draft->expansion;
	struct tare_plan *plan = expansion->plan;
	struct tare_case *out = draft->out;

	draft->layers[draft->layer_count - 1] = &variant->layer;
	draft->is_replay = false;
	draft->wants_stdout = false;
	if (!has_room(draft))
		return false;
	if (!name_case(draft, variant, group_name))
		return true;
	out->index = plan->case_count;
	out->scratch_dir = tare_arena_printf(
		expansion->arena, "%s/case-%zu", expansion->scratch_root, out->index);
	draft->scope.variant = variant->name;
	draft->scope.scratch_dir = out->scratch_dir;
	fill_case(draft);
	if (*group == NULL)
		*group = new_group(expansion, group_name);
	out->group = plan->group_count - 1;
	(*group)->case_count++;
	(*group)->exclusive |= out->service_count > 0;
	plan->case_count++;
	return true;
}

static bool
expand_point(struct tare_draft *draft, const struct tare_point *point,
	const struct tare_variants *variants)
{
	struct tare_expansion *expansion = draft->expansion;
	struct tare_parameter *parameters = list_parameters(expansion->arena, point);
	const char *name = tare_case_name(
		expansion->arena, draft->benchmark->name, parameters, point->count, "");
	struct tare_group *group = NULL;

	draft->scope.point = point;
	for (size_t i = 0; i < variants->count; i++) {
		draft->out = new_case(expansion);
		draft->out->parameters = parameters;
		draft->out->parameter_count = point->count;
		if (!expand_case(draft, &group, name, &variants->items[i]))
			return false;
	}
	return true;
}

static bool
find_points(const struct tare_draft *draft, const struct tare_matrix *matrix)
{
	struct tare_expansion *expansion = draft->expansion;

	if (expansion->points != NULL && expansion->points_of == matrix &&
		(matrix == NULL || !matrix->at->has_reference))
		return true;
	if (!tare_matrix_points(
		    &expansion->points, &expansion->point_count, &draft->scope, matrix)) {
		expansion->points = NULL;
		return false;
	}
	expansion->points_of = matrix;
	return true;
}

static const struct tare_variants *
pick_variants(const struct tare_expansion *expansion, const struct tare_benchmark *benchmark)
{
	if (benchmark->variants != NULL)
		return benchmark->variants;
	return expansion->suite->variants != NULL ? expansion->suite->variants : &no_variants;
}

/* What a benchmark's own matrix leaves out of the suite's, or adds to it, if that is all it says.
 */
static const struct tare_matrix *
pick_matrix(const struct tare_expansion *expansion, const struct tare_benchmark *benchmark)
{
	const struct tare_matrix *own = benchmark->matrix;
	const struct tare_matrix *all = expansion->suite->matrix;

	if (own == NULL && benchmark->layer.slots[TARE_KEY_MATRIX] == NULL)
		return all;
	if (own == NULL || own->count > 0 || all == NULL)
		return own;
	return tare_matrix_join(expansion->arena, all, own);
}

static void
expand_benchmark(struct tare_expansion *expansion, const struct tare_benchmark *benchmark)
{
	struct tare_draft draft = {
		.expansion = expansion,
		.benchmark = benchmark,
		.scope = {.shared = &expansion->shared, .benchmark = benchmark->name},
	};

	memcpy(draft.layers, expansion->base, expansion->base_count * sizeof(draft.layers[0]));
	draft.layer_count = expansion->base_count;
	draft.layers[draft.layer_count++] = &benchmark->layer;
	draft.layers[draft.layer_count++] = &no_layer;
	draft.scope.layers = draft.layers;
	draft.scope.layer_count = draft.layer_count;
	if (!find_points(&draft, pick_matrix(expansion, benchmark)))
		return;
	for (size_t i = 0; i < expansion->point_count; i++)
		if (!expand_point(
			    &draft, &expansion->points[i], pick_variants(expansion, benchmark)))
			return;
}

/* The plan. */

/* A name for a folder. */
static const char *
slug(struct tare_arena *arena, const char *name)
{
	char *text = tare_arena_strndup(arena, name, strnlen(name, SLUG_MAX));

	for (char *at = text; *at != '\0'; at++) {
		bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			     (*at >= '0' && *at <= '9') || *at == '-' || *at == '_' ||
			     (*at == '.' && at > text);

		if (!plain)
			*at = '-';
	}
	return text;
}

static void
set_directories(struct tare_expansion *expansion)
{
	struct tare_arena *arena = expansion->arena;
	const char *root = expansion->options->scratch_root;
	char *here = getcwd(NULL, 0);
	const char *base = tare_arena_strdup(arena, here != NULL ? here : "/");

	free(here);
	expansion->plan->work_dir = tare_path_join(arena, base,
		tare_arena_printf(arena, ".tare/work_dir/%s", slug(arena, expansion->suite->name)));
	expansion->shared.work_dir = expansion->plan->work_dir;
	expansion->scratch_root =
		tare_path_join(arena, base, root != NULL ? root : ".tare/scratch");
}

static void
begin(struct tare_expansion *expansion)
{
	struct tare_plan *plan = expansion->plan;

	plan->suite = expansion->suite->name;
	plan->description = expansion->suite->description;
	plan->file = expansion->suite->file;
	plan->digest = expansion->suite->digest;
	set_directories(expansion);
	tare_expansion_choose(expansion);
	expansion->only_used = tare_arena_alloc(
		expansion->arena, expansion->options->only_count, sizeof(*expansion->only_used));
}

static void
expand_into(struct tare_plan **plan_out, struct tare_problem_list *problems,
	struct tare_problem_list *advice, const struct tare_suite *suite,
	const struct tare_expand_options *options, bool elsewhere)
{
	struct tare_arena *arena = problems->arena;
	struct tare_expansion *expansion = tare_arena_alloc(arena, 1, sizeof(*expansion));

	expansion->arena = arena;
	expansion->suite = suite;
	expansion->options = options;
	expansion->advice = options->check_here != NULL ? advice : NULL;
	expansion->decoder = (struct tare_decoder){
		.arena = arena, .problems = problems, .pattern_cost = &expansion->pattern_cost};
	expansion->shared.arena = arena;
	expansion->shared.problems = problems;
	expansion->shared.suite = suite;
	expansion->shared.elsewhere = elsewhere;
	expansion->shared.getenv =
		expansion->options->getenv != NULL ? expansion->options->getenv : process_getenv;
	expansion->plan = tare_arena_alloc(arena, 1, sizeof(*expansion->plan));
	tare_names_init(&expansion->case_names);
	tare_names_init(&expansion->build_keys);
	tare_names_init(&expansion->provided_names);
	begin(expansion);
	for (size_t i = 0; i < suite->benchmark_count; i++)
		expand_benchmark(expansion, &suite->benchmarks[i]);
	tare_expansion_check_variables(expansion);
	check_only(expansion);
	tare_scope_shared_free(&expansion->shared);
	tare_names_free(&expansion->case_names);
	tare_names_free(&expansion->build_keys);
	tare_names_free(&expansion->provided_names);
	*plan_out = expansion->plan;
}

/* The environments that were not picked are expanded only for what is wrong in them. */
static void
expand_others(struct tare_problem_list *problems, const struct tare_suite *suite,
	const struct tare_expand_options *options, const struct tare_plan *picked)
{
	size_t work = picked->case_count;

	for (size_t i = 0; i < suite->environment_count; i++) {
		struct tare_expand_options other = *options;
		struct tare_plan *plan = NULL;

		other.environment = suite->environments[i].name;
		if (strcmp(other.environment, picked->environment) == 0)
			continue;
		work += picked->case_count;
		if (work > TARE_SUITE_CASE_MAX)
			return;
		expand_into(&plan, problems, NULL, suite, &other, true);
	}
}

void
tare_suite_expand_into(struct tare_plan **plan_out, struct tare_problem_list *problems,
	struct tare_problem_list *advice, const struct tare_suite *suite,
	const struct tare_expand_options *options)
{
	static const struct tare_expand_options no_options;

	if (options == NULL)
		options = &no_options;
	expand_into(plan_out, problems, advice, suite, options, false);
	if (options->all_environments)
		expand_others(problems, suite, options, *plan_out);
}

enum tare_status
tare_suite_expand(struct tare_plan **plan_out, struct tare_problems *problems_out,
	struct tare_arena *arena, const struct tare_suite *suite,
	const struct tare_expand_options *options, struct tare_err *err)
{
	struct tare_problem_list *problems = tare_arena_alloc(arena, 1, sizeof(*problems));
	struct tare_problem_list *advice = tare_arena_alloc(arena, 1, sizeof(*advice));
	struct tare_problems told = {0};
	struct tare_plan *plan = NULL;
	enum tare_status status = TARE_OK;

	tare_problem_list_init(problems, arena);
	tare_problem_list_init(advice, arena);
	tare_suite_expand_into(&plan, problems, advice, suite, options);
	tare_problem_list_finish(&told, advice, NULL);
	status = tare_problem_list_finish(problems_out, problems, err);
	problems_out->advice = told.texts;
	problems_out->advice_count = told.count;
	if (status == TARE_OK)
		*plan_out = plan;
	return status;
}
