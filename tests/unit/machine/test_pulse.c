#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>

#include "harness/machine/pulse.h"

enum { CHAINS = 1000, CHAIN_NS = 50000 };

static void
fill(uint32_t *chains_ns)
{
	for (size_t i = 0; i < CHAINS; i++)
		chains_ns[i] = CHAIN_NS;
}

static void
a_cpu_of_its_own_loses_nothing(void **state)
{
	uint32_t chains_ns[CHAINS];
	struct tare_pulse gauge;

	(void)state;
	fill(chains_ns);
	tare_pulse_evaluate(&gauge, 3, chains_ns, CHAINS, CHAINS * CHAIN_NS);
	assert_int_equal(gauge.cpu, 3);
	assert_int_equal(gauge.chain_count, CHAINS);
	assert_float_equal(gauge.frequency_hz, 4e9, 1.0);
	assert_float_equal(gauge.lost_share, 0.0, 1e-12);
	assert_float_equal(gauge.unsteady_share, 0.0, 1e-12);
	assert_int_equal(gauge.longest_ns, 0);
}

static void
what_interrupts_a_few_chains_is_lost_time(void **state)
{
	uint32_t chains_ns[CHAINS];
	struct tare_pulse gauge;

	(void)state;
	fill(chains_ns);
	chains_ns[17] += 4000000;
	chains_ns[500] += 1000000;
	tare_pulse_evaluate(&gauge, 0, chains_ns, CHAINS, CHAINS * CHAIN_NS + 5000000);
	/* 5 of 55 ms. */
	assert_float_equal(gauge.lost_share, 1.0 / 11.0, 1e-9);
	assert_int_equal(gauge.longest_ns, 4000000);
	assert_float_equal(gauge.unsteady_share, 0.0, 1e-12);
	assert_float_equal(gauge.frequency_hz, 4e9, 1.0);
}

static void
a_frequency_that_sank_is_unsteady_and_not_lost(void **state)
{
	uint32_t chains_ns[CHAINS];
	uint64_t elapsed_ns = 0;
	struct tare_pulse gauge;

	(void)state;
	fill(chains_ns);
	for (size_t i = 100; i < CHAINS; i++)
		chains_ns[i] = CHAIN_NS * 6 / 5;
	for (size_t i = 0; i < CHAINS; i++)
		elapsed_ns += chains_ns[i];
	tare_pulse_evaluate(&gauge, 0, chains_ns, CHAINS, elapsed_ns);
	assert_float_equal(gauge.unsteady_share, 0.2, 1e-9);
	/* The fast chains at the beginning are more than the median says. */
	assert_float_equal(gauge.lost_share, 0.0, 1e-12);
}

static void
one_chain_is_enough_and_a_clock_that_stands_still_does_no_harm(void **state)
{
	uint32_t chain_ns = 0;
	struct tare_pulse gauge;

	(void)state;
	tare_pulse_evaluate(&gauge, 0, &chain_ns, 1, 0);
	assert_int_equal(gauge.chain_count, 1);
	assert_float_equal(gauge.lost_share, 0.0, 0.0);
	assert_int_equal(gauge.longest_ns, 0);
}

static struct tare_bits
own_cpus(void)
{
	struct tare_bits bits = {0};
	cpu_set_t cpus;

	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &cpus))
			tare_bits_add(&bits, cpu);
	}
	return bits;
}

/* How long it takes does not matter: each CPU runs one chain at least. */
static void
each_cpu_of_this_process_is_gauged(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_bits cpus = own_cpus();
	struct tare_pulse *gauges = NULL;
	struct tare_err err = {0};
	size_t count = 0;

	(void)state;
	assert_int_equal(tare_pulse_run(&gauges, &count, arena, &cpus, 1, &err), TARE_OK);
	assert_int_equal(count, tare_bits_count(&cpus));
	for (size_t i = 0; i < count; i++) {
		assert_true(tare_bits_has(&cpus, gauges[i].cpu));
		assert_true(i == 0 || gauges[i].cpu > gauges[i - 1].cpu);
		assert_true(gauges[i].chain_count >= 1);
		assert_true(gauges[i].frequency_hz > 0.0);
		assert_true(gauges[i].lost_share >= 0.0 && gauges[i].lost_share <= 1.0);
	}
	tare_arena_free(arena);
}

static void
cpus_that_are_not_there_are_an_error_only_where_nothing_is_left(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_bits cpus = {0};
	struct tare_pulse *gauges = NULL;
	struct tare_err err = {0};
	size_t count = 7;

	(void)state;
	assert_int_equal(tare_pulse_run(&gauges, &count, arena, &cpus, 1, &err), TARE_OUTSIDE);
	assert_string_equal(err.text, "no thread can be started on these CPUs");
	assert_null(gauges);
	assert_int_equal(count, 7);
	tare_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cpu_of_its_own_loses_nothing),
		cmocka_unit_test(what_interrupts_a_few_chains_is_lost_time),
		cmocka_unit_test(a_frequency_that_sank_is_unsteady_and_not_lost),
		cmocka_unit_test(one_chain_is_enough_and_a_clock_that_stands_still_does_no_harm),
		cmocka_unit_test(each_cpu_of_this_process_is_gauged),
		cmocka_unit_test(cpus_that_are_not_there_are_an_error_only_where_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
