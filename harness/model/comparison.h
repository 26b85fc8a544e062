/*
 * Comparisons: two sets of samples and what was decided. Plain data, no I/O.
 *
 * harness/compare fills it, stores keep it, reports show it. The arena given to the comparing
 * function owns everything.
 */
#ifndef TARE_MODEL_COMPARISON_H
#define TARE_MODEL_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/model/correction.h"
#include "harness/model/environment.h"
#include "harness/model/metric.h"
#include "harness/model/run.h"
#include "harness/model/verdict.h"

enum tare_method {
	TARE_METHOD_PAIRED,     /* Hodges-Lehmann of log differences, signed-rank interval */
	TARE_METHOD_UNPAIRED,   /* Hodges-Lehmann shift of logs, Mann-Whitney interval */
	TARE_METHOD_DIFFERENCE, /* zeros or negatives forbid the log: plain differences */
	TARE_METHOD_EXACT,      /* constants compared as they are */
};
const char *tare_method_name(enum tare_method method); /* "paired", ... */

/* What is left of a comparison without the invocations that were disturbed, and without their
 * partners where it is paired. Base units, NaN as in struct tare_comparison. */
struct tare_undisturbed {
	size_t base_disturbed; /* rows left out on each side */
	size_t head_disturbed;
	size_t n;
	double ratio;
	double ratio_low;
	double ratio_high;
	double difference;
	double difference_low;
	double difference_high;
	enum tare_verdict verdict;
};

/* Whether what is left was enough for an interval: without one its verdict tells nothing. */
bool tare_undisturbed_tells(const struct tare_undisturbed *rest);

/* What a comparison is raw, and with the container's weight taken off one or both sides
 * (harness/model/correction.h). Base units. */
struct tare_comparison_correction {
	/* The comparison's own figures and its verdict are the corrected ones, since it is of a
	 * container and the host; else the raw ones. */
	bool decides;
	const struct tare_correction_line *base_line; /* NULL: that side was not corrected */
	const struct tare_correction_line *head_line;
	double raw_ratio;
	double raw_low;
	double raw_high;
	enum tare_verdict raw_verdict;
	double raw_base_median;
	double raw_head_median;
	double ratio;
	double low; /* with what the calibration leaves uncertain */
	double high;
	enum tare_verdict verdict;
	double base_median;
	double head_median;
	double calibration_se; /* of the log of the ratio */
};

/* One case and metric, head against base. */
struct tare_comparison {
	const char *case_name; /* head's, with its variant */
	const char *benchmark;
	const char *base_label; /* what it is compared with: a variant, a run, a release */
	const char *head_label;
	size_t base_case; /* index into the base run's cases */
	size_t head_case;
	struct tare_metric metric;
	size_t base_metric; /* positions in each case's metric list */
	size_t head_metric;
	bool critical;

	enum tare_method method;
	size_t n;      /* pairs, or the smaller of the two sides */
	size_t base_n; /* values on each side */
	size_t head_n;
	double base_median; /* base units */
	double head_median;
	double ratio;     /* head / base; NaN for TARE_METHOD_DIFFERENCE */
	double ratio_low; /* interval; NaN where n is too small for one */
	double ratio_high;
	double difference; /* head - base in base units, for TARE_METHOD_DIFFERENCE; else NaN */
	double difference_low;
	double difference_high;
	double confidence;  /* of the interval: 0.95, with all looks there were together */
	double level;       /* two-sided, that decided: 0.05, or what looks left of it */
	double superiority; /* P(a head value is worse than a base value), ties half */
	double spread;      /* standard deviation of the log ratio of a pair, or of the logs of one
			     * side where nothing is paired; NaN where unknown */
	double mde;         /* smallest relative change seen with 80 % power; NaN where unknown */
	double p_value;     /* one-sided, shifted by the margin, towards regression */
	double p_adjusted;  /* Holm over the gated comparisons; NaN where not gated */
	double p_triage;    /* Benjamini-Hochberg over all comparisons: what is worth a look */
	enum tare_verdict verdict;
	bool failed_gate;     /* one of those that made the gate fail, or stay undecided */
	bool below_margin;    /* the interval excludes no change, but not the margin */
	size_t missing_pairs; /* how many more would probably decide; 0 where unknown */
	const char *reason;   /* why inconclusive, or NULL */
	const char *sentence; /* one plain sentence for people */
	/* NULL where no sample of either side was disturbed, and where the store forgot. */
	const struct tare_undisturbed *undisturbed;
	/* NULL where nothing is corrected, and where the store forgot. */
	const struct tare_comparison_correction *correction;
};

/* Whether it is no change although the interval leaves the margin. That happens because the verdict
 * is by two one-sided tests, each at half of the interval's level: for an interval of 95 %, the one
 * of 90 % lies inside the margin. tare_comparison_inner() is the latter, 0.9 for 0.95. */
bool tare_comparison_past_margin(const struct tare_comparison *item);
double tare_comparison_inner(const struct tare_comparison *item);

/* A case that only one side has. */
struct tare_missing_case {
	const char *name;
	bool in_base; /* else in head */
};

struct tare_comparison_set {
	const char *base_label;
	const char *head_label;
	bool across_runs;              /* false: variants of one run */
	struct tare_comparison *items; /* by case, then by metric */
	size_t item_count;
	struct tare_missing_case *missing;
	size_t missing_count;
	struct tare_fact_difference *environment_differences; /* those that matter, across runs */
	size_t environment_difference_count;
	/* Geometric mean of the ratios of "wall" over the compared cases, with its BCa interval;
	 * NaN where there is none.
	 */
	double geomean;
	double geomean_low;
	double geomean_high;
	size_t geomean_count;
	/* The same of raw times, where some of the above are corrected; else NaN or 0. */
	double raw_geomean;
	double raw_geomean_low;
	double raw_geomean_high;
};

enum tare_gate_result {
	TARE_GATE_NOT_ASKED,
	TARE_GATE_PASSED,
	TARE_GATE_FAILED,    /* a verdict of fail_on other than inconclusive */
	TARE_GATE_UNDECIDED, /* inconclusive is in fail_on and nothing worse was found */
};

struct tare_gate_outcome {
	enum tare_gate_result result;
	size_t failed_count; /* gated comparisons that failed it */
	size_t gated_count;
	const char *sentence; /* "gate failed: 1 of 12 comparisons is a regression" */
};

#endif
