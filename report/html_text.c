#include <math.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "report/html.h"

static void
put_escaped(FILE *out, unsigned char byte)
{
	switch (byte) {
	case '&':
		fputs("&amp;", out);
		break;
	case '<':
		fputs("&lt;", out);
		break;
	case '>':
		fputs("&gt;", out);
		break;
	case '"':
		fputs("&quot;", out);
		break;
	case '\'':
		fputs("&#39;", out);
		break;
	default:
		if (byte < 0x20 || byte == 0x7f)
			fprintf(out, "\\x%02x", byte);
		else
			putc(byte, out);
	}
}

/* Valid UTF-8 goes out as it is, a byte that is not becomes U+FFFD: a browser would do the same,
 * but the file itself should be valid too. */
static void
put_text(FILE *out, const char *text, bool keep_lines)
{
	size_t len = strlen(text);

	while (len > 0) {
		size_t valid = tare_utf8_check(text, len);

		for (size_t i = 0; i < valid; i++) {
			if (keep_lines && (text[i] == '\n' || text[i] == '\t'))
				putc(text[i], out);
			else if (!(keep_lines && text[i] == '\r' && text[i + 1] == '\n'))
				put_escaped(out, (unsigned char)text[i]);
		}
		if (valid == len)
			return;
		fputs("\xef\xbf\xbd", out);
		text += valid + 1;
		len -= valid + 1;
	}
}

void
html_text(FILE *out, const char *text)
{
	if (text)
		put_text(out, text, false);
}

void
html_block(FILE *out, const char *text)
{
	if (text)
		put_text(out, text, true);
}

void
html_sentence(FILE *out, const char *text)
{
	if (text && *text >= 'a' && *text <= 'z') {
		putc(*text - 'a' + 'A', out);
		text++;
	}
	html_text(out, text);
}

void
html_number(FILE *out, double value)
{
	double tenths = round(value * 10);

	if (fmod(tenths, 10) == 0)
		fprintf(out, "%.0f", tenths / 10 + 0.0);
	else
		fprintf(out, "%.1f", tenths / 10);
}

void
html_value(FILE *out, double value, const char *unit)
{
	char text[TARE_UNITS_TEXT_MAX];

	tare_value_format(text, sizeof(text), value, unit);
	html_text(out, text);
}

void
html_cell(FILE *out, const char *class, const char *text)
{
	if (class)
		fprintf(out, "<td class=\"%s\">", class);
	else
		fputs("<td>", out);
	html_text(out, text);
}

void
html_fact(FILE *out, const char *term, const char *text)
{
	if (!text || *text == '\0')
		return;
	fputs("<div><dt>", out);
	html_text(out, term);
	fputs("<dd>", out);
	html_text(out, text);
	fputs("</div>\n", out);
}

void
html_count(FILE *out, size_t count, const char *singular, const char *plural)
{
	fprintf(out, "%zu %s", count, count == 1 ? singular : plural);
}

const char *
html_verdict_class(enum tare_verdict verdict)
{
	static const char *const classes[TARE_VERDICT_COUNT] = {
		[TARE_VERDICT_REGRESSION] = "v-r",
		[TARE_VERDICT_IMPROVEMENT] = "v-i",
		[TARE_VERDICT_NO_CHANGE] = "v-n",
		[TARE_VERDICT_INCONCLUSIVE] = "v-q",
	};

	return classes[verdict];
}

void
html_verdict(FILE *out, enum tare_verdict verdict, const char *class)
{
	fprintf(out, "<span class=\"%s %s\">%s</span>", class, html_verdict_class(verdict),
		tare_verdict_name(verdict));
}

bool
html_is_failure(const struct tare_run_case *subject)
{
	return subject->status == TARE_CASE_FAILED;
}

bool
html_has_values(const struct tare_comparison *item)
{
	return item->base_n > 0 || item->head_n > 0;
}

bool
html_group_find(size_t *group_out, const struct html *h, const struct tare_comparison *item)
{
	if (item->head_case >= h->run->case_count)
		return false;
	*group_out = h->group_of_case[item->head_case];
	return *group_out < HTML_SECTIONS_MAX;
}

const struct tare_run_case *
html_head_case(const struct html *h, const struct tare_comparison *item)
{
	const struct tare_run_case *subject;

	if (item->head_case >= h->run->case_count)
		return NULL;
	subject = &h->run->cases[item->head_case];
	return item->head_metric < subject->samples.metric_count ? subject : NULL;
}

const struct tare_run_case *
html_base_case(const struct html *h, const struct html_item *item)
{
	const struct tare_run *run = item->across_runs ? h->input->base : h->run;
	const struct tare_comparison *comparison = item->comparison;
	const struct tare_run_case *subject;

	if (!run || comparison->base_case >= run->case_count)
		return NULL;
	subject = &run->cases[comparison->base_case];
	return comparison->base_metric < subject->samples.metric_count ? subject : NULL;
}
