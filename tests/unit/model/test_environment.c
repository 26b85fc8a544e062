#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/environment.h"

static int
make_arena(void **state)
{
	*state = tare_arena_new();
	return 0;
}

static int
free_arena(void **state)
{
	tare_arena_free(*state);
	return 0;
}

static void
keeps_facts_in_the_order_they_came(void **state)
{
	struct tare_environment env = {0};
	char key[16];

	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "key.%d", i);
		tare_environment_add(&env, *state, key, key + 4, i % 2);
	}
	assert_int_equal(env.fact_count, 100);
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "key.%d", i);
		assert_string_equal(env.facts[i].key, key);
		assert_string_equal(env.facts[i].value, key + 4);
		assert_int_equal(env.facts[i].matters, i % 2);
	}
}

static void
gives_a_value_by_its_key(void **state)
{
	struct tare_environment env = {0};

	assert_null(tare_environment_get(&env, "cpu.model"));
	tare_environment_add(&env, *state, "cpu.model", "Example", true);
	assert_string_equal(tare_environment_get(&env, "cpu.model"), "Example");
	assert_null(tare_environment_get(&env, "cpu"));
}

/* printf 'a=1\nb=2\n' | sha256sum */
static void
fingerprints_the_sorted_facts_that_matter(void **state)
{
	struct tare_environment env = {0};

	tare_environment_add(&env, *state, "b", "2", true);
	tare_environment_add(&env, *state, "host", "laptop", false);
	tare_environment_add(&env, *state, "a", "1", true);
	tare_environment_fingerprint(&env);
	assert_string_equal(env.fingerprint,
		"4a73850fde34aad40ff8649b93a66523a5fe744357a3931caea0f10609d0d930");
	assert_string_equal(env.facts[0].key, "b");
}

