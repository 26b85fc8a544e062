#include "harness/suite/pattern.h"

#include <assert.h>
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* "\w" within brackets becomes "[:alnum:]_". */
enum { GROWTH = 5, OUT_MAX = GROWTH * TARE_PATTERN_LEN_MAX + 1 };

/* What the C library makes of a part of an expression, repetitions written out. */
struct weight {
	size_t items;
	size_t anchors; /* ^ $ \b and the like, each of which doubles what stands beside it */
	size_t empties; /* parts that may match nothing */
};

/* A group that is open, or the whole. */
struct level {
	struct weight done;   /* what is complete */
	struct weight last;   /* the item that a repetition would multiply; no items: none */
	bool last_is_empty;   /* may match nothing */
	bool branch_is_empty; /* so may all before it since the last "|" */
	bool any_is_empty;    /* so may a branch before that */
};

/* Reads an expression once: copies it without group names and weighs it. */
struct reader {
	const char *at;
	char *out;
	size_t group_count;
	size_t named_group;
	size_t depth;
	struct tare_err *err;
	struct level levels[TARE_PATTERN_DEPTH_MAX + 1];
};

static struct level *
level_of(struct reader *reader)
{
	return &reader->levels[reader->depth];
}

static void
sum(struct weight *into, const struct weight *weight)
{
	into->items += weight->items;
	into->anchors += weight->anchors;
	into->empties += weight->empties;
}

/* The last item is complete: nothing can repeat it any more. */
static void
settle(struct level *level)
{
	sum(&level->done, &level->last);
	if (level->last.items > 0 && !level->last_is_empty)
		level->branch_is_empty = false;
	level->last = (struct weight){0};
	level->last_is_empty = false;
}

static void
add_item(struct reader *reader, const struct weight *weight, bool is_empty)
{
	struct level *level = level_of(reader);

	settle(level);
	level->last = *weight;
	level->last_is_empty = is_empty;
}

static void
add_char(struct reader *reader)
{
	add_item(reader, &(struct weight){.items = 1}, false);
}

static void
add_anchor(struct reader *reader)
{
	add_item(reader, &(struct weight){.items = 1, .anchors = 1, .empties = 1}, true);
}

static void
end_branch(struct level *level)
{
	settle(level);
	level->any_is_empty |= level->branch_is_empty;
	level->branch_is_empty = true;
}

static enum tare_status
check_weight(const struct reader *reader, const struct weight *weight)
{
	if (weight->items > TARE_PATTERN_SIZE_MAX)
		return tare_err_set(reader->err, TARE_INVALID,
			"repeats too much; expected fewer or smaller repetitions");
	if (weight->anchors > TARE_PATTERN_ANCHORS_MAX)
		return tare_err_set(reader->err, TARE_INVALID,
			"has too many anchors (^, $, \\b); expected at most %d, repetitions "
			"counted",
			TARE_PATTERN_ANCHORS_MAX);
	if (weight->anchors * weight->empties > TARE_PATTERN_EMPTIES_MAX)
		return tare_err_set(reader->err, TARE_INVALID,
			"has too many optional parts between its anchors; expected fewer");
	return TARE_OK;
}

/* "+", "*" or an interval behind the last item. */
static enum tare_status
repeat(struct reader *reader, size_t factor, bool may_be_none)
{
	struct level *level = level_of(reader);

	if (level->last.items > 0 && level->last_is_empty)
		return tare_err_set(reader->err, TARE_INVALID,
			"repeats what may match nothing; expected each repetition to match "
			"something");
	level->last.items = (level->last.items == 0 ? 1 : level->last.items) * factor;
	level->last.anchors *= factor;
	level->last.empties = level->last.empties * factor + may_be_none;
	level->last_is_empty = may_be_none;
	return check_weight(reader, &level->last);
}

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static enum tare_status
read_group_name(struct reader *reader)
{
	const char *at = reader->at + 1;
	size_t len = 0;

	at += *at == 'P';
	if (*at != '<')
		return tare_err_set(reader->err, TARE_INVALID,
			"has \"(?\" without a name; expected a POSIX extended expression, or "
			"(?<name>...)");
	at++;
	while (is_name_char(at[len]))
		len++;
	if (len == 0 || at[len] != '>')
		return tare_err_set(reader->err, TARE_INVALID,
			"has a group name that is not closed; expected (?<name>...)");
	if (reader->named_group != 0)
		return tare_err_set(
			reader->err, TARE_INVALID, "has two named groups; expected one");
	reader->named_group = reader->group_count;
	reader->at = at + len + 1;
	return TARE_OK;
}

