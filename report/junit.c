/*
 * JUnit XML, as CI systems read it: one suite of the cases (did they run?), and one of the gated
 * comparisons for each set.
 *
 * What makes the gate fail is a failure here and nothing else is, so that a CI system and the exit
 * code agree. A regression nobody asked to be stopped by, and a comparison that could not be
 * decided, are shown as skipped with the reason: seen, but not failing.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/text.h"
#include "report/correction.h"
#include "report/reporters.h"
#include "report/summary.h"

static void
put_escaped(FILE *out, unsigned char c, bool attribute)
{
	switch (c) {
	case '<':
		fputs("&lt;", out);
		break;
	case '>':
		fputs("&gt;", out);
		break;
	case '&':
		fputs("&amp;", out);
		break;
	case '"':
		fputs("&quot;", out);
		break;
	case '\n':
	case '\t':
	case '\r':
		/* Attributes would be normalised to blanks, and a CR in text to a newline. */
		if (attribute || c == '\r')
			fprintf(out, "&#%d;", c);
		else
			putc(c, out);
		break;
	default:
		/* Other control characters cannot be in XML 1.0, not even as references. */
		if (c >= 0x20 && c != 0x7F)
			putc(c, out);
	}
}

/* U+FFFE and U+FFFF are valid UTF-8 and not valid XML. */
static bool
is_noncharacter(const char *text, size_t len)
{
	return len >= 3 &&
	       (memcmp(text, "\xEF\xBF\xBE", 3) == 0 || memcmp(text, "\xEF\xBF\xBF", 3) == 0);
}

static void
put_xml(FILE *out, const char *text, bool attribute)
{
	size_t len = text ? strlen(text) : 0;

	while (len > 0) {
		size_t valid = tare_utf8_check(text, len);

		for (size_t i = 0; i < valid; i++) {
			if (is_noncharacter(text + i, valid - i))
				i += 2;
			else
				put_escaped(out, (unsigned char)text[i], attribute);
		}
		if (valid < len) {
			fputs("\xEF\xBF\xBD", out);
			valid++;
		}
		text += valid;
		len -= valid;
	}
}

static void
put_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	put_xml(out, value, true);
	putc('"', out);
}

/* Seconds of the measured invocations that were kept. */
static double
case_seconds(const struct tare_run_case *subject)
{
	double sum_ns = 0;

	if (subject->metric_count <= TARE_METRIC_WALL)
		return 0;
	for (size_t i = 0; i < subject->samples.count; i++) {
		double wall_ns = subject->samples.values[TARE_METRIC_WALL][i];

		if (isfinite(wall_ns))
			sum_ns += wall_ns;
	}
	return sum_ns / 1e9;
}

struct counts {
	size_t tests;
	size_t failures;
	size_t skipped;
	double seconds;
};

static void
put_suite_begin(
	FILE *out, const struct tare_run *run, const char *name, const struct counts *counts)
{
	char started[TARE_TIME_TEXT_MAX];

	tare_time_format(started, sizeof(started), run->started_unix_ns);
	fputs("  <testsuite", out);
	put_attribute(out, "name", name);
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.6f\"",
		counts->tests, counts->failures, counts->skipped, counts->seconds);
	/* The schema wants the date without a zone. */
	started[strcspn(started, "Z")] = '\0';
	put_attribute(out, "timestamp", started);
	fputs(">\n", out);
}

static void
put_test_begin(FILE *out, const char *class_name, const char *name, double seconds)
{
	fputs("    <testcase", out);
	put_attribute(out, "classname", class_name);
	put_attribute(out, "name", name);
	fprintf(out, " time=\"%.6f\"", seconds);
}

static void
write_case(FILE *out, const struct tare_run *run, const struct tare_run_case *subject)
{
	put_test_begin(out, run->suite, subject->name, case_seconds(subject));
	switch (subject->status) {
	case TARE_CASE_FAILED:
		fputs(">\n      <failure type=\"failed\"", out);
		put_attribute(out, "message", subject->failure);
		putc('>', out);
		put_xml(out, subject->stderr_tail, false);
		fputs("</failure>\n    </testcase>\n", out);
		break;
	case TARE_CASE_PENDING:
		fputs(">\n      <skipped message=\"not measured\"/>\n    </testcase>\n", out);
		break;
	default:
		fputs("/>\n", out);
	}
}

static struct counts
count_cases(const struct tare_run *run)
{
	struct counts counts = {.tests = run->case_count};

	for (size_t i = 0; i < run->case_count; i++) {
		counts.failures += run->cases[i].status == TARE_CASE_FAILED;
		counts.skipped += run->cases[i].status == TARE_CASE_PENDING;
		counts.seconds += case_seconds(&run->cases[i]);
	}
	return counts;
}

