#include "harness/base/clock.h"

#include <assert.h>
#include <time.h>

enum { NS_PER_S = 1000000000 };

static uint64_t
read_ns(clockid_t clock)
{
	struct timespec now;
	int failed = clock_gettime(clock, &now);

	assert(!failed);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t
tare_monotonic_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

uint64_t
tare_unix_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

static uint64_t
now_real(void *context)
{
	(void)context;
	return tare_monotonic_ns();
}

static uint64_t
now_fake(void *context)
{
	const uint64_t *hands_ns = context;

	return *hands_ns;
}

struct tare_clock
tare_clock_real(void)
{
	return (struct tare_clock){.now_ns = now_real};
}

struct tare_clock
tare_clock_fake(uint64_t *hands_ns)
{
	return (struct tare_clock){.now_ns = now_fake, .context = hands_ns};
}

void
tare_time_format(char *text_out, size_t size, uint64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_S);
	struct tm parts;

	assert(size > 0);
	/* 64 bits of nanoseconds end in the year 2554, which gmtime_r() always can do. */
	if (!gmtime_r(&seconds, &parts) ||
		strftime(text_out, size, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		text_out[0] = '\0';
}
