/*
 * The order of measuring: seeded, balanced, repeatable. Pure functions.
 *
 * A block is two pairs: every variant once in a random order, then every variant once in the
 * reverse order (ABBA or BAAB for two), so that linear drift cancels inside each block. The order
 * depends on seed, group and block only, so that a resumed run measures what the first would have.
 */
#ifndef TARE_STAGES_ORDER_H
#define TARE_STAGES_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* variants_out has room for count: the order of one pair. Pairs 2b and 2b + 1 form block b. */
void tare_order_pair(
	size_t *variants_out, size_t count, uint64_t seed, size_t group, uint32_t pair);

/* Shuffles the groups of one round. */
void tare_order_round(size_t *groups, size_t count, uint64_t seed, uint32_t round);

#endif
