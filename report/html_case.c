#include <math.h>
#include <string.h>

#include "harness/base/units.h"
#include "report/html.h"
#include "report/noise.h"

enum { BADGES_MAX = 6 };

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

static size_t
count_failed(const struct html *h, const struct html_group *group)
{
	size_t count = 0;

	for (size_t i = 0; i < group->case_count; i++)
		count += html_is_failure(&h->run->cases[group->first_case + i]);
	return count;
}

/* One of several comparisons of a group says what it is about. */
static void
write_badge(struct html *h, const struct tare_comparison *item, bool labelled)
{
	char change[TARE_UNITS_TEXT_MAX];

	tare_change_text(change, item);
	if (!labelled) {
		html_verdict(h->out, item->verdict, "badge");
		fputs("<span class=soft>", h->out);
		html_text(h->out, item->metric.name);
		putc(' ', h->out);
		html_text(h->out, change);
		fputs("</span>", h->out);
		return;
	}
	fprintf(h->out, "<span class=\"badge %s\">", html_verdict_class(item->verdict));
	html_text(h->out, item->head_label);
	fprintf(h->out, ": %s ", tare_verdict_name(item->verdict));
	html_text(h->out, change);
	fputs("</span>", h->out);
}

static bool
is_of_lead_metric(const struct html_group *group, const struct tare_comparison *item)
{
	return strcmp(item->metric.name, group->lead->metric.name) == 0;
}

/* The verdicts on the metric that speaks for the group. */
static void
write_badges(struct html *h, const struct html_group *group)
{
	size_t count = 0;

	for (size_t i = 0; i < group->item_count; i++)
		count += is_of_lead_metric(group, group->items[i].comparison);
	if (count > 1) {
		fputs("<span class=soft>", h->out);
		html_text(h->out, group->lead->metric.name);
		fputs("</span>", h->out);
	}
	for (size_t i = 0, written = 0; i < group->item_count && written < BADGES_MAX; i++) {
		if (!is_of_lead_metric(group, group->items[i].comparison))
			continue;
		write_badge(h, group->items[i].comparison, count > 1);
		written++;
	}
	if (count > BADGES_MAX)
		fprintf(h->out, "<span class=soft>and %zu more</span>", count - BADGES_MAX);
}

static void
write_summary(struct html *h, const struct html_group *group)
{
	fputs("<summary><h3 class=name>", h->out);
	html_text(h->out, group->name);
	fputs("</h3>", h->out);
	if (count_failed(h, group) > 0)
		fputs("<span class=\"badge v-r\">failed</span>", h->out);
	if (group->lead)
		write_badges(h, group);
	fputs("</summary>", h->out);
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
	if (metric == TARE_METRIC_WALL) {
		fputs("It takes ", h->out);
	} else {
		html_sentence(h->out, subject->metrics[metric].name);
		fputs(" is ", h->out);
	}
	html_value(h->out, figures.median, subject->metrics[metric].unit);
	if (isfinite(figures.low)) {
		fputs(", very probably between ", h->out);
		html_value(h->out, figures.low, subject->metrics[metric].unit);
		fputs(" and ", h->out);
		html_value(h->out, figures.high, subject->metrics[metric].unit);
	}
	fputs(" (measured ", h->out);
	html_count(h->out, figures.n, "time", "times");
	fputs(").", h->out);
}

/* Where nothing is compared. */
static void
write_medians(struct html *h, const struct html_group *group)
{
	size_t failed = count_failed(h, group);

	fputs("<p class=lead>", h->out);
	if (failed > 0 && group->case_count > 1)
		fputs(failed == group->case_count
				? "Every variant failed, so that there is nothing to compare. "
				: "A variant failed, so that there is nothing to compare. ",
			h->out);
	for (size_t i = 0; i < group->case_count; i++) {
		const struct tare_run_case *subject = &h->run->cases[group->first_case + i];

		if (failed == group->case_count && group->case_count > 1)
			break;
		if (group->case_count > 1) {
			html_sentence(h->out, subject->variant);
			fputs(": ", h->out);
		}
		write_median_sentence(h, subject);
		putc(' ', h->out);
	}
	fputs("</p>\n", h->out);
}

