#include <string.h>

#include "harness/base/text.h"
#include "report/failures.h"
#include "report/html.h"
#include "report/warnings.h"

enum { STDERR_LINES_MAX = 20, STDERR_LEN_MAX = 4000, NAMES_SHOWN = 12, NAMES_MAX = 1000 };

static void
write_case_name(struct html *h, size_t case_index)
{
	size_t group = h->group_of_case[case_index];

	if (group < HTML_SECTIONS_MAX)
		fprintf(h->out, "<a class=name href=\"#c%zu\">", group);
	else
		fputs("<a class=name>", h->out);
	html_text(h->out, h->run->cases[case_index].name);
	fputs("</a>", h->out);
}

static void
write_failed_names(struct html *h, const struct tare_failure *failure, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		fputs(i > from ? ", " : "", h->out);
		write_case_name(h, failure->cases[i]);
	}
}

/* One case has the heading to itself; of many the first are named and the rest folded away. */
static void
write_failed_cases(struct html *h, const struct tare_failure *failure)
{
	size_t shown = failure->case_count < NAMES_SHOWN ? failure->case_count : NAMES_SHOWN;
	size_t named = failure->case_count < NAMES_MAX ? failure->case_count : NAMES_MAX;

	if (failure->case_count == 1)
		return;
	fputs("<p>", h->out);
	write_failed_names(h, failure, 0, shown);
	fputs("</p>\n", h->out);
	if (named == shown)
		return;
	fprintf(h->out, "<details><summary>%zu more</summary><p>", failure->case_count - shown);
	write_failed_names(h, failure, shown, named);
	if (named < failure->case_count)
		fprintf(h->out, ", and %zu that the journal names", failure->case_count - named);
	fputs("</p></details>\n", h->out);
}

static void
write_failure(struct html *h, const struct tare_failure *failure)
{
	uint64_t kept = 0;

	for (size_t i = 0; i < failure->case_count; i++)
		kept += h->run->cases[failure->cases[i]].samples.total;
	fputs("<h3>", h->out);
	if (failure->case_count == 1)
		write_case_name(h, failure->cases[0]);
	else
		fprintf(h->out, "%zu cases", failure->case_count);
	fputs("</h3>\n<p>", h->out);
	html_sentence(h->out, failure->text);
	fprintf(h->out, ". %llu good ", (unsigned long long)kept);
	fputs(kept == 1 ? "sample was" : "samples were", h->out);
	fputs(" kept.</p>\n", h->out);
	write_failed_cases(h, failure);
	if (*failure->stderr_tail == '\0')
		return;
	fputs("<p class=note>The last lines it wrote to stderr:</p><pre tabindex=0>", h->out);
	html_block(h->out, tare_text_tail(failure->stderr_tail, strlen(failure->stderr_tail),
				   STDERR_LINES_MAX, STDERR_LEN_MAX));
	fputs("</pre>\n", h->out);
}

void
html_write_failures(struct html *h)
{
	struct tare_failure *failures;
	size_t count = tare_failures_read(&failures, h->arena, h->run);

	if (count == 0)
		return;
	fputs("<section aria-labelledby=failures><h2 id=failures>Failures</h2>\n", h->out);
	for (size_t i = 0; i < count && i < HTML_FAILURES_MAX; i++)
		write_failure(h, &failures[i]);
	if (count > HTML_FAILURES_MAX)
		fprintf(h->out,
			"<p class=note>Cases failed in %zu more ways; the journal has "
			"them.</p>\n",
			count - HTML_FAILURES_MAX);
	fputs("</section>\n", h->out);
}

static void
write_soft(struct html *h, const char *before, const char *text)
{
	if (*text == '\0')
		return;
	fprintf(h->out, "<br><span class=soft>%s", before);
	html_text(h->out, text);
	fputs("</span>", h->out);
}

static void
write_warning(struct html *h, const struct tare_warning_group *group)
{
	fputs("<li>", h->out);
	html_text(h->out, group->texts[0]);
	for (size_t i = 1; i < group->count && i < HTML_WARNINGS_ALIKE; i++) {
		fputs("<br>", h->out);
		html_text(h->out, group->texts[i]);
	}
	if (group->count > HTML_WARNINGS_ALIKE)
		fprintf(h->out, "<br>and %zu more, which the journal has",
			group->count - HTML_WARNINGS_ALIKE);
	write_soft(h, "Why it matters: ", group->why);
	write_soft(h, "What to do: ", group->advice);
	fputs("\n", h->out);
}

void
html_write_warnings(struct html *h)
{
	struct tare_warning_group *groups;
	size_t count = tare_warning_groups(&groups, h->arena, h->run);

	if (count == 0)
		return;
	fputs("<section aria-labelledby=warnings><h2 id=warnings>Warnings</h2>\n<ul "
	      "class=plain-list>\n",
		h->out);
	for (size_t i = 0; i < count && i < HTML_WARNINGS_MAX; i++)
		write_warning(h, &groups[i]);
	fputs("</ul>\n", h->out);
	if (count > HTML_WARNINGS_MAX)
		fprintf(h->out, "<p class=note>%zu more kinds are in the journal.</p>\n",
			count - HTML_WARNINGS_MAX);
	fputs("</section>\n", h->out);
}

