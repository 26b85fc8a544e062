#include "harness/machine/gauges.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/base/text.h"

enum {
	TEXT_MAX = 4096,
	STAT_MAX = 1 << 18, /* the lines of 1024 CPUs, and not those after them */
	CPUS = TARE_BITS_MAX,
	HEAT_FILES_MAX = 64,
	BYTE_NS = 1000,
};

/* Readings that only grow, as they stood; NaN where not read. */
struct fast {
	double pressure_us;
	double throttled_us;
	double used_us; /* CPU time of the cgroup, the agent's too */
};

struct fine {
	uint64_t read_ns; /* 0: never */
	double ran[CPUS]; /* ns in which the CPU ran tasks; NaN: no such CPU, or not read */
	double used_us;   /* of the cgroup, likewise */
	double own_ns;    /* of this process */
	double swapped;
	double heat[HEAT_FILES_MAX];
};

struct ticks {
	uint64_t read_ns;    /* 0: never */
	double busy[CPUS];   /* NaN: no such CPU */
	double stolen[CPUS]; /* likewise */
};

/* What says in nanoseconds how long each CPU ran tasks. */
enum run_times {
	RUN_TIMES_NONE,
	RUN_TIMES_CPUACCT,   /* of the root of a v1 hierarchy: "1 2 3 " */
	RUN_TIMES_SCHEDSTAT, /* "cpu0 0 0 0 0 0 0 RAN WAITED 0", and lines of domains */
};

struct tare_gauges {
	char root[PATH_MAX];
	char cgroup[PATH_MAX]; /* whose files are open */
	int pressure_fd;
	int stat_of_group_fd;
	int stat_fd;
	int vmstat_fd; /* -1 where there is no swap */
	int heat_fds[HEAT_FILES_MAX];
	size_t heat_count;
	enum run_times run_times;
	int run_times_fd;
	uint64_t fine_ns; /* intervals of at least this length are worth a fine reading */
	double tick_ns;
	char *text; /* [STAT_MAX + 1] */
	uint64_t begin_ns;
	struct fast fast;
	struct fine fine_before;
	struct fine fine_after;
	struct ticks before;
	struct ticks after;
};

static int
open_at(const char *folder, const char *name)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", folder, name);

	if (len < 0 || (size_t)len >= sizeof(path))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void
close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* False where there is nothing to read. */
static bool
read_whole(char *text, size_t size, int fd)
{
	size_t len = 0;

	while (fd >= 0 && len < size - 1) {
		ssize_t got = pread(fd, text + len, size - 1 - len, (off_t)len);

		if (got <= 0)
			break;
		len += (size_t)got;
	}
	text[len] = '\0';
	return len > 0;
}

static bool
has_swap(const char *root)
{
	char text[TEXT_MAX];
	int fd = open_at(root, "proc/swaps");
	bool any = read_whole(text, sizeof(text), fd) && strchr(text, '\n') &&
		   strchr(text, '\n')[1] != '\0';

	close_if_open(fd);
	return any;
}

static void
open_heat(struct tare_gauges *gauges)
{
	for (unsigned cpu = 0; cpu < HEAT_FILES_MAX; cpu++) {
		char name[128];
		int fd;

		snprintf(name, sizeof(name),
			"sys/devices/system/cpu/cpu%u/thermal_throttle/core_throttle_count", cpu);
		fd = open_at(gauges->root, name);
		if (fd < 0)
			return;
		gauges->heat_fds[gauges->heat_count++] = fd;
	}
}

/* The longer the text is, the longer takes reading it: some nanoseconds for a byte, which shall be
 * less than 1 % of the interval. */
