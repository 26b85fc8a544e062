#include "harness/base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

/* The stream is locked by nobody here: a journal of a million lines is written by one thread, and a
 * lock for every character would cost more than the character. */
static void
put(FILE *out, const char *bytes, size_t len)
{
	fwrite_unlocked(bytes, 1, len, out);
}

static void
put_char(FILE *out, char c)
{
	putc_unlocked(c, out);
}

static void
put_escaped(FILE *out, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char escape[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

	switch (c) {
	case '"':
		put(out, "\\\"", 2);
		break;
	case '\\':
		put(out, "\\\\", 2);
		break;
	case '\n':
		put(out, "\\n", 2);
		break;
	case '\r':
		put(out, "\\r", 2);
		break;
	case '\t':
		put(out, "\\t", 2);
		break;
	case '\0':
		/* Our reader refuses \u0000, and what we write it must read. */
		put(out, "\xEF\xBF\xBD", 3);
		break;
	default:
		put(out, escape, sizeof(escape));
	}
}

/* Valid UTF-8: runs of ordinary bytes in one piece, the others escaped. */
static void
put_valid(FILE *out, const char *text, size_t len)
{
	size_t start = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F)
			continue;
		put(out, text + start, i - start);
		put_escaped(out, c);
		start = i + 1;
	}
	put(out, text + start, len - start);
}

void
tare_json_raw_string(FILE *out, const char *text, size_t len)
{
	put_char(out, '"');
	while (len > 0) {
		size_t valid = tare_utf8_check(text, len);

		put_valid(out, text, valid);
		if (valid < len) {
			put(out, "\xEF\xBF\xBD", 3);
			valid++;
		}
		text += valid;
		len -= valid;
	}
	put_char(out, '"');
}

void
tare_json_begin(struct tare_json *json, FILE *out, int indent)
{
	*json = (struct tare_json){.out = out, .indent = indent};
}

static bool
is_indented(const struct tare_json *json)
{
	return json->indent > 0 && json->line_depth == 0;
}

static void
begin_line(const struct tare_json *json)
{
	if (!is_indented(json))
		return;
	put_char(json->out, '\n');
	for (int i = 0; i < json->indent * json->depth; i++)
		put_char(json->out, ' ');
}

/* What stands in front of every value. */
static void
begin_item(struct tare_json *json, const char *key)
{
	if (json->depth > 0) {
		bool *has_items = &json->has_items[json->depth - 1];

		if (*has_items)
			put_char(json->out, ',');
		*has_items = true;
		begin_line(json);
	}
	if (!key)
		return;
	assert(json->depth > 0);
	tare_json_raw_string(json->out, key, strlen(key));
	put(json->out, ": ", is_indented(json) ? 2 : 1);
}

static void
begin_level(struct tare_json *json, const char *key, char bracket)
{
	begin_item(json, key);
	put_char(json->out, bracket);
	assert(json->depth < TARE_JSON_DEPTH_MAX);
	json->has_items[json->depth++] = false;
}

static void
end_level(struct tare_json *json, char bracket)
{
	bool had_items;

	assert(json->depth > 0);
	had_items = json->has_items[--json->depth];
	if (had_items)
		begin_line(json);
	put_char(json->out, bracket);
}

void
tare_json_object_begin(struct tare_json *json, const char *key)
{
	begin_level(json, key, '{');
}

void
tare_json_object_end(struct tare_json *json)
{
	end_level(json, '}');
}

void
tare_json_array_begin(struct tare_json *json, const char *key)
{
	begin_level(json, key, '[');
}

void
tare_json_array_end(struct tare_json *json)
{
	end_level(json, ']');
}

void
tare_json_line_begin(struct tare_json *json, const char *key)
{
	assert(json->line_depth == 0);
	tare_json_array_begin(json, key);
	json->line_depth = json->depth;
}

void
tare_json_line_end(struct tare_json *json)
{
	assert(json->line_depth == json->depth);
	tare_json_array_end(json);
	json->line_depth = 0;
}

void
tare_json_null(struct tare_json *json, const char *key)
{
	begin_item(json, key);
	put(json->out, "null", 4);
}

void
tare_json_bool(struct tare_json *json, const char *key, bool value)
{
	begin_item(json, key);
	if (value)
		put(json->out, "true", 4);
	else
		put(json->out, "false", 5);
}

void
tare_json_string(struct tare_json *json, const char *key, const char *value)
{
	if (!value) {
		tare_json_null(json, key);
		return;
	}
	begin_item(json, key);
	tare_json_raw_string(json->out, value, strlen(value));
}

