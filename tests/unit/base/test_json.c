#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/rng.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A writer into memory. Life cycle: begin, write through ->json, text (freed by end). */
struct memory {
	struct tare_json json;
	FILE *out;
	char *bytes;
	size_t len;
};

static struct tare_json *
begin(struct memory *memory, int indent)
{
	memory->out = open_memstream(&memory->bytes, &memory->len);
	assert_non_null(memory->out);
	tare_json_begin(&memory->json, memory->out, indent);
	return &memory->json;
}

static void
assert_written(struct memory *memory, const char *expected)
{
	assert_int_equal(memory->json.depth, 0);
	fclose(memory->out);
	assert_string_equal(memory->bytes, expected);
	free(memory->bytes);
}

static json_t *
parse(const char *text)
{
	struct tare_err err = {0};
	json_t *value = NULL;

	if (tare_json_parse(&value, text, strlen(text), &err) != TARE_OK)
		fail_msg("%s", err.text);
	return value;
}

static void
write_sample(struct tare_json *json)
{
	tare_json_object_begin(json, NULL);
	tare_json_string(json, "name", "sort");
	tare_json_string(json, "none", NULL);
	tare_json_array_begin(json, "values");
	tare_json_u64(json, NULL, 1);
	tare_json_double(json, NULL, -2);
	tare_json_double(json, NULL, 0.5);
	tare_json_array_end(json);
	tare_json_object_begin(json, "empty");
	tare_json_object_end(json);
	tare_json_array_begin(json, "list");
	tare_json_array_end(json);
	tare_json_bool(json, "yes", true);
	tare_json_bool(json, "no", false);
	tare_json_null(json, "nothing");
	tare_json_object_end(json);
}

static void
writes_one_line(void **state)
{
	struct memory memory;

	(void)state;
	write_sample(begin(&memory, 0));
	assert_written(&memory, "{\"name\":\"sort\",\"none\":null,\"values\":[1,-2,0.5],"
				"\"empty\":{},\"list\":[],\"yes\":true,\"no\":false,"
				"\"nothing\":null}");
}

static void
writes_indented(void **state)
{
	struct memory memory;

	(void)state;
	write_sample(begin(&memory, 2));
	assert_written(&memory, "{\n"
				"  \"name\": \"sort\",\n"
				"  \"none\": null,\n"
				"  \"values\": [\n"
				"    1,\n"
				"    -2,\n"
				"    0.5\n"
				"  ],\n"
				"  \"empty\": {},\n"
				"  \"list\": [],\n"
				"  \"yes\": true,\n"
				"  \"no\": false,\n"
				"  \"nothing\": null\n"
				"}");
}

static void
writes_a_list_on_one_line_of_an_indented_document(void **state)
{
	struct memory memory;
	struct tare_json *json = begin(&memory, 2);

	(void)state;
	tare_json_object_begin(json, NULL);
	tare_json_line_begin(json, "interval");
	tare_json_double(json, NULL, 0.5);
	tare_json_object_begin(json, NULL);
	tare_json_u64(json, "n", 3);
	tare_json_object_end(json);
	tare_json_line_end(json);
	tare_json_line_begin(json, "empty");
	tare_json_line_end(json);
	tare_json_u64(json, "n", 4);
	tare_json_object_end(json);
	assert_written(&memory, "{\n"
				"  \"interval\": [0.5,{\"n\":3}],\n"
				"  \"empty\": [],\n"
				"  \"n\": 4\n"
				"}");
}

static void
writes_lone_values(void **state)
{
	struct memory memory;

	(void)state;
	tare_json_u64(begin(&memory, 2), NULL, 7);
	assert_written(&memory, "7");
}

static void
nests_as_deep_as_the_reader_reads(void **state)
{
	struct memory memory;
	struct tare_json *json = begin(&memory, 0);
	json_t *value = NULL;

	(void)state;
	for (int i = 0; i < TARE_JSON_DEPTH_MAX; i++)
		tare_json_array_begin(json, NULL);
	for (int i = 0; i < TARE_JSON_DEPTH_MAX; i++)
		tare_json_array_end(json);
	fclose(memory.out);
	assert_int_equal(tare_json_parse(&value, memory.bytes, memory.len, NULL), TARE_OK);
	json_decref(value);
	free(memory.bytes);
}

static void
assert_string_written(const char *text, size_t len, const char *expected)
{
	struct memory memory;

	tare_json_raw_string(begin(&memory, 0)->out, text, len);
	assert_written(&memory, expected);
}