static bool
is_worth_a_look(const struct tare_comparison *item)
{
	return item->verdict == TARE_VERDICT_REGRESSION ||
	       item->verdict == TARE_VERDICT_INCONCLUSIVE;
}

static struct counts
count_comparisons(const struct tare_comparison_set *set)
{
	struct counts counts = {0};

	for (size_t i = 0; i < set->item_count; i++) {
		if (!set->items[i].metric.gated)
			continue;
		counts.tests++;
		if (set->items[i].failed_gate)
			counts.failures++;
		else if (is_worth_a_look(&set->items[i]))
			counts.skipped++;
	}
	return counts;
}

static void
put_figures(FILE *out, const struct tare_comparison *item)
{
	struct tare_arena *arena = tare_arena_new();
	const char *beside = tare_correction_beside(arena, item);
	char change[TARE_UNITS_TEXT_MAX];
	char interval[TARE_INTERVAL_TEXT_MAX];

	tare_change_text(change, item);
	tare_interval_text(interval, item);
	put_xml(out, change, true);
	putc(' ', out);
	put_xml(out, interval, true);
	fprintf(out, ", n = %zu", item->n);
	if (item->reason && *item->reason) {
		fputs(": ", out);
		put_xml(out, item->reason, true);
	}
	if (beside) {
		fputs("; ", out);
		put_xml(out, beside, true);
	}
	tare_arena_free(arena);
}

static void
write_comparison(FILE *out, const struct tare_comparison *item)
{
	const char *verdict = tare_verdict_name(item->verdict);

	fputs("    <testcase", out);
	put_attribute(out, "classname", item->case_name);
	fputs(" name=\"", out);
	put_xml(out, item->metric.name, true);
	fputs(" against ", out);
	put_xml(out, item->base_label, true);
	fputs("\" time=\"0\">\n", out);
	if (item->failed_gate) {
		fprintf(out, "      <failure type=\"%s\" message=\"%s ", verdict, verdict);
		put_figures(out, item);
		fputs("\">", out);
		put_xml(out, item->sentence, false);
		fputs("</failure>\n", out);
	} else if (is_worth_a_look(item)) {
		fprintf(out, "      <skipped message=\"%s ", verdict);
		put_figures(out, item);
		fputs("\"/>\n", out);
	} else {
		fprintf(out, "      <system-out>%s ", verdict);
		put_figures(out, item);
		fputs("</system-out>\n", out);
	}
	fputs("    </testcase>\n", out);
}

static void
write_set(FILE *out, const struct tare_comparison_set *set, const struct tare_report_input *input)
{
	struct counts counts = count_comparisons(set);
	struct tare_arena *arena;

	if (counts.tests == 0)
		return;
	arena = tare_arena_new();
	put_suite_begin(out, input->run,
		tare_arena_printf(arena, "%s: %s%sagainst %s",
			input->run->suite ? input->run->suite : "", tare_set_head_label(set),
			*tare_set_head_label(set) ? " " : "",
			set->base_label ? set->base_label : "base"),
		&counts);
	tare_arena_free(arena);
	for (size_t i = 0; i < set->item_count; i++)
		if (set->items[i].metric.gated)
			write_comparison(out, &set->items[i]);
	fputs("  </testsuite>\n", out);
}

static enum tare_status
write_junit(FILE *out, const struct tare_report_input *input, struct tare_err *err)
{
	const struct tare_run *run = input->run;
	struct counts cases = count_cases(run);
	struct counts all = cases;

	for (size_t i = 0; i < input->set_count; i++) {
		struct counts counts = count_comparisons(&input->sets[i]);

		all.tests += counts.tests;
		all.failures += counts.failures;
		all.skipped += counts.skipped;
	}
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", out);
	put_attribute(out, "name", run->suite);
	fprintf(out,
		" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.6f\">\n",
		all.tests, all.failures, all.skipped, all.seconds);
	put_suite_begin(out, run, run->suite, &cases);
	for (size_t i = 0; i < run->case_count; i++)
		write_case(out, run, &run->cases[i]);
	fputs("  </testsuite>\n", out);
	for (size_t i = 0; i < input->set_count; i++)
		write_set(out, &input->sets[i], input);
	fputs("</testsuites>\n", out);
	return tare_report_end(out, err);
}

const struct tare_reporter tare_reporter_junit = {
	.name = "junit",
	.extension = "xml",
	.summary = "for CI systems: failed cases and what failed the gate",
	.write = write_junit,
};
