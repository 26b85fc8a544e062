#include "harness/suite/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

enum {
	QUOTE_MAX = 80,        /* bytes of the user's text shown in a sentence */
	CANDIDATES_MAX = 1000, /* considered for a did-you-mean */
};

void
tare_problem_list_init(struct tare_problem_list *list, struct tare_arena *arena)
{
	list->arena = arena;
	list->count = 0;
	list->total = 0;
	list->attempts = 0;
	list->listed = NULL;
}

static bool
is_known(const struct tare_problem_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].text, text) == 0)
			return true;
	return false;
}

/* Counts what is not kept. */
static bool
is_full(struct tare_problem_list *list)
{
	if (list->count < TARE_SUITE_PROBLEM_MAX)
		return false;
	list->attempts++;
	list->total++;
	return true;
}

static void
keep(struct tare_problem_list *list, const struct tare_problem *problem)
{
	list->attempts++;
	if (is_known(list, problem->text))
		return;
	list->total++;
	list->items[list->count++] = *problem;
}

static void
add(struct tare_problem_list *list, const struct tare_source *source, unsigned line,
	unsigned column, const char *sentence)
{
	const char *text = NULL;

	if (line == 0)
		text = tare_arena_printf(list->arena, "%s: %s", source->name, sentence);
	else
		text = tare_arena_printf(
			list->arena, "%s:%u:%u: %s", source->name, line, column, sentence);
	keep(list, &(struct tare_problem){.text = tare_text_safe(list->arena, text),
			   .rank = source->rank,
			   .line = line,
			   .column = column});
}

void
tare_problem_add(
	struct tare_problem_list *list, const struct tare_node *at, const char *format, ...)
{
	char *sentence = NULL;
	va_list args;

	if (is_full(list))
		return;
	va_start(args, format);
	sentence = tare_arena_vprintf(list->arena, format, args);
	va_end(args);
	add(list, at->source, at->line, at->column, sentence);
}

void
tare_problem_add_at(struct tare_problem_list *list, const struct tare_source *source, unsigned line,
	unsigned column, const char *format, ...)
{
	char *sentence = NULL;
	va_list args;

	if (is_full(list))
		return;
	va_start(args, format);
	sentence = tare_arena_vprintf(list->arena, format, args);
	va_end(args);
	add(list, source, line, column, sentence);
}

static int
compare_problems(const void *a, const void *b)
{
	const struct tare_problem *left = a;
	const struct tare_problem *right = b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	if (left->column != right->column)
		return left->column < right->column ? -1 : 1;
	return strcmp(left->text, right->text);
}

enum tare_status
tare_problem_list_finish(
	struct tare_problems *out, struct tare_problem_list *list, struct tare_err *err)
{
	out->texts = tare_arena_alloc(list->arena, list->count, sizeof(*out->texts));
	out->count = list->count;
	out->total = list->total;
	if (list->count == 0)
		return TARE_OK;
	qsort(list->items, list->count, sizeof(list->items[0]), compare_problems);
	for (size_t i = 0; i < list->count; i++)
		out->texts[i] = tare_arena_strdup(list->arena, list->items[i].text);
	if (list->total == 1)
		return tare_err_set(err, TARE_INVALID, "%s", out->texts[0]);
	return tare_err_set(err, TARE_INVALID, "%s (and %zu more)", out->texts[0], list->total - 1);
}

const char *
tare_problem_quote(struct tare_problem_list *list, const char *text)
{
	size_t len = strnlen(text, QUOTE_MAX + 1);
	const char *end = "\"";
	char *head = NULL;

	if (list->count == TARE_SUITE_PROBLEM_MAX)
		return "";
	if (len > QUOTE_MAX) {
		len = QUOTE_MAX;
		/* Not in the middle of a character. */
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
		end = "...\"";
	}
	head = tare_arena_strndup(list->arena, text, len);
	return tare_arena_printf(list->arena, "\"%s%s", tare_text_safe(list->arena, head), end);
}

const char *
tare_problem_suggest(struct tare_problem_list *list, const char *word,
	const char *const *candidates, size_t count)
{
	const char *nearest = NULL;

	if (count > CANDIDATES_MAX)
		count = CANDIDATES_MAX;
	if (list->count < TARE_SUITE_PROBLEM_MAX && strlen(word) <= QUOTE_MAX)
		nearest = tare_text_nearest(word, candidates, count);
	if (nearest == NULL)
		return "";
	return tare_arena_printf(
		list->arena, "; did you mean %s?", tare_problem_quote(list, nearest));
}
