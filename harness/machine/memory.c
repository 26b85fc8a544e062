#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/machine/facts.h"

/* Rounded to 256 MiB: the kernel's own share differs from boot to boot. */
static const char *
rounded(const struct tare_reader *reader, const char *kib_text)
{
	uint64_t kib;

	if (!kib_text)
		return NULL;
	kib = strtoull(kib_text, NULL, 10);
	return tare_arena_printf(reader->arena, "%" PRIu64, ((kib + (128u << 10)) >> 18) << 28);
}

/* "0: 16106127360, 1: 16106127360" */
static void
add_nodes(const struct tare_reader *reader)
{
	struct tare_bits online = tare_read_list(reader, "/sys/devices/system/node/online");
	const char *nodes = NULL;

	for (unsigned node = 0; node < TARE_BITS_MAX; node++) {
		const char *text, *bytes;

		if (!tare_bits_has(&online, node))
			continue;
		text = tare_read_text(
			reader, tare_arena_printf(reader->arena,
					"/sys/devices/system/node/node%u/meminfo", node));
		bytes = rounded(reader,
			tare_read_field(reader, text,
				tare_arena_printf(reader->arena, "Node %u MemTotal", node), ':'));
		nodes = tare_arena_printf(reader->arena, "%s%s%u: %s", nodes ? nodes : "",
			nodes ? ", " : "", node, bytes ? bytes : "unknown");
	}
	tare_fact_add_known(reader, "memory.nodes", nodes, true);
}

void
tare_facts_memory(const struct tare_reader *reader)
{
	const char *meminfo = tare_read_text(reader, "/proc/meminfo");
	const char *swap = tare_read_field(reader, meminfo, "SwapTotal", ':');
	const char *huge = tare_read_field(reader, meminfo, "HugePages_Total", ':');

	tare_fact_add(reader, "memory.bytes",
		rounded(reader, tare_read_field(reader, meminfo, "MemTotal", ':')), true);
	add_nodes(reader);
	tare_fact_add(reader, "memory.swap",
		!swap                          ? NULL
		: strtoull(swap, NULL, 10) > 0 ? "on"
					       : "off",
		false);
	tare_fact_add_known(reader, "memory.swappiness",
		tare_read_line(reader, "/proc/sys/vm/swappiness"), false);
	tare_fact_add_known(reader, "memory.thp",
		tare_read_choice(reader, "/sys/kernel/mm/transparent_hugepage/enabled"), true);
	tare_fact_add_known(reader, "memory.thp_defrag",
		tare_read_choice(reader, "/sys/kernel/mm/transparent_hugepage/defrag"), true);
	if (huge && strcmp(huge, "0") != 0)
		tare_fact_add(reader, "memory.huge_pages", huge, true);
	tare_fact_add_known(
		reader, "memory.ksm", tare_read_line(reader, "/sys/kernel/mm/ksm/run"), false);
	tare_fact_add_known(reader, "memory.numa_balancing",
		tare_read_line(reader, "/proc/sys/kernel/numa_balancing"), true);
}
