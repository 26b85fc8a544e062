/*
 * JSON: a streaming writer of our own, and jansson for reading.
 *
 * The writer puts commas, escapes and indentation in their places and writes numbers so that they
 * read back bit for bit; NaN and infinities become null. Keys are NULL inside arrays. It holds no
 * memory: declare a struct tare_json, begin, write, end. Errors of the stream are the stream's
 * (check ferror at the end). Invalid UTF-8 and NUL in strings are written as U+FFFD. The stream is
 * not locked: one thread writes it.
 *
 * The readers below wrap jansson's objects: borrowed references, never freed by the caller, and a
 * sentence where the type is wrong. Only this folder includes jansson.h; others include this
 * header.
 */
#ifndef TARE_BASE_JSON_H
#define TARE_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/err.h"

enum { TARE_JSON_DEPTH_MAX = 32 };

struct tare_json {
	FILE *out;
	int indent; /* spaces per level; 0 writes one line */
	int depth;
	int line_depth; /* of the array that stands on one line; 0 where none does */
	bool has_items[TARE_JSON_DEPTH_MAX];
};

void tare_json_begin(struct tare_json *json, FILE *out, int indent);
void tare_json_object_begin(struct tare_json *json, const char *key);
void tare_json_object_end(struct tare_json *json);
void tare_json_array_begin(struct tare_json *json, const char *key);
void tare_json_array_end(struct tare_json *json);
/* An array whose items stand on one line, whatever the indentation. */
void tare_json_line_begin(struct tare_json *json, const char *key);
void tare_json_line_end(struct tare_json *json);
void tare_json_string(struct tare_json *json, const char *key, const char *value); /* NULL: null */
/* Past INT64_MAX, which no reader holds, a string of digits; tare_json_get_u64() reads both. */
void tare_json_u64(struct tare_json *json, const char *key, uint64_t value);
void tare_json_double(struct tare_json *json, const char *key, double value);
void tare_json_bool(struct tare_json *json, const char *key, bool value);
void tare_json_null(struct tare_json *json, const char *key);
void tare_json_raw_string(FILE *out, const char *text, size_t len); /* quotes and escapes */

/* Parses one document of len bytes; nesting past TARE_JSON_DEPTH_MAX, repeated keys and trailing
 * bytes are TARE_INVALID, with line and column, or the column where the text is of one line. The
 * caller owns *value_out: json_decref(). */
enum tare_status tare_json_parse(
	json_t **value_out, const char *text, size_t len, struct tare_err *err);

/* Members of an object. Missing or of another type: TARE_INVALID naming the key. Strings are
 * borrowed from the object. u64 refuses negatives. The _or forms give a default where the key is
 * missing or null, and still refuse another type. */
enum tare_status tare_json_get_string(
	const char **value_out, const json_t *object, const char *key, struct tare_err *err);
enum tare_status tare_json_get_u64(
	uint64_t *value_out, const json_t *object, const char *key, struct tare_err *err);
enum tare_status tare_json_get_double(
	double *value_out, const json_t *object, const char *key, struct tare_err *err);
enum tare_status tare_json_get_array(
	json_t **value_out, const json_t *object, const char *key, struct tare_err *err);
enum tare_status tare_json_get_object(
	json_t **value_out, const json_t *object, const char *key, struct tare_err *err);
enum tare_status tare_json_get_string_or(const char **value_out, const json_t *object,
	const char *key, const char *otherwise, struct tare_err *err);
enum tare_status tare_json_get_u64_or(uint64_t *value_out, const json_t *object, const char *key,
	uint64_t otherwise, struct tare_err *err);
enum tare_status tare_json_get_double_or(double *value_out, const json_t *object, const char *key,
	double otherwise, struct tare_err *err);
enum tare_status tare_json_get_bool_or(bool *value_out, const json_t *object, const char *key,
	bool otherwise, struct tare_err *err);

#endif
