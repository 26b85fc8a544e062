/*
 * Commands: what follows `tare` on the command line.
 *
 * A command is a const table entry: name, one line of summary, usage, options, and one function.
 * Adding one is one file and one line in commands.c. A command prints its result on standard
 * output; errors go back to main, which prints the one line.
 */
#ifndef TARE_CLI_COMMAND_H
#define TARE_CLI_COMMAND_H

#include <signal.h>
#include <stdio.h>

#include "harness/base/err.h"
#include "harness/cli/options.h"
#include "harness/stages/session.h"

/* Documented in --help and the man page. */
enum tare_exit {
	TARE_EXIT_OK = 0,
	TARE_EXIT_REGRESSION = 1,
	TARE_EXIT_INCONCLUSIVE = 2,
	TARE_EXIT_INVALID = 3,
	TARE_EXIT_FAILED = 4,
	TARE_EXIT_OUTSIDE = 5,
	TARE_EXIT_INTERRUPTED = 130,
};

struct tare_command {
	const char *name;
	const char *usage;   /* after the name: "[OPTION...] FILE" */
	const char *summary; /* one line for `tare --help` */
	const char *detail;  /* a paragraph for `tare NAME --help`; may be NULL */
	const char *words;   /* what the first operand may be, separated by blanks; NULL: a file */
	const struct tare_option *const *tables; /* NULL-terminated */
	size_t line_size;                        /* of the struct the options fill; zeroed before */
	/* operands are NULL-terminated. */
	enum tare_status (*run)(
		const void *line, char **operands, int *exit_code_out, struct tare_err *err);
};

/* NULL-terminated. */
extern const struct tare_command *const tare_commands[];

/* argv[0] is the command's name. */
enum tare_status tare_command_run(int argc, char **argv, int *exit_code_out, struct tare_err *err);

void tare_help_print(FILE *out);
/* The suite a command is given, or tare.yaml of the working directory where it is given none. */
enum tare_status tare_suite_operand(
	char **path_out, const char *command, char **operands, struct tare_err *err);
int tare_status_exit_code(enum tare_status status);

/* Changed by each SIGINT and SIGTERM after tare_signals_catch(). */
extern volatile sig_atomic_t tare_interrupted;
void tare_signals_catch(void);

/* Where a suite has several problems: each on standard error, one a line, and err says how many, so
 * that none is told twice. file stands in front of what has no place of its own. */
void tare_problems_print(
	const struct tare_problems *problems, const char *file, struct tare_err *err);
/* Takes "NAME:line:column: " off text that begins with it: nobody wrote that file. */
void tare_place_strip(char *text, const char *name);
/* Where a standard stream is closed, its number must not become that of a file that is written:
 * what is printed there then fails. */
void tare_streams_secure(void);

/* "--report FORMAT=PATH" into the session; adds to what is there. */
enum tare_status tare_reports_request(
	struct tare_session *session, const struct tare_texts *requests, struct tare_err *err);
enum tare_status tare_report_request_add(
	struct tare_session *session, const char *format, const char *path, struct tare_err *err);

/* How wide and colourful standard output and standard error are. */
void tare_terminal_inspect(struct tare_session *session);

/* The exit code of a finished session: what it found, worst first. err gets what was deferred. */
int tare_session_exit_code(const struct tare_session *session, struct tare_err *err);

/* tare as typed, quoted for a shell, without what is secret (harness/machine/scrub.h). */
char *tare_command_line(struct tare_arena *arena, const char *name, char **words);
/* The process's own words, kept by main for the record of a run. */
extern char **tare_words;

/* --format of what is not a report: text (NULL too) or json. */
enum tare_status tare_format_parse(bool *json_out, const char *text, struct tare_err *err);

/* One or more operands are needed, or none at all; sentences name the command. */
enum tare_status tare_operands_check(
	const char *command, char **operands, size_t min, size_t max, struct tare_err *err);

#endif
