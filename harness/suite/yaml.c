#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "harness/base/text.h"
#include "harness/suite/node.h"
#include "harness/suite/problems.h"
#include "harness/suite/suite.h"
#include "harness/suite/surrogates.h"

enum { FEW_PAIRS = 8 }; /* a mapping this small is searched from front to back */

/* An open list or mapping; its children are pending[first..]. */
struct frame {
	struct tare_node node;
	size_t first;
};

struct builder {
	yaml_parser_t parser;
	struct tare_arena *arena;
	struct tare_problem_list *problems;
	const struct tare_source *source;
	struct frame frames[TARE_SUITE_DEPTH_MAX];
	size_t depth;
	struct tare_node *pending;
	size_t pending_count;
	size_t pending_capacity;
	size_t node_count;
	unsigned document_count;
};

struct tare_node *
tare_node_key(const struct tare_node *map, size_t i)
{
	return &map->items[2 * i];
}

struct tare_node *
tare_node_value(const struct tare_node *map, size_t i)
{
	return &map->items[2 * i + 1];
}

struct tare_node *
tare_node_find(const struct tare_node *map, const char *key)
{
	size_t low = 0;
	size_t high = map->count;

	if (map->order == NULL) {
		for (size_t i = 0; i < map->count; i++)
			if (strcmp(tare_node_key(map, i)->text, key) == 0)
				return tare_node_value(map, i);
		return NULL;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int side = strcmp(key, tare_node_key(map, map->order[middle])->text);

		if (side == 0)
			return tare_node_value(map, map->order[middle]);
		if (side < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

bool
tare_node_is_null(const struct tare_node *node)
{
	if (node->kind != TARE_NODE_SCALAR || !node->plain)
		return false;
	return node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
	       strcasecmp(node->text, "null") == 0;
}

const char *
tare_node_kind_name(const struct tare_node *node)
{
	if (node->kind == TARE_NODE_LIST)
		return "a list";
	if (node->kind == TARE_NODE_MAP)
		return "a mapping";
	return tare_node_is_null(node) ? "empty" : "text";
}

/* Line and column, from 1, of the byte at offset. */
static void
locate(unsigned *line_out, unsigned *column_out, const char *text, size_t offset)
{
	unsigned line = 1;
	unsigned column = 1;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	*line_out = line;
	*column_out = column;
}

/* The byte that begins the character at line and column; NUL past the end. */
static char
char_at(const char *text, unsigned line, unsigned column)
{
	while (line > 1 && text != NULL) {
		text = strchr(text, '\n');
		if (text != NULL)
			text++;
		line--;
	}
	if (text == NULL)
		return '\0';
	for (; *text != '\0' && *text != '\n' && column > 1; column--)
		do
			text++;
		while (((unsigned char)*text & 0xc0) == 0x80);
	return *text;
}

static bool
check_bytes(struct builder *builder, const char *text, size_t len)
{
	const char *nul = memchr(text, '\0', len);
	size_t offset = tare_utf8_check(text, len);
	unsigned line = 0;
	unsigned column = 0;

	if (nul == NULL && offset == len)
		return true;
	if (nul != NULL && (size_t)(nul - text) < offset)
		offset = (size_t)(nul - text);
	locate(&line, &column, text, offset);
	tare_problem_add_at(builder->problems, builder->source, line, column,
		"byte 0x%02x is not text; expected UTF-8", (unsigned char)text[offset]);
	return false;
}

/* What the commonest of libyaml's sentences mean to people. */
static const char *
expectation(const char *problem)
{
	static const struct {
		const char *problem;
		const char *expected;
	} known[] = {
		{"mapping values are not allowed in this context",
			"quotes around a text that has \": \" in it, or a key on a line of its "
			"own"},
		{"could not find expected ':'", "`key: value`, with a blank behind the colon"},
		{"did not find expected key",
			"a key as far to the right as those above it, and quotes around a text "
			"that goes on behind its closing quote"},
		{"did not find expected '-' indicator",
			"`- ` as far to the right as those above it"},
		{"did not find expected ',' or '}'",
			"a comma or }, and quotes around a text that has one of , [ ] { } in it"},
		{"did not find expected ',' or ']'",
			"a comma or ], and quotes around a text that has one of , [ ] { } in it"},
		{"did not find expected alphabetic or numeric character",
			"quotes around a text that begins with * or &"},
		{"did not find expected comment or line break",
			"quotes around a text that begins with | or >, or the text in the lines "
			"below"},
		{"did not find expected <document start>",
			"one mapping, with nothing before or behind it"},
		{"block sequence entries are not allowed in this context",
			"the list in the lines below its key, or in brackets: [a, b]"},
		{"mapping keys are not allowed in this context",
			"quotes around a text that begins with a question mark"},
		{"found character that cannot start any token",
			"quotes around a text that begins with @, % or `"},
		{"found a tab character that violates indentation", "spaces"},
		{"found a tab character where an indentation space is expected", "spaces"},
		{"found unexpected end of stream", "the quote that closes it"},
		{"found unexpected document indicator", "the quote that closes it"},
		{"found unknown escape character", "single quotes, in which a backslash is itself"},
		{"found invalid Unicode character escape code",
			"the character itself, or \\U and its eight digits"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(problem, known[i].problem) == 0)
			return known[i].expected;
	return "YAML 1.1";
}

static void
report_parser(struct builder *builder, const char *text)
{
	const yaml_parser_t *parser = &builder->parser;
	unsigned line = (unsigned)parser->problem_mark.line + 1;
	unsigned column = (unsigned)parser->problem_mark.column + 1;
	const char *problem = parser->problem != NULL ? parser->problem : "out of memory";

	if (parser->error == YAML_READER_ERROR) {
		locate(&line, &column, text, parser->problem_offset);
		tare_problem_add_at(builder->problems, builder->source, line, column,
			"not YAML: %s; expected printable text", problem);
	} else if (strcmp(problem, "found character that cannot start any token") == 0 &&
		   char_at(text, line, column) == '\t') {
		tare_problem_add_at(builder->problems, builder->source, line, column,
			"a tab before a key or value; expected spaces");
	} else if (parser->context != NULL) {
		tare_problem_add_at(builder->problems, builder->source, line, column,
			"not YAML: %s %s (which begins in line %zu); expected %s", problem,
			parser->context, parser->context_mark.line + 1, expectation(problem));
	} else {
		tare_problem_add_at(builder->problems, builder->source, line, column,
			"not YAML: %s; expected %s", problem, expectation(problem));
	}
}

static struct tare_node
new_node(const struct builder *builder, const yaml_event_t *event, enum tare_node_kind kind)
{
	return (struct tare_node){
		.source = builder->source,
		.line = (uint32_t)event->start_mark.line + 1,
		.column = (uint32_t)event->start_mark.column + 1,
		.kind = (uint8_t)kind,
		.text = "",
	};
}

/* Appends a finished node to the open collection. */
static bool
push(struct builder *builder, const struct tare_node *node)
{
	if (++builder->node_count > TARE_SUITE_NODE_MAX) {
		tare_problem_add(builder->problems, node,
			"more than %d values; expected fewer in one file", TARE_SUITE_NODE_MAX);
		return false;
	}
	if (builder->pending_count == builder->pending_capacity) {
		builder->pending_capacity = builder->pending_capacity * 2 + 64;
		builder->pending = tare_xreallocarray(
			builder->pending, builder->pending_capacity, sizeof(*builder->pending));
	}
	builder->pending[builder->pending_count++] = *node;
	if (builder->depth > 0 && node->has_reference)
		builder->frames[builder->depth - 1].node.has_reference = true;
	return true;
}

static void
check_properties(struct builder *builder, const struct tare_node *node, const yaml_char_t *anchor,
	const yaml_char_t *tag)
{
	if (anchor != NULL)
		tare_problem_add(builder->problems, node,
			"an anchor, %s; expected `defaults` or `vars` for what is shared",
			tare_problem_quote(builder->problems, (const char *)anchor));
	if (tag != NULL)
		tare_problem_add(builder->problems, node, "a tag, %s; expected a value without one",
			tare_problem_quote(builder->problems, (const char *)tag));
}

static bool
add_scalar(struct builder *builder, const yaml_event_t *event)
{
	struct tare_node node = new_node(builder, event, TARE_NODE_SCALAR);
	const char *value = (const char *)event->data.scalar.value;

	check_properties(builder, &node, event->data.scalar.anchor, event->data.scalar.tag);
	if (strlen(value) != event->data.scalar.length) {
		tare_problem_add(builder->problems, &node, "text holds a NUL; expected none");
		node.bad = true;
	}
	node.text = tare_arena_strdup(builder->arena, value);
	node.plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node.has_reference = strstr(value, "${") != NULL;
	return push(builder, &node);
}

static bool
add_alias(struct builder *builder, const yaml_event_t *event)
{
	struct tare_node node = new_node(builder, event, TARE_NODE_SCALAR);

	tare_problem_add(builder->problems, &node,
		"an alias, %s; expected `defaults` or `vars` for what is shared",
		tare_problem_quote(builder->problems, (const char *)event->data.alias.anchor));
	node.text = "~";
	node.plain = true;
	node.bad = true;
	return push(builder, &node);
}

static bool
open_collection(struct builder *builder, const yaml_event_t *event)
{
	bool is_list = event->type == YAML_SEQUENCE_START_EVENT;
	struct tare_node node = new_node(builder, event, is_list ? TARE_NODE_LIST : TARE_NODE_MAP);

	if (is_list)
		check_properties(builder, &node, event->data.sequence_start.anchor,
			event->data.sequence_start.tag);
	else
		check_properties(builder, &node, event->data.mapping_start.anchor,
			event->data.mapping_start.tag);
	if (builder->depth == TARE_SUITE_DEPTH_MAX) {
		tare_problem_add(builder->problems, &node,
			"nested more than %d deep; expected less", TARE_SUITE_DEPTH_MAX);
		return false;
	}
	builder->frames[builder->depth++] =
		(struct frame){.node = node, .first = builder->pending_count};
	return true;
}

static int
compare_keys(const void *a, const void *b, void *context)
{
	const struct tare_node *map = context;
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;
	int side = strcmp(tare_node_key(map, left)->text, tare_node_key(map, right)->text);

	if (side != 0)
		return side;
	return left < right ? -1 : left > right;
}

static void
report_repeated(struct builder *builder, const struct tare_node *first, struct tare_node *second)
{
	tare_problem_add(builder->problems, second, "key %s again; expected once, as in line %u",
		tare_problem_quote(builder->problems, second->text), first->line);
	second->bad = true;
}

static void
index_keys(struct builder *builder, struct tare_node *map)
{
	if (map->count <= FEW_PAIRS) {
		for (size_t i = 1; i < map->count; i++)
			for (size_t j = 0; j < i; j++)
				if (strcmp(tare_node_key(map, i)->text,
					    tare_node_key(map, j)->text) == 0) {
					report_repeated(builder, tare_node_key(map, j),
						tare_node_key(map, i));
					break;
				}
		return;
	}
	map->order = tare_arena_alloc(builder->arena, map->count, sizeof(*map->order));
	for (uint32_t i = 0; i < map->count; i++)
		map->order[i] = i;
	qsort_r(map->order, map->count, sizeof(*map->order), compare_keys, map);
	for (size_t i = 1; i < map->count; i++) {
		struct tare_node *first = tare_node_key(map, map->order[i - 1]);
		struct tare_node *second = tare_node_key(map, map->order[i]);

		if (strcmp(first->text, second->text) == 0)
			report_repeated(builder, first, second);
	}
}

static void
check_keys(struct builder *builder, struct tare_node *map)
{
	for (size_t i = 0; i < map->count; i++) {
		struct tare_node *key = tare_node_key(map, i);

		if (key->kind != TARE_NODE_SCALAR) {
			tare_problem_add(builder->problems, key, "%s as a key; expected a name",
				tare_node_kind_name(key));
			/* As text, so that everything else can go on. */
			key->kind = TARE_NODE_SCALAR;
			key->bad = true;
		} else if (key->plain && strcmp(key->text, "<<") == 0) {
			tare_problem_add(builder->problems, key,
				"a merge key, \"<<\"; expected `defaults` or `vars` for what is "
				"shared");
			key->bad = true;
		}
	}
	index_keys(builder, map);
}

static bool
close_collection(struct builder *builder)
{
	struct frame *frame = &builder->frames[builder->depth - 1];
	struct tare_node node = frame->node;
	size_t count = builder->pending_count - frame->first;

	node.items = tare_arena_alloc(builder->arena, count, sizeof(*node.items));
	if (count > 0)
		memcpy(node.items, &builder->pending[frame->first], count * sizeof(*node.items));
	node.count = (uint32_t)(node.kind == TARE_NODE_MAP ? count / 2 : count);
	builder->pending_count = frame->first;
	builder->depth--;
	if (node.kind == TARE_NODE_MAP)
		check_keys(builder, &node);
	return push(builder, &node);
}

static bool
take_event(struct builder *builder, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++builder->document_count == 1)
			return true;
		tare_problem_add_at(builder->problems, builder->source,
			(unsigned)event->start_mark.line + 1,
			(unsigned)event->start_mark.column + 1,
			"a second document; expected one per file, or `include`");
		return false;
	case YAML_SCALAR_EVENT:
		return add_scalar(builder, event);
	case YAML_ALIAS_EVENT:
		return add_alias(builder, event);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return open_collection(builder, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_collection(builder);
	default:
		return true;
	}
}

static bool
read_events(struct builder *builder, const char *text)
{
	bool go_on = true;

	while (go_on) {
		yaml_event_t event;

		if (!yaml_parser_parse(&builder->parser, &event)) {
			report_parser(builder, text);
			return false;
		}
		if (event.type == YAML_STREAM_END_EVENT) {
			yaml_event_delete(&event);
			return true;
		}
		go_on = take_event(builder, &event);
		yaml_event_delete(&event);
	}
	return false;
}

static bool
build(struct tare_node **root_out, struct builder *builder, const char *text, size_t len)
{
	bool done = false;

	if (!yaml_parser_initialize(&builder->parser))
		abort();
	yaml_parser_set_encoding(&builder->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&builder->parser, (const unsigned char *)text, len);
	done = read_events(builder, text);
	yaml_parser_delete(&builder->parser);
	if (done && builder->document_count == 0) {
		tare_problem_add_at(builder->problems, builder->source, 1, 1,
			"nothing in it; expected a mapping with `suite` and `benchmarks`");
		done = false;
	}
	if (done) {
		assert(builder->depth == 0 && builder->pending_count == 1);
		*root_out = tare_arena_alloc(builder->arena, 1, sizeof(**root_out));
		**root_out = builder->pending[0];
	}
	free(builder->pending);
	return done;
}

bool
tare_yaml_read(struct tare_node **root_out, struct tare_arena *arena,
	struct tare_problem_list *problems, const struct tare_source *source, const char *text,
	size_t len)
{
	struct builder builder = {.arena = arena, .problems = problems, .source = source};

	if (!check_bytes(&builder, text, len))
		return false;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	return build(root_out, &builder, tare_surrogates_join(arena, text, len), len);
}
