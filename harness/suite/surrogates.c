#include "harness/suite/surrogates.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ESCAPE_LEN = 6,  /* \uD83D */
	PAIR_LEN = 12,   /* \uD83D\uDE00 */
	JOINED_LEN = 10, /* \U0001F600 */
	HIGH_FIRST = 0xd800,
	LOW_FIRST = 0xdc00,
	SURROGATES = 0x400, /* of either kind */
};

/* The number of "\uXXXX" at text; 0 where there is none. Ends at the NUL behind the text. */
static unsigned
escape_at(const char *text)
{
	char digits[5] = "";

	if (text[0] != '\\' || text[1] != 'u')
		return 0;
	for (int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)text[2 + i]))
			return 0;
		digits[i] = text[2 + i];
	}
	return (unsigned)strtoul(digits, NULL, 16);
}

/* The character of the pair at text; 0 where there is none. */
static unsigned
pair_at(const char *text)
{
	unsigned high = escape_at(text);
	unsigned low;

	if (high < HIGH_FIRST || high >= LOW_FIRST)
		return 0;
	low = escape_at(text + ESCAPE_LEN);
	if (low < LOW_FIRST || low >= LOW_FIRST + SURROGATES)
		return 0;
	return 0x10000 + (high - HIGH_FIRST) * SURROGATES + (low - LOW_FIRST);
}

/* The string whose opening quote is at *at; its pairs are joined and made up for by blanks behind
 * the closing quote. False where it is none of JSON's. */
static bool
join_string(char *text, size_t *at, size_t len)
{
	size_t from = *at + 1;
	size_t to = from;

	while (from < len && text[from] != '"' && text[from] != '\n') {
		unsigned character = pair_at(text + from);

		if (character != 0) {
			char joined[JOINED_LEN + 1];

			snprintf(joined, sizeof(joined), "\\U%08X", character);
			memcpy(text + to, joined, JOINED_LEN);
			to += JOINED_LEN;
			from += PAIR_LEN;
			continue;
		}
		if (text[from] == '\\' && from + 1 < len)
			text[to++] = text[from++];
		text[to++] = text[from++];
	}
	if (from >= len || text[from] != '"')
		return false;
	text[to++] = '"';
	memset(text + to, ' ', from + 1 - to);
	*at = from;
	return true;
}

/* Between strings JSON has little, and with no more than that a quote can only begin a string. */
static bool
join_strings(char *text, size_t len)
{
	char last = '\0';

	for (size_t i = 0; i < len; i++) {
		char byte = text[i];

		if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n')
			continue;
		if (last == '\0' && byte != '{')
			return false;
		if (byte == '"') {
			if (strchr("{[,:", last) == NULL || !join_string(text, &i, len))
				return false;
		} else if (byte == ':') {
			if (last != '"')
				return false;
		} else if (strchr("{}[],+-.", byte) == NULL && !isalnum((unsigned char)byte)) {
			return false;
		}
		last = byte;
	}
	return true;
}

const char *
tare_surrogates_join(struct tare_arena *arena, const char *text, size_t len)
{
	char *copy;

	if (memmem(text, len, "\\ud", 3) == NULL && memmem(text, len, "\\uD", 3) == NULL)
		return text;
	copy = tare_arena_strndup(arena, text, len);
	return join_strings(copy, len) ? copy : text;
}