static void
open_run_times(struct tare_gauges *gauges)
{
	static const char *const names[] = {
		[RUN_TIMES_CPUACCT] = "sys/fs/cgroup/cpuacct/cpuacct.usage_percpu",
		[RUN_TIMES_SCHEDSTAT] = "proc/schedstat",
	};

	gauges->run_times_fd = -1;
	gauges->fine_ns = TARE_GAUGES_KEEP_NS;
	for (int i = RUN_TIMES_CPUACCT; i <= RUN_TIMES_SCHEDSTAT; i++) {
		gauges->run_times_fd = open_at(gauges->root, names[i]);
		if (gauges->run_times_fd < 0)
			continue;
		gauges->run_times = (enum run_times)i;
		if (read_whole(gauges->text, STAT_MAX + 1, gauges->run_times_fd) &&
			strlen(gauges->text) * BYTE_NS > gauges->fine_ns)
			gauges->fine_ns = strlen(gauges->text) * BYTE_NS;
		return;
	}
}

struct tare_gauges *
tare_gauges_open(const char *root)
{
	struct tare_gauges *gauges = tare_xcalloc(1, sizeof(*gauges));
	long ticks = sysconf(_SC_CLK_TCK);

	snprintf(gauges->root, sizeof(gauges->root), "%s", root);
	gauges->pressure_fd = gauges->stat_of_group_fd = -1;
	gauges->stat_fd = open_at(root, "proc/stat");
	gauges->vmstat_fd = has_swap(root) ? open_at(root, "proc/vmstat") : -1;
	open_heat(gauges);
	gauges->tick_ns = 1e9 / (double)(ticks > 0 ? ticks : 100);
	gauges->text = tare_xcalloc(STAT_MAX + 1, 1);
	open_run_times(gauges);
	return gauges;
}

void
tare_gauges_close(struct tare_gauges *gauges)
{
	if (!gauges)
		return;
	close_if_open(gauges->pressure_fd);
	close_if_open(gauges->stat_of_group_fd);
	close_if_open(gauges->stat_fd);
	close_if_open(gauges->vmstat_fd);
	close_if_open(gauges->run_times_fd);
	for (size_t i = 0; i < gauges->heat_count; i++)
		close(gauges->heat_fds[i]);
	free(gauges->text);
	free(gauges);
}

/* Cases of one runner share its cgroup, so this mostly finds it open. */
static void
turn_to(struct tare_gauges *gauges, const char *cgroup)
{
	if (!cgroup || strlen(cgroup) >= sizeof(gauges->cgroup))
		cgroup = "";
	if (strcmp(gauges->cgroup, cgroup) == 0)
		return;
	close_if_open(gauges->pressure_fd);
	close_if_open(gauges->stat_of_group_fd);
	snprintf(gauges->cgroup, sizeof(gauges->cgroup), "%s", cgroup);
	gauges->pressure_fd = *cgroup ? open_at(cgroup, "cpu.pressure") : -1;
	gauges->stat_of_group_fd = *cgroup ? open_at(cgroup, "cpu.stat") : -1;
}

static struct fast
read_fast(const struct tare_gauges *gauges)
{
	struct fast fast = {NAN, NAN, NAN};
	char text[TEXT_MAX];

	if (read_whole(text, sizeof(text), gauges->pressure_fd))
		fast.pressure_us = tare_text_number(text, "some ", " total=");
	if (read_whole(text, sizeof(text), gauges->stat_of_group_fd)) {
		fast.throttled_us = tare_text_number(text, "throttled_usec ", NULL);
		fast.used_us = tare_text_number(text, "usage_usec ", NULL);
	}
	return fast;
}

/* "cpu0 user nice system idle iowait irq softirq steal guest guest_nice"; guests are in user. */
static void
read_cpu_line(struct ticks *ticks, const char *line)
{
	unsigned cpu;
	unsigned long long t[8] = {0};

	if (sscanf(line, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &t[0], &t[1], &t[2],
		    &t[3], &t[4], &t[5], &t[6], &t[7]) < 8 ||
		cpu >= CPUS)
		return;
	ticks->busy[cpu] = (double)(t[0] + t[1] + t[2] + t[5] + t[6]);
	ticks->stolen[cpu] = (double)t[7];
}

