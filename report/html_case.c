#include <math.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/stats/normal.h"
#include "report/html.h"

static bool
is_change(enum tare_verdict verdict)
{
	return verdict == TARE_VERDICT_REGRESSION || verdict == TARE_VERDICT_IMPROVEMENT;
}

static bool
starts_open(const struct html *h, const struct html_group *group)
{
	if (h->group_count <= HTML_OPEN_MAX)
		return true;
	return group->lead && group->lead->metric.gated &&
	       group->lead->verdict == TARE_VERDICT_REGRESSION && !h->compact;
}

static const char *
label_of(const struct tare_run_case *subject, const char *otherwise)
{
	return subject->variant && *subject->variant ? subject->variant : otherwise;
}

static bool
has_failed(const struct html *h, const struct html_group *group)
{
	for (size_t i = 0; i < group->case_count; i++)
		if (html_is_failure(&h->run->cases[group->first_case + i]))
			return true;
	return false;
}

static void
write_summary(struct html *h, const struct html_group *group)
{
	char text[TARE_UNITS_TEXT_MAX];

	fputs("<summary><h3 class=name>", h->out);
	html_text(h->out, group->name);
	fputs("</h3>", h->out);
	if (has_failed(h, group))
		fputs("<span class=\"badge v-r\">failed</span>", h->out);
	if (group->lead) {
		html_verdict(h->out, group->lead->verdict, "badge");
		tare_change_text(text, group->lead);
		fputs("<span class=soft>", h->out);
		html_text(h->out, group->lead->metric.name);
		putc(' ', h->out);
		html_text(h->out, text);
		fputs("</span>", h->out);
	}
	fputs("</summary>", h->out);
}

/* Where the comparison has no sentence of its own. */
static void
write_plain_sentence(struct html *h, const struct tare_comparison *item)
{
	static const char *const words[] = {
		[TARE_VERDICT_REGRESSION] = "is worse than",
		[TARE_VERDICT_IMPROVEMENT] = "is better than",
		[TARE_VERDICT_NO_CHANGE] = "is as good as",
		[TARE_VERDICT_INCONCLUSIVE] = "cannot be told from",
	};
	char text[TARE_UNITS_TEXT_MAX];

	tare_change_text(text, item);
	html_text(h->out, item->head_label);
	fprintf(h->out, " %s ", words[item->verdict]);
	html_text(h->out, item->base_label);
	fputs(" in ", h->out);
	html_text(h->out, item->metric.name);
	fputs(" (", h->out);
	html_text(h->out, text);
	fputs(")", h->out);
}

static void
write_sentence(struct html *h, const struct tare_comparison *item)
{
	size_t len = item->sentence ? strlen(item->sentence) : 0;

	if (len > 0)
		html_text(h->out, item->sentence);
	else
		write_plain_sentence(h, item);
	fputs(len > 0 && item->sentence[len - 1] == '.' ? "" : ".", h->out);
}

static void
write_median_sentence(struct html *h, const struct tare_run_case *subject)
{
	struct tare_figures figures;
	size_t metric = TARE_METRIC_WALL;

	for (size_t m = 0; m < subject->samples.metric_count; m++) {
		metric = m;
		tare_figures_read(&figures, h->values, subject, m);
		if (figures.n > 0)
			break;
	}
	if (subject->samples.metric_count == 0 || figures.n == 0) {
		fputs("Nothing was measured.", h->out);
		return;
	}
	html_text(h->out, subject->metrics[metric].name);
	fputs(" is typically ", h->out);
	html_value(h->out, figures.median, subject->metrics[metric].unit);
	if (isfinite(figures.low)) {
		fputs(", very probably between ", h->out);
		html_value(h->out, figures.low, subject->metrics[metric].unit);
		fputs(" and ", h->out);
		html_value(h->out, figures.high, subject->metrics[metric].unit);
	}
	fprintf(h->out, " (%zu samples).", figures.n);
}

/* The first line: for readers who know no statistics. */
static void
write_lead(struct html *h, const struct html_group *group)
{
	fputs("<p class=lead>", h->out);
	if (group->lead) {
		write_sentence(h, group->lead);
	} else {
		for (size_t i = 0; i < group->case_count; i++) {
			const struct tare_run_case *subject = &h->run->cases[group->first_case + i];

			if (group->case_count > 1) {
				html_text(h->out, subject->variant);
				fputs(": ", h->out);
			}
			write_median_sentence(h, subject);
			putc(' ', h->out);
		}
	}
	fputs("</p>\n", h->out);
}

