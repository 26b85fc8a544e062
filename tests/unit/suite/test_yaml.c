#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/suite/node.h"
#include "harness/suite/problems.h"
#include "harness/suite/suite.h"

struct yaml_fixture {
	struct tare_arena *arena;
	struct tare_problem_list problems;
	struct tare_source source;
	struct tare_node *root;
	struct tare_err err;
	struct tare_problems out;
};

static int
setup(void **state)
{
	static struct yaml_fixture fixture;

	fixture = (struct yaml_fixture){.source = {.name = "f.yaml"}};
	fixture.arena = tare_arena_new();
	tare_problem_list_init(&fixture.problems, fixture.arena);
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct yaml_fixture *fixture = *state;

	tare_arena_free(fixture->arena);
	return 0;
}

static bool
read_bytes(struct yaml_fixture *fixture, const char *text, size_t len)
{
	char *copy = tare_arena_alloc(fixture->arena, len + 1, 1);

	memcpy(copy, text, len);
	return tare_yaml_read(
		&fixture->root, fixture->arena, &fixture->problems, &fixture->source, copy, len);
}

static struct tare_node *
read_text(struct yaml_fixture *fixture, const char *text)
{
	assert_true(read_bytes(fixture, text, strlen(text)));
	assert_int_equal(fixture->problems.total, 0);
	return fixture->root;
}

/* The one problem of a text. */
static const char *
problem_of(struct yaml_fixture *fixture, const char *text, size_t len)
{
	read_bytes(fixture, text, len);
	tare_problem_list_finish(&fixture->out, &fixture->problems, &fixture->err);
	assert_int_equal(fixture->out.total, 1);
	return fixture->out.texts[0];
}

static void
keeps_scalars_as_written(void **state)
{
	const struct tare_node *root = read_text(*state, "[1.10, yes, ~, '~', 007, \"a\\tb\"]");

	assert_int_equal(root->kind, TARE_NODE_LIST);
	assert_int_equal(root->count, 6);
	assert_string_equal(root->items[0].text, "1.10");
	assert_string_equal(root->items[1].text, "yes");
	assert_true(tare_node_is_null(&root->items[2]));
	assert_false(tare_node_is_null(&root->items[3]));
	assert_string_equal(root->items[4].text, "007");
	assert_string_equal(root->items[5].text, "a\tb");
}

static void
knows_line_and_column_in_characters(void **state)
{
	const struct tare_node *root = read_text(*state, "a: 1\n\"\xc3\xa9\xc3\xa9\": [x,\n  y]\n");

	assert_int_equal(tare_node_key(root, 1)->line, 2);
	assert_int_equal(tare_node_key(root, 1)->column, 1);
	assert_int_equal(tare_node_value(root, 1)->items[0].column, 8);
	assert_int_equal(tare_node_value(root, 1)->items[1].line, 3);
	assert_int_equal(tare_node_value(root, 1)->items[1].column, 3);
}

static void
finds_keys_in_small_and_large_mappings(void **state)
{
	struct yaml_fixture *fixture = *state;
	const char *text = "";
	const struct tare_node *root = NULL;

	for (int i = 0; i < 100; i++)
		text = tare_arena_printf(fixture->arena, "%sk%d: v%d\n", text, i * 37 % 100, i);
	root = read_text(fixture, text);
	assert_string_equal(tare_node_find(root, "k37")->text, "v1");
	assert_string_equal(tare_node_find(root, "k0")->text, "v0");
	assert_null(tare_node_find(root, "k100"));
	root = read_text(fixture, "{b: 1, a: 2}");
	assert_string_equal(tare_node_find(root, "a")->text, "2");
	assert_null(tare_node_find(root, "c"));
}

static void
carries_references_upward(void **state)
{
	const struct tare_node *root = read_text(*state, "a: {b: [x, 'y ${z}']}\nc: d\n");

	assert_true(root->has_reference);
	assert_true(tare_node_find(root, "a")->has_reference);
	assert_false(tare_node_find(root, "c")->has_reference);
}

static void
reads_a_byte_order_mark_and_windows_line_ends(void **state)
{
	const struct tare_node *root = read_text(*state, "\xef\xbb\xbf"
							 "a: b\r\nc: d\r\n");

	assert_string_equal(tare_node_find(root, "a")->text, "b");
	assert_string_equal(tare_node_find(root, "c")->text, "d");
}