static void
put_digits(FILE *out, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	put(out, digits + at, sizeof(digits) - at);
}

void
tare_json_u64(struct tare_json *json, const char *key, uint64_t value)
{
	begin_item(json, key);
	/* Readers hold signed 64 bits at best. */
	if (value > INT64_MAX)
		put_char(json->out, '"');
	put_digits(json->out, value);
	if (value > INT64_MAX)
		put_char(json->out, '"');
}

/* Fifteen digits where they read back as the same double, which spares 0.1 its seventeen. */
static void
put_double(FILE *out, double value)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%.15g", value);

	if (strtod(text, NULL) != value)
		len = snprintf(text, sizeof(text), "%.17g", value);
	put(out, text, (size_t)len);
}

void
tare_json_double(struct tare_json *json, const char *key, double value)
{
	if (!isfinite(value)) {
		tare_json_null(json, key);
		return;
	}
	begin_item(json, key);
	if (value == 0 && signbit(value)) {
		put(json->out, "-0.0", 4); /* -0 would be read as the integer 0 */
	} else if (fabs(value) <= 0x1p53 && value == trunc(value)) {
		if (value < 0)
			put_char(json->out, '-');
		put_digits(json->out, (uint64_t)fabs(value));
	} else {
		put_double(json->out, value);
	}
}

/* Depth is checked before parsing because jansson's own limit (2048) is made for larger stacks and
 * because ours is a promise to whoever walks the values. Brackets in strings do not count; text
 * that is no JSON at all may be counted wrongly, and is refused either way. */
static enum tare_status
check_depth(const char *text, size_t len, struct tare_err *err)
{
	int depth = 0;
	size_t line = 1;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '\n')
			line++;
		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']'))
			depth--;
		if (depth > TARE_JSON_DEPTH_MAX)
			return tare_err_set(err, TARE_INVALID,
				"line %zu: nested deeper than %d levels", line,
				TARE_JSON_DEPTH_MAX);
	}
	return TARE_OK;
}

enum tare_status
tare_json_parse(json_t **value_out, const char *text, size_t len, struct tare_err *err)
{
	json_error_t found;
	json_t *value;
	enum tare_status status = check_depth(text, len, err);

	if (status != TARE_OK)
		return status;
	/* jansson takes it for the end and would not look at what follows. */
	if (memchr(text, '\0', len))
		return tare_err_set(err, TARE_INVALID, "expected text, found a zero byte");
	value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &found);
	/* Of a line of a journal the caller knows the number. */
	if (!value && !memchr(text, '\n', len))
		return tare_err_set(err, TARE_INVALID, "column %d: %s", found.column, found.text);
	if (!value)
		return tare_err_set(err, TARE_INVALID, "line %d, column %d: %s", found.line,
			found.column, found.text);
	*value_out = value;
	return TARE_OK;
}

static const char *
type_name(const json_t *value)
{
	if (!value)
		return "nothing";
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		return "null";
	}
	return "nothing";
}

static enum tare_status
wrong_type(struct tare_err *err, const char *key, const char *expected, const json_t *found)
{
	return tare_err_set(err, TARE_INVALID, "key \"%s\": expected %s, found %s", key, expected,
		type_name(found));
}

/* The member, or NULL where it is missing. */
static enum tare_status
find_member(const json_t **value_out, const json_t *object, const char *key, struct tare_err *err)
{
	if (!json_is_object(object))
		return tare_err_set(err, TARE_INVALID,
			"expected an object with the key \"%s\", found %s", key, type_name(object));
	*value_out = json_object_get(object, key);
	return TARE_OK;
}

static enum tare_status
need_member(const json_t **value_out, const json_t *object, const char *key, struct tare_err *err)
{
	const json_t *value = NULL;
	enum tare_status status = find_member(&value, object, key, err);

	if (status != TARE_OK)
		return status;
	if (!value)
		return tare_err_set(err, TARE_INVALID, "key \"%s\" is missing", key);
	*value_out = value;
	return TARE_OK;
}

static enum tare_status
to_string(const char **value_out, const json_t *value, const char *key, struct tare_err *err)
{
	if (!json_is_string(value))
		return wrong_type(err, key, "a string", value);
	*value_out = json_string_value(value);
	return TARE_OK;
}

/* Decimal digits and nothing else, as tare_json_u64() writes what no JSON integer can hold. */
static bool
u64_from_digits(uint64_t *value_out, const char *text)
{
	uint64_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	}
	*value_out = value;
	return true;
}

