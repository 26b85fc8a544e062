/*
 * Requirements: what a suite's environment wants of the machine before anything is measured.
 *
 * Written under `require:`; read here into something that can be compared with facts of the
 * environment. Pure functions.
 */
#ifndef TARE_MODEL_REQUIREMENT_H
#define TARE_MODEL_REQUIREMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/err.h"

/* As the suite has it. */
struct tare_requirement {
	const char *key;   /* "governor" */
	const char *value; /* "performance", ">= 8GiB" */
	const char *place; /* "suite.yaml:4:17", for messages */
};

enum tare_relation {
	TARE_RELATION_AT_LEAST,
	TARE_RELATION_AT_MOST,
	TARE_RELATION_MORE,
	TARE_RELATION_LESS,
	TARE_RELATION_EQUAL,
};

enum { TARE_VERSION_PARTS = 4 };

/* "5.14" and "6.1.0-13-amd64": the numbers in front; those that are missing are 0. */
struct tare_version {
	uint32_t parts[TARE_VERSION_PARTS];
};

/* ">= 8GiB"; without a sign it is "at least". Errors: TARE_INVALID with a sentence that goes behind
 * the key. */
enum tare_status tare_required_size_parse(enum tare_relation *relation_out, uint64_t *bytes_out,
	const char *text, struct tare_err *err);
enum tare_status tare_required_version_parse(enum tare_relation *relation_out,
	struct tare_version *version_out, const char *text, struct tare_err *err);

/* False where the text does not begin with a number. */
bool tare_version_parse(struct tare_version *version_out, const char *text);

/* order is what strcmp() would say of the machine's value and the required one. */
bool tare_relation_holds(enum tare_relation relation, int order);
int tare_version_compare(const struct tare_version *a, const struct tare_version *b);

#endif
