#include "calibrate/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/units.h"
#include "harness/model/container.h"

#define INSIDE "/.tare-weight"

/* Pairs of each probe by effort, and by how much the lengths are longer. At least 20: fewer do not
 * see 1 %. */
static const struct {
	unsigned pairs;
	unsigned longer;
} efforts[] = {
	[TARE_EFFORT_QUICK] = {20, 1},
	[TARE_EFFORT_NORMAL] = {40, 4},
	[TARE_EFFORT_THOROUGH] = {60, 40},
};

/*
 * The lengths where the container may not use a CPU all of the time, in periods of its quota: a
 * program waits for the next period a whole number of times, so that only the time of one that
 * takes many of them follows a line.
 */
enum { PERIODS_SHORTEST = 6, COUNT_PER_MS = 8 };

/* Each some milliseconds on a machine of today; the lengths 2, 8 and 32 ms. */
const struct tare_probe tare_probes[] = {
	{"integer short", TARE_DIMENSION_CPU, "integer", 20, TARE_PROBE_NOWHERE, true},
	{"integer middle", TARE_DIMENSION_CPU, "integer", 80, TARE_PROBE_NOWHERE, true},
	{"integer long", TARE_DIMENSION_CPU, "integer", 320, TARE_PROBE_NOWHERE, true},
	{"floating", TARE_DIMENSION_CPU, "floating", 100, TARE_PROBE_NOWHERE, false},
	{"bandwidth", TARE_DIMENSION_MEMORY, "bandwidth", 4, TARE_PROBE_NOWHERE, false},
	{"pointer chase", TARE_DIMENSION_MEMORY, "chase", 50, TARE_PROBE_NOWHERE, false},
	{"page faults", TARE_DIMENSION_MEMORY, "faults", 10, TARE_PROBE_NOWHERE, false},
	{"system call", TARE_DIMENSION_LATENCY, "call", 100, TARE_PROBE_NOWHERE, false},
	{"checked call", TARE_DIMENSION_LATENCY, "argument", 100, TARE_PROBE_NOWHERE, false},
	{"pipe", TARE_DIMENSION_LATENCY, "pipe", 10, TARE_PROBE_NOWHERE, false},
	{"start", TARE_DIMENSION_START, "nothing", 1, TARE_PROBE_NOWHERE, false},
	{"fork and exec", TARE_DIMENSION_START, "spawn", 20, TARE_PROBE_NOWHERE, false},
	{"own files", TARE_DIMENSION_DISK, "file", 5, TARE_PROBE_OWN, false},
	{"volume", TARE_DIMENSION_DISK, "file", 5, TARE_PROBE_VOLUME, false},
	{"tmpfs", TARE_DIMENSION_DISK, "file", 50, TARE_PROBE_TMPFS, false},
	{"loopback", TARE_DIMENSION_NETWORK, "loopback", 5, TARE_PROBE_NOWHERE, false},
	{"to the host", TARE_DIMENSION_NETWORK, "connect", 5, TARE_PROBE_PEER, false},
};
const size_t tare_probe_count = sizeof(tare_probes) / sizeof(tare_probes[0]);

static const char *const dimension_names[] = {
	[TARE_DIMENSION_CPU] = "cpu",
	[TARE_DIMENSION_MEMORY] = "memory",
	[TARE_DIMENSION_LATENCY] = "latency",
	[TARE_DIMENSION_START] = "start",
	[TARE_DIMENSION_DISK] = "disk",
	[TARE_DIMENSION_NETWORK] = "network",
};

const char *
tare_dimension_name(enum tare_dimension dimension)
{
	return dimension_names[dimension];
}

bool
tare_dimension_find(enum tare_dimension *dimension_out, const char *name)
{
	for (int i = 0; i < TARE_DIMENSION_COUNT; i++) {
		if (strcmp(dimension_names[i], name) != 0)
			continue;
		*dimension_out = (enum tare_dimension)i;
		return true;
	}
	return false;
}

struct writer {
	struct tare_json json; /* which is YAML as well */
	struct tare_arena *arena;
	const struct tare_protocol *protocol;
	unsigned lengths; /* written so far */
};

/* What `resources` is given for a key, from index on; NULL where nothing is, or no more. */
static const char *
given(const struct tare_protocol *protocol, const char *key, size_t *index)
{
	size_t len = strlen(key);

	for (; *index < protocol->resource_count; (*index)++) {
		const char *one = protocol->resources[*index];

		if (strncmp(one, key, len) == 0 && one[len] == '=')
			return &protocol->resources[(*index)++][len + 1];
	}
	return NULL;
}

