#include "harness/base/bits.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void
tare_bits_add(struct tare_bits *bits, unsigned number)
{
	assert(number < TARE_BITS_MAX);
	bits->words[number / 64] |= (uint64_t)1 << (number % 64);
}

bool
tare_bits_has(const struct tare_bits *bits, unsigned number)
{
	return number < TARE_BITS_MAX && (bits->words[number / 64] >> (number % 64) & 1) != 0;
}

size_t
tare_bits_count(const struct tare_bits *bits)
{
	size_t count = 0;

	for (size_t i = 0; i < TARE_BITS_WORDS; i++)
		count += (size_t)__builtin_popcountll(bits->words[i]);
	return count;
}

bool
tare_bits_empty(const struct tare_bits *bits)
{
	return tare_bits_count(bits) == 0;
}

bool
tare_bits_equal(const struct tare_bits *a, const struct tare_bits *b)
{
	return memcmp(a->words, b->words, sizeof(a->words)) == 0;
}

struct tare_bits
tare_bits_and(const struct tare_bits *a, const struct tare_bits *b)
{
	struct tare_bits both;

	for (size_t i = 0; i < TARE_BITS_WORDS; i++)
		both.words[i] = a->words[i] & b->words[i];
	return both;
}

struct tare_bits
tare_bits_or(const struct tare_bits *a, const struct tare_bits *b)
{
	struct tare_bits either;

	for (size_t i = 0; i < TARE_BITS_WORDS; i++)
		either.words[i] = a->words[i] | b->words[i];
	return either;
}

static bool
parse_number(unsigned *number_out, const char **at)
{
	unsigned number = 0;
	const char *digit = *at;

	for (; *digit >= '0' && *digit <= '9'; digit++) {
		number = number * 10 + (unsigned)(*digit - '0');
		if (number >= TARE_BITS_MAX)
			return false;
	}
	if (digit == *at)
		return false;
	*at = digit;
	*number_out = number;
	return true;
}

bool
tare_bits_parse(struct tare_bits *bits_out, const char *text)
{
	struct tare_bits bits = {0};
	const char *at = text;

	for (;;) {
		unsigned first, last;

		if (!parse_number(&first, &at))
			return false;
		last = first;
		if (*at == '-') {
			at++;
			if (!parse_number(&last, &at) || last < first)
				return false;
		}
		for (unsigned number = first; number <= last; number++)
			tare_bits_add(&bits, number);
		if (*at == '\0')
			break;
		if (*at++ != ',')
			return false;
	}
	*bits_out = bits;
	return true;
}

void
tare_bits_print(char *text_out, size_t size, const struct tare_bits *bits)
{
	size_t len = 0;

	if (size > 0)
		*text_out = '\0';
	for (unsigned number = 0; number < TARE_BITS_MAX && len + 12 < size; number++) {
		unsigned first = number;

		if (!tare_bits_has(bits, number))
			continue;
		while (tare_bits_has(bits, number + 1))
			number++;
		len += (size_t)snprintf(text_out + len, size - len,
			first == number ? "%s%u" : "%s%u-%u", len ? "," : "", first, number);
	}
}
