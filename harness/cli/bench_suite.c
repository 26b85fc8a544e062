#include "harness/cli/bench_suite.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/secret.h"
#include "harness/base/text.h"

/* The rule of thumb of people who time by hand, until the verdict or the precision ends it sooner.
 */
enum { MIN_INVOCATIONS = 10, MAX_INVOCATIONS = 1000, NAME_MAX_LEN = 160 };

static const char blanks[] = " \t\n";

struct writer {
	struct tare_json json;
	struct tare_arena *arena;
	const struct tare_bench_line *line;
};

/* The parameter that "{name}" at text names; NULL where none does. */
static const char *
parameter_at(const struct tare_texts *parameters, const char *text)
{
	for (size_t i = 0; *text == '{' && i < parameters->count; i += 2) {
		size_t len = strlen(parameters->items[i]);

		if (strncmp(text + 1, parameters->items[i], len) == 0 && text[len + 1] == '}')
			return parameters->items[i];
	}
	return NULL;
}

/* What the user typed, with {name} and ${name} of a parameter as the suite language has it and its
 * own ${ kept literal. */
static char *
to_suite_text(const struct writer *writer, const char *text)
{
	const struct tare_texts *parameters = &writer->line->parameters;
	char *out_text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&out_text, &len);
	char *copy;

	if (!out)
		abort();
	while (*text) {
		bool dollar = text[0] == '$' && text[1] == '{';
		const char *name = parameter_at(parameters, text + dollar);

		if (name) {
			fprintf(out, "${%s}", name);
			text += dollar + strlen(name) + 2;
		} else if (dollar) {
			fputs("$${", out);
			text += 2;
		} else {
			fputc(*text++, out);
		}
	}
	fclose(out);
	copy = tare_arena_strdup(writer->arena, out_text);
	free(out_text);
	return copy;
}

static void
write_text(struct writer *writer, const char *key, const char *text)
{
	if (text)
		tare_json_string(&writer->json, key, to_suite_text(writer, text));
}

static void
write_any_exit(struct tare_json *json)
{
	tare_json_object_begin(json, "expect");
	tare_json_array_begin(json, "exit");
	for (uint64_t code = 0; code < 256; code++)
		tare_json_u64(json, NULL, code);
	tare_json_array_end(json);
	tare_json_object_end(json);
}

/* The bounds that are given hold, and move the one that is not. */
static void
write_bounds(struct tare_json *json, const struct tare_bench_line *line)
{
	uint64_t min = line->min_runs.given ? line->min_runs.value : MIN_INVOCATIONS;
	uint64_t max = line->max_runs.given ? line->max_runs.value : MAX_INVOCATIONS;

	if (min > max && line->min_runs.given)
		max = min;
	else if (min > max)
		min = max;
	tare_json_object_begin(json, "invocations");
	tare_json_u64(json, "min", min);
	tare_json_u64(json, "max", max);
	tare_json_object_end(json);
}

static void
write_defaults(struct writer *writer, const char *cwd)
{
	const struct tare_bench_line *line = writer->line;
	struct tare_json *json = &writer->json;

	tare_json_object_begin(json, "defaults");
	write_text(writer, "cwd", cwd);
	tare_json_array_begin(json, "env_inherit");
	tare_json_string(json, NULL, "*");
	tare_json_array_end(json);
	tare_json_u64(json, "warmup", line->warmup.given ? line->warmup.value : 1);
	if (!line->measuring.invocations)
		write_bounds(json, line);
	write_text(writer, "prepare", line->prepare);
	write_text(writer, "conclude", line->conclude);
	write_text(writer, "setup", line->setup);
	write_text(writer, "cleanup", line->cleanup);
	write_text(writer, "stdin", line->input);
	write_text(writer, "timeout", line->timeout);
	write_text(writer, "precision", line->precision);
	if (line->ignore_failure)
		write_any_exit(json);
	tare_json_object_end(json);
}

/* The value that begins at *rest, ended at its comma; NULL behind the last. "\\," is a comma of the
 * value and "\\\\" a backslash, as hyperfine has it; any other backslash is itself. */
static char *
next_value(char **rest)
{
	char *value = *rest;
	char *to = value;
	char *from = value;

	if (!value)
		return NULL;
	while (*from && *from != ',') {
		if (*from == '\\' && (from[1] == ',' || from[1] == '\\'))
			from++;
		*to++ = *from++;
	}
	*rest = *from ? from + 1 : NULL;
	*to = '\0';
	return value;
}

