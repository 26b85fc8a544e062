#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/model/journal.h"
#include "harness/model/journal_decode.h"
#include "harness/model/journal_scan.h"
#include "harness/model/warning.h"

enum { BLOCK_LEN = 64 << 10 };

/* Lines of a stream, read in blocks; the buffer grows to the longest line and no further than
 * TARE_JOURNAL_LINE_MAX. */
struct lines {
	FILE *stream;
	const char *name;
	char *buffer;
	size_t capacity;
	size_t start; /* of what was not handed out yet */
	size_t end;
	size_t scanned; /* up to here there is no newline */
	size_t number;  /* of the line handed out last; the first is 1 */
	bool at_end;
};

struct line {
	const char *text; /* valid until the next line is read */
	size_t len;
	bool whole; /* its newline is there */
};

static enum tare_status
fill_buffer(struct lines *lines, struct tare_err *err)
{
	size_t len;

	if (lines->start > 0) {
		memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
		lines->end -= lines->start;
		lines->scanned -= lines->start;
		lines->start = 0;
	}
	if (lines->end > TARE_JOURNAL_LINE_MAX)
		return tare_err_set(err, TARE_INVALID, "%s:%zu: the line is longer than %d bytes",
			lines->name, lines->number + 1, TARE_JOURNAL_LINE_MAX);
	if (lines->capacity - lines->end < BLOCK_LEN) {
		lines->capacity = 2 * lines->capacity + BLOCK_LEN;
		lines->buffer = tare_xreallocarray(lines->buffer, lines->capacity, 1);
	}
	len = fread(lines->buffer + lines->end, 1, BLOCK_LEN, lines->stream);
	if (len < BLOCK_LEN && ferror(lines->stream))
		return tare_err_errno(err, TARE_OUTSIDE, "cannot read journal \"%s\"", lines->name);
	lines->end += len;
	lines->at_end = len < BLOCK_LEN;
	return TARE_OK;
}

/* An empty line that is not whole is the end. */
static enum tare_status
next_line(struct lines *lines, struct line *line_out, struct tare_err *err)
{
	char *newline = NULL;
	enum tare_status status;

	for (;;) {
		if (lines->scanned < lines->end)
			newline = memchr(
				lines->buffer + lines->scanned, '\n', lines->end - lines->scanned);
		if (newline || lines->at_end)
			break;
		lines->scanned = lines->end;
		status = fill_buffer(lines, err);
		if (status != TARE_OK)
			return status;
	}
	line_out->text = lines->buffer ? lines->buffer + lines->start : "";
	line_out->whole = newline != NULL;
	line_out->len = newline ? (size_t)(newline - line_out->text) : lines->end - lines->start;
	lines->start += line_out->len + (newline ? 1 : 0);
	lines->scanned = lines->start;
	if (newline)
		lines->number++;
	return TARE_OK;
}

static enum tare_status
parse_line(json_t **value_out, const struct lines *lines, const struct line *line,
	struct tare_err *err)
{
	enum tare_status status = tare_json_parse(value_out, line->text, line->len, err);

	if (status != TARE_OK)
		return tare_err_where(err, "%s:%zu", lines->name, lines->number);
	return TARE_OK;
}

static bool
is_header(const json_t *value)
{
	const char *type = json_string_value(json_object_get(value, "type"));

	return type && strcmp(type, "header") == 0;
}

/* Lines of a run that is not wanted, told by how the writer begins them. */
static bool
may_be_header(const struct line *line)
{
	static const char sample[] = "{\"type\":\"sample\",";

	return line->len < sizeof(sample) || memcmp(line->text, sample, sizeof(sample) - 1) != 0;
}

/* Goes on to the next header: *header_out is it, owned by the caller, or NULL at the end. */
static enum tare_status
find_header(json_t **header_out, struct lines *lines, struct tare_err *err)
{
	bool first = lines->number == 0;
	struct line line;
	json_t *value = NULL;
	enum tare_status status;

	for (;;) {
		status = next_line(lines, &line, err);
		if (status != TARE_OK)
			return status;
		if (!line.whole)
			break;
		if (!first && !may_be_header(&line))
			continue;
		status = tare_json_parse(&value, line.text, line.len, err);
		if (status != TARE_OK)
			return tare_err_where(err, "%s:%zu%s", lines->name, lines->number,
				first ? ": this is no journal" : "");
		if (is_header(value)) {
			*header_out = value;
			return TARE_OK;
		}
		json_decref(value);
		if (first)
			return tare_err_set(err, TARE_INVALID,
				"%s:1: expected the header of a journal", lines->name);
	}
	if (first)
		return tare_err_set(err, TARE_INVALID,
			"%s:1: there is no complete header; the file is empty or cut off",
			lines->name);
	*header_out = NULL;
	return TARE_OK;
}

