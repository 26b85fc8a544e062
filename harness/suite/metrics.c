#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/suite/counters.h"
#include "harness/suite/draft.h"
#include "harness/suite/pattern.h"

enum { UNIT_MAX = 32 };

/* The metrics of a case while they are collected. */
struct collection {
	struct tare_draft *draft;
	const struct tare_node *definitions[TARE_METRICS_MAX]; /* NULL: built-in or only replayed */
	struct tare_metric metrics[TARE_METRICS_MAX];
	struct tare_metric_rule rules[TARE_METRICS_MAX];
	bool has_margin[TARE_METRICS_MAX]; /* one of its own */
	bool has_gate[TARE_METRICS_MAX];   /* it is said whether it counts for the gate */
	size_t count;
};

static struct tare_problem_list *
problems_of(const struct collection *collection)
{
	return collection->draft->expansion->decoder.problems;
}

static bool
is_true(const struct tare_node *node)
{
	return node != NULL && strcmp(node->text, "true") == 0;
}

/* Position of name, made where it is new; TARE_METRICS_MAX where there is no room. */
static size_t
place(struct collection *collection, const struct tare_node *name)
{
	size_t i = tare_metric_find(collection->metrics, collection->count, name->text);

	if (i < collection->count)
		return i;
	if (collection->count == TARE_METRICS_MAX) {
		tare_problem_add(problems_of(collection), name,
			"more than %d metrics in one case; expected fewer", TARE_METRICS_MAX);
		return TARE_METRICS_MAX;
	}
	collection->metrics[i] =
		(struct tare_metric){.name = name->text, .unit = "", .margin = TARE_DEFAULT_MARGIN};
	collection->definitions[i] = NULL;
	collection->rules[i] =
		(struct tare_metric_rule){.source = TARE_SOURCE_REPLAY, .written_unit = ""};
	return collection->count++;
}

static enum tare_reduce
read_reduce(const struct tare_node *node)
{
	static const char *const names[] = {
		[TARE_REDUCE_MEDIAN] = "median",
		[TARE_REDUCE_MEAN] = "mean",
		[TARE_REDUCE_MIN] = "min",
		[TARE_REDUCE_MAX] = "max",
		[TARE_REDUCE_SUM] = "sum",
		[TARE_REDUCE_FIRST] = "first",
		[TARE_REDUCE_LAST] = "last",
		[TARE_REDUCE_P90] = "p90",
		[TARE_REDUCE_P95] = "p95",
		[TARE_REDUCE_P99] = "p99",
	};

	for (size_t i = 0; node != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(node->text, names[i]) == 0)
			return (enum tare_reduce)i;
	return TARE_REDUCE_MEDIAN;
}

static void
read_source(struct collection *collection, size_t i, const struct tare_node *name)
{
	const struct tare_node *definition = collection->definitions[i];
	const struct tare_node *regex = tare_node_find(definition, "regex");
	const struct tare_node *json = tare_node_find(definition, "json");
	const struct tare_node *lines = tare_node_find(definition, "lines");
	struct tare_metric_rule *rule = &collection->rules[i];
	struct tare_pattern pattern = {0};

	if (collection->draft->is_replay) {
		rule->source = TARE_SOURCE_REPLAY;
	} else if (regex != NULL) {
		rule->source = TARE_SOURCE_REGEX;
		tare_pattern_read(&pattern, collection->draft->expansion->arena, regex->text);
		rule->pattern = pattern.text;
		rule->group = pattern.group;
	} else if (json != NULL) {
		rule->source = TARE_SOURCE_JSON;
		rule->path = json->text;
	} else if (lines != NULL) {
		rule->source = TARE_SOURCE_LINES;
		rule->line_name = is_true(lines) ? name->text : lines->text;
	} else {
		tare_problem_add(problems_of(collection), name,
			"metric %s says not where it comes from; expected regex, json or lines",
			tare_problem_quote(problems_of(collection), name->text));
	}
}

/* Of every metric, those that are always measured too. */
static void
read_judgement(struct collection *collection, size_t i)
{
	const struct tare_node *margin = tare_node_find(collection->definitions[i], "margin");
	const struct tare_node *gate = tare_node_find(collection->definitions[i], "gate");
	struct tare_metric *metric = &collection->metrics[i];

	collection->has_margin[i] = margin != NULL || metric->exact;
	collection->has_gate[i] = gate != NULL;
	if (metric->exact)
		metric->margin = 0;
	if (margin != NULL)
		tare_percent_parse(&metric->margin, margin->text, NULL);
	if (gate != NULL)
		metric->gated = is_true(gate);
	else
		metric->gated |= margin != NULL;
}

