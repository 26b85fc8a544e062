#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/base/digest.h"

/* The vectors of FIPS 180-4. */
static void
agrees_with_the_standard(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char text[TARE_DIGEST_TEXT_MAX];

	(void)state;
	tare_digest_bytes(text, "abc", 3);
	assert_string_equal(
		text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	tare_digest_bytes(text, two_blocks, strlen(two_blocks));
	assert_string_equal(
		text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void
digests_nothing(void **state)
{
	char text[TARE_DIGEST_TEXT_MAX];

	(void)state;
	tare_digest_bytes(text, NULL, 0);
	assert_string_equal(
		text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void
goes_on_behind_a_zero_byte(void **state)
{
	char first[TARE_DIGEST_TEXT_MAX];
	char second[TARE_DIGEST_TEXT_MAX];

	(void)state;
	tare_digest_bytes(first, "a\0b", 3);
	tare_digest_bytes(second, "a\0c", 3);
	assert_string_not_equal(first, second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_standard),
		cmocka_unit_test(digests_nothing),
		cmocka_unit_test(goes_on_behind_a_zero_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
