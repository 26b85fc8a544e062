/*
 * A comparison in one sentence for a reader who knows no statistics: how large the change is, which
 * changes would not count, and of how much one may be sure.
 *
 *   head takes 4.8 % longer than base; differences under 2 % would not count; we are sure of at
 *   least 3.9 %
 *
 * "Sure" is what the interval of the comparison says: its end that is nearer to no change. The
 * sentence has no full stop; labels and metric names in it are as they came in. Pure; the text
 * lives in the arena.
 */
#ifndef TARE_REPORT_PLAIN_H
#define TARE_REPORT_PLAIN_H

#include "harness/base/arena.h"
#include "harness/model/comparison.h"

const char *tare_plain_sentence(struct tare_arena *arena, const struct tare_comparison *item);

#endif
