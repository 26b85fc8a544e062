#include "harness/suite/names.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/arena.h"
#include "harness/base/rng.h"

struct tare_names_slot {
	const char *name; /* NULL: free */
	uint64_t hash;
	size_t number;
};

void
tare_names_init(struct tare_names *names)
{
	*names = (struct tare_names){.seed = tare_rng_entropy()};
}

void
tare_names_free(struct tare_names *names)
{
	free(names->slots);
	names->slots = NULL;
	names->capacity = 0;
	names->count = 0;
}

/* FNV-1a from a secret start, with the mixing step of splitmix64 at the end. */
static uint64_t
hash_name(const struct tare_names *names, const char *name)
{
	uint64_t hash = names->seed;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	return hash ^ (hash >> 27);
}

/* The slot that holds name, or the free one where it belongs. */
static struct tare_names_slot *
find(struct tare_names_slot *slots, size_t capacity, const char *name, uint64_t hash)
{
	size_t i = hash & (capacity - 1);

	while (slots[i].name != NULL && (slots[i].hash != hash || strcmp(slots[i].name, name) != 0))
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

static void
grow(struct tare_names *names)
{
	size_t capacity = names->capacity == 0 ? 64 : names->capacity * 2;
	struct tare_names_slot *slots = tare_xcalloc(capacity, sizeof(*slots));

	for (size_t i = 0; i < names->capacity; i++) {
		const struct tare_names_slot *old = &names->slots[i];

		if (old->name != NULL)
			*find(slots, capacity, old->name, old->hash) = *old;
	}
	free(names->slots);
	names->slots = slots;
	names->capacity = capacity;
}

bool
tare_names_add(struct tare_names *names, size_t *first_out, const char *name, size_t number)
{
	uint64_t hash = hash_name(names, name);
	struct tare_names_slot *slot = NULL;

	if (names->count * 2 >= names->capacity)
		grow(names);
	slot = find(names->slots, names->capacity, name, hash);
	if (slot->name != NULL) {
		*first_out = slot->number;
		return false;
	}
	*slot = (struct tare_names_slot){.name = name, .hash = hash, .number = number};
	names->count++;
	return true;
}

bool
tare_names_has(const struct tare_names *names, const char *name)
{
	if (names->capacity == 0)
		return false;
	return find(names->slots, names->capacity, name, hash_name(names, name))->name != NULL;
}
