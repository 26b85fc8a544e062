#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/cli/list.h"
#include "harness/cli/measuring.h"

/* The rule of thumb of people who time by hand, until the verdict or the precision ends it sooner.
 */
enum { MIN_INVOCATIONS = 10, NAME_MAX_LEN = 160 };

struct bench_line {
	struct tare_measuring_line measuring;
	struct tare_texts names;
	struct tare_texts parameters; /* name, values, name, values, ... */
	struct tare_given_count warmup;
	const char *prepare;
	const char *conclude;
	const char *setup;
	const char *cleanup;
	const char *input;
	const char *timeout;
	const char *precision;
	const char *export_json;
	const char *export_csv;
	const char *export_markdown;
	bool shell;
	bool no_shell;
	bool ignore_failure;
	bool keep;
	bool print_suite;
};

#define AT(field) offsetof(struct bench_line, field)

static const struct tare_option options[] = {
	{"name", 'n', "NAME", TARE_OPTION_TEXTS, AT(names),
		"name of a command, in their order; repeatable"},
	{"warmup", 'w', "N", TARE_OPTION_COUNT, AT(warmup),
		"invocations before any is counted (1)"},
	{"runs", 0, "N", TARE_OPTION_TEXT, AT(measuring.invocations), "same as --invocations"},
	{"prepare", 'p', "SCRIPT", TARE_OPTION_TEXT, AT(prepare),
		"run by /bin/sh before each invocation"},
	{"conclude", 0, "SCRIPT", TARE_OPTION_TEXT, AT(conclude),
		"run by /bin/sh after each invocation"},
	{"setup", 's', "SCRIPT", TARE_OPTION_TEXT, AT(setup), "run by /bin/sh once per command"},
	{"cleanup", 'c', "SCRIPT", TARE_OPTION_TEXT, AT(cleanup),
		"run by /bin/sh once per command, at the end"},
	{"parameter-list", 'L', "NAME A,B,C", TARE_OPTION_PAIRS, AT(parameters),
		"repeat for each value of {NAME}; repeatable"},
	{"shell", 'S', NULL, TARE_OPTION_FLAG, AT(shell), "run commands by /bin/sh -e"},
	{"no-shell", 'N', NULL, TARE_OPTION_FLAG, AT(no_shell), "no shell, which is the default"},
	{"ignore-failure", 'i', NULL, TARE_OPTION_FLAG, AT(ignore_failure),
		"any exit code is fine"},
	{"input", 0, "FILE", TARE_OPTION_TEXT, AT(input), "standard input of each invocation"},
	{"timeout", 0, "TIME", TARE_OPTION_TEXT, AT(timeout), "kill an invocation after this long"},
	{"precision", 0, "PERCENT", TARE_OPTION_TEXT, AT(precision),
		"stop at this half-width of the interval (2%)"},
	{"export-json", 0, "FILE", TARE_OPTION_TEXT, AT(export_json), "same as --report json=FILE"},
	{"export-csv", 0, "FILE", TARE_OPTION_TEXT, AT(export_csv), "same as --report csv=FILE"},
	{"export-markdown", 0, "FILE", TARE_OPTION_TEXT, AT(export_markdown),
		"same as --report markdown=FILE"},
	{"keep", 0, NULL, TARE_OPTION_FLAG, AT(keep),
		"add the run to the history and keep its journal"},
	{"print-suite", 0, NULL, TARE_OPTION_FLAG, AT(print_suite),
		"print the suite this stands for, and measure nothing"},
	{0},
};

static const struct tare_option *const tables[] = {options, tare_measuring_options, NULL};

/* What the user typed, with {name} of a parameter as the suite language has it and its own ${ kept
 * literal. */
static char *
to_suite_text(struct tare_arena *arena, const struct bench_line *line, const char *text)
{
	char *out_text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&out_text, &len);
	char *copy;

	if (!out)
		abort();
	while (*text) {
		bool replaced = false;

		for (size_t i = 0; *text == '{' && i < line->parameters.count; i += 2) {
			size_t name_len = strlen(line->parameters.items[i]);

			if (strncmp(text + 1, line->parameters.items[i], name_len) != 0 ||
				text[name_len + 1] != '}')
				continue;
			fprintf(out, "${%s}", line->parameters.items[i]);
			text += name_len + 2;
			replaced = true;
			break;
		}
		if (replaced)
			continue;
		if (text[0] == '$' && text[1] == '{')
			fputc('$', out);
		fputc(*text++, out);
	}
	fclose(out);
	copy = tare_arena_strdup(arena, out_text);
	free(out_text);
	return copy;
}

