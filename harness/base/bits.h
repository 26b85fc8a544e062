/*
 * Sets of small numbers: CPUs, NUMA nodes.
 *
 * Plain data, copied freely; the words are those of the kernel's masks on 64-bit machines. Text is
 * the kernel's list format: "2-5,8".
 */
#ifndef TARE_BASE_BITS_H
#define TARE_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TARE_BITS_WORDS = 16,
	TARE_BITS_MAX = 64 * TARE_BITS_WORDS, /* one more than the highest number */
	TARE_BITS_TEXT_MAX = 2560,            /* every second number */
};

struct tare_bits {
	uint64_t words[TARE_BITS_WORDS];
};

/* Numbers past the highest are never in a set, and adding them is a programming error. */
void tare_bits_add(struct tare_bits *bits, unsigned number);
bool tare_bits_has(const struct tare_bits *bits, unsigned number);
size_t tare_bits_count(const struct tare_bits *bits);
bool tare_bits_empty(const struct tare_bits *bits);
bool tare_bits_equal(const struct tare_bits *a, const struct tare_bits *b);
struct tare_bits tare_bits_and(const struct tare_bits *a, const struct tare_bits *b);
struct tare_bits tare_bits_or(const struct tare_bits *a, const struct tare_bits *b);

/* "2-5,8", the whole text, in any order; false where it is anything else, names a number past the
 * highest, or nothing at all. */
bool tare_bits_parse(struct tare_bits *bits_out, const char *text);
/* "" for the empty set. size TARE_BITS_TEXT_MAX always suffices; what does not fit is left out. */
void tare_bits_print(char *text_out, size_t size, const struct tare_bits *bits);

#endif
