/*
 * Secrets in commands: what may be told of a word, or of text, that somebody wrote.
 *
 * Pure; results live in the arena. Hidden are the values of options, variables, headers and JSON
 * members whose names say secret (--token=x, PGPASSWORD=x, "Authorization: Bearer x"), passwords in
 * URLs and behind -u user:, and tokens of known issuers by their first letters. A name says secret
 * by its parts, so that --tokenizer=x, --keys=5, --max-tokens=9 and --password-file=x stay; so do
 * values that are none: $REFERENCES, true, none, and the like. Options with a value glued to one
 * letter (-psecret) are not recognised.
 *
 * For records and messages only: what is executed is what the user wrote.
 */
#ifndef TARE_BASE_SECRET_H
#define TARE_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/arena.h"

#define TARE_SECRET_MASK "***"

/* Whether the name of an option, a variable or a header says that its value is a secret. */
bool tare_secret_name(const char *name, size_t len);

/* Whether a variable of this name has a value that is a secret: not a switch, a number or the file
 * that the secret is in. */
bool tare_secret_value(const char *name, size_t len, const char *value);

/* One word of a command; before is the word in front of it, "" where it is the first. A word behind
 * -c is a script, others are one value. */
const char *tare_secret_mask_word(struct tare_arena *arena, const char *before, const char *word);

/* A script, or what a program wrote. */
const char *tare_secret_mask_text(struct tare_arena *arena, const char *text);

#endif
