/*
 * The pulse: how much of a second the CPUs of this machine give to somebody else.
 *
 * Each CPU runs one chain of dependent additions after the other, in registers, all CPUs at the
 * same time. An addition takes one cycle on today's processors, so that the shortest chain tells
 * the frequency; a chain that took longer was interrupted, and a median above the shortest is a
 * frequency that changed. Evaluating is pure; results live in the arena.
 */
#ifndef TARE_MACHINE_PULSE_H
#define TARE_MACHINE_PULSE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/base/bits.h"
#include "harness/base/err.h"

/* Some 50 us: short beside a time slice, long beside reading the clock. */
enum { TARE_PULSE_ADDS = 200000 };

struct tare_pulse {
	unsigned cpu;
	size_t chain_count;
	double frequency_hz;
	double lost_share;     /* of the time, to interrupts, other programs and the hypervisor */
	double unsteady_share; /* median over shortest chain, less 1 */
	uint64_t longest_ns;   /* that the CPU was away at a stretch */
};

/* chains_ns is sorted in place. elapsed_ns is the time that all of them took, with what was in
 * between. count must not be 0. */
void tare_pulse_evaluate(struct tare_pulse *pulse_out, unsigned cpu, uint32_t *chains_ns,
	size_t count, uint64_t elapsed_ns);

/* Takes it of these CPUs in parallel. Those that this process may not use are left out;
 * TARE_OUTSIDE where that leaves none. */
enum tare_status tare_pulse_run(struct tare_pulse **pulses_out, size_t *count_out,
	struct tare_arena *arena, const struct tare_bits *cpus, uint64_t duration_ns,
	struct tare_err *err);

#endif
