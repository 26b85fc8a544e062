/*
 * assert_close(): two doubles agree within a tolerance; cmocka 1.1.5 has nothing for doubles.
 *
 * NaN is close to nothing; an infinity to itself.
 */
#ifndef TARE_TESTS_SUPPORT_CLOSE_H
#define TARE_TESTS_SUPPORT_CLOSE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_close(got, want, tolerance) \
	check_close((got), (want), (tolerance), #got, __FILE__, __LINE__)
#define assert_nan(got) assert_true(isnan(got))

static inline void
check_close(double got, double want, double tolerance, const char *text, const char *file, int line)
{
	if (got == want || fabs(got - want) <= tolerance)
		return;
	print_error("%s is %.17g, not %.17g within %g\n", text, got, want, tolerance);
	_fail(file, line);
}

#endif
