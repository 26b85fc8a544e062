/*
 * The plan: a suite with everything decided, as the measuring stages read it.
 *
 * tare_suite_expand() makes it, in one arena that owns every pointer here; from then on it is only
 * read. Defaults are filled in, ${names} replaced, quantities in base units, matrix and variants
 * multiplied out. Relative paths in programs are relative to `cwd` of the program, which is
 * absolute.
 */
#ifndef TARE_MODEL_PLAN_H
#define TARE_MODEL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/model/container.h"
#include "harness/model/formula.h"
#include "harness/model/metric.h"
#include "harness/model/pending.h"
#include "harness/model/requirement.h"

struct tare_counter_source; /* harness/counters/counters.h */

enum tare_output_mode {
	TARE_OUTPUT_DISCARD, /* /dev/null */
	TARE_OUTPUT_CAPTURE, /* kept for metrics and patterns, first TARE_CAPTURE_MAX bytes */
	TARE_OUTPUT_FILE,    /* written to stdout_path, truncated before each invocation */
};
enum { TARE_CAPTURE_MAX = 16 << 20 };

/* Something to start. */
struct tare_program {
	char **argv; /* NULL-terminated, at least one word */
	size_t argc;
	char **env; /* "NAME=value", NULL-terminated: the whole environment */
	const char *cwd;
	const char *stdin_path; /* NULL: empty input, unless stdin_text */
	const char *stdin_text; /* NULL, or bytes to feed */
	enum tare_output_mode stdout_mode;
	const char *stdout_path; /* for TARE_OUTPUT_FILE */
	uint64_t timeout_ns;     /* 0: none */
};

enum tare_ready_kind {
	TARE_READY_NONE, /* running is enough */
	TARE_READY_TCP,  /* host:port accepts */
	TARE_READY_UNIX, /* socket path accepts */
	TARE_READY_FILE, /* path exists */
	TARE_READY_COMMAND,
};

struct tare_service {
	const char *name;
	struct tare_program program;
	enum tare_ready_kind ready_kind;
	const char *ready_host; /* tcp; default 127.0.0.1 */
	uint16_t ready_port;
	const char *ready_path;                   /* unix, file */
	const struct tare_program *ready_command; /* command */
	uint64_t ready_timeout_ns;
	uint64_t stop_timeout_ns; /* between SIGTERM and SIGKILL */
};

enum tare_metric_source {
	TARE_SOURCE_BUILTIN,
	TARE_SOURCE_REGEX,
	TARE_SOURCE_JSON,
	TARE_SOURCE_LINES,
	TARE_SOURCE_RUNNER,  /* one of tare_runner_metrics */
	TARE_SOURCE_REPLAY,  /* given by the replay runner */
	TARE_SOURCE_COUNTER, /* counted */
	TARE_SOURCE_DERIVED, /* a formula over other metrics of the case */
};

enum tare_reduce {
	TARE_REDUCE_MEDIAN,
	TARE_REDUCE_MEAN,
	TARE_REDUCE_MIN,
	TARE_REDUCE_MAX,
	TARE_REDUCE_SUM,
	TARE_REDUCE_FIRST,
	TARE_REDUCE_LAST,
	TARE_REDUCE_P90, /* what so many percent of the values are at most */
	TARE_REDUCE_P95,
	TARE_REDUCE_P99,
};

enum tare_stream {
	TARE_STREAM_STDOUT,
	TARE_STREAM_STDERR,
};

/* How a metric of the same position in tare_case.metrics is got. */
struct tare_metric_rule {
	enum tare_metric_source source;
	enum tare_stream stream;
	const char *pattern;   /* regex: POSIX extended, already checked to compile */
	size_t group;          /* regex: which group holds the number */
	const char *path;      /* json: a.b[0].c */
	const char *line_name; /* lines: the name in "name: value unit" */
	const char
		*written_unit; /* the unit the program writes; converted by tare_unit_to_base() */
	enum tare_reduce reduce;
	/* Counters: who counts it; NULL until tare_counters_resolve(). */
	const struct tare_counter_source *counter;
	/* Derived metrics; formula_metrics[i] is the position of name i, once resolved. */
	const struct tare_formula *formula;
	const char *formula_text;
	size_t formula_metrics[TARE_FORMULA_NAMES_MAX];
};

/* Counters that were asked for together, and shall be counted together: metrics by position. */
struct tare_counter_group {
	const char *name;
	size_t *metrics;
	size_t metric_count;
};

/* Events that are counted at the same time; sets take turns over the invocations. */
struct tare_counter_set {
	size_t metrics[TARE_COUNTERS_MAX];
	size_t count;
};

