/*
 * Text from outside: checked, split, quoted and compared.
 *
 * Pure functions; results live in the arena passed in.
 */
#ifndef TARE_BASE_TEXT_H
#define TARE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"

/* Offset of the first byte that is not valid UTF-8 (overlong forms, surrogates and code points past
 * U+10FFFF are invalid), or len. */
size_t tare_utf8_check(const char *text, size_t len);

/* The candidate nearest to word by Damerau-Levenshtein distance (ASCII case folded), or NULL where
 * none is within a third of the word's length (at least 1, at most 3). */
const char *tare_text_nearest(const char *word, const char *const *candidates, size_t count);

/* Splits like a POSIX shell (blanks, single and double quotes, backslash) and does nothing else: no
 * variables, no globs. argv_out is NULL-terminated. Errors: TARE_INVALID for an unclosed quote;
 * TARE_UNSUPPORTED for an unquoted ; | & < > (
 * ) ` or $( or a second line, which would need a shell, with the advice to use `shell:`. In double
 * quotes ` and $( need one too. No words give OK and argc 0. */
enum tare_status tare_text_shell_split(struct tare_arena *arena, char ***argv_out, size_t *argc_out,
	const char *text, struct tare_err *err);

/* Writes word so that a shell reads it back as one word; quotes only where needed. */
void tare_text_shell_quote(FILE *out, const char *word);

/* Writes text with control characters, escapes and invalid UTF-8 made visible (\x1b), so that
 * outside text cannot drive a terminal; Unicode's direction overrides too. Newlines and tabs become
 * \n and \t unless keep_newlines. */
void tare_text_print_safe(FILE *out, const char *text, bool keep_newlines);
char *tare_text_safe(struct tare_arena *arena, const char *text); /* the same, one line */

/* Glob match with * and ? (one character) only, the whole text; at worst pattern x text steps. */
bool tare_text_glob(const char *pattern, const char *text);

/* Whether word stands in a list as a whole: between blanks, commas, line ends or the list's ends.
 * False where either is NULL or word is "". */
bool tare_text_has_word(const char *list, const char *word);

/* The whole number behind key at the beginning of a line, or behind mark (NULL: none) further on in
 * that line, as the kernel writes them: "usage_usec 12", "some avg10=0.00 total=34". NaN where
 * there is none. */
double tare_text_number(const char *text, const char *key, const char *mark);

/* The last lines of text: at most max_lines and max_len bytes, starting at a line's start;
 * where not even one line fits, its last max_len bytes, starting at a character. */
const char *tare_text_tail(const char *text, size_t len, size_t max_lines, size_t max_len);

#endif
