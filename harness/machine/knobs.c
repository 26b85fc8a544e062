#include "harness/machine/knobs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/bits.h"
#include "harness/base/text.h"
#include "harness/machine/read.h"

enum { RATE_MAX = 1000000, SWAPPINESS_MAX = 200, NICE_MAX = 19 };

const struct tare_knob tare_knobs[] = {
	{
		.name = "governor",
		.summary = "how the kernel chooses a CPU's frequency",
		.production = "performance",
		.expected = "a governor of this machine, like performance",
		.absent = "the kernel does not scale the frequency of these CPUs",
		.kind = TARE_KNOB_GOVERNOR,
		.places = {"/sys/devices/system/cpu/cpufreq/policy*/scaling_governor"},
	},
	{
		.name = "turbo",
		.summary = "whether Intel CPUs go above their base frequency while they are cool",
		.production = "off",
		.expected = "on or off",
		.absent = "the frequency driver is not intel_pstate",
		.kind = TARE_KNOB_WORDS,
		.places = {"/sys/devices/system/cpu/intel_pstate/no_turbo"},
		.words = {{"on", "0"}, {"off", "1"}},
	},
	{
		.name = "boost",
		.summary = "the same of other CPUs",
		.production = "off",
		.expected = "on or off",
		.absent = "the frequency driver has no boost",
		.kind = TARE_KNOB_WORDS,
		.places = {"/sys/devices/system/cpu/cpufreq/boost",
			"/sys/devices/system/cpu/cpufreq/policy*/boost"},
		.words = {{"on", "1"}, {"off", "0"}},
	},
	{
		.name = "perf-sample-rate",
		.summary = "how often a second a profiler may interrupt each CPU",
		.production = "1",
		.expected = "a number of samples a second, like 1",
		.absent = "the kernel has no perf events",
		.kind = TARE_KNOB_NUMBER,
		.places = {"/proc/sys/kernel/perf_event_max_sample_rate"},
		.min = 1,
		.max = RATE_MAX,
	},
	{
		.name = "watchdog",
		.summary = "the kernel's check for CPUs that hang, which takes a hardware counter",
		.production = "off",
		.expected = "on or off",
		.absent = "the kernel has no watchdog",
		.kind = TARE_KNOB_WORDS,
		.places = {"/proc/sys/kernel/nmi_watchdog", "/proc/sys/kernel/soft_watchdog"},
		.words = {{"on", "1"}, {"off", "0"}},
	},
	{
		.name = "thp",
		.summary = "which programs get transparent huge pages",
		.production = "madvise",
		.as_good = "never",
		.expected = "always, madvise or never",
		.absent = "the kernel has no transparent huge pages",
		.kind = TARE_KNOB_WORDS,
		.places = {"/sys/kernel/mm/transparent_hugepage/enabled"},
		.words = {{"always", "always"}, {"madvise", "madvise"}, {"never", "never"}},
	},
	{
		.name = "swap",
		.summary = "how readily the kernel swaps programs out (swappiness)",
		.production = "0",
		.expected = "a swappiness from 0 to 200",
		.absent = "the kernel has no swap",
		.kind = TARE_KNOB_NUMBER,
		.places = {"/proc/sys/vm/swappiness"},
		.max = SWAPPINESS_MAX,
	},
	{
		.name = "irq-affinity",
		.summary = "which CPUs take interrupts of devices",
		.production = "housekeeping",
		.expected = "a list of CPUs, like 0-1, or housekeeping",
		.absent = "no interrupt can be moved",
		.kind = TARE_KNOB_CPUS,
		.places = {"/proc/irq/*/smp_affinity_list"},
		.may_refuse = true,
	},
	{
		.name = "nice",
		.summary = "the priority of a run's own processes",
		.production = "-10",
		.expected = "a number from -20 to 19",
		.absent = "",
		.kind = TARE_KNOB_NICE,
		.min = -NICE_MAX - 1,
		.max = NICE_MAX,
	},
};

const size_t tare_knob_count = sizeof(tare_knobs) / sizeof(tare_knobs[0]);

