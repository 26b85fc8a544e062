#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/file.h"
#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/cli/list.h"
#include "harness/machine/describe.h"
#include "harness/pin/topology.h"
#include "harness/stages/stage.h"
#include "report/table.h"

enum { FILE_MAX = 8 << 20, DIFFER = 1, VERSION = 1, KEY_WIDTH = 35 };

struct env_line {
	const char *format;
	const char *store;
};

#define AT(field) offsetof(struct env_line, field)

static const struct tare_option options[] = {
	{"format", 'f', "FORMAT", TARE_OPTION_TEXT, AT(format), "text or json"},
	{"store", 0, "URL", TARE_OPTION_TEXT, AT(store),
		"the history (sqlite:.tare/results.db, or TARE_STORE)"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

struct found {
	struct tare_environment environment;
	const char *topology_xml; /* hwloc's; NULL where it was not recorded, as in runs */
};

/* This machine now, with what starting a program costs on it. */
static void
describe_here(struct found *found_out, struct tare_arena *arena)
{
	struct tare_machine_identity identity;
	char *xml = NULL;

	tare_machine_identify(&identity, arena);
	tare_machine_describe(&found_out->environment, arena, "", &identity);
	tare_stage_add_null_program(&found_out->environment, arena);
	found_out->topology_xml = tare_topology_export(&xml, arena, NULL) == TARE_OK ? xml : NULL;
}

/* What `tare env --format json` wrote; TARE_NOT_FOUND where the file is something else. */
static enum tare_status
decode_file(struct found *found_out, struct tare_arena *arena, const char *text, size_t len,
	struct tare_err *err)
{
	const char *xml = NULL;
	json_t *root = NULL;
	json_t *facts = NULL;
	const char *format = "";
	uint64_t version = 0;
	enum tare_status status = tare_json_parse(&root, text, len, NULL);

	if (status != TARE_OK || tare_json_get_string(&format, root, "format", NULL) != TARE_OK ||
		strcmp(format, "tare-environment") != 0) {
		json_decref(root);
		return TARE_NOT_FOUND;
	}
	status = tare_json_get_u64(&version, root, "version", err);
	if (status == TARE_OK && version != VERSION)
		status = tare_err_set(err, TARE_INVALID,
			"an environment of version %" PRIu64
			", and this tare reads %d; use the tare that wrote it",
			version, VERSION);
	if (status == TARE_OK)
		status = tare_json_get_array(&facts, root, "facts", err);
	if (status == TARE_OK)
		status = tare_environment_read(&found_out->environment, arena, root, err);
	if (status == TARE_OK)
		status = tare_json_get_string_or(&xml, root, "topology_xml", NULL, err);
	found_out->topology_xml = xml ? tare_arena_strdup(arena, xml) : NULL;
	json_decref(root);
	return status;
}

static enum tare_status
read_file(struct found *found_out, struct tare_arena *arena, const char *path, struct tare_err *err)
{
	struct stat about;
	char *text;
	size_t len;
	enum tare_status status;

	/* A journal may be large and is not of one piece. */
	if (stat(path, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > FILE_MAX ||
		tare_file_read(arena, &text, &len, path, FILE_MAX, NULL) != TARE_OK)
		return TARE_NOT_FOUND;
	status = decode_file(found_out, arena, text, len, err);
	if (status != TARE_OK && status != TARE_NOT_FOUND)
		return tare_err_where(err, "%s", path);
	return status;
}

/* "now" is this machine; a file of environment, else what names a run. */
static enum tare_status
find_environment(struct found *found_out, struct tare_session *session, const char *name,
	struct tare_err *err)
{
	struct tare_run *run = NULL;
	enum tare_status status;

	*found_out = (struct found){0};
	if (strcmp(name, "now") == 0) {
		describe_here(found_out, session->arena);
		return TARE_OK;
	}
	status = read_file(found_out, session->arena, name, err);
	if (status != TARE_NOT_FOUND)
		return status;
	status = tare_stage_find_run(&run, session, name, NULL, err);
	if (status != TARE_OK)
		return status;
	tare_environment_copy(&found_out->environment, session->arena, &run->environment);
	tare_run_free(run);
	return TARE_OK;
}

static void
print_key(const char *key)
{
	struct tare_arena *arena = tare_arena_new();

	tare_display_padded(stdout, tare_text_safe(arena, key), KEY_WIDTH);
	putchar(' ');
	tare_arena_free(arena);
}

/* What matters is marked. */
static void
print_text(const struct tare_environment *environment)
{
	for (size_t i = 0; i < environment->fact_count; i++) {
		const struct tare_fact *fact = &environment->facts[i];

		fputs(fact->matters ? "* " : "  ", stdout);
		print_key(fact->key);
		tare_text_print_safe(stdout, fact->value, false);
		putchar('\n');
	}
	printf("fingerprint of what matters (*): %s\n", environment->fingerprint);
}

static void
print_json(const struct found *found)
{
	struct tare_json json;

	tare_json_begin(&json, stdout, 2);
	tare_json_object_begin(&json, NULL);
	tare_json_string(&json, "format", "tare-environment");
	tare_json_u64(&json, "version", VERSION);
	tare_environment_write(&json, &found->environment);
	tare_json_string(&json, "topology_xml", found->topology_xml);
	tare_json_object_end(&json);
	putchar('\n');
}

static void
print_difference(const struct tare_fact_difference *difference)
{
	fputs("  ", stdout);
	print_key(difference->key);
	tare_text_print_safe(stdout, difference->base ? difference->base : "(not recorded)", false);
	fputs(" -> ", stdout);
	tare_text_print_safe(stdout, difference->head ? difference->head : "(not recorded)", false);
	putchar('\n');
}

/* Those that matter come first. */
static void
print_differences(const struct tare_fact_difference *differences, size_t count, size_t matter)
{
	if (count == 0)
		puts("the environments are the same");
	else if (matter == 0)
		puts("nothing that matters differs");
	else
		puts("differs and matters:");
	for (size_t i = 0; i < matter; i++)
		print_difference(&differences[i]);
	if (count > matter)
		puts("differs:");
	for (size_t i = matter; i < count; i++)
		print_difference(&differences[i]);
}

static void
print_differences_json(const struct tare_fact_difference *differences, size_t count, size_t matter)
{
	struct tare_json json;

	tare_json_begin(&json, stdout, 2);
	tare_json_object_begin(&json, NULL);
	tare_json_string(&json, "format", "tare-environment-diff");
	tare_json_u64(&json, "version", 1);
	tare_json_bool(&json, "comparable", matter == 0);
	tare_json_array_begin(&json, "differences");
	for (size_t i = 0; i < count; i++) {
		tare_json_object_begin(&json, NULL);
		tare_json_string(&json, "key", differences[i].key);
		tare_json_string(&json, "base", differences[i].base);
		tare_json_string(&json, "head", differences[i].head);
		tare_json_bool(&json, "matters", differences[i].matters);
		tare_json_object_end(&json);
	}
	tare_json_array_end(&json);
	tare_json_object_end(&json);
	putchar('\n');
}

static enum tare_status
diff(struct tare_session *session, char **names, bool as_json, int *exit_code_out,
	struct tare_err *err)
{
	struct found base, head;
	struct tare_fact_difference *differences;
	size_t count, matter = 0;
	enum tare_status status = find_environment(&base, session, names[0], err);

	if (status == TARE_OK)
		status = find_environment(&head, session, names[1] ? names[1] : "now", err);
	if (status != TARE_OK)
		return status;
	count = tare_environment_diff(
		&differences, session->arena, &base.environment, &head.environment);
	while (matter < count && differences[matter].matters)
		matter++;
	if (as_json)
		print_differences_json(differences, count, matter);
	else
		print_differences(differences, count, matter);
	*exit_code_out = matter > 0 ? DIFFER : TARE_EXIT_OK;
	return TARE_OK;
}

static enum tare_status
show(struct tare_session *session, const char *name, bool as_json, struct tare_err *err)
{
	struct found found;
	enum tare_status status = find_environment(&found, session, name, err);

	if (status != TARE_OK)
		return status;
	if (as_json)
		print_json(&found);
	else
		print_text(&found.environment);
	return TARE_OK;
}

static enum tare_status
env(const void *line, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct env_line *given = line;
	bool is_diff = operands[0] && strcmp(operands[0], "diff") == 0;
	bool as_json = false;
	struct tare_session *session;
	enum tare_status status = tare_format_parse(&as_json, given->format, err);

	if (status == TARE_OK)
		status = is_diff ? tare_operands_check("env diff", operands + 1, 1, 2, err)
				 : tare_operands_check("env", operands, 0, 1, err);
	if (status != TARE_OK)
		return status;
	session = tare_session_new();
	session->options.store_url = given->store;
	if (is_diff)
		status = diff(session, operands + 1, as_json, exit_code_out, err);
	else
		status = show(session, operands[0] ? operands[0] : "now", as_json, err);
	tare_session_free(session);
	return status;
}

const struct tare_command tare_command_env = {
	.name = "env",
	.usage = "[OPTION...] [RUN | diff RUN [RUN]]",
	.summary = "print the environment, of now or of a run, or what differs",
	.detail = "RUN is a journal, a run, a release, a file that --format json wrote, or now.\n"
		  "diff exits with 1 where something differs that matters for measuring.",
	.tables = tables,
	.line_size = sizeof(struct env_line),
	.run = env,
};
