#include <stdio.h>
#include <string.h>

#include "harness/cli/list.h"

/* Scripts that complete commands, options and files, from the tables of the commands: what a shell
 * offers cannot differ from what tare takes. */

struct completion_line {
	char unused;
};

static const struct tare_option options[] = {{0}};
static const struct tare_option *const tables[] = {options, NULL};

/* Calls print for each option of a command; those of --help come last. */
static void
each_option(FILE *out, const struct tare_command *command,
	void (*print)(FILE *out, const struct tare_option *option))
{
	static const struct tare_option help = {.name = "help", .help = "print this help"};

	for (const struct tare_option *const *table = command->tables; *table; table++) {
		for (const struct tare_option *option = *table; option->name; option++)
			print(out, option);
	}
	print(out, &help);
}

static void
print_commands(FILE *out)
{
	for (const struct tare_command *const *at = tare_commands; *at; at++)
		fprintf(out, "%s%s", at == tare_commands ? "" : " ", (*at)->name);
}

/* What the first operand may be; NULL: a file. */
static bool
print_words(FILE *out, const struct tare_command *command)
{
	if (command == &tare_command_help)
		print_commands(out);
	else if (command->words)
		fputs(command->words, out);
	return command == &tare_command_help || command->words;
}

static void
print_bash_option(FILE *out, const struct tare_option *option)
{
	fprintf(out, " --%s", option->name);
}

static void
print_bash_argument(FILE *out, const struct tare_option *option)
{
	if (!option->argument || option->kind == TARE_OPTION_MAYBE)
		return;
	fprintf(out, "|--%s", option->name);
	if (option->letter)
		fprintf(out, "|-%c", option->letter);
}

static void
print_bash(FILE *out)
{
	fputs("# bash completion of tare, made by: tare completion bash\n"
	      "_tare() {\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
	      "\tlocal options='' arguments='' words=''\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W '",
		out);
	print_commands(out);
	fputs(" --help --version' -- \"$word\")\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tcase ${COMP_WORDS[1]} in\n",
		out);
	for (const struct tare_command *const *at = tare_commands; *at; at++) {
		fprintf(out, "\t%s)\n\t\toptions='", (*at)->name);
		each_option(out, *at, print_bash_option);
		fputs("'\n\t\targuments='", out);
		each_option(out, *at, print_bash_argument);
		fputs("|'\n\t\twords='", out);
		print_words(out, *at);
		fputs("'\n\t\t;;\n", out);
	}
	fputs("\tesac\n"
	      "\tif [[ $arguments == *\"|$before|\"* ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"${word#*=}\")\n"
	      "\telif [[ $word == -* ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
	      "\telif [ -n \"$words\" ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
	      "\telse\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -o filenames -o bashdefault -F _tare tare\n",
		out);
}

/* In single quotes, within the brackets of _arguments. */
static void
print_zsh_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", out);
		else if (strchr("[]:\\", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void
print_zsh_one(FILE *out, const struct tare_option *option, const char *dashes, const char *name)
{
	fprintf(out, "\t\t\t'*%s%s[", dashes, name);
	print_zsh_text(out, option->help);
	fputc(']', out);
	if (option->argument && option->kind != TARE_OPTION_MAYBE) {
		fputc(':', out);
		print_zsh_text(out, option->argument);
		fputs(":_files", out);
	}
	fputs("' \\\n", out);
}

static void
print_zsh_option(FILE *out, const struct tare_option *option)
{
	const char letter[] = {option->letter, '\0'};

	print_zsh_one(out, option, "--", option->name);
	if (option->letter)
		print_zsh_one(out, option, "-", letter);
}

static void
print_zsh(FILE *out)
{
	fputs("#compdef tare\n"
	      "# zsh completion of tare, made by: tare completion zsh\n"
	      "_tare() {\n"
	      "\tlocal -a commands\n"
	      "\tcommands=(\n",
		out);
	for (const struct tare_command *const *at = tare_commands; *at; at++) {
		fprintf(out, "\t\t'%s:", (*at)->name);
		print_zsh_text(out, (*at)->summary);
		fputs("'\n", out);
	}
	fputs("\t)\n"
	      "\tif (( CURRENT == 2 )); then\n"
	      "\t\t_describe command commands\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tlocal command=${words[2]}\n"
	      "\tshift words\n"
	      "\t(( CURRENT-- ))\n"
	      "\tcase $command in\n",
		out);
	for (const struct tare_command *const *at = tare_commands; *at; at++) {
		fprintf(out, "\t%s)\n\t\t_arguments \\\n", (*at)->name);
		each_option(out, *at, print_zsh_option);
		if ((*at)->words || *at == &tare_command_help) {
			fputs("\t\t\t'1:what:(", out);
			print_words(out, *at);
			fputs(")' \\\n", out);
		}
		fputs("\t\t\t'*:file:_files'\n\t\t;;\n", out);
	}
	fputs("\tesac\n"
	      "}\n"
	      "if [ \"$funcstack[1]\" = _tare ]; then\n"
	      "\t_tare \"$@\"\n"
	      "else\n"
	      "\tcompdef _tare tare\n"
	      "fi\n",
		out);
}

static enum tare_status
completion(const void *line, char **operands, int *exit_code_out, struct tare_err *err)
{
	enum tare_status status = tare_operands_check("completion", operands, 1, 1, err);

	(void)line;
	(void)exit_code_out;
	if (status != TARE_OK)
		return status;
	if (strcmp(operands[0], "bash") == 0)
		print_bash(stdout);
	else if (strcmp(operands[0], "zsh") == 0)
		print_zsh(stdout);
	else
		return tare_err_set(err, TARE_INVALID,
			"there is no completion for '%s'; expected bash or zsh", operands[0]);
	return TARE_OK;
}

const struct tare_command tare_command_completion = {
	.name = "completion",
	.usage = "bash|zsh",
	.summary = "print a script with which a shell completes what is typed",
	.detail = "For the current shell: source <(tare completion bash)",
	.words = "bash zsh",
	.tables = tables,
	.line_size = sizeof(struct completion_line),
	.run = completion,
};
