/*
 * Arenas: memory that is given back all at once.
 *
 * One arena per lifetime (session, run, scratch). tare_arena_new() makes one, tare_arena_free()
 * gives everything back. Allocation never fails: without memory the process aborts with a message,
 * because no measurement can go on. Blocks are aligned for any type. Not for use by two threads.
 */
#ifndef TARE_BASE_ARENA_H
#define TARE_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct tare_arena;

struct tare_arena *tare_arena_new(void);
void tare_arena_free(struct tare_arena *arena);  /* NULL is allowed */
void tare_arena_reset(struct tare_arena *arena); /* forgets every block, keeps the arena */
size_t tare_arena_size_bytes(const struct tare_arena *arena); /* handed out so far */

/* Zeroed memory; count * size is checked for overflow (abort). size 0 gives a valid pointer. */
void *tare_arena_alloc(struct tare_arena *arena, size_t count, size_t size);

/* A copy of items with room for new_count; use it to grow arrays by doubling. */
void *tare_arena_grow(
	struct tare_arena *arena, const void *items, size_t count, size_t new_count, size_t size);

/* items with room for one more than count. An array that grows by this alone, from none, is copied
 * when its count is a power of two, which spares it a capacity. */
void *tare_arena_room(struct tare_arena *arena, void *items, size_t count, size_t size);

char *tare_arena_strdup(struct tare_arena *arena, const char *text); /* NULL gives NULL */
char *tare_arena_strndup(struct tare_arena *arena, const char *text, size_t len);
char *tare_arena_printf(struct tare_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *tare_arena_vprintf(struct tare_arena *arena, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* malloc, realloc and calloc that abort with a message instead of returning NULL. */
void *tare_xmalloc(size_t size);
void *tare_xcalloc(size_t count, size_t size);
void *tare_xreallocarray(void *block, size_t count, size_t size);
char *tare_xstrdup(const char *text);

#endif