static void
write_part(struct html *h, const char *before, const char *text)
{
	if (!text || *text == '\0')
		return;
	fprintf(h->out, " \xc2\xb7 %s", before);
	html_text(h->out, text);
}

/* Why a case has no samples, or fewer. */
static void
write_failures(struct html *h, const struct html_group *group)
{
	for (size_t i = 0; i < group->case_count; i++) {
		const struct tare_run_case *subject = &h->run->cases[group->first_case + i];

		if (!html_is_failure(subject))
			continue;
		fputs("<p><strong>", h->out);
		html_text(h->out, label_of(subject, subject->name));
		fputs("</strong> <span class=\"v v-r\">failed</span>: ", h->out);
		html_text(h->out, subject->failure);
		fputs(" (<a href=\"#failures\">more</a>)</p>\n", h->out);
	}
}

/* How it was run. Variants that share everything are told once. */
static void
write_how(struct html *h, const struct html_group *group)
{
	const struct tare_run_case *cases = &h->run->cases[group->first_case];

	for (size_t i = 0; i < group->case_count; i++) {
		const struct tare_run_case *subject = &cases[i];

		if (i > 0 && h->compact && strcmp(subject->command, cases[0].command) == 0)
			continue;
		fputs("<p class=how>", h->out);
		if (subject->variant && *subject->variant) {
			html_text(h->out, subject->variant);
			fputs(": ", h->out);
		}
		if (subject->command && *subject->command) {
			fputs("<code>", h->out);
			html_text(h->out, subject->command);
			fputs("</code>", h->out);
		}
		write_part(h, "runner ", subject->runner);
		write_part(h, "CPUs ", subject->cpus);
		write_part(h, "stopped: ", subject->stop_reason);
		fputs("</p>\n", h->out);
	}
}

/* Chance that a true change of the given size is called a regression, from the same formula as the
 * MDE (statistics notes, section 3): the MDE is the change that 80 % of runs find, and the standard
 * error goes with 1 / sqrt(n). */
static double
chance_to_see(const struct tare_comparison *item, double change, double times_n)
{
	double delta = log1p(item->metric.margin);
	double z_tail = tare_normal_quantile(0.5 + item->confidence / 2);
	double error = (log1p(item->mde) - delta) / (z_tail + tare_normal_quantile(0.8));

	if (!(error > 0))
		return log1p(change) > delta ? 1 : 0;
	return tare_normal_cdf((log1p(change) - delta) / (error / sqrt(times_n)) - z_tail);
}

static void
write_chance(FILE *out, double chance)
{
	if (chance > 0.99)
		fputs("<td>over 99\xc2\xa0%", out);
	else if (chance < 0.01)
		fputs("<td>under 1\xc2\xa0%", out);
	else
		fprintf(out, "<td>%.0f\xc2\xa0%%", chance * 100);
}

static void
write_seen(struct html *h, const struct tare_comparison *item)
{
	static const double margins[] = {1.5, 2, 3, 5, 10};
	size_t rows = h->compact ? 1 : 3;
	double margin = item->metric.margin > 0 ? item->metric.margin : 0.01;

	if (!isfinite(item->mde) || !(item->confidence > 0.5 && item->confidence < 1) ||
		item->n == 0 || item->method == TARE_METHOD_EXACT ||
		item->method == TARE_METHOD_DIFFERENCE)
		return;
	fprintf(h->out,
		"<table class=small><caption>What would have been seen%s</caption>"
		"<tr><th scope=col>n",
		h->compact ? ""
			   : ": how often a true worsening of this size is called a regression");
	for (size_t i = 0; i < sizeof(margins) / sizeof(margins[0]); i++)
		fprintf(h->out, "<th scope=col>%.3g\xc2\xa0%%", margins[i] * margin * 100);
	for (size_t row = 0; row < rows; row++) {
		double times_n = (double)(1u << row);

		fprintf(h->out, "<tr><th scope=row>%zu%s", item->n << row,
			row == 0 ? " (this run)" : "");
		for (size_t i = 0; i < sizeof(margins) / sizeof(margins[0]); i++)
			write_chance(h->out, chance_to_see(item, margins[i] * margin, times_n));
	}
	fputs("</table>\n", h->out);
}

static void
percent_fact(FILE *out, const char *term, double ratio)
{
	char text[TARE_UNITS_TEXT_MAX];

	if (!isfinite(ratio))
		return;
	snprintf(text, sizeof(text), "%.3g %%", ratio * 100);
	html_fact(out, term, text);
}

static void
value_fact(FILE *out, const char *term, double value, const char *unit)
{
	char text[TARE_UNITS_TEXT_MAX];

	tare_value_format(text, sizeof(text), value, unit);
	html_fact(out, term, text);
}

