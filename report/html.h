/*
 * The HTML report's parts, private to report/html*.c.
 *
 * html.c gathers the input into groups (all variants of a benchmark at one parameter point) and
 * calls the parts in the order of the page; each part writes to h->out and keeps nothing.
 * Everything lives in h->arena, for one call of write().
 *
 * Strings from outside reach the page only through html_text() and what is built on it. It escapes
 * for element content and for attribute values in double quotes, the only two places the page has
 * for them: the page's script holds no data, and its hash is in the page's policy.
 */
#ifndef TARE_REPORT_HTML_H
#define TARE_REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/base/arena.h"
#include "harness/stats/rank.h"
#include "report/report.h"
#include "report/summary.h"

/* A page stays quick to open whatever the suite's size: beyond these, the page says what it left
 * out and where it is. */
enum {
	HTML_FOREST_MAX = 60,        /* rows of a forest plot */
	HTML_SECTIONS_MAX = 2500,    /* case sections; the table has all cases */
	HTML_COMPACT_FROM = 150,     /* sections from which on each shows only what is gated */
	HTML_TERSE_FROM = 600,       /* sections from which on what would have been seen is told,
				      * not tabled: cells are what takes a browser its time */
	HTML_OPEN_MAX = 12,          /* sections open at first */
	HTML_CHARTS_MAX = 6,         /* in one section */
	HTML_ALL_CHARTS_MAX = 1000,  /* on the page, but one in every section */
	HTML_POINTS_MAX = 150,       /* dots in one chart */
	HTML_ALL_POINTS_MAX = 90000, /* dots on the page */
	HTML_POINTS_MIN = 24,        /* in one chart, whatever the size of the suite */
	HTML_FAILURES_MAX = 200,     /* ways to fail, each with its stderr */
	HTML_WARNINGS_MAX = 100,     /* kinds */
	HTML_WARNINGS_ALIKE = 20,
};

struct html_item {
	const struct tare_comparison *comparison;
	bool across_runs;
};

/* The variants of a benchmark at one parameter point, and what they are compared with. */
struct html_group {
	size_t first_case; /* in run->cases */
	size_t case_count;
	const char *name;        /* without the variant */
	struct html_item *items; /* those whose head is one of the cases */
	size_t item_count;
	const struct tare_comparison
		*lead; /* speaks for the group; NULL where nothing is compared */
};

struct html {
	FILE *out;
	const struct tare_report_input *input;
	const struct tare_run *run;
	struct tare_arena *arena;
	struct tare_report_summary summary;
	struct html_group *groups;
	size_t group_count;
	size_t *group_of_case; /* [run->case_count] */
	struct tare_ranks *ranks;
	double *values; /* room for the rows of the longest case of either run */
	bool compact;
	bool terse;
	size_t points_max;  /* dots in one chart */
	size_t charts_max;  /* in one section */
	size_t chart_count; /* so far: makes ids */
};

/* report/assets, embedded by the build. */
extern const char tare_html_style[];
extern const char tare_html_script[];

/* html_text.c: text in its place. */
void html_text(FILE *out, const char *text);     /* one line: controls are made visible */
void html_block(FILE *out, const char *text);    /* for pre: lines stay */
void html_sentence(FILE *out, const char *text); /* as html_text(), with a capital */
void html_number(FILE *out, double value);       /* a coordinate: at most one decimal */
void html_value(FILE *out, double value, const char *unit);
void html_cell(FILE *out, const char *class, const char *text); /* a td; class NULL: none */
void html_fact(FILE *out, const char *term, const char *text);  /* dt and dd; nothing for "" */
void html_count(FILE *out, size_t count, const char *singular, const char *plural);

/* The class of a verdict's colour and sign ("v-r"), and its word with both. */
const char *html_verdict_class(enum tare_verdict verdict);
void html_verdict(FILE *out, enum tare_verdict verdict, const char *class);
bool html_is_failure(const struct tare_run_case *subject);
/* Whether item has values at all. */
bool html_has_values(const struct tare_comparison *item);
/* Where item's cases and metrics are; NULL where the input does not hold them. */
const struct tare_run_case *html_head_case(
	const struct html *h, const struct tare_comparison *item);