static void
write_text(struct tare_json *json, struct tare_arena *arena, const struct bench_line *line,
	const char *key, const char *text)
{
	if (text)
		tare_json_string(json, key, to_suite_text(arena, line, text));
}

static void
write_defaults(struct tare_json *json, struct tare_arena *arena, const struct bench_line *line)
{
	const char *cwd = getcwd(NULL, 0);

	tare_json_object_begin(json, "defaults");
	write_text(json, arena, line, "cwd", cwd);
	tare_json_array_begin(json, "env_inherit");
	tare_json_string(json, NULL, "*");
	tare_json_array_end(json);
	tare_json_u64(json, "warmup", line->warmup.given ? line->warmup.value : 1);
	if (!line->measuring.invocations) {
		tare_json_object_begin(json, "invocations");
		tare_json_u64(json, "min", MIN_INVOCATIONS);
		tare_json_u64(json, "max", 1000);
		tare_json_object_end(json);
	}
	write_text(json, arena, line, "prepare", line->prepare);
	write_text(json, arena, line, "conclude", line->conclude);
	write_text(json, arena, line, "setup", line->setup);
	write_text(json, arena, line, "cleanup", line->cleanup);
	write_text(json, arena, line, "stdin", line->input);
	write_text(json, arena, line, "timeout", line->timeout);
	write_text(json, arena, line, "precision", line->precision);
	if (line->ignore_failure) {
		tare_json_object_begin(json, "expect");
		tare_json_array_begin(json, "exit");
		for (uint64_t code = 0; code < 256; code++)
			tare_json_u64(json, NULL, code);
		tare_json_array_end(json);
		tare_json_object_end(json);
	}
	tare_json_object_end(json);
	free((void *)(uintptr_t)cwd);
}

static enum tare_status
write_matrix(struct tare_json *json, struct tare_arena *arena, const struct bench_line *line,
	struct tare_err *err)
{
	if (line->parameters.count == 0)
		return TARE_OK;
	tare_json_object_begin(json, "matrix");
	for (size_t i = 0; i < line->parameters.count; i += 2) {
		char *values = tare_arena_strdup(arena, line->parameters.items[i + 1]);

		if (!*values)
			return tare_err_set(err, TARE_INVALID,
				"--parameter-list %s has no values; expected a list like 1,2,3",
				line->parameters.items[i]);
		tare_json_array_begin(json, line->parameters.items[i]);
		for (char *value; (value = strsep(&values, ",")) != NULL;)
			write_text(json, arena, line, NULL, value);
		tare_json_array_end(json);
	}
	tare_json_object_end(json);
	return TARE_OK;
}

/* A name for people that the suite language takes: one line, not too long, nothing replaced in it.
 */
static char *
command_name(struct tare_arena *arena, const struct bench_line *line, char **commands, size_t at)
{
	const char *given = at < line->names.count ? line->names.items[at] : commands[at];
	char *name = tare_text_safe(arena, given + strspn(given, " "));
	size_t len = strlen(name);

	if (len > NAME_MAX_LEN) {
		len = NAME_MAX_LEN;
		while (((unsigned char)name[len] & 0xc0) == 0x80)
			len--;
	}
	while (len > 0 && name[len - 1] == ' ')
		len--;
	name[len] = '\0';
	for (char *dollar = name; (dollar = strstr(dollar, "${")) != NULL; dollar++)
		*dollar = '_';
	for (size_t i = 0; i < at; i++) {
		if (strcmp(command_name(arena, line, commands, i), name) == 0)
			return tare_arena_printf(arena, "%s (%zu)", name, at + 1);
	}
	return *name ? name : tare_arena_printf(arena, "command %zu", at + 1);
}

static void
write_benchmark(struct tare_json *json, struct tare_arena *arena, const struct bench_line *line,
	char **commands, size_t count)
{
	const char *key = line->shell ? "shell" : "command";

	tare_json_array_begin(json, "benchmarks");
	tare_json_object_begin(json, NULL);
	tare_json_string(
		json, "name", count == 1 ? command_name(arena, line, commands, 0) : "bench");
	if (count == 1) {
		write_text(json, arena, line, key, commands[0]);
	} else {
		tare_json_array_begin(json, "variants");
		for (size_t i = 0; i < count; i++) {
			tare_json_object_begin(json, NULL);
			tare_json_string(json, "name", command_name(arena, line, commands, i));
			write_text(json, arena, line, key, commands[i]);
			tare_json_object_end(json);
		}
		tare_json_array_end(json);
	}
	tare_json_object_end(json);
	tare_json_array_end(json);
}

