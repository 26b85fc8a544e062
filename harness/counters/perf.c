/*
 * perf_event_open(2), directly: hardware events (perf) and the kernel's own (perf_sw).
 *
 * Events are opened on the agent, inherited by what it starts and enabled by exec, so that exactly
 * the program and its descendants are counted from exec on; or on the CPUs of a case, enabled at
 * once, whatever runs there. Hardware events of a set are one group:
 * they count together or not at all, and their ratios hold even where sets have to take turns.
 */
#include "harness/counters/perf.h"

#include <assert.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CACHE(cache, operation, result)                                          \
	(PERF_COUNT_HW_CACHE_##cache | PERF_COUNT_HW_CACHE_OP_##operation << 8 | \
		PERF_COUNT_HW_CACHE_RESULT_##result << 16)

struct known {
	const char *name;
	const char *event;
	uint32_t type;
	uint64_t config;
	bool may_be_zero; /* a kernel's counter that nothing harmless moves */
};

static const struct known hardware[] = {
	{"cycles", "PERF_COUNT_HW_CPU_CYCLES", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, false},
	{"ref-cycles", "PERF_COUNT_HW_REF_CPU_CYCLES", PERF_TYPE_HARDWARE,
		PERF_COUNT_HW_REF_CPU_CYCLES, false},
	{"bus-cycles", "PERF_COUNT_HW_BUS_CYCLES", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES,
		false},
	{"instructions", "PERF_COUNT_HW_INSTRUCTIONS", PERF_TYPE_HARDWARE,
		PERF_COUNT_HW_INSTRUCTIONS, false},
	{"branches", "PERF_COUNT_HW_BRANCH_INSTRUCTIONS", PERF_TYPE_HARDWARE,
		PERF_COUNT_HW_BRANCH_INSTRUCTIONS, false},
	{"branch-misses", "PERF_COUNT_HW_BRANCH_MISSES", PERF_TYPE_HARDWARE,
		PERF_COUNT_HW_BRANCH_MISSES, false},
	{"cache-references", "PERF_COUNT_HW_CACHE_REFERENCES", PERF_TYPE_HARDWARE,
		PERF_COUNT_HW_CACHE_REFERENCES, false},
	{"cache-misses", "PERF_COUNT_HW_CACHE_MISSES", PERF_TYPE_HARDWARE,
		PERF_COUNT_HW_CACHE_MISSES, false},
	{"stalled-cycles-frontend", "PERF_COUNT_HW_STALLED_CYCLES_FRONTEND", PERF_TYPE_HARDWARE,
		PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, false},
	{"stalled-cycles-backend", "PERF_COUNT_HW_STALLED_CYCLES_BACKEND", PERF_TYPE_HARDWARE,
		PERF_COUNT_HW_STALLED_CYCLES_BACKEND, false},
	{"L1-dcache-loads", "L1D READ ACCESS", PERF_TYPE_HW_CACHE, CACHE(L1D, READ, ACCESS), false},
	{"L1-dcache-load-misses", "L1D READ MISS", PERF_TYPE_HW_CACHE, CACHE(L1D, READ, MISS),
		false},
	{"L1-dcache-store-misses", "L1D WRITE MISS", PERF_TYPE_HW_CACHE, CACHE(L1D, WRITE, MISS),
		false},
	{"L1-icache-load-misses", "L1I READ MISS", PERF_TYPE_HW_CACHE, CACHE(L1I, READ, MISS),
		false},
	{"LLC-loads", "LL READ ACCESS", PERF_TYPE_HW_CACHE, CACHE(LL, READ, ACCESS), false},
	{"LLC-load-misses", "LL READ MISS", PERF_TYPE_HW_CACHE, CACHE(LL, READ, MISS), false},
	{"dTLB-loads", "DTLB READ ACCESS", PERF_TYPE_HW_CACHE, CACHE(DTLB, READ, ACCESS), false},
	{"dTLB-load-misses", "DTLB READ MISS", PERF_TYPE_HW_CACHE, CACHE(DTLB, READ, MISS), false},
	{"iTLB-load-misses", "ITLB READ MISS", PERF_TYPE_HW_CACHE, CACHE(ITLB, READ, MISS), false},
	{0},
};

static const struct known software[] = {
	{"task-clock", "PERF_COUNT_SW_TASK_CLOCK", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK,
		false},
	{"cpu-clock", "PERF_COUNT_SW_CPU_CLOCK", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK,
		false},
	{"page-faults", "PERF_COUNT_SW_PAGE_FAULTS", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS,
		false},
	{"minor-faults", "PERF_COUNT_SW_PAGE_FAULTS_MIN", PERF_TYPE_SOFTWARE,
		PERF_COUNT_SW_PAGE_FAULTS_MIN, false},
	{"major-faults", "PERF_COUNT_SW_PAGE_FAULTS_MAJ", PERF_TYPE_SOFTWARE,
		PERF_COUNT_SW_PAGE_FAULTS_MAJ, true},
	{"context-switches", "PERF_COUNT_SW_CONTEXT_SWITCHES", PERF_TYPE_SOFTWARE,
		PERF_COUNT_SW_CONTEXT_SWITCHES, false},
	{"cpu-migrations", "PERF_COUNT_SW_CPU_MIGRATIONS", PERF_TYPE_SOFTWARE,
		PERF_COUNT_SW_CPU_MIGRATIONS, true},
	{"alignment-faults", "PERF_COUNT_SW_ALIGNMENT_FAULTS", PERF_TYPE_SOFTWARE,
		PERF_COUNT_SW_ALIGNMENT_FAULTS, true},
	{"emulation-faults", "PERF_COUNT_SW_EMULATION_FAULTS", PERF_TYPE_SOFTWARE,
		PERF_COUNT_SW_EMULATION_FAULTS, true},
	{0},
};

int
tare_perf_open(const struct tare_perf_event *event)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = event->type,
		.config = event->config,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
		/* Members of a group go with their leader. */
		.disabled = event->leader < 0 && event->pid >= 0,
		.inherit = event->on_exec,
		.enable_on_exec = event->on_exec && event->leader < 0,
		.exclude_kernel = event->user_only,
		.exclude_hv = event->user_only,
	};

	return (int)syscall(SYS_perf_event_open, &attr, event->pid, event->cpu, event->leader,
		PERF_FLAG_FD_CLOEXEC);
}

