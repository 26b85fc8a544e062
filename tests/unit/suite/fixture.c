#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite/fixture.h"

const char *const *suite_environment;

static const char *
fake_getenv(const char *name)
{
	for (size_t i = 0; suite_environment != NULL && suite_environment[i] != NULL; i += 2)
		if (strcmp(suite_environment[i], name) == 0)
			return suite_environment[i + 1];
	return NULL;
}

int
suite_setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (fixture == NULL)
		return -1;
	fixture->arena = tare_arena_new();
	fixture->options.getenv = fake_getenv;
	suite_environment = NULL;
	*state = fixture;
	return 0;
}

int
suite_teardown(void **state)
{
	struct fixture *fixture = *state;

	tare_arena_free(fixture->arena);
	free(fixture);
	return 0;
}

static const char *
join(struct fixture *fixture)
{
	const char *text = "";

	for (size_t i = 0; i < fixture->problems.count; i++)
		text = tare_arena_printf(
			fixture->arena, "%s%s\n", text, fixture->problems.texts[i]);
	return text;
}

const char *
suite_problems(struct fixture *fixture, const char *text)
{
	const struct tare_suite_from from = {"s.yaml", text, strlen(text)};
	enum tare_status status = tare_suite_load(&fixture->suite, &fixture->problems,
		fixture->arena, &from, &fixture->options, &fixture->err);

	if (status == TARE_OK)
		status = tare_suite_expand(&fixture->plan, &fixture->problems, fixture->arena,
			fixture->suite, &fixture->options, &fixture->err);
	assert_int_equal(status == TARE_OK, fixture->problems.total == 0);
	return join(fixture);
}

struct tare_plan *
suite_plan(struct fixture *fixture, const char *text)
{
	assert_string_equal(suite_problems(fixture, text), "");
	return fixture->plan;
}

static const char *
one_benchmark(struct fixture *fixture, const char *text)
{
	return tare_arena_printf(fixture->arena, "suite: t\nbenchmarks:\n- name: b\n%s", text);
}

const struct tare_case *
suite_case(struct fixture *fixture, const char *text)
{
	const struct tare_plan *plan = suite_plan(fixture, one_benchmark(fixture, text));

	assert_int_equal(plan->case_count, 1);
	return &plan->cases[0];
}

const char *
suite_case_problems(struct fixture *fixture, const char *text)
{
	return suite_problems(fixture, one_benchmark(fixture, text));
}

const char *
suite_words(struct fixture *fixture, const struct tare_program *program)
{
	const char *text = "";

	assert_null(program->argv[program->argc]);
	for (size_t i = 0; i < program->argc; i++)
		text = tare_arena_printf(fixture->arena, "%s[%s]", text, program->argv[i]);
	return text;
}

const char *
suite_env(const struct tare_program *program, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; program->env[i] != NULL; i++)
		if (strncmp(program->env[i], name, len) == 0 && program->env[i][len] == '=')
			return program->env[i] + len + 1;
	return NULL;
}
