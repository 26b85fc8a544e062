/*
 * The collector of everything that is wrong with a suite.
 *
 * tare_problem_list_init(), any number of tare_problem_add(), tare_problem_list_finish(). The same
 * problem at the same place is kept once; past TARE_SUITE_PROBLEM_MAX they are only counted, every
 * time, and cost no memory. Texts live in the arena. Internal to harness/suite.
 */
#ifndef TARE_SUITE_PROBLEMS_H
#define TARE_SUITE_PROBLEMS_H

#include "harness/base/err.h"
#include "harness/suite/node.h"
#include "harness/suite/suite.h"

struct tare_problem {
	const char *text;
	unsigned rank;
	unsigned line;
	unsigned column;
};

struct tare_problem_list {
	struct tare_arena *arena;
	struct tare_problem items[TARE_SUITE_PROBLEM_MAX];
	size_t count;       /* of items */
	size_t total;       /* with those that were not kept */
	const void *listed; /* what was listed last where anything was expected: not again */
	size_t attempts;    /* with repetitions: who works on in spite of problems stops by it */
};

void tare_problem_list_init(struct tare_problem_list *list, struct tare_arena *arena);
/* "name:line:column: " and the sentence, or "name: " where line is 0. */
void tare_problem_add(struct tare_problem_list *list, const struct tare_node *at,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
void tare_problem_add_at(struct tare_problem_list *list, const struct tare_source *source,
	unsigned line, unsigned column, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Sorts by file and line. TARE_OK where there is none; else TARE_INVALID, with out filled. */
enum tare_status tare_problem_list_finish(
	struct tare_problems *out, struct tare_problem_list *list, struct tare_err *err);

/* The user's text in quotes, made safe and cut where long; in the list's arena. */
const char *tare_problem_quote(struct tare_problem_list *list, const char *text);
/* "; did you mean 'x'?", or "" where nothing is near. */
const char *tare_problem_suggest(struct tare_problem_list *list, const char *word,
	const char *const *candidates, size_t count);

#endif
