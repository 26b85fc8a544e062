#include "harness/machine/gauges.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/base/text.h"

enum {
	TEXT_MAX = 4096,
	STAT_MAX = 1 << 18, /* the lines of 1024 CPUs, and not those after them */
	CPUS = TARE_BITS_MAX,
	HEAT_FILES_MAX = 64,
};

/* Readings that only grow, as they stood; NaN where not read. */
struct fast {
	double pressure_us;
	double throttled_us;
};

struct slow {
	uint64_t read_ns;    /* 0: never */
	double busy[CPUS];   /* clock ticks; NaN: no such CPU */
	double stolen[CPUS]; /* likewise */
	double swapped;
	double heat;
};

struct tare_gauges {
	char root[PATH_MAX];
	char cgroup[PATH_MAX]; /* whose files are open */
	int pressure_fd;
	int throttled_fd;
	int stat_fd;
	int vmstat_fd; /* -1 where there is no swap */
	int heat_fds[HEAT_FILES_MAX];
	size_t heat_count;
	double tick_ns;
	char *text; /* [STAT_MAX + 1] */
	uint64_t begin_ns;
	struct fast fast;
	struct slow before;
	struct slow after;
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

struct tare_gauges *
tare_gauges_open(const char *root)
{
	struct tare_gauges *gauges = tare_xcalloc(1, sizeof(*gauges));
	long ticks = sysconf(_SC_CLK_TCK);

	snprintf(gauges->root, sizeof(gauges->root), "%s", root);
	gauges->pressure_fd = gauges->throttled_fd = -1;
	gauges->stat_fd = open_at(root, "proc/stat");
	gauges->vmstat_fd = has_swap(root) ? open_at(root, "proc/vmstat") : -1;
	open_heat(gauges);
	gauges->tick_ns = 1e9 / (double)(ticks > 0 ? ticks : 100);
	gauges->text = tare_xcalloc(STAT_MAX + 1, 1);
	return gauges;
}

void
tare_gauges_close(struct tare_gauges *gauges)
{
	if (!gauges)
		return;
	close_if_open(gauges->pressure_fd);
	close_if_open(gauges->throttled_fd);
	close_if_open(gauges->stat_fd);
	close_if_open(gauges->vmstat_fd);
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
	close_if_open(gauges->throttled_fd);
	snprintf(gauges->cgroup, sizeof(gauges->cgroup), "%s", cgroup);
	gauges->pressure_fd = *cgroup ? open_at(cgroup, "cpu.pressure") : -1;
	gauges->throttled_fd = *cgroup ? open_at(cgroup, "cpu.stat") : -1;
}

static struct fast
read_fast(const struct tare_gauges *gauges)
{
	struct fast fast = {NAN, NAN};
	char text[TEXT_MAX];

	if (read_whole(text, sizeof(text), gauges->pressure_fd))
		fast.pressure_us = tare_text_number(text, "some ", " total=");
	if (read_whole(text, sizeof(text), gauges->throttled_fd))
		fast.throttled_us = tare_text_number(text, "throttled_usec ", NULL);
	return fast;
}

/* "cpu0 user nice system idle iowait irq softirq steal guest guest_nice"; guests are in user. */
static void
read_cpu_line(struct slow *slow, const char *line)
{
	unsigned cpu;
	unsigned long long t[8] = {0};

	if (sscanf(line, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &t[0], &t[1], &t[2],
		    &t[3], &t[4], &t[5], &t[6], &t[7]) < 8 ||
		cpu >= CPUS)
		return;
	slow->busy[cpu] = (double)(t[0] + t[1] + t[2] + t[5] + t[6]);
	slow->stolen[cpu] = (double)t[7];
}

static void
read_stat(struct tare_gauges *gauges, struct slow *slow)
{
	for (size_t i = 0; i < CPUS; i++)
		slow->busy[i] = slow->stolen[i] = NAN;
	if (!read_whole(gauges->text, STAT_MAX + 1, gauges->stat_fd))
		return;
	for (const char *line = gauges->text; strncmp(line, "cpu", 3) == 0;) {
		if (line[3] != ' ')
			read_cpu_line(slow, line);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
}

static void
read_slow(struct tare_gauges *gauges, struct slow *slow, uint64_t now_ns)
{
	slow->read_ns = now_ns;
	read_stat(gauges, slow);
	slow->swapped = slow->heat = NAN;
	if (read_whole(gauges->text, STAT_MAX + 1, gauges->vmstat_fd))
		slow->swapped = tare_text_number(gauges->text, "pswpin ", NULL) +
				tare_text_number(gauges->text, "pswpout ", NULL);
	for (size_t i = 0; i < gauges->heat_count; i++) {
		char text[64];

		if (!read_whole(text, sizeof(text), gauges->heat_fds[i]))
			continue;
		slow->heat =
			(isnan(slow->heat) ? 0 : slow->heat) + (double)strtoull(text, NULL, 10);
	}
}

void
tare_gauges_begin(struct tare_gauges *gauges, const char *cgroup, uint64_t now_ns)
{
	turn_to(gauges, cgroup);
	if (gauges->before.read_ns == 0 || now_ns - gauges->before.read_ns > TARE_GAUGES_KEEP_NS)
		read_slow(gauges, &gauges->before, now_ns);
	gauges->fast = read_fast(gauges);
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
fill_shares(struct tare_noise *noise, const struct tare_gauges *gauges,
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
	noise->readings[TARE_READING_FOREIGN_CPU] =
		share(busy * gauges->tick_ns - own_ns, window_ns * (double)count);
	noise->readings[TARE_READING_STEAL] =
		share((stolen - 1) * gauges->tick_ns, window_ns * (double)count);
}

/* Counters that went back, as a folder that was made anew has them, say nothing. */
static double
grown(double after, double before)
{
	return after >= before ? after - before : NAN;
}

void
tare_gauges_end(struct tare_noise *noise, struct tare_gauges *gauges, const struct tare_bits *cpus,
	double own_ns, uint64_t now_ns)
{
	struct fast fast = read_fast(gauges);

	noise->readings[TARE_READING_CPU_PRESSURE] =
		1e3 * grown(fast.pressure_us, gauges->fast.pressure_us);
	noise->readings[TARE_READING_THROTTLED] =
		1e3 * grown(fast.throttled_us, gauges->fast.throttled_us);
	if (now_ns - gauges->begin_ns < TARE_NOISE_SHARES_NS)
		return;
	read_slow(gauges, &gauges->after, now_ns);
	fill_shares(noise, gauges, cpus, own_ns);
	noise->readings[TARE_READING_SWAP] = grown(gauges->after.swapped, gauges->before.swapped);
	noise->readings[TARE_READING_OVERHEATED] = grown(gauges->after.heat, gauges->before.heat);
	gauges->before = gauges->after;
}
