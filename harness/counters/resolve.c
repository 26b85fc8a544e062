#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "harness/counters/counters.h"

enum { NAMED_MAX = 3 };

/* Names that cannot be had for the same reason, as "cycles, branches". */
struct missing {
	const char *names;
	const char *reason;
};

/* A plan being resolved; what could not be had is collected. */
struct resolving {
	struct tare_counters *counters;
	struct tare_arena *arena;
	struct missing *missing;
	size_t missing_count;
	size_t missing_capacity;
	const struct tare_case *first_required; /* that misses something it requires; NULL: none */
	const char *required_by;                /* the names of such cases, at most NAMED_MAX */
	size_t required_count;
};

/* Whether text is one of the list's parts, which stand with mark between them. */
static bool
list_has(const char *list, const char *mark, const char *text)
{
	size_t len = strlen(text);

	while (strncmp(list, text, len) != 0 ||
		(list[len] != '\0' && strncmp(list + len, mark, strlen(mark)) != 0)) {
		list = strstr(list, mark);
		if (!list)
			return false;
		list += strlen(mark);
	}
	return true;
}

/* list may be NULL: empty. */
static const char *
list_add(struct tare_arena *arena, const char *list, const char *mark, const char *text)
{
	if (!list)
		return tare_arena_strdup(arena, text);
	return list_has(list, mark, text) ? list
					  : tare_arena_printf(arena, "%s%s%s", list, mark, text);
}

static void
note_missing(struct resolving *resolving, const char *name, const struct tare_err *why)
{
	struct missing *missing = resolving->missing;
	size_t at = 0;

	while (at < resolving->missing_count && strcmp(missing[at].reason, why->text) != 0)
		at++;
	if (at < resolving->missing_count) {
		missing[at].names = list_add(resolving->arena, missing[at].names, ", ", name);
		return;
	}
	if (resolving->missing_count == resolving->missing_capacity) {
		size_t capacity = 2 * resolving->missing_capacity + 8;

		resolving->missing = tare_arena_grow(resolving->arena, resolving->missing,
			resolving->missing_count, capacity, sizeof(*resolving->missing));
		resolving->missing_capacity = capacity;
	}
	resolving->missing[resolving->missing_count++] =
		(struct missing){tare_arena_strdup(resolving->arena, name),
			tare_arena_strdup(resolving->arena, why->text)};
}

/* "cycles, branches (perf: no such counter); energy-cores (...)"; NULL where nothing is missing. */
static const char *
missing_sentence(const struct resolving *resolving)
{
	const char *sentence = NULL;

	for (size_t i = 0; i < resolving->missing_count; i++)
		sentence = tare_arena_printf(resolving->arena, "%s%s%s (%s)",
			sentence ? sentence : "", sentence ? "; " : "", resolving->missing[i].names,
			resolving->missing[i].reason);
	return sentence;
}

static void
take_source(struct tare_metric *metric, struct tare_metric_rule *rule,
	const struct tare_counter_source *source)
{
	rule->counter = source;
	metric->counter = &source->origin;
	metric->unit = source->unit;
	metric->better = source->better;
	/* One value a side, which a margin is laid against. */
	metric->exact = source->ops->way == TARE_WAY_SIMULATED;
}

/* Replayed cases do not come here. */
static struct tare_counters *
counters_for(const struct resolving *resolving, const struct tare_case *subject)
{
	bool inside = subject->runner && strcmp(subject->runner, "host") != 0 &&
		      strcmp(subject->runner, "auto") != 0;

	return tare_counters_for(resolving->counters, inside, subject->counts_cpus);
}

static void
note_required(struct resolving *resolving, const struct tare_case *subject)
{
	if (!resolving->first_required)
		resolving->first_required = subject;
	if (resolving->required_count++ < NAMED_MAX)
		resolving->required_by =
			list_add(resolving->arena, resolving->required_by, ", ", subject->name);
}

/* With the place of the first. */
static enum tare_status
refuse(const struct resolving *resolving, struct tare_err *err)
{
	const struct tare_case *first = resolving->first_required;
	char more[32] = "";

	if (resolving->required_count > NAMED_MAX)
		snprintf(
			more, sizeof(more), " and %zu more", resolving->required_count - NAMED_MAX);
	return tare_err_set(err, TARE_UNSUPPORTED,
		"%s%s%s%s: required counters cannot be had here: %s",
		first->counters_at ? first->counters_at : "", first->counters_at ? ": " : "",
		resolving->required_by, more, missing_sentence(resolving));
}

/* Counters first: whether a formula can be worked out depends on them. keep_out by position. */
static void
find_sources(bool *keep_out, struct resolving *resolving, struct tare_case *subject)
{
	struct tare_counters *counters = counters_for(resolving, subject);
	bool lacks = false;

	for (size_t i = 0; i < subject->metric_count; i++) {
		const struct tare_counter_source *source = NULL;
		struct tare_err why = {0};

		keep_out[i] = true;
		if (subject->rules[i].source != TARE_SOURCE_COUNTER)
			continue;
		if (tare_counters_find(&source, counters, subject->metrics[i].name, &why) ==
			TARE_OK) {
			take_source(&subject->metrics[i], &subject->rules[i], source);
			continue;
		}
		keep_out[i] = false;
		note_missing(resolving, subject->metrics[i].name, &why);
		lacks = true;
	}
	if (lacks && subject->counters_required)
		note_required(resolving, subject);
}

