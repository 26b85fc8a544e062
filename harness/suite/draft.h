/*
 * One case while it is made out of its layers.
 *
 * expand.c makes a draft for every case; program.c and metrics.c fill in their parts of it. A
 * function returns false, or leaves a default, where it added a problem; the plan is thrown away
 * then. Internal to harness/suite.
 */
#ifndef TARE_SUITE_DRAFT_H
#define TARE_SUITE_DRAFT_H

#include "harness/suite/loaded.h"
#include "harness/suite/names.h"
#include "harness/suite/scope.h"

enum {
	TARE_LAYERS_MAX = 3 * (TARE_SUITE_INCLUDE_MAX + 1) + 2,
	TARE_METRICS_MAX = 64, /* of one case, with the built-in ones */
	TARE_COUNTER_FILES_MAX = 8,
};

/* What one expansion shares between its cases. */
struct tare_expansion {
	struct tare_arena *arena;
	const struct tare_suite *suite;
	const struct tare_expand_options *options;
	struct tare_decoder decoder;
	uint64_t pattern_cost;
	struct tare_scope_shared shared;
	struct tare_plan *plan;
	size_t case_capacity;
	size_t group_capacity;
	size_t build_capacity;
	struct tare_names case_names;
	struct tare_names build_keys;
	struct tare_names provided_names; /* "rusage/page-faults" that were found right */
	const struct tare_layer *base[TARE_LAYERS_MAX]; /* weak to strong */
	size_t base_count;
	struct tare_node *overrides[TARE_KEY_COUNT]; /* from the command line */
	struct tare_source option_source[TARE_KEY_COUNT];
	const char *scratch_root;
	char **inherited; /* the allow-list's part of the environment */
	char **base_env; /* env of cases whose benchmark and variant add none; NULL: not made yet */
	/* Metrics of cases whose benchmark and variant say nothing of them; NULL: not made yet. */
	struct tare_metric *base_metrics;
	struct tare_metric_rule *base_rules;
	size_t base_metric_count;
	bool base_wants_stdout;
	/* Groups that come with tare, once they were asked for (counters.h). */
	const struct tare_node *counter_files[TARE_COUNTER_FILES_MAX];
	struct tare_point *points; /* of the last matrix without names in it */
	size_t point_count;
	const struct tare_matrix *points_of;
	bool *only_used;                  /* which patterns of options->only met a case */
	struct tare_problem_list *advice; /* NULL: nobody asks for it */
};

struct tare_draft {
	struct tare_expansion *expansion;
	const struct tare_benchmark *benchmark;
	struct tare_scope scope;
	const struct tare_layer *layers[TARE_LAYERS_MAX]; /* weak to strong */
	size_t layer_count;
	struct tare_case *out;
	bool is_replay;
	bool wants_stdout; /* a metric or an expectation reads it */
};

/* The strongest value of a key, names replaced and checked; NULL where there is none, or it is bad.
 * Command-line options come before all layers. */
const struct tare_node *tare_draft_value(const struct tare_draft *draft, enum tare_key key);
/* The same for the value of one layer. */
const struct tare_node *tare_draft_resolve(
	const struct tare_draft *draft, enum tare_key key, struct tare_node *node);
/* What the language leaves to others, see struct tare_expand_options: false where the value is
 * wrong, which is a problem then. */
bool tare_draft_check(
	const struct tare_draft *draft, enum tare_key key, const struct tare_node *node);
/* "file:line:column", or the option: for what is found out later, when nothing is left of the
 * suite's text. */
const char *tare_draft_place(const struct tare_draft *draft, const struct tare_node *node);
/* Whether this machine has it; what is said of it goes into advice, with the place of node. */
void tare_draft_check_here(const struct tare_draft *draft, const char *key,
	const struct tare_node *node, const char *text);
/* What runs, in this order of layers: the strongest with a command, a shell or a replay. Its value
 * is resolved; NULL where there is none or it is bad, *key_out is set where there is one. */
const struct tare_node *tare_draft_work(
	enum tare_key *key_out, bool *found_out, const struct tare_draft *draft);

/* choose.c: the environment, the layers of all benchmarks, the gate, and what the command line puts
 * over them. */
void tare_expansion_choose(struct tare_expansion *expansion);
/* After all cases: variables of the command line that nobody wants are problems. */
void tare_expansion_check_variables(struct tare_expansion *expansion);

/* program.c: program, build, hooks, services, expect. */
void tare_draft_programs(struct tare_draft *draft);
/* container.c: image and resources; after tare_draft_programs(). */
void tare_draft_container(struct tare_draft *draft);
/* metrics.c: metrics, rules, replay; sets wants_stdout. *list_len_out is the length of replayed
 * lists, 0 where there is none. */
void tare_draft_metrics(
	size_t *list_len_out, struct tare_draft *draft, const struct tare_node *replay);

#endif
