#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/list.h"
#include "harness/stages/stage.h"

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

struct tally {
	size_t files;
	size_t wrong;
	size_t cases;
};

static enum tare_status
check_file(const struct check_line *line, const char *path, size_t *cases_out, struct tare_err *err)
{
	const struct tare_expand_options expand = {
		.environment = line->environment,
		.variables = line->variables.items,
		.variable_count = line->variables.count,
		.all_environments = !line->environment,
		.check_value = tare_stage_value_check,
	};
	struct tare_arena *arena = tare_arena_new();
	struct tare_problems problems = {0};
	const struct tare_suite_from from = {.name = path};
	struct tare_suite *suite;
	struct tare_plan *plan;
	enum tare_status status = tare_suite_load(&suite, &problems, arena, &from, &expand, err);

	if (status == TARE_OK)
		status = tare_suite_expand(&plan, &problems, arena, suite, &expand, err);
	if (status == TARE_OK)
		*cases_out = plan->case_count;
	else
		tare_problems_print(&problems, path, err);
	tare_arena_free(arena);
	return status;
}

static void
print_count(size_t count, const char *noun)
{
	printf("%zu %s%s", count, noun, count == 1 ? "" : "s");
}

static void
print_right(const char *path, size_t cases)
{
	tare_text_print_safe(stdout, path, false);
	fputs(": ok, ", stdout);
	print_count(cases, "case");
	putchar('\n');
}

/* Of several files each error is printed here; main's one line then says how many there were. */
static enum tare_status
summarize(const struct tally *tally, enum tare_status first, bool quiet, struct tare_err *err)
{
	if (tally->wrong > 0)
		return tare_err_set(err, first, "%zu of %zu files %s wrong", tally->wrong,
			tally->files, tally->wrong == 1 ? "is" : "are");
	if (!quiet) {
		print_count(tally->files, "file");
		fputs(" and ", stdout);
		print_count(tally->cases, "case");
		puts(", all ok");
	}
	return TARE_OK;
}

static enum tare_status
check(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct check_line *line = line_in;
	char *only[2] = {0};
	enum tare_status first = TARE_OK;
	struct tally tally = {0};

	(void)exit_code_out;
	if (!operands[0]) {
		first = tare_suite_operand(&only[0], "check", operands, err);
		operands = only;
	}
	if (first != TARE_OK)
		return first;
	for (; operands[tally.files]; tally.files++) {
		size_t cases = 0;
		struct tare_err own = {0};
		enum tare_status status = check_file(line, operands[tally.files], &cases, &own);

		tally.cases += cases;
		if (status == TARE_OK) {
			if (!line->quiet)
				print_right(operands[tally.files], cases);
			continue;
		}
		tally.wrong++;
		if (first == TARE_OK)
			first = status;
		if (!operands[1]) {
			*err = own;
			return status;
		}
		tare_text_print_safe(stderr, own.text, false);
		fputc('\n', stderr);
	}
	return tally.files > 1 ? summarize(&tally, first, line->quiet, err) : first;
}

const struct tare_command tare_command_check = {
	.name = "check",
	.usage = "[OPTION...] [FILE...]",
	.summary = "check suites and say everything that is wrong",
	.tables = tables,
	.line_size = sizeof(struct check_line),
	.run = check,
};
