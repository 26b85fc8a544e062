#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/model/requirement.h"

static void
reads_comparisons_with_sizes(void **state)
{
	static const struct {
		const char *text;
		enum tare_relation relation;
		uint64_t bytes;
	} cases[] = {
		{">= 8GiB", TARE_RELATION_AT_LEAST, 8ull << 30},
		{">=8GiB", TARE_RELATION_AT_LEAST, 8ull << 30},
		{"8 GiB", TARE_RELATION_AT_LEAST, 8ull << 30},
		{"< 1 MB", TARE_RELATION_LESS, 1000000},
		{"<= 1B", TARE_RELATION_AT_MOST, 1},
		{"> 1kB", TARE_RELATION_MORE, 1000},
		{"= 1kB", TARE_RELATION_EQUAL, 1000},
		{"== 1kB", TARE_RELATION_EQUAL, 1000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum tare_relation relation;
		uint64_t bytes;

		assert_int_equal(
			tare_required_size_parse(&relation, &bytes, cases[i].text, NULL), TARE_OK);
		assert_int_equal(relation, cases[i].relation);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

static void
reads_comparisons_with_versions(void **state)
{
	struct tare_version version, other;
	enum tare_relation relation;

	(void)state;
	assert_int_equal(
		tare_required_version_parse(&relation, &version, ">= 5.14", NULL), TARE_OK);
	assert_int_equal(relation, TARE_RELATION_AT_LEAST);
	assert_true(tare_version_parse(&other, "5.14.0-13-amd64"));
	assert_int_equal(tare_version_compare(&other, &version), 0);
	assert_true(tare_version_parse(&other, "5.9.99"));
	assert_true(tare_version_compare(&other, &version) < 0);
	assert_true(tare_version_parse(&other, "6.1"));
	assert_true(tare_version_compare(&other, &version) > 0);
	assert_true(tare_version_parse(&other, "5.14.1"));
	assert_true(tare_version_compare(&other, &version) > 0);
	assert_false(tare_version_parse(&other, "unknown"));
	assert_false(tare_version_parse(&other, ""));
}

static void
refuses_what_is_no_comparison(void **state)
{
	static const char *const sizes[] = {"", ">=", "big", "8", ">= -1GiB", "=> 8GiB"};
	static const char *const versions[] = {"", ">=", "new", ">= 5.x", "5.14-rc1", "=> 5"};
	struct tare_err err = {0};
	struct tare_version version;
	enum tare_relation relation;
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (tare_required_size_parse(&relation, &bytes, sizes[i], &err) != TARE_INVALID)
			fail_msg("'%s' was taken", sizes[i]);
	}
	assert_string_equal(
		err.text, "is \"=> 8GiB\"; expected a comparison with a size, such as >= 8GiB");
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (tare_required_version_parse(&relation, &version, versions[i], &err) !=
			TARE_INVALID)
			fail_msg("'%s' was taken", versions[i]);
	}
	assert_string_equal(
		err.text, "is \"=> 5\"; expected a comparison with a version, such as >= 5.14");
}

static void
knows_what_holds(void **state)
{
	(void)state;
	assert_true(tare_relation_holds(TARE_RELATION_AT_LEAST, 0));
	assert_false(tare_relation_holds(TARE_RELATION_AT_LEAST, -1));
	assert_true(tare_relation_holds(TARE_RELATION_AT_MOST, 0));
	assert_false(tare_relation_holds(TARE_RELATION_AT_MOST, 1));
	assert_true(tare_relation_holds(TARE_RELATION_MORE, 1));
	assert_false(tare_relation_holds(TARE_RELATION_MORE, 0));
	assert_true(tare_relation_holds(TARE_RELATION_LESS, -1));
	assert_false(tare_relation_holds(TARE_RELATION_LESS, 0));
	assert_true(tare_relation_holds(TARE_RELATION_EQUAL, 0));
	assert_false(tare_relation_holds(TARE_RELATION_EQUAL, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_comparisons_with_sizes),
		cmocka_unit_test(reads_comparisons_with_versions),
		cmocka_unit_test(refuses_what_is_no_comparison),
		cmocka_unit_test(knows_what_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
