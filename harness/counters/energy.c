/*
 * Energy, from the kernel's powercap tree (RAPL): of whole packages, whoever used it.
 *
 * Zones are added up by kind. Counters wrap at max_energy_range_uj, which on a server takes
 * minutes: a sum that went back has wrapped once. The files are readable by root only since
 * CVE-2020-8694.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/counters/counters.h"

enum { ZONES_MAX = 64, VALUE_LEN_MAX = 64 };
static const char tree[] = "/sys/class/powercap";

static const struct known {
	const char *name;
	const char *prefix; /* of the zone's name */
} knowns[] = {
	{"energy-package", "package-"},
	{"energy-cores", "core"},
	{"energy-memory", "dram"},
};

static bool
read_text(char text_out[VALUE_LEN_MAX], const char *root, const char *zone, const char *file)
{
	char path[512];
	FILE *stream;
	bool got;

	if ((size_t)snprintf(path, sizeof(path), "%s%s/%s/%s", root, tree, zone, file) >=
		sizeof(path))
		return false;
	stream = fopen(path, "re");
	if (!stream)
		return false;
	got = fgets(text_out, VALUE_LEN_MAX, stream) != NULL;
	fclose(stream);
	return got;
}

static bool
read_number(double *value_out, const char *root, const char *zone, const char *file)
{
	char text[VALUE_LEN_MAX];
	char *end;

	if (!read_text(text, root, zone, file))
		return false;
	*value_out = (double)strtoull(text, &end, 10);
	return end != text;
}

struct total {
	double energy_uj;
	double range_uj; /* of one zone; they are all alike */
	size_t zones;
	size_t unreadable;
};

/* False where there is no such zone. */
static bool
add_zone(struct total *total, const char *root, const char *zone, const char *prefix)
{
	char name[VALUE_LEN_MAX];
	double energy_uj;

	if (!read_text(name, root, zone, "name"))
		return false;
	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return true;
	if (read_number(&energy_uj, root, zone, "energy_uj")) {
		total->energy_uj += energy_uj;
		total->zones++;
		read_number(&total->range_uj, root, zone, "max_energy_range_uj");
	} else {
		total->unreadable++;
	}
	return true;
}

/* The kernel numbers packages, and the zones of each, without gaps. */
static struct total
add_up(const char *root, const char *prefix)
{
	struct total total = {0};
	bool more = true;

	for (int package = 0; package < ZONES_MAX && more; package++) {
		char zone[64];

		snprintf(zone, sizeof(zone), "intel-rapl:%d", package);
		more = add_zone(&total, root, zone, prefix);
		for (int sub = 0; sub < ZONES_MAX && more; sub++) {
			snprintf(zone, sizeof(zone), "intel-rapl:%d:%d", package, sub);
			if (!add_zone(&total, root, zone, prefix))
				break;
		}
	}
	return total;
}

static enum tare_status
check(const struct tare_counter_place *place, const char *name, const char *prefix,
	struct tare_err *err)
{
	struct total total = add_up(place->root, prefix);

	if (total.unreadable > 0)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"%s may not be read; run as root, or allow reading energy_uj", tree);
	if (total.zones == 0)
		return tare_err_set(err, TARE_UNSUPPORTED, "there is no %s zone in %s", name, tree);
	return TARE_OK;
}

static enum tare_status
energy_supported(const struct tare_counter_place *place, struct tare_err *err)
{
	return check(place, "package", "package-", err);
}

static enum tare_status
energy_find(struct tare_counter_source *source_out, struct tare_arena *arena,
	const struct tare_counter_place *place, const char *name, struct tare_err *err)
{
	(void)arena;
	for (size_t i = 0; i < sizeof(knowns) / sizeof(knowns[0]); i++) {
		if (strcmp(knowns[i].name, name) != 0)
			continue;
		if (check(place, name + strlen("energy-"), knowns[i].prefix, err) != TARE_OK)
			return TARE_UNSUPPORTED;
		*source_out = (struct tare_counter_source){
			.origin = {.event = "energy_uj",
				.scope = "machine, other programs included",
				.quality = TARE_QUALITY_ACCOUNTED},
			.type = (uint32_t)i,
			.wrap = add_up(place->root, knowns[i].prefix).range_uj,
		};
		return TARE_OK;
	}
	return tare_err_set(err, TARE_NOT_FOUND, "no energy");
}

static enum tare_status
energy_read(double *value_out, const struct tare_counter_source *source,
	const struct tare_counter_place *place, struct tare_err *err)
{
	struct total total = add_up(place->root, knowns[source->type].prefix);

	/* A sum without one of its zones would be a smaller machine's. */
	if (total.zones == 0 || total.unreadable > 0)
		return tare_err_set(err, TARE_UNSUPPORTED, "%s cannot be read any more", tree);
	*value_out = total.energy_uj;
	return TARE_OK;
}

const struct tare_counter_ops tare_counters_energy = {
	.name = "energy",
	.summary = "energy of packages, cores and memory (powercap)",
	.way = TARE_WAY_AROUND,
	.supported = energy_supported,
	.find = energy_find,
	.read = energy_read,
};
