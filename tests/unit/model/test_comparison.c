#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/model/comparison.h"

static void
reads_every_verdict_it_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TARE_VERDICT_COUNT; i++) {
		enum tare_verdict verdict = TARE_VERDICT_COUNT;

		assert_true(tare_verdict_parse(&verdict, tare_verdict_name((enum tare_verdict)i)));
		assert_int_equal(verdict, i);
	}
}

static void
reads_no_change_as_one_word_too(void **state)
{
	enum tare_verdict verdict = TARE_VERDICT_COUNT;

	(void)state;
	assert_string_equal(tare_verdict_name(TARE_VERDICT_NO_CHANGE), "no change");
	assert_true(tare_verdict_parse(&verdict, "no_change"));
	assert_int_equal(verdict, TARE_VERDICT_NO_CHANGE);
}

static void
refuses_other_words_and_leaves_the_out_alone(void **state)
{
	static const char *const words[] = {"", "Regression", "regressions", "nochange", "none"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		enum tare_verdict verdict = TARE_VERDICT_INCONCLUSIVE;

		assert_false(tare_verdict_parse(&verdict, words[i]));
		assert_int_equal(verdict, TARE_VERDICT_INCONCLUSIVE);
	}
}

static void
names_the_methods(void **state)
{
	(void)state;
	assert_string_equal(tare_method_name(TARE_METHOD_PAIRED), "paired");
	assert_string_equal(tare_method_name(TARE_METHOD_UNPAIRED), "unpaired");
	assert_string_equal(tare_method_name(TARE_METHOD_DIFFERENCE), "difference");
	assert_string_equal(tare_method_name(TARE_METHOD_EXACT), "exact");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_verdict_it_names),
		cmocka_unit_test(reads_no_change_as_one_word_too),
		cmocka_unit_test(refuses_other_words_and_leaves_the_out_alone),
		cmocka_unit_test(names_the_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