static void
escapes_what_json_wants_escaped(void **state)
{
	(void)state;
	assert_string_written("", 0, "\"\"");
	assert_string_written("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
	assert_string_written("\n\r\t\b\f\x1b\x7f", 7, "\"\\n\\r\\t\\u0008\\u000c\\u001b\\u007f\"");
	assert_string_written("\xC3\xA9\xF0\x9F\x90\x8E", 6, "\"\xC3\xA9\xF0\x9F\x90\x8E\"");
}

static void
replaces_what_no_reader_takes(void **state)
{
	(void)state;
	assert_string_written("a\0b", 3,
		"\"a\xEF\xBF\xBD"
		"b\"");
	assert_string_written("\xFFx\xC3", 3, "\"\xEF\xBF\xBDx\xEF\xBF\xBD\"");
	assert_string_written("\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
	/* The length decides, even inside a character. */
	assert_string_written("\xC3\xA9", 1, "\"\xEF\xBF\xBD\"");
}

static void
escapes_keys_too(void **state)
{
	struct memory memory;
	struct tare_json *json = begin(&memory, 0);

	(void)state;
	tare_json_object_begin(json, NULL);
	tare_json_null(json, "a\"\n\xFF");
	tare_json_object_end(json);
	assert_written(&memory, "{\"a\\\"\\n\xEF\xBF\xBD\":null}");
}

static void
reads_back_any_bytes_it_wrote(void **state)
{
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 11, 0);
	for (int round = 0; round < 2000; round++) {
		struct memory memory;
		char bytes[40];
		size_t len = tare_rng_below(&rng, sizeof(bytes));
		json_t *value = NULL;
		struct tare_err err = {0};

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)tare_rng_next(&rng);
		tare_json_raw_string(begin(&memory, 0)->out, bytes, len);
		fclose(memory.out);
		if (tare_json_parse(&value, memory.bytes, memory.len, &err) != TARE_OK)
			fail_msg("%s", err.text);
		json_decref(value);
		free(memory.bytes);
	}
}

static void
assert_double_written(double value, const char *expected)
{
	struct memory memory;

	tare_json_double(begin(&memory, 0), NULL, value);
	assert_written(&memory, expected);
}

static void
writes_doubles_briefly(void **state)
{
	(void)state;
	assert_double_written(0, "0");
	assert_double_written(-0.0, "-0.0");
	assert_double_written(0.1, "0.1");
	assert_double_written(0.1 + 0.2, "0.30000000000000004");
	assert_double_written(1e6, "1000000");
	assert_double_written(-1e15, "-1000000000000000");
	assert_double_written(0x1p53, "9007199254740992");
	assert_double_written(-0x1p53, "-9007199254740992");
	assert_double_written(1e22, "1e+22");
	assert_double_written(5e-324, "4.94065645841247e-324");
	assert_double_written(DBL_MAX, "1.7976931348623157e+308");
	assert_double_written(NAN, "null");
	assert_double_written(INFINITY, "null");
	assert_double_written(-INFINITY, "null");
}

static uint64_t
bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static void
reads_back_every_double_bit_for_bit(void **state)
{
	static const double special[] = {0, -0.0, 1, -1, 0.1, 1.0 / 3, DBL_MIN, DBL_MAX,
		DBL_EPSILON, 5e-324, 0x1p53, 0x1p53 + 2, 0x1p63, 0x1p64, 123456789012345680.0, 1e16,
		1e17, 1e18};
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 12, 0);
	for (size_t round = 0; round < 20000; round++) {
		struct memory memory;
		struct tare_json *json;
		json_t *object;
		double value, back;
		uint64_t bits = tare_rng_next(&rng);

		memcpy(&value, &bits, sizeof(value));
		if (round < COUNT(special))
			value = special[round];
		if (!isfinite(value))
			continue;
		json = begin(&memory, 0);
		tare_json_object_begin(json, NULL);
		tare_json_double(json, "x", value);
		tare_json_object_end(json);
		fclose(memory.out);
		object = parse(memory.bytes);
		assert_int_equal(tare_json_get_double(&back, object, "x", NULL), TARE_OK);
		if (bits_of(back) != bits_of(value))
			fail_msg("%a was written as %s", value, memory.bytes);
		json_decref(object);
		free(memory.bytes);
	}
}

