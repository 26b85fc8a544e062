#include "tests/unit/counters/fixture.h"

#include <assert.h>
#include <string.h>

void
fixture_begin(struct fixture *fixture)
{
	const struct tare_counter_place nothing = {.root = "/nonexistent", .path = ""};

	memset(fixture, 0, sizeof(*fixture));
	fixture->arena = tare_arena_new();
	fixture->counters = tare_counters_new(fixture->arena, &nothing);
	fixture->plan.cases = &fixture->subject;
	fixture->plan.case_count = 1;
	memcpy(fixture->metrics, tare_builtin_metrics, sizeof(tare_builtin_metrics));
	fixture->subject.metrics = fixture->metrics;
	fixture->subject.rules = fixture->rules;
	fixture->subject.metric_count = TARE_BUILTIN_METRIC_COUNT;
	fixture->subject.counter_groups = fixture->groups;
}

void
fixture_end(struct fixture *fixture)
{
	tare_arena_free(fixture->arena);
}

void
fixture_group(struct fixture *fixture, const char *name)
{
	struct tare_counter_group *group = &fixture->groups[fixture->subject.counter_group_count++];

	group->name = name;
	group->metrics =
		tare_arena_alloc(fixture->arena, FIXTURE_METRICS_MAX, sizeof(*group->metrics));
}

static struct tare_metric_rule *
add(struct fixture *fixture, const char *name)
{
	size_t at = fixture->subject.metric_count++;

	assert(at < FIXTURE_METRICS_MAX);
	fixture->metrics[at] = (struct tare_metric){.name = name, .unit = "count"};
	return &fixture->rules[at];
}

void
fixture_counter(struct fixture *fixture, const char *name)
{
	struct tare_counter_group *group =
		&fixture->groups[fixture->subject.counter_group_count - 1];
	size_t at = fixture_find(fixture, name);

	if (at == fixture->subject.metric_count)
		add(fixture, name)->source = TARE_SOURCE_COUNTER;
	group->metrics[group->metric_count++] = at;
}

void
fixture_formula(struct fixture *fixture, const char *name, const char *text)
{
	struct tare_metric_rule *rule = add(fixture, name);
	struct tare_formula *formula = NULL;

	tare_formula_parse(&formula, fixture->arena, text, NULL);
	assert(formula);
	rule->source = TARE_SOURCE_DERIVED;
	rule->formula = formula;
	rule->formula_text = text;
}

size_t
fixture_find(const struct fixture *fixture, const char *name)
{
	return tare_metric_find(fixture->subject.metrics, fixture->subject.metric_count, name);
}
