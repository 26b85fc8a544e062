/*
 * Packed samples: one column of a case as one small block of bytes.
 *
 * A block is the same on every machine:
 *
 *     byte 0      format: 1 integers, 2 doubles
 *     varint      how many values
 *     format 1    each value as the difference to the one before it (the first: to 0), modulo 2^64,
 *                 zigzag coded (0, -1, 1, -2, ... as 0, 1, 2, 3, ...), as a varint
 *     format 2    each value as IEEE 754 binary64, little-endian
 *
 * A varint holds 7 bits per byte, lowest first; the high bit says that another byte follows; at
 * most 10 bytes. Doubles are written in format 1 where every one of them is a whole number up to
 * 2^53 and none is minus zero, else in format 2; either way they come back bit for bit, NaN
 * payloads too.
 *
 * Unpacking trusts nothing: a block is refused (TARE_OUTSIDE) where it is cut, has bytes left over,
 * holds another number of values than asked for or a value too large for the column. A value takes
 * at least one byte, so a block bounds what its reader allocates. Pure functions; a struct
 * tare_packed starts zeroed, is reused from call to call, and ends with tare_packed_free().
 */
#ifndef TARE_STORE_PACK_H
#define TARE_STORE_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct tare_packed {
	uint8_t *bytes;
	size_t len;
	size_t capacity;
};

/* Each replaces what packed held before. */
void tare_pack_values(struct tare_packed *packed, const double *values, size_t count);
void tare_pack_times(struct tare_packed *packed, const uint64_t *times, size_t count);
void tare_pack_pairs(struct tare_packed *packed, const uint32_t *pairs, size_t count);
void tare_packed_free(struct tare_packed *packed);

/* How many values a block says it holds: never more than its bytes. */
enum tare_status tare_packed_count(
	size_t *count_out, const void *bytes, size_t len, struct tare_err *err);

/* values_out has room for count values; on failure what it holds is undefined. */
enum tare_status tare_unpack_values(
	double *values_out, size_t count, const void *bytes, size_t len, struct tare_err *err);
enum tare_status tare_unpack_times(
	uint64_t *times_out, size_t count, const void *bytes, size_t len, struct tare_err *err);
enum tare_status tare_unpack_pairs(
	uint32_t *pairs_out, size_t count, const void *bytes, size_t len, struct tare_err *err);

#endif
