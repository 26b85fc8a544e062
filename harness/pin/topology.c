#include "harness/pin/topology.h"

#include <errno.h>
#include <hwloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/text.h"
#include "harness/pin/affinity.h"

enum {
	LIST_FILE_MAX = 1 << 16,
	XML_MAX = 16 << 20,
	/* More than TARE_BITS_MAX, since CPUs past it are left out of what is real: hwloc takes
	 * seconds for so many, and the square of that beyond. */
	XML_PUS_MAX = 4 * TARE_BITS_MAX,
};

/* How many CPUs a synthetic description comes to, which hwloc would build one by one: the product
 * of its levels' numbers, read as hwloc reads them; limit + 1 for all beyond limit. What it cannot
 * read is hwloc's to refuse. */
static size_t
count_described(const char *text, size_t limit)
{
	size_t count = 1;

	while (*text) {
		size_t aside = *text == '(' ? strcspn(text, ")") : 0;
		unsigned long number;
		char *end;

		aside = *text == '[' ? strcspn(text, "]") : aside;
		if (aside > 0 || strchr(" \n)]", *text)) {
			text += aside > 0 ? aside : 1;
			continue;
		}
		if (*text < '0' || *text > '9')
			text += strcspn(text, ":");
		text += *text == ':';
		number = strtoul(text, &end, 0);
		if (end == text || number == 0)
			return 0;
		if (number > limit / count)
			return limit + 1;
		count *= number;
		text = end;
	}
	return count;
}

static size_t
count_pus(const char *xml)
{
	static const char pu[] = "type=\"PU\"";
	size_t count = 0;

	while ((xml = strstr(xml, pu)) != NULL) {
		xml += sizeof(pu) - 1;
		count++;
	}
	return count;
}

/* hwloc's time grows with the square of the CPUs, and it reads a file of any length. */
static enum tare_status
check_size(char **xml_out, size_t *len_out, struct tare_arena *arena,
	const struct tare_topology_source *source, struct tare_err *err)
{
	size_t limit = source->xml_path ? XML_PUS_MAX : TARE_BITS_MAX;
	size_t count = 0;
	enum tare_status status = TARE_OK;

	if (source->xml_path)
		status = tare_file_read(arena, xml_out, len_out, source->xml_path, XML_MAX, err);
	if (status != TARE_OK)
		return status;
	if (source->xml_path)
		count = count_pus(*xml_out);
	else if (source->synthetic)
		count = count_described(source->synthetic, limit);
	if (count > limit)
		return tare_err_set(err, TARE_INVALID,
			"the machine '%.256s' has more than %zu CPUs; expected at most so many",
			source->xml_path ? source->xml_path : source->synthetic, limit);
	return TARE_OK;
}

static bool
set_source(hwloc_topology_t hwloc, const struct tare_topology_source *source, const char *xml,
	size_t xml_len)
{
	if (source->xml_path)
		return hwloc_topology_set_xmlbuffer(hwloc, xml, (int)xml_len + 1) == 0;
	if (source->synthetic)
		return hwloc_topology_set_synthetic(hwloc, source->synthetic) == 0;
	return true;
}

