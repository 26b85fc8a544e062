#include "harness/cli/doctor.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/cli/tuning.h"
#include "harness/machine/describe.h"
#include "harness/machine/read.h"
#include "harness/machine/require.h"
#include "harness/stats/order.h"

/* A CPU that loses this much of its time makes wall times that vary as much. */
static const double lost_warning = 0.01;
static const double lost_unfit = 0.10;
static const double unsteady_warning = 0.03;
/* tsc and the clocks of hypervisors are read in 20 to 50 ns, hpet and acpi_pm in 1 us and more. */
enum { CLOCK_SLOW_NS = 300 };

const char *
tare_finding_level_name(enum tare_finding_level level)
{
	static const char *const names[] = {"fine", "note", "warning", "unfit"};

	return names[level];
}

static void
count_throttling(struct tare_doctor *doctor, const struct tare_reader *reader)
{
	static const char folder[] = "/sys/devices/system/cpu";
	const char **names;
	size_t count = tare_read_folder(reader, folder, &names);

	for (size_t i = 0; i < count; i++) {
		const char *line;

		if (strncmp(names[i], "cpu", 3) != 0)
			continue;
		line = tare_read_linef(
			reader, "%s/%s/thermal_throttle/core_throttle_count", folder, names[i]);
		doctor->throttled_count += line ? strtoull(line, NULL, 10) : 0;
	}
}

static void
look_for_irqbalance(struct tare_doctor *doctor, const struct tare_reader *reader)
{
	const char **names;
	size_t count = tare_read_folder(reader, "/proc", &names);

	for (size_t i = 0; i < count && !doctor->has_irqbalance; i++) {
		const char *name = names[i][0] >= '1' && names[i][0] <= '9'
					   ? tare_read_linef(reader, "/proc/%s/comm", names[i])
					   : NULL;

		doctor->has_irqbalance = name && strcmp(name, "irqbalance") == 0;
	}
}

static void
measure_swap(struct tare_doctor *doctor, const struct tare_reader *reader)
{
	const char *text = tare_read_text(reader, "/proc/meminfo");
	const char *total = tare_read_field(reader, text, "SwapTotal", ':');
	const char *rest = tare_read_field(reader, text, "SwapFree", ':');
	uint64_t total_kib = total ? strtoull(total, NULL, 10) : 0;
	uint64_t free_kib = rest ? strtoull(rest, NULL, 10) : 0;

	doctor->swap_used_bytes = total_kib > free_kib ? (total_kib - free_kib) << 10 : 0;
}

/* "1 package, 2 cores, 4 CPUs" */
static size_t
cores_of(const char *topology)
{
	const char *comma = topology ? strchr(topology, ',') : NULL;

	return comma ? strtoull(comma + 1, NULL, 10) : 0;
}

/* Of a recorded machine, this process may use all that is online. */
static void
identify(struct tare_machine_identity *identity_out, struct tare_arena *arena,
	const struct tare_reader *reader)
{
	struct tare_bits online = tare_read_list(reader, "/sys/devices/system/cpu/online");

	tare_machine_identify(identity_out, arena);
	if (!*reader->root)
		return;
	CPU_ZERO(&identity_out->allowed);
	for (unsigned cpu = 0; cpu < TARE_BITS_MAX && cpu < CPU_SETSIZE; cpu++) {
		if (tare_bits_has(&online, cpu))
			CPU_SET(cpu, &identity_out->allowed);
	}
	identity_out->hypervisor = NULL;
}

void
tare_doctor_inspect(struct tare_doctor *doctor_out, struct tare_arena *arena, const char *root)
{
	const struct tare_reader reader = {.arena = arena, .root = root};
	struct tare_machine_identity identity;
	struct tare_tune_place place = {.root = root, .housekeeping = "0"};
	struct tare_bits isolated = tare_read_list(&reader, "/sys/devices/system/cpu/isolated");
	struct tare_doctor doctor = {.busy_cpus = -1.0};

	identify(&identity, arena, &reader);
	tare_machine_describe(&doctor.environment, arena, root, &identity);
	doctor.core_count = cores_of(tare_environment_get(&doctor.environment, "cpu.topology"));
	doctor.isolated_count = tare_bits_count(&isolated);
	count_throttling(&doctor, &reader);
	look_for_irqbalance(&doctor, &reader);
	measure_swap(&doctor, &reader);
	if (!*root)
		tare_tuning_place(&place, arena);
	tare_tune_look(&doctor.tuned, &place);
	tare_tune_plan_make(&doctor.plan, arena, &place, NULL, 0, false, NULL);
	if (!*root)
		tare_doctor_probe(&doctor, arena);
	*doctor_out = doctor;
}