static enum tare_status
find_run(json_t **header_out, struct lines *lines, size_t index, struct tare_err *err)
{
	for (size_t i = 0; i <= index; i++) {
		json_t *header = NULL;
		enum tare_status status = find_header(&header, lines, err);

		if (status != TARE_OK)
			return status;
		if (!header)
			return tare_err_set(err, TARE_INVALID,
				"%s: there is no run %zu; the journal holds %zu", lines->name,
				index + 1, i);
		if (i == index)
			*header_out = header;
		else
			json_decref(header);
	}
	return TARE_OK;
}

static void
warn_of_cut_line(struct tare_run *run, const struct lines *lines, size_t len)
{
	tare_warn(run, TARE_WARN_JOURNAL_CUT, 0,
		"the last line of the journal is cut off; %zu bytes after line %zu are left out",
		len, lines->number);
}

/* Up to the next header, which is not consumed by anybody: one run is read per call. */
static enum tare_status
read_lines(struct tare_run *run, struct lines *lines, double *values, struct tare_err *err)
{
	for (;;) {
		struct line line;
		json_t *value = NULL;
		bool ended;
		enum tare_status status = next_line(lines, &line, err);

		if (status != TARE_OK)
			return status;
		if (!line.whole) {
			if (line.len > 0)
				warn_of_cut_line(run, lines, line.len);
			return TARE_OK;
		}
		if (tare_journal_scan_sample(run, line.text, line.len, values))
			continue;
		status = parse_line(&value, lines, &line, err);
		if (status != TARE_OK)
			return status;
		ended = is_header(value);
		if (!ended)
			status = tare_journal_decode_line(run, value, values, err);
		json_decref(value);
		if (status != TARE_OK)
			return tare_err_where(err, "%s:%zu", lines->name, lines->number);
		if (ended)
			return TARE_OK;
	}
}

static double *
scratch_values(const struct tare_run *run)
{
	size_t most = 0;

	for (size_t i = 0; i < run->case_count; i++) {
		if (run->cases[i].metric_count > most)
			most = run->cases[i].metric_count;
	}
	return tare_xcalloc(most, sizeof(double));
}

static enum tare_status
read_run(struct tare_run *run, struct lines *lines, size_t index, struct tare_err *err)
{
	json_t *header = NULL;
	double *values;
	enum tare_status status = find_run(&header, lines, index, err);

	if (status != TARE_OK)
		return status;
	status = tare_journal_decode_header(run, header, err);
	json_decref(header);
	if (status != TARE_OK)
		return tare_err_where(err, "%s:%zu", lines->name, lines->number);
	values = scratch_values(run);
	status = read_lines(run, lines, values, err);
	free(values);
	return status;
}

enum tare_status
tare_journal_read_stream(struct tare_run **run_out, FILE *stream, const char *name, size_t index,
	struct tare_err *err)
{
	struct lines lines = {.stream = stream, .name = name};
	struct tare_run *run = tare_run_new();
	struct tare_err unwanted;
	enum tare_status status = read_run(run, &lines, index, err ? err : &unwanted);

	free(lines.buffer);
	if (status == TARE_OK)
		*run_out = run;
	else
		tare_run_free(run);
	return status;
}

static enum tare_status
open_stream(FILE **stream_out, const char *path, struct tare_err *err)
{
	FILE *stream = fopen(path, "re");

	if (!stream)
		return tare_err_errno(err, errno == ENOENT ? TARE_NOT_FOUND : TARE_OUTSIDE,
			"cannot open journal \"%s\"", path);
	/* The lines have a buffer of their own. */
	setvbuf(stream, NULL, _IONBF, 0);
	*stream_out = stream;
	return TARE_OK;
}

enum tare_status
tare_journal_read(struct tare_run **run_out, const char *path, size_t index, struct tare_err *err)
{
	FILE *stream = NULL;
	enum tare_status status = open_stream(&stream, path, err);

	if (status != TARE_OK)
		return status;
	status = tare_journal_read_stream(run_out, stream, path, index, err);
	fclose(stream);
	return status;
}

static enum tare_status
count_headers(size_t *count_out, struct lines *lines, struct tare_err *err)
{
	size_t count = 0;

	for (;;) {
		json_t *header = NULL;
		enum tare_status status = find_header(&header, lines, err);

		if (status != TARE_OK)
			return status;
		if (!header)
			break;
		json_decref(header);
		count++;
	}
	*count_out = count;
	return TARE_OK;
}

enum tare_status
tare_journal_count(size_t *count_out, const char *path, struct tare_err *err)
{
	struct lines lines = {.name = path};
	struct tare_err unwanted;
	enum tare_status status = open_stream(&lines.stream, path, err);

	if (status != TARE_OK)
		return status;
	status = count_headers(count_out, &lines, err ? err : &unwanted);
	free(lines.buffer);
	fclose(lines.stream);
	return status;
}