static void
reads_back_integers_of_all_64_bits(void **state)
{
	static const uint64_t values[] = {0, 9, 10, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct memory memory;
		struct tare_json *json = begin(&memory, 0);
		json_t *object;
		uint64_t back;

		tare_json_object_begin(json, NULL);
		tare_json_u64(json, "x", values[i]);
		tare_json_object_end(json);
		fclose(memory.out);
		object = parse(memory.bytes);
		assert_int_equal(tare_json_get_u64(&back, object, "x", NULL), TARE_OK);
		assert_true(back == values[i]);
		json_decref(object);
		free(memory.bytes);
	}
}

static void
writes_the_ends_of_the_integers(void **state)
{
	struct memory memory;
	struct tare_json *json = begin(&memory, 0);

	(void)state;
	tare_json_array_begin(json, NULL);
	tare_json_u64(json, NULL, 0);
	tare_json_u64(json, NULL, INT64_MAX);
	tare_json_u64(json, NULL, UINT64_MAX);
	tare_json_array_end(json);
	assert_written(&memory, "[0,9223372036854775807,"
				"\"18446744073709551615\"]");
}

static void
leaves_errors_of_the_stream_to_the_stream(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct tare_json json;

	(void)state;
	assert_non_null(full);
	tare_json_begin(&json, full, 0);
	write_sample(&json);
	assert_int_equal(fflush(full), EOF);
	assert_true(ferror(full));
	fclose(full);
}

static void
refuses_what_is_no_json(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} rows[] = {
		{"", "column 0: unexpected token near end of file"},
		{"{\"a\":1", "column 6: '}' expected near end of file"},
		{"{\"a\":1}\n{\"a\":2}", "line 2, column 1: end of file expected near '{'"},
		{"{\"a\":1} x", "column 9: end of file expected near 'x'"},
		{"{\"a\":1,\"a\":2}", "column 10: duplicate object key near '\"a\"'"},
		{"{\"a\":1,}", "column 8: string or '}' expected near '}'"},
		{"{a:1}", "column 2: string or '}' expected near 'a'"},
		{"[NaN]", "column 4: invalid token near 'NaN'"},
		{"[01]", "column 2: invalid token near '0'"},
		{"[1e400]", "column 6: real number overflow near '1e400'"},
		{"[99999999999999999999]",
			"column 21: too big integer near '99999999999999999999'"},
		{"[\"\xFF\"]", "column 2: unable to decode byte 0xff near '\"'"},
		{"[\"\\u0000\"]", "column 9: \\u0000 is not allowed without JSON_ALLOW_NUL near "
				  "'\"\\u0000\"'"},
		{"[\"\\ud800\"]", "column 9: invalid Unicode '\\uD800' near '\"\\ud800\"'"},
		{"[\"a\nb\"]", "line 1, column 3: unexpected newline near '\"a'"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *value = NULL;
		struct tare_err err = {0};

		assert_int_equal(tare_json_parse(&value, rows[i].text, strlen(rows[i].text), &err),
			TARE_INVALID);
		assert_string_equal(err.text, rows[i].sentence);
		assert_null(value);
	}
}

static void
refuses_zero_bytes(void **state)
{
	json_t *value = NULL;
	struct tare_err err = {0};

	(void)state;
	/* jansson alone would take the first two. */
	assert_int_equal(tare_json_parse(&value, "[1]\0", 4, &err), TARE_INVALID);
	assert_string_equal(err.text, "expected text, found a zero byte");
	assert_int_equal(tare_json_parse(&value, "[1]\0x", 5, NULL), TARE_INVALID);
	assert_int_equal(tare_json_parse(&value, "[1\0]", 4, NULL), TARE_INVALID);
	assert_null(value);
}

static void
reads_no_further_than_the_length(void **state)
{
	json_t *value = NULL;

	(void)state;
	assert_int_equal(tare_json_parse(&value, "[1]x", 3, NULL), TARE_OK);
	json_decref(value);
}

static void
reads_lone_values(void **state)
{
	json_t *value = parse(" 5 ");

	(void)state;
	assert_true(json_is_integer(value));
	json_decref(value);
}

