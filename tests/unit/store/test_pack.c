#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/arena.h"
#include "harness/base/rng.h"
#include "harness/store/pack.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
assert_values_return(const double *values, size_t count, uint8_t format)
{
	struct tare_packed packed = {0};
	double *back = tare_xcalloc(count + 1, sizeof(double));
	size_t held = SIZE_MAX;

	tare_pack_values(&packed, values, count);
	assert_int_equal(packed.bytes[0], format);
	assert_int_equal(tare_packed_count(&held, packed.bytes, packed.len, NULL), TARE_OK);
	assert_int_equal(held, count);
	assert_int_equal(tare_unpack_values(back, count, packed.bytes, packed.len, NULL), TARE_OK);
	if (count > 0)
		assert_memory_equal(back, values, count * sizeof(double));
	free(back);
	tare_packed_free(&packed);
}

static void
whole_numbers_come_back_bit_for_bit_as_integers(void **state)
{
	const double values[] = {
		10100000, 10300000, 0, -1, -9007199254740992.0, 9007199254740992.0, 7};

	(void)state;
	assert_values_return(values, COUNT(values), 1);
	assert_values_return(values, 0, 1);
}

static void
what_is_no_whole_number_comes_back_bit_for_bit(void **state)
{
	const double values[] = {0.1, -0.0, DBL_MIN, DBL_TRUE_MIN, DBL_MAX, INFINITY, -INFINITY,
		NAN, -NAN, 1e300, 9007199254740994.0};
	const double minus_zero[] = {1, -0.0};
	double strange_nan;
	const uint64_t bits = 0x7ff4000000abcdefu;

	(void)state;
	memcpy(&strange_nan, &bits, sizeof(bits));
	for (size_t i = 0; i < COUNT(values); i++)
		assert_values_return(&values[i], 1, 2);
	assert_values_return(values, COUNT(values), 2);
	assert_values_return(minus_zero, 2, 2);
	assert_values_return(&strange_nan, 1, 2);
}

static void
random_bit_patterns_come_back(void **state)
{
	struct tare_rng rng;
	double values[257];

	(void)state;
	tare_rng_seed(&rng, 7, 0);
	for (size_t i = 0; i < COUNT(values); i++) {
		uint64_t bits = tare_rng_next(&rng);

		memcpy(&values[i], &bits, sizeof(bits));
	}
	assert_values_return(values, COUNT(values), 2);
}

static void
the_format_is_the_documented_one(void **state)
{
	const double whole[] = {100, 99, 300};
	const double half[] = {0.5};
	const uint8_t whole_bytes[] = {1, 3, 0xc8, 0x01, 0x01, 0x92, 0x03};
	const uint8_t half_bytes[] = {2, 1, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f};
	struct tare_packed packed = {0};

	(void)state;
	tare_pack_values(&packed, whole, 3);
	assert_int_equal(packed.len, sizeof(whole_bytes));
	assert_memory_equal(packed.bytes, whole_bytes, sizeof(whole_bytes));
	tare_pack_values(&packed, half, 1);
	assert_int_equal(packed.len, sizeof(half_bytes));
	assert_memory_equal(packed.bytes, half_bytes, sizeof(half_bytes));
	tare_packed_free(&packed);
}

static void
times_and_pairs_come_back_from_end_to_end_of_their_ranges(void **state)
{
	const uint64_t times[] = {0, UINT64_MAX, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, 5};
	const uint32_t pairs[] = {0, UINT32_MAX, 1, 1, 2};
	uint64_t times_back[COUNT(times)];
	uint32_t pairs_back[COUNT(pairs)];
	struct tare_packed packed = {0};

	(void)state;
	tare_pack_times(&packed, times, COUNT(times));
	assert_int_equal(
		tare_unpack_times(times_back, COUNT(times), packed.bytes, packed.len, NULL),
		TARE_OK);
	assert_memory_equal(times_back, times, sizeof(times));
	tare_pack_pairs(&packed, pairs, COUNT(pairs));
	assert_int_equal(
		tare_unpack_pairs(pairs_back, COUNT(pairs), packed.bytes, packed.len, NULL),
		TARE_OK);
	assert_memory_equal(pairs_back, pairs, sizeof(pairs));
	tare_packed_free(&packed);
}

