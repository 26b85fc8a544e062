#include "harness/machine/describe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "harness/base/file.h"
#include "harness/base/text.h"

enum { MACHINE_FILE_MAX = 4 << 20 };

static const char unknown[] = "unknown";

struct reader {
	struct tare_arena *arena;
	const char *root;
	struct tare_environment *environment;
};

void
tare_machine_identify(struct tare_machine_identity *identity_out, struct tare_arena *arena)
{
	struct utsname name;

	memset(identity_out, 0, sizeof(*identity_out));
	identity_out->kernel = unknown;
	identity_out->machine = unknown;
	if (uname(&name) == 0) {
		identity_out->kernel = tare_arena_strdup(arena, name.release);
		identity_out->machine = tare_arena_strdup(arena, name.machine);
	}
	if (sched_getaffinity(0, sizeof(identity_out->allowed), &identity_out->allowed) != 0)
		CPU_ZERO(&identity_out->allowed);
}

/* The file's text, or NULL. */
static char *
read_text(const struct reader *reader, const char *path)
{
	char *full = tare_arena_printf(reader->arena, "%s%s", reader->root, path);
	char *text;

	if (tare_file_read(reader->arena, &text, NULL, full, MACHINE_FILE_MAX, NULL) != TARE_OK)
		return NULL;
	return text;
}

/* The first line without the blanks around it, or NULL. */
static const char *
read_line(const struct reader *reader, const char *path)
{
	char *text = read_text(reader, path);

	if (!text)
		return NULL;
	text += strspn(text, " \t");
	text[strcspn(text, "\n")] = '\0';
	for (size_t len = strlen(text); len > 0 && strchr(" \t\r", text[len - 1]); len--)
		text[len - 1] = '\0';
	return *text ? tare_text_safe(reader->arena, text) : NULL;
}

/* The value of the first line "key<separator>value", or NULL. */
static const char *
find_field(const struct reader *reader, const char *text, const char *key, char separator)
{
	size_t key_len = strlen(key);

	for (const char *line = text; line && *line;) {
		const char *end = strchrnul(line, '\n');

		if (strncmp(line, key, key_len) == 0) {
			const char *value = line + key_len + strspn(line + key_len, " \t");

			if (*value == separator) {
				value += 1 + strspn(value + 1, " \t\"");
				while (end > value && strchr(" \t\r\"", end[-1]))
					end--;
				return tare_arena_strndup(
					reader->arena, value, (size_t)(end - value));
			}
		}
		line = *end ? end + 1 : NULL;
	}
	return NULL;
}

static void
add(const struct reader *reader, const char *key, const char *value, bool matters)
{
	tare_environment_add(
		reader->environment, reader->arena, key, value ? value : unknown, matters);
}

/* Knobs that many machines lack are recorded only where they are. */
static void
add_if_there(const struct reader *reader, const char *key, const char *value, bool matters)
{
	if (value)
		tare_environment_add(reader->environment, reader->arena, key, value, matters);
}

/* The choice in brackets of "always [madvise] never". */
static const char *
bracketed(const struct reader *reader, const char *line)
{
	const char *open = line ? strchr(line, '[') : NULL;
	const char *close = open ? strchr(open, ']') : NULL;

	return close ? tare_arena_strndup(reader->arena, open + 1, (size_t)(close - open - 1))
		     : line;
}

static const char *
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at && (at = strstr(at, word)) != NULL; at += len) {
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return at;
	}
	return NULL;
}

