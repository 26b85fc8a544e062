#include "harness/base/units.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A unit as it is written, and how many base units it holds. */
struct written_unit {
	const char *name;
	uint64_t factor;
};

static const struct written_unit duration_units[] = {
	{"ns", 1},
	{"us", 1000},
	{"ms", 1000000},
	{"s", 1000000000},
	{"min", UINT64_C(60000000000)},
	{"h", UINT64_C(3600000000000)},
};

static const struct written_unit size_units[] = {
	{"B", 1},
	{"kB", 1000},
	{"KB", 1000},
	{"MB", 1000000},
	{"GB", 1000000000},
	{"TB", UINT64_C(1000000000000)},
	{"KiB", UINT64_C(1) << 10},
	{"MiB", UINT64_C(1) << 20},
	{"GiB", UINT64_C(1) << 30},
	{"TiB", UINT64_C(1) << 40},
};

/* What a parser reads, and how its messages call it. */
struct quantity {
	const char *noun;
	const char *example;
	const char *names; /* the units, for people */
	const struct written_unit *units;
	size_t count;
};

static const struct quantity duration = {
	.noun = "a duration",
	.example = "500ms",
	.names = "ns, us, ms, s, min or h",
	.units = duration_units,
	.count = ARRAY_COUNT(duration_units),
};

static const struct quantity size = {
	.noun = "a size",
	.example = "2GiB",
	.names = "B, kB, MB, GB, TB, KiB, MiB, GiB or TiB",
	.units = size_units,
	.count = ARRAY_COUNT(size_units),
};

static const struct written_unit percent_units[] = {{"%", 1}};

static const struct quantity percent = {
	.noun = "a percentage",
	.example = "5%",
	.names = "%",
	.units = percent_units,
	.count = ARRAY_COUNT(percent_units),
};

enum { QUOTED_MAX = 64 };

/* The user's text, shortened so that the rest of the sentence always has room. */
struct quoted {
	char text[QUOTED_MAX + sizeof("...")];
};

static struct quoted
quote(const char *text)
{
	struct quoted quoted;
	size_t len = strnlen(text, QUOTED_MAX + 1);

	if (len <= QUOTED_MAX) {
		memcpy(quoted.text, text, len);
		quoted.text[len] = '\0';
		return quoted;
	}
	len = QUOTED_MAX;
	while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
		len--;
	memcpy(quoted.text, text, len);
	memcpy(quoted.text + len, "...", sizeof("..."));
	return quoted;
}

static size_t
digits_len(const char *text)
{
	return strspn(text, "0123456789");
}

/* Length of digits with an optional fraction at the start of text; 0 where there is no number. No
 * sign, exponent, hexadecimal, "nan" or "inf": what strtod() takes, people rarely mean. */
static size_t
number_len(const char *text)
{
	size_t len = digits_len(text);
	size_t fraction;

	if (len == 0 || text[len] != '.')
		return len;
	fraction = digits_len(text + len + 1);
	return fraction ? len + 1 + fraction : 0;
}

static enum tare_status
refuse_unit(
	const struct quantity *quantity, const char *text, const char *unit, struct tare_err *err)
{
	const char *names[ARRAY_COUNT(size_units)];
	const char *near;

	if (*unit == '\0')
		return tare_err_set(err, TARE_INVALID,
			"\"%s\" has no unit: expected %s such as \"%s\"", quote(text).text,
			quantity->noun, quantity->example);
	assert(quantity->count <= ARRAY_COUNT(names));
	for (size_t i = 0; i < quantity->count; i++)
		names[i] = quantity->units[i].name;
	near = tare_text_nearest(unit, names, quantity->count);
	/* An m alone is as near to a minute. */
	if (near && strcmp(unit, "m") != 0)
		return tare_err_set(err, TARE_INVALID,
			"\"%s\" is not %s: unknown unit \"%s\", did you mean \"%s\"?",
			quote(text).text, quantity->noun, quote(unit).text, near);
	return tare_err_set(err, TARE_INVALID, "\"%s\" is not %s: unknown unit \"%s\", expected %s",
		quote(text).text, quantity->noun, quote(unit).text, quantity->names);
}

/* Checks the whole text and finds its unit. The number is at its start, number_len_out long. */
static enum tare_status
read_quantity(const struct written_unit **unit_out, const struct quantity *quantity,
	const char *text, struct tare_err *err)
{
	size_t len = number_len(text);
	const char *unit = text + len;

	if (text[0] == '-' && number_len(text + 1) > 0)
		return tare_err_set(err, TARE_INVALID,
			"\"%s\" is negative: expected %s such as \"%s\"", quote(text).text,
			quantity->noun, quantity->example);
	if (len == 0)
		return tare_err_set(err, TARE_INVALID,
			"\"%s\" is not %s: expected a number and a unit such as \"%s\"",
			quote(text).text, quantity->noun, quantity->example);
	if (*unit == ' ')
		unit++;
	for (size_t i = 0; i < quantity->count; i++) {
		if (strcmp(unit, quantity->units[i].name) == 0) {
			*unit_out = &quantity->units[i];
			return TARE_OK;
		}
	}
	return refuse_unit(quantity, text, unit, err);
}

