#include "harness/machine/scrub.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/secret.h"

enum { RANDOM_LEN = 24, VALUE_LEN = 8, SECRET_LEN = 4 };

static bool
names_secret(const char *name)
{
	static const char *const words[] = {"token", "secret", "passw", "passphrase", "pwd", "key",
		"auth", "cred", "cookie", "session", "private", "cert"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasestr(name, words[i]))
			return true;
	}
	return false;
}

/* Long, of one piece, with letters and digits. UUIDs of disks are not secret, but nobody's
 * business. */
static bool
looks_random(const char *value)
{
	size_t run = 0;
	bool letter = false;
	bool digit = false;

	for (;; value++) {
		if (*value && (isalnum((unsigned char)*value) || strchr("+/_-", *value))) {
			run++;
			letter |= isalpha((unsigned char)*value) != 0;
			digit |= isdigit((unsigned char)*value) != 0;
			continue;
		}
		if (run >= RANDOM_LEN && letter && digit)
			return true;
		if (!*value)
			return false;
		run = 0;
		letter = digit = false;
	}
}

bool
tare_is_secret(const char *name, const char *value)
{
	return names_secret(name) || strchr(value, '@') != NULL || looks_random(value);
}

static void
print_word(FILE *out, struct tare_arena *arena, const char *word, size_t len)
{
	const char *text = tare_arena_strndup(arena, word, len);
	const char *equals = strchr(text, '=');
	const char *name = equals ? tare_arena_strndup(arena, text, (size_t)(equals - text)) : text;

	if (equals && tare_is_secret(name, equals + 1))
		fprintf(out, "%s=" TARE_SECRET_MASK, name);
	else if (!equals && tare_is_secret("", text))
		fputs(TARE_SECRET_MASK, out);
	else if (equals) /* systemd.setenv=PASSWORD=x */
		fprintf(out, "%s=%s", name, tare_secret_mask_text(arena, equals + 1));
	else
		fputs(text, out);
}

/* NULL where the variable may be told. */
static const char *
secret_value(struct tare_arena *arena, const char *variable)
{
	const char *equals = strchr(variable, '=');

	if (!equals || strlen(equals + 1) < SECRET_LEN)
		return NULL;
	if (tare_secret_value(variable, (size_t)(equals - variable), equals + 1))
		return equals + 1;
	if (equals[1] == '/' || strlen(equals + 1) < VALUE_LEN)
		return NULL;
	return names_secret(tare_arena_strndup(arena, variable, (size_t)(equals - variable)))
		       ? equals + 1
		       : NULL;
}

const char *
tare_scrub_variables(struct tare_arena *arena, const char *text, char *const *variables)
{
	for (; *variables; variables++) {
		const char *value = secret_value(arena, *variables);
		const char *at = value ? strstr(text, value) : NULL;

		while (at) {
			size_t before = (size_t)(at - text);

			text = tare_arena_printf(arena, "%.*s%s%s", (int)before, text,
				TARE_SECRET_MASK, at + strlen(value));
			at = strstr(text + before + strlen(TARE_SECRET_MASK), value);
		}
	}
	return text;
}

static const char blanks[] = " \t\n\v\f\r";

/* The next word; quotes hold blanks in it. */
static size_t
word_len(const char *text)
{
	bool quoted = false;
	size_t len = 0;

	for (; text[len] && (quoted || !strchr(blanks, text[len])); len++)
		quoted ^= text[len] == '"';
	return len;
}

const char *
tare_scrub_command_line(struct tare_arena *arena, const char *line)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool first = true;
	const char *copy;

	if (!out)
		return TARE_SECRET_MASK;
	for (line += strspn(line, blanks); *line; line += strspn(line, blanks)) {
		size_t len = word_len(line);

		if (len == 2 && strncmp(line, "--", 2) == 0)
			break;
		if (!first)
			fputc(' ', out);
		first = false;
		print_word(out, arena, line, len);
		line += len;
	}
	fclose(out);
	copy = tare_arena_strdup(arena, text);
	free(text);
	return copy;
}
