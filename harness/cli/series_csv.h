/*
 * A series out of a CSV file, for data from elsewhere.
 *
 * RFC 4180 with a line of titles: quoted fields with doubled quotes and line ends inside, LF or
 * CRLF, a byte order mark. Commas, semicolons, tabs or bars separate: that of them which makes the
 * title of the values a column, else the first of them in the titles; with semicolons, values may
 * have a decimal comma. A column is named by its title, or by its number from 1; where the first
 * line has a number in a column of values named by number, there are no titles. Rows whose value
 * is missing or no finite number are skipped and counted. Where every time is a date
 * (tare_date_parse()) or every time is a number, rows are put in the order of time (equal ones as
 * in the file); else they stay as they are and times are labels.
 *
 * Everything is bounded: TARE_CSV_LEN_MAX bytes, TARE_CSV_ROWS_MAX rows, TARE_CSV_COLUMNS_MAX
 * columns. Strings and arrays are in the arena. Errors: TARE_INVALID with file:line:column and what
 * was expected, TARE_NOT_FOUND where the file does not exist.
 */
#ifndef TARE_CLI_SERIES_CSV_H
#define TARE_CLI_SERIES_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"

enum {
	TARE_CSV_LEN_MAX = 64 * 1024 * 1024,
	TARE_CSV_ROWS_MAX = 1000000,
	TARE_CSV_COLUMNS_MAX = 1024,
};

struct tare_csv_columns {
	const char *time;        /* NULL: there is none, the order of the file counts */
	const char *value;       /* not NULL */
	const char *environment; /* NULL: all the same */
};

struct tare_csv_row {
	size_t line; /* in the file, from 1 */
	double value;
	const char *time;        /* as written; "" where there is none */
	const char *environment; /* as written; "" where there is none */
	double at;               /* seconds, or the number that the time is; NaN for labels */
};

struct tare_csv {
	struct tare_csv_row *rows;
	size_t count;
	size_t capacity;
	size_t skipped; /* rows without a number */
	bool reordered; /* the file was not in the order of time */
	const char *value_title;
};

/* path "-" is standard input. */
enum tare_status tare_csv_read(struct tare_csv *csv_out, struct tare_arena *arena, const char *path,
	const struct tare_csv_columns *columns, struct tare_err *err);

/* As above for text in memory, which is written over; name is for messages. */
enum tare_status tare_csv_parse(struct tare_csv *csv_out, struct tare_arena *arena, char *text,
	size_t len, const char *name, const struct tare_csv_columns *columns, struct tare_err *err);

/* "2026-11-21", "2026-11", "2026/1/7", "2026-11-21T09:56:09.5Z", "2026.11.21 9:56 +0200" and their
 * mixtures as seconds since 1970 UTC. */
bool tare_date_parse(double *seconds_out, const char *text);

#endif
