#include "harness/cli/series_csv.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/text.h"

enum { MISSING = -1 };

/* The place in the text, and the fields of the line that was read last. */
struct reader {
	const char *name;
	char *at;
	char *end;
	char separator;
	size_t line;       /* of the next character */
	size_t first_line; /* of the fields */
	const char *line_begin;
	char *fields[TARE_CSV_COLUMNS_MAX];
	size_t field_count;
};

/* Of the next character, from 1. */
static size_t
column_at(const struct reader *reader)
{
	return (size_t)(reader->at - reader->line_begin) + 1;
}

static void
next_line(struct reader *reader)
{
	reader->line++;
	reader->line_begin = reader->at + 1;
}

/* Undoes the quotes in place; the field ends at *end_out. */
static enum tare_status
read_quoted(struct reader *reader, char **end_out, struct tare_err *err)
{
	size_t line = reader->line, column = column_at(reader);
	char *to = ++reader->at;

	for (; reader->at < reader->end; reader->at++) {
		if (*reader->at == '"' && reader->at[1] != '"')
			break;
		if (*reader->at == '"')
			reader->at++;
		if (*reader->at == '\n')
			next_line(reader);
		*to++ = *reader->at;
	}
	if (reader->at >= reader->end)
		return tare_err_set(err, TARE_INVALID,
			"%s:%zu:%zu: a quoted field has no end; expected a closing \"",
			reader->name, line, column);
	reader->at++;
	*end_out = to;
	if (reader->at < reader->end && *reader->at != reader->separator && *reader->at != '\n' &&
		!(*reader->at == '\r' && reader->at[1] == '\n'))
		return tare_err_set(err, TARE_INVALID,
			"%s:%zu:%zu: text behind a closing quote; expected '%c' or the end of the "
			"line",
			reader->name, reader->line, column_at(reader), reader->separator);
	return TARE_OK;
}

static void
read_plain(struct reader *reader, char **end_out)
{
	while (reader->at < reader->end && *reader->at != reader->separator &&
		*reader->at != '\n' && !(*reader->at == '\r' && reader->at[1] == '\n'))
		reader->at++;
	*end_out = reader->at;
}

/* One record. The text is followed by a NUL, so looking one character ahead is allowed. */
static enum tare_status
read_record(struct reader *reader, struct tare_err *err)
{
	bool more = true;

	reader->field_count = 0;
	reader->first_line = reader->line;
	while (more) {
		char *field = reader->at, *end = field;
		enum tare_status status = TARE_OK;

		if (reader->field_count == TARE_CSV_COLUMNS_MAX)
			return tare_err_set(err, TARE_INVALID, "%s:%zu:%zu: more than %d columns",
				reader->name, reader->line, column_at(reader),
				TARE_CSV_COLUMNS_MAX);
		if (reader->at < reader->end && *reader->at == '"') {
			field++;
			status = read_quoted(reader, &end, err);
		} else {
			read_plain(reader, &end);
		}
		if (status != TARE_OK)
			return status;
		more = reader->at < reader->end && *reader->at == reader->separator;
		if (reader->at < reader->end && *reader->at == '\r')
			reader->at++;
		if (reader->at < reader->end && *reader->at == '\n')
			next_line(reader);
		if (reader->at < reader->end)
			reader->at++;
		*end = '\0';
		reader->fields[reader->field_count++] = field;
	}
	return TARE_OK;
}

static char *
trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	text[len] = '\0';
	return text;
}

/* The whole text is a finite decimal number. */
static bool
parse_number(double *value_out, const char *text)
{
	char *end;
	double value;

	if (*text == '\0' || strspn(text, "0123456789+-.eE") != strlen(text))
		return false;
	value = strtod(text, &end);
	if (*end != '\0' || !isfinite(value))
		return false;
	*value_out = value;
	return true;
}

/* `least` to `most` digits. */
static bool
take_digits(const char **text, int least, int most, int max, int *value_out)
{
	int count = 0;

	*value_out = 0;
	for (; count < most && isdigit((unsigned char)**text); count++, (*text)++)
		*value_out = *value_out * 10 + (**text - '0');
	return count >= least && *value_out <= max;
}