const struct tare_knob *
tare_knob_find(const char *name)
{
	for (size_t i = 0; i < tare_knob_count; i++) {
		if (strcmp(tare_knobs[i].name, name) == 0)
			return &tare_knobs[i];
	}
	return NULL;
}

const char *
tare_knob_file_read(
	struct tare_arena *arena, const char *root, const struct tare_knob *knob, const char *path)
{
	const struct tare_reader reader = {.arena = arena, .root = root};

	if (knob->kind == TARE_KNOB_WORDS)
		return tare_read_choice(&reader, path);
	return tare_read_line(&reader, path);
}

static void
add_file(struct tare_knob_reading *reading, size_t *room, struct tare_arena *arena,
	const char *root, const char *path)
{
	const char *raw = tare_knob_file_read(arena, root, reading->knob, path);

	if (!raw)
		return;
	if (reading->file_count == *room) {
		size_t more = *room ? 2 * *room : 8;

		reading->files = tare_arena_grow(
			arena, reading->files, reading->file_count, more, sizeof(*reading->files));
		*room = more;
	}
	reading->files[reading->file_count++] = (struct tare_knob_file){path, raw};
}

/* A place is in three parts: the folder, the name in it with a "*", and the rest. */
static void
add_place(struct tare_knob_reading *reading, size_t *room, struct tare_arena *arena,
	const char *root, const char *place)
{
	const char *star = strchr(place, '*');
	const char *slash, *rest, *folder, *pattern;
	const struct tare_reader reader = {.arena = arena, .root = root};
	const char **names;
	size_t count;

	if (!star) {
		add_file(reading, room, arena, root, place);
		return;
	}
	for (slash = star; *slash != '/';)
		slash--;
	rest = strchrnul(star, '/');
	folder = tare_arena_strndup(arena, place, (size_t)(slash - place));
	pattern = tare_arena_strndup(arena, slash + 1, (size_t)(rest - slash - 1));
	count = tare_read_folder(&reader, folder, &names);
	for (size_t i = 0; i < count; i++) {
		if (tare_text_glob(pattern, names[i]))
			add_file(reading, room, arena, root,
				tare_arena_printf(arena, "%s/%s%s", folder, names[i], rest));
	}
}

void
tare_knob_read(struct tare_knob_reading *reading_out, struct tare_arena *arena, const char *root,
	const struct tare_knob *knob)
{
	struct tare_knob_reading reading = {.knob = knob};
	size_t room = 0;

	for (size_t i = 0; i < TARE_KNOB_PLACES_MAX && knob->places[i]; i++)
		add_place(&reading, &room, arena, root, knob->places[i]);
	for (size_t i = 0; i < reading.file_count; i++) {
		if (i == 0)
			reading.now = tare_knob_word(knob, reading.files[0].raw);
		else if (!tare_knob_same(knob, reading.files[i].raw, reading.files[0].raw))
			reading.now = "mixed";
	}
	*reading_out = reading;
}

bool
tare_knob_same(const struct tare_knob *knob, const char *raw, const char *other)
{
	struct tare_bits cpus, other_cpus;

	if (knob->kind == TARE_KNOB_CPUS && tare_bits_parse(&cpus, raw) &&
		tare_bits_parse(&other_cpus, other))
		return tare_bits_equal(&cpus, &other_cpus);
	return strcmp(raw, other) == 0;
}

const char *
tare_knob_word(const struct tare_knob *knob, const char *raw)
{
	for (size_t i = 0; i < TARE_KNOB_WORDS_MAX && knob->words[i].word; i++) {
		if (strcmp(knob->words[i].raw, raw) == 0)
			return knob->words[i].word;
	}
	return raw;
}

bool
tare_knob_owns(const struct tare_knob *knob, const char *path)
{
	for (size_t i = 0; i < TARE_KNOB_PLACES_MAX && knob->places[i]; i++) {
		const char *place = knob->places[i];
		size_t depth = 0;

		for (const char *at = place; *at; at++)
			depth += *at == '/';
		for (const char *at = path; *at; at++)
			depth -= *at == '/';
		if (depth == 0 && !strstr(path, "/..") && tare_text_glob(place, path))
			return true;
	}
	return false;
}