static void
similar_integers_take_few_bytes(void **state)
{
	double values[1000];
	struct tare_packed packed = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++)
		values[i] = 10100000 + (double)((i * 7919) % 8000);
	tare_pack_values(&packed, values, COUNT(values));
	assert_in_range(packed.len, 1000, 2100);
	tare_packed_free(&packed);
}

static void
every_cut_of_a_block_is_refused(void **state)
{
	const double whole[] = {1000000, 2000000, 3};
	const double real[] = {1.5, 2.5};
	const struct {
		const double *values;
		size_t count;
	} blocks[] = {{whole, 3}, {real, 2}};
	double back[3];

	(void)state;
	for (size_t b = 0; b < COUNT(blocks); b++) {
		struct tare_packed packed = {0};

		tare_pack_values(&packed, blocks[b].values, blocks[b].count);
		for (size_t len = 0; len < packed.len; len++) {
			/* An exact copy, so that a sanitizer sees a step past its end. */
			uint8_t *cut = tare_xmalloc(len + 1);
			memcpy(cut, packed.bytes, len);
			assert_int_equal(tare_unpack_values(back, blocks[b].count, cut, len, NULL),
				TARE_OUTSIDE);
			free(cut);
		}
		tare_packed_free(&packed);
	}
}

static void
assert_refused(const uint8_t *bytes, size_t len, size_t count, const char *text)
{
	struct tare_err err = {0};
	uint32_t pairs[8];

	assert_int_equal(tare_unpack_pairs(pairs, count, bytes, len, &err), TARE_OUTSIDE);
	assert_string_equal(err.text, text);
}

static void
hostile_blocks_are_refused_with_a_sentence(void **state)
{
	const uint8_t unknown[] = {9, 0};
	const uint8_t bomb[] = {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
	const uint8_t too_long[] = {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
	const uint8_t other_count[] = {1, 2, 0, 0};
	const uint8_t left_over[] = {1, 1, 0, 0};
	const uint8_t too_large[] = {1, 1, 0x80, 0x80, 0x80, 0x80, 0x20};
	const uint8_t doubles[] = {2, 1, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f};

	(void)state;
	assert_refused(unknown, 0, 0, "packed samples are empty");
	assert_refused(unknown, sizeof(unknown), 0,
		"packed samples have the unknown format 9; expected 1 or 2");
	assert_refused(bomb, sizeof(bomb), 1,
		"packed samples are cut short: 0 bytes cannot hold 18446744073709551615 values");
	assert_refused(too_long, sizeof(too_long), 1, "packed samples are cut short");
	assert_refused(
		other_count, sizeof(other_count), 1, "packed samples hold 2 values; expected 1");
	assert_refused(left_over, sizeof(left_over), 1, "packed samples have 1 bytes left over");
	assert_refused(too_large, sizeof(too_large), 1,
		"packed samples hold 4294967296; expected at most 4294967295");
	assert_refused(
		doubles, sizeof(doubles), 1, "packed samples hold doubles; expected integers");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers_come_back_bit_for_bit_as_integers),
		cmocka_unit_test(what_is_no_whole_number_comes_back_bit_for_bit),
		cmocka_unit_test(random_bit_patterns_come_back),
		cmocka_unit_test(the_format_is_the_documented_one),
		cmocka_unit_test(times_and_pairs_come_back_from_end_to_end_of_their_ranges),
		cmocka_unit_test(similar_integers_take_few_bytes),
		cmocka_unit_test(every_cut_of_a_block_is_refused),
		cmocka_unit_test(hostile_blocks_are_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
