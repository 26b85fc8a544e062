#include "harness/base/text.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* Length of the valid character at text that begins with a byte past ASCII, or 0. The second byte's
 * range is what rules out overlong forms, surrogates and code points past U+10FFFF (Unicode 15,
 * table 3-7). */
static size_t
multibyte_len(const char *text, size_t len)
{
	unsigned char first = (unsigned char)text[0];
	unsigned char low = 0x80;
	unsigned char high = 0xBF;
	size_t need;

	if (first >= 0xC2 && first <= 0xDF)
		need = 2;
	else if (first >= 0xE0 && first <= 0xEF)
		need = 3;
	else if (first >= 0xF0 && first <= 0xF4)
		need = 4;
	else
		return 0;
	if (first == 0xE0)
		low = 0xA0;
	else if (first == 0xED)
		high = 0x9F;
	else if (first == 0xF0)
		low = 0x90;
	else if (first == 0xF4)
		high = 0x8F;
	if (len < need || (unsigned char)text[1] < low || (unsigned char)text[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++) {
		if (!is_continuation(text[i]))
			return 0;
	}
	return need;
}

size_t
tare_utf8_check(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		uint64_t eight;
		size_t step = 1;

		if (len - at >= sizeof(eight)) {
			memcpy(&eight, text + at, sizeof(eight));
			if ((eight & UINT64_C(0x8080808080808080)) == 0) {
				at += sizeof(eight);
				continue;
			}
		}
		if ((unsigned char)text[at] >= 0x80)
			step = multibyte_len(text + at, len - at);
		if (step == 0)
			break;
		at += step;
	}
	return at;
}

enum { NEAREST_ALLOWED_MAX = 3, NEAREST_WORD_MAX = 64 };

static char
fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours; the form that edits no place twice
 * ("optimal string alignment"). Both lengths are at most NEAREST_WORD_MAX + NEAREST_ALLOWED_MAX. */
