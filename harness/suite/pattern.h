/*
 * Regular expressions of a suite: POSIX extended, plus one group with a name.
 *
 * tare_pattern_read() checks that an expression compiles and turns (?<name>...) or (?P<name>...)
 * into a plain group. Expressions that would compile to something huge, and back references, are
 * refused: both can keep the C library busy for hours. Internal to harness/suite.
 */
#ifndef TARE_SUITE_PATTERN_H
#define TARE_SUITE_PATTERN_H

#include <stddef.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"

enum { TARE_PATTERN_LEN_MAX = 1024, TARE_PATTERN_SIZE_MAX = 4096, TARE_PATTERN_DEPTH_MAX = 50 };

struct tare_pattern {
	const char *text; /* in the arena */
	size_t group;     /* the named one, else the first, else 0: the whole match */
};

enum tare_status tare_pattern_read(struct tare_pattern *pattern_out, struct tare_arena *arena,
	const char *text, struct tare_err *err);

#endif