/* A metric that tare measures itself. */
static void
adjust(struct collection *collection, size_t i, const struct tare_node *name)
{
	const struct tare_node *definition = collection->definitions[i];

	for (size_t j = 0; j < definition->count; j++) {
		const struct tare_node *key = tare_node_key(definition, j);

		if (strcmp(key->text, "gate") != 0 && strcmp(key->text, "margin") != 0)
			tare_problem_add(problems_of(collection), key,
				"`%s` for %s, which tare always measures; expected only gate and "
				"margin, or another name",
				key->text, name->text);
	}
	read_judgement(collection, i);
}

static void
define(struct collection *collection, size_t i, const struct tare_node *name)
{
	const struct tare_node *definition = collection->definitions[i];
	const struct tare_node *unit = tare_node_find(definition, "unit");
	const struct tare_node *better = tare_node_find(definition, "better");
	const struct tare_node *stream = tare_node_find(definition, "stream");
	struct tare_metric *metric = &collection->metrics[i];
	struct tare_metric_rule *rule = &collection->rules[i];

	rule->written_unit = unit == NULL ? "" : unit->text;
	tare_unit_to_base(&metric->unit, 1, rule->written_unit);
	metric->better = better != NULL && strcmp(better->text, "higher") == 0
				 ? TARE_HIGHER_IS_BETTER
				 : TARE_LOWER_IS_BETTER;
	metric->exact = is_true(tare_node_find(definition, "exact"));
	rule->stream = stream != NULL && strcmp(stream->text, "stderr") == 0 ? TARE_STREAM_STDERR
									     : TARE_STREAM_STDOUT;
	rule->reduce = read_reduce(tare_node_find(definition, "reduce"));
	read_source(collection, i, name);
	if (rule->source != TARE_SOURCE_REPLAY && rule->stream == TARE_STREAM_STDOUT)
		collection->draft->wants_stdout = true;
	read_judgement(collection, i);
}

/* Definitions of strong layers replace those of weak ones as a whole. */
static void
collect_definitions(struct collection *collection)
{
	const struct tare_draft *draft = collection->draft;
	const struct tare_node *names[TARE_METRICS_MAX] = {0};

	for (size_t i = 0; i < draft->layer_count; i++) {
		struct tare_node *slot = draft->layers[i]->slots[TARE_KEY_METRICS];
		const struct tare_node *map =
			slot == NULL ? NULL : tare_draft_resolve(draft, TARE_KEY_METRICS, slot);

		for (size_t j = 0; map != NULL && j < map->count; j++) {
			size_t at = place(collection, tare_node_key(map, j));

			if (at == TARE_METRICS_MAX)
				return;
			collection->definitions[at] = tare_node_value(map, j);
			names[at] = tare_node_key(map, j);
		}
	}
	for (size_t i = 0; i < collection->count; i++) {
		if (i >= TARE_BUILTIN_METRIC_COUNT)
			define(collection, i, names[i]);
		else if (names[i] != NULL)
			adjust(collection, i, names[i]);
	}
}

static bool
is_defined_anywhere(const struct tare_suite *suite, const char *name)
{
	for (size_t i = 0; i < suite->metric_name_count; i++)
		if (strcmp(suite->metric_names[i], name) == 0)
			return true;
	return false;
}

static void
report_unknown(const struct collection *collection, const struct tare_node *name)
{
	const char *names[TARE_METRICS_MAX];

	for (size_t i = 0; i < collection->count; i++)
		names[i] = collection->metrics[i].name;
	tare_problem_add(problems_of(collection), name,
		"margin for %s, which is no metric here; expected wall, max_rss, or one of "
		"`metrics`%s",
		tare_problem_quote(problems_of(collection), name->text),
		tare_problem_suggest(
			problems_of(collection), name->text, names, collection->count));
}

static void
apply_margins(struct collection *collection, const struct tare_node *map, bool wide)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct tare_node *name = tare_node_key(map, i);
		size_t at = tare_metric_find(collection->metrics, collection->count, name->text);

		if (at < collection->count) {
			if (!collection->has_gate[at])
				collection->metrics[at].gated = true;
			tare_percent_parse(&collection->metrics[at].margin,
				tare_node_value(map, i)->text, NULL);
		} else if (!wide ||
			   !is_defined_anywhere(collection->draft->expansion->suite, name->text)) {
			report_unknown(collection, name);
		}
	}
}

