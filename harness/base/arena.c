#include "harness/base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Chunks double from the first size to the last, so that a small arena stays small and a large one
 * costs few calls of malloc. A block that does not fit the next chunk gets one of its own size. */
enum { CHUNK_FIRST = 4096, CHUNK_LAST = 1 << 20 };

struct chunk {
	struct chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

struct tare_arena {
	struct chunk *chunks; /* the newest first; only it is filled */
	size_t next_size;
	size_t handed_out;
};

static _Noreturn void
die_out_of_memory(size_t count, size_t size)
{
	fprintf(stderr, "tare: out of memory: no room for %zu blocks of %zu bytes\n", count, size);
	abort();
}

/* Asked here and not left to calloc(), which sanitizers make end the process in a way of their own.
 */
static bool
overflows(size_t count, size_t size)
{
	size_t product;

	return __builtin_mul_overflow(count, size, &product);
}

void *
tare_xmalloc(size_t size)
{
	void *block = malloc(size ? size : 1);

	if (!block)
		die_out_of_memory(1, size);
	return block;
}

void *
tare_xcalloc(size_t count, size_t size)
{
	void *block = NULL;

	if (!overflows(count, size))
		block = calloc(count ? count : 1, size ? size : 1);
	if (!block)
		die_out_of_memory(count, size);
	return block;
}

void *
tare_xreallocarray(void *block, size_t count, size_t size)
{
	void *moved = NULL;

	/* realloc() to nothing may free and return NULL; one byte keeps the result a block. */
	if (!overflows(count, size))
		moved = realloc(block, count && size ? count * size : 1);
	if (!moved)
		die_out_of_memory(count, size);
	return moved;
}

char *
tare_xstrdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(tare_xmalloc(size), text, size);
}

struct tare_arena *
tare_arena_new(void)
{
	struct tare_arena *arena = tare_xcalloc(1, sizeof(*arena));

	arena->next_size = CHUNK_FIRST;
	return arena;
}

static void
free_chunks(struct chunk *chunk)
{
	while (chunk) {
		struct chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

void
tare_arena_free(struct tare_arena *arena)
{
	if (!arena)
		return;
	free_chunks(arena->chunks);
	free(arena);
}

void
tare_arena_reset(struct tare_arena *arena)
{
	struct chunk *kept = arena->chunks;

	arena->handed_out = 0;
	if (!kept)
		return;
	free_chunks(kept->next);
	kept->next = NULL;
	kept->used = 0;
	/* One huge block must not stay for the rest of the arena's life. */
	if (kept->size > CHUNK_LAST) {
		free(kept);
		arena->chunks = NULL;
	}
}

size_t
tare_arena_size_bytes(const struct tare_arena *arena)
{
	return arena->handed_out;
}

static void
add_chunk(struct tare_arena *arena, size_t wanted)
{
	size_t size = arena->next_size;
	struct chunk *chunk;

	if (wanted > size)
		size = wanted;
	if (size > SIZE_MAX - sizeof(*chunk))
		die_out_of_memory(1, wanted);
	chunk = tare_xmalloc(sizeof(*chunk) + size);
	chunk->next = arena->chunks;
	chunk->size = size;
	chunk->used = 0;
	arena->chunks = chunk;
	if (arena->next_size < CHUNK_LAST)
		arena->next_size *= 2;
}

/* A block that is not cleared; the callers fill it. */
static void *
take(struct tare_arena *arena, size_t count, size_t size)
{
	const size_t align = alignof(max_align_t);
	size_t wanted;
	size_t padded;
	struct chunk *chunk;

	if (__builtin_mul_overflow(count, size, &wanted) || wanted > SIZE_MAX - align)
		die_out_of_memory(count, size);
	/* Even an empty block has an address of its own. */
	padded = ((wanted ? wanted : 1) + align - 1) / align * align;
	if (!arena->chunks || arena->chunks->size - arena->chunks->used < padded)
		add_chunk(arena, padded);
	chunk = arena->chunks;
	chunk->used += padded;
	arena->handed_out += wanted;
	return chunk->bytes + chunk->used - padded;
}

void *
tare_arena_alloc(struct tare_arena *arena, size_t count, size_t size)
{
	return memset(take(arena, count, size), 0, count * size);
}

void *
tare_arena_grow(
	struct tare_arena *arena, const void *items, size_t count, size_t new_count, size_t size)
{
	unsigned char *grown;

	assert(new_count >= count);
	assert(items || count == 0);
	grown = take(arena, new_count, size);
	if (count > 0)
		memcpy(grown, items, count * size);
	memset(grown + count * size, 0, (new_count - count) * size);
	return grown;
}

void *
tare_arena_room(struct tare_arena *arena, void *items, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return items;
	return tare_arena_grow(arena, items, count, count ? 2 * count : 1, size);
}

char *
tare_arena_strdup(struct tare_arena *arena, const char *text)
{
	size_t size;

	if (!text)
		return NULL;
	size = strlen(text) + 1;
	return memcpy(take(arena, size, 1), text, size);
}

char *
tare_arena_strndup(struct tare_arena *arena, const char *text, size_t len)
{
	size_t kept = strnlen(text, len);
	char *copy = take(arena, kept + 1, 1);

	memcpy(copy, text, kept);
	copy[kept] = '\0';
	return copy;
}

char *
tare_arena_vprintf(struct tare_arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	assert(len >= 0);
	text = take(arena, (size_t)len + 1, 1);
	vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}

char *
tare_arena_printf(struct tare_arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = tare_arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}
