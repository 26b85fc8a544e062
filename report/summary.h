/*
 * What several reporters need of a run and its comparisons, so that all of them say the same.
 *
 * Figures describe one metric of one case. The order is the one people read comparisons in. The
 * summary counts verdicts over gated comparisons and says what a reviewer should do:
 *
 *   blocking        a regression of a critical case, or one whose change is past twice its margin
 *   risk_level      none: no regression, everything decided, no case failed
 *                   low: something inconclusive, or regressions that Holm's correction lets pass
 *                   medium: a regression that stands after correction, or a failed case
 *                   high: a blocking regression
 *   recommendation  block: a blocking regression, or the gate failed
 *                   review: any other regression, a failed case, or a gate that could not decide
 *                   approve: else
 *
 * Pure functions; results live in the arena passed in and point into the input.
 */
#ifndef TARE_REPORT_SUMMARY_H
#define TARE_REPORT_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/base/units.h"
#include "report/report.h"

/* The level of the gate's correction and of every interval a report draws. */
#define TARE_REPORT_ALPHA 0.05
/* What is worth a look: so large a share of it may be false. */
#define TARE_REPORT_TRIAGE 0.10

/* One metric of one case, base units; NaN where there is no such figure. */
struct tare_figures {
	size_t n;       /* values kept */
	uint64_t total; /* invocations measured; more than n where samples were thinned out */
	double median;
	double low; /* interval of the median; NaN where n is too small */
	double high;
	double half_width; /* half the interval, relative to the median */
	double min;
	double max;
	double mean;
	double sd; /* NaN below two values */
};

/* values: room for tare_report_rows_max() doubles; holds the n values in ascending order
 * afterwards. */
void tare_figures_read(struct tare_figures *figures_out, double *values,
	const struct tare_run_case *subject, size_t metric);
size_t tare_report_rows_max(const struct tare_run *run);

/* Whether a short report shows the metric: wall, what is gated, and what the suite added. */
bool tare_metric_is_shown(const struct tare_metric *metrics, size_t metric);

/* The relative change as a ratio with its interval. A comparison of differences gives 1 +
 * difference over the base's median, NaN where that is not positive. */
struct tare_change {
	double ratio;
	double low;
	double high;
};
struct tare_change tare_comparison_change(const struct tare_comparison *item);
/* "+3.4 %", or a difference in units ("+12 ms") where no ratio can be had. */
void tare_change_text(char text_out[TARE_UNITS_TEXT_MAX], const struct tare_comparison *item);
/* "[+2.5 %, +9.6 %]", "n/a" where there is no interval. */
enum { TARE_INTERVAL_TEXT_MAX = 2 * TARE_UNITS_TEXT_MAX + 8 };
void tare_interval_text(char text_out[TARE_INTERVAL_TEXT_MAX], const struct tare_comparison *item);

/* What the verdict alone leaves open: why it is inconclusive, or how it goes with an interval that
 * says something else; NULL where nothing. A reason is as it came in. */
const char *tare_comparison_note(struct tare_arena *arena, const struct tare_comparison *item);

/* A value with a fixed number of significant digits in the unit that suits scale_of, so that a
 * column of them lines up: "10.10 ms". NaN gives "n/a". */
void tare_summary_column(
	char text_out[TARE_UNITS_TEXT_MAX], double value, double scale_of, const char *unit);

/* The comparisons of a set in reading order: gated first; then regressions, improvements,
 * inconclusive, no change; then critical first, then the largest change. */
const struct tare_comparison **tare_comparisons_order(
	struct tare_arena *arena, const struct tare_comparison_set *set);

/* Nothing compared, nothing missing: a run without variants. Reports leave such a set out. */
bool tare_set_is_empty(const struct tare_comparison_set *set);
/* What the comparisons of a set are about: the head's label, or "" where variants of several labels
 * are compared with one base. */
const char *tare_set_head_label(const struct tare_comparison_set *set);

enum tare_risk {
	TARE_RISK_NONE,
	TARE_RISK_LOW,
	TARE_RISK_MEDIUM,
	TARE_RISK_HIGH,
};
const char *tare_risk_name(enum tare_risk risk); /* "none", ... */

enum tare_recommendation {
	TARE_RECOMMEND_APPROVE,
	TARE_RECOMMEND_REVIEW,
	TARE_RECOMMEND_BLOCK,
};
const char *tare_recommendation_name(enum tare_recommendation recommendation);

struct tare_report_summary {
	size_t gated_count;
	size_t gated[TARE_VERDICT_COUNT]; /* by verdict */
	size_t other_count;               /* comparisons of metrics that are not gated */
	size_t other[TARE_VERDICT_COUNT];
	size_t blocking_count;
	size_t measured_case_count; /* of the head, as the next */
	size_t failed_case_count;
	enum tare_risk risk;
	enum tare_recommendation recommendation;
	char headline[256]; /* "2 regressions and 1 improvement in 12 comparisons; 1 case failed" */
};
void tare_report_summarize(
	struct tare_report_summary *summary_out, const struct tare_report_input *input);

bool tare_comparison_is_blocking(const struct tare_comparison *item);

#endif