static int
paranoid_level(void)
{
	FILE *stream = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	char text[16] = "";

	if (stream) {
		if (!fgets(text, sizeof(text), stream))
			text[0] = '\0';
		fclose(stream);
	}
	return atoi(text);
}

enum tare_status
tare_perf_explain(struct tare_err *err, int error, bool on_cpus)
{
	switch (error) {
	case ENOENT:
	case EOPNOTSUPP:
	case ENODEV:
	case EINVAL:
		return tare_err_set(err, TARE_UNSUPPORTED,
			"this machine has no such hardware counter (few virtual machines have "
			"any)");
	case EACCES:
	case EPERM:
		return tare_err_set(err, TARE_UNSUPPORTED,
			"the kernel does not permit it; kernel.perf_event_paranoid is %d, %d or "
			"less is needed (a container's seccomp filter may be in the way too)",
			paranoid_level(), on_cpus ? 0 : 2);
	default:
		errno = error;
		return tare_err_errno(err, TARE_UNSUPPORTED, "perf_event_open");
	}
}

/* xorshift: branches on its bits cannot be predicted, nor the addresses it makes prefetched. */
static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

void
tare_counters_exercise(void)
{
	enum { BYTES = 1 << 22, STEPS = 20000 };
	const struct timespec moment = {.tv_nsec = 100000};
	unsigned char *memory;
	uint32_t state = 2463534242u;
	volatile uint32_t sum = 0;

	/* cppcheck-suppress invalidFunctionArg ; -1 is what mmap(2) asks for */
	memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < STEPS; i++) {
		uint32_t random = next_random(&state);

		if (random & 0x100)
			sum += random;
		else
			sum ^= random;
		if (memory != MAP_FAILED)
			memory[random % BYTES]++;
	}
	(void)sum; /* only its making matters */
	if (memory != MAP_FAILED)
		munmap(memory, BYTES);
	/* A context switch; a sleep that is over before it begins is none. */
	nanosleep(&moment, NULL);
	nanosleep(&moment, NULL);
}

static void
exercise_on(int cpu)
{
	cpu_set_t here, before;

	if (cpu < 0 || sched_getaffinity(0, sizeof(before), &before) != 0) {
		tare_counters_exercise();
		return;
	}
	CPU_ZERO(&here);
	CPU_SET((size_t)cpu, &here);
	sched_setaffinity(0, sizeof(here), &here);
	tare_counters_exercise();
	sched_setaffinity(0, sizeof(before), &before);
}

/* Added, started, stopped, and not zero: nothing less is believed. *open_errno_out is 0 where the
 * event could be opened. */