static const char *
given_once(const struct tare_protocol *protocol, const char *key)
{
	size_t index = 0;

	return given(protocol, key, &index);
}

static void
write_image(struct writer *writer)
{
	const struct tare_protocol *protocol = writer->protocol;

	if (protocol->image) {
		tare_json_string(&writer->json, "image", protocol->image);
		return;
	}
	tare_json_object_begin(&writer->json, "build");
	tare_json_string(&writer->json, "dockerfile", protocol->dockerfile);
	tare_json_string(&writer->json, "context", protocol->folder);
	tare_json_object_end(&writer->json);
}

static bool
is_bridged(const struct tare_protocol *protocol)
{
	const char *network = given_once(protocol, "network");

	return network && strcmp(network, "bridge") == 0;
}

static const char *const list_keys[] = {"volumes", "tmpfs", "security_opt"};
enum { LIST_KEY_COUNT = sizeof(list_keys) / sizeof(list_keys[0]) };

static bool
is_list_key(const char *text)
{
	for (size_t i = 0; i < LIST_KEY_COUNT; i++) {
		size_t len = strlen(list_keys[i]);

		if (strncmp(text, list_keys[i], len) == 0 && text[len] == '=')
			return true;
	}
	return false;
}

static void
write_list(struct writer *writer, const char *key)
{
	const struct tare_protocol *protocol = writer->protocol;
	bool is_volumes = strcmp(key, "volumes") == 0;
	const char *value;
	size_t index = 0;

	if (!is_volumes && !given_once(protocol, key))
		return;
	tare_json_array_begin(&writer->json, key);
	if (is_volumes)
		tare_json_string(&writer->json, NULL,
			tare_arena_printf(
				writer->arena, "%s:" INSIDE ":ro", protocol->weight_path));
	while ((value = given(protocol, key, &index)) != NULL)
		tare_json_string(&writer->json, NULL, value);
	tare_json_array_end(&writer->json);
}

/* A key that is given twice is the suite's to refuse. */
static void
write_given(struct writer *writer, bool bridge)
{
	const struct tare_protocol *protocol = writer->protocol;

	for (size_t i = 0; i < protocol->resource_count; i++) {
		const char *one = protocol->resources[i], *value = strchr(one, '=') + 1;
		const char *key =
			tare_arena_printf(writer->arena, "%.*s", (int)(value - one - 1), one);

		if (!is_list_key(one) && !(bridge && strcmp(key, "network") == 0))
			tare_json_string(&writer->json, key, value);
	}
}

/* As the superuser, since who else an image has may not write where its files are. */
static void
write_resources(struct writer *writer, bool bridge)
{
	const struct tare_protocol *protocol = writer->protocol;
	struct tare_json *json = &writer->json;

	tare_json_object_begin(json, "resources");
	for (size_t i = 0; i < LIST_KEY_COUNT; i++)
		write_list(writer, list_keys[i]);
	if (!given_once(protocol, "user"))
		tare_json_string(json, "user", "0");
	if (protocol->memory)
		tare_json_string(json, "memory", protocol->memory);
	if (protocol->cpu_quota)
		tare_json_string(json, "cpu_quota", protocol->cpu_quota);
	write_given(writer, bridge);
	if (bridge)
		tare_json_string(json, "network", "bridge");
	tare_json_object_end(json);
}

static void
write_variant(struct writer *writer, const char *name, bool inside, bool bridge)
{
	const struct tare_protocol *protocol = writer->protocol;
	struct tare_json *json = &writer->json;

	tare_json_object_begin(json, NULL);
	tare_json_string(json, "name", name);
	tare_json_string(json, "runner", inside ? protocol->runner : "host");
	if (inside) {
		write_image(writer);
		write_resources(writer, bridge);
	}
	tare_json_object_begin(json, "vars");
	tare_json_string(json, "weight", inside ? INSIDE : protocol->weight_path);
	tare_json_string(json, "own", inside ? "/" : protocol->folder);
	tare_json_string(json, "peer",
		bridge || (inside && is_bridged(writer->protocol)) ? "gateway" : "127.0.0.1");
	tare_json_object_end(json);
	tare_json_object_end(json);
}

/* A network of its own is nothing to any other probe. */
static void
write_variants(struct writer *writer, bool bridge)
{
	struct tare_json *json = &writer->json;

	tare_json_array_begin(json, "variants");
	write_variant(writer, TARE_CALIBRATION_HOST, false, false);
	write_variant(writer, TARE_CALIBRATION_AGAIN, false, false);
	write_variant(writer, TARE_CALIBRATION_CONTAINER, true, false);
	if (bridge)
		write_variant(writer, TARE_CALIBRATION_BRIDGE, true, true);
	tare_json_array_end(json);
}

