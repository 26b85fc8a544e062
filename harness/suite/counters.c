#include "harness/suite/counters.h"

#include <stdlib.h>
#include <string.h>

#include "harness/model/counter.h"

/* A group by name: the suite's own, else one of those that come with tare, else NULL. */
static const struct tare_node *
find_group(struct tare_expansion *expansion, const char *name)
{
	const struct tare_suite *suite = expansion->suite;

	for (size_t i = suite->counter_groups_count; i-- > 0;) {
		const struct tare_node *group = tare_node_find(suite->counter_groups[i], name);

		if (group != NULL)
			return group->bad ? NULL : group;
	}
	for (size_t i = 0; tare_counter_files[i].name != NULL; i++)
		if (strcmp(tare_counter_files[i].name, name) == 0)
			return tare_counter_file_group(expansion, i);
	return NULL;
}

const char *
tare_suite_counter_group(size_t index)
{
	for (size_t i = 0; i <= index; i++) {
		if (tare_counter_files[i].name == NULL)
			return NULL;
	}
	return tare_counter_files[index].name;
}

const struct tare_node *
tare_counter_file_group(struct tare_expansion *expansion, size_t index)
{
	const struct tare_counter_file *file = &tare_counter_files[index];
	struct tare_node *top[TARE_TOP_COUNT] = {0};
	struct tare_source *source = NULL;
	struct tare_node *root = NULL;

	if (expansion->counter_files[index] != NULL)
		return expansion->counter_files[index];
	source = tare_arena_alloc(expansion->arena, 1, sizeof(*source));
	source->name = tare_arena_printf(expansion->arena, "counters/%s.yaml", file->name);
	source->directory = ".";
	if (tare_yaml_read(&root, expansion->arena, expansion->decoder.problems, source, file->text,
		    strlen(file->text)) &&
		tare_table_decode(&expansion->decoder, &tare_suite_table, root, top) &&
		top[TARE_TOP_COUNTER_GROUPS] != NULL)
		expansion->counter_files[index] =
			tare_node_find(top[TARE_TOP_COUNTER_GROUPS], file->name);
	return expansion->counter_files[index];
}

/* The counters of a case while they are collected. */
struct gathering {
	struct tare_draft *draft;
	const struct tare_metric_sink *sink;
	struct tare_counter_group *groups;
	size_t group_count;
};

static void
refuse_taken(struct gathering *gathering, const struct tare_node *name, const char *what)
{
	struct tare_problem_list *problems = gathering->draft->expansion->decoder.problems;

	tare_problem_add(problems, name, "%s %s is a metric already; expected another name", what,
		tare_problem_quote(problems, name->text));
}

static size_t
add_counter(struct gathering *gathering, const struct tare_node *name)
{
	const struct tare_counter_name *known = tare_counter_name_find(name->text);
	const char *slash = strchr(name->text, '/');
	size_t at = gathering->sink->place(gathering->sink->context, name);
	struct tare_metric *metric = NULL;
	struct tare_metric_rule *rule = NULL;

	if (at == TARE_METRICS_MAX)
		return at;
	gathering->sink->get(gathering->sink->context, at, &metric, &rule);
	if (rule->source != TARE_SOURCE_REPLAY) {
		if (rule->source != TARE_SOURCE_COUNTER)
			refuse_taken(gathering, name, "counter");
		return at;
	}
	/* "rusage/task-clock": the name behind the provider's. */
	if (known == NULL && slash != NULL)
		known = tare_counter_name_find(slash + 1);
	metric->unit = known != NULL ? known->unit : "count";
	metric->better = known != NULL ? known->better : TARE_LOWER_IS_BETTER;
	rule->written_unit = metric->unit;
	if (!gathering->draft->is_replay)
		rule->source = TARE_SOURCE_COUNTER;
	return at;
}

static void
add_to_group(
	struct gathering *gathering, struct tare_counter_group *group, const struct tare_node *name)
{
	size_t at = add_counter(gathering, name);

	if (at < TARE_METRICS_MAX)
		group->metrics[group->metric_count++] = at;
}

static struct tare_counter_group *
begin_group(struct gathering *gathering, const char *name, size_t count)
{
	struct tare_counter_group *group = &gathering->groups[gathering->group_count++];

	group->name = name;
	group->metrics = tare_arena_alloc(
		gathering->draft->expansion->arena, count, sizeof(*group->metrics));
	group->metric_count = 0;
	return group;
}

