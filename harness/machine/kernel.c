#include <string.h>

#include "harness/machine/facts.h"
#include "harness/machine/scrub.h"

/* In older kernels the whole of it is in the first line of /proc/version. */
static void
add_build(const struct tare_reader *reader)
{
	tare_fact_add_known(
		reader, "kernel.build", tare_read_line(reader, "/proc/sys/kernel/version"), false);
}

static void
add_command_line(const struct tare_reader *reader)
{
	const char *line = tare_read_text(reader, "/proc/cmdline");

	if (line)
		tare_fact_add(reader, "kernel.command_line",
			tare_scrub_command_line(reader->arena, line), false);
}

void
tare_facts_kernel(const struct tare_reader *reader, const struct tare_machine_identity *identity)
{
	static const struct {
		const char *key;
		const char *path;
		bool matters;
	} knobs[] = {
		{"kernel.isolated_cpus", "/sys/devices/system/cpu/isolated", true},
		{"kernel.nohz_full", "/sys/devices/system/cpu/nohz_full", true},
		{"kernel.watchdog", "/proc/sys/kernel/nmi_watchdog", false},
		{"kernel.autogroup", "/proc/sys/kernel/sched_autogroup_enabled", false},
		{"kernel.perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid", false},
		{"kernel.perf_sample_rate", "/proc/sys/kernel/perf_event_max_sample_rate", false},
	};
	const char *release = tare_read_text(reader, "/etc/os-release");

	tare_fact_add(reader, "kernel.release", identity->kernel, true);
	add_build(reader);
	tare_fact_add(reader, "machine.arch", identity->machine, true);
	tare_fact_add(
		reader, "os.name", tare_read_field(reader, release, "PRETTY_NAME", '='), false);
	tare_fact_add(reader, "os.libc", identity->libc, true);
	tare_fact_add(reader, "kernel.aslr",
		tare_read_line(reader, "/proc/sys/kernel/randomize_va_space"), true);
	tare_fact_add(reader, "kernel.clocksource",
		tare_read_line(
			reader, "/sys/devices/system/clocksource/clocksource0/current_clocksource"),
		true);
	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++)
		tare_fact_add_known(reader, knobs[i].key, tare_read_line(reader, knobs[i].path),
			knobs[i].matters);
	add_command_line(reader);
}