static bool
add_digit(uint64_t *value, char digit)
{
	return !__builtin_mul_overflow(*value, 10, value) &&
	       !__builtin_add_overflow(*value, (uint64_t)(digit - '0'), value);
}

/* Whole units exactly; the fraction as a double, whose error is far below one base unit for every
 * factor up to 2^40. */
static bool
to_base_units(uint64_t *value_out, const char *text, uint64_t factor)
{
	uint64_t whole = 0;
	uint64_t fraction = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		if (!add_digit(&whole, *text))
			return false;
	}
	if (*text == '.') {
		double place = (double)factor;
		double sum = 0;

		for (text++; *text >= '0' && *text <= '9'; text++) {
			place /= 10;
			sum += place * (*text - '0');
		}
		fraction = (uint64_t)(sum + 0.5);
	}
	return !__builtin_mul_overflow(whole, factor, &whole) &&
	       !__builtin_add_overflow(whole, fraction, value_out);
}

static enum tare_status
parse_whole(uint64_t *value_out, const struct quantity *quantity, const char *text,
	struct tare_err *err)
{
	const struct written_unit *unit;
	uint64_t value = 0;
	enum tare_status status = read_quantity(&unit, quantity, text, err);

	if (status != TARE_OK)
		return status;
	if (!to_base_units(&value, text, unit->factor))
		return tare_err_set(err, TARE_INVALID, "\"%s\" is too large for %s",
			quote(text).text, quantity->noun);
	*value_out = value;
	return TARE_OK;
}

enum tare_status
tare_duration_parse(uint64_t *ns_out, const char *text, struct tare_err *err)
{
	return parse_whole(ns_out, &duration, text, err);
}

enum tare_status
tare_size_parse(uint64_t *bytes_out, const char *text, struct tare_err *err)
{
	return parse_whole(bytes_out, &size, text, err);
}

enum tare_status
tare_percent_parse(double *ratio_out, const char *text, struct tare_err *err)
{
	const struct written_unit *unit;
	double value;
	enum tare_status status = read_quantity(&unit, &percent, text, err);

	if (status != TARE_OK)
		return status;
	value = strtod(text, NULL);
	if (!isfinite(value))
		return tare_err_set(err, TARE_INVALID, "\"%s\" is too large for a percentage",
			quote(text).text);
	*ratio_out = value / 100;
	return TARE_OK;
}

enum tare_status
tare_count_parse(uint64_t *count_out, const char *text, uint64_t max, struct tare_err *err)
{
	uint64_t count = 0;
	size_t len = digits_len(text);
	bool fits = true;

	if (len == 0 || text[len] != '\0')
		return tare_err_set(err, TARE_INVALID,
			"\"%s\" is not a count: expected a whole number", quote(text).text);
	for (size_t i = 0; i < len && fits; i++)
		fits = add_digit(&count, text[i]);
	if (!fits || count > max)
		return tare_err_set(err, TARE_INVALID, "\"%s\" is too large: expected at most %llu",
			quote(text).text, (unsigned long long)max);
	*count_out = count;
	return TARE_OK;
}

/* A unit as it is printed, from which value on, and what the value is divided by. A value that four
 * digits would round up to the next unit already belongs to it: 999.96 us is 1 ms. */
struct printed_unit {
	double from;
	double divisor;
	const char *name;
};

#define ROUNDS_UP        0.99995
#define ROUNDS_UP_BINARY (1023.5 / 1024)

static const struct printed_unit ns_scale[] = {
	{0, 1, "ns"},
	{1e3 * ROUNDS_UP, 1e3, "us"},
	{1e6 * ROUNDS_UP, 1e6, "ms"},
	{1e9 * ROUNDS_UP, 1e9, "s"},
};

static const struct printed_unit bytes_scale[] = {
	{0, 1, "B"},
	{0x1p10 * ROUNDS_UP_BINARY, 0x1p10, "KiB"},
	{0x1p20 * ROUNDS_UP_BINARY, 0x1p20, "MiB"},
	{0x1p30 * ROUNDS_UP_BINARY, 0x1p30, "GiB"},
	{0x1p40 * ROUNDS_UP_BINARY, 0x1p40, "TiB"},
};

static const struct printed_unit rate_scale[] = {
	{0, 1, "B/s"},
	{1e3 * ROUNDS_UP, 1e3, "kB/s"},
	{1e6 * ROUNDS_UP, 1e6, "MB/s"},
	{1e9 * ROUNDS_UP, 1e9, "GB/s"},
	{1e12 * ROUNDS_UP, 1e12, "TB/s"},
};

