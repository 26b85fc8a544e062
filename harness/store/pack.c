#include "harness/store/pack.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/arena.h"

enum { FORMAT_INTEGERS = 1, FORMAT_DOUBLES = 2 };
enum { HEADER_LEN_MAX = 11, VARINT_LEN_MAX = 10 };

/* Doubles hold every integer up to here. */
#define WHOLE_MAX 9007199254740992.0

/* Unread bytes of a block. */
struct reader {
	const uint8_t *next;
	size_t left;
	uint8_t format;
	uint64_t last; /* format 1: the value before */
};

static void
begin(struct tare_packed *packed, uint8_t format, size_t count, size_t value_len_max)
{
	size_t need = HEADER_LEN_MAX + count * value_len_max;

	if (packed->capacity < need) {
		packed->bytes = tare_xreallocarray(packed->bytes, need, 1);
		packed->capacity = need;
	}
	packed->bytes[0] = format;
	packed->len = 1;
}

static void
put_varint(struct tare_packed *packed, uint64_t value)
{
	while (value >= 0x80) {
		packed->bytes[packed->len++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	packed->bytes[packed->len++] = (uint8_t)value;
}

/* Returns value, to be the next call's last. */
static uint64_t
put_difference(struct tare_packed *packed, uint64_t value, uint64_t last)
{
	uint64_t difference = value - last;
	uint64_t sign = (difference >> 63) ? UINT64_MAX : 0;

	put_varint(packed, (difference << 1) ^ sign);
	return value;
}

static void
put_double(struct tare_packed *packed, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	for (unsigned shift = 0; shift < 64; shift += 8)
		packed->bytes[packed->len++] = (uint8_t)(bits >> shift);
}

static bool
is_whole(double value)
{
	return fabs(value) <= WHOLE_MAX && value == trunc(value) && !(value == 0 && signbit(value));
}

static bool
all_whole(const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_whole(values[i]))
			return false;
	return true;
}

void
tare_pack_values(struct tare_packed *packed, const double *values, size_t count)
{
	bool whole = all_whole(values, count);
	uint64_t last = 0;

	begin(packed, whole ? FORMAT_INTEGERS : FORMAT_DOUBLES, count, VARINT_LEN_MAX);
	put_varint(packed, count);
	for (size_t i = 0; i < count; i++) {
		if (whole)
			last = put_difference(packed, (uint64_t)(int64_t)values[i], last);
		else
			put_double(packed, values[i]);
	}
}

void
tare_pack_times(struct tare_packed *packed, const uint64_t *times, size_t count)
{
	uint64_t last = 0;

	begin(packed, FORMAT_INTEGERS, count, VARINT_LEN_MAX);
	put_varint(packed, count);
	for (size_t i = 0; i < count; i++)
		last = put_difference(packed, times[i], last);
}

void
tare_pack_pairs(struct tare_packed *packed, const uint32_t *pairs, size_t count)
{
	uint64_t last = 0;

	begin(packed, FORMAT_INTEGERS, count, VARINT_LEN_MAX);
	put_varint(packed, count);
	for (size_t i = 0; i < count; i++)
		last = put_difference(packed, pairs[i], last);
}

void
tare_packed_free(struct tare_packed *packed)
{
	free(packed->bytes);
	*packed = (struct tare_packed){0};
}

static bool
take_varint(struct reader *reader, uint64_t *value_out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && reader->left > 0; shift += 7) {
		uint8_t byte = *reader->next++;

		reader->left--;
		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*value_out = value;
			return true;
		}
	}
	return false;
}

static bool
take_integer(struct reader *reader, uint64_t *value_out)
{
	uint64_t zigzag;

	if (!take_varint(reader, &zigzag))
		return false;
	reader->last += (zigzag >> 1) ^ ((zigzag & 1) ? UINT64_MAX : 0);
	*value_out = reader->last;
	return true;
}