static void
write_numbers(struct html *h, const struct tare_comparison *item)
{
	static const char *const methods[] = {
		[TARE_METHOD_PAIRED] = "pairs, signed ranks",
		[TARE_METHOD_UNPAIRED] = "two groups, ranks",
		[TARE_METHOD_DIFFERENCE] = "differences: zeros have no ratio",
		[TARE_METHOD_EXACT] = "exact: constants",
	};
	char interval[TARE_INTERVAL_TEXT_MAX];
	char change[TARE_UNITS_TEXT_MAX];
	char text[64];

	tare_change_text(change, item);
	tare_interval_text(interval, item);
	fputs("<dl class=facts>\n", h->out);
	if (!h->compact) {
		value_fact(h->out, "Base median", item->base_median, item->metric.unit);
		value_fact(h->out, "Head median", item->head_median, item->metric.unit);
		html_fact(h->out, "Change", change);
	}
	snprintf(text, sizeof(text), "Interval (%.3g %%)", item->confidence * 100);
	html_fact(h->out, isfinite(item->confidence) ? text : "Interval", interval);
	if (!h->compact)
		percent_fact(h->out, "Margin", item->metric.margin);
	percent_fact(h->out, "Smallest change seen (MDE)", item->mde);
	if (item->base_n == item->head_n)
		snprintf(text, sizeof(text), "%zu", item->n);
	else
		snprintf(text, sizeof(text), "%zu and %zu", item->base_n, item->head_n);
	html_fact(h->out, item->method == TARE_METHOD_PAIRED ? "Pairs (n)" : "Samples (n)", text);
	percent_fact(h->out, "Chance that head is worse", item->superiority);
	if (isfinite(item->p_adjusted) && (!h->compact || item->p_adjusted < 1)) {
		snprintf(text, sizeof(text), item->p_adjusted < 0.0001 ? "< 0.0001" : "%.3g",
			item->p_adjusted);
		html_fact(h->out, "p for the gate (Holm)", text);
	}
	if (!h->compact)
		html_fact(h->out, "Method", methods[item->method]);
	fputs("</dl>\n", h->out);
}

static void
write_why(struct html *h, const struct tare_comparison *item)
{
	if (item->below_margin && !item->sentence)
		fputs("<p class=note>There is a real change, but it is smaller than the "
		      "margin.</p>\n",
			h->out);
	if (item->verdict != TARE_VERDICT_INCONCLUSIVE || !item->reason || *item->reason == '\0')
		return;
	/* The sentence above may have said it. */
	if (item->sentence && strstr(item->sentence, item->reason))
		return;
	fputs("<p class=note>Why inconclusive: ", h->out);
	html_text(h->out, item->reason);
	fputs(".</p>\n", h->out);
}

/* How the verdict came about. */
static void
write_verdict(struct html *h, const struct tare_comparison *item, bool is_lead)
{
	fprintf(h->out, "<div class=\"verdict %s\">", html_verdict_class(item->verdict));
	if (!is_lead) {
		fputs("<p>", h->out);
		html_verdict(h->out, item->verdict, "v");
		fputs(": ", h->out);
		write_sentence(h, item);
		fputs("</p>\n", h->out);
	}
	if (html_strip_possible(item)) {
		struct html_axis axis;

		html_axis_begin(&axis);
		axis.plain = h->compact;
		html_axis_cover(&axis, item);
		html_axis_end(&axis);
		html_strip_write(h->out, &axis, item);
		html_axis_write(h->out, &axis);
	}
	write_why(h, item);
	write_numbers(h, item);
	write_seen(h, item);
	fputs("</div>\n", h->out);
}

static bool
has_metric(const struct html_series *series, size_t count, const struct tare_run_case *subject,
	size_t metric)
{
	for (size_t i = 0; i < count; i++)
		if (series[i].subject == subject && series[i].metric == metric)
			return true;
	return false;
}

/* The series of one metric: the base run's, then this run's variants that have it. */
static size_t
choose_series(struct html_series series[HTML_SERIES_MAX], const struct html *h,
	const struct html_group *group, const struct tare_metric *metric)
{
	size_t count = 0;
	const char *head_label = "this run";

	for (size_t i = 0; i < group->item_count && count < HTML_SERIES_MAX - 1; i++) {
		const struct html_item *item = &group->items[i];
		const struct tare_run_case *base = html_base_case(h, item);

		if (!item->across_runs || !base ||
			strcmp(item->comparison->metric.name, metric->name) != 0 ||
			has_metric(series, count, base, item->comparison->base_metric))
			continue;
		head_label = item->comparison->head_label;
		series[count++] = (struct html_series){
			base, item->comparison->base_metric, item->comparison->base_label, true};
	}
	for (size_t i = 0; i < group->case_count && count < HTML_SERIES_MAX; i++) {
		const struct tare_run_case *subject = &h->run->cases[group->first_case + i];
		size_t at = tare_metric_find(subject->metrics, subject->metric_count, metric->name);

		if (at < subject->samples.metric_count &&
			tare_samples_values(h->values, &subject->samples, at) > 0)
			series[count++] = (struct html_series){
				subject, at, label_of(subject, head_label), false};
	}
	return count;
}

