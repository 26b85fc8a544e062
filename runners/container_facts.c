#include "runners/container_facts.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 8192 };

/* The same limit has one file in the unified hierarchy and another in the old ones. */
static const struct {
	const char *key;
	const char *unified;
	const char *old;
	const char *old_second; /* whose value stands behind that of old; NULL: none */
} limit_files[] = {
	{"memory", "memory.max", "memory/memory.limit_in_bytes", NULL},
	{"swap", "memory.swap.max", "memory/memory.memsw.limit_in_bytes", NULL},
	{"cpu_quota", "cpu.max", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"},
	{"cpu_weight", "cpu.weight", "cpu/cpu.shares", NULL},
	{"pids", "pids.max", "pids/pids.max", NULL},
};

static const struct {
	const char *key;
	const char *field;
} status_fields[] = {
	{"seccomp", "Seccomp:"},
	{"seccomp_filters", "Seccomp_filters:"},
	{"no_new_privs", "NoNewPrivs:"},
	{"capabilities", "CapEff:"},
	{"ssb", "Speculation_Store_Bypass:"},
	{"indirect_branch", "SpeculationIndirectBranch:"},
};

static bool
read_file(char text_out[TEXT_MAX], const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = fd < 0 ? -1 : read(fd, text_out, TEXT_MAX - 1);

	if (fd >= 0)
		close(fd);
	if (len < 0)
		return false;
	text_out[len] = '\0';
	return true;
}

static bool
read_proc(char text_out[TEXT_MAX], const char *root, pid_t pid, const char *file)
{
	char path[PATH_MAX], number[16] = "self";

	if (pid > 0)
		snprintf(number, sizeof(number), "%d", (int)pid);
	if ((size_t)snprintf(path, sizeof(path), "%s/proc/%s/%s", root, number, file) >=
		sizeof(path))
		return false;
	return read_file(text_out, path);
}

/* The rest of the line that begins with field, without blanks around it. */
static bool
field_of(char *value_out, size_t size, const char *text, const char *field)
{
	const char *at = text;
	int len;

	while (at && strncmp(at, field, strlen(field)) != 0) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return false;
	at += strlen(field);
	at += strspn(at, " \t");
	len = (int)strcspn(at, "\n");
	while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
		len--;
	snprintf(value_out, size, "%.*s", len, at);
	return true;
}

static void
emit(tare_fact_sink sink, void *context, const char *prefix, const char *key, const char *value)
{
	char name[128];

	snprintf(name, sizeof(name), "%s%s", prefix, key);
	sink(context, name, value);
}

void
tare_process_security(
	const char *proc_root, pid_t pid, const char *prefix, tare_fact_sink sink, void *context)
{
	char text[TEXT_MAX], value[256];

	if (!read_proc(text, proc_root, pid, "status"))
		return;
	for (size_t i = 0; i < sizeof(status_fields) / sizeof(status_fields[0]); i++) {
		if (field_of(value, sizeof(value), text, status_fields[i].field))
			emit(sink, context, prefix, status_fields[i].key, value);
	}
}

static bool
read_cgroup(char text_out[TEXT_MAX], const char *root, pid_t pid, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "root/sys/fs/cgroup/%s", file);
	return read_proc(text_out, root, pid, path);
}

static bool
read_limit(char text_out[TEXT_MAX], const char *root, pid_t pid, size_t index)
{
	const char *second = limit_files[index].old_second;
	char more[TEXT_MAX];
	size_t len;

	if (!read_cgroup(text_out, root, pid, limit_files[index].unified)) {
		if (!read_cgroup(text_out, root, pid, limit_files[index].old))
			return false;
	} else {
		second = NULL;
	}
	len = strcspn(text_out, "\n");
	text_out[len] = '\0';
	if (second && read_cgroup(more, root, pid, second))
		snprintf(text_out + len, TEXT_MAX - len, " %.*s", (int)strcspn(more, "\n"), more);
	return true;
}

void
tare_container_limits(
	const char *proc_root, pid_t pid, const char *prefix, tare_fact_sink sink, void *context)
{
	char text[TEXT_MAX], value[256];
	unsigned long long soft;
	const char *at;

	for (size_t i = 0; i < sizeof(limit_files) / sizeof(limit_files[0]); i++) {
		if (!read_limit(text, proc_root, pid, i))
			continue;
		emit(sink, context, prefix, limit_files[i].key, text);
	}
	if (read_proc(text, proc_root, pid, "status") &&
		field_of(value, sizeof(value), text, "Cpus_allowed_list:"))
		emit(sink, context, prefix, "cpus", value);
	at = read_proc(text, proc_root, pid, "limits") ? strstr(text, "Max open files") : NULL;
	if (at && sscanf(at + strlen("Max open files"), "%llu", &soft) == 1) {
		snprintf(value, sizeof(value), "%llu", soft);
		emit(sink, context, prefix, "nofile", value);
	}
	tare_process_security(proc_root, pid, prefix, sink, context);
}

bool
tare_container_oom_kills(uint64_t *count_out, const char *proc_root, pid_t pid)
{
	char text[TEXT_MAX], value[64];

	if (!read_cgroup(text, proc_root, pid, "memory.events") &&
		!read_cgroup(text, proc_root, pid, "memory/memory.oom_control"))
		return false;
	if (!field_of(value, sizeof(value), text, "oom_kill "))
		return false;
	*count_out = strtoull(value, NULL, 10);
	return true;
}
