/*
 * The comment on a pull request in parts, private to report/markdown*.c.
 *
 * markdown.c calls the parts in the order of the comment. GitHub's limit is 65,536 characters; the
 * comment stays below MARKDOWN_MAX bytes and says how many entries it had to leave out. So lines
 * are made in a piece (markdown_begin(), then what writes to md->piece) and go out whole or not at
 * all; whoever writes a list asks markdown_has_room() before each entry.
 *
 * Outside text cannot become markup, a link, a mention or a reference: in names every character
 * that could is an entity in <code>, and elsewhere a zero-width space parts @ and # from what
 * follows them, because mentions are looked for after entities are resolved.
 *
 * Everything lives in md->arena, for one call of write().
 */
#ifndef TARE_REPORT_MARKDOWN_H
#define TARE_REPORT_MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/base/arena.h"
#include "report/report.h"

enum { MARKDOWN_MAX = 60000 };

struct markdown {
	FILE *out;
	const struct tare_report_input *input;
	struct tare_arena *arena;
	double *values; /* room for the rows of the longest case */
	size_t used;
	size_t left_out; /* entries */
	FILE *piece;
	char *piece_text;
	size_t piece_len;
};

/* markdown_text.c: pieces, folds, and text in its place. */
void markdown_begin(struct markdown *md);
/* A heading, a table's first lines: false where there is no room for it. */
bool markdown_end(struct markdown *md);
/* An entry of a list: counted as left out where there is no room for it. */
void markdown_end_entry(struct markdown *md);
/* Whether one more entry may be tried; else counts it and the rest of its list, remaining in all,
 * as left out. */
bool markdown_has_room(struct markdown *md, size_t remaining);
/* For what must be there: closings, from the room that is kept free. */
void markdown_closing(struct markdown *md, const char *text);
/* Opens a folded section of so many entries. Where there is no room for one they are left out, and
 * it is false. */
bool markdown_fold(struct markdown *md, size_t entry_count, const char *summary);
void markdown_unfold(struct markdown *md);

void markdown_text(const struct markdown *md, const char *text);
/* As code. */
void markdown_name(const struct markdown *md, const char *text);
void markdown_value(const struct markdown *md, double value, const char *unit);
/* Lines in <pre>; what they hold is made visible. */
void markdown_lines(const struct markdown *md, const char *text);

/* markdown_compare.c: what changed. */
void markdown_write_set(struct markdown *md, const struct tare_comparison_set *set);

/* markdown_correction.c: nothing where nothing is corrected and the run is no calibration. */
void markdown_write_correction(struct markdown *md);

#endif
