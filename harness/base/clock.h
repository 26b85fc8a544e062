/*
 * Clocks, and the fake one for tests.
 *
 * Durations come from CLOCK_MONOTONIC, dates from CLOCK_REALTIME; both are nanoseconds. Code that
 * decides by time takes a struct tare_clock so that tests can turn the hands.
 */
#ifndef TARE_BASE_CLOCK_H
#define TARE_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct tare_clock {
	uint64_t (*now_ns)(void *context);
	void *context;
};

uint64_t tare_monotonic_ns(void);
uint64_t tare_unix_ns(void);
struct tare_clock tare_clock_real(void);               /* tare_monotonic_ns */
struct tare_clock tare_clock_fake(uint64_t *hands_ns); /* reads *hands_ns */

enum { TARE_TIME_TEXT_MAX = 32 };
/* "2026-11-21T09:56:09Z", UTC, to the second. */
void tare_time_format(char *text_out, size_t size, uint64_t unix_ns);

#endif
