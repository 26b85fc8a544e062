#include "harness/suite/counters.h"

#include <stdlib.h>
#include <string.h>

#include "harness/model/counter.h"

/* The group of a file that comes with tare, read when it is first asked for. */
static const struct tare_node *
file_group(struct tare_expansion *expansion, size_t index)
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

/* A group by name: the suite's own, else one of those that come with tare, else NULL. */
static const struct tare_node *
find_group(struct tare_expansion *expansion, const char *name)
{
	const struct tare_suite *suite = expansion->suite;

	for (size_t i = suite->counter_groups_count; i-- > 0;) {
		const struct tare_node *group = tare_node_find(suite->counter_groups[i], name);

		if (group != NULL)
			return group;
	}
	for (size_t i = 0; tare_counter_files[i].name != NULL; i++)
		if (strcmp(tare_counter_files[i].name, name) == 0)
			return file_group(expansion, i);
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

/* A formula, and where it is written. */
struct written_formula {
	const struct tare_formula *formula;
	const struct tare_node *at;
};

/* The counters of a case while they are collected. */
struct gathering {
	struct tare_draft *draft;
	const struct tare_metric_sink *sink;
	const struct tare_node *asked; /* what of the suite is being followed */
	struct tare_counter_group *groups;
	size_t group_count;
	struct written_formula formulas[TARE_METRICS_MAX];
	size_t formula_count;
};

enum { GROUP_NAMES_MAX = 256 };

/* "; did you mean 'x'?": a counter, or a group of the suite or of tare. */
static const char *
suggest(struct gathering *gathering, const char *name)
{
	const struct tare_suite *suite = gathering->draft->expansion->suite;
	struct tare_problem_list *problems = gathering->draft->expansion->decoder.problems;
	const char *groups[GROUP_NAMES_MAX];
	const char *near;
	size_t count = 0;

	for (size_t i = 0; i < suite->counter_groups_count; i++) {
		const struct tare_node *map = suite->counter_groups[i];

		for (size_t j = 0; j < map->count && count < GROUP_NAMES_MAX; j++)
			groups[count++] = tare_node_key(map, j)->text;
	}
	for (size_t i = 0; tare_counter_files[i].name != NULL && count < GROUP_NAMES_MAX; i++)
		groups[count++] = tare_counter_files[i].name;
	near = tare_counter_nearest(name, groups, count);
	if (near == NULL)
		return "; expected a name of tare list counters, an event of PAPI or of the CPU's "
		       "manual, or a group";
	return tare_arena_printf(
		problems->arena, "; did you mean %s?", tare_problem_quote(problems, near));
}

/* Once for each name, since a provider may try it out. */
static bool
check_provider(struct tare_draft *draft, const struct tare_node *name)
{
	size_t first;

	if (tare_names_has(&draft->expansion->provided_names, name->text))
		return true;
	if (!tare_draft_check(draft, TARE_KEY_COUNTERS, name))
		return false;
	tare_names_add(&draft->expansion->provided_names, &first, name->text, 0);
	return true;
}

/* Whether groups may be missing only because of a problem that was reported. */
static bool
is_lost(const struct tare_draft *draft)
{
	const struct tare_suite *suite = draft->expansion->suite;

	for (size_t i = 0; suite->broken && i < suite->root_count; i++) {
		const struct tare_node *groups = tare_node_find(suite->roots[i], "counter_groups");

		if (groups != NULL && groups->bad)
			return true;
	}
	return tare_scope_lost(&draft->scope, "counter_groups");
}

/* Whether any machine could count it; and whether this one can, where that is asked. */
static bool
check_name(struct gathering *gathering, const struct tare_node *name)
{
	struct tare_draft *draft = gathering->draft;
	struct tare_problem_list *problems = draft->expansion->decoder.problems;
	const char *slash = strchr(name->text, '/');
	enum tare_counter_form form = tare_counter_form_of(slash ? slash + 1 : name->text);

	if (is_lost(draft))
		return false;
	if (form == TARE_COUNTER_UNKNOWN && find_group(draft->expansion, name->text) != NULL) {
		tare_problem_add(problems, name,
			"%s is a group, and a group cannot hold groups; expected counters here, "
			"and both groups in the list of `counters`",
			tare_problem_quote(problems, name->text));
		return false;
	}
	if (form == TARE_COUNTER_UNKNOWN) {
		tare_problem_add(problems, name, "no provider can know a counter %s%s",
			tare_problem_quote(problems, name->text),
			suggest(gathering, slash ? slash + 1 : name->text));
		return false;
	}
	if (slash && !check_provider(draft, name))
		return false;
	if (draft->out->counters_required || form == TARE_COUNTER_NATIVE)
		tare_draft_check_here(draft,
			draft->out->counters_required ? "counters_required" : "counters",
			gathering->asked, name->text);
	return true;
}

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
	struct tare_metric *metric = NULL;
	struct tare_metric_rule *rule = NULL;
	size_t at = TARE_METRICS_MAX;

	if (gathering->sink->has(gathering->sink->context, name->text) ||
		check_name(gathering, name))
		at = gathering->sink->place(gathering->sink->context, name);
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
	gathering->formulas[gathering->formula_count++] = (struct written_formula){formula, text};
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

	gathering->asked = name;
	if (group != NULL && group->bad)
		return;
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

/* "cyclse" in a formula: every name is a metric of the case by now. */
static void
check_formula(struct gathering *gathering, const struct written_formula *written)
{
	struct tare_problem_list *problems = gathering->draft->expansion->decoder.problems;
	enum tare_key key;
	bool found;
	const struct tare_node *work = tare_draft_work(&key, &found, gathering->draft);

	for (size_t i = 0; i < tare_formula_name_count(written->formula); i++) {
		const char *name = tare_formula_name(written->formula, i);

		if (gathering->sink->has(gathering->sink->context, name) ||
			(gathering->draft->is_replay && work != NULL &&
				tare_node_find(work, name) != NULL))
			continue;
		if (tare_counter_form_of(name) == TARE_COUNTER_UNKNOWN &&
			find_group(gathering->draft->expansion, name) != NULL) {
			tare_problem_add(problems, written->at,
				"formula has %s, which is a group; expected one of its counters",
				tare_problem_quote(problems, name));
			continue;
		}
		tare_problem_add(problems, written->at,
			"formula has %s, which is neither counted nor measured in this case%s",
			tare_problem_quote(problems, name),
			tare_counter_form_of(name) == TARE_COUNTER_UNKNOWN
				? suggest(gathering, name)
				: "; expected it among `counters`");
	}
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
	draft->out->counters_at = tare_draft_place(draft, node);
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
	for (size_t i = 0; i < gathering.formula_count && !is_lost(draft); i++)
		check_formula(&gathering, &gathering.formulas[i]);
	draft->out->counter_groups = gathering.groups;
	draft->out->counter_group_count = gathering.group_count;
}
