/*
 * A suite as loading leaves it: checked trees, taken apart as far as no value is needed.
 *
 * What a benchmark says comes in layers, each a set of slots by key. From weak to strong: the vars
 * of the files, the defaults of the files, the environment that was picked, the benchmark, the
 * variant. Of most keys the strongest layer that has it counts; vars, env, tags, metrics and margin
 * are joined. Internal to harness/suite.
 */
#ifndef TARE_SUITE_LOADED_H
#define TARE_SUITE_LOADED_H

#include "harness/base/digest.h"
#include "harness/suite/decode.h"
#include "harness/suite/node.h"
#include "harness/suite/problems.h"
#include "harness/suite/shape.h"
#include "harness/suite/suite.h"

struct tare_layer {
	const struct tare_node *at; /* the mapping it comes from; NULL: none of its own */
	struct tare_node *slots[TARE_KEY_COUNT];
	bool wide; /* of all benchmarks: defaults, environments */
};

struct tare_variant {
	const char *name;
	const struct tare_node *at;
	struct tare_layer layer;
	bool again; /* there is one of this name before it, which was reported */
};

struct tare_variants {
	struct tare_variant *items;
	size_t count;
};

/* A matrix as written. */
struct tare_matrix {
	const struct tare_node *at;
	const char **names;        /* parameters, in the order written */
	struct tare_node **values; /* list of each */
	size_t count;
	const struct tare_node *exclude; /* NULL, or a list of mappings */
	const struct tare_node *include;
};

struct tare_benchmark {
	const char *name;
	const struct tare_node *at;
	struct tare_layer layer;
	const struct tare_variants *variants; /* NULL: the suite's */
	const struct tare_matrix *matrix;
	bool again; /* as for a variant; or its name is bad */
};

struct tare_environment_entry {
	const char *name;
	struct tare_layer layer;
};

struct tare_suite {
	const char *name;
	const char *description;
	const char *file; /* "" where it came from memory */
	char digest[TARE_DIGEST_TEXT_MAX];
	const struct tare_node *at;     /* the root of the main file */
	const struct tare_node **roots; /* of all files */
	size_t root_count;
	struct tare_layer *vars; /* one layer a file, weak to strong; the same for defaults */
	size_t vars_count;
	struct tare_layer *defaults;
	size_t defaults_count;
	struct tare_environment_entry *environments;
	size_t environment_count;
	const struct tare_variants *variants; /* NULL: none */
	const struct tare_matrix *matrix;
	const struct tare_node *gate;
	const struct tare_node *correct;
	const struct tare_node **counter_groups; /* one mapping a file, weak to strong */
	size_t counter_groups_count;
	struct tare_benchmark *benchmarks;
	size_t benchmark_count;
	const char **metric_names; /* every metric any layer defines, repeated perhaps */
	size_t metric_name_count;
	bool broken;     /* has problems: expansion only looks for more */
	bool incomplete; /* a file is missing from it: anything may have been in there */
};

/* NULL where the node is bad or a name repeated, which is a problem. */
const struct tare_variants *tare_variants_read(
	const struct tare_decoder *decoder, const struct tare_node *node);
const struct tare_matrix *tare_matrix_read(
	const struct tare_decoder *decoder, struct tare_node *node);

/* Expands and adds what is wrong to problems, in whose arena the plan is; what cannot be had here
 * to advice, which may be NULL. *plan_out is untouched then. */
void tare_suite_expand_into(struct tare_plan **plan_out, struct tare_problem_list *problems,
	struct tare_problem_list *advice, const struct tare_suite *suite,
	const struct tare_expand_options *options);

#endif