static void
read_ticks(struct tare_gauges *gauges, struct ticks *ticks, uint64_t now_ns)
{
	ticks->read_ns = now_ns;
	for (size_t i = 0; i < CPUS; i++)
		ticks->busy[i] = ticks->stolen[i] = NAN;
	if (!read_whole(gauges->text, STAT_MAX + 1, gauges->stat_fd))
		return;
	for (const char *line = gauges->text; strncmp(line, "cpu", 3) == 0;) {
		if (line[3] != ' ')
			read_cpu_line(ticks, line);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
}

/* The numbers of all possible CPUs in a row. */
static void
read_cpuacct(struct fine *fine, const char *text)
{
	for (size_t cpu = 0; cpu < CPUS; cpu++) {
		char *end;
		unsigned long long ran = strtoull(text, &end, 10);

		if (end == text)
			return;
		fine->ran[cpu] = (double)ran;
		text = end;
	}
}

static void
read_schedstat(struct fine *fine, const char *text)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		unsigned cpu;
		unsigned long long ran;

		if (strncmp(line, "cpu", 3) == 0 &&
			sscanf(line, "cpu%u %*s %*s %*s %*s %*s %*s %llu", &cpu, &ran) == 2 &&
			cpu < CPUS)
			fine->ran[cpu] = (double)ran;
	}
}

static void
read_run_times(struct tare_gauges *gauges, struct fine *fine)
{
	for (size_t i = 0; i < CPUS; i++)
		fine->ran[i] = NAN;
	if (!read_whole(gauges->text, STAT_MAX + 1, gauges->run_times_fd))
		return;
	if (gauges->run_times == RUN_TIMES_CPUACCT)
		read_cpuacct(fine, gauges->text);
	else
		read_schedstat(fine, gauges->text);
}

/* A recorded machine never ran this process. */
static double
own_cpu_ns(const struct tare_gauges *gauges)
{
	struct timespec own = {0};

	if (*gauges->root)
		return 0;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	return (double)own.tv_sec * 1e9 + (double)own.tv_nsec;
}

static void
read_fine(struct tare_gauges *gauges, struct fine *fine, const struct fast *fast, uint64_t now_ns)
{
	fine->read_ns = now_ns;
	read_run_times(gauges, fine);
	fine->used_us = fast->used_us;
	fine->own_ns = own_cpu_ns(gauges);
	fine->swapped = NAN;
	if (read_whole(gauges->text, STAT_MAX + 1, gauges->vmstat_fd))
		fine->swapped = tare_text_number(gauges->text, "pswpin ", NULL) +
				tare_text_number(gauges->text, "pswpout ", NULL);
	for (size_t i = 0; i < gauges->heat_count; i++) {
		char text[64];

		fine->heat[i] = NAN;
		if (read_whole(text, sizeof(text), gauges->heat_fds[i]))
			fine->heat[i] = (double)strtoull(text, NULL, 10);
	}
}

void
tare_gauges_begin(
	struct tare_gauges *gauges, const char *cgroup, uint64_t expected_ns, uint64_t now_ns)
{
	turn_to(gauges, cgroup);
	if (expected_ns >= TARE_NOISE_SHARES_NS / 2 &&
		(gauges->before.read_ns == 0 ||
			now_ns - gauges->before.read_ns > TARE_GAUGES_KEEP_NS))
		read_ticks(gauges, &gauges->before, now_ns);
	gauges->fast = read_fast(gauges);
	if (expected_ns >= gauges->fine_ns / 2)
		read_fine(gauges, &gauges->fine_before, &gauges->fast, now_ns);
	gauges->begin_ns = now_ns;
}

/* Digits past the fourth only make journals longer. */
static double
share(double part, double whole)
{
	return round(fmax(0, part / whole) * 1e4) / 1e4;
}

/* What others had of the CPUs, and what the hypervisor took, as shares of their time; less what may
 * come from counting in whole ticks, at both ends. */