static unsigned
count_of(struct writer *writer, const struct tare_probe *probe)
{
	const struct tare_protocol *protocol = writer->protocol;
	const char *period = given_once(protocol, "cpu_period");
	uint64_t period_ns = TARE_CPU_PERIOD_NS;

	if (!probe->is_length)
		return probe->count;
	if (!protocol->cpu_quota && !given_once(protocol, "cpu_quota"))
		return probe->count * efforts[protocol->effort].longer;
	if (period)
		tare_duration_parse(&period_ns, period, NULL);
	period_ns = period_ns < TARE_CPU_PERIOD_MAX_NS ? period_ns : TARE_CPU_PERIOD_MAX_NS;
	return (unsigned)((COUNT_PER_MS * PERIODS_SHORTEST * period_ns / 1000000)
			  << writer->lengths++);
}

static void
write_probe(struct writer *writer, const struct tare_probe *probe)
{
	static const char *const folders[] = {
		[TARE_PROBE_OWN] = "${own}",
		[TARE_PROBE_VOLUME] = "${scratch_dir}",
		[TARE_PROBE_TMPFS] = "/dev/shm",
		[TARE_PROBE_PEER] = "${peer}",
	};
	struct tare_json *json = &writer->json;
	tare_json_object_begin(json, NULL);
	tare_json_string(json, "name", probe->name);
	tare_json_string(json, "tags", tare_dimension_name(probe->dimension));
	tare_json_array_begin(json, "command");
	tare_json_string(json, NULL, "${weight}");
	tare_json_string(json, NULL, probe->kind);
	tare_json_string(
		json, NULL, tare_arena_printf(writer->arena, "%u", count_of(writer, probe)));
	if (probe->place != TARE_PROBE_NOWHERE)
		tare_json_string(json, NULL, folders[probe->place]);
	tare_json_array_end(json);
	if (probe->dimension == TARE_DIMENSION_NETWORK)
		write_variants(writer, true);
	tare_json_object_end(json);
}

static bool
is_wanted(const struct tare_protocol *protocol, enum tare_dimension dimension)
{
	bool any = false;

	for (int i = 0; i < TARE_DIMENSION_COUNT; i++)
		any |= protocol->only[i];
	return !any || protocol->only[dimension];
}

static void
write_suite(struct writer *writer)
{
	const struct tare_protocol *protocol = writer->protocol;
	struct tare_json *json = &writer->json;

	tare_json_object_begin(json, NULL);
	tare_json_string(json, "suite", TARE_CALIBRATION_SUITE);
	tare_json_string(json, "description",
		tare_arena_printf(writer->arena, "What %s weighs with %s", protocol->runner,
			protocol->image ? protocol->image : "an empty image"));
	tare_json_object_begin(json, "defaults");
	tare_json_string(json, "cpus", protocol->cpus);
	tare_json_u64(json, "warmup", 2);
	tare_json_u64(json, "invocations", efforts[protocol->effort].pairs);
	tare_json_string(json, "timeout", "60s");
	tare_json_object_end(json);
	write_variants(writer, false);
	tare_json_array_begin(json, "benchmarks");
	for (size_t i = 0; i < tare_probe_count; i++) {
		if (is_wanted(protocol, tare_probes[i].dimension))
			write_probe(writer, &tare_probes[i]);
	}
	tare_json_array_end(json);
	tare_json_object_end(json);
}

enum tare_status
tare_protocol_suite(char **text_out, struct tare_arena *arena, const struct tare_protocol *protocol,
	struct tare_err *err)
{
	const char *const paths[] = {protocol->weight_path, protocol->folder};
	struct writer writer = {.arena = arena, .protocol = protocol};
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	for (size_t i = 0; i < 2; i++) {
		if (strchr(paths[i], ':') || strstr(paths[i], "${"))
			return tare_err_set(err, TARE_INVALID,
				"'%s' has a colon or '${', which cannot be mounted; expected a "
				"path without",
				paths[i]);
	}
	for (size_t i = 0; i < protocol->resource_count; i++) {
		if (strchr(protocol->resources[i], '='))
			continue;
		return tare_err_set(err, TARE_INVALID,
			"'%.100s' is no part of `resources`; expected KEY=VALUE such as "
			"memory=512MiB",
			protocol->resources[i]);
	}
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	tare_json_begin(&writer.json, out, 2);
	write_suite(&writer);
	fputc('\n', out);
	fclose(out);
	*text_out = tare_arena_strdup(arena, text);
	free(text);
	return TARE_OK;
}
