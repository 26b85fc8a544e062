/*
 * Checks trees against the tables, and takes mappings apart into slots.
 *
 * Everything that is wrong becomes a problem; a value with a problem is marked bad, so that later
 * passes leave it out without a second complaint. Scalars with a ${name} in them are checked again
 * when it has been replaced. Command lines become lists of words here, before any replacing, so
 * that a value with blanks stays one word. Internal to harness/suite.
 */
#ifndef TARE_SUITE_DECODE_H
#define TARE_SUITE_DECODE_H

#include "harness/base/arena.h"
#include "harness/suite/node.h"
#include "harness/suite/problems.h"
#include "harness/suite/shape.h"

struct tare_decoder {
	struct tare_arena *arena;
	struct tare_problem_list *problems;
	uint64_t *pattern_cost; /* of all regular expressions so far; NULL: not counted */
};

/* A bound on the time that checking regular expressions takes; a plain one costs about 100. */
enum { TARE_PATTERN_COST_MAX = 5000000 };

/* label is the key, or what stands for it, in messages. */
bool tare_shape_check(const struct tare_decoder *decoder, const struct tare_shape *shape,
	struct tare_node *node, const char *label);

/* slots_out[i] becomes the value of fields[i], or NULL; it may be NULL itself. A node that is not a
 * mapping is a problem. Returns false where there was any. */
bool tare_table_decode(const struct tare_decoder *decoder, const struct tare_table *table,
	struct tare_node *node, struct tare_node **slots_out);

/* The same without any checking, for a mapping that has been checked: keys that are not in the
 * table are left out, and those of a group are put where they would be outside it. */
void tare_table_slots(
	const struct tare_table *table, const struct tare_node *map, struct tare_node **slots_out);

/* Whether something called name may be missing from this mapping because of an unknown or repeated
 * key that was reported: the key is nearly it, or it is somewhere below it. map may be NULL. */
bool tare_table_lost(const struct tare_node *map, const char *name);
/* Whether name is a key anywhere in node. */
bool tare_node_mentions(const struct tare_node *node, const char *name);

#endif
