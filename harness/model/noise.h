/*
 * Noise: what disturbed an invocation, as far as signs outside of its figures tell.
 *
 * Readings are taken around a request to the runner, which is one invocation, or a batch of those
 * that are too short to be looked at one by one; they belong to all of its samples. The signs that
 * a program's own rusage carries are metrics already and are judged too. tare_noise_judge() is pure
 * and looks at no measured time but to put the signs into proportion, so that a sample is never
 * labelled for being slow.
 *
 * Limits, and why (measurement-facts and tests/sim are about the same): pressure of the run's
 * cgroup is time for which something was ready and had no CPU, 1 % of it is half of the usual
 * margin; below 50 us it is what waking up costs. It means nothing where the program's own threads
 * fill their CPUs, nor do involuntary switches then. Other processes count from 5 % of the CPUs the
 * case is pinned to, and from a quarter of a machine that it is not pinned on; what they had is
 * known for intervals of 2 ms and longer where the kernel says in nanoseconds how long CPUs ran
 * tasks (harness/machine/gauges.h), else, as steal always, for TARE_NOISE_SHARES_NS and longer,
 * since /proc/stat counts in hundredths of a second: one of them is 5 % of 200 ms.
 */
#ifndef TARE_MODEL_NOISE_H
#define TARE_MODEL_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TARE_NOISE_SHARES_NS = 200 * 1000000 };

/* What is read; NaN where it was not. */
enum tare_reading {
	TARE_READING_CPU_PRESSURE, /* ns for which a task of the run's cgroup waited for a CPU */
	TARE_READING_FOREIGN_CPU,  /* share of the case's CPUs that others used, 0 to 1 */
	TARE_READING_STEAL,        /* share of them that the hypervisor took, 0 to 1 */
	TARE_READING_SWAP,         /* pages swapped in and out on the machine */
	TARE_READING_THROTTLED,    /* ns for which a quota stopped the cgroup */
	TARE_READING_OVERHEATED,   /* how often a CPU slowed down for its heat */
	TARE_READING_KHZ_BEFORE,   /* effective frequency: dependent adds per millisecond */
	TARE_READING_KHZ_AFTER,
	TARE_READING_COUNT,
};
const char *tare_reading_name(enum tare_reading reading); /* "cpu_pressure_ns", as journals say */

struct tare_noise {
	double readings[TARE_READING_COUNT];
};
struct tare_noise tare_noise_unread(void);

/* Labels of a sample, as bits: 1u << enum tare_disturbance. */
enum tare_disturbance {
	TARE_DISTURBED_CPU_PRESSURE,
	TARE_DISTURBED_SWITCHES,
	TARE_DISTURBED_FOREIGN_CPU,
	TARE_DISTURBED_STEAL,
	TARE_DISTURBED_MAJOR_FAULTS,
	TARE_DISTURBED_SWAP,
	TARE_DISTURBED_THROTTLED,
	TARE_DISTURBED_FREQUENCY,
	TARE_DISTURBANCE_COUNT,
};
const char *tare_disturbance_name(enum tare_disturbance kind);   /* "cpu_pressure" */
const char *tare_disturbance_phrase(enum tare_disturbance kind); /* "had to wait for a CPU" */
/* False where there is none of that name. */
bool tare_disturbance_parse(enum tare_disturbance *kind_out, const char *name);

/* What the signs are in proportion to. */
struct tare_noise_scale {
	double wall_ns;   /* of the sample */
	double window_ns; /* between the readings; at least wall_ns */
	double cpu_ns;    /* user and system time within the window */
	double involuntary_switches;
	double major_faults;
	unsigned cpus;      /* that the program may use, 1 or more */
	bool pinned;        /* to those */
	bool faults_itself; /* most of its invocations have major faults */
	double fastest_khz; /* that the case has seen so far; 0: none */
};

/* The labels; 0: no sign of a disturbance. */
uint32_t tare_noise_judge(const struct tare_noise *noise, const struct tare_noise_scale *scale);

/* What the invocations of a case come to. */
struct tare_noise_sum {
	uint64_t disturbed; /* measured samples with a label */
	uint64_t by_kind[TARE_DISTURBANCE_COUNT];
	double khz_low; /* 0: never read */
	double khz_high;
};
void tare_noise_add(struct tare_noise_sum *sum, const struct tare_noise *noise, uint32_t labels);
/* Whether one from outside can be that of so many measured samples. */
bool tare_noise_sum_is_sound(const struct tare_noise_sum *sum, uint64_t total);

#endif
