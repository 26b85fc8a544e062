#include <math.h>

#include "harness/base/units.h"
#include "report/cost.h"
#include "report/html.h"

enum { OPEN_MAX = 24, ROWS_MAX = 300 };

static void
write_duration(FILE *out, double ns)
{
	char text[TARE_UNITS_TEXT_MAX];

	tare_value_format(text, sizeof(text), ns, "ns");
	html_text(out, text);
}

/* "12 cases stopped because verdict reached" */
static void
write_stops(struct html *h, const struct tare_run_cost *cost)
{
	fputs("<p>The measured programs ran for <strong>", h->out);
	write_duration(h->out, cost->time_ns);
	fputs("</strong> in all", h->out);
	for (size_t i = 0; i < cost->stop_count; i++) {
		const struct tare_stop_cost *stop = &cost->stops[i];

		fputs(i ? ", " : ". Why measuring ended: ", h->out);
		html_text(h->out, stop->stopped);
		fputs(" in ", h->out);
		html_count(h->out, stop->case_count, "case", "cases");
		if (cost->stop_count > 1) {
			fputs(" (", h->out);
			write_duration(h->out, stop->time_ns);
			putc(')', h->out);
		}
	}
	fputs(".</p>\n", h->out);
}

static void
write_row(struct html *h, const struct tare_run_cost *cost, size_t index)
{
	const struct tare_case_cost *one = &cost->cases[index];
	double width = 100 * one->time_ns / cost->cases[cost->costliest].time_ns;
	size_t group = h->group_of_case[index];

	fputs("<tr><th scope=row>", h->out);
	if (group < HTML_SECTIONS_MAX)
		fprintf(h->out, "<a href=\"#c%zu\" class=name>", group);
	else
		fputs("<a class=name>", h->out);
	html_text(h->out, h->run->cases[index].name);
	fprintf(h->out, "</a><td>%llu<td>", (unsigned long long)one->invocations);
	write_duration(h->out, one->time_ns);
	fprintf(h->out, "<td>%.0f\xc2\xa0%%", 100 * one->share);
	if (!h->terse)
		fprintf(h->out,
			"<td class=bar><svg aria-hidden=true><rect width=\"%.1f%%\" "
			"height=\"100%%\"/></svg>",
			isfinite(width) ? width : 0);
	fputs("<td>", h->out);
	html_text(h->out, one->stopped);
	putc('\n', h->out);
}

void
html_write_cost(struct html *h)
{
	struct tare_run_cost cost;
	const size_t *order;
	size_t rows;

	tare_run_cost_read(&cost, h->arena, h->run);
	if (cost.costliest == cost.case_count)
		return;
	order = tare_run_cost_order(h->arena, &cost);
	rows = cost.case_count < ROWS_MAX ? cost.case_count : ROWS_MAX;
	fputs("<section aria-labelledby=cost><h2 id=cost>What each case cost</h2>\n", h->out);
	write_stops(h, &cost);
	fprintf(h->out,
		"<details class=more%s><summary>Case by case</summary>\n<div class=scroll><table "
		"class=cost><caption>Cases by the time their programs ran, and why measuring them "
		"ended</caption><thead><tr><th scope=col>Case<th scope=col>Invocations<th "
		"scope=col>Time<th scope=col>Share%s<th scope=col>Ended because<tbody>\n",
		cost.case_count <= OPEN_MAX ? " open" : "",
		h->terse ? "" : "<th scope=col aria-label=\"Share, drawn\">");
	for (size_t i = 0; i < rows; i++)
		write_row(h, &cost, order[i]);
	fputs("</table></div>", h->out);
	if (rows < cost.case_count)
		fprintf(h->out,
			"<p class=note>The %zu costliest of %zu; the json report has all.</p>\n",
			rows, cost.case_count);
	fputs("</details></section>\n", h->out);
}
