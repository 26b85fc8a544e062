/*
 * The report on a terminal in parts, private to report/text*.c.
 *
 * text.c calls the parts in the order of the page; each part writes to page->out and keeps nothing.
 * Everything lives in page->arena, for one call of write(). Strings from outside reach the terminal
 * only through text_safe().
 */
#ifndef TARE_REPORT_TEXT_H
#define TARE_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/base/arena.h"
#include "report/report.h"

#define TEXT_BOLD   "\x1b[1m"
#define TEXT_DIM    "\x1b[2m"
#define TEXT_RED    "\x1b[31m"
#define TEXT_GREEN  "\x1b[32m"
#define TEXT_YELLOW "\x1b[33m"
#define TEXT_RESET  "\x1b[0m"

struct text_page {
	FILE *out;
	const struct tare_report_input *input;
	struct tare_arena *arena;
	double *values; /* room for the rows of the longest case */
	size_t width;
	bool color;
};

/* The sequence, or "" where the page has no colour. */
const char *text_style(const struct text_page *page, const char *sequence);
/* Controls made visible; NULL gives "". */
const char *text_safe(const struct text_page *page, const char *text);
/* A column that says "wall" in every row says nothing. */
bool text_only_wall(const struct tare_run *run);

/* text_cases.c */
void text_write_cases(const struct text_page *page);
void text_write_counters(const struct text_page *page); /* nothing where nothing was counted */
void text_write_disturbed(const struct text_page *page);

/* text_correction.c: nothing where nothing is corrected and the run is no calibration. */
void text_write_correction(const struct text_page *page);

/* text_compare.c */
void text_write_comparisons(const struct text_page *page, const struct tare_comparison_set *set);

#endif
