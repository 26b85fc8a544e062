#include "harness/suite/decode.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/suite/checks.h"
#include "harness/suite/pattern.h"

enum {
	LOST_STEPS_MAX = 1000,
	LABEL_MAX = 256,         /* bytes of what stands for a key in messages */
	COMMAND_MAX = 128 << 10, /* bytes of a command line: as long as Linux takes one argument */
};

/* What users of other tools write, and what it is called here. */
static const struct synonym {
	const char *word;
	const char *meant;
} synonyms[] = {
	{"args", "command"},
	{"cmd", "command"},
	{"cpuset", "cpus"},
	{"dir", "cwd"},
	{"environ", "env"},
	{"exec", "command"},
	{"executions", "invocations"},
	{"input", "stdin"},
	{"iterations", "invocations"},
	{"max_invocation_time", "timeout"},
	{"max_runs", "invocations"},
	{"min_runs", "invocations"},
	{"output", "stdout"},
	{"parameters", "matrix"},
	{"params", "matrix"},
	{"repetitions", "invocations"},
	{"run", "shell"},
	{"runs", "invocations"},
	{"script", "shell"},
	{"teardown", "cleanup"},
	{"threshold", "margin"},
	{"timeout_minutes", "timeout"},
	{"tolerance", "margin"},
	{"variables", "vars"},
	{"workdir", "cwd"},
	{"working_directory", "cwd"},
};

static bool
is_allowed(const struct tare_table *table, const struct tare_field *field)
{
	return field->key != NULL && (field->places == 0 || (field->places & table->place) != 0);
}

static size_t
allowed_keys(const char **keys_out, const struct tare_table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->field_count; i++)
		if (is_allowed(table, &table->fields[i]))
			keys_out[count++] = table->fields[i].key;
	return count;
}

static const struct tare_field *
find_field(const struct tare_table *table, const char *key)
{
	for (size_t i = 0; i < table->field_count; i++)
		if (table->fields[i].key != NULL && strcmp(table->fields[i].key, key) == 0)
			return &table->fields[i];
	return NULL;
}

static const char *
join(struct tare_arena *arena, const char *const *words, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = tare_arena_printf(arena, "%s%s%s", text, i == 0 ? "" : ", ", words[i]);
	return text;
}

/* What other tools call this key by this name; NULL where none does. Dashes stand for underscores,
 * as in GitHub's workflows. */
static const struct tare_field *
meant_by(const struct tare_table *table, const char *key)
{
	char word[LABEL_MAX];
	size_t len = strlen(key);

	if (len >= sizeof(word))
		return NULL;
	for (size_t i = 0; i <= len; i++)
		word[i] = key[i] == '-' ? '_' : key[i];
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
		const struct tare_field *meant = NULL;

		if (strcmp(synonyms[i].word, word) != 0)
			continue;
		meant = find_field(table, synonyms[i].meant);
		if (meant != NULL && is_allowed(table, meant))
			return meant;
	}
	return NULL;
}

static const char *
key_advice(const struct tare_decoder *decoder, const struct tare_table *table, const char *key)
{
	const char *keys[TARE_FIELDS_MAX];
	size_t count = allowed_keys(keys, table);
	const struct tare_field *meant = meant_by(table, key);
	const char *near = "";

	if (decoder->problems->count == TARE_SUITE_PROBLEM_MAX)
		return "";
	if (meant != NULL)
		return tare_arena_printf(decoder->arena, "; did you mean \"%s\"?", meant->key);
	near = tare_problem_suggest(decoder->problems, key, keys, count);
	if (near[0] != '\0')
		return near;
	if (decoder->problems->listed == table)
		return "";
	decoder->problems->listed = table;
	return tare_arena_printf(
		decoder->arena, "; expected one of %s", join(decoder->arena, keys, count));
}

/* Looks at so many keys before it says yes, so that a hostile suite cannot make it long. */
static bool
mentions(const struct tare_node *node, const char *name, unsigned *steps)
{
	size_t count = node->kind == TARE_NODE_SCALAR ? 0 : node->count;

	for (size_t i = 0; i < count; i++) {
		bool is_map = node->kind == TARE_NODE_MAP;

		if (++*steps > LOST_STEPS_MAX)
			return true;
		if (is_map && strcmp(tare_node_key(node, i)->text, name) == 0)
			return true;
		if (mentions(is_map ? tare_node_value(node, i) : &node->items[i], name, steps))
			return true;
	}
	return false;
}

bool
tare_node_mentions(const struct tare_node *node, const char *name)
{
	unsigned steps = 0;

	return mentions(node, name, &steps);
}

