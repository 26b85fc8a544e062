#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/text.h"
#include "harness/cli/list.h"
#include "harness/pin/topology.h"
#include "harness/stages/here.h"
#include "harness/stages/stage.h"

struct check_line {
	struct tare_texts variables;
	const char *environment;
	const char *machine;
	bool strict;
	bool quiet;
};

#define AT(field) offsetof(struct check_line, field)

static const struct tare_option options[] = {
	{"environment", 'e', "NAME", TARE_OPTION_TEXT, AT(environment),
		"development, ci, production, or the suite's own"},
	{"var", 0, "NAME=VALUE", TARE_OPTION_TEXTS, AT(variables),
		"set a variable of the suite; repeatable"},
	{"machine", 0, "MACHINE", TARE_OPTION_TEXT, AT(machine),
		"whose CPUs are looked at: an XML file of lstopo, or \"core:4 pu:2\""},
	{"strict", 0, NULL, TARE_OPTION_FLAG, AT(strict),
		"what this machine does not have is an error (exit 5)"},
	{"quiet", 'q', NULL, TARE_OPTION_FLAG, AT(quiet), "say nothing of files that are right"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

struct tally {
	size_t files;
	size_t wrong;
	size_t cases;
	size_t warnings;
};

static void
print_count(size_t count, const char *noun)
{
	printf("%zu %s%s", count, noun, count == 1 ? "" : "s");
}

static void
print_right(const char *path, size_t cases, size_t warnings)
{
	tare_text_print_safe(stdout, path, false);
	fputs(": ok, ", stdout);
	print_count(cases, "case");
	if (warnings > 0) {
		fputs(", ", stdout);
		print_count(warnings, "warning");
	}
	putchar('\n');
}

/* A suite that asks for more than this machine has is right all the same: it may be for another. */
static enum tare_status
tell_advice(const struct check_line *line, const struct tare_problems *problems, const char *path,
	struct tare_err *err)
{
	if (line->strict && problems->advice_count == 1)
		return tare_err_set(err, TARE_UNSUPPORTED, "%s", problems->advice[0]);
	for (size_t i = 0; i < problems->advice_count && (line->strict || !line->quiet); i++) {
		fputs(line->strict ? "" : "warning: ", stderr);
		tare_text_print_safe(stderr, problems->advice[i], false);
		fputc('\n', stderr);
	}
	if (!line->strict || problems->advice_count == 0)
		return TARE_OK;
	return tare_err_set(err, TARE_UNSUPPORTED,
		"%s asks for %zu things that cannot be had on this machine", path,
		problems->advice_count);
}

/* "-" is standard input, whose paths are relative to where tare was started. */
static enum tare_status
find_suite(struct tare_suite_from *from_out, struct tare_arena *arena, const char *path,
	struct tare_err *err)
{
	char *text = NULL;
	size_t len = 0;
	enum tare_status status = TARE_OK;

	*from_out = (struct tare_suite_from){.name = path};
	if (strcmp(path, "-") != 0)
		return TARE_OK;
	status = tare_fd_read(
		arena, &text, &len, STDIN_FILENO, "standard input", TARE_SUITE_FILE_MAX, err);
	*from_out = (struct tare_suite_from){.name = "standard input", .text = text, .len = len};
	return status;
}

static enum tare_status
check_file(const struct check_line *line, struct tare_here *here, const char *path,
	struct tally *tally, struct tare_err *err)
{
	const struct tare_expand_options expand = {
		.environment = line->environment,
		.variables = line->variables.items,
		.variable_count = line->variables.count,
		.all_environments = !line->environment,
		.check_value = tare_stage_value_check,
		.check_here = tare_here_check,
		.check_here_context = here,
	};
	struct tare_arena *arena = tare_arena_new();
	struct tare_problems problems = {0};
	struct tare_suite_from from;
	struct tare_suite *suite;
	struct tare_plan *plan;
	enum tare_status status = find_suite(&from, arena, path, err);

	if (status == TARE_OK)
		status = tare_suite_load(&suite, &problems, arena, &from, &expand, err);
	if (status == TARE_OK)
		status = tare_suite_expand(&plan, &problems, arena, suite, &expand, err);
	if (status != TARE_OK) {
		tare_problems_print(&problems, from.name, err);
	} else {
		tally->cases += plan->case_count;
		tally->warnings += problems.advice_count;
		status = tell_advice(line, &problems, from.name, err);
		if (status == TARE_OK && !line->quiet)
			print_right(from.name, plan->case_count, problems.advice_count);
	}
	tare_arena_free(arena);
	return status;
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
		fputs(", all ok", stdout);
		if (tally->warnings > 0) {
			fputs(", ", stdout);
			print_count(tally->warnings, "warning");
		}
		putchar('\n');
	}
	return TARE_OK;
}

static enum tare_status
check_files(const struct check_line *line, struct tare_here *here, char **operands,
	struct tare_err *err)
{
	enum tare_status first = TARE_OK;
	struct tally tally = {0};

	for (; operands[tally.files]; tally.files++) {
		struct tare_err own = {0};
		enum tare_status status =
			check_file(line, here, operands[tally.files], &tally, &own);

		if (status == TARE_OK)
			continue;
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

static enum tare_status
check(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct check_line *line = line_in;
	struct tare_topology *other = NULL;
	struct tare_arena *arena;
	char *only[2] = {0};
	enum tare_status status = TARE_OK;

	(void)exit_code_out;
	if (!operands[0]) {
		status = tare_suite_operand(&only[0], "check", operands, err);
		operands = only;
	}
	if (status != TARE_OK)
		return status;
	arena = tare_arena_new();
	if (line->machine)
		status = tare_topology_read_named(&other, arena, line->machine, err);
	if (status == TARE_OK)
		status = check_files(line, tare_here_new(arena, other), operands, err);
	tare_arena_free(arena);
	return status;
}

const struct tare_command tare_command_check = {
	.name = "check",
	.usage = "[OPTION...] [FILE...]",
	.summary = "check suites and say everything that is wrong",
	.detail = "FILE - is standard input.",
	.tables = tables,
	.line_size = sizeof(struct check_line),
	.run = check,
};