static enum tare_status
to_u64(uint64_t *value_out, const json_t *value, const char *key, struct tare_err *err)
{
	uint64_t large;

	if (json_is_string(value) && u64_from_digits(&large, json_string_value(value))) {
		*value_out = large;
		return TARE_OK;
	}
	if (!json_is_integer(value))
		return wrong_type(err, key, "an unsigned integer", value);
	if (json_integer_value(value) < 0)
		return tare_err_set(err, TARE_INVALID,
			"key \"%s\": expected an unsigned integer, found %" JSON_INTEGER_FORMAT,
			key, json_integer_value(value));
	*value_out = (uint64_t)json_integer_value(value);
	return TARE_OK;
}

static enum tare_status
to_double(double *value_out, const json_t *value, const char *key, struct tare_err *err)
{
	if (!json_is_number(value))
		return wrong_type(err, key, "a number", value);
	*value_out = json_number_value(value);
	return TARE_OK;
}

enum tare_status
tare_json_get_string(
	const char **value_out, const json_t *object, const char *key, struct tare_err *err)
{
	const json_t *value = NULL;
	enum tare_status status = need_member(&value, object, key, err);

	return status == TARE_OK ? to_string(value_out, value, key, err) : status;
}

enum tare_status
tare_json_get_u64(uint64_t *value_out, const json_t *object, const char *key, struct tare_err *err)
{
	const json_t *value = NULL;
	enum tare_status status = need_member(&value, object, key, err);

	return status == TARE_OK ? to_u64(value_out, value, key, err) : status;
}

enum tare_status
tare_json_get_double(double *value_out, const json_t *object, const char *key, struct tare_err *err)
{
	const json_t *value = NULL;
	enum tare_status status = need_member(&value, object, key, err);

	return status == TARE_OK ? to_double(value_out, value, key, err) : status;
}

enum tare_status
tare_json_get_array(json_t **value_out, const json_t *object, const char *key, struct tare_err *err)
{
	const json_t *value = NULL;
	enum tare_status status = need_member(&value, object, key, err);

	if (status != TARE_OK)
		return status;
	if (!json_is_array(value))
		return wrong_type(err, key, "an array", value);
	*value_out = json_object_get(object, key);
	return TARE_OK;
}

enum tare_status
tare_json_get_object(
	json_t **value_out, const json_t *object, const char *key, struct tare_err *err)
{
	const json_t *value = NULL;
	enum tare_status status = need_member(&value, object, key, err);

	if (status != TARE_OK)
		return status;
	if (!json_is_object(value))
		return wrong_type(err, key, "an object", value);
	*value_out = json_object_get(object, key);
	return TARE_OK;
}

enum tare_status
tare_json_get_string_or(const char **value_out, const json_t *object, const char *key,
	const char *otherwise, struct tare_err *err)
{
	const json_t *value = NULL;
	enum tare_status status = find_member(&value, object, key, err);

	if (status != TARE_OK)
		return status;
	if (value && !json_is_null(value))
		return to_string(value_out, value, key, err);
	*value_out = otherwise;
	return TARE_OK;
}

enum tare_status
tare_json_get_u64_or(uint64_t *value_out, const json_t *object, const char *key, uint64_t otherwise,
	struct tare_err *err)
{
	const json_t *value = NULL;
	enum tare_status status = find_member(&value, object, key, err);

	if (status != TARE_OK)
		return status;
	if (value && !json_is_null(value))
		return to_u64(value_out, value, key, err);
	*value_out = otherwise;
	return TARE_OK;
}

enum tare_status
tare_json_get_double_or(double *value_out, const json_t *object, const char *key, double otherwise,
	struct tare_err *err)
{
	const json_t *value = NULL;
	enum tare_status status = find_member(&value, object, key, err);

	if (status != TARE_OK)
		return status;
	if (value && !json_is_null(value))
		return to_double(value_out, value, key, err);
	*value_out = otherwise;
	return TARE_OK;
}

enum tare_status
tare_json_get_bool_or(bool *value_out, const json_t *object, const char *key, bool otherwise,
	struct tare_err *err)
{
	const json_t *value = NULL;
	enum tare_status status = find_member(&value, object, key, err);

	if (status != TARE_OK)
		return status;
	if (value && !json_is_null(value) && !json_is_boolean(value))
		return wrong_type(err, key, "a boolean", value);
	*value_out = json_is_boolean(value) ? json_is_true(value) : otherwise;
	return TARE_OK;
}
