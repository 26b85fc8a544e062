#include "harness/suite/pattern.h"

#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Reads an expression once: copies it without group names, and estimates how many nodes the C
 * library makes of it, which copies what is repeated. */
struct reader {
	const char *at;
	char *out;
	size_t group_count;
	size_t named_group;
	size_t depth;
	struct tare_err *err;
	/* Per open group: nodes of what is complete, and of the last item, which a repetition
	 * multiplies. */
	struct {
		size_t done;
		size_t last;
	} sizes[TARE_PATTERN_DEPTH_MAX + 1];
};

static void
add_item(struct reader *reader, size_t size)
{
	reader->sizes[reader->depth].done += reader->sizes[reader->depth].last;
	reader->sizes[reader->depth].last = size;
}

static enum tare_status
multiply(struct reader *reader, size_t factor)
{
	size_t *last = &reader->sizes[reader->depth].last;

	*last = (*last == 0 ? 1 : *last) * (factor == 0 ? 1 : factor);
	if (*last > TARE_PATTERN_SIZE_MAX)
		return tare_err_set(reader->err, TARE_INVALID,
			"repeats too much; expected fewer or smaller repetitions");
	return TARE_OK;
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
	reader->depth++;
	reader->sizes[reader->depth].done = 0;
	reader->sizes[reader->depth].last = 0;
	if (*reader->at == '?')
		return read_group_name(reader);
	return TARE_OK;
}

static void
close_group(struct reader *reader)
{
	*reader->out++ = *reader->at++;
	if (reader->depth > 0) {
		size_t size =
			reader->sizes[reader->depth].done + reader->sizes[reader->depth].last + 1;

		reader->depth--;
		add_item(reader, size);
	}
}

/* "[...]", in which a first "]" is itself and [:class:] may hold one. */
static void
copy_bracket(struct reader *reader)
{
	*reader->out++ = *reader->at++;
	if (*reader->at == '^')
		*reader->out++ = *reader->at++;
	if (*reader->at == ']')
		*reader->out++ = *reader->at++;
	while (*reader->at != '\0' && *reader->at != ']') {
		char kind = reader->at[1];

		if (*reader->at == '[' && (kind == ':' || kind == '.' || kind == '=')) {
			*reader->out++ = *reader->at++;
			*reader->out++ = *reader->at++;
			while (*reader->at != '\0' &&
				!(*reader->at == kind && reader->at[1] == ']'))
				*reader->out++ = *reader->at++;
			if (*reader->at != '\0')
				*reader->out++ = *reader->at++;
		}
		if (*reader->at != '\0')
			*reader->out++ = *reader->at++;
	}
	if (*reader->at == ']')
		*reader->out++ = *reader->at++;
	add_item(reader, 1);
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
		add_item(reader, 1);
		return TARE_OK;
	}
	while (reader->at <= end)
		*reader->out++ = *reader->at++;
	if (most > TARE_PATTERN_SIZE_MAX)
		most = TARE_PATTERN_SIZE_MAX + 1;
	return multiply(reader, most + 1);
}

static enum tare_status
copy_escape(struct reader *reader)
{
	if (reader->at[1] >= '1' && reader->at[1] <= '9')
		return tare_err_set(reader->err, TARE_INVALID,
			"has the back reference \"\\%c\"; expected an expression without",
			reader->at[1]);
	*reader->out++ = *reader->at++;
	if (*reader->at != '\0')
		*reader->out++ = *reader->at++;
	add_item(reader, 1);
	return TARE_OK;
}

static enum tare_status
copy_one(struct reader *reader)
{
	switch (*reader->at) {
	case '\\':
		return copy_escape(reader);
	case '[':
		copy_bracket(reader);
		return TARE_OK;
	case '(':
		return open_group(reader);
	case ')':
		close_group(reader);
		return TARE_OK;
	case '{':
		return copy_interval(reader);
	case '+':
		*reader->out++ = *reader->at++;
		return multiply(reader, 2);
	case '*':
	case '?':
		*reader->out++ = *reader->at++;
		return multiply(reader, 1);
	default:
		*reader->out++ = *reader->at++;
		add_item(reader, 1);
		return TARE_OK;
	}
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

enum tare_status
tare_pattern_read(struct tare_pattern *pattern_out, struct tare_arena *arena, const char *text,
	struct tare_err *err)
{
	struct reader reader = {.at = text, .err = err};
	size_t len = strlen(text);
	char *out = NULL;
	enum tare_status status = TARE_OK;

	if (len == 0 || len > TARE_PATTERN_LEN_MAX)
		return tare_err_set(err, TARE_INVALID,
			"has %zu bytes; expected a regular expression of 1 to %d", len,
			TARE_PATTERN_LEN_MAX);
	out = tare_arena_alloc(arena, len + 1, 1);
	reader.out = out;
	while (*reader.at != '\0' && status == TARE_OK) {
		status = copy_one(&reader);
		if (status == TARE_OK && reader.sizes[reader.depth].done > TARE_PATTERN_SIZE_MAX)
			status = multiply(&reader, TARE_PATTERN_SIZE_MAX);
	}
	if (status == TARE_OK)
		status = compile(out, err);
	if (status != TARE_OK)
		return status;
	pattern_out->text = out;
	pattern_out->group = reader.named_group != 0 ? reader.named_group : reader.group_count > 0;
	return TARE_OK;
}