/* Returns how many charts it wrote: none where nobody measured the metric. */
static size_t
write_metric(struct html *h, const struct html_group *group, const struct tare_metric *metric)
{
	struct html_series series[HTML_SERIES_MAX];
	size_t count = choose_series(series, h, group, metric);

	if (count == 0)
		return 0;

	fputs("<h4>", h->out);
	html_text(h->out, metric->name);
	fprintf(h->out, " <small>%s is better</small></h4>\n", tare_better_name(metric->better));
	html_samples_write(h, series, count, metric);
	if (group->case_count > HTML_SERIES_MAX && count == HTML_SERIES_MAX)
		fprintf(h->out,
			"<p class=note>At most %d of them are drawn; the table has all.</p>\n",
			HTML_SERIES_MAX);
	for (size_t i = 0; i < group->item_count; i++) {
		const struct tare_comparison *item = group->items[i].comparison;

		if (strcmp(item->metric.name, metric->name) == 0)
			write_verdict(h, item, item == group->lead);
	}
	return 1;
}

/* Gated metrics, those that changed, and in short reports those of the suite. */
static bool
deserves_chart(const struct html *h, const struct html_group *group, size_t metric)
{
	const struct tare_run_case *first = &h->run->cases[group->first_case];
	const struct tare_metric *metrics = first->metrics;

	if (metrics[metric].gated || (!h->compact && tare_metric_is_shown(metrics, metric)))
		return true;
	for (size_t i = 0; i < group->item_count && !h->compact; i++) {
		const struct tare_comparison *item = group->items[i].comparison;

		if (strcmp(item->metric.name, metrics[metric].name) == 0 &&
			is_change(item->verdict))
			return true;
	}
	return false;
}

/* The metric that the group's verdict is about comes first; metric_count where there is none. */
static size_t
lead_metric(const struct html_group *group, const struct tare_run_case *subject)
{
	if (!group->lead)
		return subject->metric_count;
	return tare_metric_find(subject->metrics, subject->metric_count, group->lead->metric.name);
}

static void
write_metrics(struct html *h, const struct html_group *group)
{
	const struct tare_run_case *first = &h->run->cases[group->first_case];
	size_t lead = lead_metric(group, first);
	size_t written = 0;

	if (lead < first->metric_count)
		written += write_metric(h, group, &first->metrics[lead]);
	for (size_t m = 0; m < first->metric_count && written < h->charts_max; m++)
		if (m != lead && deserves_chart(h, group, m))
			written += write_metric(h, group, &first->metrics[m]);
}

static void
write_group(struct html *h, size_t index)
{
	const struct html_group *group = &h->groups[index];

	fprintf(h->out, "<details class=case%s>", starts_open(h, group) ? " open" : "");
	write_summary(h, group);
	fprintf(h->out, "<div class=body id=c%zu>\n", index);
	write_lead(h, group);
	write_failures(h, group);
	write_how(h, group);
	write_metrics(h, group);
	fputs("</div></details>\n", h->out);
}

void
html_write_cases(struct html *h)
{
	size_t count = h->group_count < HTML_SECTIONS_MAX ? h->group_count : HTML_SECTIONS_MAX;

	fputs("<section aria-labelledby=cases><h2 id=cases>Cases</h2>\n"
	      "<p class=note>Each case with its variants: how the verdict came about.",
		h->out);
	if (h->compact)
		fputs(" In the drawings, left are the samples in the order they ran and right how "
		      "they "
		      "spread. What would have been seen is how often a true worsening of that "
		      "size "
		      "is called a regression. Only metrics that count for the gate are drawn; "
		      "<a href=\"#metrics\">the table</a> has all.",
			h->out);
	if (count < h->group_count)
		fprintf(h->out, " The first %zu of %zu are here.", count, h->group_count);
	fputs("</p>\n<p><button type=button class=plain id=toggle-cases hidden>Open all</button>"
	      "</p>\n",
		h->out);
	for (size_t i = 0; i < count; i++)
		write_group(h, i);
	fputs("</section>\n", h->out);
}