static enum tare_status
open_group(struct reader *reader)
{
	if (reader->depth == TARE_PATTERN_DEPTH_MAX)
		return tare_err_set(reader->err, TARE_INVALID,
			"nests groups more than %d deep; expected less", TARE_PATTERN_DEPTH_MAX);
	*reader->out++ = *reader->at++;
	reader->group_count++;
	settle(level_of(reader));
	reader->depth++;
	*level_of(reader) = (struct level){.branch_is_empty = true};
	if (*reader->at == '?')
		return read_group_name(reader);
	return TARE_OK;
}

static void
close_group(struct reader *reader)
{
	*reader->out++ = *reader->at++;
	if (reader->depth > 0) {
		struct level *level = level_of(reader);
		struct weight weight = {0};

		end_branch(level);
		weight = level->done;
		weight.items++;
		reader->depth--;
		add_item(reader, &weight, level->any_is_empty);
	}
}

/* What people mean by a backslash and a letter where POSIX means the letter: a set, within brackets
 * a part of one; NULL where the C library takes it as it stands. */
static const char *
meaning_of(char letter, bool in_bracket)
{
	switch (letter) {
	case 'd':
		return in_bracket ? "0-9" : "[0-9]";
	case 'D':
		return in_bracket ? NULL : "[^0-9]";
	case 'w':
		return in_bracket ? "[:alnum:]_" : NULL;
	case 's':
		return in_bracket ? "[:space:]" : NULL;
	case 'n':
		return "\n";
	case 'r':
		return "\r";
	case 't':
		return "\t";
	default:
		return NULL;
	}
}

static void
put_meaning(struct reader *reader, const char *meaning)
{
	reader->out = stpcpy(reader->out, meaning);
	reader->at += 2;
}

/* "[:class:]" and the like within brackets. */
static void
copy_class(struct reader *reader)
{
	char kind = reader->at[1];

	*reader->out++ = *reader->at++;
	*reader->out++ = *reader->at++;
	while (*reader->at != '\0' && !(*reader->at == kind && reader->at[1] == ']'))
		*reader->out++ = *reader->at++;
	for (int i = 0; i < 2 && *reader->at != '\0'; i++)
		*reader->out++ = *reader->at++;
}

/* A backslash within brackets, where it is itself unless a letter behind it means something. */
static enum tare_status
copy_bracket_escape(struct reader *reader)
{
	char kind = reader->at[1];
	const char *meaning = meaning_of(kind, true);

	if (kind == 'D' || kind == 'S' || kind == 'W')
		return tare_err_set(reader->err, TARE_INVALID,
			"has \"\\%c\" within brackets; expected the characters themselves", kind);
	if (meaning) {
		put_meaning(reader, meaning);
		return TARE_OK;
	}
	*reader->out++ = *reader->at++;
	if (kind == '\\')
		*reader->out++ = *reader->at++;
	return TARE_OK;
}

/* "[...]", in which a first "]" is itself and [:class:] may hold one. */
static enum tare_status
copy_bracket(struct reader *reader)
{
	enum tare_status status = TARE_OK;

	*reader->out++ = *reader->at++;
	if (*reader->at == '^')
		*reader->out++ = *reader->at++;
	if (*reader->at == ']')
		*reader->out++ = *reader->at++;
	while (*reader->at != '\0' && *reader->at != ']' && status == TARE_OK) {
		if (*reader->at == '\\')
			status = copy_bracket_escape(reader);
		else if (*reader->at == '[' && reader->at[1] != '\0' &&
			 strchr(":.=", reader->at[1]) != NULL)
			copy_class(reader);
		else
			*reader->out++ = *reader->at++;
	}
	if (*reader->at == ']')
		*reader->out++ = *reader->at++;
	add_char(reader);
	return status;
}

static enum tare_status
copy_interval(struct reader *reader)
{
	char *end = NULL;
	unsigned long least = strtoul(reader->at + 1, &end, 10);
	unsigned long most = least;

	if (*end == ',') {
		const char *second = end + 1;

		most = strtoul(second, &end, 10);
		if (end == second)
			most = least + 1;
	}
	/* What is not an interval is text, or an error that regcomp() reports. */
	if (end == reader->at + 1 || *end != '}') {
		*reader->out++ = *reader->at++;
		add_char(reader);
		return TARE_OK;
	}
	while (reader->at <= end)
		*reader->out++ = *reader->at++;
	if (most > TARE_PATTERN_SIZE_MAX)
		most = TARE_PATTERN_SIZE_MAX + 1;
	return repeat(reader, most + 1, least == 0);
}