static enum tare_status
refuse(const struct tare_knob *knob, const char *value, struct tare_err *err)
{
	return tare_err_set(err, TARE_INVALID, "%s '%s' cannot be set; expected %s", knob->name,
		value, knob->expected);
}

static enum tare_status
parse_number(const char **raw_out, struct tare_arena *arena, const struct tare_knob *knob,
	const char *value, struct tare_err *err)
{
	char *end;
	long number = strtol(value, &end, 10);

	/* strtol() would take blanks and a plus. */
	if ((*value != '-' && !isdigit((unsigned char)*value)) || *end || number < knob->min ||
		number > knob->max)
		return refuse(knob, value, err);
	/* As the kernel will print it. */
	*raw_out = tare_arena_printf(arena, "%ld", number);
	return TARE_OK;
}

static enum tare_status
check_governor(struct tare_arena *arena, const char *root, const struct tare_knob_reading *reading,
	const char *value, struct tare_err *err)
{
	const struct tare_reader reader = {.arena = arena, .root = root};

	if (!*value || strspn(value, "abcdefghijklmnopqrstuvwxyz_-") < strlen(value))
		return refuse(reading->knob, value, err);
	for (size_t i = 0; i < reading->file_count; i++) {
		const char *path = reading->files[i].path;
		const char *offered = tare_read_line(
			&reader, tare_arena_printf(arena, "%.*s/scaling_available_governors",
					 (int)(strrchr(path, '/') - path), path));

		if (offered && !tare_text_has_word(offered, value))
			return tare_err_set(err, TARE_UNSUPPORTED,
				"governor '%s' is not offered here; expected one of: %s", value,
				offered);
	}
	return TARE_OK;
}

/* A list of CPUs, of which one at least is there to take an interrupt. */
static enum tare_status
check_cpus(struct tare_arena *arena, const char *root, const struct tare_knob *knob,
	const char *value, struct tare_err *err)
{
	const struct tare_reader reader = {.arena = arena, .root = root};
	const char *text = tare_read_line(&reader, "/sys/devices/system/cpu/online");
	struct tare_bits cpus, online, both;

	if (!tare_bits_parse(&cpus, value))
		return refuse(knob, value, err);
	if (!text || !tare_bits_parse(&online, text))
		return TARE_OK;
	both = tare_bits_and(&cpus, &online);
	if (tare_bits_empty(&both))
		return tare_err_set(err, TARE_UNSUPPORTED,
			"%s '%.64s' is none of the CPUs that are online: %.64s", knob->name, value,
			text);
	return TARE_OK;
}

enum tare_status
tare_knob_value_parse(const char **raw_out, struct tare_arena *arena, const char *root,
	const struct tare_knob_reading *reading, const char *value, const char *housekeeping,
	struct tare_err *err)
{
	const struct tare_knob *knob = reading->knob;
	enum tare_status status = TARE_OK;
	const char *raw = value;

	switch (knob->kind) {
	case TARE_KNOB_WORDS:
		raw = NULL;
		for (size_t i = 0; i < TARE_KNOB_WORDS_MAX && knob->words[i].word; i++) {
			if (strcmp(knob->words[i].word, value) == 0)
				raw = knob->words[i].raw;
		}
		if (!raw)
			return refuse(knob, value, err);
		break;
	case TARE_KNOB_NUMBER:
	case TARE_KNOB_NICE:
		status = parse_number(&raw, arena, knob, value, err);
		break;
	case TARE_KNOB_GOVERNOR:
		status = check_governor(arena, root, reading, value, err);
		break;
	case TARE_KNOB_CPUS:
		raw = strcmp(value, "housekeeping") == 0 ? housekeeping : value;
		status = check_cpus(arena, root, knob, raw, err);
		break;
	}
	if (status == TARE_OK)
		*raw_out = raw;
	return status;
}
