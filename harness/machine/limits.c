#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/machine/facts.h"

/* The rest of the line "N:controllers:PATH" or "0::PATH" of /proc/self/cgroup; NULL where none. */
static const char *
group_of(const struct tare_reader *reader, const char *own, const char *controller)
{
	for (const char *line = own; line && *line;) {
		const char *end = strchrnul(line, '\n');
		const char *names = memchr(line, ':', (size_t)(end - line));
		const char *path = names ? memchr(names + 1, ':', (size_t)(end - names - 1)) : NULL;

		if (path) {
			const char *list = tare_arena_printf(
				reader->arena, ",%.*s,", (int)(path - names - 1), names + 1);
			const char *wanted = tare_arena_printf(reader->arena, ",%s,", controller);

			if (strstr(list, wanted))
				return tare_arena_strndup(
					reader->arena, path + 1, (size_t)(end - path - 1));
		}
		line = *end ? end + 1 : NULL;
	}
	return NULL;
}

static const char *
layout(const char *own)
{
	bool v2 = own && (strncmp(own, "0::", 3) == 0 || strstr(own, "\n0::"));
	bool v1 = false;

	for (const char *line = own; line && *line;) {
		v1 |= *line >= '1' && *line <= '9';
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (v1 && v2)
		return "hybrid";
	return v1 ? "v1" : v2 ? "v2" : "none";
}

/* From a group to the one above it, by cutting its path; false behind the root, which is "". What
 * is above is to be seen at least in part: inside a container the group's own path may be, or be
 * the root. */
static bool
go_up(char *group)
{
	char *slash = strrchr(group, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static char *
lowest_group(const struct tare_reader *reader, const char *group)
{
	return tare_arena_strdup(reader->arena, strcmp(group, "/") == 0 ? "" : group);
}

/* The smallest number of a file in the group and those above it; NULL where none has one. */
static const char *
smallest(const struct tare_reader *reader, const char *tree, const char *group, const char *file)
{
	char *level = lowest_group(reader, group);
	const char *best = NULL;

	do {
		const char *text =
			tare_read_linef(reader, "/sys/fs/cgroup%s%s/%s", tree, level, file);

		if (text && text[0] >= '0' && text[0] <= '9' &&
			(!best || strtod(text, NULL) < strtod(best, NULL)))
			best = text;
	} while (go_up(level));
	return best;
}

/* v1 has a number for "none" that depends on the page size; v2 says max. */
static const char *
memory_limit(const struct tare_reader *reader, const char *own)
{
	const char *v1 = group_of(reader, own, "memory");
	const char *v2 = group_of(reader, own, "");
	const char *limit = v1   ? smallest(reader, "/memory", v1, "memory.limit_in_bytes")
			    : v2 ? smallest(reader, "", v2, "memory.max")
				 : NULL;

	return limit && strtoull(limit, NULL, 10) < 1ull << 60 ? limit : "none";
}

/* Of one group, in CPUs; 0 where it has none. v1 has -1 for that, v2 "max 100000". */
static double
quota_of_group(const struct tare_reader *reader, bool is_v1, const char *group)
{
	const char *text, *other;
	double quota = 0.0, period = 0.0;

	if (is_v1) {
		text = tare_read_linef(reader, "/sys/fs/cgroup/cpu%s/cpu.cfs_quota_us", group);
		other = tare_read_linef(reader, "/sys/fs/cgroup/cpu%s/cpu.cfs_period_us", group);
		quota = text ? strtod(text, NULL) : 0.0;
		period = other ? strtod(other, NULL) : 0.0;
	} else {
		text = tare_read_linef(reader, "/sys/fs/cgroup%s/cpu.max", group);
		if (!text || sscanf(text, "%lf %lf", &quota, &period) != 2)
			return 0.0;
	}
	return quota > 0.0 && period > 0.0 ? quota / period : 0.0;
}

/* The tightest quota of the group and those above it. */
static const char *
cpu_limit(const struct tare_reader *reader, const char *own)
{
	const char *v1 = group_of(reader, own, "cpu");
	const char *group = v1 ? v1 : group_of(reader, own, "");
	double best = 0.0;
	char *level;

	if (!group)
		return "none";
	level = lowest_group(reader, group);
	do {
		double cpus = quota_of_group(reader, v1 != NULL, level);

		if (cpus > 0.0 && (best == 0.0 || cpus < best))
			best = cpus;
	} while (go_up(level));
	return best > 0.0 ? tare_arena_printf(reader->arena, "%.3g", best) : "none";
}

static const char *
pids_limit(const struct tare_reader *reader, const char *own)
{
	const char *v1 = group_of(reader, own, "pids");
	const char *v2 = group_of(reader, own, "");
	const char *limit = v1   ? smallest(reader, "/pids", v1, "pids.max")
			    : v2 ? smallest(reader, "", v2, "pids.max")
				 : NULL;

	return limit ? limit : "none";
}

/* Only hints; a container that hides is not found. */
static const char *
container_kind(const struct tare_reader *reader, const char *own)
{
	if (tare_read_text(reader, "/.dockerenv"))
		return "docker";
	if (tare_read_text(reader, "/run/.containerenv"))
		return "podman";
	if (own && strstr(own, "kubepods"))
		return "kubernetes";
	if (own && strstr(own, "/lxc"))
		return "lxc";
	return own && strstr(own, "docker") ? "docker" : "none";
}

/* What of this process's state makes programs slower than elsewhere. */
static void
add_status(const struct tare_reader *reader)
{
	const char *status = tare_read_text(reader, "/proc/self/status");

	tare_fact_add_known(
		reader, "process.seccomp", tare_read_field(reader, status, "Seccomp", ':'), true);
	tare_fact_add_known(reader, "process.speculation_store_bypass",
		tare_read_field(reader, status, "Speculation_Store_Bypass", ':'), true);
}

void
tare_facts_limits(const struct tare_reader *reader, const struct tare_machine_identity *identity)
{
	const char *type = tare_read_line(reader, "/sys/hypervisor/type");
	const char *own = tare_read_text(reader, "/proc/self/cgroup");

	tare_fact_add(reader, "cgroup.layout", layout(own), false);
	tare_fact_add(reader, "cgroup.memory_limit_bytes", memory_limit(reader, own), true);
	tare_fact_add(reader, "cgroup.cpu_limit", cpu_limit(reader, own), true);
	tare_fact_add(reader, "cgroup.pids_limit", pids_limit(reader, own), false);
	add_status(reader);
	tare_fact_add(reader, "container", container_kind(reader, own), true);
	tare_fact_add_known(reader, "machine.hypervisor", type ? type : identity->hypervisor, true);
}