/* Room was checked when the block was opened. */
static double
take_double(struct reader *reader)
{
	uint64_t bits = 0;
	double value;

	for (unsigned i = 0; i < 8; i++)
		bits |= (uint64_t)reader->next[i] << (8 * i);
	reader->next += 8;
	reader->left -= 8;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Reads format and count, and checks that the bytes left can hold that many values. */
static enum tare_status
open_block(struct reader *reader_out, size_t *count_out, const void *bytes, size_t len,
	struct tare_err *err)
{
	struct reader reader = {.next = bytes, .left = len};
	uint64_t count;

	if (len == 0)
		return tare_err_set(err, TARE_OUTSIDE, "packed samples are empty");
	reader.format = *reader.next++;
	reader.left--;
	if (reader.format != FORMAT_INTEGERS && reader.format != FORMAT_DOUBLES)
		return tare_err_set(err, TARE_OUTSIDE,
			"packed samples have the unknown format %u; expected %d or %d",
			(unsigned)reader.format, FORMAT_INTEGERS, FORMAT_DOUBLES);
	if (!take_varint(&reader, &count))
		return tare_err_set(err, TARE_OUTSIDE, "packed samples are cut short");
	if (count > reader.left / (reader.format == FORMAT_DOUBLES ? 8 : 1))
		return tare_err_set(err, TARE_OUTSIDE,
			"packed samples are cut short: %zu bytes cannot hold %llu values",
			reader.left, (unsigned long long)count);
	*reader_out = reader;
	*count_out = (size_t)count;
	return TARE_OK;
}

/* open_block() for a reader that wants exactly count values. */
static enum tare_status
open_counted(struct reader *reader_out, size_t count, const void *bytes, size_t len,
	struct tare_err *err)
{
	size_t held = 0;
	enum tare_status status = open_block(reader_out, &held, bytes, len, err);

	if (status != TARE_OK)
		return status;
	if (held != count)
		return tare_err_set(err, TARE_OUTSIDE,
			"packed samples hold %zu values; expected %zu", held, count);
	return TARE_OK;
}

static enum tare_status
take_all_integers(uint64_t *values_out, size_t count, struct reader *reader, uint64_t max,
	struct tare_err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!take_integer(reader, &values_out[i]))
			return tare_err_set(err, TARE_OUTSIDE, "packed samples are cut short");
		if (values_out[i] > max)
			return tare_err_set(err, TARE_OUTSIDE,
				"packed samples hold %llu; expected at most %llu",
				(unsigned long long)values_out[i], (unsigned long long)max);
	}
	return TARE_OK;
}

static enum tare_status
close_block(const struct reader *reader, struct tare_err *err)
{
	if (reader->left > 0)
		return tare_err_set(
			err, TARE_OUTSIDE, "packed samples have %zu bytes left over", reader->left);
	return TARE_OK;
}

enum tare_status
tare_packed_count(size_t *count_out, const void *bytes, size_t len, struct tare_err *err)
{
	struct reader reader = {0};

	return open_block(&reader, count_out, bytes, len, err);
}

enum tare_status
tare_unpack_values(
	double *values_out, size_t count, const void *bytes, size_t len, struct tare_err *err)
{
	struct reader reader = {0};
	enum tare_status status = open_counted(&reader, count, bytes, len, err);

	if (status != TARE_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		uint64_t whole;

		if (reader.format == FORMAT_DOUBLES)
			values_out[i] = take_double(&reader);
		else if (take_integer(&reader, &whole))
			values_out[i] = (double)(int64_t)whole;
		else
			return tare_err_set(err, TARE_OUTSIDE, "packed samples are cut short");
	}
	return close_block(&reader, err);
}

static enum tare_status
open_integers(struct reader *reader_out, size_t count, const void *bytes, size_t len,
	struct tare_err *err)
{
	enum tare_status status = open_counted(reader_out, count, bytes, len, err);

	if (status == TARE_OK && reader_out->format != FORMAT_INTEGERS)
		return tare_err_set(
			err, TARE_OUTSIDE, "packed samples hold doubles; expected integers");
	return status;
}

enum tare_status
tare_unpack_times(
	uint64_t *times_out, size_t count, const void *bytes, size_t len, struct tare_err *err)
{
	struct reader reader = {0};
	enum tare_status status = open_integers(&reader, count, bytes, len, err);

	if (status == TARE_OK)
		status = take_all_integers(times_out, count, &reader, UINT64_MAX, err);
	return status == TARE_OK ? close_block(&reader, err) : status;
}

enum tare_status
tare_unpack_pairs(
	uint32_t *pairs_out, size_t count, const void *bytes, size_t len, struct tare_err *err)
{
	struct reader reader = {0};
	enum tare_status status = open_integers(&reader, count, bytes, len, err);

	for (size_t i = 0; status == TARE_OK && i < count; i++) {
		uint64_t pair = 0;

		status = take_all_integers(&pair, 1, &reader, UINT32_MAX, err);
		pairs_out[i] = (uint32_t)pair;
	}
	return status == TARE_OK ? close_block(&reader, err) : status;
}
