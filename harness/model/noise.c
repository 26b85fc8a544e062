#include "harness/model/noise.h"

#include <math.h>
#include <string.h>

#define PRESSURE_SHARE 0.01 /* of the window */
#define PRESSURE_NS    50e3
#define FULL           0.98 /* of its CPUs' time: the program waits for itself */
#define SWITCHES       5.0  /* what a timer tick or two may do */
#define SWITCHES_PER_S 50.0 /* a time slice is a few milliseconds: contention makes hundreds */
#define FOREIGN_PINNED 0.05
#define FOREIGN        0.25
#define STEAL          0.01
#define SLOWER         0.03 /* than the fastest seen; the chain repeats to 0.05 % */

static const char *const readings[TARE_READING_COUNT] = {
	[TARE_READING_CPU_PRESSURE] = "cpu_pressure_ns",
	[TARE_READING_FOREIGN_CPU] = "foreign_cpu",
	[TARE_READING_STEAL] = "steal",
	[TARE_READING_SWAP] = "swapped_pages",
	[TARE_READING_THROTTLED] = "throttled_ns",
	[TARE_READING_OVERHEATED] = "overheated",
	[TARE_READING_KHZ_BEFORE] = "khz_before",
	[TARE_READING_KHZ_AFTER] = "khz_after",
};

static const struct {
	const char *name;
	const char *phrase;
} kinds[TARE_DISTURBANCE_COUNT] = {
	[TARE_DISTURBED_CPU_PRESSURE] = {"cpu_pressure", "had to wait for a CPU"},
	[TARE_DISTURBED_SWITCHES] = {"involuntary_switches", "kept being put aside for others"},
	[TARE_DISTURBED_FOREIGN_CPU] = {"foreign_cpu", "shared its CPUs with other programs"},
	[TARE_DISTURBED_STEAL] = {"steal", "lost its CPU to other virtual machines"},
	[TARE_DISTURBED_MAJOR_FAULTS] = {"major_faults", "waited for pages from the disk"},
	[TARE_DISTURBED_SWAP] = {"swap", "ran while the machine swapped"},
	[TARE_DISTURBED_THROTTLED] = {"throttled", "was throttled by a quota or by heat"},
	[TARE_DISTURBED_FREQUENCY] = {"frequency", "ran at a lower clock frequency"},
};

const char *
tare_reading_name(enum tare_reading reading)
{
	return readings[reading];
}

const char *
tare_disturbance_name(enum tare_disturbance kind)
{
	return kinds[kind].name;
}

const char *
tare_disturbance_phrase(enum tare_disturbance kind)
{
	return kinds[kind].phrase;
}

bool
tare_disturbance_parse(enum tare_disturbance *kind_out, const char *name)
{
	for (int i = 0; i < TARE_DISTURBANCE_COUNT; i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			*kind_out = (enum tare_disturbance)i;
			return true;
		}
	}
	return false;
}

struct tare_noise
tare_noise_unread(void)
{
	struct tare_noise noise;

	for (int i = 0; i < TARE_READING_COUNT; i++)
		noise.readings[i] = NAN;
	return noise;
}

/* The lower of the two that are known; NaN where none is. */
static double
slowest_khz(const struct tare_noise *noise)
{
	return fmin(
		noise->readings[TARE_READING_KHZ_BEFORE], noise->readings[TARE_READING_KHZ_AFTER]);
}

static bool
fills_its_cpus(const struct tare_noise_scale *scale)
{
	return scale->cpu_ns >= FULL * scale->cpus * scale->window_ns;
}

static uint32_t
label_if(bool holds, enum tare_disturbance kind)
{
	return holds ? UINT32_C(1) << kind : 0;
}

uint32_t
tare_noise_judge(const struct tare_noise *noise, const struct tare_noise_scale *scale)
{
	const double *read = noise->readings; /* every comparison with NaN is false */
	double pressure_ns = fmax(PRESSURE_NS, PRESSURE_SHARE * scale->window_ns);
	double switches = SWITCHES + SWITCHES_PER_S * scale->wall_ns / 1e9;
	bool itself = fills_its_cpus(scale);

	return label_if(!itself && read[TARE_READING_CPU_PRESSURE] > pressure_ns,
		       TARE_DISTURBED_CPU_PRESSURE) |
	       label_if(
		       !itself && scale->involuntary_switches > switches, TARE_DISTURBED_SWITCHES) |
	       label_if(read[TARE_READING_FOREIGN_CPU] > (scale->pinned ? FOREIGN_PINNED : FOREIGN),
		       TARE_DISTURBED_FOREIGN_CPU) |
	       label_if(read[TARE_READING_STEAL] > STEAL, TARE_DISTURBED_STEAL) |
	       label_if(!scale->faults_itself && scale->major_faults > 0,
		       TARE_DISTURBED_MAJOR_FAULTS) |
	       label_if(read[TARE_READING_SWAP] > 0, TARE_DISTURBED_SWAP) |
	       label_if(read[TARE_READING_THROTTLED] > 0 || read[TARE_READING_OVERHEATED] > 0,
		       TARE_DISTURBED_THROTTLED) |
	       label_if(slowest_khz(noise) < (1 - SLOWER) * scale->fastest_khz,
		       TARE_DISTURBED_FREQUENCY);
}

void
tare_noise_add(struct tare_noise_sum *sum, const struct tare_noise *noise, uint32_t labels)
{
	sum->disturbed += labels != 0;
	for (int i = 0; i < TARE_DISTURBANCE_COUNT; i++)
		sum->by_kind[i] += labels >> i & 1;
	for (int i = TARE_READING_KHZ_BEFORE; noise && i <= TARE_READING_KHZ_AFTER; i++) {
		double khz = noise->readings[i];

		if (!(khz > 0))
			continue;
		if (sum->khz_low == 0 || khz < sum->khz_low)
			sum->khz_low = khz;
		if (khz > sum->khz_high)
			sum->khz_high = khz;
	}
}

bool
tare_noise_sum_is_sound(const struct tare_noise_sum *sum, uint64_t total)
{
	for (int i = 0; i < TARE_DISTURBANCE_COUNT; i++) {
		if (sum->by_kind[i] > sum->disturbed)
			return false;
	}
	return sum->disturbed <= total && sum->khz_low >= 0 && sum->khz_low <= sum->khz_high &&
	       isfinite(sum->khz_high);
}
