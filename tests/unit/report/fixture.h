/*
 * Inputs for the reporters' tests, every number of them written by hand, so that a golden file
 * changes only when a reporter does.
 *
 * fixture_*() makes one; change it through its pointers; fixture_free() gives it back.
 */
#ifndef TARE_TESTS_UNIT_REPORT_FIXTURE_H
#define TARE_TESTS_UNIT_REPORT_FIXTURE_H

#include "report/report.h"

struct fixture {
	struct tare_report_input input;
	struct tare_run *run; /* input.run and base, to be changed */
	struct tare_run *base;
	struct tare_comparison_set *sets;
	struct tare_gate_outcome gate;
};

/* Three benchmarks with base and head, two gated metrics, a verdict of every kind, a warning, and a
 * gate that failed. */
struct fixture *fixture_typical(void);
/* The same across two runs, whose environments differ and whose cases are not all the same. */
struct fixture *fixture_across_runs(void);
/* A suite without cases. */
struct fixture *fixture_empty(void);
/* One case that failed after two samples, one that was never started, one with a single sample. */
struct fixture *fixture_failed(void);
/* Two cases with a counter of each kind: counted all the time, in turns, by a formula, simulated.
 */
struct fixture *fixture_counted(void);
/* As typical, and every text that comes from outside is text. */
struct fixture *fixture_hostile(const char *text);
/* group_count benchmarks with base and head and sample_count values; one in a hundred is a
 * regression, one in a hundred inconclusive. */
struct fixture *fixture_large(size_t group_count, size_t sample_count);
void fixture_free(struct fixture *fixture);

/* What the reporter of that name writes for input; the caller frees it. */
char *fixture_report(const char *reporter, const struct tare_report_input *input);

/* Compares text with tests/golden/report/NAME, and fails with the first line that differs. With
 * TARE_UPDATE_GOLDEN=1 in the environment it writes the file instead. */
void assert_golden(const char *name, const char *text);
void assert_contains(const char *text, const char *piece);
void assert_lacks(const char *text, const char *piece);
/* How often piece is in text. */
size_t count_of(const char *text, const char *piece);

/* What breaks formats: markup, table cells, quotes, lines, escapes, invalid UTF-8, formulas,
 * mentions, references and links. */
#define HOSTILE \
	"=cmd()<script>a|b`c`\"'\n\x1b[31m\xff\r&amp; @me #12 https://x.y [l](u) www.a.b _i_ *b*"

#endif
