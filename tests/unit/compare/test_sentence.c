#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "harness/compare/internal.h"

static struct tare_arena *arena, *scratch;

static int
setup(void **state)
{
	(void)state;
	arena = tare_arena_new();
	scratch = tare_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tare_arena_free(arena);
	tare_arena_free(scratch);
	return 0;
}

static struct tare_comparison
wall(enum tare_verdict verdict, double ratio, double low, double high)
{
	return (struct tare_comparison){.base_label = "v1",
		.head_label = "v2",
		.metric = {.name = "wall", .unit = "ns", .margin = 0.02},
		.ratio = ratio,
		.ratio_low = low,
		.ratio_high = high,
		.confidence = 0.95,
		.verdict = verdict};
}

static const char *
say(struct tare_comparison item)
{
	tare_compare_sentence(&item, arena, scratch);
	return item.sentence;
}

static void
every_verdict_has_a_plain_sentence(void **state)
{
	struct tare_comparison wide = wall(TARE_VERDICT_NO_CHANGE, 1.01, 1.002, 1.021);

	(void)state;
	assert_string_equal(say(wall(TARE_VERDICT_REGRESSION, 2.5, 2.25, 2.75)),
		"v2 is 150 % slower than v1 (95 % interval 125 % to 175 %): "
		"a regression past the 2 % margin");
	assert_string_equal(say(wall(TARE_VERDICT_IMPROVEMENT, 0.9, 0.85, 0.95)),
		"v2 is 10.0 % faster than v1 (95 % interval 5.0 % to 15.0 %): "
		"an improvement past the 2 % margin");
	assert_string_equal(say(wall(TARE_VERDICT_NO_CHANGE, 1.001, 0.995, 1.012)),
		"v2 is 0.10 % slower than v1 (95 % interval 0.50 % faster to 1.2 % slower): "
		"no change past the 2 % margin");
	assert_string_equal(say(wide), "v2 is 1.0 % slower than v1 (95 % interval 0.20 % to 2.1 "
				       "%): no change past the 2 % "
				       "margin, inside which the 90 % interval lies");
	assert_string_equal(say(wall(TARE_VERDICT_NO_CHANGE, 1.0, 1.0, 1.0)),
		"v2 takes as long as v1 (95 % interval 0 % to 0 %): no change past the 2 % margin");
}

static void
undecided_sentences_say_why(void **state)
{
	struct tare_comparison item = wall(TARE_VERDICT_INCONCLUSIVE, 1.03, 0.99, 1.07);

	(void)state;
	item.reason = "12 more pairs would do";
	assert_string_equal(say(item),
		"cannot tell yet: v2 is 3.0 % slower than v1 (95 % interval 1.0 % faster to 7.0 % "
		"slower), which reaches past the 2 % margin; 12 more pairs would do");
	item.ratio_low = 1.01;
	item.below_margin = true;
	assert_string_equal(say(item),
		"v2 is 3.0 % slower than v1 (95 % interval 1.0 % to 7.0 %): a real change, and it "
		"is "
		"not clear whether it is past the 2 % margin; 12 more pairs would do");
	item.ratio_low = item.ratio_high = NAN;
	assert_string_equal(
		say(item), "cannot tell whether v2 differs from v1: 12 more pairs would do");
}

static void
differences_are_told_in_their_unit(void **state)
{
	struct tare_comparison item = wall(TARE_VERDICT_REGRESSION, NAN, NAN, NAN);

	(void)state;
	item.metric.name = "max_rss";
	item.metric.unit = "bytes";
	item.difference = 2048.0;
	item.difference_low = 1024.0;
	item.difference_high = 4096.0;
	item.method = TARE_METHOD_DIFFERENCE;
	assert_string_equal(say(item), "max_rss of v2 is 2 KiB higher than of v1 (95 % "
				       "interval 1 KiB to 4 KiB): "
				       "a regression past the 2 % margin");
}

static void
constants_have_no_interval(void **state)
{
	struct tare_comparison item = wall(TARE_VERDICT_NO_CHANGE, 1.0, 1.0, 1.0);

	(void)state;
	item.metric.name = "instructions";
	item.method = TARE_METHOD_EXACT;
	assert_string_equal(
		say(item), "instructions of v2 is that of v1: no change past the 2 % margin");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verdict_has_a_plain_sentence),
		cmocka_unit_test(undecided_sentences_say_why),
		cmocka_unit_test(differences_are_told_in_their_unit),
		cmocka_unit_test(constants_have_no_interval),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
