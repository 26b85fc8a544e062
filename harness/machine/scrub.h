/*
 * Scrubbing: what of a machine may be a secret does not get into a record; harness/base/secret.h
 * has what users write into commands.
 *
 * Pure; results live in the arena. A value is hidden where its name says secret (token, password,
 * key, ...), where it carries a user before an @, and where it is long and looks drawn at random.
 * It rather hides too much.
 */
#ifndef TARE_MACHINE_SCRUB_H
#define TARE_MACHINE_SCRUB_H

#include <stdbool.h>

#include "harness/base/arena.h"

/* Whether the value of this name must not be told. */
bool tare_is_secret(const char *name, const char *value);

/* A kernel command line: "name=***" for secrets, and nothing of what is for init (behind a
 * "--"), which is not the kernel's. */
const char *tare_scrub_command_line(struct tare_arena *arena, const char *line);

/* Text without the values of those of the variables ("NAME=value", NULL at the end) that are called
 * secrets. Left are values of fewer than four bytes, which stand in many texts for other reasons;
 * and of names that may say something else too (SSH_AUTH_SOCK, XDG_SESSION_TYPE) those of fewer
 * than eight, and paths. */
const char *tare_scrub_variables(
	struct tare_arena *arena, const char *text, char *const *variables);

#endif
