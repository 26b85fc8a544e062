/*
 * Command-line options: tables, a parser over getopt_long(3), and the help made from the tables.
 *
 * Each command has a struct of its own and tables whose entries say by offset where a value goes.
 * Values are borrowed from argv. A command may parse several tables into one struct.
 */
#ifndef TARE_CLI_OPTIONS_H
#define TARE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/base/err.h"

enum { TARE_TEXTS_MAX = 256, TARE_OPTIONS_MAX = 64 };

/* A repeatable option. For TARE_OPTION_PAIRS items come in twos. */
struct tare_texts {
	const char *items[TARE_TEXTS_MAX];
	size_t count;
};

enum tare_option_kind {
	TARE_OPTION_FLAG,  /* bool */
	TARE_OPTION_TEXT,  /* const char *; the last one given counts */
	TARE_OPTION_COUNT, /* uint64_t, and a bool right behind it: was given */
	TARE_OPTION_TEXTS, /* struct tare_texts */
	TARE_OPTION_PAIRS, /* struct tare_texts, takes two words */
	TARE_OPTION_MAYBE, /* const char *; "" where it is given without a value, which "=" joins */
};

/* Where TARE_OPTION_COUNT puts its value. */
struct tare_given_count {
	unsigned long long value;
	bool given;
};

struct tare_option {
	const char *name;
	char letter;          /* 0: none */
	const char *argument; /* "N"; NULL for flags */
	enum tare_option_kind kind;
	size_t offset; /* into the command's struct */
	const char *help;
};

/* Tables end with an entry without a name; `tables` ends with NULL. Fills line; operands are moved
 * behind the options and *first_operand_out is the index of the first. `--help` anywhere sets
 * *help_out. Errors: TARE_INVALID with what is near. */
enum tare_status tare_options_parse(void *line, int *first_operand_out, bool *help_out, int argc,
	char **argv, const struct tare_option *const *tables, struct tare_err *err);

void tare_options_print(FILE *out, const struct tare_option *const *tables);

#endif
