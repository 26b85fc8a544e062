#include <math.h>

#include "harness/stats/outlook.h"
#include "report/html.h"

/* What would have been seen at the noise of this case, had there been fewer pairs or more. */

static const size_t sizes[] = {6, 10, 15, 25, 50};
static const double changes[] = {0.01, 0.02, 0.03, 0.05, 0.1};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define POWER 0.8

static const char *
name_of_n(const struct tare_comparison *item)
{
	return item->method == TARE_METHOD_PAIRED ? "Pairs" : "Samples of each";
}

static bool
is_possible(const struct tare_comparison *item)
{
	return isfinite(item->spread) && item->n > 1 &&
	       (item->method == TARE_METHOD_PAIRED || item->method == TARE_METHOD_UNPAIRED);
}

static void
write_change(FILE *out, double shift)
{
	double percent = 100 * expm1(shift);

	if (!isfinite(percent))
		fputs("nothing", out);
	else
		fprintf(out, "%.*f\xc2\xa0%%",
			percent >= 99.5    ? 0
			: percent >= 0.995 ? 1
					   : 2,
			percent);
}

static void
write_chance(FILE *out, double chance)
{
	if (chance > 0.995)
		fputs("&gt;99\xc2\xa0%", out);
	else if (chance < 0.005)
		fputs("0\xc2\xa0%", out);
	else
		fprintf(out, "%.0f\xc2\xa0%%", chance * 100);
}

static struct tare_outlook
outlook_of(const struct tare_comparison *item, size_t n)
{
	return (struct tare_outlook){
		.paired = item->method == TARE_METHOD_PAIRED,
		.n = n,
		.sd = item->spread,
		.delta = log1p(item->metric.margin),
		.alpha = TARE_REPORT_ALPHA,
	};
}

static void
write_row(struct html *h, const struct tare_comparison *item, size_t n)
{
	const struct tare_outlook outlook = outlook_of(item, n);

	fprintf(h->out, "<tr%s><th scope=row>%zu%s", n == item->n ? " class=this" : "", n,
		n == item->n ? " (this run)" : "");
	fputs("<td>", h->out);
	write_change(h->out, tare_outlook_mde(h->ranks, &outlook, POWER));
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		fputs("<td>", h->out);
		write_chance(h->out, tare_outlook_power(h->ranks, &outlook, log1p(changes[i])));
	}
}

/* The sizes in order, and among them the one that was measured. */
static void
write_rows(struct html *h, const struct tare_comparison *item)
{
	bool written = false;

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		if (!written && item->n <= sizes[i]) {
			write_row(h, item, item->n);
			written = true;
		}
		if (item->n != sizes[i])
			write_row(h, item, sizes[i]);
	}
	if (!written)
		write_row(h, item, item->n);
}

static void
write_table(struct html *h, const struct tare_comparison *item)
{
	fprintf(h->out,
		"<div class=scroll-small><table class=small aria-label=\"What would have been "
		"seen\"><tr><th scope=col rowspan=2>%s<th scope=col rowspan=2>Found 8 times in 10"
		"<th scope=colgroup colspan=%zu>Chance to find a change of<tr>",
		name_of_n(item), COUNT_OF(changes));
	for (size_t i = 0; i < COUNT_OF(changes); i++)
		fprintf(h->out, "<th scope=col>%.0f\xc2\xa0%%", 100 * changes[i]);
	write_rows(h, item);
	fputs("</table></div>", h->out);
}

/* The same in two sentences. */
static void
write_told(struct html *h, const struct tare_comparison *item)
{
	const struct tare_outlook here = outlook_of(item, item->n);

	fprintf(h->out, "<p class=how>What would have been seen 8 times in 10, by number of %s: ",
		item->method == TARE_METHOD_PAIRED ? "pairs" : "samples");
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		const struct tare_outlook outlook = outlook_of(item, sizes[i]);

		fprintf(h->out, "%s%zu: ", i ? ", " : "", sizes[i]);
		write_change(h->out, tare_outlook_mde(h->ranks, &outlook, POWER));
	}
	fputs(". With those of this run, by change: ", h->out);
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		fprintf(h->out, "%s%.0f\xc2\xa0%%: ", i ? ", " : "", 100 * changes[i]);
		write_chance(h->out, tare_outlook_power(h->ranks, &here, log1p(changes[i])));
	}
	fputs(".</p>\n", h->out);
}

static void
write_note(struct html *h, const struct tare_comparison *item)
{
	fprintf(h->out,
		"<p class=note>At the noise of this case, where %s differ by %.2g\xc2\xa0%% "
		"(standard deviation): the smallest worsening that is found 8 times out of 10, and "
		"how often one of a given size is found. Those within the margin of "
		"%.4g\xc2\xa0%% are not looked for.</p>\n",
		item->method == TARE_METHOD_PAIRED ? "the ratios of pairs" : "single samples",
		100 * expm1(item->spread), 100 * item->metric.margin);
}

void
html_outlook_write(struct html *h, const struct tare_comparison *item, bool open)
{
	if (!is_possible(item))
		return;
	if (h->terse) {
		write_told(h, item);
		return;
	}
	fprintf(h->out, "<details class=more%s><summary>What would have been seen</summary>\n",
		open ? " open" : "");
	if (!h->compact)
		write_note(h, item);
	write_table(h, item);
	fputs("</details>\n", h->out);
}
