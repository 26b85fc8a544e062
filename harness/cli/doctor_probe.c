#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/cli/doctor.h"
#include "harness/counters/counters.h"
#include "harness/machine/require.h"
#include "harness/pin/affinity.h"
#include "harness/store/store.h"
#include "runners/cgroup.h"
#include "runners/runner.h"

enum { CLOCK_READS = 1000 };
static const uint64_t gauge_ns = 1000000000;

static struct tare_probe
outcome(struct tare_arena *arena, enum tare_status status, const struct tare_err *err)
{
	return (struct tare_probe){
		.tried = true,
		.works = status == TARE_OK,
		.text = status == TARE_OK ? NULL : tare_arena_strdup(arena, err->text),
	};
}

/* Goes to every CPU it may use, and back. */
static struct tare_probe
probe_pinning(struct tare_arena *arena, const struct tare_bits *before)
{
	struct tare_err err = {0}, ignored = {0};
	enum tare_status status = TARE_OK;

	for (unsigned cpu = 0; status == TARE_OK && cpu < TARE_BITS_MAX; cpu++) {
		struct tare_bits one = {0};

		if (!tare_bits_has(before, cpu))
			continue;
		tare_bits_add(&one, cpu);
		status = tare_affinity_set(&one, &err);
	}
	tare_affinity_set(before, &ignored);
	return outcome(arena, status, &err);
}

static struct tare_probe
probe_runner(struct tare_arena *arena, const struct tare_runner_ops *runner)
{
	struct tare_err err = {0};
	enum tare_status status = runner->supported(&err);

	return outcome(arena, status, &err);
}

/* A history that has not begun is fine. */
static struct tare_probe
probe_store(struct tare_arena *arena)
{
	struct tare_store *store = NULL;
	struct tare_err err = {0};
	enum tare_status status = tare_store_open_existing(&store, NULL, &err);
	struct tare_probe probe = outcome(arena, status, &err);

	tare_store_close(store);
	probe.works = status == TARE_OK || status == TARE_NOT_FOUND;
	return probe;
}

static struct tare_probe
probe_folder(struct tare_arena *arena)
{
	struct tare_err err = {0};
	enum tare_status status = TARE_OK;

	if (eaccess(".", W_OK | X_OK) != 0)
		status = tare_err_errno(
			&err, TARE_OUTSIDE, "nothing can be written to the working directory");
	return outcome(arena, status, &err);
}

static uint64_t
clock_read_cost(void)
{
	uint64_t began_ns = tare_monotonic_ns(), ended_ns = began_ns;

	for (int i = 0; i < CLOCK_READS; i++)
		ended_ns = tare_monotonic_ns();
	return (ended_ns - began_ns) / CLOCK_READS;
}

/* Names for which the same reason, or the same provider, was found. */
struct group {
	const char *label;
	const char *names;
};

/* No more than there are names. */
struct groups {
	struct group *items;
	size_t count;
};

static void
add_to_group(struct groups *groups, struct tare_arena *arena, const char *label, const char *name)
{
	struct group *group = groups->items;

	while (group < groups->items + groups->count && strcmp(group->label, label) != 0)
		group++;
	if (group < groups->items + groups->count) {
		group->names = tare_arena_printf(arena, "%s, %s", group->names, name);
		return;
	}
	*group = (struct group){tare_arena_strdup(arena, label), name};
	groups->count++;
}

static const char *
list_groups(
	struct tare_arena *arena, const struct groups *groups, const char *open, const char *close)
{
	const char *text = NULL;

	for (size_t i = 0; i < groups->count; i++)
		text = tare_arena_printf(arena, "%s%s%s%s%s%s", text ? text : "", text ? "; " : "",
			groups->items[i].names, open, groups->items[i].label, close);
	return text;
}

/* As a run looks for them. */
static void
probe_counters(struct tare_doctor *doctor, struct tare_arena *arena, const char *cgroup)
{
	const struct tare_counter_place place = {.root = "", .cgroup = cgroup};
	struct tare_counters *counters = tare_counters_new(arena, &place);
	const size_t size = sizeof(struct group);
	struct groups counted = {tare_arena_alloc(arena, tare_counter_name_count, size), 0};
	struct groups missing = {tare_arena_alloc(arena, tare_counter_name_count, size), 0};
	bool has_hardware = false;

	for (size_t i = 0; i < tare_counter_name_count; i++) {
		const char *name = tare_counter_names[i].name;
		const struct tare_counter_source *source;
		struct tare_err err = {0};

		if (tare_counters_find(&source, counters, name, &err) != TARE_OK) {
			add_to_group(&missing, arena, err.text, name);
			continue;
		}
		has_hardware |= source->hardware;
		add_to_group(&counted, arena, source->origin.provider, name);
	}
	doctor->counters = (struct tare_probe){
		.tried = true,
		.works = has_hardware,
		.text = list_groups(arena, &counted, " by ", ""),
	};
	doctor->not_counted = list_groups(arena, &missing, " (", ")");
}

/* A run's own cgroup, and what can be counted in it. */
static void
probe_cgroup_and_counters(struct tare_doctor *doctor, struct tare_arena *arena)
{
	struct tare_cgroup *cgroup = NULL;
	struct tare_err err = {0};
	enum tare_status status = tare_cgroup_open(&cgroup, "doctor", &err);

	doctor->cgroup = outcome(arena, status, &err);
	probe_counters(doctor, arena, cgroup ? tare_cgroup_path(cgroup) : NULL);
	tare_cgroup_close(cgroup);
}

void
tare_doctor_probe(struct tare_doctor *doctor, struct tare_arena *arena)
{
	struct tare_bits cpus = {0};
	struct tare_pulse *gauges;

	/* Before anything of this process's own is at work. */
	doctor->busy_cpus = tare_busy_cpus_now(arena);
	doctor->clock_read_ns = clock_read_cost();
	if (tare_affinity_get(&cpus, NULL) == TARE_OK) {
		if (tare_pulse_run(&gauges, &doctor->gauge_count, arena, &cpus, gauge_ns, NULL) ==
			TARE_OK)
			doctor->gauges = gauges;
		doctor->pinning = probe_pinning(arena, &cpus);
	}
	probe_cgroup_and_counters(doctor, arena);
	doctor->host = probe_runner(arena, &tare_runner_host);
	doctor->docker = probe_runner(arena, &tare_runner_docker);
	doctor->store = probe_store(arena);
	doctor->folder = probe_folder(arena);
}