static void
add_derived(struct gathering *gathering, const struct tare_node *name,
	const struct tare_node *definition)
{
	struct tare_arena *arena = gathering->draft->expansion->arena;
	const struct tare_node *text = tare_node_find(definition, "formula");
	const struct tare_node *unit = tare_node_find(definition, "unit");
	const struct tare_node *better = tare_node_find(definition, "better");
	struct tare_formula *formula = NULL;
	struct tare_metric *metric = NULL;
	struct tare_metric_rule *rule = NULL;
	size_t at = gathering->sink->place(gathering->sink->context, name);

	if (at == TARE_METRICS_MAX || text == NULL ||
		tare_formula_parse(&formula, arena, text->text, NULL) != TARE_OK)
		return;
	gathering->sink->get(gathering->sink->context, at, &metric, &rule);
	if (rule->source != TARE_SOURCE_REPLAY) {
		if (!rule->formula_text || strcmp(rule->formula_text, text->text) != 0)
			refuse_taken(gathering, name, "derived metric");
		return;
	}
	metric->unit = unit != NULL ? unit->text : "";
	metric->better = better != NULL && strcmp(better->text, "higher") == 0
				 ? TARE_HIGHER_IS_BETTER
				 : TARE_LOWER_IS_BETTER;
	rule->source = TARE_SOURCE_DERIVED;
	rule->written_unit = metric->unit;
	rule->formula = formula;
	rule->formula_text = text->text;
}

static void
add_group(struct gathering *gathering, const char *name, const struct tare_node *node)
{
	const struct tare_node *counters = tare_node_find(node, "counters");
	const struct tare_node *derived = tare_node_find(node, "derived");
	bool is_list = counters != NULL && counters->kind == TARE_NODE_LIST;
	size_t count = is_list ? counters->count : 1;
	struct tare_counter_group *group = begin_group(gathering, name, count);

	for (size_t i = 0; counters != NULL && i < count; i++)
		add_to_group(gathering, group, is_list ? &counters->items[i] : counters);
	for (size_t i = 0; derived != NULL && i < derived->count; i++)
		add_derived(gathering, tare_node_key(derived, i), tare_node_value(derived, i));
}

static void
add_named(struct gathering *gathering, const struct tare_node *name)
{
	const struct tare_node *group = find_group(gathering->draft->expansion, name->text);

	if (group != NULL)
		add_group(gathering, name->text, group);
	else
		add_to_group(gathering, begin_group(gathering, name->text, 1), name);
}

/* Counted on the CPUs of the case, it has to have some of its own. */
static void
read_scope(struct tare_draft *draft)
{
	const struct tare_node *scope = tare_draft_value(draft, TARE_KEY_COUNTER_SCOPE);
	const struct tare_node *cpus = tare_draft_value(draft, TARE_KEY_CPUS);

	if (scope == NULL || strcmp(scope->text, "cpus") != 0)
		return;
	if (!draft->is_replay && (cpus == NULL || strcmp(cpus->text, "none") == 0))
		tare_problem_add(draft->expansion->decoder.problems, scope,
			"counter_scope: cpus counts on the CPUs of the case, which has none of its "
			"own; expected cpus: beside it, or program");
	draft->out->counts_cpus = true;
}

void
tare_draft_counters(struct tare_draft *draft, const struct tare_metric_sink *sink)
{
	const struct tare_node *node = tare_draft_value(draft, TARE_KEY_COUNTERS);
	const struct tare_node *required = tare_draft_value(draft, TARE_KEY_COUNTERS_REQUIRED);
	bool is_list = node != NULL && node->kind == TARE_NODE_LIST;
	size_t count = is_list ? node->count : 1;
	struct gathering gathering = {.draft = draft, .sink = sink};

	draft->out->counters_required = required != NULL && strcmp(required->text, "true") == 0;
	if (node == NULL || (!is_list && strcmp(node->text, "none") == 0))
		return;
	read_scope(draft);
	if (count > TARE_METRICS_MAX) {
		tare_problem_add(draft->expansion->decoder.problems, node,
			"%zu counters; expected at most %d", count, TARE_METRICS_MAX);
		return;
	}
	gathering.groups =
		tare_arena_alloc(draft->expansion->arena, count, sizeof(*gathering.groups));
	for (size_t i = 0; i < count; i++)
		add_named(&gathering, is_list ? &node->items[i] : node);
	draft->out->counter_groups = gathering.groups;
	draft->out->counter_group_count = gathering.group_count;
}
