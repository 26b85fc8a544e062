#include <math.h>
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

static void
tells_no_change_whose_interval_leaves_the_margin(void **state)
{
	struct tare_comparison item = {.verdict = TARE_VERDICT_NO_CHANGE,
		.ratio_low = 0.99,
		.ratio_high = 1.019,
		.confidence = 0.95};

	(void)state;
	item.metric.margin = 0.02;
	assert_false(tare_comparison_past_margin(&item));
	item.ratio_high = 1.021;
	assert_true(tare_comparison_past_margin(&item));
	item.ratio_high = 1.01;
	item.ratio_low = 0.9803;
	assert_true(tare_comparison_past_margin(&item));
	item.ratio_low = 0.9804;
	assert_false(tare_comparison_past_margin(&item));
	item.ratio_high = 1.021;
	item.verdict = TARE_VERDICT_REGRESSION;
	assert_false(tare_comparison_past_margin(&item));
	item.verdict = TARE_VERDICT_NO_CHANGE;
	item.method = TARE_METHOD_EXACT;
	assert_false(tare_comparison_past_margin(&item));
	assert_true(fabs(tare_comparison_inner(&item) - 0.9) < 1e-12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_verdict_it_names),
		cmocka_unit_test(reads_no_change_as_one_word_too),
		cmocka_unit_test(refuses_other_words_and_leaves_the_out_alone),
		cmocka_unit_test(names_the_methods),
		cmocka_unit_test(tells_no_change_whose_interval_leaves_the_margin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
