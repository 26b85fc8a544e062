#include "harness/cli/list_counters.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/counters/counters.h"
#include "harness/counters/names.h"
#include "harness/suite/suite.h"
#include "report/table.h"
#include "runners/cgroup.h"

/* A group has fewer counters than a case may have metrics, and there are fewer names. */
enum { GROUPS_MAX = 16, ANSWERS_EACH_MAX = 64 };

/* One name, and who counts it. */
struct answer {
	const char *name;
	const char *summary;
	const struct tare_counter_source *source; /* NULL: nobody */
	const char *reason;                       /* why, then */
};

struct view {
	struct tare_arena *arena;
	struct tare_counter_place place;
	struct answer *answers;
	size_t count;
	size_t width;
};

/* Behind "PROVIDER/" of a name that asks for one provider. */
static const char *
summary_of(const char *name)
{
	const char *slash = strchr(name, '/');
	const struct tare_counter_name *known = tare_counter_name_find(slash ? slash + 1 : name);

	return known ? known->summary : "";
}

static size_t
list_groups(const char **names_out)
{
	size_t count = 0;

	while (count < GROUPS_MAX && tare_suite_counter_group(count)) {
		names_out[count] = tare_suite_counter_group(count);
		count++;
	}
	return count;
}

/* Why nobody counts a name that no provider knows. */
static const char *
explain_unknown(const struct view *view, const char *name, const char *reason)
{
	const char *groups[GROUPS_MAX];
	struct tare_err why = {0};
	const char *near;

	if (tare_counter_provider_check(name, &why) != TARE_OK)
		return tare_arena_strdup(view->arena, why.text);
	near = tare_counter_nearest(name, groups, list_groups(groups));
	if (near && strcasecmp(near, name) != 0)
		return tare_arena_printf(
			view->arena, "no provider knows it; did you mean '%s'?", near);
	return tare_arena_strdup(view->arena, reason);
}

static void
ask(struct view *view, struct tare_counters *counters, const char *name)
{
	struct answer *answer = &view->answers[view->count++];
	struct tare_err why = {0};
	enum tare_status status = tare_counters_find(&answer->source, counters, name, &why);

	answer->name = name;
	answer->summary = summary_of(name);
	if (status == TARE_NOT_FOUND)
		answer->reason = explain_unknown(view, name, why.text);
	else if (status != TARE_OK)
		answer->reason = tare_arena_strdup(view->arena, why.text);
}

static bool
is_group(const char *name)
{
	for (size_t i = 0; tare_suite_counter_group(i); i++) {
		if (strcmp(tare_suite_counter_group(i), name) == 0)
			return true;
	}
	return false;
}

/* Every counter of a group, as a suite that asks for it has them. */
static void
ask_for_group(struct view *view, struct tare_counters *counters, const char *name)
{
	const char *text = tare_arena_printf(view->arena,
		"suite: group\nbenchmarks: [{name: group, command: group, counters: %s}]\n", name);
	const struct tare_suite_from from = {"group", text, strlen(text)};
	struct tare_problems problems = {0};
	struct tare_suite *suite;
	struct tare_plan *plan;
	const struct tare_case *one;

	if (tare_suite_load(&suite, &problems, view->arena, &from, NULL, NULL) != TARE_OK ||
		tare_suite_expand(&plan, &problems, view->arena, suite,
			&(struct tare_expand_options){0}, NULL) != TARE_OK)
		return;
	one = &plan->cases[0];
	for (size_t i = 0; i < one->metric_count; i++) {
		if (one->rules[i].source == TARE_SOURCE_COUNTER)
			ask(view, counters, one->metrics[i].name);
	}
}

static void
ask_for_all(struct view *view, const char *const *names)
{
	struct tare_counters *counters = tare_counters_new(view->arena, &view->place);
	size_t count = 0;

	while (names[count])
		count++;
	view->answers = tare_arena_alloc(
		view->arena, (count + 1) * ANSWERS_EACH_MAX, sizeof(*view->answers));
	for (size_t i = 0; i < count; i++) {
		if (is_group(names[i]))
			ask_for_group(view, counters, names[i]);
		else
			ask(view, counters, names[i]);
	}
	for (size_t i = 0; count == 0 && i < tare_counter_name_count; i++)
		ask(view, counters, tare_counter_names[i].name);
}

/* Text. */

static const char *
safe(const struct view *view, const char *text)
{
	return tare_text_safe(view->arena, text ? text : "");
}

static bool
print_counted(const struct view *view)
{
	static const struct tare_table_column columns[] = {
		{.title = "counter", .whole = true},
		{.title = "provider", .whole = true},
		{.title = "quality", .whole = true, .spare = 1},
		{.title = "event", .spare = 3},
		{.title = "unit", .whole = true, .spare = 2},
		{.title = "what is counted", .spare = 4},
	};
	struct tare_table table;

	tare_table_begin(&table, view->arena, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < view->count; i++) {
		const struct tare_counter_source *source = view->answers[i].source;

		if (!source)
			continue;
		tare_table_row(&table,
			(struct tare_table_cell[]){{safe(view, view->answers[i].name), NULL},
				{source->origin.provider, NULL},
				{tare_counter_quality_name(source->origin.quality), NULL},
				{safe(view, source->origin.event), NULL}, {source->unit, NULL},
				{view->answers[i].summary, NULL}});
	}
	if (table.row_count > 0)
		tare_table_write(&table, stdout, 0, view->width, false);
	return table.row_count > 0;
}