static bool
stands_for(const char *key, const char *name)
{
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
		if (strcmp(synonyms[i].word, key) == 0 && strcmp(synonyms[i].meant, name) == 0)
			return true;
	return strlen(key) <= LABEL_MAX && tare_text_nearest(key, &name, 1) != NULL;
}

bool
tare_table_lost(const struct tare_node *map, const char *name)
{
	unsigned steps = 0;

	if (map == NULL || map->kind != TARE_NODE_MAP)
		return false;
	for (size_t i = 0; i < map->count; i++) {
		const struct tare_node *key = tare_node_key(map, i);

		if (!key->unknown && !key->bad)
			continue;
		if (++steps > LOST_STEPS_MAX || stands_for(key->text, name) ||
			mentions(tare_node_value(map, i), name, &steps))
			return true;
	}
	return false;
}

/* Where a key belongs that stands in the wrong one of the tables that share its fields. */
static const char *
place_of(const struct tare_decoder *decoder, const struct tare_table *table,
	const struct tare_field *field)
{
	static const struct {
		unsigned place;
		const char *name;
	} places[] = {
		{TARE_IN_BENCHMARK, "a benchmark"},
		{TARE_IN_DEFAULTS, "`defaults`"},
		{TARE_IN_VARIANT, "a variant"},
		{TARE_IN_ENVIRONMENT, "an environment"},
		{TARE_IN_SAMPLES, "`samples`"},
		{TARE_IN_RESOURCES, "`resources`"},
	};
	const char *names[sizeof(places) / sizeof(places[0])];
	size_t count = 0;

	if (decoder->problems->count == TARE_SUITE_PROBLEM_MAX)
		return "";
	if (strcmp(field->key, "name") == 0 &&
		(table->place & (TARE_IN_NAMED_BENCHMARK | TARE_IN_NAMED_VARIANT)) != 0)
		return "no other name than the one before the colon";
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if ((field->places & places[i].place) != 0)
			names[count++] = places[i].name;
	return tare_arena_printf(decoder->arena, "it in %s", join(decoder->arena, names, count));
}

static void
report_unknown(
	const struct tare_decoder *decoder, const struct tare_table *table, struct tare_node *key)
{
	const struct tare_field *field = find_field(table, key->text);

	key->unknown = true;
	if (field != NULL)
		tare_problem_add(decoder->problems, key,
			"key \"%s\" does not belong in %s; expected %s", key->text, table->name,
			place_of(decoder, table, field));
	else
		tare_problem_add(decoder->problems, key, "unknown key %s in %s%s",
			tare_problem_quote(decoder->problems, key->text), table->name,
			key_advice(decoder, table, key->text));
}

static void
check_presence(const struct tare_decoder *decoder, const struct tare_table *table,
	const struct tare_node *node, struct tare_node *const *slots)
{
	const char *alternatives[TARE_FIELDS_MAX];
	const char *given[TARE_FIELDS_MAX];
	size_t alternative_count = 0;
	size_t given_count = 0;

	for (size_t i = 0; i < table->field_count; i++) {
		const struct tare_field *field = &table->fields[i];

		if (field->required && slots[i] == NULL && is_allowed(table, field))
			tare_problem_add(decoder->problems, node, "no `%s` in %s; expected %s",
				field->key, table->name, field->shape->expected);
		if (!field->alternative || !is_allowed(table, field))
			continue;
		alternatives[alternative_count++] = field->key;
		if (slots[i] != NULL)
			given[given_count++] = field->key;
	}
	if (given_count > 1)
		tare_problem_add(decoder->problems, node,
			"%s in one %s; expected exactly one of %s",
			join(decoder->arena, given, given_count), table->name,
			join(decoder->arena, alternatives, alternative_count));
	if (given_count == 0 && table->one_alternative)
		tare_problem_add(decoder->problems, node, "%s says nothing; expected one of %s",
			table->name, join(decoder->arena, alternatives, alternative_count));
}

/* A key of a group must not stand outside it as well. */
static void
check_groups(const struct tare_decoder *decoder, const struct tare_table *table,
	struct tare_node *const *slots)
{
	for (size_t i = 0; i < table->field_count; i++) {
		const struct tare_node *group = table->fields[i].group ? slots[i] : NULL;

		for (size_t j = 0;
			group != NULL && group->kind == TARE_NODE_MAP && j < group->count; j++) {
			const struct tare_node *key = tare_node_key(group, j);
			const struct tare_field *field = find_field(table, key->text);

			if (field != NULL && slots[field - table->fields] != NULL)
				tare_problem_add(decoder->problems, key,
					"%s in %s and in %s; expected it once", field->key,
					table->fields[i].key, table->name);
		}
	}
}