static enum tare_status
load(hwloc_topology_t *hwloc_out, struct tare_arena *arena,
	const struct tare_topology_source *source, struct tare_err *err)
{
	hwloc_topology_t hwloc;
	bool is_own = !source->xml_path && !source->synthetic;
	bool loaded;
	char *xml = NULL;
	size_t xml_len = 0;
	enum tare_status status = check_size(&xml, &xml_len, arena, source, err);

	if (status != TARE_OK)
		return status;
	if (hwloc_topology_init(&hwloc) != 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot start hwloc");
	/* With those that a cpuset forbids, so that asking for one can be told why not. */
	hwloc_topology_set_flags(hwloc, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
	loaded = set_source(hwloc, source, xml, xml_len) && hwloc_topology_load(hwloc) == 0;
	if (loaded && (!is_own || hwloc_topology_is_thissystem(hwloc))) {
		*hwloc_out = hwloc;
		return TARE_OK;
	}
	hwloc_topology_destroy(hwloc);
	if (loaded)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"hwloc describes another machine than this; unset HWLOC_XMLFILE, "
			"HWLOC_SYNTHETIC, HWLOC_FSROOT and HWLOC_COMPONENTS");
	if (is_own)
		return tare_err_errno(
			err, TARE_OUTSIDE, "hwloc cannot read the machine's topology");
	return tare_err_set(err, TARE_INVALID, "hwloc cannot read the machine '%s'",
		source->xml_path ? source->xml_path : source->synthetic);
}

static void
take_bits(struct tare_bits *bits_out, hwloc_const_bitmap_t bitmap)
{
	int number = -1;

	while (bitmap && (number = hwloc_bitmap_next(bitmap, number)) >= 0 &&
		number < TARE_BITS_MAX)
		tare_bits_add(bits_out, (unsigned)number);
}

/* Several nodes may be near the same CPUs (fast memory beside large): the first is theirs. */
static void
take_nodes(struct tare_topology *topology, struct tare_arena *arena, hwloc_topology_t hwloc)
{
	hwloc_const_bitmap_t allowed = hwloc_topology_get_allowed_nodeset(hwloc);
	int count = hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_NUMANODE);
	struct tare_bits taken = {0};

	topology->nodes =
		tare_arena_alloc(arena, count > 0 ? (size_t)count : 0, sizeof(*topology->nodes));
	for (int i = 0; i < count; i++) {
		hwloc_obj_t object = hwloc_get_obj_by_type(hwloc, HWLOC_OBJ_NUMANODE, (unsigned)i);
		struct tare_numa_node *node = &topology->nodes[topology->node_count];
		struct tare_bits cpus = {0};

		if (!object || object->os_index >= TARE_BITS_MAX)
			continue;
		node->node = object->os_index;
		node->memory_bytes = object->attr->numanode.local_memory;
		node->allowed = hwloc_bitmap_isset(allowed, object->os_index);
		take_bits(&cpus, object->cpuset);
		for (size_t k = 0; k < TARE_BITS_WORDS; k++) {
			node->cpus.words[k] = cpus.words[k] & ~taken.words[k];
			taken.words[k] |= cpus.words[k];
		}
		topology->node_count++;
	}
}

static unsigned
node_of(const struct tare_topology *topology, unsigned cpu)
{
	for (size_t i = 0; i < topology->node_count; i++) {
		if (tare_bits_has(&topology->nodes[i].cpus, cpu))
			return topology->nodes[i].node;
	}
	return 0;
}

/* hwloc orders kinds from the least to the most powerful where it can tell. */
static const char *
kind_name(struct tare_arena *arena, unsigned info_count, struct hwloc_info_s *infos, size_t kind)
{
	for (unsigned i = 0; i < info_count; i++) {
		if (strcmp(infos[i].name, "CoreType") == 0)
			return tare_text_safe(arena, infos[i].value);
	}
	return tare_arena_printf(arena, "kind %zu", kind);
}

static void
take_kinds(struct tare_topology *topology, struct tare_arena *arena, hwloc_topology_t hwloc)
{
	int count = hwloc_cpukinds_get_nr(hwloc, 0);

	topology->kind_count = count > 0 ? (size_t)count : 1;
	topology->kinds = tare_arena_alloc(arena, topology->kind_count, sizeof(*topology->kinds));
	for (size_t i = 0; i < topology->kind_count; i++) {
		struct hwloc_info_s *infos = NULL;
		unsigned info_count = 0;

		if (count > 0)
			hwloc_cpukinds_get_info(
				hwloc, (unsigned)i, NULL, NULL, &info_count, &infos, 0);
		topology->kinds[i] = kind_name(arena, info_count, infos, i);
	}
}

static size_t
kind_of(hwloc_topology_t hwloc, hwloc_const_cpuset_t cpus)
{
	int kind = hwloc_cpukinds_get_by_cpuset(hwloc, cpus, 0);

	return kind > 0 ? (size_t)kind : 0;
}