const struct tare_run_case *html_base_case(const struct html *h, const struct html_item *item);
/* The group of item's head; false where it has no section to link to. */
bool html_group_find(size_t *group_out, const struct html *h, const struct tare_comparison *item);

/* html_page.c: head, headline, facts, and what follows the cases. */
void html_write_head(struct html *h);
void html_write_headline(struct html *h);
void html_write_navigation(struct html *h);
void html_write_facts(struct html *h);
void html_write_foot(struct html *h);

/* html_correction.c: what containers cost, and a calibration's dimensions; nothing where nothing is
 * corrected and the run is no calibration. */
void html_write_correction(struct html *h);
bool html_has_correction(const struct html *h); /* something is written */

/* html_cost.c: what each case cost and why it stopped. */
void html_write_cost(struct html *h);

/* html_counting.c: where counters came from; nothing where nothing was counted. */
void html_write_counting(struct html *h);

/* html_facts.c: what went wrong, and where and how the run was made. */
void html_write_failures(struct html *h);
void html_write_warnings(struct html *h);
void html_write_environment(struct html *h);
void html_write_command(struct html *h);
void html_write_terms(struct html *h);

/* html_strip.c: an interval of ratios against the margin, on a log axis. */
enum { HTML_TICKS_MAX = 24 };
struct html_axis {
	double low; /* log ratio, as are the ticks */
	double high;
	double ticks[HTML_TICKS_MAX];
	size_t tick_count;
	bool doublings; /* ticks are x2, x4 rather than percent */
	double step;    /* between ticks: percent as a ratio, or doublings */
	bool plain;     /* no lines at the ticks */
};
void html_axis_begin(struct html_axis *axis);
void html_axis_include(struct html_axis *axis, double log_ratio); /* nothing for NaN */
void html_axis_cover(struct html_axis *axis, const struct tare_comparison *item);
void html_axis_end(struct html_axis *axis);
void html_axis_label(FILE *out, const struct html_axis *axis, double at);
void html_axis_write(FILE *out, const struct html_axis *axis); /* an svg with the labels */
void html_strip_write(FILE *out, const struct html_axis *axis, const struct tare_comparison *item);
/* As above, with another word than the verdict's, in another colour than its. */
void html_strip_write_as(FILE *out, const struct html_axis *axis,
	const struct tare_comparison *item, const char *word);
bool html_strip_possible(const struct tare_comparison *item);
void html_strip_symbols(FILE *out); /* once per page: the marks */
void html_strip_key(FILE *out);

/* html_forest.c */
void html_write_comparisons(struct html *h);

/* html_table.c */
void html_write_table(struct html *h);

/* html_samples.c: one chart, samples in run order and as a distribution. */
enum { HTML_SERIES_MAX = 6 };
struct html_series {
	const struct tare_run_case *subject;
	size_t metric;
	const char *label;
	bool before; /* of the base run: drawn in front, not mixed in */
};
void html_samples_write(struct html *h, const struct html_series *series, size_t count,
	const struct tare_metric *metric);

/* html_verdict.c: how one verdict came about. is_lead: it speaks for its group. */
void html_comparison_sentence(struct html *h, const struct tare_comparison *item);
void html_verdict_write(struct html *h, const struct html_item *item, bool is_lead);

/* html_looks.c: what adaptive measuring saw of a metric, if anything; margin 0: nothing was
 * compared.
 */
void html_looks_write(
	struct html *h, const struct tare_run_case *subject, size_t metric, double margin);

/* html_outlook.c: what would have been seen, in a fold that may stand open. */
void html_outlook_write(struct html *h, const struct tare_comparison *item, bool open);

/* html_case.c */
void html_write_cases(struct html *h);

#endif