static enum tare_status
prove(int *open_errno_out, const struct known *known, bool user_only, bool on_cpus,
	struct tare_err *err)
{
	const struct tare_perf_event event = {.type = known->type,
		.config = known->config,
		.user_only = user_only,
		.pid = on_cpus ? -1 : 0,
		.cpu = on_cpus ? sched_getcpu() : -1,
		.leader = -1};
	struct tare_agent_reading reading = {0};
	int fd = tare_perf_open(&event);
	bool read_whole;

	*open_errno_out = fd < 0 ? errno : 0;
	if (fd < 0)
		return tare_perf_explain(err, errno, on_cpus);
	ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
	exercise_on(event.cpu);
	ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
	read_whole = read(fd, &reading, sizeof(reading)) == (ssize_t)sizeof(reading);
	close(fd);
	if (!read_whole || reading.running_ns == 0)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"it can be opened, but was never counted; something else may hold the "
			"counter, such as the NMI watchdog");
	if (reading.value == 0 && !known->may_be_zero)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"it can be opened, but stayed 0 when it must have counted");
	return TARE_OK;
}

static const char *
scope_text(bool user_only, bool on_cpus)
{
	if (on_cpus)
		return "CPUs of the case, whatever runs there";
	return user_only ? "program and its descendants, without the kernel"
			 : "program and its descendants";
}

static enum tare_status
find_known(struct tare_counter_source *source_out, const struct known *known, bool on_cpus,
	struct tare_err *err)
{
	bool user_only = false;
	int open_errno;
	enum tare_status status = prove(&open_errno, known, false, on_cpus, err);

	/* An ordinary user may count the program, if not the kernel; nobody's CPU, though. */
	if (!on_cpus && (open_errno == EACCES || open_errno == EPERM)) {
		user_only = true;
		status = prove(&open_errno, known, true, false, err);
	}
	if (status != TARE_OK)
		return status;
	*source_out = (struct tare_counter_source){
		.origin = {.event = known->event,
			.scope = scope_text(user_only, on_cpus),
			.quality = TARE_QUALITY_COUNTED},
		.type = known->type,
		.config = known->config,
		.user_only = user_only,
		.hardware = known->type != PERF_TYPE_SOFTWARE,
	};
	return TARE_OK;
}

/* "r01c2": an event by the number in the CPU's manual, as perf(1) writes it. */
static bool
parse_raw(struct known *known_out, struct tare_arena *arena, const char *name)
{
	char *end = NULL;

	if (name[0] != 'r' || name[1] == '\0' || strlen(name) > 17 ||
		strspn(name + 1, "0123456789abcdef") != strlen(name + 1))
		return false;
	*known_out = (struct known){.name = name,
		.event = tare_arena_strdup(arena, name),
		.type = PERF_TYPE_RAW,
		.config = strtoull(name + 1, &end, 16)};
	return true;
}

/* A name of ours, or as the library of native names writes it: "perf::PAGE-FAULTS". */
static const struct known *
find_named(const struct known *table, const char *name)
{
	static const char prefix[] = "perf::";
	bool native = strncmp(name, prefix, strlen(prefix)) == 0;

	for (const struct known *known = table; known->name; known++) {
		if (strcmp(known->name, name) == 0 ||
			(native && strcasecmp(known->name, name + strlen(prefix)) == 0))
			return known;
	}
	return NULL;
}

static enum tare_status
perf_find(struct tare_counter_source *source_out, struct tare_arena *arena,
	const struct tare_counter_place *place, const char *name, struct tare_err *err)
{
	const struct known *known = find_named(hardware, name);
	struct known raw;

	if (known)
		return find_known(source_out, known, place->on_cpus, err);
	if (parse_raw(&raw, arena, name))
		return find_known(source_out, &raw, place->on_cpus, err);
	return tare_err_set(err, TARE_NOT_FOUND, "no hardware event of perf");
}

static bool
is_clock(const struct known *known)
{
	return known->config == PERF_COUNT_SW_TASK_CLOCK ||
	       known->config == PERF_COUNT_SW_CPU_CLOCK;
}

static enum tare_status
perf_sw_find(struct tare_counter_source *source_out, struct tare_arena *arena,
	const struct tare_counter_place *place, const char *name, struct tare_err *err)
{
	const struct known *known = find_named(software, name);

	(void)arena;
	if (!known)
		return tare_err_set(err, TARE_NOT_FOUND, "no software event of perf");
	/* On a CPU they are the wall clock. */
	if (place->on_cpus && is_clock(known))
		return tare_err_set(err, TARE_UNSUPPORTED,
			"it is a clock of processes, and counter_scope is cpus");
	return find_known(source_out, known, place->on_cpus, err);
}

