#include "harness/machine/require.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/file.h"
#include "harness/base/units.h"

/* Ticks are of 10 ms, and those of a neighbour come in bursts. */
static const struct timespec look_at_load = {.tv_nsec = 500000000};

enum { STAT_MAX = 4 << 20 };

/* The kernel keeps a few percent of the memory for itself: a machine of 8 GiB shows 7.7. */
enum { KERNEL_SHARE = 16 };

/* What a knob of two states is, or NULL where the machine does not tell. */
static const char *
switch_state(const char *value, const char *on)
{
	if (!value)
		return NULL;
	return strcmp(value, on) == 0 ? "on" : "off";
}

static const char *
turbo_state(const struct tare_environment *environment)
{
	const char *no_turbo = tare_environment_get(environment, "cpu.no_turbo");

	if (no_turbo)
		return switch_state(no_turbo, "0");
	return switch_state(tare_environment_get(environment, "cpu.boost"), "1");
}

static const char *
aslr_state(const struct tare_environment *environment)
{
	const char *value = tare_environment_get(environment, "kernel.aslr");

	if (!value || strcmp(value, "unknown") == 0)
		return NULL;
	return strcmp(value, "0") == 0 ? "off" : "on";
}

static const char *
known(const char *value)
{
	return value && strcmp(value, "unknown") != 0 ? value : NULL;
}

/* The state of a requirement that is a word; *remedy_out is how it is changed. */
static const char *
state_of(const char **remedy_out, const char *key, const struct tare_environment *environment)
{
	if (strcmp(key, "governor") == 0) {
		*remedy_out = "tare run --tune=governor=%s sets it for the run, as root; to stay: "
			      "tare tune governor=%s, which tare tune --restore takes back";
		return tare_environment_get(environment, "cpu.governor");
	}
	if (strcmp(key, "turbo") == 0) {
		*remedy_out = tare_environment_get(environment, "cpu.no_turbo")
				      ? "tare run --tune=turbo=%s sets it for the run, as root; to "
					"stay: tare tune turbo=%s, or the firmware"
				      : "tare run --tune=boost=%s sets it for the run, as root; to "
					"stay: tare tune boost=%s, or the firmware";
		return turbo_state(environment);
	}
	if (strcmp(key, "smt") == 0) {
		*remedy_out = "as root: echo %s >/sys/devices/system/cpu/smt/control";
		return switch_state(tare_environment_get(environment, "cpu.smt"), "1");
	}
	if (strcmp(key, "swap") == 0) {
		*remedy_out = "as root: swap%s -a";
		return known(tare_environment_get(environment, "memory.swap"));
	}
	*remedy_out = "switch it %s by the sysctl kernel.randomize_va_space (2 is on, 0 off)";
	return aslr_state(environment);
}

/* Every %s of the remedy. */
static const char *
with_value(struct tare_arena *arena, const char *remedy, const char *value)
{
	const char *text = "";
	const char *at;

	for (; (at = strstr(remedy, "%s")) != NULL; remedy = at + 2)
		text = tare_arena_printf(
			arena, "%s%.*s%s", text, (int)(at - remedy), remedy, value);
	return tare_arena_printf(arena, "%s%s", text, remedy);
}

static const char *
unmet_word(struct tare_arena *arena, const struct tare_requirement *requirement,
	const struct tare_environment *environment)
{
	const char *remedy = NULL;
	const char *state = state_of(&remedy, requirement->key, environment);

	if (state && strcmp(state, requirement->value) == 0)
		return NULL;
	if (!state)
		return tare_arena_printf(arena,
			"%s is required to be %s, and this machine does not tell what it is; "
			"measure on one whose kernel does, or leave the requirement out",
			requirement->key, requirement->value);
	return tare_arena_printf(arena, "%s is %s, and %s is required; %s", requirement->key, state,
		requirement->value, with_value(arena, remedy, requirement->value));
}

/* Below, but by no more than own_share, counts as equal. */
static int
compare_sizes(uint64_t bytes, uint64_t required, uint64_t own_share)
{
	if (bytes >= required)
		return bytes > required;
	return bytes + own_share >= required ? 0 : -1;
}