/* One percentage for all is weaker than a metric's own, and that is weaker than a mapping. */
static void
read_margins(struct collection *collection)
{
	const struct tare_draft *draft = collection->draft;
	const struct tare_node *maps[TARE_LAYERS_MAX];
	double common = TARE_DEFAULT_MARGIN;

	for (size_t i = 0; i < draft->layer_count; i++) {
		struct tare_node *slot = draft->layers[i]->slots[TARE_KEY_MARGIN];

		maps[i] = slot == NULL ? NULL : tare_draft_resolve(draft, TARE_KEY_MARGIN, slot);
		if (maps[i] == NULL || maps[i]->kind != TARE_NODE_SCALAR)
			continue;
		tare_percent_parse(&common, maps[i]->text, NULL);
		maps[i] = NULL;
	}
	for (size_t i = 0; i < collection->count; i++)
		if (!collection->has_margin[i])
			collection->metrics[i].margin = common;
	for (size_t i = 0; i < draft->layer_count; i++)
		if (maps[i] != NULL)
			apply_margins(collection, maps[i], draft->layers[i]->wide);
}

/* "10.1ms" in the base unit of metric i. */
static bool
read_quantity(double *value_out, const struct collection *collection, size_t i,
	const struct tare_node *node)
{
	const struct tare_metric *metric = &collection->metrics[i];
	bool is_builtin = i < TARE_BUILTIN_METRIC_COUNT;
	bool is_count = strcmp(metric->unit, "count") == 0;
	const char *base = "";
	char *unit = NULL;
	double value = strtod(node->text, &unit);

	unit += *unit == ' ';
	if (*unit == '\0' && is_builtin && !is_count) {
		tare_problem_add(problems_of(collection), node,
			"\"%s\" for %s has no unit; expected one, such as %s", node->text,
			metric->name, strcmp(metric->unit, "ns") == 0 ? "10.1ms" : "2MiB");
		return false;
	}
	value = tare_unit_to_base(
		&base, value, *unit == '\0' ? collection->rules[i].written_unit : unit);
	if (*unit != '\0' && strcmp(base, metric->unit) != 0) {
		tare_problem_add(problems_of(collection), node,
			"\"%s\" for %s is in another unit; expected %s", node->text, metric->name,
			metric->unit[0] == '\0' ? "a plain number" : metric->unit);
		return false;
	}
	if (!isfinite(value) || fabs(value) > 1e18 || (is_builtin && value < 0)) {
		tare_problem_add(problems_of(collection), node,
			"\"%s\" for %s is out of range; expected a value that can be measured",
			node->text, metric->name);
		return false;
	}
	*value_out = value;
	return true;
}

static bool
read_list(struct tare_replay_metric *out, const struct collection *collection, size_t i,
	const struct tare_node *node)
{
	out->distribution = TARE_DISTRIBUTION_LIST;
	out->value_count = node->count;
	out->values = tare_arena_alloc(
		collection->draft->expansion->arena, node->count, sizeof(*out->values));
	for (size_t j = 0; j < node->count; j++)
		if (!read_quantity(&out->values[j], collection, i, &node->items[j]))
			return false;
	return true;
}

static bool
read_distribution(struct tare_replay_metric *out, const struct collection *collection, size_t i,
	const struct tare_node *node)
{
	const struct tare_node *spread = tare_node_find(node, "spread");
	const char *name = tare_node_find(node, "distribution")->text;

	out->distribution = strcmp(name, "normal") == 0      ? TARE_DISTRIBUTION_NORMAL
			    : strcmp(name, "lognormal") == 0 ? TARE_DISTRIBUTION_LOGNORMAL
							     : TARE_DISTRIBUTION_CONSTANT;
	if (spread != NULL)
		tare_percent_parse(&out->spread, spread->text, NULL);
	if (out->distribution == TARE_DISTRIBUTION_CONSTANT && out->spread > 0) {
		tare_problem_add(problems_of(collection), spread,
			"a constant with a spread; expected normal or lognormal");
		return false;
	}
	return read_quantity(&out->center, collection, i, tare_node_find(node, "center"));
}

