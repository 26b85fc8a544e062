#include <string.h>

#include "harness/base/secret.h"
#include "harness/machine/facts.h"
#include "harness/machine/scrub.h"

/* The mount point that the directory is below: the longest that is a part of its path. */
static size_t
match_len(const char *mount, const char *path)
{
	size_t len = strlen(mount);

	if (strcmp(mount, "/") == 0)
		return 1;
	return strncmp(mount, path, len) == 0 && (path[len] == '/' || !path[len]) ? len : 0;
}

/* A line of mountinfo: "36 35 98:0 /root /mount options ... - type source options". */
static bool
split_mount(char *line, char **mount_out, char **type_out, char **source_out)
{
	char *save = NULL;
	char *word = strtok_r(line, " ", &save);
	char *mount = NULL, *type = NULL, *source = NULL;

	for (int i = 0; word; i++, word = strtok_r(NULL, " ", &save)) {
		if (i == 4)
			mount = word;
		if (i > 4 && strcmp(word, "-") == 0) {
			type = strtok_r(NULL, " ", &save);
			source = type ? strtok_r(NULL, " ", &save) : NULL;
			break;
		}
	}
	if (!mount || !type || !source)
		return false;
	*mount_out = mount;
	*type_out = type;
	*source_out = source;
	return true;
}

/* A disk of its own name, or the one a partition is of. */
static const char *
disk_of(const struct tare_reader *reader, const char *source)
{
	const char *slash = strrchr(source, '/');
	char *name = tare_arena_strdup(reader->arena, slash ? slash + 1 : source);

	for (size_t len = strlen(name); len > 1; name[--len] = '\0') {
		if (tare_read_linef(reader, "/sys/block/%s/queue/rotational", name))
			return name;
	}
	return NULL;
}

static void
add_disk(const struct tare_reader *reader, const char *cwd)
{
	char *text = tare_read_text(reader, "/proc/self/mountinfo");
	char *best_type = NULL, *best_source = NULL, *save = NULL;
	size_t best = 0;
	const char *disk;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line && cwd;
		line = strtok_r(NULL, "\n", &save)) {
		char *mount, *type, *source;

		/* The later of two at one place is the one that is seen. */
		if (!split_mount(line, &mount, &type, &source) || match_len(mount, cwd) < best ||
			match_len(mount, cwd) == 0)
			continue;
		best = match_len(mount, cwd);
		best_type = type;
		best_source = source;
	}
	tare_fact_add_known(reader, "disk.filesystem", best_type, false);
	disk = best_source ? disk_of(reader, best_source) : NULL;
	if (!disk)
		return;
	tare_fact_add(reader, "disk.name", disk, false);
	tare_fact_add_known(reader, "disk.rotational",
		tare_read_linef(reader, "/sys/block/%s/queue/rotational", disk), false);
	tare_fact_add_known(reader, "disk.model",
		tare_read_linef(reader, "/sys/block/%s/device/model", disk), false);
}

/* Nothing else of the environment is looked at. */
static void
add_variables(const struct tare_reader *reader, char *(*get)(const char *name))
{
	static const char *const names[] = {"LANG", "LC_ALL", "TZ", "GLIBC_TUNABLES",
		"MALLOC_ARENA_MAX", "OMP_NUM_THREADS", "OMP_PROC_BIND"};

	for (size_t i = 0; get && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = get(names[i]);

		if (value)
			tare_fact_add(reader,
				tare_arena_printf(reader->arena, "variable.%s", names[i]),
				tare_is_secret("", value)
					? TARE_SECRET_MASK
					: tare_secret_mask_text(reader->arena, value),
				false);
	}
}

static const char *
first_word(const struct tare_reader *reader, const char *path)
{
	const char *line = tare_read_line(reader, path);

	return line ? tare_arena_strndup(reader->arena, line, strcspn(line, " ")) : NULL;
}

void
tare_facts_process(const struct tare_reader *reader, const struct tare_machine_identity *identity)
{
#if defined(__clang__)
	tare_fact_add(reader, "tare.compiler", "clang " __clang_version__, false);
#else
	tare_fact_add(reader, "tare.compiler", "gcc " __VERSION__, false);
#endif
	add_disk(reader, identity->cwd);
	add_variables(reader, identity->getenv);
	tare_fact_add(reader, "load.1min", first_word(reader, "/proc/loadavg"), false);
}