static enum tare_status
perf_supported(const struct tare_counter_place *place, struct tare_err *err)
{
	struct tare_counter_source source;

	return find_known(&source, find_named(hardware, "instructions"), place->on_cpus, err);
}

static enum tare_status
perf_sw_supported(const struct tare_counter_place *place, struct tare_err *err)
{
	struct tare_counter_source source;

	return find_known(&source, find_named(software, "page-faults"), place->on_cpus, err);
}

static void
close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

/*
 * An event on the process that is neither inherited nor ever enabled.
 *
 * Where all events of a parent are inherited, the kernel takes its context and a child's for equal,
 * and a switch from one to the other swaps them: the child's exec then uses up the parent's
 * enable_on_exec, and no later child is ever counted (found on 6.18: 997 of 1000). One event that
 * is not inherited, of each kind, since contexts were once by kind, keeps the two apart.
 */
static enum tare_status
anchor(struct tare_attachment *attachment, const struct tare_perf_event *event,
	struct tare_err *err)
{
	int fd = tare_perf_open(event);

	if (fd < 0)
		return tare_perf_explain(err, errno, false);
	assert(attachment->anchor_count < TARE_ANCHORS_MAX);
	attachment->anchors[attachment->anchor_count++] = fd;
	return TARE_OK;
}

enum tare_status
tare_perf_anchor(struct tare_attachment *attachment,
	const struct tare_counter_source *const *sources, size_t count, pid_t pid,
	struct tare_err *err)
{
	struct tare_perf_event event = {.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.user_only = true,
		.pid = pid,
		.cpu = -1,
		.leader = -1};
	enum tare_status status = anchor(attachment, &event, err);

	for (size_t i = 0; i < count && status == TARE_OK; i++) {
		if (sources[i]->ops != &tare_counters_perf)
			continue;
		event.type = sources[i]->type;
		event.config = sources[i]->config;
		return anchor(attachment, &event, err);
	}
	return status;
}

/* Hardware events join the first of them; where that one has no room for another, the other begins
 * a group of its own and they are multiplexed. */
static enum tare_status
perf_attach(struct tare_attachment *attachment, const struct tare_counter_source *const *sources,
	size_t count, const struct tare_counter_target *target, struct tare_err *err)
{
	int leader = -1;

	for (size_t i = 0; i < count; i++) {
		struct tare_perf_event event = {.type = sources[i]->type,
			.config = sources[i]->config,
			.user_only = sources[i]->user_only,
			.on_exec = target->cpu < 0,
			.pid = target->pid,
			.cpu = target->cpu,
			.leader = sources[i]->hardware ? leader : -1};
		int fd = tare_perf_open(&event);

		if (fd < 0 && event.leader >= 0) {
			event.leader = -1;
			fd = tare_perf_open(&event);
		}
		if (fd < 0) {
			tare_perf_explain(err, errno, target->cpu >= 0);
			return tare_err_where(err, "%s", sources[i]->origin.event);
		}
		if (sources[i]->hardware && leader < 0)
			leader = fd;
		attachment->fds[attachment->count++] = fd;
	}
	return TARE_OK;
}

/* The kernel refuses a group that could never be on the hardware at once. */
static bool
perf_fits(const struct tare_counter_source *const *sources, size_t count)
{
	int fds[TARE_COUNTERS_MAX];
	size_t opened = 0;

	for (size_t i = 0; i < count && opened < TARE_COUNTERS_MAX; i++) {
		const struct tare_perf_event event = {.type = sources[i]->type,
			.config = sources[i]->config,
			.user_only = sources[i]->user_only,
			.cpu = -1,
			.leader = opened > 0 ? fds[0] : -1};

		fds[opened] = tare_perf_open(&event);
		if (fds[opened] < 0)
			break;
		opened++;
	}
	close_all(fds, opened);
	return opened == count;
}

const struct tare_counter_ops tare_counters_perf = {
	.name = "perf",
	.summary = "hardware events of the CPU (perf_event_open)",
	.way = TARE_WAY_EVENT,
	.supported = perf_supported,
	.find = perf_find,
	.attach = perf_attach,
	.fits = perf_fits,
};

const struct tare_counter_ops tare_counters_perf_sw = {
	.name = "perf_sw",
	.summary = "events of the kernel itself (perf_event_open)",
	.way = TARE_WAY_EVENT,
	.supported = perf_sw_supported,
	.find = perf_sw_find,
	.attach = perf_attach,
};
