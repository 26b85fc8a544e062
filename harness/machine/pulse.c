#include "harness/machine/pulse.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/base/clock.h"

enum { CHAINS_MAX = 1 << 16, STEP_ADDS = 8 };

struct gauging {
	pthread_t thread;
	unsigned cpu;
	uint64_t duration_ns;
	uint64_t elapsed_ns;
	uint32_t *chains_ns; /* [CHAINS_MAX] */
	size_t count;
};

static int
compare_u32(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

void
tare_pulse_evaluate(struct tare_pulse *pulse_out, unsigned cpu, uint32_t *chains_ns, size_t count,
	uint64_t elapsed_ns)
{
	size_t middle = count / 2;
	double median, shortest, kept;

	assert(count > 0);
	qsort(chains_ns, count, sizeof(*chains_ns), compare_u32);
	shortest = chains_ns[0] > 0 ? chains_ns[0] : 1.0;
	median = chains_ns[middle] > 0 ? chains_ns[middle] : 1.0;
	kept = (double)count * median;
	*pulse_out = (struct tare_pulse){
		.cpu = cpu,
		.chain_count = count,
		.frequency_hz = TARE_PULSE_ADDS * 1e9 / shortest,
		.lost_share = kept < (double)elapsed_ns ? 1.0 - kept / (double)elapsed_ns : 0.0,
		.unsteady_share = median / shortest - 1.0,
		.longest_ns = chains_ns[count - 1] - chains_ns[middle],
	};
}

/* The empty statement makes the compiler believe that each sum is used. */
#define ADD(sum)                                  \
	do {                                      \
		(sum) += 1;                       \
		__asm__ volatile("" : "+r"(sum)); \
	} while (0)

static void
run_chain(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < TARE_PULSE_ADDS / STEP_ADDS; i++) {
		ADD(sum);
		ADD(sum);
		ADD(sum);
		ADD(sum);
		ADD(sum);
		ADD(sum);
		ADD(sum);
		ADD(sum);
	}
}

static void *
gauge_one(void *argument)
{
	struct gauging *gauging = argument;
	uint64_t begin_ns = tare_monotonic_ns(), last_ns = begin_ns;

	/* One chain at least, however long the thread had to wait. */
	do {
		uint64_t now_ns, took_ns;

		run_chain();
		now_ns = tare_monotonic_ns();
		took_ns = now_ns - last_ns;
		gauging->chains_ns[gauging->count++] =
			took_ns < UINT32_MAX ? (uint32_t)took_ns : UINT32_MAX;
		last_ns = now_ns;
	} while (gauging->count < CHAINS_MAX && last_ns - begin_ns < gauging->duration_ns);
	gauging->elapsed_ns = last_ns - begin_ns;
	return NULL;
}

static bool
start(struct gauging *gauging)
{
	pthread_attr_t attributes;
	cpu_set_t cpus;
	bool started;

	CPU_ZERO(&cpus);
	CPU_SET(gauging->cpu, &cpus);
	if (pthread_attr_init(&attributes) != 0)
		return false;
	started = pthread_attr_setaffinity_np(&attributes, sizeof(cpus), &cpus) == 0 &&
		  pthread_create(&gauging->thread, &attributes, gauge_one, gauging) == 0;
	pthread_attr_destroy(&attributes);
	return started;
}

enum tare_status
tare_pulse_run(struct tare_pulse **pulses_out, size_t *count_out, struct tare_arena *arena,
	const struct tare_bits *cpus, uint64_t duration_ns, struct tare_err *err)
{
	size_t wanted = tare_bits_count(cpus), count = 0;
	struct gauging *gaugings = tare_arena_alloc(arena, wanted, sizeof(*gaugings));
	struct tare_pulse *pulses = tare_arena_alloc(arena, wanted, sizeof(*pulses));

	for (unsigned cpu = 0; cpu < TARE_BITS_MAX; cpu++) {
		struct gauging *gauging = &gaugings[count];

		if (!tare_bits_has(cpus, cpu))
			continue;
		*gauging = (struct gauging){.cpu = cpu, .duration_ns = duration_ns};
		gauging->chains_ns = tare_xcalloc(CHAINS_MAX, sizeof(*gauging->chains_ns));
		if (start(gauging))
			count++;
		else
			free(gauging->chains_ns);
	}
	for (size_t i = 0; i < count; i++) {
		pthread_join(gaugings[i].thread, NULL);
		tare_pulse_evaluate(&pulses[i], gaugings[i].cpu, gaugings[i].chains_ns,
			gaugings[i].count, gaugings[i].elapsed_ns);
		free(gaugings[i].chains_ns);
	}
	if (count == 0)
		return tare_err_set(err, TARE_OUTSIDE, "no thread can be started on these CPUs");
	*pulses_out = pulses;
	*count_out = count;
	return TARE_OK;
}