/* printf '' | sha256sum */
static void
fingerprints_an_empty_environment(void **state)
{
	struct tare_environment env = {0};

	(void)state;
	tare_environment_fingerprint(&env);
	assert_string_equal(env.fingerprint,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void
lists_differences_that_matter_first(void **state)
{
	struct tare_environment base = {0};
	struct tare_environment head = {0};
	struct tare_fact_difference *found = NULL;

	tare_environment_add(&base, *state, "host", "one", false);
	tare_environment_add(&base, *state, "same", "x", true);
	tare_environment_add(&base, *state, "kernel", "6.1", true);
	tare_environment_add(&head, *state, "host", "two", false);
	tare_environment_add(&head, *state, "kernel", "6.2", true);
	tare_environment_add(&head, *state, "same", "x", true);
	assert_int_equal(tare_environment_diff(&found, *state, &base, &head), 2);
	assert_string_equal(found[0].key, "kernel");
	assert_string_equal(found[0].base, "6.1");
	assert_string_equal(found[0].head, "6.2");
	assert_true(found[0].matters);
	assert_string_equal(found[1].key, "host");
	assert_false(found[1].matters);
}

static void
lists_facts_that_one_side_has_not(void **state)
{
	struct tare_environment base = {0};
	struct tare_environment head = {0};
	struct tare_fact_difference *found = NULL;

	tare_environment_add(&base, *state, "old", "1", true);
	tare_environment_add(&head, *state, "new", "2", true);
	assert_int_equal(tare_environment_diff(&found, *state, &base, &head), 2);
	assert_string_equal(found[0].key, "old");
	assert_null(found[0].head);
	assert_string_equal(found[1].key, "new");
	assert_null(found[1].base);
	assert_string_equal(found[1].head, "2");
}

/* What did not matter when one was recorded may matter by now. */
static void
takes_a_difference_to_matter_where_either_side_says_so(void **state)
{
	struct tare_environment base = {0};
	struct tare_environment head = {0};
	struct tare_fact_difference *found = NULL;

	tare_environment_add(&base, *state, "turbo", "on", false);
	tare_environment_add(&head, *state, "turbo", "off", true);
	assert_int_equal(tare_environment_diff(&found, *state, &base, &head), 1);
	assert_true(found[0].matters);
}

static void
finds_no_difference_of_an_environment_to_itself(void **state)
{
	struct tare_environment env = {0};
	struct tare_fact_difference *found = NULL;

	tare_environment_add(&env, *state, "a", "1", true);
	assert_int_equal(tare_environment_diff(&found, *state, &env, &env), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)

static void
copies_facts_and_fingerprint(void **state)
{
	struct tare_environment env = {0};
	struct tare_environment copy;
	char value[] = "Example";

	tare_environment_add(&env, *state, "cpu.model", value, true);
	tare_environment_add(&env, *state, "host.name", "laptop", false);
	tare_environment_fingerprint(&env);
	tare_environment_copy(&copy, *state, &env);
	assert_int_equal(copy.fact_count, 2);
	assert_ptr_not_equal(copy.facts[0].value, env.facts[0].value);
	assert_string_equal(copy.facts[0].value, "Example");
	assert_true(copy.facts[0].matters);
	assert_string_equal(copy.facts[1].key, "host.name");
	assert_false(copy.facts[1].matters);
	assert_string_equal(copy.fingerprint, env.fingerprint);
}

static enum tare_status
read_text(struct tare_environment *env_out, struct tare_arena *arena, const char *text,
	struct tare_err *err)
{
	json_t *object = NULL;
	enum tare_status status;

	assert_int_equal(tare_json_parse(&object, text, strlen(text), NULL), TARE_OK);
	status = tare_environment_read(env_out, arena, object, err);
	json_decref(object);
	return status;
}

static void
reads_what_it_wrote_and_trusts_no_fingerprint(void **state)
{
	struct tare_environment env = {0};
	struct tare_environment read = {0};
	struct tare_json json;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	tare_environment_add(&env, *state, "cpu.model", "Example \"3000\"", true);
	tare_environment_add(&env, *state, "host.name", "laptop", false);
	snprintf(env.fingerprint, sizeof(env.fingerprint), "forged");
	tare_json_begin(&json, out, 0);
	tare_json_object_begin(&json, NULL);
	tare_environment_write(&json, &env);
	tare_json_object_end(&json);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text,
		"{\"fingerprint\":\"forged\",\"facts\":[{\"key\":\"cpu.model\",\"value\":\"Example "
		"\\\"3000\\\"\",\"matters\":true},{\"key\":\"host.name\",\"value\":\"laptop\","
		"\"matters\":false}]}");
	assert_int_equal(read_text(&read, *state, text, NULL), TARE_OK);
	tare_environment_fingerprint(&env);
	assert_int_equal(read.fact_count, 2);
	assert_string_equal(read.facts[0].value, "Example \"3000\"");
	assert_string_equal(read.fingerprint, env.fingerprint);
	free(text);
}

static void
says_which_fact_is_none(void **state)
{
	struct tare_environment env = {.fact_count = 77};
	struct tare_err err = {0};

	assert_int_equal(
		read_text(&env, *state, "{\"facts\":[{\"key\":\"a\",\"value\":\"1\"},{}]}", &err),
		TARE_INVALID);
	assert_string_equal(err.text, "fact 1: key \"key\" is missing");
	assert_int_equal(read_text(&env, *state, "{\"facts\":{}}", &err), TARE_INVALID);
	assert_int_equal(env.fact_count, 77);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			copies_facts_and_fingerprint, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
			reads_what_it_wrote_and_trusts_no_fingerprint, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(says_which_fact_is_none, make_arena, free_arena),
		TEST(keeps_facts_in_the_order_they_came),
		TEST(gives_a_value_by_its_key),
		TEST(fingerprints_the_sorted_facts_that_matter),
		TEST(fingerprints_an_empty_environment),
		TEST(lists_differences_that_matter_first),
		TEST(lists_facts_that_one_side_has_not),
		TEST(takes_a_difference_to_matter_where_either_side_says_so),
		TEST(finds_no_difference_of_an_environment_to_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