/* What a check fills, and what it fills it from. */
struct examination {
	struct tare_finding *finding;
	struct tare_arena *arena;
	const struct tare_doctor *doctor;
};

__attribute__((format(printf, 4, 5))) static void
find(const struct examination *one, enum tare_finding_level level, const char *remedy,
	const char *format, ...)
{
	va_list args;

	va_start(args, format);
	one->finding->text = tare_arena_vprintf(one->arena, format, args);
	va_end(args);
	one->finding->level = level;
	one->finding->remedy = level == TARE_FINDING_FINE ? NULL : remedy;
}

static const char *
fact(const struct examination *one, const char *key)
{
	const char *value = tare_environment_get(&one->doctor->environment, key);

	return value && strcmp(value, "unknown") != 0 ? value : NULL;
}

static const char *
plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void
check_noise(const struct examination *one)
{
	const struct tare_doctor *doctor = one->doctor;
	size_t count = doctor->gauge_count, worst = 0;
	double *lost = tare_arena_alloc(one->arena, count, sizeof(*lost));
	char longest[TARE_UNITS_TEXT_MAX];
	enum tare_finding_level level = TARE_FINDING_FINE;

	if (count == 0) {
		find(one, TARE_FINDING_NOTE, "run tare doctor on the machine itself",
			"no CPU was gauged");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		lost[i] = doctor->gauges[i].lost_share;
		if (lost[i] > lost[worst])
			worst = i;
	}
	tare_duration_format(longest, sizeof(longest), doctor->gauges[worst].longest_ns);
	if (lost[worst] > lost_warning)
		level = TARE_FINDING_WARNING;
	worst = doctor->gauges[worst].cpu;
	tare_sort(lost, count);
	/* Half of the CPUs are not enough to go out of the way. */
	if (lost[(count - 1) / 2] > lost_unfit)
		level = TARE_FINDING_UNFIT;
	find(one, level, "stop what else runs here, or measure when it has ended",
		"in one second CPU %zu lost %.2g %% of its time to others, at most %s at a "
		"stretch; "
		"the median CPU lost %.2g %%",
		worst, 100.0 * lost[count - 1], longest, 100.0 * lost[(count - 1) / 2]);
}

static void
check_frequency(const struct examination *one)
{
	const struct tare_doctor *doctor = one->doctor;
	double low = INFINITY, high = 0.0, unsteady = 0.0;

	for (size_t i = 0; i < doctor->gauge_count; i++) {
		const struct tare_pulse *gauge = &doctor->gauges[i];

		low = fmin(low, gauge->frequency_hz);
		high = fmax(high, gauge->frequency_hz);
		unsteady = fmax(unsteady, gauge->unsteady_share);
	}
	if (doctor->gauge_count == 0)
		find(one, TARE_FINDING_NOTE, "run tare doctor on the machine itself",
			"the frequency was not gauged");
	else
		find(one, unsteady > unsteady_warning ? TARE_FINDING_WARNING : TARE_FINDING_FINE,
			"fix the frequency: tare run --tune=governor,turbo; where that is not "
			"here, compare variants within one run only",
			"CPUs ran at %.2f to %.2f GHz, within %.2g %% during one second", low / 1e9,
			high / 1e9, 100.0 * unsteady);
}

static void
check_load(const struct examination *one)
{
	double busy = one->doctor->busy_cpus;

	if (busy < 0.0)
		find(one, TARE_FINDING_NOTE, "run tare doctor on the machine itself",
			"nobody looked what else is at work");
	else
		find(one, busy > TARE_QUIET_CPUS ? TARE_FINDING_WARNING : TARE_FINDING_FINE,
			"top(1) names them; stop them, or keep them off with isolcpus= on the "
			"kernel's command line",
			"other programs keep %.2g CPUs at work", busy);
}

static void
check_throttling(const struct examination *one)
{
	if (one->doctor->throttled_count > 0)
		find(one, TARE_FINDING_WARNING,
			"cool the machine better, or switch turbo off: tare run --tune=turbo",
			"slowdowns of CPUs by heat since the machine was booted: %llu",
			(unsigned long long)one->doctor->throttled_count);
	else
		find(one, TARE_FINDING_FINE, NULL,
			"no CPU was slowed down by heat, as far as the kernel tells");
}

