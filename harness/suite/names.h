/*
 * A set of names that remembers a number with each: a hash table, seeded at random so that nobody
 * can choose names that collide. It keeps pointers to the names, not copies. Internal to
 * harness/suite.
 */
#ifndef TARE_SUITE_NAMES_H
#define TARE_SUITE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tare_names {
	struct tare_names_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
	uint64_t seed;
};

void tare_names_init(struct tare_names *names);
void tare_names_free(struct tare_names *names);
/* False where name is there already; *first_out is the number it was added with. */
bool tare_names_add(struct tare_names *names, size_t *first_out, const char *name, size_t number);
bool tare_names_has(const struct tare_names *names, const char *name);

#endif
