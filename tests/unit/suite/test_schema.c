#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/suite/shape.h"
#include "tests/unit/suite/fixture.h"

static json_t *
read_schema(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *schema = NULL;

	assert_non_null(out);
	tare_suite_schema_write(out);
	fclose(out);
	assert_int_equal(tare_json_parse(&schema, text, len, NULL), TARE_OK);
	free(text);
	return schema;
}

static void
is_the_draft_that_editors_read(void **state)
{
	json_t *schema = read_schema();

	(void)state;
	assert_string_equal(json_string_value(json_object_get(schema, "$schema")),
		"https://json-schema.org/draft/2020-12/schema");
	assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
	json_decref(schema);
}

static void
describes_every_key_of_the_decoder(void **state)
{
	json_t *schema = read_schema();
	const json_t *benchmark = json_object_get(json_object_get(schema, "$defs"), "benchmark");
	const json_t *keys = json_object_get(benchmark, "properties");
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < TARE_KEY_COUNT; i++) {
		const struct tare_field *field = &tare_benchmark_fields[i];
		const json_t *key = json_object_get(keys, field->key);

		if ((field->places & TARE_IN_BENCHMARK) == 0) {
			assert_null(key);
			continue;
		}
		count++;
		assert_non_null(key);
		assert_string_equal(
			json_string_value(json_object_get(key, "description")), field->doc);
	}
	assert_int_equal(json_object_size(keys), count);
	json_decref(schema);
}

static void
refers_only_to_what_it_defines(void **state)
{
	json_t *schema = read_schema();
	char *text = json_dumps(schema, 0);
	const json_t *definitions = json_object_get(schema, "$defs");
	size_t count = 0;

	(void)state;
	for (const char *at = strstr(text, "#/$defs/"); at != NULL; at = strstr(at, "#/$defs/")) {
		char name[64];

		at += strlen("#/$defs/");
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, "\""), at);
		assert_non_null(json_object_get(definitions, name));
		count++;
	}
	assert_true(count >= json_object_size(definitions));
	free(text);
	json_decref(schema);
}

static void
has_a_sentence_for_every_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < TARE_KEY_COUNT; i++) {
		const char *doc = tare_benchmark_fields[i].doc;

		assert_non_null(doc);
		assert_true(strlen(doc) > 10);
		assert_true(doc[strlen(doc) - 1] == '.');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			is_the_draft_that_editors_read, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			describes_every_key_of_the_decoder, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refers_only_to_what_it_defines, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			has_a_sentence_for_every_field, suite_setup, suite_teardown),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