static const struct tare_tune_row *
find_row(const struct tare_tune_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->row_count; i++) {
		if (strcmp(plan->rows[i].knob->name, name) == 0)
			return &plan->rows[i];
	}
	return NULL;
}

/* The settings of tare tune: a finding of each, under its name. */
static void
check_setting(const struct examination *one)
{
	const char *name = one->finding->id;
	const struct tare_tune_row *row = find_row(&one->doctor->plan, name);
	/* What changes how fast programs are weighs more than what now and then interrupts them. */
	bool weighs = strcmp(name, "governor") == 0 || strcmp(name, "turbo") == 0 ||
		      strcmp(name, "boost") == 0 || strcmp(name, "thp") == 0;

	if (!row)
		find(one, TARE_FINDING_FINE, NULL, "not known");
	else if (row->state == TARE_TUNE_ABSENT)
		find(one, TARE_FINDING_FINE, NULL, "not here: %s", row->reason);
	else if (row->state == TARE_TUNE_SAME)
		find(one, TARE_FINDING_FINE, NULL, "%s", row->now);
	else
		find(one, weighs ? TARE_FINDING_WARNING : TARE_FINDING_NOTE,
			tare_arena_printf(one->arena, "tare run --tune=%s; to stay: tare tune %s",
				name, name),
			"%s, and quieter is %s: %s", row->now ? row->now : "unknown", row->wanted,
			row->knob->summary);
}

static void
check_irqbalance(const struct examination *one)
{
	find(one, one->doctor->has_irqbalance ? TARE_FINDING_NOTE : TARE_FINDING_FINE,
		"stop it while measuring: systemctl stop irqbalance",
		one->doctor->has_irqbalance
			? "irqbalance runs, and moves interrupts back to any CPU"
			: "irqbalance does not run");
}

static void
check_tuned(const struct examination *one)
{
	const struct tare_tune_status *tuned = &one->doctor->tuned;

	if (!tuned->tuned)
		find(one, TARE_FINDING_FINE, NULL, "nothing is left of an earlier tare tune");
	else if (tuned->damaged)
		find(one, TARE_FINDING_WARNING,
			"tare tune --restore puts back what it can, and says what it cannot",
			"the undo journal of tare tune is damaged, so that settings may stay as it "
			"left them");
	else if (tuned->held)
		find(one, TARE_FINDING_WARNING, "wait until it has ended",
			"another tare (process %ld) measures here, and has tuned the machine",
			(long)tuned->pid);
	else if (tuned->kept)
		find(one, TARE_FINDING_NOTE, "when all is measured: tare tune --restore",
			"tare tune has changed %zu value%s until it is told otherwise",
			tuned->change_count, plural(tuned->change_count));
	else
		find(one, TARE_FINDING_WARNING, "tare tune --restore",
			"a tare that was killed has left %zu value%s changed", tuned->change_count,
			plural(tuned->change_count));
}

static void
check_cores(const struct examination *one)
{
	const char *topology = fact(one, "cpu.topology");
	const char *allowed = fact(one, "cpu.allowed");
	size_t count = one->doctor->core_count;
	size_t usable = allowed ? strtoull(allowed, NULL, 10) : count;

	if (usable > count)
		usable = count;
	if (count == 0)
		find(one, TARE_FINDING_NOTE, "tare topology prints what hwloc sees",
			"the kernel does not tell which CPUs are of which core");
	else
		find(one,
			usable < 2   ? TARE_FINDING_WARNING
			: usable < 3 ? TARE_FINDING_NOTE
				     : TARE_FINDING_FINE,
			"measure where there are more cores: tare, interrupts and what is measured "
			"get in each other's way",
			"%s, of which %s may be used", topology, allowed ? allowed : "all");
}

static void
check_smt(const struct examination *one)
{
	const char *smt = fact(one, "cpu.smt");

	if (smt && strcmp(smt, "1") == 0)
		find(one, TARE_FINDING_NOTE,
			"give cases cores of their own (cpus: 1, which takes one CPU of a core), "
			"or switch it off: echo off >/sys/devices/system/cpu/smt/control",
			"two CPUs share each core");
	else
		find(one, TARE_FINDING_FINE, NULL, "no two CPUs share a core");
}