static void
take_caches(struct tare_topology *topology, struct tare_arena *arena, hwloc_topology_t hwloc)
{
	int count = hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_L3CACHE);

	topology->l3_count = count > 0 ? (size_t)count : 0;
	topology->l3_bytes =
		tare_arena_alloc(arena, topology->l3_count, sizeof(*topology->l3_bytes));
	for (size_t i = 0; i < topology->l3_count; i++)
		topology->l3_bytes[i] = hwloc_get_obj_by_type(hwloc, HWLOC_OBJ_L3CACHE, (unsigned)i)
						->attr->cache.size;
}

static size_t
position(hwloc_topology_t hwloc, hwloc_obj_t pu, hwloc_obj_type_t type, size_t otherwise)
{
	hwloc_obj_t above = hwloc_get_ancestor_obj_by_type(hwloc, type, pu);

	return above ? above->logical_index : otherwise;
}

static void
take_pus(struct tare_topology *topology, struct tare_arena *arena, hwloc_topology_t hwloc,
	const struct tare_topology_source *source)
{
	size_t count = (size_t)hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_PU);
	hwloc_obj_t object = NULL;

	take_bits(&topology->allowed, hwloc_topology_get_allowed_cpuset(hwloc));
	if (source->affinity)
		topology->allowed = tare_bits_and(&topology->allowed, source->affinity);
	topology->pus = tare_arena_alloc(arena, count, sizeof(*topology->pus));
	while ((object = hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_PU, object)) != NULL) {
		struct tare_pu *pu = &topology->pus[topology->pu_count];
		unsigned cpu = object->os_index;

		if (cpu >= TARE_BITS_MAX) {
			topology->beyond++;
			continue;
		}
		pu->cpu = cpu;
		/* A machine that tells nothing of cores has one for each CPU. */
		pu->core = position(hwloc, object, HWLOC_OBJ_CORE, object->logical_index);
		pu->package = position(hwloc, object, HWLOC_OBJ_PACKAGE, 0);
		pu->l3 = (int)position(hwloc, object, HWLOC_OBJ_L3CACHE, (size_t)TARE_NO_CACHE);
		pu->node = node_of(topology, cpu);
		pu->kind = kind_of(hwloc, object->cpuset);
		pu->allowed = tare_bits_has(&topology->allowed, cpu);
		pu->isolated = source->isolated && tare_bits_has(source->isolated, cpu);
		tare_bits_add(&topology->cpus, cpu);
		topology->pu_count++;
		if (pu->core >= topology->core_count)
			topology->core_count = pu->core + 1;
		if (pu->package >= topology->package_count)
			topology->package_count = pu->package + 1;
	}
}

/* By the kernel's number, because it is the first CPU that interrupts and the kernel's own work go
 * to, wherever it stands. */
static void
find_housekeeping(struct tare_topology *topology)
{
	const struct tare_pu *found = NULL;

	for (size_t i = 0; i < topology->pu_count; i++) {
		const struct tare_pu *pu = &topology->pus[i];

		if (!pu->allowed)
			continue;
		if (!found || (found->isolated && !pu->isolated) ||
			(found->isolated == pu->isolated && pu->cpu < found->cpu))
			found = pu;
	}
	topology->housekeeping_core = found ? found->core : 0;
	for (size_t i = 0; i < topology->pu_count; i++) {
		if (topology->pus[i].core == topology->housekeeping_core)
			tare_bits_add(&topology->housekeeping, topology->pus[i].cpu);
	}
}

enum tare_status
tare_topology_read(struct tare_topology **topology_out, struct tare_arena *arena,
	const struct tare_topology_source *source, struct tare_err *err)
{
	struct tare_topology *topology;
	hwloc_topology_t hwloc = NULL;
	enum tare_status status = load(&hwloc, arena, source, err);

	if (status != TARE_OK)
		return status;
	topology = tare_arena_alloc(arena, 1, sizeof(*topology));
	take_nodes(topology, arena, hwloc);
	take_kinds(topology, arena, hwloc);
	take_caches(topology, arena, hwloc);
	take_pus(topology, arena, hwloc, source);
	take_bits(&topology->offline, hwloc_topology_get_complete_cpuset(hwloc));
	for (size_t i = 0; i < TARE_BITS_WORDS; i++)
		topology->offline.words[i] &= ~topology->cpus.words[i];
	find_housekeeping(topology);
	hwloc_topology_destroy(hwloc);
	if (topology->pu_count == 0)
		return tare_err_set(err, TARE_INVALID,
			"the machine has no CPU that tare can use: none has a number below %d",
			TARE_BITS_MAX);
	*topology_out = topology;
	return TARE_OK;
}

