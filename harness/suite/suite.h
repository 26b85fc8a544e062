/*
 * The suite language: YAML in, a plan out.
 *
 * tare_suite_load() reads a suite and all it includes, checks everything and collects every problem
 * it finds; tare_suite_expand() multiplies matrix and variants out into a plan. Both put what they
 * make into the arena passed in, which must outlive the suite and the plan. A suite is only read
 * after loading and can be expanded any number of times. A suite with problems is expanded while
 * loading as well, so that its problems are all there at once.
 */
#ifndef TARE_SUITE_SUITE_H
#define TARE_SUITE_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/model/plan.h"

/* Bounds on a suite; past them is a clear error. */
enum {
	TARE_SUITE_FILE_MAX = 16 << 20, /* bytes of one file */
	TARE_SUITE_DEPTH_MAX = 32,
	TARE_SUITE_NODE_MAX = 2000000,
	TARE_SUITE_CASE_MAX = 100000,
	TARE_SUITE_INCLUDE_MAX = 64,
	TARE_SUITE_ENVIRONMENT_MAX = 200,
	TARE_SUITE_TAG_MAX = 200,     /* of one case */
	TARE_SUITE_PROBLEM_MAX = 100, /* printed; the rest is counted */
};

struct tare_suite;
struct tare_expand_options;

/* Where a suite comes from: a file, or memory. */
struct tare_suite_from {
	const char *name; /* the path; with a text, what stands for the file in messages */
	const char *text; /* NULL: in the file. Paths in it are relative to the working directory,
			     and the plan's file is "". */
	size_t len;
};

/* Everything that is wrong, each "file:line:column: what is wrong; what was expected". */
struct tare_problems {
	char **texts; /* in the arena, at most TARE_SUITE_PROBLEM_MAX, by file and line */
	size_t count; /* of texts */
	size_t total; /* with those that were not kept */
	/* What is right but cannot be had on this machine; likewise, as far as check_here was
	 * asked. */
	char **advice;
	size_t advice_count;
};

/* options are those of the expansion to come, which finds the rest of the problems where there are
 * some; NULL: none, and the environment is development.
 * TARE_OK, or TARE_INVALID with problems_out filled and err->text the first problem (and how many
 * more), or TARE_NOT_FOUND / TARE_OUTSIDE where the file cannot be read. On anything but TARE_OK
 * *suite_out is untouched. */
enum tare_status tare_suite_load(struct tare_suite **suite_out, struct tare_problems *problems_out,
	struct tare_arena *arena, const struct tare_suite_from *from,
	const struct tare_expand_options *options, struct tare_err *err);

struct tare_expand_options {
	const char *environment; /* --environment; NULL: TARE_ENVIRONMENT, CI, else development */
	bool all_environments;   /* look for problems in those that are not picked, too */
	const char *(*getenv)(const char *name); /* NULL: the process environment */
	const char *const *only; /* globs over case names and "tag:NAME"; a case that matches any */
	size_t only_count;
	const char *const *variables; /* "name=value" from --var, over the suite's vars */
	size_t variable_count;
	const char *cpus;         /* --cpus over the suite's; NULL: as written */
	const char *runner;       /* --runner over the suite's; NULL: as written */
	const char *invocations;  /* --invocations as the suite would write it ("auto", "20") */
	const char *max_time;     /* --max-time, "20s" */
	const char *scratch_root; /* where scratch directories go; NULL: ".tare/scratch" */
	/* Values that the language leaves to others, the names of runners and of counters'
	 * providers, by key: the sentence goes behind the value's place. NULL: not checked. */
	enum tare_status (*check_value)(const char *key, const char *text, struct tare_err *err);
	/* Whether this machine has what `cpus`, `numa` and `counters` ask for, by key
	 * ("counters_required" for a counter that must be there); a sentence that is given goes
	 * into advice. Not asked of what is only replayed, nor of environments that were not
	 * picked. NULL: nobody is asked. */
	enum tare_status (*check_here)(
		void *context, const char *key, const char *text, struct tare_err *err);
	void *check_here_context;
};

enum tare_status tare_suite_expand(struct tare_plan **plan_out, struct tare_problems *problems_out,
	struct tare_arena *arena, const struct tare_suite *suite,
	const struct tare_expand_options *options, struct tare_err *err);

/* Names of the groups of counters that come with tare; NULL past the last. */
const char *tare_suite_counter_group(size_t index);

/* The JSON Schema (draft 2020-12) of the language, from the decoder's own tables. */
void tare_suite_schema_write(FILE *out);

#endif
