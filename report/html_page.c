#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/digest.h"
#include "harness/base/units.h"
#include "report/cost.h"
#include "report/html.h"

enum { HEADS_MAX = 6 };

/* The SHA-256 of an embedded asset in base64, as a Content-Security-Policy wants it. */
static void
write_policy_hash(FILE *out, const char *text)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char digest[TARE_DIGEST_TEXT_MAX];

	/* 64 hexadecimal digits are 256 bits; every three of them make two characters. */
	tare_digest_bytes(digest, text, strlen(text));
	fputs("'sha256-", out);
	for (size_t i = 0; i < 63; i += 3) {
		char digits[4] = {digest[i], digest[i + 1], digest[i + 2], '\0'};
		unsigned long bits = strtoul(digits, NULL, 16);

		putc(alphabet[bits >> 6], out);
		putc(alphabet[bits & 63], out);
	}
	putc(alphabet[strtoul(digest + 63, NULL, 16) << 2], out);
	fputs("='", out);
}

void
html_write_head(struct html *h)
{
	FILE *out = h->out;

	fputs("<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src ",
		out);
	write_policy_hash(out, tare_html_style);
	fputs("; script-src ", out);
	write_policy_hash(out, tare_html_script);
	fputs("; img-src data:; base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=color-scheme content=\"light dark\">\n"
	      "<meta name=generator content=\"tare ",
		out);
	html_text(out, h->run->version);
	fputs("\">\n<link rel=icon href=\"data:,\">\n<title>", out);
	html_text(out, h->run->suite);
	fputs(": ", out);
	html_text(out, h->summary.headline);
	fputs("</title>\n<style>", out);
	fputs(tare_html_style, out);
	fputs("</style>\n<script>", out);
	fputs(tare_html_script, out);
	fprintf(out,
		"</script>\n</head>\n<body%s>\n"
		"<a class=skip href=\"#main\">Skip to the results</a>\n",
		h->compact ? " class=long" : "");
}

static int
compare_names(const void *left, const void *right)
{
	const char *const *a = left;
	const char *const *b = right;

	return strcmp(*a, *b);
}

static size_t
benchmark_count(const struct html *h)
{
	const char **names = tare_arena_alloc(h->arena, h->run->case_count, sizeof(const char *));
	size_t count = 0;

	for (size_t i = 0; i < h->run->case_count; i++)
		names[i] = h->run->cases[i].benchmark;
	qsort(names, h->run->case_count, sizeof(const char *), compare_names);
	for (size_t i = 0; i < h->run->case_count; i++)
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			count++;
	return count;
}

/* "bzip2, xz and zstd were" */
static void
write_heads(struct html *h, const struct tare_comparison_set *set)
{
	const char *labels[HEADS_MAX];
	size_t count = 0;
	size_t more = 0;

	if (set->across_runs)
		labels[count++] = set->head_label;
	for (size_t i = 0; i < set->item_count && !set->across_runs; i++) {
		size_t known = 0;

		while (known < count && strcmp(labels[known], set->items[i].head_label) != 0)
			known++;
		if (known == count && count < HEADS_MAX)
			labels[count++] = set->items[i].head_label;
		else if (known == count)
			more = 1;
	}
	for (size_t i = 0; i < count; i++) {
		fputs(i == 0 ? "" : i + 1 == count && !more ? " and " : ", ", h->out);
		fputs("<strong>", h->out);
		html_text(h->out, labels[i]);
		fputs("</strong>", h->out);
	}
	fprintf(h->out, "%s %s", more ? " and others" : "", count + more > 1 ? "were" : "was");
}

/* What was compared, in one sentence; labels of the first set that has comparisons come first. */
static void
write_subject(struct html *h)
{
	FILE *out = h->out;
	size_t said = 0;

	fputs("<p class=lead>", out);
	for (size_t i = 0; i < h->input->set_count; i++) {
		const struct tare_comparison_set *set = &h->input->sets[i];

		if (set->item_count == 0)
			continue;
		fputs(said++ ? ", and " : "", out);
		write_heads(h, set);
		fputs(" compared with <strong>", out);
		html_text(out, set->base_label);
		fputs("</strong>", out);
	}
	fputs(said ? " on " : "Measured: ", out);
	html_count(out, benchmark_count(h), "benchmark", "benchmarks");
	fputs(" (", out);
	html_count(out, h->run->case_count, "case", "cases");
	fprintf(out, ", programs started %llu times in all).</p>\n",
		(unsigned long long)h->run->invocation_count);
}

/* The comparison people ask for first: the worst regression, else the best improvement. */
static const struct tare_comparison *
most_notable(struct html *h)
{
	const struct tare_comparison *best = NULL;

	for (size_t i = 0; i < h->input->set_count; i++) {
		const struct tare_comparison *first;

		if (h->input->sets[i].item_count == 0)
			continue;
		first = tare_comparisons_order(h->arena, &h->input->sets[i])[0];
		if (!first->metric.gated || (first->verdict != TARE_VERDICT_REGRESSION &&
						    first->verdict != TARE_VERDICT_IMPROVEMENT))
			continue;
		if (!best || (best->verdict != TARE_VERDICT_REGRESSION &&
				     first->verdict == TARE_VERDICT_REGRESSION))
			best = first;
	}
	return best;
}