static void
check_isolation(const struct examination *one)
{
	if (one->doctor->isolated_count > 0)
		find(one, TARE_FINDING_FINE, NULL, "isolated from the scheduler: %zu CPU%s",
			one->doctor->isolated_count, plural(one->doctor->isolated_count));
	else
		find(one, TARE_FINDING_NOTE,
			"for the last percent: isolcpus= and nohz_full= on the kernel's command "
			"line",
			"no CPU is isolated from the scheduler");
}

static void
check_virtual(const struct examination *one)
{
	const char *hypervisor = fact(one, "machine.hypervisor");
	const char *is_virtual = fact(one, "machine.virtual");

	if (is_virtual && strcmp(is_virtual, "yes") == 0)
		find(one, TARE_FINDING_NOTE,
			"compare variants within one run; for figures that stand alone use a "
			"machine of your own",
			"a virtual machine%s%s: what its neighbours take is not seen from here",
			hypervisor ? " of " : "", hypervisor ? hypervisor : "");
	else
		find(one, TARE_FINDING_FINE, NULL, "not virtual, as far as it tells");
}

static void
check_container(const struct examination *one)
{
	const char *kind = fact(one, "container");

	if (kind && strcmp(kind, "none") != 0)
		find(one, TARE_FINDING_NOTE,
			"run tare on the host, which starts the containers itself (runner: docker)",
			"tare runs in a container (%s)", kind);
	else
		find(one, TARE_FINDING_FINE, NULL, "tare does not run in a container");
}

static void
check_limits(const struct examination *one)
{
	const char *limit = fact(one, "cgroup.cpu_limit");

	if (limit && strcmp(limit, "none") != 0)
		find(one, TARE_FINDING_WARNING,
			"run tare in a cgroup without a quota: programs are stopped in the middle "
			"where it is used up",
			"the cgroup may use %s CPUs of time", limit);
	else
		find(one, TARE_FINDING_FINE, NULL, "the cgroup has no quota of CPU time");
}

static void
check_swapped(const struct examination *one)
{
	char used[TARE_UNITS_TEXT_MAX];

	tare_value_format(used, sizeof(used), (double)one->doctor->swap_used_bytes, "bytes");
	if (one->doctor->swap_used_bytes > 0)
		find(one, TARE_FINDING_WARNING,
			"free memory, then as root: swapoff -a && swapon -a",
			"%s are swapped out, and come back while something is measured", used);
	else
		find(one, TARE_FINDING_FINE, NULL, "nothing is swapped out");
}

static void
check_aslr(const struct examination *one)
{
	const char *aslr = fact(one, "kernel.aslr");

	if (aslr && strcmp(aslr, "0") == 0)
		find(one, TARE_FINDING_WARNING, "sysctl kernel.randomize_va_space=2",
			"addresses are not randomised: one layout is measured as if it were all");
	else
		find(one, TARE_FINDING_FINE, NULL,
			"addresses are randomised, so that no one layout decides");
}

static void
check_clock(const struct examination *one)
{
	const char *source = fact(one, "kernel.clocksource");
	unsigned long long cost_ns = one->doctor->clock_read_ns;
	bool is_slow = (source && (strcmp(source, "hpet") == 0 || strcmp(source, "acpi_pm") == 0 ||
					  strcmp(source, "jiffies") == 0)) ||
		       cost_ns > CLOCK_SLOW_NS;
	const char *remedy = "tsc is faster where the kernel lets it be; dmesg | grep -i tsc says "
			     "why it does not";

	if (cost_ns > 0)
		find(one, is_slow ? TARE_FINDING_WARNING : TARE_FINDING_FINE, remedy,
			"clock source %s, read in %llu ns", source ? source : "unknown", cost_ns);
	else
		find(one, is_slow ? TARE_FINDING_WARNING : TARE_FINDING_FINE, remedy,
			"clock source %s", source ? source : "unknown");
}

static void
check_probe(const struct examination *one, const struct tare_probe *probe,
	enum tare_finding_level level, const char *fine, const char *remedy)
{
	if (!probe->tried)
		find(one, TARE_FINDING_NOTE, "run tare doctor on the machine itself",
			"it was not tried");
	else if (probe->works)
		find(one, TARE_FINDING_FINE, NULL, "%s", fine);
	else
		find(one, level, remedy, "%s", probe->text);
}

