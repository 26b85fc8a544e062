#include <string.h>

#include "harness/base/clock.h"
#include "harness/machine/gauges.h"
#include "harness/stages/measure.h"

/* Below this many invocations nothing is usual for a case. */
enum { USUAL_FROM = 4 };

void
tare_measure_noise_open(struct tare_measure *measure)
{
	struct tare_bits own;

	measure->gauges = tare_gauges_open("");
	measure->cpus_unpinned = measure->cpus_elsewhere;
	if (tare_bits_empty(&measure->cpus_unpinned) && tare_affinity_get(&own, NULL) == TARE_OK)
		measure->cpus_unpinned = own;
}

void
tare_measure_noise_begin(struct tare_measure *measure, const struct tare_measured_case *mine)
{
	const struct tare_open_runner *on = mine->on;

	measure->noise = tare_noise_unread();
	measure->noise_began_ns = tare_monotonic_ns();
	/* What is replayed is not disturbed by what goes on here. */
	if (on->ops == &tare_runner_replay)
		return;
	tare_gauges_begin(measure->gauges,
		on->ops->cgroup ? on->ops->cgroup(on->runner, mine->subject) : NULL,
		mine->window_ns ? mine->window_ns : UINT64_MAX, measure->noise_began_ns);
}

static double
cpu_ns(const struct tare_outcome *outcomes, uint32_t count)
{
	double sum_ns = 0;

	for (uint32_t i = 0; i < count; i++)
		sum_ns += (double)(outcomes[i].record.user_ns + outcomes[i].record.sys_ns);
	return sum_ns;
}

static struct tare_bits
cpus_of(const struct tare_measure *measure, const struct tare_measured_case *mine)
{
	struct tare_bits cpus;

	if (mine->record->cpus && *mine->record->cpus && tare_bits_parse(&cpus, mine->record->cpus))
		return cpus;
	return measure->cpus_unpinned;
}

static void
note_pace(struct tare_noise *noise, struct tare_measured_case *mine,
	const struct tare_outcome *outcome)
{
	const uint32_t khz[] = {outcome->khz_before, outcome->khz_after};

	for (int i = 0; i < 2; i++) {
		if (khz[i] == 0)
			continue;
		noise->readings[TARE_READING_KHZ_BEFORE + i] = (double)khz[i];
		if ((double)khz[i] > mine->fastest_khz)
			mine->fastest_khz = (double)khz[i];
	}
}

void
tare_measure_noise_end(
	struct tare_measure *measure, struct tare_measured_case *mine, uint32_t count)
{
	struct tare_bits cpus = cpus_of(measure, mine);
	uint64_t now_ns = tare_monotonic_ns();

	mine->window_ns = now_ns - measure->noise_began_ns;
	measure->noise_scale = (struct tare_noise_scale){
		.window_ns = (double)mine->window_ns,
		.cpu_ns = cpu_ns(measure->outcomes, count),
		.cpus = (unsigned)tare_bits_count(&cpus),
		.pinned = mine->record->cpus && *mine->record->cpus,
	};
	if (measure->noise_scale.cpus == 0)
		measure->noise_scale.cpus = 1;
	if (mine->on->ops == &tare_runner_replay || count == 0)
		return;
	tare_gauges_end(
		&measure->noise, measure->gauges, &cpus, measure->noise_scale.cpu_ns, now_ns);
	note_pace(&measure->noise, mine, &measure->outcomes[0]);
}

void
tare_measure_noise_label(struct tare_measure *measure, struct tare_measured_case *mine,
	struct tare_sample *sample, const struct tare_agent_record *record)
{
	struct tare_noise_scale scale = measure->noise_scale;

	scale.wall_ns = (double)record->wall_ns;
	if (scale.window_ns < scale.wall_ns || mine->on->ops == &tare_runner_replay) {
		scale.window_ns = scale.wall_ns;
		scale.cpu_ns = (double)(record->user_ns + record->sys_ns);
	}
	scale.involuntary_switches = (double)record->involuntary_switches;
	scale.major_faults = (double)record->major_faults;
	scale.fastest_khz = mine->fastest_khz;
	mine->judged++;
	mine->faulted += record->major_faults > 0;
	scale.faults_itself = mine->judged >= USUAL_FROM && 2 * mine->faulted > mine->judged;
	sample->noise = &measure->noise;
	sample->labels = tare_noise_judge(&measure->noise, &scale);
}