static void
describe_cpu(const struct reader *reader, const struct tare_machine_identity *identity)
{
	const char *cpuinfo = read_text(reader, "/proc/cpuinfo");
	const char *model = find_field(reader, cpuinfo, "model name", ':');
	const char *flags = find_field(reader, cpuinfo, "flags", ':');

	add(reader, "cpu.model", model ? model : find_field(reader, cpuinfo, "Processor", ':'),
		true);
	add_if_there(reader, "cpu.microcode", find_field(reader, cpuinfo, "microcode", ':'), true);
	add(reader, "cpu.online", read_line(reader, "/sys/devices/system/cpu/online"), false);
	add(reader, "cpu.allowed",
		tare_arena_printf(reader->arena, "%d", CPU_COUNT(&identity->allowed)), true);
	add_if_there(
		reader, "cpu.smt", read_line(reader, "/sys/devices/system/cpu/smt/active"), true);
	add_if_there(reader, "cpu.governor",
		read_line(reader, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"), true);
	add_if_there(reader, "cpu.boost",
		read_line(reader, "/sys/devices/system/cpu/cpufreq/boost"), true);
	add_if_there(reader, "cpu.no_turbo",
		read_line(reader, "/sys/devices/system/cpu/intel_pstate/no_turbo"), true);
	add(reader, "machine.virtual", has_word(flags, "hypervisor") ? "yes" : "no", true);
	add_if_there(reader, "machine.product", read_line(reader, "/sys/class/dmi/id/product_name"),
		true);
}

static void
describe_memory(const struct reader *reader)
{
	const char *meminfo = read_text(reader, "/proc/meminfo");
	const char *total = find_field(reader, meminfo, "MemTotal", ':');
	const char *swap = find_field(reader, meminfo, "SwapTotal", ':');

	/* Rounded to 256 MiB: the kernel's own reservation differs from boot to boot. */
	if (total) {
		uint64_t kib = strtoull(total, NULL, 10);
		uint64_t rounded = (kib + (128 << 10)) >> 18 << 28;

		total = tare_arena_printf(reader->arena, "%llu", (unsigned long long)rounded);
	}
	add(reader, "memory.bytes", total, true);
	add(reader, "memory.swap",
		!swap                          ? NULL
		: strtoull(swap, NULL, 10) > 0 ? "on"
					       : "off",
		false);
	add_if_there(reader, "memory.thp",
		bracketed(reader, read_line(reader, "/sys/kernel/mm/transparent_hugepage/enabled")),
		true);
}

static void
describe_kernel(const struct reader *reader, const struct tare_machine_identity *identity)
{
	const char *release = read_text(reader, "/etc/os-release");

	add(reader, "kernel.release", identity->kernel, true);
	add(reader, "machine.arch", identity->machine, true);
	add(reader, "os.name", find_field(reader, release, "PRETTY_NAME", '='), false);
	add(reader, "kernel.aslr", read_line(reader, "/proc/sys/kernel/randomize_va_space"), true);
	add(reader, "kernel.clocksource",
		read_line(
			reader, "/sys/devices/system/clocksource/clocksource0/current_clocksource"),
		true);
	add_if_there(reader, "kernel.isolated_cpus",
		read_line(reader, "/sys/devices/system/cpu/isolated"), true);
}

static const char *
cgroup_layout(const struct reader *reader)
{
	const char *own = read_text(reader, "/proc/self/cgroup");
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

/* Only hints; a container that hides is not found. */
static const char *
container_kind(const struct reader *reader)
{
	const char *own;

	if (read_text(reader, "/.dockerenv"))
		return "docker";
	if (read_text(reader, "/run/.containerenv"))
		return "podman";
	own = read_text(reader, "/proc/self/cgroup");
	if (own && strstr(own, "kubepods"))
		return "kubernetes";
	return own && strstr(own, "docker") ? "docker" : "none";
}

static void
describe_load(const struct reader *reader)
{
	const char *load = read_line(reader, "/proc/loadavg");

	if (load)
		load = tare_arena_strndup(reader->arena, load, strcspn(load, " "));
	add(reader, "load.1min", load, false);
}

void
tare_machine_describe(struct tare_environment *environment_out, struct tare_arena *arena,
	const char *root, const struct tare_machine_identity *identity)
{
	const struct reader reader = {arena, root, environment_out};

	memset(environment_out, 0, sizeof(*environment_out));
	describe_cpu(&reader, identity);
	describe_memory(&reader);
	describe_kernel(&reader, identity);
	add(&reader, "cgroup.layout", cgroup_layout(&reader), false);
	add(&reader, "container", container_kind(&reader), true);
	describe_load(&reader);
	tare_environment_fingerprint(environment_out);
}
