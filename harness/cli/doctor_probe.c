#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/cli/doctor.h"
#include "harness/counters/counters.h"
#include "harness/machine/require.h"
#include "harness/pin/affinity.h"
#include "harness/store/store.h"
#include "runners/cgroup.h"
#include "runners/runner.h"

enum { CLOCK_READS = 1000, STAT_MAX = 4 << 20, LIST_MAX = 2048 };
static const uint64_t gauge_ns = 1000000000;
static const struct timespec look_at_load = {.tv_nsec = 200000000};

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

static double
look_for_load(struct tare_arena *arena)
{
	char *before, *after;

	if (tare_file_read(arena, &before, NULL, "/proc/stat", STAT_MAX, NULL) != TARE_OK)
		return -1.0;
	nanosleep(&look_at_load, NULL);
	if (tare_file_read(arena, &after, NULL, "/proc/stat", STAT_MAX, NULL) != TARE_OK)
		return -1.0;
	return tare_busy_cpus(before, after);
}

/* Names for which the same reason, or the same provider, was found. */
struct group {
	const char *label;
	char names[LIST_MAX];
};

enum { GROUPS_MAX = 16 };

struct groups {
	struct group items[GROUPS_MAX];
	size_t count;
};

/* What is past the room is not told: there are fewer providers and reasons than that. */
static void
add_to_group(struct groups *groups, const char *label, const char *name)
{
	struct group *group = groups->items;
	size_t len;

	while (group < groups->items + groups->count && strcmp(group->label, label) != 0)
		group++;
	if (group == groups->items + GROUPS_MAX)
		return;
	if (group == groups->items + groups->count) {
		group->label = label;
		groups->count++;
	}
	len = strlen(group->names);
	snprintf(group->names + len, LIST_MAX - len, "%s%s", len ? ", " : "", name);
}

/* A simulator is proved by running it, which takes its time, so that is done for one name of it;
 * with no program to be found it only says whether it knows a name. */
struct proof {
	bool made;
	enum tare_status status;
	struct tare_err err;
};

static enum tare_status
find_source(struct tare_counter_source *source, struct tare_arena *arena,
	const struct tare_counter_ops *ops, const struct tare_counter_place *place,
	const char *name, struct proof *proof, struct tare_err *err)
{
	struct tare_counter_place nowhere = *place;
	enum tare_status status;

	if (ops->way != TARE_WAY_SIMULATED)
		return ops->find(source, arena, place, name, err);
	nowhere.path = "/nonexistent";
	status = ops->find(source, arena, &nowhere, name, err);
	if (status != TARE_UNSUPPORTED)
		return status;
	if (!proof->made)
		proof->status = ops->find(source, arena, place, name, &proof->err);
	proof->made = true;
	*err = proof->err;
	return proof->status;
}

struct counting {
	struct tare_arena *arena;
	const struct tare_counter_place *place;
	struct groups counted, missing;
	struct proof proof;
	bool has_hardware;
};

/* Goes down the ladder, as a run does; the reason is that of the first who knows the name. */
static void
look_for_counter(struct counting *counting, const char *name)
{
	const char *reason = "no provider knows it";
	bool has_reason = false;

	for (size_t i = 0; tare_counter_providers[i]; i++) {
		const struct tare_counter_ops *ops = tare_counter_providers[i];
		struct tare_counter_source source = {0};
		struct tare_err err = {0};
		enum tare_status status = find_source(&source, counting->arena, ops,
			counting->place, name, &counting->proof, &err);

		if (status == TARE_OK) {
			counting->has_hardware |= source.hardware;
			add_to_group(&counting->counted, ops->name, name);
			return;
		}
		if (status == TARE_NOT_FOUND || has_reason)
			continue;
		reason = tare_arena_printf(counting->arena, "%s: %s", ops->name, err.text);
		has_reason = true;
	}
	add_to_group(&counting->missing, reason, name);
}

static const char *
list_counted(struct tare_arena *arena, const struct groups *groups)
{
	const char *text = "";

	for (size_t i = 0; i < groups->count; i++)
		text = tare_arena_printf(arena, "%s%s%s by %s", text, i ? "; " : "",
			groups->items[i].names, groups->items[i].label);
	return text;
}

static const char *
list_missing(struct tare_arena *arena, const struct groups *groups)
{
	const char *text = NULL;

	for (size_t i = 0; i < groups->count; i++)
		text = tare_arena_printf(arena, "%s%s%s (%s)", text ? text : "", text ? "; " : "",
			groups->items[i].names, groups->items[i].label);
	return text;
}

static void
probe_counters(struct tare_doctor *doctor, struct tare_arena *arena, const char *cgroup)
{
	const struct tare_counter_place place = {.root = "", .cgroup = cgroup};
	struct counting *counting = tare_arena_alloc(arena, 1, sizeof(*counting));

	counting->arena = arena;
	counting->place = &place;
	for (size_t i = 0; i < tare_counter_name_count; i++)
		look_for_counter(counting, tare_counter_names[i].name);
	doctor->counters = (struct tare_probe){
		.tried = true,
		.works = counting->has_hardware,
		.text = list_counted(arena, &counting->counted),
	};
	doctor->not_counted = list_missing(arena, &counting->missing);
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
	doctor->busy_cpus = look_for_load(arena);
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