static void
refuses_deep_nesting(void **state)
{
	size_t len = 1000000;
	char *text = malloc(len);
	json_t *value = NULL;
	struct tare_err err = {0};

	(void)state;
	memset(text, '[', len);
	text[3] = '\n';
	assert_int_equal(tare_json_parse(&value, text, len, &err), TARE_INVALID);
	assert_string_equal(err.text, "line 2: nested deeper than 32 levels");
	/* 33 objects, which the writer would not write either. */
	for (size_t i = 0; i < 33; i++)
		memcpy(text + 5 * i, "{\"a\":", 5);
	assert_int_equal(tare_json_parse(&value, text, 33 * 5, &err), TARE_INVALID);
	assert_string_equal(err.text, "line 1: nested deeper than 32 levels");
	assert_null(value);
	free(text);
}

static void
counts_no_brackets_in_strings(void **state)
{
	static const char text[] =
		"[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[\\\\\",[]]";
	json_t *value = parse(text);

	(void)state;
	assert_int_equal(json_array_size(value), 2);
	json_decref(value);
}

static void
gets_members_by_type(void **state)
{
	json_t *object = parse("{\"s\":\"text\",\"u\":7,\"d\":1.5,\"i\":3,\"a\":[1],\"o\":{},"
			       "\"b\":true}");
	const char *string = NULL;
	uint64_t number = 0;
	double real = 0;
	json_t *member = NULL;
	bool yes = false;

	(void)state;
	assert_int_equal(tare_json_get_string(&string, object, "s", NULL), TARE_OK);
	assert_string_equal(string, "text");
	assert_int_equal(tare_json_get_u64(&number, object, "u", NULL), TARE_OK);
	assert_int_equal(number, 7);
	assert_int_equal(tare_json_get_double(&real, object, "d", NULL), TARE_OK);
	assert_true(real == 1.5);
	assert_int_equal(tare_json_get_double(&real, object, "i", NULL), TARE_OK);
	assert_true(real == 3);
	assert_int_equal(tare_json_get_array(&member, object, "a", NULL), TARE_OK);
	assert_int_equal(json_array_size(member), 1);
	assert_int_equal(tare_json_get_object(&member, object, "o", NULL), TARE_OK);
	assert_int_equal(json_object_size(member), 0);
	assert_int_equal(tare_json_get_bool_or(&yes, object, "b", false, NULL), TARE_OK);
	assert_true(yes);
	json_decref(object);
}

static void
gives_the_default_only_for_missing_and_null(void **state)
{
	json_t *object = parse("{\"n\":null,\"s\":\"text\",\"u\":7,\"d\":2.5,\"f\":false}");
	static const char *const absent[] = {"n", "missing"};
	const char *string = NULL;
	uint64_t number = 0;
	double real = 0;
	bool yes = false;

	(void)state;
	for (size_t i = 0; i < COUNT(absent); i++) {
		tare_json_get_string_or(&string, object, absent[i], "other", NULL);
		assert_string_equal(string, "other");
		tare_json_get_u64_or(&number, object, absent[i], 9, NULL);
		assert_int_equal(number, 9);
		tare_json_get_double_or(&real, object, absent[i], 9.5, NULL);
		assert_true(real == 9.5);
		tare_json_get_bool_or(&yes, object, absent[i], true, NULL);
		assert_true(yes);
	}
	tare_json_get_string_or(&string, object, "s", "other", NULL);
	assert_string_equal(string, "text");
	tare_json_get_u64_or(&number, object, "u", 9, NULL);
	assert_int_equal(number, 7);
	tare_json_get_double_or(&real, object, "d", 9.5, NULL);
	assert_true(real == 2.5);
	tare_json_get_bool_or(&yes, object, "f", true, NULL);
	assert_false(yes);
	json_decref(object);
}

