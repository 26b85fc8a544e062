#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/bits.h"

static void
check_text(const char *text, const char *printed, size_t count)
{
	struct tare_bits bits;
	char again[TARE_BITS_TEXT_MAX];

	assert_true(tare_bits_parse(&bits, text));
	assert_int_equal(tare_bits_count(&bits), count);
	tare_bits_print(again, sizeof(again), &bits);
	assert_string_equal(again, printed);
}

static void
reads_and_prints_the_kernels_lists(void **state)
{
	(void)state;
	check_text("0", "0", 1);
	check_text("2-5", "2-5", 4);
	check_text("4,1", "1,4", 2);
	check_text("1,2,3,8", "1-3,8", 4);
	check_text("0-1023", "0-1023", 1024);
	check_text("1023", "1023", 1);
	check_text("63,64,65", "63-65", 3);
	check_text("007", "7", 1);
	check_text("3-3", "3", 1);
}

static void
refuses_what_is_no_list(void **state)
{
	static const char *const bad[] = {"", "-", "1-", "-1", "1,,2", "3-1", "1,", ",1", "one",
		"1 ", " 1", "1024", "0-1024", "99999999999999999999", "1-2-3", "+1", "1;2"};
	struct tare_bits bits;
	struct tare_bits before;

	(void)state;
	memset(&bits, 0x5a, sizeof(bits));
	before = bits;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (tare_bits_parse(&bits, bad[i]))
			fail_msg("'%s' was taken", bad[i]);
		assert_true(tare_bits_equal(&bits, &before));
	}
}

static void
prints_the_longest_set_whole(void **state)
{
	struct tare_bits bits = {0};
	struct tare_bits again;
	char text[TARE_BITS_TEXT_MAX];

	(void)state;
	for (unsigned i = 1; i < TARE_BITS_MAX; i += 2)
		tare_bits_add(&bits, i);
	tare_bits_print(text, sizeof(text), &bits);
	assert_true(tare_bits_parse(&again, text));
	assert_true(tare_bits_equal(&bits, &again));
}

static void
leaves_out_what_does_not_fit(void **state)
{
	struct tare_bits bits;
	char text[24];

	(void)state;
	assert_true(tare_bits_parse(&bits, "100,200,300,400,500,600"));
	tare_bits_print(text, sizeof(text), &bits);
	assert_string_equal(text, "100,200,300,400");
	tare_bits_print(text, 1, &bits);
	assert_string_equal(text, "");
}

static void
adds_removes_and_joins(void **state)
{
	struct tare_bits a = {0};
	struct tare_bits b = {0};
	struct tare_bits both;
	struct tare_bits either;

	(void)state;
	assert_true(tare_bits_empty(&a));
	tare_bits_add(&a, 3);
	tare_bits_add(&a, 700);
	tare_bits_add(&b, 700);
	assert_true(tare_bits_has(&a, 3));
	assert_false(tare_bits_has(&a, 4));
	assert_false(tare_bits_has(&a, TARE_BITS_MAX));
	both = tare_bits_and(&a, &b);
	either = tare_bits_or(&a, &b);
	assert_true(tare_bits_equal(&both, &b));
	assert_true(tare_bits_equal(&either, &a));
	assert_false(tare_bits_equal(&a, &b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_prints_the_kernels_lists),
		cmocka_unit_test(refuses_what_is_no_list),
		cmocka_unit_test(prints_the_longest_set_whole),
		cmocka_unit_test(leaves_out_what_does_not_fit),
		cmocka_unit_test(adds_removes_and_joins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
