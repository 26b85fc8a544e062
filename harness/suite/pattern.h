/*
 * Regular expressions of a suite: POSIX extended, plus one group with a name, and \d, \D, \w, \s,
 * \n, \r and \t as most other languages have them, within brackets too.
 *
 * glibc's regcomp() needs time and memory far beyond the length of an expression where repetitions
 * are nested, where what may match nothing is repeated ((a*)*), or where many anchors stand between
 * optional parts; measured, seconds to hours for a line of text. tare_pattern_check() refuses those
 * before compiling, and back references, which do the same to matching. It also says what the
 * compilation costs, so that a suite of many expressions can be bounded. Internal to harness/suite.
 */
#ifndef TARE_SUITE_PATTERN_H
#define TARE_SUITE_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"

enum {
	TARE_PATTERN_LEN_MAX = 1024,  /* bytes as written */
	TARE_PATTERN_SIZE_MAX = 1000, /* items once repetitions are written out */
	TARE_PATTERN_DEPTH_MAX = 50,
	TARE_PATTERN_ANCHORS_MAX = 12,
	TARE_PATTERN_EMPTIES_MAX = 1000, /* anchors times parts that may match nothing */
};

struct tare_pattern {
	const char *text; /* in the arena, as regcomp(3) takes it */
	size_t group;     /* the named one, else the first, else 0: the whole match */
};

/* Whether the expression is bounded and compiles. *cost_out, which may be NULL, is about the
 * microseconds that compiling takes on a slow day. */
enum tare_status tare_pattern_check(uint64_t *cost_out, const char *text, struct tare_err *err);
/* The same without compiling: what it would cost. */
enum tare_status tare_pattern_weigh(uint64_t *cost_out, const char *text, struct tare_err *err);
/* Turns an expression that has been checked into one of regcomp(3): plain groups, sets written out.
 */
void tare_pattern_read(
	struct tare_pattern *pattern_out, struct tare_arena *arena, const char *text);

#endif
