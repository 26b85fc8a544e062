/*
 * The environment of a run: facts about machine, kernel and knobs.
 *
 * A flat list of key and value in a fixed order. Facts that matter decide whether two runs may be
 * compared and go into the fingerprint: SHA-256 over their sorted "key=value\n" lines. Strings
 * belong to the arena the environment was made in.
 */
#ifndef TARE_MODEL_ENVIRONMENT_H
#define TARE_MODEL_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/arena.h"
#include "harness/base/digest.h"
#include "harness/base/err.h"
#include "harness/base/json.h"

enum { TARE_FACTS_MAX = 4096 }; /* that are read of an environment */

struct tare_fact {
	const char *key;   /* "cpu.model" */
	const char *value; /* text; numbers in base units */
	bool matters;
};

struct tare_environment {
	struct tare_fact *facts;
	size_t fact_count;
	char fingerprint[TARE_DIGEST_TEXT_MAX];
};

void tare_environment_add(struct tare_environment *env, struct tare_arena *arena, const char *key,
	const char *value, bool matters);
/* NULL where there is no such fact. */
const char *tare_environment_get(const struct tare_environment *env, const char *key);
void tare_environment_fingerprint(struct tare_environment *env);
/* With strings and a fingerprint of its own. */
void tare_environment_copy(struct tare_environment *copy_out, struct tare_arena *arena,
	const struct tare_environment *env);

/* The members "fingerprint" and "facts" of the object that is open. */
void tare_environment_write(struct tare_json *json, const struct tare_environment *env);
/* Reads them back. The fingerprint is made anew from the facts: it decides whether runs may be
 * compared, and what a file claims need not be true. No "facts" are none. TARE_INVALID says which
 * fact is none, or that there are more than TARE_FACTS_MAX. */
enum tare_status tare_environment_read(struct tare_environment *env_out, struct tare_arena *arena,
	const json_t *object, struct tare_err *err);

struct tare_fact_difference {
	const char *key;
	const char *base; /* NULL: not recorded there */
	const char *head;
	bool matters;
};
/* Facts that differ, those that matter first; in the arena. */
size_t tare_environment_diff(struct tare_fact_difference **differences_out,
	struct tare_arena *arena, const struct tare_environment *base,
	const struct tare_environment *head);

#endif
