/*
 * What the suite language allows where: tables of fields, and shapes of values.
 *
 * A mapping of the language is a struct tare_table; each of its keys is a field with the shape of
 * its value and a sentence of documentation. The decoder checks a tree against them and the JSON
 * Schema is written from them, so that neither can know a key that the other does not. All tables
 * are const and static. Internal to harness/suite.
 */
#ifndef TARE_SUITE_SHAPE_H
#define TARE_SUITE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/suite/node.h"

enum tare_shape_kind {
	TARE_SHAPE_NOTHING,  /* a key without a value */
	TARE_SHAPE_TEXT,     /* any scalar, as written */
	TARE_SHAPE_WORDS,    /* a command line; the decoder makes a list of its words */
	TARE_SHAPE_COUNT,    /* a whole number, min to max */
	TARE_SHAPE_BOOL,     /* true or false */
	TARE_SHAPE_DURATION, /* "500ms" */
	TARE_SHAPE_PERCENT,  /* "2%" */
	TARE_SHAPE_CHOICE,   /* one of choices */
	TARE_SHAPE_LIST,
	TARE_SHAPE_MAP, /* keys are the user's names */
	TARE_SHAPE_TABLE,
	TARE_SHAPE_ANY, /* one of several, told apart by being scalar, list or mapping */
};

struct tare_shape {
	enum tare_shape_kind kind;
	const char *expected; /* behind "expected " in messages; also the schema's title */
	uint64_t min;
	uint64_t max;
	const char *const *choices;       /* NULL-terminated */
	const struct tare_shape *item;    /* of a list or map */
	const struct tare_shape *key;     /* of a map */
	const struct tare_shape *special; /* of the keys exclude and include, in a matrix */
	const struct tare_table *table;
	const struct tare_shape *const *any; /* NULL-terminated */
	bool nonempty;                       /* list, map: at least one item */
	bool literal;                        /* text in which ${name} is not replaced */
	/* Text: what else must hold, and the same as a regular expression for the schema. */
	enum tare_status (*check)(const char *text, struct tare_err *err);
	const char *pattern;
};

struct tare_field {
	const char *key;
	const struct tare_shape *shape;
	const char *doc;
	unsigned places; /* of the tables that share these fields, which have it; 0: all */
	bool required;
	bool alternative; /* at most one of the fields marked so */
	bool group; /* a table of the same fields, whose values count as if written outside it */
};

struct tare_table {
	const char *name; /* "benchmark" */
	const char *doc;
	const struct tare_field *fields;
	size_t field_count;
	unsigned place;
	bool one_alternative; /* exactly one, not at most one */
};

enum { TARE_FIELDS_MAX = 64 };

/* Places of the benchmark keys. */
enum {
	TARE_IN_BENCHMARK = 1u << 0,
	TARE_IN_DEFAULTS = 1u << 1,
	TARE_IN_VARIANT = 1u << 2,
	TARE_IN_ENVIRONMENT = 1u << 3,
	/* In a mapping of names and bodies, where the body has no name. */
	TARE_IN_NAMED_BENCHMARK = 1u << 4,
	TARE_IN_NAMED_VARIANT = 1u << 5,
	/* In the groups `samples` and `resources`, which may stand in most of the others. */
	TARE_IN_SAMPLES = 1u << 6,
	TARE_IN_RESOURCES = 1u << 7,
};

/* The keys of a benchmark; defaults, variants and environments have some of them. */
enum tare_key {
	TARE_KEY_NAME,
	TARE_KEY_DESCRIPTION,
	TARE_KEY_TAGS,
	TARE_KEY_MATRIX,
	TARE_KEY_VARIANTS,
	TARE_KEY_VARS,
	TARE_KEY_COMMAND,
	TARE_KEY_SHELL,
	TARE_KEY_REPLAY,
	TARE_KEY_BUILD,
	TARE_KEY_SETUP,
	TARE_KEY_PREPARE,
	TARE_KEY_CONCLUDE,
	TARE_KEY_CLEANUP,
	TARE_KEY_SERVICES,
	TARE_KEY_CWD,
	TARE_KEY_ENV,
	TARE_KEY_ENV_INHERIT,
	TARE_KEY_STDIN,
	TARE_KEY_STDOUT,
	TARE_KEY_EXPECT,
	TARE_KEY_TIMEOUT,
	TARE_KEY_WARMUP,
	TARE_KEY_INVOCATIONS,
	TARE_KEY_PRECISION,
	TARE_KEY_MAX_TIME,
	TARE_KEY_ON_DISTURBANCE,
	TARE_KEY_RANDOMIZE_ENVIRONMENT,
	TARE_KEY_METRICS,
	TARE_KEY_COUNTERS,
	TARE_KEY_COUNTERS_REQUIRED,
	TARE_KEY_COUNTER_SCOPE,
	TARE_KEY_MARGIN,
	TARE_KEY_CRITICAL,
	TARE_KEY_RUNNER,
	TARE_KEY_CPUS,
	TARE_KEY_NUMA,
	TARE_KEY_THREADS,
	TARE_KEY_IMAGE,
	TARE_KEY_MEMORY,
	TARE_KEY_MEMORY_SWAP,
	TARE_KEY_CPU_SHARES,
	TARE_KEY_CPU_QUOTA,
	TARE_KEY_CPU_PERIOD,
	TARE_KEY_PIDS,
	TARE_KEY_NOFILE,
	TARE_KEY_SHM_SIZE,
	TARE_KEY_NETWORK,
	TARE_KEY_VOLUMES,
	TARE_KEY_TMPFS,
	TARE_KEY_PRIVILEGED,
	TARE_KEY_SECURITY_OPT,
	TARE_KEY_USER,
	TARE_KEY_GATE,
	TARE_KEY_REQUIRE,
	TARE_KEY_SAMPLES,
	TARE_KEY_RESOURCES,
	TARE_KEY_COUNT,
};

/* The keys of a suite file. */
enum tare_top_key {
	TARE_TOP_SUITE,
	TARE_TOP_DESCRIPTION,
	TARE_TOP_INCLUDE,
	TARE_TOP_VARS,
	TARE_TOP_DEFAULTS,
	TARE_TOP_ENVIRONMENTS,
	TARE_TOP_VARIANTS,
	TARE_TOP_MATRIX,
	TARE_TOP_GATE,
	TARE_TOP_CORRECT,
	TARE_TOP_COUNTER_GROUPS,
	TARE_TOP_BENCHMARKS,
	TARE_TOP_COUNT,
};

extern const struct tare_table tare_suite_table;
extern const struct tare_table tare_benchmark_table;
extern const struct tare_table tare_named_benchmark_table;
extern const struct tare_table tare_defaults_table;
extern const struct tare_table tare_variant_table;
extern const struct tare_table tare_named_variant_table;
extern const struct tare_table tare_environment_table;
extern const struct tare_table tare_samples_table;
extern const struct tare_table tare_resources_table;
extern const struct tare_field tare_benchmark_fields[TARE_KEY_COUNT];

/* A parameter or variable name, and one value of a matrix. */
extern const struct tare_shape tare_shape_identifier;
extern const struct tare_shape tare_shape_parameter;

/* Names that ${} knows without anybody defining them, NULL-terminated. */
extern const char *const tare_builtin_names[];

#endif