bool
tare_table_decode(const struct tare_decoder *decoder, const struct tare_table *table,
	struct tare_node *node, struct tare_node **slots_out)
{
	struct tare_node *slots[TARE_FIELDS_MAX] = {0};
	size_t before = decoder->problems->attempts;
	bool good = true;

	assert(table->field_count <= TARE_FIELDS_MAX);
	if (node->kind != TARE_NODE_MAP) {
		if (!node->bad)
			tare_problem_add(decoder->problems, node, "%s is %s; expected a mapping",
				table->name, tare_node_kind_name(node));
		node->bad = true;
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		struct tare_node *key = tare_node_key(node, i);
		const struct tare_field *field = NULL;

		if (key->bad) {
			good = false;
			continue;
		}
		field = find_field(table, key->text);
		if (field == NULL || !is_allowed(table, field)) {
			report_unknown(decoder, table, key);
			continue;
		}
		slots[field - table->fields] = tare_node_value(node, i);
		good &= tare_shape_check(
			decoder, field->shape, tare_node_value(node, i), field->key);
	}
	check_presence(decoder, table, node, slots);
	check_groups(decoder, table, slots);
	if (slots_out != NULL)
		memcpy(slots_out, slots, table->field_count * sizeof(slots[0]));
	return good && decoder->problems->attempts == before;
}

static void
fill_slots(const struct tare_table *table, const struct tare_node *map, struct tare_node **slots)
{
	for (size_t i = 0; map->kind == TARE_NODE_MAP && i < map->count; i++) {
		const struct tare_field *field = find_field(table, tare_node_key(map, i)->text);

		if (field != NULL && is_allowed(table, field) && !tare_node_key(map, i)->bad)
			slots[field - table->fields] = tare_node_value(map, i);
	}
}

void
tare_table_slots(
	const struct tare_table *table, const struct tare_node *map, struct tare_node **slots_out)
{
	for (size_t i = 0; i < table->field_count; i++)
		slots_out[i] = NULL;
	fill_slots(table, map, slots_out);
	for (size_t i = 0; i < table->field_count; i++)
		if (table->fields[i].group && slots_out[i] != NULL)
			fill_slots(table->fields[i].shape->table, slots_out[i], slots_out);
}

static enum tare_status
check_count(const struct tare_shape *shape, const char *text, struct tare_err *err)
{
	uint64_t count = 0;
	const char *digits = text;

	while (*digits >= '0' && *digits <= '9')
		digits++;
	if (*digits != '\0' || tare_count_parse(&count, text, shape->max, NULL) != TARE_OK ||
		count < shape->min)
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected %s, %" PRIu64 " to %" PRIu64, text, shape->expected,
			shape->min, shape->max);
	return TARE_OK;
}

static enum tare_status
check_choice(const struct tare_shape *shape, const char *text, struct tare_err *err)
{
	size_t count = 0;
	const char *near = NULL;

	for (count = 0; shape->choices[count] != NULL; count++)
		if (strcmp(shape->choices[count], text) == 0)
			return TARE_OK;
	near = strlen(text) < 64 ? tare_text_nearest(text, shape->choices, count) : NULL;
	if (near != NULL)
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected %s; did you mean \"%s\"?", text, shape->expected,
			near);
	return tare_err_set(err, TARE_INVALID, "is \"%.64s\"; expected %s", text, shape->expected);
}

static enum tare_status
with_is(enum tare_status status, const struct tare_err *inner, struct tare_err *err)
{
	if (status == TARE_OK)
		return TARE_OK;
	return tare_err_set(err, TARE_INVALID, "is wrong: %s", inner->text);
}

static enum tare_status
check_duration(const struct tare_shape *shape, const char *text, struct tare_err *err)
{
	struct tare_err inner = {0};
	uint64_t ns = 0;

	if (tare_duration_parse(&ns, text, &inner) != TARE_OK)
		return with_is(TARE_INVALID, &inner, err);
	if (ns < shape->min)
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\", which is no time; expected %s", text, shape->expected);
	return TARE_OK;
}

/* A scalar's text against a scalar shape; the sentence goes behind the label. */
static enum tare_status
check_text(const struct tare_shape *shape, const char *text, struct tare_err *err)
{
	struct tare_err inner = {0};
	double ratio = 0;

	switch (shape->kind) {
	case TARE_SHAPE_TEXT:
		return shape->check == NULL ? TARE_OK : shape->check(text, err);
	case TARE_SHAPE_COUNT:
		return check_count(shape, text, err);
	case TARE_SHAPE_BOOL:
	case TARE_SHAPE_CHOICE:
		return check_choice(shape, text, err);
	case TARE_SHAPE_DURATION:
		return check_duration(shape, text, err);
	case TARE_SHAPE_PERCENT:
		return with_is(tare_percent_parse(&ratio, text, &inner), &inner, err);
	default:
		return TARE_OK;
	}
}

