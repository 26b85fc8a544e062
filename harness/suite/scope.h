/*
 * What ${names} mean for one case, and replacing them.
 *
 * A scope looks a name up in tare's own names, the point of the matrix, the variables of the
 * command line, and the vars of its layers from strong to weak. Variables may use each other;
 * circles, texts past a bound and endless work are problems, reported where the reference is
 * written. Internal to harness/suite.
 */
#ifndef TARE_SUITE_SCOPE_H
#define TARE_SUITE_SCOPE_H

#include "harness/suite/loaded.h"

enum {
	TARE_SCOPE_TEXT_MAX = 1 << 20,       /* bytes of one text after replacing */
	TARE_SCOPE_STEPS_MAX = 10000,        /* names replaced for one text */
	TARE_SCOPE_ALL_STEPS_MAX = 20000000, /* and for a whole plan */
	TARE_SCOPE_DEPTH_MAX = 32,           /* variables in variables */
};

/* One parameter of a point. */
struct tare_point_value {
	const char *name;
	const char *text;
	const struct tare_node *at;
};

struct tare_point {
	struct tare_point_value *values;
	size_t count;
};

/* --var NAME=VALUE */
struct tare_variable {
	const char *name;
	const char *text;
	bool used;
};

/* What all scopes of an expansion share; zero it and fill in the first part. */
struct tare_scope_shared {
	struct tare_arena *arena;
	struct tare_problem_list *problems;
	const struct tare_suite *suite; /* NULL: nothing is known to be wrong with it */
	const char *(*getenv)(const char *name);
	bool elsewhere; /* another machine's environment: its variables need not be set here */
	const char *work_dir;
	struct tare_variable *variables;
	size_t variable_count;
	size_t steps;
	uint64_t matrix_steps; /* spent by matrix.c for the whole plan */
	char *buffer;          /* freed by tare_scope_shared_free() */
	size_t buffer_len;
	size_t buffer_capacity;
};

struct tare_scope {
	struct tare_scope_shared *shared;
	const struct tare_layer *const *layers; /* weak to strong */
	size_t layer_count;
	const struct tare_point *point; /* NULL while the matrix itself is read */
	const char *benchmark;
	const char *variant;     /* NULL: not known here */
	const char *scratch_dir; /* NULL: not known here */
};

/* The text with all names replaced, in the arena; NULL where that is a problem. */
const char *tare_scope_text(const struct tare_scope *scope, const struct tare_node *node);
/* The same for everything below node; the node itself where nothing is replaced. NULL where there
 * was a problem. */
struct tare_node *tare_scope_resolve(const struct tare_scope *scope, struct tare_node *node);
/* Whether something called name, a variable or a key, may be missing only because of a problem that
 * is known: then nothing more is said of it. */
bool tare_scope_lost(const struct tare_scope *scope, const char *name);
void tare_scope_shared_free(struct tare_scope_shared *shared);

#endif