/* Once for all names that it keeps away; a blank line after what is printed. Whether anything is
 * now. */
static bool
print_reason(const struct view *view, size_t first, bool after)
{
	const char *reason = view->answers[first].reason;
	const char *names = view->answers[first].name;

	for (size_t i = 0; i < first; i++) {
		if (view->answers[i].reason && strcmp(view->answers[i].reason, reason) == 0)
			return after;
	}
	for (size_t i = first + 1; i < view->count; i++) {
		if (view->answers[i].reason && strcmp(view->answers[i].reason, reason) == 0)
			names = tare_arena_printf(
				view->arena, "%s, %s", names, view->answers[i].name);
	}
	fputs(after ? "\nnot here: " : "not here: ", stdout);
	tare_display_wrapped(stdout, safe(view, names), 10, view->width);
	fputs("          ", stdout);
	tare_display_wrapped(stdout, safe(view, reason), 10, view->width);
	return true;
}

static void
print_providers(const struct view *view)
{
	puts("\nproviders, in the order they are tried:");
	for (size_t i = 0; tare_counter_providers[i]; i++) {
		const struct tare_counter_ops *ops = tare_counter_providers[i];
		struct tare_err why = {0};

		printf("%-9s ", ops->name);
		tare_display_wrapped(stdout, ops->summary, 10, view->width);
		if (ops->supported(&view->place, &why) == TARE_OK)
			continue;
		fputs("          not here: ", stdout);
		tare_display_wrapped(stdout, safe(view, why.text), 20, view->width);
	}
}

static void
print_groups(void)
{
	fputs("\ngroups: ", stdout);
	for (size_t i = 0; tare_suite_counter_group(i); i++)
		printf("%s%s", i > 0 ? ", " : "", tare_suite_counter_group(i));
	putchar('\n');
}

/* JSON. */

static void
write_answer(struct tare_json *json, const struct answer *answer)
{
	const struct tare_counter_source *source = answer->source;

	tare_json_object_begin(json, NULL);
	tare_json_string(json, "name", answer->name);
	tare_json_string(json, "summary", answer->summary);
	tare_json_string(json, "provider", source ? source->origin.provider : NULL);
	tare_json_string(json, "event", source ? source->origin.event : NULL);
	tare_json_string(json, "scope", source ? source->origin.scope : NULL);
	tare_json_string(
		json, "quality", source ? tare_counter_quality_name(source->origin.quality) : NULL);
	tare_json_string(json, "unit", source ? source->unit : NULL);
	tare_json_string(json, "reason", answer->reason);
	tare_json_object_end(json);
}

static void
write_providers(struct tare_json *json, const struct tare_counter_place *place)
{
	tare_json_array_begin(json, "providers");
	for (size_t i = 0; tare_counter_providers[i]; i++) {
		const struct tare_counter_ops *ops = tare_counter_providers[i];
		struct tare_err why = {0};
		enum tare_status status = ops->supported(place, &why);

		tare_json_object_begin(json, NULL);
		tare_json_string(json, "name", ops->name);
		tare_json_string(json, "summary", ops->summary);
		tare_json_string(json, "reason", status == TARE_OK ? NULL : why.text);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static void
write_json(const struct view *view)
{
	struct tare_json json;

	tare_json_begin(&json, stdout, 2);
	tare_json_object_begin(&json, NULL);
	tare_json_array_begin(&json, "counters");
	for (size_t i = 0; i < view->count; i++)
		write_answer(&json, &view->answers[i]);
	tare_json_array_end(&json);
	write_providers(&json, &view->place);
	tare_json_array_begin(&json, "groups");
	for (size_t i = 0; tare_suite_counter_group(i); i++)
		tare_json_string(&json, NULL, tare_suite_counter_group(i));
	tare_json_array_end(&json);
	tare_json_object_end(&json);
	putchar('\n');
}

void
tare_list_counters(const char *const *names, bool as_json, size_t width)
{
	struct view view = {.arena = tare_arena_new(), .place.root = "", .width = width};
	struct tare_cgroup *cgroup = NULL;
	bool after;

	/* What a run's cgroup has is seen in one made for looking. */
	if (tare_cgroup_open(&cgroup, "counters", NULL) == TARE_OK)
		view.place.cgroup = tare_cgroup_path(cgroup);
	ask_for_all(&view, names);
	if (as_json) {
		write_json(&view);
	} else {
		after = print_counted(&view);
		for (size_t i = 0; i < view.count; i++)
			if (view.answers[i].reason)
				after = print_reason(&view, i, after);
		if (!names[0]) {
			print_providers(&view);
			print_groups();
		}
	}
	tare_cgroup_close(cgroup);
	tare_arena_free(view.arena);
}