/* Formulas that lack a part go, and those of a simulated and a counted part: such a ratio would be
 * of two different executions. */
static bool
can_derive(const struct tare_case *subject, const struct tare_metric_rule *rule, const bool *keep)
{
	const struct tare_counter_source *first = NULL;

	for (size_t i = 0; i < tare_formula_name_count(rule->formula); i++) {
		size_t at = tare_metric_find(subject->metrics, subject->metric_count,
			tare_formula_name(rule->formula, i));
		const struct tare_counter_source *source;

		if (at == subject->metric_count || !keep[at])
			return false;
		source = subject->rules[at].counter;
		if (source && first &&
			(source->ops->way == TARE_WAY_SIMULATED) !=
				(first->ops->way == TARE_WAY_SIMULATED))
			return false;
		first = source ? source : first;
	}
	return true;
}

/* Provider and scope are those of its parts: they say what two such values have in common. */
static const struct tare_counter *
derived_origin(struct tare_arena *arena, const struct tare_case *subject,
	const struct tare_metric_rule *rule)
{
	struct tare_counter *origin = tare_arena_alloc(arena, 1, sizeof(*origin));

	for (size_t i = 0; i < tare_formula_name_count(rule->formula); i++) {
		size_t at = tare_metric_find(subject->metrics, subject->metric_count,
			tare_formula_name(rule->formula, i));
		const struct tare_counter *part = subject->metrics[at].counter;

		if (!part)
			continue;
		origin->provider = list_add(arena, origin->provider, " + ", part->provider);
		origin->scope = list_add(arena, origin->scope, " + ", part->scope);
	}
	if (!origin->provider)
		origin->provider = "tare";
	if (!origin->scope)
		origin->scope = "program";
	origin->event = rule->formula_text;
	origin->quality = TARE_QUALITY_DERIVED;
	return origin;
}

/* As what its counters are, all of them. */
static bool
is_exact(const struct tare_case *subject, const struct tare_metric_rule *rule)
{
	for (size_t i = 0; i < tare_formula_name_count(rule->formula); i++) {
		size_t at = tare_metric_find(subject->metrics, subject->metric_count,
			tare_formula_name(rule->formula, i));

		if (!subject->metrics[at].exact)
			return false;
	}
	return tare_formula_name_count(rule->formula) > 0;
}

static void
resolve_formulas(bool *keep, struct resolving *resolving, struct tare_case *subject)
{
	for (size_t i = 0; i < subject->metric_count; i++) {
		const struct tare_metric_rule *rule = &subject->rules[i];

		if (!rule->formula)
			continue;
		keep[i] = can_derive(subject, rule, keep);
		if (!keep[i])
			continue;
		subject->metrics[i].counter = derived_origin(resolving->arena, subject, rule);
		subject->metrics[i].exact = is_exact(subject, rule);
	}
}

/* Positions of the metrics that stay; the others' are count. */
static size_t
new_positions(size_t *position_out, const bool *keep, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		position_out[i] = keep[i] ? kept++ : count;
	return kept;
}

static void
shrink_groups(struct tare_case *subject, struct tare_arena *arena, const size_t *position)
{
	struct tare_counter_group *groups =
		tare_arena_alloc(arena, subject->counter_group_count, sizeof(*groups));

	for (size_t i = 0; i < subject->counter_group_count; i++) {
		const struct tare_counter_group *old = &subject->counter_groups[i];
		struct tare_counter_group *group = &groups[i];

		group->name = old->name;
		group->metrics =
			tare_arena_alloc(arena, old->metric_count, sizeof(*group->metrics));
		for (size_t j = 0; j < old->metric_count; j++) {
			if (position[old->metrics[j]] < subject->metric_count)
				group->metrics[group->metric_count++] = position[old->metrics[j]];
		}
	}
	subject->counter_groups = groups;
}

/* Into arrays of its own, since cases share theirs. */
static void
shrink(struct tare_case *subject, struct tare_arena *arena, const bool *keep)
{
	size_t *position = tare_arena_alloc(arena, subject->metric_count, sizeof(*position));
	size_t kept = new_positions(position, keep, subject->metric_count);
	struct tare_metric *metrics = tare_arena_alloc(arena, kept, sizeof(*metrics));
	struct tare_metric_rule *rules = tare_arena_alloc(arena, kept, sizeof(*rules));

	for (size_t i = 0; i < subject->metric_count; i++) {
		if (!keep[i])
			continue;
		metrics[position[i]] = subject->metrics[i];
		rules[position[i]] = subject->rules[i];
	}
	shrink_groups(subject, arena, position);
	subject->metrics = metrics;
	subject->rules = rules;
	subject->metric_count = kept;
}

