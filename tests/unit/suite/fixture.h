/*
 * A suite from text, for the tests of this folder.
 *
 * suite_setup() and suite_teardown() are cmocka's; *state is a struct fixture. An environment of
 * its own replaces the process's: fixture->environment holds "NAME=value" lines.
 */
#ifndef TARE_TESTS_UNIT_SUITE_FIXTURE_H
#define TARE_TESTS_UNIT_SUITE_FIXTURE_H

#include "harness/suite/suite.h"

struct fixture {
	struct tare_arena *arena;
	struct tare_suite *suite;
	struct tare_plan *plan;
	struct tare_problems problems;
	struct tare_err err;
	struct tare_expand_options options;
};

int suite_setup(void **state);
int suite_teardown(void **state);

/* What getenv gives in tests: pairs of name and value, NULL-terminated. */
extern const char *const *suite_environment;

/* Loads text as "s.yaml", expands it, and returns all problems, a line each, or "". */
const char *suite_problems(struct fixture *fixture, const char *text);
/* The same for a suite that must be right. */
struct tare_plan *suite_plan(struct fixture *fixture, const char *text);
/* The one case of such a suite with this text behind "suite: t\nbenchmarks:\n- name: b\n". */
const struct tare_case *suite_case(struct fixture *fixture, const char *text);
/* The problems of such a suite. */
const char *suite_case_problems(struct fixture *fixture, const char *text);
/* A program's words in brackets: "[ls][-l]". */
const char *suite_words(struct fixture *fixture, const struct tare_program *program);
/* The value of a variable in a program's environment, or NULL. */
const char *suite_env(const struct tare_program *program, const char *name);

#endif