/* JSON is YAML: the suite goes through the same reader as one that a person wrote. */
static enum tare_status
write_suite(char **text_out, struct tare_arena *arena, const struct bench_line *line,
	char **commands, struct tare_err *err)
{
	struct tare_json json;
	char *text = NULL;
	size_t len = 0, count = 0;
	FILE *out = open_memstream(&text, &len);
	enum tare_status status;

	if (!out)
		abort();
	while (commands[count])
		count++;
	tare_json_begin(&json, out, 2);
	tare_json_object_begin(&json, NULL);
	tare_json_string(&json, "suite", "bench");
	write_defaults(&json, arena, line);
	status = write_matrix(&json, arena, line, err);
	if (status == TARE_OK) {
		write_benchmark(&json, arena, line, commands, count);
		tare_json_object_end(&json);
		fputc('\n', out);
	}
	fclose(out);
	*text_out = tare_arena_strdup(arena, text);
	free(text);
	return status;
}

/* Said here and not by the suite's reader, whose place in a suite the user never wrote. */
static enum tare_status
check_commands(struct tare_arena *arena, const struct bench_line *line, char **commands,
	struct tare_err *err)
{
	for (; *commands && !line->shell; commands++) {
		struct tare_err why = {0};
		char **words;
		size_t count;

		if (tare_text_shell_split(arena, &words, &count, *commands, &why) != TARE_OK)
			return tare_err_set(err, TARE_INVALID,
				"'%.200s' cannot be run without a shell; add --shell to have "
				"/bin/sh run it",
				*commands);
		if (count == 0)
			return tare_err_set(err, TARE_INVALID, "a command is empty");
	}
	return TARE_OK;
}

static enum tare_status
add_exports(struct tare_session *session, const struct bench_line *line, struct tare_err *err)
{
	const struct tare_report_request exports[] = {
		{.format = "json", .path = line->export_json},
		{.format = "csv", .path = line->export_csv},
		{.format = "markdown", .path = line->export_markdown},
	};
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < 3 && status == TARE_OK; i++) {
		if (exports[i].path)
			status = tare_report_request_add(
				session, exports[i].format, exports[i].path, err);
	}
	return status;
}

static enum tare_status
bench_session(struct tare_session *session, const struct bench_line *line, char **commands,
	int *exit_code_out, struct tare_err *err)
{
	struct tare_session_options *to = &session->options;
	char *text;
	enum tare_status status = check_commands(session->arena, line, commands, err);

	if (status == TARE_OK)
		status = write_suite(&text, session->arena, line, commands, err);
	if (status != TARE_OK)
		return status;
	if (line->print_suite) {
		fputs(text, stdout);
		return TARE_OK;
	}
	status = tare_measuring_prepare(session, &line->measuring, err);
	if (status == TARE_OK)
		status = add_exports(session, line, err);
	if (status != TARE_OK)
		return status;
	to->suite_text = text;
	to->suite_name = "tare bench";
	to->use_store = line->keep || line->measuring.store;
	to->keep_journal = line->keep || line->measuring.journal;
	if (!to->expand.max_time)
		to->expand.max_time = "5s";
	return tare_measuring_run(session, exit_code_out, err);
}

static enum tare_status
bench(const void *line, char **operands, int *exit_code_out, struct tare_err *err)
{
	enum tare_status status = tare_operands_check("bench", operands, 1, 1000, err);
	struct tare_session *session;

	if (status != TARE_OK)
		return status;
	session = tare_session_new();
	status = bench_session(session, line, operands, exit_code_out, err);
	tare_session_free(session);
	return status;
}

const struct tare_command tare_command_bench = {
	.name = "bench",
	.usage = "[OPTION...] 'COMMAND' ['COMMAND'...]",
	.summary = "measure commands without a suite",
	.detail =
		"A command is split into words as a shell would, but no shell runs it (see "
		"--shell).\n"
		"Several commands are interleaved and compared with the first. Nothing is stored\n"
		"unless --keep is given.",
	.tables = tables,
	.line_size = sizeof(struct bench_line),
	.run = bench,
};