static void
write_notable(struct html *h)
{
	const struct tare_comparison *item = most_notable(h);
	char text[TARE_UNITS_TEXT_MAX];
	size_t group;

	if (!item)
		return;
	fputs(item->verdict == TARE_VERDICT_REGRESSION ? "<p class=lead>First to look at: "
						       : "<p class=lead>Notable improvement: ",
		h->out);
	if (html_group_find(&group, h, item))
		fprintf(h->out, "<a class=name href=\"#c%zu\">", group);
	else
		fputs("<a class=name>", h->out);
	html_text(h->out, item->case_name);
	fputs("</a>, ", h->out);
	html_text(h->out, item->metric.name);
	tare_change_text(text, item);
	fputs(" <strong>", h->out);
	html_text(h->out, text);
	fputs("</strong>.</p>\n", h->out);
}

static void
write_gate(struct html *h)
{
	static const enum tare_verdict looks[] = {
		[TARE_GATE_NOT_ASKED] = TARE_VERDICT_NO_CHANGE,
		[TARE_GATE_PASSED] = TARE_VERDICT_IMPROVEMENT,
		[TARE_GATE_FAILED] = TARE_VERDICT_REGRESSION,
		[TARE_GATE_UNDECIDED] = TARE_VERDICT_INCONCLUSIVE,
	};
	const struct tare_gate_outcome *gate = h->input->gate;
	enum tare_verdict look;

	if (!gate || gate->result == TARE_GATE_NOT_ASKED) {
		if (h->summary.gated_count > 0)
			fputs("<p class=note>No gate was asked for: nothing here makes the run "
			      "fail.</p>\n",
				h->out);
		return;
	}
	look = looks[gate->result];
	fprintf(h->out, "<p class=\"gate %s\">", html_verdict_class(look));
	html_sentence(h->out, gate->sentence);
	fputs("</p>\n", h->out);
}

static void
write_tile(struct html *h, enum tare_verdict verdict, const char *word, const char *meaning)
{
	size_t gated = h->summary.gated[verdict];
	size_t other = h->summary.other[verdict];

	fprintf(h->out, "<li class=\"%s%s\"><b>%zu</b><span class=v>%s</span><small>%s",
		html_verdict_class(verdict), gated == 0 ? " none" : "", gated, word, meaning);
	if (other > 0)
		fprintf(h->out, "; %zu more in metrics that are only watched", other);
	fputs("</small>\n", h->out);
}

static void
write_tiles(struct html *h)
{
	if (h->summary.gated_count + h->summary.other_count == 0)
		return;
	fputs("<ul class=tiles aria-label=\"Comparisons by verdict\">\n", h->out);
	write_tile(h, TARE_VERDICT_REGRESSION,
		h->summary.gated[TARE_VERDICT_REGRESSION] == 1 ? "regression" : "regressions",
		"worse by more than the margin");
	write_tile(h, TARE_VERDICT_IMPROVEMENT,
		h->summary.gated[TARE_VERDICT_IMPROVEMENT] == 1 ? "improvement" : "improvements",
		"better by more than the margin");
	write_tile(h, TARE_VERDICT_NO_CHANGE, "no change", "the same within the margin");
	write_tile(h, TARE_VERDICT_INCONCLUSIVE, "inconclusive",
		"too few or too noisy samples to say");
	fputs("</ul>\n", h->out);
}

static size_t
environment_differences(const struct html *h)
{
	size_t count = 0;

	for (size_t i = 0; i < h->input->set_count; i++)
		count += h->input->sets[i].environment_difference_count;
	return count;
}

static void
write_status_alert(struct html *h)
{
	if (h->run->status == TARE_RUN_INTERRUPTED)
		fputs("<li><strong>The run was interrupted.</strong> What follows is what was "
		      "measured until then.\n",
			h->out);
	else if (h->run->status == TARE_RUN_OPEN)
		fputs("<li><strong>The run did not end.</strong> It is still going on or was "
		      "killed; what follows is what its journal holds.\n",
			h->out);
}

static void
write_environment_alert(struct html *h, size_t differences)
{
	if (differences == 0)
		return;
	fputs("<li><strong>The two runs were made in different environments</strong>: ", h->out);
	html_count(h->out, differences, "fact that matters differs", "facts that matter differ");
	fputs(". A change may come from the machine and not from the program; "
	      "<a href=\"#environment\">see which</a>.\n",
		h->out);
}