static void
fill_shares_of_ticks(struct tare_noise *noise, const struct tare_gauges *gauges,
	const struct tare_bits *cpus, double own_ns)
{
	double window_ns = (double)(gauges->after.read_ns - gauges->before.read_ns);
	double busy = 0, stolen = 0;
	size_t count = 0;

	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		double more = gauges->after.busy[cpu] - gauges->before.busy[cpu];

		if (!tare_bits_has(cpus, cpu) || isnan(more))
			continue;
		busy += more;
		stolen += gauges->after.stolen[cpu] - gauges->before.stolen[cpu];
		count++;
	}
	if (count == 0 || !(window_ns > 0))
		return;
	busy -= 2 * (double)count;
	noise->readings[TARE_READING_STEAL] =
		share((stolen - 1) * gauges->tick_ns, window_ns * (double)count);
	if (isnan(noise->readings[TARE_READING_FOREIGN_CPU]))
		noise->readings[TARE_READING_FOREIGN_CPU] =
			share(busy * gauges->tick_ns - own_ns, window_ns * (double)count);
}

/* Counters that went back, as a folder that was made anew has them, say nothing. */
static double
grown(double after, double before)
{
	return after >= before ? after - before : NAN;
}

/* CPU time that is not foreign: the cgroup has the agent's too, else what the program says. This
 * process's own where it is on one of the case's CPUs, for want of others. */
static double
own_ns_of(const struct tare_gauges *gauges, const struct tare_bits *cpus, double own_ns)
{
	double used_ns = 1e3 * grown(gauges->fine_after.used_us, gauges->fine_before.used_us);
	int here = sched_getcpu();

	if (!isnan(used_ns))
		own_ns = fmax(own_ns, used_ns);
	if (here >= 0 && tare_bits_has(cpus, (unsigned)here))
		own_ns += gauges->fine_after.own_ns - gauges->fine_before.own_ns;
	return own_ns;
}

static void
fill_fine(struct tare_noise *noise, const struct tare_gauges *gauges, const struct tare_bits *cpus,
	double own_ns)
{
	const struct fine *before = &gauges->fine_before;
	const struct fine *after = &gauges->fine_after;
	double window_ns = (double)(after->read_ns - before->read_ns);
	double ran_ns = 0;
	size_t count = 0;

	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		double more_ns = grown(after->ran[cpu], before->ran[cpu]);

		if (!tare_bits_has(cpus, cpu) || isnan(more_ns))
			continue;
		ran_ns += more_ns;
		count++;
	}
	if (count > 0 && window_ns > 0)
		noise->readings[TARE_READING_FOREIGN_CPU] =
			share(ran_ns - own_ns_of(gauges, cpus, own_ns), window_ns * (double)count);
	noise->readings[TARE_READING_SWAP] = grown(after->swapped, before->swapped);
	for (unsigned cpu = 0; cpu < gauges->heat_count; cpu++) {
		double hotter = grown(after->heat[cpu], before->heat[cpu]);
		double *sum = &noise->readings[TARE_READING_OVERHEATED];

		if (tare_bits_has(cpus, cpu) && !isnan(hotter))
			*sum = (isnan(*sum) ? 0 : *sum) + hotter;
	}
}

void
tare_gauges_end(struct tare_noise *noise, struct tare_gauges *gauges, const struct tare_bits *cpus,
	double own_ns, uint64_t now_ns)
{
	struct fast fast = read_fast(gauges);
	uint64_t interval_ns = now_ns - gauges->begin_ns;

	for (int i = 0; i < TARE_READING_KHZ_BEFORE; i++)
		noise->readings[i] = NAN;
	noise->readings[TARE_READING_CPU_PRESSURE] =
		1e3 * grown(fast.pressure_us, gauges->fast.pressure_us);
	noise->readings[TARE_READING_THROTTLED] =
		1e3 * grown(fast.throttled_us, gauges->fast.throttled_us);
	if (interval_ns >= gauges->fine_ns && gauges->fine_before.read_ns == gauges->begin_ns) {
		read_fine(gauges, &gauges->fine_after, &fast, now_ns);
		fill_fine(noise, gauges, cpus, own_ns);
	}
	if (interval_ns >= TARE_NOISE_SHARES_NS && gauges->before.read_ns > 0 &&
		gauges->begin_ns - gauges->before.read_ns <= TARE_GAUGES_KEEP_NS) {
		read_ticks(gauges, &gauges->after, now_ns);
		fill_shares_of_ticks(noise, gauges, cpus, own_ns);
		gauges->before = gauges->after;
	}
}