static const struct {
	const char *text;
	const char *problem;
} not_plain[] = {
	{"", "f.yaml:1:1: nothing in it; expected a mapping with `suite` and "
	     "`benchmarks`"},
	{"# only a comment\n", "f.yaml:1:1: nothing in it; expected a mapping with `suite` and "
			       "`benchmarks`"},
	{"a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document; expected one per file, or "
			      "`include`"},
	{"a: &x 1\n", "f.yaml:1:4: an anchor, \"x\"; expected `defaults` or `vars` for what is "
		      "shared"},
	{"a: *x\n", "f.yaml:1:4: an alias, \"x\"; expected `defaults` or `vars` for what is "
		    "shared"},
	{"<<: {a: 1}\n", "f.yaml:1:1: a merge key, \"<<\"; expected `defaults` or `vars` for what "
			 "is shared"},
	{"a: !!int 3\n", "f.yaml:1:4: a tag, \"tag:yaml.org,2002:int\"; expected a value without "
			 "one"},
	{"[a]: 1\n", "f.yaml:1:1: a list as a key; expected a name"},
	{"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: key \"a\" again; expected once, as in line 1"},
	{"a:\n\tb: 1\n", "f.yaml:2:1: a tab before a key or value; expected spaces"},
	{"\xc3\xa9:\n \tb: 1\n", "f.yaml:2:2: a tab before a key or value; expected spaces"},
	{"a: [1, 2\nb: 3\n",
		"f.yaml:2:2: not YAML: did not find expected ',' or ']' while parsing a "
		"flow sequence (which begins in line 1); expected a comma or ], and quotes "
		"around a text that has one of , [ ] { } in it"},
	{"a: {json: b[2], c: d}\n",
		"f.yaml:1:12: not YAML: did not find expected ',' or '}' while parsing a "
		"flow mapping (which begins in line 1); expected a comma or }, and quotes "
		"around a text that has one of , [ ] { } in it"},
	{"a: \"b\n", "f.yaml:2:1: not YAML: found unexpected end of stream while scanning a "
		     "quoted scalar (which begins in line 1); expected the quote that closes "
		     "it"},
	{"a: \"b\n---\n",
		"f.yaml:2:1: not YAML: found unexpected document indicator while scanning "
		"a quoted scalar (which begins in line 1); expected the quote that closes "
		"it"},
	{"a: @b\n", "f.yaml:1:4: not YAML: found character that cannot start any token while "
		    "scanning for the next token (which begins in line 1); expected quotes "
		    "around a text that begins with @, % or `"},
	{"a: *.c\n", "f.yaml:1:5: not YAML: did not find expected alphabetic or numeric "
		     "character while scanning an alias (which begins in line 1); "
		     "expected quotes around a text that begins with * or &"},
	{"a: | b\n", "f.yaml:1:6: not YAML: did not find expected comment or line break while "
		     "scanning a block scalar (which begins in line 1); expected quotes around "
		     "a text that begins with | or >, or the text in the lines below"},
	{"a: b\n\tc: d\n",
		"f.yaml:2:1: not YAML: found a tab character that violates indentation "
		"while scanning a plain scalar (which begins in line 1); expected spaces"},
	{"a: |\n\tb\n", "f.yaml:2:1: not YAML: found a tab character where an "
			"indentation space is expected while scanning a block scalar "
			"(which begins in line 1); expected spaces"},
	{"a: - b\n", "f.yaml:1:4: not YAML: block sequence entries are not allowed in this "
		     "context; expected the list in the lines below its key, or in brackets: "
		     "[a, b]"},
	{"- a\nb: c\n", "f.yaml:2:1: not YAML: did not find expected '-' indicator while parsing a "
			"block collection (which begins in line 1); expected `- ` as far to the "
			"right as those above it"},
	{"a: ? b\n", "f.yaml:1:4: not YAML: mapping keys are not allowed in this context; "
		     "expected quotes around a text that begins with a question mark"},
	{"a: 1\n...\nb: 2\n",
		"f.yaml:3:1: not YAML: did not find expected <document start>; expected "
		"one mapping, with nothing before or behind it"},
	{"a: \"\\ud83d\\ude00\"\n",
		"f.yaml:1:7: not YAML: found invalid Unicode character escape code while "
		"parsing a quoted scalar (which begins in line 1); expected the character "
		"itself, or \\U and its eight digits"},
	{"a: \"\\0\"\n", "f.yaml:1:4: text holds a NUL; expected none"},
	{"a: b: c\n", "f.yaml:1:5: not YAML: mapping values are not allowed in this context; "
		      "expected quotes around a text that has \": \" in it, or a key on a line "
		      "of "
		      "its own"},
	{"a: 1\nb:2\nc: 3\n",
		"f.yaml:3:1: not YAML: could not find expected ':' while scanning a simple "
		"key (which begins in line 2); expected `key: value`, with a blank behind "
		"the colon"},
	{"a: \"\\d\"\n", "f.yaml:1:5: not YAML: found unknown escape character while parsing a "
			 "quoted scalar (which begins in line 1); expected single quotes, in which "
			 "a backslash is itself"},
	{"a: \x01\n", "f.yaml:1:4: not YAML: control characters are not allowed; expected "
		      "printable text"},
	{"ab\n\xc3\xa9 \xff\n", "f.yaml:2:3: byte 0xff is not text; expected UTF-8"},
	{"\xff\xfe"
	 "a",
		"f.yaml:1:1: byte 0xff is not text; expected UTF-8"},
};

