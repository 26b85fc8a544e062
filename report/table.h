/*
 * A table for a terminal: columns lined up. Where the terminal is narrow, the least important
 * columns are left out until the first has TARE_TABLE_NAME_MIN columns (or all it needs), then
 * texts are shortened in their middle; numbers never are.
 *
 * Life cycle: tare_table_begin(), add rows and notes, write. Texts are borrowed and must be safe to
 * print (tare_text_safe()) and outlive the table; rows live in the arena.
 */
#ifndef TARE_REPORT_TABLE_H
#define TARE_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/base/arena.h"

enum { TARE_TABLE_COLUMNS_MAX = 8, TARE_TABLE_NAME_MIN = 32 };

struct tare_table_column {
	const char *title;
	bool right;     /* lined up to the right, and never shortened: for numbers */
	bool whole;     /* never shortened */
	unsigned spare; /* 0: never left out; the highest is left out first */
};

/* Styles are ANSI sequences or NULL; the writer leaves them out unless colour is allowed. */
struct tare_table_cell {
	const char *text; /* NULL: empty */
	const char *style;
};

struct tare_table_row;

struct tare_table {
	struct tare_arena *arena;
	struct tare_table_column columns[TARE_TABLE_COLUMNS_MAX];
	bool hidden[TARE_TABLE_COLUMNS_MAX];
	size_t column_count;
	struct tare_table_row *rows;
	size_t row_count;
	size_t row_capacity;
};

void tare_table_begin(struct tare_table *table_out, struct tare_arena *arena,
	const struct tare_table_column *columns, size_t column_count);
/* One cell for every column. */
void tare_table_row(struct tare_table *table, const struct tare_table_cell *cells);
/* A line of its own under the last row. */
void tare_table_note(struct tare_table *table, const char *text);
/* Leaves a column out whatever it holds. A column that is empty is left out anyway. */
void tare_table_hide(struct tare_table *table, size_t column);
/* indent blanks in front of every line; width: columns of the terminal. */
void tare_table_write(
	const struct tare_table *table, FILE *out, size_t indent, size_t width, bool color);

/* Columns of a terminal that valid UTF-8 takes: wide East Asian characters 2, combining ones 0. */
size_t tare_display_width(const char *text);
/* Writes text, and blanks behind it up to width columns. */
void tare_display_padded(FILE *out, const char *text, size_t width);
/* Writes text in at most width columns, an ellipsis in its middle where it is longer. */
void tare_display_shortened(FILE *out, const char *text, size_t width);
/* Writes words of text on lines of at most width columns, each after indent blanks (the first is
 * already on its line, at column indent). A longer word keeps its line. Ends with a newline. */
void tare_display_wrapped(FILE *out, const char *text, size_t indent, size_t width);

#endif