static enum tare_status
copy_escape(struct reader *reader)
{
	char kind = reader->at[1];
	const char *meaning = meaning_of(kind, false);

	if (kind >= '1' && kind <= '9')
		return tare_err_set(reader->err, TARE_INVALID,
			"has the back reference \"\\%c\"; expected an expression without", kind);
	if (meaning) {
		put_meaning(reader, meaning);
		add_char(reader);
		return TARE_OK;
	}
	*reader->out++ = *reader->at++;
	if (kind != '\0')
		*reader->out++ = *reader->at++;
	if (kind != '\0' && strchr("bB<>`'", kind) != NULL)
		add_anchor(reader);
	else
		add_char(reader);
	return TARE_OK;
}

static enum tare_status
copy_repetition(struct reader *reader)
{
	char kind = *reader->at;

	*reader->out++ = *reader->at++;
	if (kind == '?') {
		level_of(reader)->last_is_empty = true;
		level_of(reader)->last.empties++;
		return TARE_OK;
	}
	return repeat(reader, kind == '+' ? 2 : 1, kind == '*');
}

static void
copy_plain(struct reader *reader)
{
	char kind = *reader->at;

	*reader->out++ = *reader->at++;
	if (kind == '^' || kind == '$')
		add_anchor(reader);
	else if (kind == '|')
		end_branch(level_of(reader));
	else
		add_char(reader);
}

static enum tare_status
copy_one(struct reader *reader)
{
	switch (*reader->at) {
	case '\\':
		return copy_escape(reader);
	case '(':
		return open_group(reader);
	case '{':
		return copy_interval(reader);
	case '+':
	case '*':
	case '?':
		return copy_repetition(reader);
	case '[':
		return copy_bracket(reader);
	case ')':
		close_group(reader);
		return TARE_OK;
	default:
		copy_plain(reader);
		return TARE_OK;
	}
}

/* reader->out has room for what the expression may become: GROWTH times its bytes, and a NUL. */
static enum tare_status
read_all(struct reader *reader)
{
	enum tare_status status = TARE_OK;
	struct weight total = {0};

	reader->levels[0] = (struct level){.branch_is_empty = true};
	while (*reader->at != '\0' && status == TARE_OK) {
		status = copy_one(reader);
		if (status == TARE_OK)
			status = check_weight(reader, &level_of(reader)->done);
	}
	*reader->out = '\0';
	for (size_t i = 0; i <= reader->depth; i++) {
		settle(&reader->levels[i]);
		sum(&total, &reader->levels[i].done);
	}
	if (status == TARE_OK)
		status = check_weight(reader, &total);
	reader->levels[0].done = total;
	return status;
}

static enum tare_status
compile(const char *text, struct tare_err *err)
{
	regex_t compiled;
	char reason[128];
	int code = regcomp(&compiled, text, REG_EXTENDED | REG_NEWLINE);

	if (code == 0) {
		regfree(&compiled);
		return TARE_OK;
	}
	regerror(code, &compiled, reason, sizeof(reason));
	return tare_err_set(err, TARE_INVALID,
		"is not a regular expression: %s; expected POSIX extended syntax", reason);
}

static uint64_t
cost_of(const struct weight *weight)
{
	return weight->items * (1 + weight->items / 50) + 20 * weight->anchors * weight->empties;
}

/* Copies into out, which has OUT_MAX bytes. */
static enum tare_status
weigh(char *out, uint64_t *cost_out, const char *text, struct tare_err *err)
{
	struct reader reader = {.at = text, .out = out, .err = err};
	size_t len = strlen(text);
	enum tare_status status = TARE_OK;

	if (len == 0 || len > TARE_PATTERN_LEN_MAX)
		return tare_err_set(err, TARE_INVALID,
			"has %zu bytes; expected a regular expression of 1 to %d", len,
			TARE_PATTERN_LEN_MAX);
	status = read_all(&reader);
	if (status == TARE_OK && cost_out != NULL)
		*cost_out = cost_of(&reader.levels[0].done);
	return status;
}

enum tare_status
tare_pattern_weigh(uint64_t *cost_out, const char *text, struct tare_err *err)
{
	char out[OUT_MAX];

	return weigh(out, cost_out, text, err);
}

enum tare_status
tare_pattern_check(uint64_t *cost_out, const char *text, struct tare_err *err)
{
	char out[OUT_MAX];
	uint64_t cost = 0;
	enum tare_status status = weigh(out, &cost, text, err);

	if (status == TARE_OK)
		status = compile(out, err);
	if (status == TARE_OK && cost_out != NULL)
		*cost_out = cost;
	return status;
}

void
tare_pattern_read(struct tare_pattern *pattern_out, struct tare_arena *arena, const char *text)
{
	size_t len = strlen(text);
	char *out = tare_arena_alloc(arena, GROWTH * len + 1, 1);
	struct reader reader = {.at = text, .out = out};
	enum tare_status status = read_all(&reader);

	assert(status == TARE_OK);
	pattern_out->text = out;
	pattern_out->group = reader.named_group != 0 ? reader.named_group : reader.group_count > 0;
}