/* The first line: for readers who know no statistics. */
static void
write_lead(struct html *h, const struct html_group *group)
{
	if (!group->lead) {
		write_medians(h, group);
		return;
	}
	fputs("<p class=lead>", h->out);
	html_comparison_sentence(h, group->lead);
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

/* What disturbed its samples; the ring of their dots is explained here, where there are some. */
static void
write_noise(struct html *h, const struct html_group *group)
{
	bool any = false;

	for (size_t i = 0; i < group->case_count; i++) {
		const struct tare_run_case *subject = &h->run->cases[group->first_case + i];
		const char *text = tare_noise_text(h->arena, subject);

		if (!text)
			continue;
		fputs(any ? " " : "<p class=note>", h->out);
		any = true;
		if (group->case_count > 1) {
			html_sentence(h->out, label_of(subject, subject->name));
			fputs(": ", h->out);
		}
		html_text(h->out, text);
		putc('.', h->out);
	}
	if (any)
		fputs(" Rings in the drawings are disturbed samples; no figure leaves them out "
		      "unless it says so.</p>\n",
			h->out);
}

/* How it was run. Variants that share everything are told once. */
static void
write_how(struct html *h, const struct html_group *group)
{
	const struct tare_run_case *cases = &h->run->cases[group->first_case];

	if (!h->compact)
		fputs("<details class=more><summary>How it was run</summary>\n", h->out);
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
		write_part(h, "", subject->placement);
		write_part(h, "stopped: ", subject->stop_reason);
		fputs("</p>\n", h->out);
	}
	if (!h->compact)
		fputs("</details>\n", h->out);
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

/* Whether a comparison within the run tells of the case, and of its looks. */
static bool
is_head(const struct html_group *group, const struct tare_run_case *subject)
{
	for (size_t i = 0; i < group->item_count; i++)
		if (!group->items[i].across_runs &&
			strcmp(group->items[i].comparison->case_name, subject->name) == 0)
			return true;
	return false;
}

/* Returns how many charts it wrote: none where nobody measured the metric. */
static size_t
write_metric(struct html *h, const struct html_group *group, const struct tare_metric *metric)
{
	struct html_series series[HTML_SERIES_MAX];
	size_t count = choose_series(series, h, group, metric);

	if (count == 0)
		return 0;
	fputs("<h5>", h->out);
	html_text(h->out, metric->name);
	fprintf(h->out, " <small>%s is better</small></h5>\n", tare_better_name(metric->better));
	html_samples_write(h, series, count, metric);
	if (group->case_count > HTML_SERIES_MAX && count == HTML_SERIES_MAX)
		fprintf(h->out,
			"<p class=note>At most %d of them are drawn; the table has more.</p>\n",
			HTML_SERIES_MAX);
	for (size_t i = 0; i < group->item_count; i++) {
		const struct tare_comparison *item = group->items[i].comparison;

		if (strcmp(item->metric.name, metric->name) == 0)
			html_verdict_write(h, &group->items[i], item == group->lead);
	}
	for (size_t i = 0; i < count; i++)
		if (!series[i].before && !is_head(group, series[i].subject))
			html_looks_write(h, series[i].subject, series[i].metric, 0);
	return 1;
}

/* Gated metrics, and in short reports those of the suite. */
static bool
is_main_metric(const struct html *h, const struct tare_metric *metrics, size_t metric)
{
	return metrics[metric].gated || (!h->compact && tare_metric_is_shown(metrics, metric));
}

static bool
has_changed(const struct html_group *group, const struct tare_metric *metric)
{
	for (size_t i = 0; i < group->item_count; i++) {
		const struct tare_comparison *item = group->items[i].comparison;

		if (strcmp(item->metric.name, metric->name) == 0 && is_change(item->verdict))
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

/* Metrics that are only watched and changed, folded away. */
static void
write_watched(struct html *h, const struct html_group *group, size_t room)
{
	const struct tare_run_case *first = &h->run->cases[group->first_case];
	size_t lead = lead_metric(group, first);
	size_t written = 0;

	for (size_t m = 0; m < first->metric_count && written < room; m++) {
		if (m == lead || is_main_metric(h, first->metrics, m) ||
			!has_changed(group, &first->metrics[m]))
			continue;
		if (written == 0)
			fputs("<details class=more><summary>Metrics that changed and are only "
			      "watched</summary>\n",
				h->out);
		written += write_metric(h, group, &first->metrics[m]);
	}
	if (written > 0)
		fputs("</details>\n", h->out);
}

static bool
has_samples(const struct html *h, const struct html_group *group)
{
	for (size_t i = 0; i < group->case_count; i++)
		if (h->run->cases[group->first_case + i].samples.count > 0)
			return true;
	return group->lead != NULL;
}

static void
write_metrics(struct html *h, const struct html_group *group)
{
	const struct tare_run_case *first = &h->run->cases[group->first_case];
	size_t lead = lead_metric(group, first);
	size_t written = 0;

	if (!has_samples(h, group))
		return;
	fprintf(h->out, "<h4>%s</h4>\n",
		group->lead ? "How this verdict came about" : "What was measured");
	if (lead < first->metric_count)
		written += write_metric(h, group, &first->metrics[lead]);
	for (size_t m = 0; m < first->metric_count && written < h->charts_max; m++)
		if (m != lead && is_main_metric(h, first->metrics, m))
			written += write_metric(h, group, &first->metrics[m]);
	if (!h->compact)
		write_watched(h, group, HTML_CHARTS_MAX);
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
	write_noise(h, group);
	write_metrics(h, group);
	write_how(h, group);
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
		      "they spread. What would have been seen is the smallest true worsening that "
		      "is found 8 times in 10, and how often one of a given size is. Only metrics "
		      "that count for the gate are drawn; <a href=\"#metrics\">the table</a> has "
		      "more.",
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