static void
write_differences(struct html *h)
{
	struct tare_fact_difference *differences;
	size_t count;

	if (!h->input->base)
		return;
	count = tare_environment_diff(
		&differences, h->arena, &h->input->base->environment, &h->run->environment);
	fputs("<h3>Differences to the base</h3>\n", h->out);
	if (count == 0) {
		fputs("<p>None: both runs recorded the same facts.</p>\n", h->out);
		return;
	}
	fputs("<div class=scroll><table><caption>Facts that differ between the two runs; those "
	      "that "
	      "matter can change results by themselves</caption><thead><tr><th scope=col>Fact"
	      "<th scope=col>Base<th scope=col>Head<th scope=col>Matters<tbody>\n",
		h->out);
	for (size_t i = 0; i < count; i++) {
		const struct tare_fact_difference *difference = &differences[i];

		fputs("<tr><th scope=row>", h->out);
		html_text(h->out, difference->key);
		html_cell(h->out, NULL, difference->base ? difference->base : "not recorded");
		html_cell(h->out, NULL, difference->head ? difference->head : "not recorded");
		fputs(difference->matters ? "<td><strong>yes</strong>\n" : "<td>no\n", h->out);
	}
	fputs("</table></div>\n", h->out);
}

static size_t
write_fact_table(struct html *h, bool matters, const char *caption)
{
	const struct tare_environment *environment = &h->run->environment;
	size_t count = 0;

	fprintf(h->out,
		"<div class=scroll><table><caption>%s</caption><thead><tr><th scope=col>Fact"
		"<th scope=col>Value<tbody>\n",
		caption);
	for (size_t i = 0; i < environment->fact_count; i++) {
		if (environment->facts[i].matters != matters)
			continue;
		fputs("<tr><th scope=row>", h->out);
		html_text(h->out, environment->facts[i].key);
		html_cell(h->out, NULL, environment->facts[i].value);
		fputs("\n", h->out);
		count++;
	}
	fputs("</table></div>\n", h->out);
	return count;
}

void
html_write_environment(struct html *h)
{
	const struct tare_environment *environment = &h->run->environment;
	size_t rest = 0;

	fputs("<section aria-labelledby=environment><h2 id=environment>Environment</h2>\n", h->out);
	write_differences(h);
	if (environment->fact_count == 0) {
		fputs("<p class=note>Nothing was recorded.</p></section>\n", h->out);
		return;
	}
	for (size_t i = 0; i < environment->fact_count; i++)
		rest += environment->facts[i].matters ? 0 : 1;
	if (rest < environment->fact_count)
		write_fact_table(h, true,
			"Facts that matter: only runs that share them are compared "
			"without a warning");
	if (rest > 0) {
		fprintf(h->out, "<details%s><summary>%zu more facts</summary>\n",
			rest == environment->fact_count ? " open" : "", rest);
		write_fact_table(h, false, "Facts recorded for the curious");
		fputs("</details>\n", h->out);
	}
	fputs("<p class=note>Fingerprint of the facts that matter: <code>", h->out);
	html_text(h->out, environment->fingerprint);
	fputs("</code></p></section>\n", h->out);
}

void
html_write_command(struct html *h)
{
	fputs("<section aria-labelledby=repeat><h2 id=repeat>Repeat this run</h2>\n"
	      "<p class=note>The same suite, in the same order.</p>\n<pre id=command tabindex=0>",
		h->out);
	html_block(h->out, h->run->command_line);
	fputs("</pre>\n<p><button type=button class=plain data-copy=command "
	      "hidden>Copy</button></p>"
	      "\n</section>\n",
		h->out);
}

void
html_write_terms(struct html *h)
{
	fputs("<section aria-labelledby=terms><h2 id=terms>How to read this</h2>\n<dl "
	      "class=terms>\n"
	      "<dt>Margin<dd>The smallest change that matters, chosen in the suite (2 % unless it "
	      "says otherwise). Smaller changes are not reported as regressions even if they are "
	      "real.\n"
	      "<dt>Interval<dd>No measurement is exact. The true change lies in the interval 19 "
	      "times "
	      "out of 20 (or as often as stated). The more samples and the less noise, the "
	      "narrower "
	      "it is.\n"
	      "<dt>Regression, improvement<dd>The whole interval is past the margin.\n"
	      "<dt>No change<dd>The interval lies within the margin: if there is a change, it is "
	      "too "
	      "small to matter.\n"
	      "<dt>Inconclusive<dd>The interval reaches from inside the margin to outside. More "
	      "samples or a quieter machine would decide it.\n"
	      "<dt>Smallest change seen<dd>A true change of this size would have been called a "
	      "regression in 8 of 10 runs like this one. Smaller ones may go unnoticed.\n"
	      "<dt>Median<dd>Half of the samples lie below it and half above. Unlike the mean it "
	      "does "
	      "not move with single slow samples; no sample is ever left out.\n"
	      "<dt>Watched metric<dd>It is measured and compared, but the gate does not look at "
	      "it.\n"
	      "</dl></section>\n",
		h->out);
}