static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NEAREST_WORD_MAX + NEAREST_ALLOWED_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);

			row[j] = smaller(
				above[j - 1] + (same ? 0 : 1), smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
				fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = smaller(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

const char *
tare_text_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t len = strnlen(word, NEAREST_WORD_MAX + 1);
	size_t allowed = smaller(NEAREST_ALLOWED_MAX, len / 3);
	size_t best_distance;
	const char *best = NULL;

	/* Nothing resembles nothing, and no name is that long. */
	if (len == 0 || len > NEAREST_WORD_MAX)
		return NULL;
	if (allowed < 1)
		allowed = 1;
	best_distance = allowed + 1;
	for (size_t i = 0; i < count; i++) {
		size_t candidate_len = strnlen(candidates[i], len + allowed + 1);
		size_t found;

		if (candidate_len > len + allowed || candidate_len + allowed < len)
			continue;
		found = distance(word, len, candidates[i], candidate_len);
		if (found < best_distance) {
			best_distance = found;
			best = candidates[i];
		}
	}
	return best;
}

struct splitter {
	struct tare_arena *arena;
	const char *text; /* the whole, for messages */
	const char *at;
	char *end; /* where the next byte of a word goes */
	bool in_word;
	bool ended_line; /* an unquoted newline after a word */
	char **argv;
	size_t argc;
	size_t room;
	struct tare_err *err;
};

static void
word_begin(struct splitter *split)
{
	if (split->in_word)
		return;
	split->in_word = true;
	/* One place stays free for the NULL behind the last word. */
	if (split->argc + 1 >= split->room) {
		size_t room = split->room ? 2 * split->room : 8;

		split->argv = tare_arena_grow(
			split->arena, split->argv, split->argc, room, sizeof(*split->argv));
		split->room = room;
	}
	split->argv[split->argc++] = split->end;
}

static void
word_add(struct splitter *split, char c)
{
	word_begin(split);
	*split->end++ = c;
}

static void
word_end(struct splitter *split)
{
	if (!split->in_word)
		return;
	*split->end++ = '\0';
	split->in_word = false;
}

enum { SHOWN_MAX = 200 };

/* The command for a message, shortened so that the advice behind it has room. */
static const char *
shown(const struct splitter *split)
{
	size_t len = SHOWN_MAX;

	if (strnlen(split->text, SHOWN_MAX + 1) <= SHOWN_MAX)
		return split->text;
	while (len > 0 && is_continuation(split->text[len]))
		len--;
	return tare_arena_printf(split->arena, "%.*s...", (int)len, split->text);
}

static enum tare_status
needs_shell(const struct splitter *split, const char *what)
{
	return tare_err_set(split->err, TARE_UNSUPPORTED,
		"\"%s\" holds %s, which needs a shell: quote it, or use `shell:`", shown(split),
		what);
}

static enum tare_status
split_single_quoted(struct splitter *split)
{
	const char *close = strchr(split->at, '\'');

	if (!close)
		return tare_err_set(split->err, TARE_INVALID,
			"\"%s\" has a single quote (') that is not closed", shown(split));
	word_begin(split);
	while (split->at < close)
		word_add(split, *split->at++);
	split->at++;
	return TARE_OK;
}

static enum tare_status
split_double_quoted(struct splitter *split)
{
	word_begin(split);
	for (; *split->at && *split->at != '"'; split->at++) {
		if (*split->at == '`')
			return needs_shell(split, "`");
		if (strncmp(split->at, "$(", 2) == 0)
			return needs_shell(split, "$(");
		/* Inside double quotes a backslash escapes these and is itself before others. */
		if (*split->at == '\\' && split->at[1] && strchr("$`\"\\\n", split->at[1])) {
			split->at++;
			if (*split->at == '\n')
				continue;
		}
		word_add(split, *split->at);
	}
	if (!*split->at)
		return tare_err_set(split->err, TARE_INVALID,
			"\"%s\" has a double quote (\") that is not closed", shown(split));
	split->at++;
	return TARE_OK;
}

static enum tare_status
split_backslash(struct splitter *split)
{
	if (!*split->at)
		return tare_err_set(split->err, TARE_INVALID,
			"\"%s\" ends in a backslash: expected a character after it", shown(split));
	if (*split->at != '\n')
		word_add(split, *split->at);
	split->at++;
	return TARE_OK;
}

static enum tare_status
split_next(struct splitter *split)
{
	char c = *split->at;
	char operator[2] = {c, '\0'};

	if (c == ' ' || c == '\t' || c == '\n') {
		word_end(split);
		split->ended_line |= c == '\n' && split->argc > 0;
		split->at++;
		return TARE_OK;
	}
	if (split->ended_line)
		return needs_shell(split, "a second line");
	if (strchr(";|&<>()`", c))
		return needs_shell(split, operator);
	if (strncmp(split->at, "$(", 2) == 0)
		return needs_shell(split, "$(");
	split->at++;
	if (c == '\'')
		return split_single_quoted(split);
	if (c == '"')
		return split_double_quoted(split);
	if (c == '\\')
		return split_backslash(split);
	word_add(split, c);
	return TARE_OK;
}

enum tare_status
tare_text_shell_split(struct tare_arena *arena, char ***argv_out, size_t *argc_out,
	const char *text, struct tare_err *err)
{
	struct splitter split = {.arena = arena, .text = text, .at = text, .err = err};
	enum tare_status status;

	/* A word and its NUL are never longer than the word and the blank or quotes around it. */
	split.end = tare_arena_alloc(arena, strlen(text) + 1, 1);
	while (*split.at) {
		status = split_next(&split);
		if (status != TARE_OK)
			return status;
	}
	word_end(&split);
	if (!split.argv)
		split.argv = tare_arena_alloc(arena, 1, sizeof(*split.argv));
	split.argv[split.argc] = NULL;
	*argv_out = split.argv;
	*argc_out = split.argc;
	return TARE_OK;
}

static bool
is_plain_word(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-./:,+@%";
	size_t plain_len = strspn(word, plain);

	/* NAME=value in front of a command would be an assignment; --name=value is not. */
	while (word[0] == '-' && word[plain_len] == '=')
		plain_len += 1 + strspn(word + plain_len + 1, plain);
	return plain_len > 0 && word[plain_len] == '\0';
}

void
tare_text_shell_quote(FILE *out, const char *word)
{
	if (is_plain_word(word)) {
		fputs(word, out);
		return;
	}
	putc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			putc(*word, out);
	}
	putc('\'', out);
}

