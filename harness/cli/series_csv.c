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
	char *fields[TARE_CSV_COLUMNS_MAX];
	size_t field_count;
};

/* Undoes the quotes in place; the field ends at *end_out. */
static enum tare_status
read_quoted(struct reader *reader, char **end_out, struct tare_err *err)
{
	char *to = ++reader->at;

	for (; reader->at < reader->end; reader->at++) {
		if (*reader->at == '"' && reader->at[1] != '"')
			break;
		if (*reader->at == '"')
			reader->at++;
		if (*reader->at == '\n')
			reader->line++;
		*to++ = *reader->at;
	}
	if (reader->at >= reader->end)
		return tare_err_set(err, TARE_INVALID,
			"%s:%zu: a quoted field has no end; expected a closing \"", reader->name,
			reader->first_line);
	reader->at++;
	*end_out = to;
	if (reader->at < reader->end && *reader->at != reader->separator && *reader->at != '\n' &&
		!(*reader->at == '\r' && reader->at[1] == '\n'))
		return tare_err_set(err, TARE_INVALID,
			"%s:%zu: text behind a closing quote; expected '%c' or the end of the line",
			reader->name, reader->line, reader->separator);
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
			return tare_err_set(err, TARE_INVALID, "%s:%zu: more than %d columns",
				reader->name, reader->line, TARE_CSV_COLUMNS_MAX);
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
			reader->line++;
		if (reader->at < reader->end)
			reader->at++;
		*end = '\0';
		reader->fields[reader->field_count++] = field;
	}
	return TARE_OK;
}

