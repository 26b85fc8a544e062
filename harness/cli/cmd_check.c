#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/list.h"
#include "harness/pin/pin.h"
#include "runners/runner.h"

struct check_line {
	struct tare_texts variables;
	const char *environment;
	bool quiet;
};

#define AT(field) offsetof(struct check_line, field)

static const struct tare_option options[] = {
	{"environment", 'e', "NAME", TARE_OPTION_TEXT, AT(environment),
		"development, ci, production, or the suite's own"},
	{"var", 0, "NAME=VALUE", TARE_OPTION_TEXTS, AT(variables),
		"set a variable of the suite; repeatable"},
	{"quiet", 'q', NULL, TARE_OPTION_FLAG, AT(quiet), "say nothing of files that are right"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

/* What the suite language leaves to others: runners and pin policies. */
static enum tare_status
check_plan(const struct tare_plan *plan, struct tare_err *err)
{
	for (size_t i = 0; i < plan->case_count; i++) {
		const struct tare_case *subject = &plan->cases[i];
		bool known =
			strcmp(subject->runner, "auto") == 0 || tare_runner_find(subject->runner);
		enum tare_status status = TARE_OK;

		if (!known)
			status = tare_err_set(err, TARE_INVALID,
				"there is no runner '%s'; tare list runners names them",
				subject->runner);
		else
			status = tare_pin_policy_check(subject->cpus, err);
		if (status != TARE_OK)
			return tare_err_where(
				err, "%s:%d: %s", subject->file, subject->line, subject->benchmark);
	}
	return TARE_OK;
}

static enum tare_status
check_file(const struct check_line *line, const char *path, struct tare_err *err)
{
	const struct tare_expand_options expand = {
		.environment = line->environment,
		.variables = line->variables.items,
		.variable_count = line->variables.count,
	};
	struct tare_arena *arena = tare_arena_new();
	struct tare_problems problems = {0};
	struct tare_suite *suite;
	struct tare_plan *plan;
	enum tare_status status = tare_suite_load(&suite, &problems, arena, path, err);

	if (status == TARE_OK)
		status = tare_suite_expand(&plan, &problems, arena, suite, &expand, err);
	if (status == TARE_OK)
		status = check_plan(plan, err);
	if (status == TARE_OK && !line->quiet) {
		tare_text_print_safe(stdout, path, false);
		printf(": ok, %zu %s\n", plan->case_count,
			plan->case_count == 1 ? "case" : "cases");
	}
	if (problems.total > 1)
		tare_problems_print(&problems);
	tare_arena_free(arena);
	return status;
}

/* Every file is checked; the first error is the one main prints, the others are printed here. */
static enum tare_status
check(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct check_line *line = line_in;
	enum tare_status first = tare_operands_check("check", operands, 1, (size_t)-1, err);

	(void)exit_code_out;
	for (; *operands; operands++) {
		struct tare_err own = {0};
		enum tare_status status = check_file(line, *operands, &own);

		if (status == TARE_OK)
			continue;
		if (first != TARE_OK) {
			tare_text_print_safe(stderr, own.text, false);
			fputc('\n', stderr);
			continue;
		}
		first = status;
		*err = own;
	}
	return first;
}

const struct tare_command tare_command_check = {
	.name = "check",
	.usage = "[OPTION...] FILE...",
	.summary = "check suites and say everything that is wrong",
	.tables = tables,
	.line_size = sizeof(struct check_line),
	.run = check,
};