static void
read_replay(size_t *list_len_out, struct collection *collection, struct tare_replay_metric *out,
	const struct tare_node *replay)
{
	for (size_t j = 0; j < replay->count; j++) {
		const struct tare_node *value = tare_node_value(replay, j);
		size_t i = tare_metric_find(
			collection->metrics, collection->count, tare_node_key(replay, j)->text);

		if (i == collection->count)
			continue;
		out[i].given = true;
		if (value->kind == TARE_NODE_LIST) {
			read_list(&out[i], collection, i, value);
			if (*list_len_out != 0 && *list_len_out != value->count)
				tare_problem_add(problems_of(collection), value,
					"%u values beside a list of %zu; expected lists of one "
					"length",
					value->count, *list_len_out);
			*list_len_out = value->count;
		} else if (value->kind == TARE_NODE_MAP) {
			read_distribution(&out[i], collection, i, value);
		} else {
			out[i].distribution = TARE_DISTRIBUTION_CONSTANT;
			read_quantity(&out[i].center, collection, i, value);
		}
	}
}

static size_t
sink_place(void *context, const struct tare_node *name)
{
	return place(context, name);
}

static bool
sink_has(void *context, const char *name)
{
	const struct collection *collection = context;

	return tare_metric_find(collection->metrics, collection->count, name) < collection->count;
}

static void
sink_get(void *context, size_t at, struct tare_metric **metric_out,
	struct tare_metric_rule **rule_out)
{
	struct collection *collection = context;

	*metric_out = &collection->metrics[at];
	*rule_out = &collection->rules[at];
}

/* Whether the metrics depend on this case at all. */
static bool
are_shared(const struct tare_draft *draft)
{
	if (draft->is_replay || tare_draft_value(draft, TARE_KEY_COUNTERS) != NULL)
		return false;
	for (size_t i = 0; i < draft->layer_count; i++) {
		const struct tare_node *metrics = draft->layers[i]->slots[TARE_KEY_METRICS];
		const struct tare_node *margin = draft->layers[i]->slots[TARE_KEY_MARGIN];
		bool own = i >= draft->expansion->base_count;

		if (metrics != NULL && (own || metrics->has_reference))
			return false;
		if (margin != NULL && (own || margin->has_reference))
			return false;
	}
	return true;
}

static void
share(struct tare_draft *draft)
{
	struct tare_expansion *expansion = draft->expansion;

	expansion->base_metrics = draft->out->metrics;
	expansion->base_rules = draft->out->rules;
	expansion->base_metric_count = draft->out->metric_count;
	expansion->base_wants_stdout = draft->wants_stdout;
}

static bool
collect(struct collection *collection, const struct tare_node *replay)
{
	const struct tare_metric_sink sink = {
		.context = collection, .place = sink_place, .has = sink_has, .get = sink_get};

	memcpy(collection->metrics, tare_builtin_metrics, sizeof(tare_builtin_metrics));
	for (size_t i = 0; i < TARE_BUILTIN_METRIC_COUNT; i++)
		collection->rules[i].written_unit = collection->metrics[i].unit;
	collect_definitions(collection);
	tare_draft_counters(collection->draft, &sink);
	for (size_t i = 0; replay != NULL && i < replay->count; i++)
		if (place(collection, tare_node_key(replay, i)) == TARE_METRICS_MAX)
			return false;
	read_margins(collection);
	return true;
}

static void
make_metrics(size_t *list_len_out, struct tare_draft *draft, const struct tare_node *replay)
{
	struct tare_arena *arena = draft->expansion->arena;
	struct collection collection = {.draft = draft, .count = TARE_BUILTIN_METRIC_COUNT};
	struct tare_case *out = draft->out;

	if (!collect(&collection, replay))
		return;
	out->metric_count = collection.count;
	out->metrics = tare_arena_grow(arena, collection.metrics, collection.count,
		collection.count, sizeof(*out->metrics));
	out->rules = tare_arena_grow(
		arena, collection.rules, collection.count, collection.count, sizeof(*out->rules));
	if (!draft->is_replay)
		return;
	out->replay = tare_arena_alloc(arena, collection.count, sizeof(*out->replay));
	if (replay != NULL)
		read_replay(list_len_out, &collection, out->replay, replay);
}

void
tare_draft_metrics(size_t *list_len_out, struct tare_draft *draft, const struct tare_node *replay)
{
	const struct tare_expansion *expansion = draft->expansion;

	if (!are_shared(draft)) {
		make_metrics(list_len_out, draft, replay);
		return;
	}
	if (expansion->base_metrics == NULL) {
		make_metrics(list_len_out, draft, NULL);
		share(draft);
		return;
	}
	draft->out->metrics = expansion->base_metrics;
	draft->out->rules = expansion->base_rules;
	draft->out->metric_count = expansion->base_metric_count;
	draft->wants_stdout = expansion->base_wants_stdout;
}