static bool
takes_scalar(const struct tare_shape *shape)
{
	return shape->kind != TARE_SHAPE_LIST && shape->kind != TARE_SHAPE_MAP &&
	       shape->kind != TARE_SHAPE_TABLE;
}

static bool
takes(const struct tare_shape *shape, const struct tare_node *node)
{
	if (node->kind == TARE_NODE_SCALAR)
		return takes_scalar(shape);
	if (node->kind == TARE_NODE_LIST)
		return shape->kind == TARE_SHAPE_LIST;
	return shape->kind == TARE_SHAPE_MAP || shape->kind == TARE_SHAPE_TABLE;
}

/* The words become the node's items, at its place. */
static bool
split_words(const struct tare_decoder *decoder, struct tare_node *node, const char *label)
{
	struct tare_err err = {0};
	char **words = NULL;
	size_t count = 0;

	if (strlen(node->text) > COMMAND_MAX) {
		tare_problem_add(decoder->problems, node, "%s has %zu bytes; expected at most %d",
			label, strlen(node->text), COMMAND_MAX);
		return false;
	}
	if (tare_text_shell_split(decoder->arena, &words, &count, node->text, &err) != TARE_OK) {
		tare_problem_add(decoder->problems, node, "%s is wrong: %s", label, err.text);
		return false;
	}
	if (count == 0) {
		tare_problem_add(
			decoder->problems, node, "%s is empty; expected a program to run", label);
		return false;
	}
	node->items = tare_arena_alloc(decoder->arena, count, sizeof(*node->items));
	for (size_t i = 0; i < count; i++) {
		node->items[i] = *node;
		node->items[i].items = NULL;
		node->items[i].text = words[i];
		node->items[i].plain = false;
		node->items[i].has_reference = strstr(words[i], "${") != NULL;
	}
	node->kind = TARE_NODE_LIST;
	node->count = (uint32_t)count;
	return true;
}

/* Counts what the expression costs; a wrong one costs nothing. */
static bool
afford_pattern(const struct tare_decoder *decoder, const struct tare_node *node, const char *label)
{
	uint64_t cost = 0;

	if (decoder->pattern_cost == NULL || tare_pattern_weigh(&cost, node->text, NULL) != TARE_OK)
		return true;
	*decoder->pattern_cost += cost;
	if (*decoder->pattern_cost <= TARE_PATTERN_COST_MAX)
		return true;
	tare_problem_add(decoder->problems, node,
		"%s is one regular expression too many; expected fewer or simpler ones in a suite",
		label);
	return false;
}

static bool
check_scalar(const struct tare_decoder *decoder, const struct tare_shape *shape,
	struct tare_node *node, const char *label)
{
	struct tare_err err = {0};

	if (shape->kind == TARE_SHAPE_NOTHING) {
		if (tare_node_is_null(node))
			return true;
		tare_problem_add(decoder->problems, node, "%s is %s; expected nothing", label,
			tare_problem_quote(decoder->problems, node->text));
		return false;
	}
	if (node->plain && node->text[0] == '\0') {
		tare_problem_add(decoder->problems, node, "%s is empty; expected %s", label,
			shape->expected);
		return false;
	}
	if (shape->kind == TARE_SHAPE_WORDS)
		return split_words(decoder, node, label);
	if (node->has_reference && !shape->literal)
		return true;
	if (shape->check == tare_check_regex && !afford_pattern(decoder, node, label))
		return false;
	if (check_text(shape, node->text, &err) == TARE_OK)
		return true;
	tare_problem_add(decoder->problems, node, "%s %s", label, err.text);
	return false;
}

static bool
check_list(const struct tare_decoder *decoder, const struct tare_shape *shape,
	struct tare_node *node, const char *label)
{
	char item_label[LABEL_MAX];
	bool good = true;

	if (shape->nonempty && node->count == 0) {
		tare_problem_add(decoder->problems, node, "%s is an empty list; expected %s", label,
			shape->expected);
		return false;
	}
	snprintf(item_label, sizeof(item_label), "an item of %.200s", label);
	for (size_t i = 0; i < node->count; i++)
		good &= tare_shape_check(decoder, shape->item, &node->items[i], item_label);
	return good;
}