static void
write_matrix(struct writer *writer)
{
	const struct tare_texts *parameters = &writer->line->parameters;

	if (parameters->count == 0)
		return;
	tare_json_object_begin(&writer->json, "matrix");
	for (size_t i = 0; i < parameters->count; i += 2) {
		char *values = tare_arena_strdup(writer->arena, parameters->items[i + 1]);

		tare_json_array_begin(&writer->json, parameters->items[i]);
		for (char *value; (value = next_value(&values)) != NULL;)
			write_text(writer, NULL, value);
		tare_json_array_end(&writer->json);
	}
	tare_json_object_end(&writer->json);
}

/* Where the word at text ends and the next begins. */
static const char *
word_end(const char *text)
{
	return text + strcspn(text, blanks);
}

static const char *
word_after(const char *text)
{
	text = word_end(text);
	return text + strspn(text, blanks);
}

/* Bytes of the words that all commands begin with, leaving at least one word of each. */
static size_t
common_len(char *const *commands)
{
	const char *first = commands[0];
	size_t common = 0;

	for (const char *word = first; *word_after(word); word = word_after(word)) {
		size_t len = (size_t)(word_after(word) - first);

		for (size_t i = 1; commands[i]; i++) {
			if (strncmp(commands[i], first, len) != 0 || !commands[i][len])
				return common;
		}
		common = len;
	}
	return common;
}

/* A name for people that the suite language takes: one line, not too long, nothing replaced in it.
 */
static char *
to_name(struct tare_arena *arena, const char *text, size_t text_len)
{
	char *name = tare_text_safe(arena, tare_arena_strndup(arena, text, text_len));
	size_t len = strlen(name);

	if (len > NAME_MAX_LEN) {
		len = NAME_MAX_LEN;
		while (((unsigned char)name[len] & 0xc0) == 0x80)
			len--;
	}
	while (len > 0 && name[len - 1] == ' ')
		len--;
	name[len] = '\0';
	for (char *dollar; (dollar = strstr(name, "${")) != NULL;)
		memmove(dollar, dollar + 1, strlen(dollar));
	return name;
}

/* After the words that the commands share, the program's path left out; else after its name. */
static char *
benchmark_name(struct tare_arena *arena, char *const *commands, size_t common)
{
	const char *first = commands[0];
	size_t len = (size_t)(word_end(first) - first);
	const char *slash = memrchr(first, '/', len);
	size_t skipped = slash ? (size_t)(slash + 1 - first) : 0;

	for (size_t i = 1; common == 0 && commands[i]; i++) {
		if (strncmp(commands[i], first, len) != 0 ||
			word_end(commands[i]) != commands[i] + len)
			return tare_arena_strdup(arena, "command");
	}
	return to_name(arena, first + skipped, (common > 0 ? common : len) - skipped);
}

static const char *
variant_name(struct writer *writer, const char *const *taken, const char *text, size_t at)
{
	const struct tare_texts *given = &writer->line->names;
	const char *name = at < given->count ? given->items[at] : text;

	name = to_name(writer->arena, name, strlen(name));
	if (!*name)
		return tare_arena_printf(writer->arena, "command %zu", at + 1);
	for (size_t i = 0; i < at; i++) {
		if (strcmp(taken[i], name) == 0)
			return tare_arena_printf(writer->arena, "%s (%zu)", name, at + 1);
	}
	return name;
}

/* Names get into records; what is executed stays as it is. */
static char **
without_secrets(struct tare_arena *arena, char *const *commands, size_t count)
{
	char **told = tare_arena_alloc(arena, count + 1, sizeof(*told));

	for (size_t i = 0; i < count; i++)
		told[i] = tare_arena_strdup(arena, tare_secret_mask_text(arena, commands[i]));
	return told;
}

static void
write_variants(struct writer *writer, char *const *commands, size_t count)
{
	const char *key = writer->line->shell ? "shell" : "command";
	char *const *told = without_secrets(writer->arena, commands, count);
	size_t common = common_len(told);
	const char **names = tare_arena_alloc(writer->arena, count, sizeof(*names));

	tare_json_string(&writer->json, "name", benchmark_name(writer->arena, told, common));
	tare_json_array_begin(&writer->json, "variants");
	for (size_t i = 0; i < count; i++) {
		names[i] = variant_name(writer, names, told[i] + common, i);
		tare_json_object_begin(&writer->json, NULL);
		tare_json_string(&writer->json, "name", names[i]);
		write_text(writer, key, commands[i]);
		tare_json_object_end(&writer->json);
	}
	tare_json_array_end(&writer->json);
}

static void
write_benchmark(struct writer *writer, char *const *commands, size_t count)
{
	char *const *told;

	tare_json_array_begin(&writer->json, "benchmarks");
	tare_json_object_begin(&writer->json, NULL);
	if (count > 1) {
		write_variants(writer, commands, count);
	} else {
		told = without_secrets(writer->arena, commands, 1);
		tare_json_string(&writer->json, "name", variant_name(writer, NULL, told[0], 0));
		write_text(writer, writer->line->shell ? "shell" : "command", commands[0]);
	}
	tare_json_object_end(&writer->json);
	tare_json_array_end(&writer->json);
}

