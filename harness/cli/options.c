#include "harness/cli/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "report/table.h"

enum {
	KEY_LONG = 256,
	KEY_HELP = 'h',
	LETTERS_MAX = 2 * TARE_OPTIONS_MAX + 4,
	COLUMN = 32,
	WIDTH = 80,
	WORD_MAX = 64,
	LIST_MAX = 512
};

struct parser {
	struct option longs[TARE_OPTIONS_MAX + 2];
	char letters[LETTERS_MAX];
	const struct tare_option *options[TARE_OPTIONS_MAX];
	size_t count;
};

static int
has_argument(const struct tare_option *option)
{
	if (!option->argument)
		return no_argument;
	return option->kind == TARE_OPTION_MAYBE ? optional_argument : required_argument;
}

static void
parser_build(struct parser *parser, const struct tare_option *const *tables)
{
	char *letter = stpcpy(parser->letters, ":h");

	for (; *tables; tables++) {
		for (const struct tare_option *option = *tables; option->name; option++) {
			assert(parser->count < TARE_OPTIONS_MAX);
			parser->longs[parser->count] = (struct option){
				.name = option->name,
				.has_arg = has_argument(option),
				.val = KEY_LONG + (int)parser->count,
			};
			parser->options[parser->count++] = option;
			if (!option->letter)
				continue;
			assert(option->kind != TARE_OPTION_MAYBE);
			*letter++ = option->letter;
			if (option->argument)
				*letter++ = ':';
		}
	}
	*letter = '\0';
	parser->longs[parser->count] = (struct option){.name = "help", .val = KEY_HELP};
}

static const struct tare_option *
parser_find(const struct parser *parser, int key)
{
	if (key >= KEY_LONG)
		return parser->options[key - KEY_LONG];
	for (size_t i = 0; i < parser->count; i++) {
		if (parser->options[i]->letter == key)
			return parser->options[i];
	}
	return NULL;
}

static enum tare_status
add_text(struct tare_texts *texts, const char *text, const char *name, struct tare_err *err)
{
	if (texts->count == TARE_TEXTS_MAX)
		return tare_err_set(err, TARE_INVALID, "--%s is given more than %d times", name,
			TARE_TEXTS_MAX);
	texts->items[texts->count++] = text;
	return TARE_OK;
}

static enum tare_status
take_count(
	struct tare_given_count *count, const char *value, const char *name, struct tare_err *err)
{
	uint64_t parsed;

	if (tare_count_parse(&parsed, value, INT64_MAX, err) != TARE_OK)
		return tare_err_where(err, "--%s", name);
	*count = (struct tare_given_count){parsed, true};
	return TARE_OK;
}

static enum tare_status
take(void *line, const struct tare_option *option, int argc, char **argv, struct tare_err *err)
{
	char *field = (char *)line + option->offset;
	const char *text = optarg ? optarg : "";
	enum tare_status status;

	switch (option->kind) {
	case TARE_OPTION_FLAG:
		*(bool *)field = true;
		return TARE_OK;
	case TARE_OPTION_TEXT:
	case TARE_OPTION_MAYBE:
		memcpy(field, &text, sizeof(text));
		return TARE_OK;
	case TARE_OPTION_COUNT:
		return take_count(
			(struct tare_given_count *)(void *)field, optarg, option->name, err);
	case TARE_OPTION_TEXTS:
		return add_text((struct tare_texts *)(void *)field, optarg, option->name, err);
	case TARE_OPTION_PAIRS:
		if (optind >= argc)
			return tare_err_set(err, TARE_INVALID, "--%s needs two values: %s",
				option->name, option->argument);
		status = add_text((struct tare_texts *)(void *)field, optarg, option->name, err);
		if (status != TARE_OK)
			return status;
		return add_text(
			(struct tare_texts *)(void *)field, argv[optind++], option->name, err);
	}
	return TARE_OK;
}

/* "--in" of --input and --invocations: both are named. */
static enum tare_status
ambiguous_option(const char *const *names, size_t count, const char *word, struct tare_err *err)
{
	char list[LIST_MAX] = "";
	size_t len = 0;

	for (size_t i = 0; i < count && len < sizeof(list); i++) {
		if (strncmp(names[i], word, strlen(word)) == 0)
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s--%s",
				len ? ", " : "", names[i]);
	}
	return tare_err_set(
		err, TARE_INVALID, "option '--%s' is ambiguous; it may be %s", word, list);
}

static enum tare_status
unknown_option(const struct parser *parser, char **argv, struct tare_err *err)
{
	const char *names[TARE_OPTIONS_MAX + 1];
	size_t count = parser->count + 1, beginning = 0;
	char word[WORD_MAX];
	const char *near;

	if (optopt && optopt < KEY_LONG)
		return tare_err_set(
			err, TARE_INVALID, "there is no option '-%c'; see --help", optopt);
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(argv[optind - 1] + 2, "="),
		argv[optind - 1] + 2);
	if (optopt)
		return tare_err_set(err, TARE_INVALID, "option '--%s' takes no value", word);
	for (size_t i = 0; i < count; i++) {
		names[i] = parser->longs[i].name;
		beginning += strncmp(names[i], word, strlen(word)) == 0;
	}
	if (beginning > 1)
		return ambiguous_option(names, count, word, err);
	near = tare_text_nearest(word, names, count);
	if (near)
		return tare_err_set(err, TARE_INVALID,
			"there is no option '--%s'; did you mean '--%s'?", word, near);
	return tare_err_set(err, TARE_INVALID, "there is no option '--%s'; see --help", word);
}

enum tare_status
tare_options_parse(void *line, int *first_operand_out, bool *help_out, int argc, char **argv,
	const struct tare_option *const *tables, struct tare_err *err)
{
	struct parser parser = {0};
	enum tare_status status = TARE_OK;
	int key;

	parser_build(&parser, tables);
	opterr = 0;
	optind = 0;
	while (status == TARE_OK &&
		(key = getopt_long(argc, argv, parser.letters, parser.longs, NULL)) != -1) {
		const struct tare_option *option = parser_find(&parser, key);

		if (key == KEY_HELP && !option)
			*help_out = true;
		else if (key == ':')
			status = tare_err_set(
				err, TARE_INVALID, "option '%s' needs a value", argv[optind - 1]);
		else if (!option)
			status = unknown_option(&parser, argv, err);
		else
			status = take(line, option, argc, argv, err);
	}
	*first_operand_out = optind;
	return status;
}

void
tare_options_print(FILE *out, const struct tare_option *const *tables)
{
	for (; *tables; tables++) {
		for (const struct tare_option *option = *tables; option->name; option++) {
			int len = option->letter ? fprintf(out, "  -%c, --%s", option->letter,
							   option->name)
						 : fprintf(out, "      --%s", option->name);

			if (option->argument)
				len += fprintf(out,
					option->kind == TARE_OPTION_MAYBE ? "[=%s]" : " %s",
					option->argument);
			if (len >= COLUMN)
				len = fprintf(out, "\n") - 1;
			fprintf(out, "%*s", COLUMN - len, "");
			tare_display_wrapped(out, option->help, COLUMN, WIDTH);
		}
	}
	fprintf(out, "  -h, --help%*sprint this and exit\n", COLUMN - 12, "");
}