/* "" is an empty list. */
static void
read_list(struct tare_bits *bits_out, struct tare_arena *arena, const char *path)
{
	char *text;

	if (tare_file_read(arena, &text, NULL, path, LIST_FILE_MAX, NULL) != TARE_OK)
		return;
	text[strcspn(text, "\n")] = '\0';
	tare_bits_parse(bits_out, text);
}

enum tare_status
tare_topology_read_own(struct tare_topology **topology_out, struct tare_arena *arena,
	const struct tare_bits *affinity, struct tare_err *err)
{
	struct tare_bits mine;
	struct tare_bits isolated = {0};
	const struct tare_topology_source source = {.affinity = &mine, .isolated = &isolated};
	enum tare_status status = TARE_OK;

	if (affinity && !tare_bits_empty(affinity))
		mine = *affinity;
	else
		status = tare_affinity_get(&mine, err);
	if (status != TARE_OK)
		return status;
	read_list(&isolated, arena, "/sys/devices/system/cpu/isolated");
	mine = tare_bits_or(&mine, &isolated);
	return tare_topology_read(topology_out, arena, &source, err);
}

/* What a reader of the XML may want to know; the rest (host name, serial numbers, what firmware
 * says) is nobody's business. */
static void
blank_infos(hwloc_obj_t object)
{
	static const char *const told[] = {"Architecture", "Backend", "CPUFamilyNumber", "CPUModel",
		"CPUModelNumber", "CPUStepping", "CPUVendor", "OSName", "OSRelease",
		"hwlocVersion"};

	for (unsigned i = 0; i < object->infos_count; i++) {
		bool keep = false;

		for (size_t k = 0; k < sizeof(told) / sizeof(told[0]); k++)
			keep |= strcmp(object->infos[i].name, told[k]) == 0;
		if (!keep)
			object->infos[i].value[0] = '\0';
	}
}

/* Without devices, which are not loaded, infos are of these. */
static void
blank_all_infos(hwloc_topology_t hwloc)
{
	for (int depth = 0; depth < hwloc_topology_get_depth(hwloc); depth++) {
		unsigned count = hwloc_get_nbobjs_by_depth(hwloc, depth);

		for (unsigned i = 0; i < count; i++)
			blank_infos(hwloc_get_obj_by_depth(hwloc, depth, i));
	}
	for (int i = 0; i < hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_NUMANODE); i++)
		blank_infos(hwloc_get_obj_by_type(hwloc, HWLOC_OBJ_NUMANODE, (unsigned)i));
}

enum tare_status
tare_topology_export(char **xml_out, struct tare_arena *arena, struct tare_err *err)
{
	const struct tare_topology_source own = {0};
	hwloc_topology_t hwloc = NULL;
	char *xml = NULL;
	int len = 0;
	enum tare_status status = load(&hwloc, arena, &own, err);

	if (status != TARE_OK)
		return status;
	blank_all_infos(hwloc);
	if (hwloc_topology_export_xmlbuffer(hwloc, &xml, &len, 0) == 0) {
		*xml_out = tare_arena_strdup(arena, xml);
		hwloc_free_xmlbuffer(hwloc, xml);
	} else {
		status = tare_err_errno(err, TARE_OUTSIDE, "hwloc cannot write the topology");
	}
	hwloc_topology_destroy(hwloc);
	return status;
}

enum tare_status
tare_topology_read_named(struct tare_topology **topology_out, struct tare_arena *arena,
	const char *machine, struct tare_err *err)
{
	struct tare_topology_source source = {0};

	if (!machine)
		return tare_topology_read_own(topology_out, arena, NULL, err);
	if (access(machine, R_OK) == 0)
		source.xml_path = machine;
	else
		source.synthetic = machine;
	return tare_topology_read(topology_out, arena, &source, err);
}
