/*
 * Characters past U+FFFF in JSON.
 *
 * JSON is YAML but for one thing: its escapes have four digits only, so that such a character is
 * written as two of them, a surrogate pair, which YAML refuses. Programs that write suites as JSON
 * mostly escape that way. Internal to harness/suite.
 */
#ifndef TARE_SUITE_SURROGATES_H
#define TARE_SUITE_SURROGATES_H

#include <stddef.h>

#include "harness/base/arena.h"

/* Where the text is JSON with pairs in it, a copy in the arena with each pair as one escape of
 * YAML; else the text itself. As long as before, and what stands behind a string stays where it
 * was; text[len] is NUL in both. Linear in len. */
const char *tare_surrogates_join(struct tare_arena *arena, const char *text, size_t len);

#endif