/* Whether a key of a matrix is not a parameter. */
static bool
is_special(const char *key)
{
	return strcmp(key, "exclude") == 0 || strcmp(key, "include") == 0;
}

static bool
check_map(const struct tare_decoder *decoder, const struct tare_shape *shape,
	struct tare_node *node, const char *label)
{
	char key_label[LABEL_MAX];
	char item_label[LABEL_MAX];
	bool good = true;

	if (shape->nonempty && node->count == 0) {
		tare_problem_add(decoder->problems, node, "%s is an empty mapping; expected %s",
			label, shape->expected);
		return false;
	}
	snprintf(key_label, sizeof(key_label), "a name in %.200s", label);
	for (size_t i = 0; i < node->count; i++) {
		struct tare_node *key = tare_node_key(node, i);
		const struct tare_shape *item = shape->item;

		if (shape->special != NULL && is_special(key->text))
			item = shape->special;
		if (key->bad) {
			good = false;
			continue;
		}
		snprintf(item_label, sizeof(item_label), "%.100s \"%.100s\"", label, key->text);
		good &= tare_shape_check(decoder, shape->key, key, key_label);
		good &= tare_shape_check(decoder, item, tare_node_value(node, i), item_label);
	}
	return good;
}

/* Whether a scalar is right by one of several shapes. */
static bool
fits(const struct tare_shape *shape, const struct tare_node *node)
{
	if (shape->kind == TARE_SHAPE_NOTHING)
		return tare_node_is_null(node);
	/* What costs something is checked in one place only. */
	if (shape->kind == TARE_SHAPE_WORDS || shape->check == tare_check_regex ||
		(node->plain && node->text[0] == '\0'))
		return false;
	return check_text(shape, node->text, NULL) == TARE_OK;
}

/* Which of several shapes was probably meant, where none is right: the one that begins alike. */
static const struct tare_shape *
guess(const struct tare_shape *shape, const struct tare_node *node)
{
	const struct tare_shape *first = NULL;
	bool has_number =
		node->kind == TARE_NODE_SCALAR && node->text[0] >= '0' && node->text[0] <= '9';

	for (size_t i = 0; shape->any[i] != NULL; i++) {
		const struct tare_shape *one = shape->any[i];

		if (!takes(one, node) || one->kind == TARE_SHAPE_NOTHING)
			continue;
		if (first == NULL || (has_number && first->kind == TARE_SHAPE_CHOICE))
			first = one;
	}
	return first;
}

static bool
check_any(const struct tare_decoder *decoder, const struct tare_shape *shape,
	struct tare_node *node, const char *label)
{
	const struct tare_shape *meant = guess(shape, node);

	for (size_t i = 0; node->kind == TARE_NODE_SCALAR && shape->any[i] != NULL; i++)
		if (takes(shape->any[i], node) && fits(shape->any[i], node))
			return true;
	if (meant != NULL && (node->kind != TARE_NODE_SCALAR || !tare_node_is_null(node))) {
		struct tare_shape one = *meant;

		/* A word that is none of the choices may have been meant as anything. */
		if (one.kind == TARE_SHAPE_CHOICE)
			one.expected = shape->expected;
		return tare_shape_check(decoder, &one, node, label);
	}
	tare_problem_add(decoder->problems, node, "%s is %s; expected %s", label,
		node->kind == TARE_NODE_SCALAR && !tare_node_is_null(node)
			? tare_problem_quote(decoder->problems, node->text)
			: tare_node_kind_name(node),
		shape->expected);
	return false;
}

static bool
check_kind(const struct tare_decoder *decoder, const struct tare_shape *shape,
	struct tare_node *node, const char *label)
{
	if (shape->kind == TARE_SHAPE_ANY)
		return check_any(decoder, shape, node, label);
	if (!takes(shape, node)) {
		tare_problem_add(decoder->problems, node, "%s is %s; expected %s", label,
			tare_node_kind_name(node), shape->expected);
		return false;
	}
	if (shape->kind == TARE_SHAPE_LIST)
		return check_list(decoder, shape, node, label);
	if (shape->kind == TARE_SHAPE_MAP)
		return check_map(decoder, shape, node, label);
	if (shape->kind == TARE_SHAPE_TABLE)
		return tare_table_decode(decoder, shape->table, node, NULL);
	return check_scalar(decoder, shape, node, label);
}

bool
tare_shape_check(const struct tare_decoder *decoder, const struct tare_shape *shape,
	struct tare_node *node, const char *label)
{
	if (node->bad)
		return false;
	if (check_kind(decoder, shape, node, label))
		return true;
	node->bad = true;
	return false;
}