/* What is valid UTF-8 and drives a terminal or turns the reading direction all the same: C1
 * controls (U+0080 to U+009F), line and paragraph separators with the embeddings and overrides
 * (U+2028 to U+202E), and the isolates (U+2066 to U+2069). */
static bool
is_unsafe_multibyte(const char *text)
{
	const unsigned char *u = (const unsigned char *)text;

	if (u[0] == 0xC2)
		return u[1] <= 0x9F;
	if (u[0] != 0xE2)
		return false;
	return (u[1] == 0x80 && u[2] >= 0xA8 && u[2] <= 0xAE) ||
	       (u[1] == 0x81 && u[2] >= 0xA6 && u[2] <= 0xA9);
}

static void
print_control(FILE *out, char c)
{
	switch (c) {
	case '\n':
		fputs("\\n", out);
		break;
	case '\r':
		fputs("\\r", out);
		break;
	case '\t':
		fputs("\\t", out);
		break;
	default:
		fprintf(out, "\\x%02x", (unsigned)(unsigned char)c);
	}
}

void
tare_text_print_safe(FILE *out, const char *text, bool keep_newlines)
{
	const char *end = text + strlen(text);

	while (text < end) {
		unsigned char c = (unsigned char)*text;
		size_t len = c < 0x80 ? 1 : multibyte_len(text, (size_t)(end - text));

		if (c < 0x80 && keep_newlines && (c == '\n' || c == '\t')) {
			putc(c, out);
		} else if (c < 0x20 || c == 0x7F || len == 0) {
			print_control(out, *text);
			len = 1;
		} else if (len > 1 && is_unsafe_multibyte(text)) {
			for (size_t i = 0; i < len; i++)
				print_control(out, text[i]);
		} else {
			fwrite(text, 1, len, out);
		}
		text += len;
	}
}

char *
tare_text_safe(struct tare_arena *arena, const char *text)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&bytes, &len);
	char *copy;

	if (!out)
		abort();
	tare_text_print_safe(out, text, false);
	if (fclose(out))
		abort();
	copy = tare_arena_strndup(arena, bytes, len);
	free(bytes);
	return copy;
}

/* Behind the character that begins at text; a stray byte counts as one. */
static const char *
next_character(const char *text)
{
	text++;
	while (is_continuation(*text))
		text++;
	return text;
}

/* Only the last star is ever tried again: what earlier ones matched cannot be wrong. So the time is
 * bounded by the product of the lengths, whatever the pattern. */
bool
tare_text_glob(const char *pattern, const char *text)
{
	const char *star = NULL;
	const char *star_text = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			star_text = text;
		} else if (*pattern == '?') {
			pattern++;
			text = next_character(text);
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			star_text = next_character(star_text);
			text = star_text;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool
ends_word(char character)
{
	return character == '\0' || strchr(" ,\t\n", character);
}

bool
tare_text_has_word(const char *list, const char *word)
{
	size_t len = word ? strlen(word) : 0;

	if (!list || len == 0)
		return false;
	for (const char *at = list; (at = strstr(at, word)) != NULL; at++) {
		if ((at == list || ends_word(at[-1])) && ends_word(at[len]))
			return true;
	}
	return false;
}

double
tare_text_number(const char *text, const char *key, const char *mark)
{
	size_t key_len = strlen(key);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at = line + key_len;

		if (strncmp(line, key, key_len) != 0)
			continue;
		if (mark) {
			at = strstr(at, mark);
			if (!at || at > line + strcspn(line, "\n"))
				return NAN;
			at += strlen(mark);
		}
		if (*at < '0' || *at > '9')
			return NAN;
		return (double)strtoull(at, NULL, 10);
	}
	return NAN;
}

const char *
tare_text_tail(const char *text, size_t len, size_t max_lines, size_t max_len)
{
	size_t at = len;
	size_t start = len;
	size_t lines = 0;

	while (at > 0 && lines < max_lines) {
		/* The newline that ends a line belongs to it. */
		at--;
		while (at > 0 && text[at - 1] != '\n')
			at--;
		if (len - at > max_len)
			break;
		start = at;
		lines++;
	}
	if (start == len && len > 0 && max_lines > 0) {
		start = len > max_len ? len - max_len : 0;
		while (start < len && is_continuation(text[start]))
			start++;
	}
	return text + start;
}
