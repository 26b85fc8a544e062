#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/machine/facts.h"

enum { CACHES_MAX = 16, PLACES_MAX = TARE_BITS_MAX };

static const char cpus_path[] = "/sys/devices/system/cpu";

/* One value where all CPUs have the same, else all there are: "powersave, performance". */
static const char *
of_all_cpus(const struct tare_reader *reader, const struct tare_bits *online, const char *file)
{
	const char *seen = NULL;

	for (unsigned cpu = 0; cpu < TARE_BITS_MAX; cpu++) {
		const char *value;

		if (!tare_bits_has(online, cpu))
			continue;
		value = tare_read_linef(reader, "%s/cpu%u/%s", cpus_path, cpu, file);
		if (value && seen && !tare_text_has_word(seen, value))
			seen = tare_arena_printf(reader->arena, "%s, %s", seen, value);
		else if (value && !seen)
			seen = value;
	}
	return seen;
}

static const char *
in_hz(const struct tare_reader *reader, const char *khz)
{
	if (!khz || strchr(khz, ','))
		return khz ? tare_arena_printf(reader->arena, "%s kHz", khz) : NULL;
	return tare_arena_printf(reader->arena, "%llu", strtoull(khz, NULL, 10) * 1000ull);
}

static void
add_frequency(const struct tare_reader *reader, const struct tare_bits *online)
{
	const char *driver = of_all_cpus(reader, online, "cpufreq/scaling_driver");

	/* Said, so that nobody looks for the governor of a virtual machine. */
	tare_fact_add(reader, "cpu.frequency_driver", driver ? driver : "none", driver != NULL);
	tare_fact_add_known(reader, "cpu.governor",
		of_all_cpus(reader, online, "cpufreq/scaling_governor"), true);
	tare_fact_add_known(reader, "cpu.energy_preference",
		of_all_cpus(reader, online, "cpufreq/energy_performance_preference"), true);
	tare_fact_add_known(reader, "cpu.frequency_min_hz",
		in_hz(reader, of_all_cpus(reader, online, "cpufreq/scaling_min_freq")), true);
	tare_fact_add_known(reader, "cpu.frequency_max_hz",
		in_hz(reader, of_all_cpus(reader, online, "cpufreq/scaling_max_freq")), true);
	tare_fact_add_known(reader, "cpu.boost",
		tare_read_line(reader, "/sys/devices/system/cpu/cpufreq/boost"), true);
	tare_fact_add_known(reader, "cpu.no_turbo",
		tare_read_line(reader, "/sys/devices/system/cpu/intel_pstate/no_turbo"), true);
}

/* "L1d 32K, L1i 32K, L2 256K, L3 8192K": those of the first CPU. */
static void
add_caches(const struct tare_reader *reader, unsigned cpu)
{
	const char *caches = NULL;

	for (int i = 0; i < CACHES_MAX; i++) {
		const char *level =
			tare_read_linef(reader, "%s/cpu%u/cache/index%d/level", cpus_path, cpu, i);
		const char *type =
			tare_read_linef(reader, "%s/cpu%u/cache/index%d/type", cpus_path, cpu, i);
		const char *size =
			tare_read_linef(reader, "%s/cpu%u/cache/index%d/size", cpus_path, cpu, i);

		if (!level || !type || !size)
			break;
		caches = tare_arena_printf(reader->arena, "%s%sL%s%s %s", caches ? caches : "",
			caches ? ", " : "", level,
			strcmp(type, "Data") == 0          ? "d"
			: strcmp(type, "Instruction") == 0 ? "i"
							   : "",
			size);
	}
	tare_fact_add_known(reader, "cpu.caches", caches, true);
}

struct place {
	long package;
	long core;
};

static bool
is_new_place(const struct place *places, size_t count, const struct place *one, bool core)
{
	for (size_t i = 0; i < count; i++) {
		if (places[i].package == one->package && (!core || places[i].core == one->core))
			return false;
	}
	return true;
}

/* "1 package, 4 cores, 8 CPUs"; tare topology has all of it. */
static void
add_topology(const struct tare_reader *reader, const struct tare_bits *online)
{
	struct place *places = tare_arena_alloc(reader->arena, PLACES_MAX, sizeof(*places));
	size_t count = 0, cores = 0, packages = 0;

	for (unsigned cpu = 0; cpu < TARE_BITS_MAX; cpu++) {
		const char *package, *core;
		struct place one;

		if (!tare_bits_has(online, cpu))
			continue;
		package = tare_read_linef(
			reader, "%s/cpu%u/topology/physical_package_id", cpus_path, cpu);
		core = tare_read_linef(reader, "%s/cpu%u/topology/core_id", cpus_path, cpu);
		if (!package || !core)
			return;
		one = (struct place){strtol(package, NULL, 10), strtol(core, NULL, 10)};
		packages += is_new_place(places, count, &one, false);
		cores += is_new_place(places, count, &one, true);
		places[count++] = one;
	}
	if (count > 0)
		tare_fact_add(reader, "cpu.topology",
			tare_arena_printf(reader->arena, "%zu package%s, %zu core%s, %zu CPU%s",
				packages, packages == 1 ? "" : "s", cores, cores == 1 ? "" : "s",
				count, count == 1 ? "" : "s"),
			true);
}

static void
add_mitigations(const struct tare_reader *reader)
{
	static const char folder[] = "/sys/devices/system/cpu/vulnerabilities";
	const char **names;
	size_t count = tare_read_folder(reader, folder, &names);

	for (size_t i = 0; i < count; i++)
		tare_fact_add_known(reader,
			tare_arena_printf(reader->arena, "cpu.mitigation.%s", names[i]),
			tare_read_linef(reader, "%s/%s", folder, names[i]), true);
}

void
tare_facts_cpu(const struct tare_reader *reader, const struct tare_machine_identity *identity)
{
	const char *cpuinfo = tare_read_text(reader, "/proc/cpuinfo");
	const char *model = tare_read_field(reader, cpuinfo, "model name", ':');
	struct tare_bits online = tare_read_list(reader, "/sys/devices/system/cpu/online");

	tare_fact_add(reader, "cpu.model",
		model ? model : tare_read_field(reader, cpuinfo, "Processor", ':'), true);
	tare_fact_add_known(
		reader, "cpu.microcode", tare_read_field(reader, cpuinfo, "microcode", ':'), true);
	tare_fact_add(reader, "cpu.online",
		tare_read_line(reader, "/sys/devices/system/cpu/online"), false);
	tare_fact_add_known(reader, "cpu.offline",
		tare_read_line(reader, "/sys/devices/system/cpu/offline"), false);
	tare_fact_add(reader, "cpu.allowed",
		tare_arena_printf(reader->arena, "%d", CPU_COUNT(&identity->allowed)), true);
	add_topology(reader, &online);
	add_caches(reader, 0);
	tare_fact_add_known(reader, "cpu.smt",
		tare_read_line(reader, "/sys/devices/system/cpu/smt/active"), true);
	add_frequency(reader, &online);
	add_mitigations(reader);
	tare_fact_add(reader, "machine.virtual",
		tare_text_has_word(tare_read_field(reader, cpuinfo, "flags", ':'), "hypervisor")
			? "yes"
			: "no",
		true);
	tare_fact_add_known(reader, "machine.product",
		tare_read_line(reader, "/sys/class/dmi/id/product_name"), true);
	tare_fact_add_known(reader, "machine.vendor",
		tare_read_line(reader, "/sys/class/dmi/id/sys_vendor"), false);
}