static void
refuses_what_is_not_one_plain_document(void **state)
{
	for (size_t i = 0; i < sizeof(not_plain) / sizeof(not_plain[0]); i++) {
		setup(state);
		assert_string_equal(
			problem_of(*state, not_plain[i].text, strlen(not_plain[i].text)),
			not_plain[i].problem);
		if (i + 1 < sizeof(not_plain) / sizeof(not_plain[0]))
			teardown(state);
	}
}

static void
reads_surrogate_pairs_of_json(void **state)
{
	const struct tare_node *root = read_text(*state, "{\"a\": \"\\ud83d\\ude00\", \"b\": 1}");

	assert_string_equal(tare_node_find(root, "a")->text, "\xf0\x9f\x98\x80");
	assert_int_equal(tare_node_key(root, 1)->column, 23);
}

static void
refuses_a_nul_byte(void **state)
{
	assert_string_equal(problem_of(*state, "a: 1\nb\0c", 8),
		"f.yaml:2:2: byte 0x00 is not text; expected UTF-8");
}

static void
finds_repeated_keys_in_large_mappings(void **state)
{
	assert_string_equal(
		problem_of(
			*state, "{a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, c: 2}", 60),
		"f.yaml:1:56: key \"c\" again; expected once, as in line 1");
}

static void
refuses_deep_nesting(void **state)
{
	struct yaml_fixture *fixture = *state;
	char *text = tare_arena_alloc(fixture->arena, 100000 + 1, 1);

	memset(text, '[', 100000);
	assert_string_equal(problem_of(fixture, text, 100000),
		"f.yaml:1:33: nested more than 32 deep; expected less");
}

static void
refuses_too_many_values(void **state)
{
	struct yaml_fixture *fixture = *state;
	size_t len = ((size_t)TARE_SUITE_NODE_MAX + 10) * 2;
	char *text = tare_arena_alloc(fixture->arena, len + 1, 1);

	for (size_t i = 0; i < len; i += 2)
		memcpy(text + i, i == 0 ? "[a" : ",a", 2);
	read_bytes(fixture, text, len);
	assert_int_equal(fixture->problems.total, 1);
	assert_non_null(strstr(fixture->problems.items[0].text,
		"more than 2000000 values; expected fewer in one file"));
}

static void
goes_on_after_anchors_and_aliases(void **state)
{
	struct yaml_fixture *fixture = *state;

	assert_true(read_bytes(fixture, "a: &x [1]\nb: *x\nc: *x\n", 22));
	assert_int_equal(fixture->problems.total, 3);
	assert_true(tare_node_find(fixture->root, "b")->bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keeps_scalars_as_written, setup, teardown),
		cmocka_unit_test_setup_teardown(
			knows_line_and_column_in_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(
			finds_keys_in_small_and_large_mappings, setup, teardown),
		cmocka_unit_test_setup_teardown(carries_references_upward, setup, teardown),
		cmocka_unit_test_setup_teardown(
			reads_a_byte_order_mark_and_windows_line_ends, setup, teardown),
		cmocka_unit_test_teardown(refuses_what_is_not_one_plain_document, teardown),
		cmocka_unit_test_setup_teardown(reads_surrogate_pairs_of_json, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_a_nul_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(
			finds_repeated_keys_in_large_mappings, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_deep_nesting, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_too_many_values, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_on_after_anchors_and_aliases, setup, teardown),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