static void
write_alerts(struct html *h)
{
	size_t differences = environment_differences(h);

	if (h->run->status == TARE_RUN_COMPLETE && differences == 0 &&
		h->summary.failed_case_count == 0 && h->run->warning_count == 0)
		return;
	fputs("<ul class=alerts>\n", h->out);
	write_status_alert(h);
	write_environment_alert(h, differences);
	if (h->summary.failed_case_count > 0) {
		fputs("<li><strong>", h->out);
		html_count(h->out, h->summary.failed_case_count, "case", "cases");
		fputs(" failed</strong>: <a href=\"#failures\">see what happened</a>.\n", h->out);
	}
	if (h->run->warning_count > 0) {
		fputs("<li>", h->out);
		html_count(h->out, h->run->warning_count, "warning", "warnings");
		fputs(" about how this was measured, <a href=\"#warnings\">with advice</a>.\n",
			h->out);
	}
	fputs("</ul>\n", h->out);
}

void
html_write_headline(struct html *h)
{
	FILE *out = h->out;

	fputs("<header class=top>\n<p class=eyebrow><span class=name>", out);
	html_text(out, h->run->suite);
	fputs("</span>", out);
	if (h->run->release && *h->run->release) {
		fputs(" \xc2\xb7 release <span class=name>", out);
		html_text(out, h->run->release);
		fputs("</span>", out);
	}
	fputs("</p>\n<h1>", out);
	html_sentence(out, h->summary.headline);
	fputs("</h1>\n", out);
	write_subject(h);
	write_notable(h);
	write_gate(h);
	write_tiles(h);
	write_alerts(h);
	fputs("</header>\n", out);
}

static void
write_link(struct html *h, const char *id, const char *name, size_t count)
{
	fprintf(h->out, "<li><a href=\"#%s\">%s", id, name);
	if (count > 0)
		fprintf(h->out, " (%zu)", count);
	fputs("</a>\n", h->out);
}

/* The section is there where anything was measured. */
static void
write_cost_link(struct html *h)
{
	struct tare_run_cost cost;

	tare_run_cost_read(&cost, h->arena, h->run);
	if (cost.costliest < cost.case_count)
		write_link(h, "cost", "Cost", 0);
}

static bool
is_counted(const struct tare_run *run)
{
	for (size_t i = 0; i < run->case_count; i++) {
		if (run->cases[i].counting)
			return true;
	}
	return false;
}

void
html_write_navigation(struct html *h)
{
	fputs("<nav aria-label=Sections><ul>\n", h->out);
	if (html_has_correction(h))
		write_link(h, "container", "What the container costs", 0);
	write_link(
		h, "comparisons", "Comparisons", h->summary.gated_count + h->summary.other_count);
	write_link(h, "metrics", "Metrics", 0);
	write_link(h, "cases", "Cases", h->run->case_count);
	if (is_counted(h->run))
		write_link(h, "counters", "Counters", 0);
	write_cost_link(h);
	if (h->summary.failed_case_count > 0)
		write_link(h, "failures", "Failures", h->summary.failed_case_count);
	if (h->run->warning_count > 0)
		write_link(h, "warnings", "Warnings", h->run->warning_count);
	write_link(h, "environment", "Environment", 0);
	write_link(h, "repeat", "Repeat this run", 0);
	write_link(h, "terms", "How to read this", 0);
	fputs("</ul></nav>\n", h->out);
}

static void
write_count_fact(FILE *out, const char *term, uint64_t count)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
	html_fact(out, term, text);
}

void
html_write_facts(struct html *h)
{
	const struct tare_run *run = h->run;
	char text[TARE_UNITS_TEXT_MAX];

	fputs("<section aria-labelledby=run><h2 id=run>The run</h2>\n", h->out);
	if (run->description && *run->description) {
		fputs("<p class=note>", h->out);
		html_text(h->out, run->description);
		fputs("</p>\n", h->out);
	}
	fputs("<dl class=facts>\n", h->out);
	tare_time_format(text, sizeof(text), run->started_unix_ns);
	html_fact(h->out, "Started", text);
	if (run->duration_ns > 0) {
		tare_duration_format(text, sizeof(text), run->duration_ns);
		html_fact(h->out, "Took", text);
	}
	html_fact(h->out, "State",
		run->status == TARE_RUN_OPEN ? "not ended" : tare_run_status_name(run->status));
	html_fact(h->out, "Run", run->id);
	html_fact(h->out, "Release", run->release);
	if (h->input->base) {
		html_fact(h->out, "Base run", h->input->base->id);
		html_fact(h->out, "Base release", h->input->base->release);
	}
	html_fact(h->out, "Suite file", run->suite_file);
	html_fact(h->out, "Settings for", run->environment_name);
	write_count_fact(h->out, "Invocations", run->invocation_count);
	write_count_fact(h->out, "Seed of the order", run->seed);
	html_fact(h->out, "Machine", tare_environment_get(&run->environment, "cpu.model"));
	html_fact(h->out, "tare", run->version);
	fputs("</dl></section>\n", h->out);
}

void
html_write_foot(struct html *h)
{
	fputs("<footer><p>Made by tare ", h->out);
	html_text(h->out, h->run->version);
	fputs(". This page is one file: it loads nothing and sends nothing.</p></footer>\n"
	      "</body>\n</html>\n",
		h->out);
}
