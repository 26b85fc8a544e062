#include <sched.h>

#include "runners/agent/agent.h"

/* A chain of additions each of which needs the one before takes one cycle each on every CPU of
 * interest, whatever else its core could do at the same time. Three chains of 12 us: what
 * interrupts one of them makes it look slow, so the fastest is believed. */
enum { CHAINS = 3, STEPS = 1500, ADDS_PER_STEP = 32 };
static const uint64_t keep_ns = 10 * 1000000u;

/* The compiler must neither join the additions nor move them. */
static inline uint64_t
add(uint64_t sum, uint64_t one)
{
	__asm__ volatile("" : "+r"(sum));
	return sum + one;
}

static inline uint64_t
add_8(uint64_t sum, uint64_t one)
{
	sum = add(add(add(add(sum, one), one), one), one);
	return add(add(add(add(sum, one), one), one), one);
}

static uint64_t
chain_ns(void)
{
	uint64_t one = 1, sum = 0;
	uint64_t begin_ns;

	__asm__ volatile("" : "+r"(one));
	begin_ns = agent_now_ns();
	for (int i = 0; i < STEPS; i++)
		sum = add_8(add_8(add_8(add_8(sum, one), one), one), one);
	__asm__ volatile("" : "+r"(sum));
	return agent_now_ns() - begin_ns;
}

uint32_t
agent_pace_khz(void)
{
	static uint64_t read_ns;
	static uint32_t khz;
	static int read_cpu = -1;
	uint64_t fastest_ns = UINT64_MAX;
	int cpu = sched_getcpu();

	if (khz > 0 && cpu == read_cpu && agent_now_ns() - read_ns < keep_ns)
		return khz;
	for (int i = 0; i < CHAINS; i++) {
		uint64_t took_ns = chain_ns();

		if (took_ns > 0 && took_ns < fastest_ns)
			fastest_ns = took_ns;
	}
	read_cpu = cpu;
	read_ns = agent_now_ns();
	khz = fastest_ns == UINT64_MAX
		      ? 0
		      : (uint32_t)((uint64_t)STEPS * ADDS_PER_STEP * 1000000u / fastest_ns);
	return khz;
}