static void
place_formulas(struct tare_case *subject)
{
	for (size_t i = 0; i < subject->metric_count; i++) {
		struct tare_metric_rule *rule = &subject->rules[i];

		for (size_t j = 0; rule->formula && j < tare_formula_name_count(rule->formula); j++)
			rule->formula_metrics[j] = tare_metric_find(subject->metrics,
				subject->metric_count, tare_formula_name(rule->formula, j));
	}
}

static bool
set_has(const struct tare_counter_set *set, size_t metric)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->metrics[i] == metric)
			return true;
	}
	return false;
}

/* Whether all hardware events of the set can count at the same time. */
static bool
set_fits(const struct tare_case *subject, const struct tare_counter_set *set)
{
	for (size_t p = 0; tare_counter_providers[p]; p++) {
		const struct tare_counter_source *sources[TARE_COUNTERS_MAX];
		size_t count = 0;

		for (size_t i = 0; i < set->count; i++) {
			const struct tare_counter_source *source =
				subject->rules[set->metrics[i]].counter;

			if (source->ops == tare_counter_providers[p] && source->hardware)
				sources[count++] = source;
		}
		if (count > 1 && tare_counter_providers[p]->fits &&
			!tare_counter_providers[p]->fits(sources, count))
			return false;
	}
	return true;
}

/* The set with the events of the metrics added; false, and the set as it was, where they do not
 * fit. */
static bool
set_add(struct tare_counter_set *set, const struct tare_case *subject, const size_t *metrics,
	size_t count)
{
	struct tare_counter_set more = *set;

	for (size_t i = 0; i < count; i++) {
		const struct tare_counter_source *source = subject->rules[metrics[i]].counter;

		if (!source || source->ops->way != TARE_WAY_EVENT || set_has(&more, metrics[i]))
			continue;
		if (more.count == TARE_COUNTERS_MAX - 1) /* the guard is one too */
			return false;
		more.metrics[more.count++] = metrics[i];
	}
	if (more.count > set->count && !set_fits(subject, &more))
		return false;
	*set = more;
	return true;
}

static struct tare_counter_set *
set_begin(struct tare_case *subject, struct tare_arena *arena)
{
	subject->counter_sets =
		tare_arena_grow(arena, subject->counter_sets, subject->counter_set_count,
			subject->counter_set_count + 1, sizeof(*subject->counter_sets));
	return &subject->counter_sets[subject->counter_set_count++];
}

/* Each group whole into the last set, or a set of its own; one that does not fit even there, event
 * by event. A counter of several groups may so be in several sets, which is what formulas need. */
static void
make_sets(struct tare_case *subject, struct tare_arena *arena)
{
	struct tare_counter_set *set = NULL;

	for (size_t i = 0; i < subject->counter_group_count; i++) {
		const struct tare_counter_group *group = &subject->counter_groups[i];

		if (!set)
			set = set_begin(subject, arena);
		if (set_add(set, subject, group->metrics, group->metric_count))
			continue;
		if (set->count > 0)
			set = set_begin(subject, arena);
		for (size_t j = 0; j < group->metric_count; j++) {
			if (set_add(set, subject, &group->metrics[j], 1))
				continue;
			set = set_begin(subject, arena);
			set_add(set, subject, &group->metrics[j], 1);
		}
	}
	while (subject->counter_set_count > 0 &&
		subject->counter_sets[subject->counter_set_count - 1].count == 0)
		subject->counter_set_count--;
}

static void
resolve_case(struct resolving *resolving, struct tare_case *subject)
{
	bool *keep = tare_arena_alloc(resolving->arena, subject->metric_count + 1, sizeof(*keep));

	/* Cases share arrays as long as nothing is written into them. */
	subject->metrics = tare_arena_grow(resolving->arena, subject->metrics,
		subject->metric_count, subject->metric_count, sizeof(*subject->metrics));
	subject->rules = tare_arena_grow(resolving->arena, subject->rules, subject->metric_count,
		subject->metric_count, sizeof(*subject->rules));
	find_sources(keep, resolving, subject);
	resolve_formulas(keep, resolving, subject);
	shrink(subject, resolving->arena, keep);
	place_formulas(subject);
	make_sets(subject, resolving->arena);
}

enum tare_status
tare_counters_resolve(const char **missing_out, struct tare_counters *counters,
	struct tare_plan *plan, struct tare_err *err)
{
	struct resolving resolving = {.counters = counters, .arena = tare_counters_arena(counters)};

	for (size_t i = 0; i < plan->case_count; i++) {
		struct tare_case *subject = &plan->cases[i];

		/* A replayed case has its values given. */
		if (subject->counter_group_count == 0)
			continue;
		if (subject->replay)
			place_formulas(subject);
		else
			resolve_case(&resolving, subject);
	}
	if (resolving.first_required)
		return refuse(&resolving, err);
	*missing_out = missing_sentence(&resolving);
	return TARE_OK;
}
