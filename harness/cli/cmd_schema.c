#include <stdio.h>

#include "harness/cli/list.h"

struct no_line {
	char unused;
};

static const struct tare_option options[] = {{0}};
static const struct tare_option *const tables[] = {options, NULL};

static enum tare_status
schema(const void *line, char **operands, int *exit_code_out, struct tare_err *err)
{
	enum tare_status status = tare_operands_check("schema", operands, 0, 0, err);

	(void)line;
	(void)exit_code_out;
	if (status == TARE_OK)
		tare_suite_schema_write(stdout);
	return status;
}

const struct tare_command tare_command_schema = {
	.name = "schema",
	.usage = "[OPTION...]",
	.summary = "print the JSON Schema of suites, for editors",
	.tables = tables,
	.line_size = sizeof(struct no_line),
	.run = schema,
};

static enum tare_status
help(const void *line, char **operands, int *exit_code_out, struct tare_err *err)
{
	char text[] = "--help";
	char *argv[] = {operands[0], text, NULL};

	(void)line;
	if (!operands[0]) {
		tare_help_print(stdout);
		return TARE_OK;
	}
	return tare_command_run(2, argv, exit_code_out, err);
}

const struct tare_command tare_command_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.summary = "print the help of a command",
	.tables = tables,
	.line_size = sizeof(struct no_line),
	.run = help,
};
