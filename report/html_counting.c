#include "report/counting.h"
#include "report/html.h"

enum { ROWS_MAX = 200 };

static void
write_row(struct html *h, const struct tare_counting_row *row)
{
	const char *note = tare_counting_note(h->arena, row);
	char coverage[TARE_COVERAGE_TEXT_MAX];

	tare_coverage_text(coverage, &row->counting);
	fputs("<tr><th scope=row>", h->out);
	html_text(h->out, row->name);
	html_cell(h->out, NULL, row->counter->provider);
	html_cell(h->out, NULL, row->counter->event);
	html_cell(h->out, NULL, row->counter->scope);
	html_cell(h->out, NULL, tare_counter_quality_name(row->counter->quality));
	html_cell(h->out, NULL, coverage);
	fprintf(h->out, "<td>%llu", (unsigned long long)row->counting.used);
	html_cell(h->out, NULL, note ? note : "");
	putc('\n', h->out);
}

void
html_write_counting(struct html *h)
{
	struct tare_counting_row *rows;
	size_t count;

	tare_counting_read(&rows, &count, h->arena, h->run);
	if (count == 0)
		return;
	fputs("<section aria-labelledby=counters><h2 id=counters>Counters</h2>\n"
	      "<p class=note>Coverage is the share of the program's time in which a counter was on "
	      "the CPU; below 25\xc2\xa0% a value is not used. Simulated counts come from "
	      "invocations of their own.</p>\n"
	      "<div class=scroll><table><caption>Where each counter came from</caption><thead><tr>"
	      "<th scope=col>Counter<th scope=col>Provider<th scope=col>Event<th scope=col>Scope"
	      "<th scope=col>Quality<th scope=col>Coverage<th scope=col>Values<th scope=col>Left "
	      "out<tbody>\n",
		h->out);
	for (size_t i = 0; i < count && i < ROWS_MAX; i++)
		write_row(h, &rows[i]);
	fputs("</table></div>\n", h->out);
	if (count > ROWS_MAX)
		fprintf(h->out, "<p class=note>%zu more are in the json report.</p>\n",
			count - ROWS_MAX);
	fputs("</section>\n", h->out);
}