/* A comma where the line of titles has one outside quotes; else a semicolon or a tab. */
static char
find_separator(const struct reader *reader)
{
	bool quoted = false, semicolon = false, tab = false;

	for (const char *at = reader->at; at < reader->end; at++) {
		if (*at == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (*at == '\n')
			break;
		if (*at == ',')
			return ',';
		semicolon |= *at == ';';
		tab |= *at == '\t';
	}
	return semicolon ? ';' : tab ? '\t' : ',';
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

/* The column with that title, or else with that number from 1. */
static enum tare_status
find_column(int *column_out, const struct reader *reader, const char *wanted, const char *option,
	struct tare_err *err)
{
	const char *near;
	char *end;
	unsigned long number;

	*column_out = MISSING;
	if (!wanted)
		return TARE_OK;
	for (size_t i = 0; i < reader->field_count; i++) {
		if (strcmp(reader->fields[i], wanted) == 0) {
			*column_out = (int)i;
			return TARE_OK;
		}
	}
	number = isdigit((unsigned char)wanted[0]) ? strtoul(wanted, &end, 10) : 0;
	if (number > 0 && *end == '\0' && number <= reader->field_count) {
		*column_out = (int)number - 1;
		return TARE_OK;
	}
	near = tare_text_nearest(wanted, (const char *const *)reader->fields, reader->field_count);
	return tare_err_set(err, TARE_INVALID,
		"%s:1: there is no column '%s' for %s; %s%s%sthe first of %zu is '%s'",
		reader->name, wanted, option, near ? "did you mean '" : "", near ? near : "",
		near ? "'? " : "", reader->field_count, reader->fields[0]);
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

/* Exactly `digits` digits. */
static bool
take_digits(const char **text, int digits, int max, int *value_out)
{
	*value_out = 0;
	for (int i = 0; i < digits; i++, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return false;
		*value_out = *value_out * 10 + (**text - '0');
	}
	return *value_out <= max;
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

/* Behind the minutes: seconds, and how far the clock is from UTC. */
static bool
parse_rest_of_time(const char **text, double *seconds)
{
	int second = 0, hours, minutes;
	double digit = 1.0;

	if (take_character(text, ':') && !take_digits(text, 2, 60, &second))
		return false;
	*seconds += second;
	if (**text == '.' || **text == ',') {
		for ((*text)++; isdigit((unsigned char)**text); (*text)++)
			*seconds += (**text - '0') * (digit /= 10.0);
	}
	if (take_character(text, 'Z') || **text == '\0')
		return true;
	if (**text != '+' && **text != '-')
		return false;
	digit = *(*text)++ == '+' ? -60.0 : 60.0;
	if (!take_digits(text, 2, 23, &hours))
		return false;
	take_character(text, ':');
	if (!take_digits(text, 2, 59, &minutes))
		return false;
	*seconds += digit * (hours * 60 + minutes);
	return true;
}

bool
tare_date_parse(double *seconds_out, const char *text)
{
	int year, month, day, hour, minute;
	double seconds;

	if (!take_digits(&text, 4, 9999, &year) || !take_character(&text, '-') ||
		!take_digits(&text, 2, 12, &month) || !take_character(&text, '-') ||
		!take_digits(&text, 2, 31, &day) || month == 0 || day == 0)
		return false;
	seconds = 86400.0 * (double)days_since_1970(year, month, day);
	if (take_character(&text, 'T') || take_character(&text, ' ')) {
		if (!take_digits(&text, 2, 24, &hour) || !take_character(&text, ':') ||
			!take_digits(&text, 2, 59, &minute))
			return false;
		seconds += 3600.0 * hour + 60.0 * minute;
		if (!parse_rest_of_time(&text, &seconds))
			return false;
	}
	if (*text != '\0')
		return false;
	*seconds_out = seconds;
	return true;
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
field_of(struct reader *reader, int column)
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

static enum tare_status
read_titles(struct columns *columns_out, struct tare_csv *csv, struct reader *reader,
	const struct tare_csv_columns *wanted, struct tare_err *err)
{
	enum tare_status status;

	reader->separator = find_separator(reader);
	status = read_record(reader, err);
	for (size_t i = 0; status == TARE_OK && i < reader->field_count; i++)
		reader->fields[i] = trim(reader->fields[i]);
	if (status == TARE_OK)
		status = find_column(&columns_out->value, reader, wanted->value, "--value", err);
	if (status == TARE_OK)
		status = find_column(&columns_out->time, reader, wanted->time, "--time", err);
	if (status == TARE_OK)
		status = find_column(&columns_out->environment, reader, wanted->environment,
			"--environment-column", err);
	if (status == TARE_OK)
		csv->value_title = reader->fields[columns_out->value];
	return status;
}

static enum tare_status
read_rows(struct tare_csv *csv, struct tare_arena *arena, struct reader *reader,
	const struct columns *columns, struct tare_err *err)
{
	size_t capacity = 0;

	while (reader->at < reader->end) {
		struct tare_csv_row row;
		enum tare_status status = read_record(reader, err);

		if (status != TARE_OK)
			return status;
		if (reader->field_count == 1 && reader->fields[0][0] == '\0')
			continue;
		row = (struct tare_csv_row){.line = reader->first_line,
			.time = field_of(reader, columns->time),
			.environment = field_of(reader, columns->environment)};
		if (!parse_number(&row.value, field_of(reader, columns->value))) {
			csv->skipped++;
			continue;
		}
		if (csv->count == TARE_CSV_ROWS_MAX)
			return tare_err_set(err, TARE_INVALID, "%s:%zu: more than %d rows",
				reader->name, row.line, TARE_CSV_ROWS_MAX);
		if (csv->count == capacity) {
			size_t grown = capacity > 0 ? 2 * capacity : 256;

			csv->rows =
				tare_arena_grow(arena, csv->rows, csv->count, grown, sizeof(row));
			capacity = grown;
		}
		csv->rows[csv->count++] = row;
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

	*reader = (struct reader){.name = name, .at = text, .end = text + len, .line = 1};
	if (memchr(text, '\0', len))
		return tare_err_set(err, TARE_INVALID, "%s is no text: it has a NUL byte", name);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		reader->at += 3;
	if (reader->at == reader->end)
		return tare_err_set(err, TARE_INVALID,
			"%s:1: the file is empty; expected a line of titles", name);
	status = read_titles(&found, &csv, reader, columns, err);
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