static enum tare_status
check_command(struct tare_arena *arena, const char *command, struct tare_err *err)
{
	struct tare_err why = {0};
	char **words;
	size_t count;
	enum tare_status status = tare_text_shell_split(arena, &words, &count, command, &why);

	if (status == TARE_UNSUPPORTED)
		return tare_err_set(err, TARE_INVALID,
			"'%.200s' cannot be run without a shell; add --shell to have /bin/sh run "
			"it",
			command);
	if (status != TARE_OK)
		*err = why;
	return status;
}

/* Said here and not by the suite's reader, whose place in a suite the user never wrote. */
static enum tare_status
check_commands(struct tare_arena *arena, char *const *commands, bool shell, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (; *commands && status == TARE_OK; commands++) {
		if (!**commands)
			return tare_err_set(err, TARE_INVALID, "a command is empty");
		if (!shell)
			status = check_command(arena, *commands, err);
	}
	return status;
}

static bool
is_name(const char *text)
{
	if (!isalpha((unsigned char)*text))
		return false;
	while (isalnum((unsigned char)*text) || *text == '_' || *text == '-')
		text++;
	return !*text;
}

static enum tare_status
check_runs(const struct tare_bench_line *line, struct tare_err *err)
{
	const struct tare_given_count *min = &line->min_runs;
	const struct tare_given_count *max = &line->max_runs;

	if ((min->given || max->given) && line->measuring.invocations)
		return tare_err_set(err, TARE_INVALID,
			"--%s-runs and --invocations exclude each other",
			min->given ? "min" : "max");
	if (min->given && max->given && min->value > max->value)
		return tare_err_set(err, TARE_INVALID,
			"--min-runs %llu is more than --max-runs %llu; expected it the other way "
			"round",
			min->value, max->value);
	if ((min->given && min->value == 0) || (max->given && max->value == 0))
		return tare_err_set(err, TARE_INVALID, "--%s-runs is 0; expected 1 or more",
			min->given && min->value == 0 ? "min" : "max");
	return TARE_OK;
}

static enum tare_status
check_line(const struct tare_bench_line *line, size_t count, struct tare_err *err)
{
	if (line->shell && line->no_shell)
		return tare_err_set(err, TARE_INVALID, "--shell and --no-shell exclude each other");
	if (line->names.count > count)
		return tare_err_set(err, TARE_INVALID, "--name is given %zu times for %zu %s",
			line->names.count, count, count == 1 ? "command" : "commands");
	for (size_t i = 0; i < line->parameters.count; i += 2) {
		if (!is_name(line->parameters.items[i]))
			return tare_err_set(err, TARE_INVALID,
				"--parameter-list '%s' is not a name; expected a letter, then "
				"letters, digits, _ or -",
				line->parameters.items[i]);
		if (!*line->parameters.items[i + 1])
			return tare_err_set(err, TARE_INVALID,
				"--parameter-list %s has no values; expected a list like 1,2,3",
				line->parameters.items[i]);
	}
	return check_runs(line, err);
}

/* Without the blanks around them, so that words can be compared from the beginning. */
static char **
trimmed(struct tare_arena *arena, char *const *commands, size_t count)
{
	char **copies = tare_arena_alloc(arena, count + 1, sizeof(*copies));

	for (size_t i = 0; i < count; i++) {
		const char *text = commands[i] + strspn(commands[i], blanks);
		size_t len = strlen(text);

		while (len > 0 && strchr(blanks, text[len - 1]))
			len--;
		copies[i] = tare_arena_strndup(arena, text, len);
	}
	return copies;
}

enum tare_status
tare_bench_suite_text(char **text_out, struct tare_arena *arena, const struct tare_bench_line *line,
	char *const *commands, const char *cwd, struct tare_err *err)
{
	struct writer writer = {.arena = arena, .line = line};
	char *text = NULL;
	size_t len = 0, count = 0;
	enum tare_status status;
	FILE *out;

	while (commands[count])
		count++;
	commands = trimmed(arena, commands, count);
	status = check_line(line, count, err);
	if (status == TARE_OK)
		status = check_commands(arena, commands, line->shell, err);
	if (status != TARE_OK)
		return status;
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	tare_json_begin(&writer.json, out, 2);
	tare_json_object_begin(&writer.json, NULL);
	tare_json_string(&writer.json, "suite", "bench");
	write_defaults(&writer, cwd);
	write_matrix(&writer);
	write_benchmark(&writer, commands, count);
	tare_json_object_end(&writer.json);
	fputc('\n', out);
	fclose(out);
	*text_out = tare_arena_strdup(arena, text);
	free(text);
	return TARE_OK;
}