static void
names_the_key_and_both_types_in_errors(void **state)
{
	json_t *object = parse("{\"s\":\"text\",\"neg\":-1,\"r\":1.5,\"t\":true,\"a\":[],\"o\":{},"
			       "\"n\":null,\"i\":1}");
	struct tare_err err = {0};
	const char *string = "untouched";
	uint64_t number = 77;
	double real = 77;
	json_t *member = NULL;
	bool yes = true;

	(void)state;
	assert_int_equal(tare_json_get_u64(&number, object, "x", &err), TARE_INVALID);
	assert_string_equal(err.text, "key \"x\" is missing");
	assert_int_equal(tare_json_get_u64(&number, object, "s", &err), TARE_INVALID);
	assert_string_equal(err.text, "key \"s\": expected an unsigned integer, found a string");
	assert_int_equal(tare_json_get_u64(&number, object, "neg", &err), TARE_INVALID);
	assert_string_equal(err.text, "key \"neg\": expected an unsigned integer, found -1");
	assert_int_equal(tare_json_get_u64_or(&number, object, "r", 5, &err), TARE_INVALID);
	assert_string_equal(err.text, "key \"r\": expected an unsigned integer, found a number");
	assert_int_equal(tare_json_get_string(&string, object, "a", &err), TARE_INVALID);
	assert_string_equal(err.text, "key \"a\": expected a string, found an array");
	assert_int_equal(tare_json_get_string(&string, object, "n", &err), TARE_INVALID);
	assert_string_equal(err.text, "key \"n\": expected a string, found null");
	assert_int_equal(tare_json_get_string_or(&string, object, "i", "y", &err), TARE_INVALID);
	assert_string_equal(err.text, "key \"i\": expected a string, found an integer");
	assert_int_equal(tare_json_get_double_or(&real, object, "t", 5, &err), TARE_INVALID);
	assert_string_equal(err.text, "key \"t\": expected a number, found a boolean");
	assert_int_equal(tare_json_get_array(&member, object, "o", &err), TARE_INVALID);
	assert_string_equal(err.text, "key \"o\": expected an array, found an object");
	assert_int_equal(tare_json_get_object(&member, object, "a", &err), TARE_INVALID);
	assert_string_equal(err.text, "key \"a\": expected an object, found an array");
	assert_int_equal(tare_json_get_bool_or(&yes, object, "i", false, &err), TARE_INVALID);
	assert_string_equal(err.text, "key \"i\": expected a boolean, found an integer");
	assert_string_equal(string, "untouched");
	assert_int_equal(number, 77);
	assert_true(real == 77 && yes);
	assert_null(member);
	json_decref(object);
}

static void
refuses_strings_that_are_no_large_integers(void **state)
{
	static const char *const texts[] = {"{\"u\":\"\"}", "{\"u\":\"-1\"}", "{\"u\":\" 1\"}",
		"{\"u\":\"0x1\"}", "{\"u\":\"18446744073709551616\"}",
		"{\"u\":\"99999999999999999999999\"}"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		json_t *object = parse(texts[i]);
		uint64_t number = 77;

		assert_int_equal(tare_json_get_u64(&number, object, "u", NULL), TARE_INVALID);
		assert_int_equal(number, 77);
		json_decref(object);
	}
}

static void
asks_members_only_of_objects(void **state)
{
	json_t *array = parse("[1]");
	struct tare_err err = {0};
	uint64_t number;
	bool yes;

	(void)state;
	assert_int_equal(tare_json_get_u64(&number, array, "u", &err), TARE_INVALID);
	assert_string_equal(err.text, "expected an object with the key \"u\", found an array");
	assert_int_equal(tare_json_get_bool_or(&yes, NULL, "b", true, &err), TARE_INVALID);
	assert_string_equal(err.text, "expected an object with the key \"b\", found nothing");
	json_decref(array);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_one_line),
		cmocka_unit_test(writes_indented),
		cmocka_unit_test(writes_a_list_on_one_line_of_an_indented_document),
		cmocka_unit_test(writes_lone_values),
		cmocka_unit_test(nests_as_deep_as_the_reader_reads),
		cmocka_unit_test(escapes_what_json_wants_escaped),
		cmocka_unit_test(replaces_what_no_reader_takes),
		cmocka_unit_test(escapes_keys_too),
		cmocka_unit_test(reads_back_any_bytes_it_wrote),
		cmocka_unit_test(writes_doubles_briefly),
		cmocka_unit_test(reads_back_every_double_bit_for_bit),
		cmocka_unit_test(reads_back_integers_of_all_64_bits),
		cmocka_unit_test(writes_the_ends_of_the_integers),
		cmocka_unit_test(leaves_errors_of_the_stream_to_the_stream),
		cmocka_unit_test(refuses_what_is_no_json),
		cmocka_unit_test(refuses_zero_bytes),
		cmocka_unit_test(reads_no_further_than_the_length),
		cmocka_unit_test(reads_lone_values),
		cmocka_unit_test(refuses_deep_nesting),
		cmocka_unit_test(counts_no_brackets_in_strings),
		cmocka_unit_test(gets_members_by_type),
		cmocka_unit_test(gives_the_default_only_for_missing_and_null),
		cmocka_unit_test(names_the_key_and_both_types_in_errors),
		cmocka_unit_test(refuses_strings_that_are_no_large_integers),
		cmocka_unit_test(asks_members_only_of_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