static bool
take_character(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	(*text)++;
	return true;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar: years begin in March, so that the leap
 * day is the last. */
static long
days_since_1970(int year, int month, int day)
{
	long years = year - (month <= 2), era = years / 400, of_era = years - era * 400;
	long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* How far the clock is from UTC: "Z", "UTC", "GMT", "+02", "+0200", "-02:00" or nothing. */
static bool
parse_zone(const char **text, double *seconds)
{
	int hours, minutes = 0;
	double sign;

	take_character(text, ' ');
	if (strcmp(*text, "UTC") == 0 || strcmp(*text, "GMT") == 0)
		*text += 3;
	if (take_character(text, 'Z') || **text == '\0')
		return true;
	if (**text != '+' && **text != '-')
		return false;
	sign = *(*text)++ == '+' ? -60.0 : 60.0;
	if (!take_digits(text, 2, 2, 23, &hours))
		return false;
	if ((take_character(text, ':') || **text != '\0') && !take_digits(text, 2, 2, 59, &minutes))
		return false;
	*seconds += sign * (hours * 60 + minutes);
	return true;
}

static bool
parse_clock(const char **text, double *seconds)
{
	int hour, minute, second = 0;
	double digit = 1.0;

	if (!take_digits(text, 1, 2, 24, &hour) || !take_character(text, ':') ||
		!take_digits(text, 2, 2, 59, &minute))
		return false;
	if (take_character(text, ':') && !take_digits(text, 2, 2, 60, &second))
		return false;
	*seconds += 3600.0 * hour + 60.0 * minute + second;
	if (**text == '.' || **text == ',') {
		for ((*text)++; isdigit((unsigned char)**text); (*text)++)
			*seconds += (**text - '0') * (digit /= 10.0);
	}
	return parse_zone(text, seconds);
}

bool
tare_date_parse(double *seconds_out, const char *text)
{
	int year, month, day = 1;
	double seconds;
	char mark;

	if (!take_digits(&text, 4, 4, 9999, &year))
		return false;
	mark = *text;
	if ((mark != '-' && mark != '/' && mark != '.') || !take_character(&text, mark) ||
		!take_digits(&text, 1, 2, 12, &month) || month == 0)
		return false;
	if (take_character(&text, mark)) {
		if (!take_digits(&text, 1, 2, 31, &day) || day == 0)
			return false;
	} else if (mark == '.') {
		return false; /* a number with a fraction */
	}
	seconds = 86400.0 * (double)days_since_1970(year, month, day);
	if ((take_character(&text, 'T') || take_character(&text, ' ')) &&
		!parse_clock(&text, &seconds))
		return false;
	if (*text != '\0')
		return false;
	*seconds_out = seconds;
	return true;
}

/* Where semicolons separate, a comma may stand for the decimal point. */
static bool
parse_value(double *value_out, char *text, char separator)
{
	char *comma = separator == ';' ? strchr(text, ',') : NULL;

	if (comma && !strchr(text, '.'))
		*comma = '.';
	return parse_number(value_out, text);
}

/* Dates if all are dates, numbers if all are numbers. */
static bool
parse_times(struct tare_csv *csv, bool (*parse)(double *value_out, const char *text))
{
	for (size_t i = 0; i < csv->count; i++) {
		if (!parse(&csv->rows[i].at, csv->rows[i].time))
			return false;
	}
	return true;
}

static int
compare_rows(const void *left, const void *right)
{
	const struct tare_csv_row *a = left, *b = right;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

static void
order_by_time(struct tare_csv *csv)
{
	if (!parse_times(csv, tare_date_parse) && !parse_times(csv, parse_number)) {
		for (size_t i = 0; i < csv->count; i++)
			csv->rows[i].at = NAN;
		return;
	}
	for (size_t i = 1; i < csv->count; i++)
		csv->reordered |= csv->rows[i].at < csv->rows[i - 1].at;
	if (csv->reordered)
		qsort(csv->rows, csv->count, sizeof(*csv->rows), compare_rows);
}

static char *
field_of(const struct reader *reader, int column)
{
	static char nothing[1];

	if (column == MISSING || (size_t)column >= reader->field_count)
		return nothing;
	return trim(reader->fields[column]);
}

struct columns {
	int time;
	int value;
	int environment;
};

static int
column_titled(const struct reader *reader, const char *wanted)
{
	for (size_t i = 0; i < reader->field_count; i++) {
		if (strcmp(reader->fields[i], wanted) == 0)
			return (int)i;
	}
	return MISSING;
}

/* The column with that title, or else with that number from 1. */
static enum tare_status
find_column(int *column_out, const struct reader *reader, const char *wanted, const char *option,
	struct tare_err *err)
{
	const char *near;
	char *end;
	unsigned long number;

	*column_out = wanted ? column_titled(reader, wanted) : MISSING;
	if (!wanted || *column_out != MISSING)
		return TARE_OK;
	number = isdigit((unsigned char)wanted[0]) ? strtoul(wanted, &end, 10) : 0;
	if (number > 0 && *end == '\0' && number <= reader->field_count) {
		*column_out = (int)number - 1;
		return TARE_OK;
	}
	near = tare_text_nearest(wanted, (const char *const *)reader->fields, reader->field_count);
	return tare_err_set(err, TARE_INVALID,
		"%s:%zu: there is no column '%s' for %s; %s%s%sthe first of %zu is '%s'",
		reader->name, reader->first_line, wanted, option, near ? "did you mean '" : "",
		near ? near : "", near ? "'? " : "", reader->field_count, reader->fields[0]);
}

static enum tare_status
read_fields(struct reader *reader, struct tare_err *err)
{
	enum tare_status status = read_record(reader, err);

	for (size_t i = 0; status == TARE_OK && i < reader->field_count; i++)
		reader->fields[i] = trim(reader->fields[i]);
	return status;
}

/* Up to the first line end outside quotes. */
static size_t
titles_length(const struct reader *reader)
{
	bool quoted = false;
	const char *at = reader->at;

	for (; at < reader->end && (quoted || *at != '\n'); at++)
		quoted ^= *at == '"';
	return (size_t)(at - reader->at);
}

/* Of those in the line of titles, outside quotes: that one which makes the title of the values a
 * column, else the first. */
static char
find_separator(const struct reader *reader, struct tare_arena *arena, const char *value)
{
	static const char separators[] = ",;\t|";
	struct reader *trial = tare_arena_alloc(arena, 1, sizeof(*trial));
	size_t len = titles_length(reader);
	char first = '\0';
	struct tare_err err;

	for (const char *separator = separators; *separator; separator++) {
		*trial = *reader;
		trial->separator = *separator;
		trial->at = tare_arena_strndup(arena, reader->at, len);
		trial->end = trial->at + len;
		if (read_fields(trial, &err) != TARE_OK || trial->field_count < 2)
			continue;
		if (column_titled(trial, value) != MISSING)
			return *separator;
		if (first == '\0')
			first = *separator;
	}
	return first != '\0' ? first : ',';
}

static enum tare_status
find_columns(struct columns *columns_out, const struct reader *reader,
	const struct tare_csv_columns *wanted, struct tare_err *err)
{
	enum tare_status status =
		find_column(&columns_out->value, reader, wanted->value, "--value", err);

	if (status == TARE_OK)
		status = find_column(&columns_out->time, reader, wanted->time, "--time", err);
	if (status == TARE_OK)
		status = find_column(&columns_out->environment, reader, wanted->environment,
			"--environment-column", err);
	return status;
}

static enum tare_status
add_row(struct tare_csv *csv, struct tare_arena *arena, const struct reader *reader,
	const struct columns *columns, struct tare_err *err)
{
	struct tare_csv_row row = {.line = reader->first_line,
		.time = field_of(reader, columns->time),
		.environment = field_of(reader, columns->environment)};

	if (!parse_value(&row.value, field_of(reader, columns->value), reader->separator)) {
		csv->skipped++;
		return TARE_OK;
	}
	if (csv->count == TARE_CSV_ROWS_MAX)
		return tare_err_set(err, TARE_INVALID, "%s:%zu: more than %d rows", reader->name,
			row.line, TARE_CSV_ROWS_MAX);
	if (csv->count == csv->capacity) {
		size_t grown = csv->capacity > 0 ? 2 * csv->capacity : 256;

		csv->rows = tare_arena_grow(arena, csv->rows, csv->count, grown, sizeof(row));
		csv->capacity = grown;
	}
	csv->rows[csv->count++] = row;
	return TARE_OK;
}

/* The line of titles. A column of values that was named by its number and has a number there too
 * means that there are none, and the line is a row. */
static enum tare_status
read_titles(struct columns *columns_out, struct tare_csv *csv, struct tare_arena *arena,
	struct reader *reader, const struct tare_csv_columns *wanted, struct tare_err *err)
{
	double number;
	enum tare_status status;

	reader->separator = find_separator(reader, arena, wanted->value);
	status = read_fields(reader, err);
	if (status == TARE_OK)
		status = find_columns(columns_out, reader, wanted, err);
	if (status != TARE_OK)
		return status;
	csv->value_title = reader->fields[columns_out->value];
	if (column_titled(reader, wanted->value) != MISSING ||
		!parse_number(&number, csv->value_title))
		return TARE_OK;
	csv->value_title = tare_arena_printf(arena, "column %s", wanted->value);
	return add_row(csv, arena, reader, columns_out, err);
}

static enum tare_status
read_rows(struct tare_csv *csv, struct tare_arena *arena, struct reader *reader,
	const struct columns *columns, struct tare_err *err)
{
	while (reader->at < reader->end) {
		enum tare_status status = read_record(reader, err);

		if (status == TARE_OK && (reader->field_count > 1 || reader->fields[0][0] != '\0'))
			status = add_row(csv, arena, reader, columns, err);
		if (status != TARE_OK)
			return status;
	}
	return TARE_OK;
}

enum tare_status
tare_csv_parse(struct tare_csv *csv_out, struct tare_arena *arena, char *text, size_t len,
	const char *name, const struct tare_csv_columns *columns, struct tare_err *err)
{
	struct reader *reader = tare_arena_alloc(arena, 1, sizeof(*reader));
	struct columns found;
	struct tare_csv csv = {0};
	enum tare_status status;

	*reader = (struct reader){
		.name = name, .at = text, .end = text + len, .line = 1, .line_begin = text};
	if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
		return tare_err_set(
			err, TARE_INVALID, "%s:1:1: this is UTF-16; expected UTF-8 or ASCII", name);
	if (memchr(text, '\0', len))
		return tare_err_set(err, TARE_INVALID, "%s is no text: it has a NUL byte", name);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		reader->line_begin = reader->at += 3;
	if (reader->at == reader->end)
		return tare_err_set(err, TARE_INVALID,
			"%s:1: the file is empty; expected a line of titles", name);
	status = read_titles(&found, &csv, arena, reader, columns, err);
	if (status == TARE_OK)
		status = read_rows(&csv, arena, reader, &found, err);
	if (status != TARE_OK)
		return status;
	if (csv.count == 0)
		return tare_err_set(err, TARE_INVALID,
			"%s: no row has a number in column '%s' (%zu rows were looked at)", name,
			csv.value_title, csv.skipped);
	order_by_time(&csv);
	*csv_out = csv;
	return TARE_OK;
}

enum tare_status
tare_csv_read(struct tare_csv *csv_out, struct tare_arena *arena, const char *path,
	const struct tare_csv_columns *columns, struct tare_err *err)
{
	bool standard_input = strcmp(path, "-") == 0;
	const char *name = standard_input ? "standard input" : path;
	enum tare_status status;
	char *text;
	size_t len;

	if (standard_input)
		status =
			tare_fd_read(arena, &text, &len, STDIN_FILENO, name, TARE_CSV_LEN_MAX, err);
	else
		status = tare_file_read(arena, &text, &len, path, TARE_CSV_LEN_MAX, err);
	if (status == TARE_OK)
		status = tare_csv_parse(csv_out, arena, text, len, name, columns, err);
	return status;
}
