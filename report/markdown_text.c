#include "report/markdown.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "report/table.h"

enum {
	CLOSING_MAX = 500, /* what is kept free for </details> and the sentence about the limit */
	NAME_MAX = 120,    /* columns */
	TEXT_MAX = 400,
};

#define ZERO_WIDTH_SPACE "&#8203;"

void
markdown_begin(struct markdown *md)
{
	md->piece = open_memstream(&md->piece_text, &md->piece_len);
	if (!md->piece)
		abort();
}

bool
markdown_end(struct markdown *md)
{
	bool fits;

	if (fclose(md->piece))
		abort();
	fits = md->used + md->piece_len <= MARKDOWN_MAX - CLOSING_MAX;
	if (fits) {
		fwrite(md->piece_text, 1, md->piece_len, md->out);
		md->used += md->piece_len;
	}
	free(md->piece_text);
	return fits;
}

void
markdown_end_entry(struct markdown *md)
{
	if (!markdown_end(md))
		md->left_out++;
}

bool
markdown_has_room(struct markdown *md, size_t remaining)
{
	if (md->used <= MARKDOWN_MAX - 2 * CLOSING_MAX)
		return true;
	md->left_out += remaining;
	return false;
}

void
markdown_closing(struct markdown *md, const char *text)
{
	fputs(text, md->out);
	md->used += strlen(text);
}

bool
markdown_fold(struct markdown *md, size_t entry_count, const char *summary)
{
	if (!markdown_has_room(md, entry_count))
		return false;
	markdown_begin(md);
	fprintf(md->piece, "<details>\n<summary>%s</summary>\n\n", summary);
	if (markdown_end(md))
		return true;
	md->left_out += entry_count;
	return false;
}

void
markdown_unfold(struct markdown *md)
{
	markdown_closing(md, "</details>\n\n");
}

static void
put_html(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		default:
			putc(*text, out);
		}
	}
}

/* All punctuation that Markdown, its tables or its autolinks give a meaning within a line. */
static void
put_entities(FILE *out, const char *text, bool part_mentions)
{
	for (const char *at = text; *at; at++) {
		bool www = *at == '.' && at - text >= 3 && strncasecmp(at - 3, "www", 3) == 0;
		bool scheme = *at == ':' && at[1] == '/';

		if (strchr("&<>|`*_[]\\~#@$", *at) || www || scheme)
			fprintf(out, "&#%d;", *at);
		else
			putc(*at, out);
		if (part_mentions && (*at == '@' || *at == '#'))
			fputs(ZERO_WIDTH_SPACE, out);
	}
}

static char *
shortened(const struct markdown *md, const char *text, size_t width)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&bytes, &len);
	char *copy;

	if (!stream)
		abort();
	tare_display_shortened(stream, tare_text_safe(md->arena, text ? text : ""), width);
	if (fclose(stream))
		abort();
	copy = tare_arena_strndup(md->arena, bytes, len);
	free(bytes);
	return copy;
}

void
markdown_text(const struct markdown *md, const char *text)
{
	put_entities(md->piece, shortened(md, text, TEXT_MAX), true);
}

/* Most names need no entities and stay readable where nothing renders the md. */
void
markdown_name(const struct markdown *md, const char *text)
{
	const char *name = shortened(md, text, NAME_MAX);

	if (*name == '\0')
		return;
	if (strcspn(name, "|`\\<>&") == strlen(name)) {
		fprintf(md->piece, "`%s`", name);
		return;
	}
	fputs("<code>", md->piece);
	put_entities(md->piece, name, false);
	fputs("</code>", md->piece);
}

void
markdown_value(const struct markdown *md, double value, const char *unit)
{
	char text[TARE_UNITS_TEXT_MAX];

	tare_value_format(text, sizeof(text), value, unit);
	markdown_text(md, text);
}
void
markdown_lines(const struct markdown *md, const char *text)
{
	char *lines = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&lines, &len);

	if (!stream)
		abort();
	tare_text_print_safe(stream, text, true);
	if (fclose(stream))
		abort();
	fputs("<pre>", md->piece);
	put_html(md->piece, lines);
	fputs("</pre>\n\n", md->piece);
	free(lines);
}
