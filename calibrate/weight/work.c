#include "calibrate/weight/work.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { BLOCK = 16 << 20, RING = 4 << 20, PAGE = 4096, PAGES_AT_ONCE = 1000 };

bool
work_integer(uint64_t count)
{
	volatile uint64_t kept;
	uint64_t state = 0x9e3779b97f4a7c15u;

	/* The constants are Knuth's for MMIX; any odd factor would do. */
	for (uint64_t i = 0; i < count * 100000; i++)
		state = state * 6364136223846793005u + 1442695040888963407u;
	/* Or the compiler would leave the steps out. */
	kept = state;
	(void)kept;
	return true;
}

bool
work_floating(uint64_t count)
{
	volatile double kept;
	double sum = 0.0;

	/* Additions of doubles may not be put together: each waits for the last. */
	for (uint64_t i = 0; i < count * 100000; i++)
		sum += 1.0000001;
	kept = sum;
	(void)kept;
	return true;
}

bool
work_bandwidth(uint64_t count)
{
	char *blocks = malloc(2 * (size_t)BLOCK);

	if (!blocks)
		return false;
	memset(blocks, 1, 2 * (size_t)BLOCK);
	for (uint64_t i = 0; i < count; i++) {
		char *from = blocks + (i % 2 ? BLOCK : 0), *to = blocks + (i % 2 ? 0 : BLOCK);

		memcpy(to, from, BLOCK);
		/* Somebody may look, so that no copy is left out. */
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	free(blocks);
	return true;
}

/* Sattolo's shuffle: one cycle through all, in an order that no prefetcher guesses. */
static void
make_ring(uint32_t *ring, uint32_t n)
{
	uint64_t state = 88172645463325252u;

	for (uint32_t i = 0; i < n; i++)
		ring[i] = i;
	for (uint32_t i = n - 1; i > 0; i--) {
		uint32_t other, kept = ring[i];

		/* xorshift64, Marsaglia 2003. */
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		other = (uint32_t)(state % i);
		ring[i] = ring[other];
		ring[other] = kept;
	}
}

bool
work_chase(uint64_t count)
{
	const uint32_t n = RING / sizeof(uint32_t);
	uint32_t *ring = malloc(RING), at = 0;
	volatile uint32_t kept;

	if (!ring)
		return false;
	make_ring(ring, n);
	for (uint64_t i = 0; i < count * 10000; i++)
		at = ring[at];
	kept = at;
	(void)kept;
	free(ring);
	return true;
}

bool
work_faults(uint64_t count)
{
	const size_t len = (size_t)PAGES_AT_ONCE * PAGE;

	for (uint64_t i = 0; i < count; i++) {
		char *pages;

		/* cppcheck-suppress invalidFunctionArg ; -1 is what mmap(2) asks for */
		pages = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (pages == MAP_FAILED)
			return false;
		/* Refused where there are no huge pages, and then not needed. */
		(void)madvise(pages, len, MADV_NOHUGEPAGE);
		for (size_t at = 0; at < len; at += PAGE)
			((volatile char *)pages)[at] = 1;
		if (munmap(pages, len) != 0)
			return false;
	}
	return true;
}