static void
check_pinning(const struct examination *one)
{
	check_probe(one, &one->doctor->pinning, TARE_FINDING_UNFIT,
		"every CPU that may be used can be pinned to",
		"let tare have its CPUs: taskset(1) and cpuset cgroups take them away");
}

static void
check_cgroup(const struct examination *one)
{
	const char *layout = fact(one, "cgroup.layout");

	check_probe(one, &one->doctor->cgroup, TARE_FINDING_NOTE,
		tare_arena_printf(one->arena, "a run gets its own (%s)", layout ? layout : "?"),
		"run tare as root, or in a cgroup of its own: systemd-run --user --scope tare; "
		"without one processes that daemonise are still killed, but pressure is not seen");
}

static void
check_host(const struct examination *one)
{
	check_probe(one, &one->doctor->host, TARE_FINDING_UNFIT, "the agent can be started",
		"install all of tare, or name the agent in TARE_AGENT");
}

static void
check_docker(const struct examination *one)
{
	check_probe(one, &one->doctor->docker, TARE_FINDING_NOTE, "containers can be started",
		"only needed for runner: docker; tare list runners has the others");
}

static void
check_store(const struct examination *one)
{
	check_probe(one, &one->doctor->store, TARE_FINDING_WARNING,
		one->doctor->store.text ? "no history yet: the first run begins one"
					: "the history can be opened",
		"name another with --store or TARE_STORE, or measure with --no-store");
}

static void
check_folder(const struct examination *one)
{
	check_probe(one, &one->doctor->folder, TARE_FINDING_WARNING,
		"runs can be kept in the working directory",
		"change to a folder that can be written; journals and the history go there");
}

static void
check_counters(const struct examination *one)
{
	const struct tare_doctor *doctor = one->doctor;

	if (!doctor->counters.tried)
		find(one, TARE_FINDING_NOTE, "run tare doctor on the machine itself",
			"nothing was counted");
	else
		find(one, doctor->counters.works ? TARE_FINDING_FINE : TARE_FINDING_NOTE,
			"without a PMU, valgrind counts instructions exactly; give the virtual "
			"machine one, or see kernel.perf_event_paranoid",
			"%s%s", doctor->counters.works ? "" : "no hardware counters; ",
			*doctor->counters.text ? doctor->counters.text : "nothing can be counted");
}

static void
check_not_counted(const struct examination *one)
{
	if (one->doctor->not_counted)
		find(one, TARE_FINDING_NOTE,
			"tare list counters has them one by one; suites that ask for them are "
			"measured without, unless "
			"they say counters_required: true",
			"%s", one->doctor->not_counted);
	else
		find(one, TARE_FINDING_FINE, NULL, "nothing is missing");
}

struct check {
	const char *id;
	void (*run)(const struct examination *one);
};

/* What weighs most comes first. */
static const struct check checks[] = {
	{"noise", check_noise},
	{"load", check_load},
	{"frequency", check_frequency},
	{"throttling", check_throttling},
	{"governor", check_setting},
	{"turbo", check_setting},
	{"boost", check_setting},
	{"perf-sample-rate", check_setting},
	{"watchdog", check_setting},
	{"thp", check_setting},
	{"swap", check_setting},
	{"irq-affinity", check_setting},
	{"irqbalance", check_irqbalance},
	{"tuned", check_tuned},
	{"cores", check_cores},
	{"smt", check_smt},
	{"isolation", check_isolation},
	{"virtual", check_virtual},
	{"container", check_container},
	{"limits", check_limits},
	{"swapped", check_swapped},
	{"aslr", check_aslr},
	{"clock", check_clock},
	{"pinning", check_pinning},
	{"cgroup", check_cgroup},
	{"agent", check_host},
	{"docker", check_docker},
	{"store", check_store},
	{"folder", check_folder},
	{"counters", check_counters},
	{"not-counted", check_not_counted},
};

size_t
tare_doctor_examine(struct tare_finding *findings_out, struct tare_arena *arena,
	const struct tare_doctor *doctor)
{
	size_t count = sizeof(checks) / sizeof(checks[0]);

	assert(count <= TARE_FINDINGS_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct examination one = {&findings_out[i], arena, doctor};

		findings_out[i] = (struct tare_finding){.id = checks[i].id};
		checks[i].run(&one);
	}
	return count;
}
