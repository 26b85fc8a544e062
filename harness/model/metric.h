/*
 * Metrics: what a sample holds one value of each.
 *
 * Values are in base units (nanoseconds, bytes, counts); the metrics every runner measures are
 * whole numbers in this order, and a suite may add more out of the program's output. Plain data.
 */
#ifndef TARE_MODEL_METRIC_H
#define TARE_MODEL_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tare_counter;

enum tare_better {
	TARE_LOWER_IS_BETTER,
	TARE_HIGHER_IS_BETTER,
};

/* The always-measured metrics, by position in every case's metric list. */
enum tare_builtin_metric {
	TARE_METRIC_WALL,                 /* "wall", ns: exec to reap, by the agent's clock */
	TARE_METRIC_USER,                 /* "user", ns */
	TARE_METRIC_SYS,                  /* "sys", ns */
	TARE_METRIC_CPU,                  /* "cpu", ns: user + sys */
	TARE_METRIC_MAX_RSS,              /* "max_rss", bytes: the largest process of the tree */
	TARE_METRIC_PAGE_FAULTS,          /* "page_faults", count: minor + major */
	TARE_METRIC_MAJOR_FAULTS,         /* "major_faults", count */
	TARE_METRIC_CONTEXT_SWITCHES,     /* "context_switches", count: voluntary + involuntary */
	TARE_METRIC_INVOLUNTARY_SWITCHES, /* "involuntary_switches", count */
	TARE_BUILTIN_METRIC_COUNT,
};

/* What a container costs besides: the last metrics of a case that has one. Each has one value in a
 * run, in the first row. */
enum tare_runner_metric {
	TARE_METRIC_CONTAINER_START, /* "container_start", ns: asked for until the agent speaks */
	TARE_METRIC_CONTAINER_STOP,  /* "container_stop", ns */
	TARE_METRIC_IMAGE_TIME,      /* "image_time", ns: pulling or building */
	TARE_METRIC_IMAGE_SIZE,      /* "image_size", bytes */
	TARE_RUNNER_METRIC_COUNT,
};

struct tare_metric {
	const char *name;
	const char *unit; /* "ns", "bytes", "count", "bytes/s", or what the suite says */
	enum tare_better better;
	bool exact;    /* a constant by nature: compared exactly, without statistics */
	bool gated;    /* counts for the gate and for how long is measured */
	double margin; /* the smallest relative change that matters; 0.02 is 2 % */
	const struct tare_counter *counter; /* NULL: not counted (harness/model/counter.h) */
};

enum { TARE_METRIC_NAME_MAX = 64 };
#define TARE_DEFAULT_MARGIN 0.02

/* The always-measured metrics; wall is gated, all have the default margin. */
extern const struct tare_metric tare_builtin_metrics[TARE_BUILTIN_METRIC_COUNT];

extern const struct tare_metric tare_runner_metrics[TARE_RUNNER_METRIC_COUNT];

const char *tare_better_name(enum tare_better better); /* "lower", "higher" */
/* Position of name in metrics, or count. */
size_t tare_metric_find(const struct tare_metric *metrics, size_t count, const char *name);

#endif