static const char *
unmet_memory(struct tare_arena *arena, const struct tare_requirement *requirement,
	const struct tare_environment *environment)
{
	const char *value = known(tare_environment_get(environment, "memory.bytes"));
	const char *limit = tare_environment_get(environment, "cgroup.memory_limit_bytes");
	uint64_t bytes = value ? strtoull(value, NULL, 10) : 0;
	uint64_t own_share = bytes / KERNEL_SHARE;
	uint64_t required = 0;
	enum tare_relation relation;
	char text[TARE_UNITS_TEXT_MAX];

	if (limit && *limit >= '0' && *limit <= '9' && strtoull(limit, NULL, 10) < bytes) {
		bytes = strtoull(limit, NULL, 10);
		own_share = 0;
	}
	if (tare_required_size_parse(&relation, &required, requirement->value, NULL) == TARE_OK &&
		value && tare_relation_holds(relation, compare_sizes(bytes, required, own_share)))
		return NULL;
	tare_value_format(text, sizeof(text), (double)bytes, "bytes");
	return tare_arena_printf(arena,
		"memory is %s, and %s is required; measure on another machine, or with another "
		"limit",
		value ? text : "unknown", requirement->value);
}

static const char *
unmet_kernel(struct tare_arena *arena, const struct tare_requirement *requirement,
	const struct tare_environment *environment)
{
	const char *value = tare_environment_get(environment, "kernel.release");
	struct tare_version version, required;
	enum tare_relation relation;

	if (value && tare_version_parse(&version, value) &&
		tare_required_version_parse(&relation, &required, requirement->value, NULL) ==
			TARE_OK &&
		tare_relation_holds(relation, tare_version_compare(&version, &required)))
		return NULL;
	return tare_arena_printf(arena,
		"the kernel is %s, and %s is required; boot another, or measure on another machine",
		value ? value : "unknown", requirement->value);
}

static const char *
unmet_quiet(struct tare_arena *arena, const struct tare_requirement *requirement, double busy_cpus)
{
	if (strcmp(requirement->value, "true") != 0 ||
		(busy_cpus >= 0.0 && busy_cpus <= TARE_QUIET_CPUS))
		return NULL;
	if (busy_cpus < 0.0)
		return "a quiet machine is required, and this one does not tell how busy it is; "
		       "measure where /proc/stat can be read";
	return tare_arena_printf(arena,
		"a quiet machine is required, and other programs took the time of %.1f CPUs; stop "
		"what else runs (top shows it) and try again",
		busy_cpus);
}

const char *
tare_requirement_unmet(struct tare_arena *arena, const struct tare_requirement *requirement,
	const struct tare_environment *environment, double busy_cpus)
{
	if (strcmp(requirement->key, "quiet") == 0)
		return unmet_quiet(arena, requirement, busy_cpus);
	if (strcmp(requirement->key, "memory") == 0)
		return unmet_memory(arena, requirement, environment);
	if (strcmp(requirement->key, "kernel") == 0)
		return unmet_kernel(arena, requirement, environment);
	return unmet_word(arena, requirement, environment);
}

/* Ticks of all CPUs together: user nice system idle iowait irq softirq steal. Steal is work of
 * others, too. */
static bool
read_stat(uint64_t *busy_out, uint64_t *all_out, const char *stat)
{
	unsigned long long t[8];

	if (!stat || sscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1],
			     &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != 8)
		return false;
	*busy_out = t[0] + t[1] + t[2] + t[5] + t[6] + t[7];
	*all_out = *busy_out + t[3] + t[4];
	return true;
}

static size_t
count_cpus(const char *stat)
{
	size_t count = 0;

	for (const char *line = stat; (line = strstr(line, "\ncpu")) != NULL; line++)
		count++;
	return count;
}

double
tare_busy_cpus(const char *stat_before, const char *stat_after)
{
	uint64_t busy[2], all[2];

	if (!read_stat(&busy[0], &all[0], stat_before) ||
		!read_stat(&busy[1], &all[1], stat_after) || all[1] <= all[0] || busy[1] < busy[0])
		return -1.0;
	return (double)(busy[1] - busy[0]) / (double)(all[1] - all[0]) *
	       (double)count_cpus(stat_after);
}

double
tare_busy_cpus_now(struct tare_arena *arena)
{
	char *before = NULL, *after = NULL;

	if (tare_file_read(arena, &before, NULL, "/proc/stat", STAT_MAX, NULL) != TARE_OK)
		return -1.0;
	nanosleep(&look_at_load, NULL);
	if (tare_file_read(arena, &after, NULL, "/proc/stat", STAT_MAX, NULL) != TARE_OK)
		return -1.0;
	return tare_busy_cpus(before, after);
}