/* Four digits need no prefix. */
static const struct printed_unit count_scale[] = {
	{0, 1, ""},
	{1e4 * ROUNDS_UP, 1e3, "k"},
	{1e6 * ROUNDS_UP, 1e6, "M"},
	{1e9 * ROUNDS_UP, 1e9, "G"},
	{1e12 * ROUNDS_UP, 1e12, "T"},
};

static const struct printed_unit ratio_scale[] = {{0, 0.01, "%"}};

static const struct {
	const char *base;
	const struct printed_unit *units;
	size_t count;
} scales[] = {
	{"ns", ns_scale, ARRAY_COUNT(ns_scale)},
	{"bytes", bytes_scale, ARRAY_COUNT(bytes_scale)},
	{"bytes/s", rate_scale, ARRAY_COUNT(rate_scale)},
	{"count", count_scale, ARRAY_COUNT(count_scale)},
	{"ratio", ratio_scale, ARRAY_COUNT(ratio_scale)},
};

static const struct printed_unit *
best_unit(const struct printed_unit *units, size_t count, double value)
{
	size_t best = 0;

	while (best + 1 < count && fabs(value) >= units[best + 1].from)
		best++;
	return &units[best];
}

double
tare_unit_scale(const char **short_unit_out, double value, const char *unit)
{
	for (size_t i = 0; i < ARRAY_COUNT(scales); i++) {
		if (strcmp(unit, scales[i].base) == 0) {
			const struct printed_unit *best =
				best_unit(scales[i].units, scales[i].count, value);

			*short_unit_out = best->name;
			return best->divisor;
		}
	}
	*short_unit_out = unit;
	return 1;
}

void
tare_value_format(char *text_out, size_t size_bytes, double value, const char *unit)
{
	const char *short_unit;
	double scaled;
	const char *blank;

	if (isnan(value)) {
		snprintf(text_out, size_bytes, "n/a");
		return;
	}
	scaled = value / tare_unit_scale(&short_unit, value, unit);
	blank = *short_unit ? " " : "";
	/* Where there is no larger unit the digits stay: 123456 s, not 1.235e+05 s. */
	if (fabs(scaled) >= 1000 && fabs(scaled) < 1e15)
		snprintf(text_out, size_bytes, "%.0f%s%s", scaled, blank, short_unit);
	else
		snprintf(text_out, size_bytes, "%.4g%s%s", scaled, blank, short_unit);
}

void
tare_duration_format(char *text_out, size_t size_bytes, uint64_t ns)
{
	const uint64_t s = UINT64_C(1000000000);
	uint64_t seconds = ns / s + (ns % s >= s / 2 ? 1 : 0);
	uint64_t minutes = seconds / 60;

	/* From here on four digits would say 60 s. */
	if (ns < 60 * s - s / 200)
		tare_value_format(text_out, size_bytes, (double)ns, "ns");
	else if (minutes < 60)
		snprintf(text_out, size_bytes, "%llu min %llu s", (unsigned long long)minutes,
			(unsigned long long)(seconds % 60));
	else
		snprintf(text_out, size_bytes, "%llu h %llu min",
			(unsigned long long)(minutes / 60), (unsigned long long)(minutes % 60));
}

void
tare_change_format(char *text_out, size_t size_bytes, double ratio)
{
	double change = (ratio - 1) * 100;
	double magnitude = fabs(change);
	int digits = 1;

	if (!isfinite(change)) {
		snprintf(text_out, size_bytes, "n/a");
		return;
	}
	if (magnitude < 0.0005) {
		snprintf(text_out, size_bytes, "0.0 %%");
		return;
	}
	if (magnitude < 0.0995)
		digits = 3;
	else if (magnitude < 0.995)
		digits = 2;
	else if (magnitude >= 999.95)
		digits = 0;
	snprintf(text_out, size_bytes, "%+.*f %%", digits, change);
}

double
tare_unit_to_base(const char **base_unit_out, double value, const char *unit)
{
	size_t len = strlen(unit);
	bool is_rate = len > 2 && strcmp(unit + len - 2, "/s") == 0;

	for (size_t i = 0; i < ARRAY_COUNT(size_units); i++) {
		const struct written_unit *found = &size_units[i];

		if (strlen(found->name) == len - (is_rate ? 2 : 0) &&
			strncmp(unit, found->name, strlen(found->name)) == 0) {
			*base_unit_out = is_rate ? "bytes/s" : "bytes";
			return value * (double)found->factor;
		}
	}
	for (size_t i = 0; i < ARRAY_COUNT(duration_units); i++) {
		if (strcmp(unit, duration_units[i].name) == 0) {
			*base_unit_out = "ns";
			return value * (double)duration_units[i].factor;
		}
	}
	if (strcmp(unit, "%") == 0) {
		*base_unit_out = "ratio";
		return value / 100;
	}
	*base_unit_out = unit;
	return value;
}
