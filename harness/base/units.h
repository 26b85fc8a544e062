/*
 * Quantities as people write and read them.
 *
 * Base units are nanoseconds, bytes and plain ratios; nothing else is stored. Parsing wants a unit
 * ("500ms", "2GiB", "5%"); a bare number is an error that says so. Accepted with one optional space
 * between number and unit: ns us ms s min h; B kB KB MB GB TB KiB MiB GiB TiB; %.
 * Pure functions.
 */
#ifndef TARE_BASE_UNITS_H
#define TARE_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

enum { TARE_UNITS_TEXT_MAX = 48 };

/* Errors: TARE_INVALID with a sentence that quotes text and says what was expected. */
enum tare_status tare_duration_parse(uint64_t *ns_out, const char *text, struct tare_err *err);
enum tare_status tare_size_parse(uint64_t *bytes_out, const char *text, struct tare_err *err);
/* "5%" gives 0.05. Negative values are refused. */
enum tare_status tare_percent_parse(double *ratio_out, const char *text, struct tare_err *err);
/* Unsigned integer in decimal, the whole text, at most max. */
enum tare_status tare_count_parse(
	uint64_t *count_out, const char *text, uint64_t max, struct tare_err *err);

/* A value in its base unit for a person: 4 significant digits and a fitting unit ("12.35 ms",
 * "1.204 GiB", "83.1 MB/s"). Units: "ns", "bytes", "bytes/s", "count", "ratio", "" or any text,
 * which is printed behind the number. Zeros at the end are dropped, NaN gives "n/a", a ratio is
 * printed in percent, and where no larger unit is left all digits before the point stay
 * ("123456 s"). */
void tare_value_format(char *text_out, size_t size, double value, const char *unit);
/* As above, and "1 min 12 s" or "1 h 12 min" from a minute on. */
void tare_duration_format(char *text_out, size_t size, uint64_t ns);
/* ratio 1.034 gives "+3.4 %", 0.9 gives "-10.0 %"; precision widens for changes below 1 %;
 * what rounds to nothing is "0.0 %", what is not finite "n/a". */
void tare_change_format(char *text_out, size_t size, double ratio);

/* Scale for a column or an axis: the divisor and short unit that suit value ("ms", 1e6). */
double tare_unit_scale(const char **short_unit_out, double value, const char *unit);

/* For units a suite writes: converts value in unit ("ms", "MiB", "MB/s") to its base unit and gives
 * the base unit's name; a unit that is not known is its own base unit, unchanged. */
double tare_unit_to_base(const char **base_unit_out, double value, const char *unit);

#endif
