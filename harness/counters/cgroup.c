/*
 * The run's own cgroup: CPU time, throttling and pressure of everything in it.
 *
 * Read around each request from cpu.stat and *.pressure, which a unified hierarchy has without any
 * controller. The agent is inside too, so its part of starting a program is in the figures.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/counters/counters.h"

static const struct known {
	const char *name;
	const char *file;
	const char *key;  /* its line begins with */
	const char *mark; /* before the number, where there are others */
} knowns[] = {
	{"cgroup-cpu-time", "cpu.stat", "usage_usec ", NULL},
	{"throttled-time", "cpu.stat", "throttled_usec ", NULL},
	{"cpu-pressure", "cpu.pressure", "some ", " total="},
	{"memory-pressure", "memory.pressure", "some ", " total="},
	{"io-pressure", "io.pressure", "some ", " total="},
};

/* The kernel counts in microseconds. */
#define NS_PER_US 1000.0

enum { STAT_LEN_MAX = 2048 };

static enum tare_status
cgroup_supported(const struct tare_counter_place *place, struct tare_err *err)
{
	if (place->inside)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"a container has a cgroup of its own, which its engine keeps");
	if (!place->cgroup)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"the run has no cgroup of its own; it needs a unified hierarchy and "
			"permission to make a directory in it");
	return TARE_OK;
}

/* At once and without an arena, since it is done around every invocation. */
static enum tare_status
read_number(double *value_out, const char *dir, const struct known *known, struct tare_err *err)
{
	char path[4096], text[STAT_LEN_MAX];
	double value;
	ssize_t len;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, known->file) >= sizeof(path))
		return tare_err_set(err, TARE_UNSUPPORTED, "the cgroup's path is too long");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return tare_err_errno(err, TARE_UNSUPPORTED, "cannot read %s", known->file);
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len < 0)
		return tare_err_errno(err, TARE_UNSUPPORTED, "cannot read %s", known->file);
	text[len] = '\0';
	value = NS_PER_US * tare_text_number(text, known->key, known->mark);
	if (isnan(value))
		return tare_err_set(err, TARE_UNSUPPORTED, "%s has no '%.*s'", known->file,
			(int)strcspn(known->key, " "), known->key);
	*value_out = value;
	return TARE_OK;
}

static enum tare_status
cgroup_find(struct tare_counter_source *source_out, struct tare_arena *arena,
	const struct tare_counter_place *place, const char *name, struct tare_err *err)
{
	for (size_t i = 0; i < sizeof(knowns) / sizeof(knowns[0]); i++) {
		double value;

		if (strcmp(knowns[i].name, name) != 0)
			continue;
		if (cgroup_supported(place, err) != TARE_OK ||
			read_number(&value, place->cgroup, &knowns[i], err) != TARE_OK)
			return TARE_UNSUPPORTED;
		*source_out = (struct tare_counter_source){
			.origin = {.event = tare_arena_printf(arena, "%s: %.*s", knowns[i].file,
					   (int)strcspn(knowns[i].key, " "), knowns[i].key),
				.scope = "cgroup of the run, with the agent",
				.quality = TARE_QUALITY_ACCOUNTED},
			.type = (uint32_t)i,
		};
		return TARE_OK;
	}
	return tare_err_set(err, TARE_NOT_FOUND, "not in a cgroup");
}

static enum tare_status
cgroup_read(double *value_out, const struct tare_counter_source *source,
	const struct tare_counter_place *place, struct tare_err *err)
{
	enum tare_status status = cgroup_supported(place, err);

	if (status == TARE_OK)
		status = read_number(value_out, place->cgroup, &knowns[source->type], err);
	return status;
}

const struct tare_counter_ops tare_counters_cgroup = {
	.name = "cgroup",
	.summary = "CPU time, throttling and pressure of the run's own cgroup",
	.way = TARE_WAY_AROUND,
	.supported = cgroup_supported,
	.find = cgroup_find,
	.read = cgroup_read,
};