enum tare_distribution {
	TARE_DISTRIBUTION_LIST,
	TARE_DISTRIBUTION_CONSTANT,
	TARE_DISTRIBUTION_NORMAL,
	TARE_DISTRIBUTION_LOGNORMAL,
};

/* What the replay runner reports for the metric of the same position; base units. */
struct tare_replay_metric {
	bool given;
	enum tare_distribution distribution;
	double *values; /* list */
	size_t value_count;
	double center; /* constant, normal: mean; lognormal: median */
	double spread; /* relative standard deviation */
};

/* What a finished invocation must look like, else it failed. */
struct tare_expectation {
	int *exit_codes; /* at least one; default 0 */
	size_t exit_code_count;
	const char **stdout_patterns; /* POSIX extended, each must match somewhere */
	size_t stdout_pattern_count;
	const char **stderr_patterns;
	size_t stderr_pattern_count;
};

struct tare_parameter {
	const char *name;
	const char *value;
};

/* Run once per plan before anything is measured; cases share it by pointer. */
struct tare_build {
	const char *label; /* for messages and the log's name */
	struct tare_program program;
};

struct tare_case {
	size_t index; /* in tare_plan.cases */
	size_t group; /* in tare_plan.groups */
	const char *benchmark;
	const char *variant; /* "" where the suite has none */
	const char *name;    /* "gzip[level=6,input=text]@head": unique in the plan */
	const char *description;
	const char **tags;
	size_t tag_count;
	struct tare_parameter *parameters; /* in the order the suite names them */
	size_t parameter_count;
	const char *file; /* where the benchmark was written, for messages */
	int line;

	const char *runner;  /* a name of the registry */
	const char *cpus;    /* policy as written (placement.h); NULL or "none": not pinned */
	const char *cpus_at; /* where: "file:line:column", or the option; NULL: nowhere */
	const char *numa;    /* likewise; NULL: as the kernel does it */
	const char *numa_at;
	bool threads_pinned;                    /* each thread to one of the CPUs */
	const struct tare_container *container; /* NULL: the suite wants none */
	struct tare_program program;
	const struct tare_build *build;   /* NULL: none */
	const struct tare_program *setup; /* NULL: none, as for the next three */
	const struct tare_program *prepare;
	const struct tare_program *conclude;
	const struct tare_program *cleanup;
	struct tare_service *services;
	size_t service_count;
	const char *scratch_dir; /* made before setup, removed after cleanup */
	struct tare_expectation expect;

	uint32_t warmup;
	bool invocations_auto;    /* stop by verdict, precision and budget */
	uint32_t invocations_min; /* equal to max where fixed */
	uint32_t invocations_max;
	double precision;       /* wanted half-width of the interval of the median, relative */
	uint64_t max_time_ns;   /* budget of this case */
	bool pads_environment;  /* by another number of bytes in each pair */
	bool repeats_disturbed; /* as many more as were disturbed, within the budget */

	struct tare_metric *metrics; /* the built-in ones first, then the suite's */
	struct tare_metric_rule *rules;
	struct tare_replay_metric *replay; /* NULL unless runner is replay */
	size_t metric_count;
	struct tare_counter_group *counter_groups; /* as asked for */
	size_t counter_group_count;
	const char *counters_at; /* as cpus_at */
	bool counters_required;
	bool counts_cpus; /* events count on the case's CPUs, and not with the program */
	struct tare_counter_set *counter_sets; /* once resolved */
	size_t counter_set_count;
	bool critical;
};

/* The cases of one benchmark at one parameter point: the variants that are compared. */
struct tare_group {
	size_t first_case; /* contiguous; the first is the base */
	size_t case_count;
	const char *name; /* case name without the variant */
	bool exclusive;   /* has services: measured by itself, not interleaved with other groups */
};

/* Verdicts that make a gate fail, as bits: 1u << enum tare_verdict (harness/model/comparison.h). */
struct tare_gate {
	bool asked_for;
	unsigned fail_on;
};

struct tare_plan {
	const char *suite;
	const char *description;
	const char *file;               /* as the user gave it; "" for tare bench */
	const char *digest;             /* SHA-256 over the suite's files */
	const char *environment;        /* "development", "ci", "production" or the suite's own */
	const char *environment_reason; /* "CI=true", "--environment", ... */
	const char *work_dir;           /* ${work_dir}: made before builds, kept */
	struct tare_build **builds;
	size_t build_count;
	struct tare_group *groups;
	size_t group_count;
	struct tare_case *cases;
	size_t case_count;
	struct tare_gate gate;
	bool corrects_containers;    /* what containers cost is taken off, by a calibration */
	const char *correct_max_age; /* how old that may be, as written; NULL: the default */
	struct tare_requirement *requirements; /* of the environment that was picked */
	size_t requirement_count;
};

#endif
