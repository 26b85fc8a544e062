#include "report/table.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define DIM   "\x1b[2m"
#define RESET "\x1b[0m"

enum { GAP = 2, TEXT_WIDTH_MIN = 8 };

struct tare_table_row {
	struct tare_table_cell cells[TARE_TABLE_COLUMNS_MAX];
	size_t widths[TARE_TABLE_COLUMNS_MAX];
	const char *note; /* a line of text; no cells then */
};

struct range {
	uint32_t first;
	uint32_t last;
};

/* What real names hold, not all of Unicode: a wrong guess costs a column of alignment. */
static const struct range wide[] = {
	{0x1100, 0x115F},
	{0x2E80, 0x303E},
	{0x3041, 0xA4CF},
	{0xAC00, 0xD7A3},
	{0xF900, 0xFAFF},
	{0xFE30, 0xFE6F},
	{0xFF00, 0xFF60},
	{0xFFE0, 0xFFE6},
	{0x1F300, 0x1F64F},
	{0x1F680, 0x1F6FF},
	{0x1F900, 0x1F9FF},
	{0x20000, 0x3FFFD},
};
static const struct range combining[] = {
	{0x0300, 0x036F},
	{0x200B, 0x200F},
	{0x20D0, 0x20FF},
	{0xFE00, 0xFE0F},
};

static bool
is_in(const struct range *ranges, size_t count, uint32_t character)
{
	for (size_t i = 0; i < count; i++)
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	return false;
}

/* The character at text and its columns; moves text behind it. A stray byte is one character. */
static size_t
next_width(const char **text)
{
	const unsigned char *at = (const unsigned char *)*text;
	uint32_t character = at[0];
	size_t len = 1;

	if (character >= 0xC0) {
		character &= character >= 0xF0 ? 0x07 : character >= 0xE0 ? 0x0F : 0x1F;
		for (; len < 4 && (at[len] & 0xC0) == 0x80; len++)
			character = character << 6 | (at[len] & 0x3F);
	}
	*text += len;
	if (character < 0x300)
		return 1;
	if (is_in(combining, sizeof(combining) / sizeof(combining[0]), character))
		return 0;
	return is_in(wide, sizeof(wide) / sizeof(wide[0]), character) ? 2 : 1;
}

size_t
tare_display_width(const char *text)
{
	size_t width = 0;

	while (*text)
		width += next_width(&text);
	return width;
}

/* The longest start of text that is at most width columns wide. */
static size_t
head_len(const char *text, size_t width)
{
	const char *at = text;
	const char *end = text;

	while (*at) {
		size_t columns = next_width(&at);

		if (columns > width)
			break;
		width -= columns;
		end = at;
	}
	return (size_t)(end - text);
}

void
tare_display_padded(FILE *out, const char *text, size_t width)
{
	size_t taken = tare_display_width(text);

	fprintf(out, "%s%*s", text, (int)(taken < width ? width - taken : 0), "");
}

void
tare_display_shortened(FILE *out, const char *text, size_t width)
{
	size_t full = tare_display_width(text);
	size_t tail = width / 2;
	const char *rest = text;

	if (full <= width) {
		fputs(text, out);
		return;
	}
	if (width == 0)
		return;
	fwrite(text, 1, head_len(text, width - tail - 1), out);
	fputs("…", out);
	while (full > tail)
		full -= next_width(&rest);
	fputs(rest, out);
}

void
tare_display_wrapped(FILE *out, const char *text, size_t indent, size_t width)
{
	size_t room = width > indent + 20 ? width - indent : 20;
	size_t used = 0;

	while (*text) {
		size_t len = strcspn(text, " ");
		size_t columns = 0;

		for (const char *at = text; at < text + len;)
			columns += next_width(&at);
		if (used > 0 && used + 1 + columns > room) {
			fprintf(out, "\n%*s", (int)indent, "");
			used = 0;
		}
		if (used > 0)
			putc(' ', out);
		fwrite(text, 1, len, out);
		used += columns + (used > 0);
		text += len;
		text += strspn(text, " ");
	}
	putc('\n', out);
}

void
tare_table_begin(struct tare_table *table_out, struct tare_arena *arena,
	const struct tare_table_column *columns, size_t column_count)
{
	assert(column_count > 0 && column_count <= TARE_TABLE_COLUMNS_MAX);
	*table_out = (struct tare_table){.arena = arena, .column_count = column_count};
	memcpy(table_out->columns, columns, column_count * sizeof(*columns));
}

static struct tare_table_row *
add_row(struct tare_table *table)
{
	if (table->row_count == table->row_capacity) {
		size_t capacity = table->row_capacity ? table->row_capacity * 2 : 16;

		table->rows = tare_arena_grow(table->arena, table->rows, table->row_count, capacity,
			sizeof(*table->rows));
		table->row_capacity = capacity;
	}
	return &table->rows[table->row_count++];
}

void
tare_table_row(struct tare_table *table, const struct tare_table_cell *cells)
{
	struct tare_table_row *row = add_row(table);

	*row = (struct tare_table_row){0};
	for (size_t i = 0; i < table->column_count; i++) {
		row->cells[i] = cells[i];
		if (!row->cells[i].text)
			row->cells[i].text = "";
		row->widths[i] = tare_display_width(row->cells[i].text);
	}
}

void
tare_table_note(struct tare_table *table, const char *text)
{
	*add_row(table) = (struct tare_table_row){.note = text};
}

void
tare_table_hide(struct tare_table *table, size_t column)
{
	assert(column > 0 && column < table->column_count);
	table->hidden[column] = true;
}

struct layout {
	size_t indent;
	size_t width; /* of the terminal */
	bool color;
	bool left_out[TARE_TABLE_COLUMNS_MAX];
	size_t widths[TARE_TABLE_COLUMNS_MAX];
};

/* A column without anything in it is left out, with its title. */
static void
measure(struct layout *layout, const struct tare_table *table)
{
	for (size_t column = 0; column < table->column_count; column++) {
		size_t most = 0;
		size_t title = tare_display_width(table->columns[column].title);

		for (size_t i = 0; i < table->row_count; i++)
			if (!table->rows[i].note && table->rows[i].widths[column] > most)
				most = table->rows[i].widths[column];
		layout->left_out[column] = column > 0 && (most == 0 || table->hidden[column]);
		layout->widths[column] = most > title ? most : title;
	}
}

static size_t
total_width(const struct layout *layout, const struct tare_table *table)
{
	size_t total = layout->indent + layout->widths[0];

	for (size_t i = 1; i < table->column_count; i++)
		if (!layout->left_out[i])
			total += GAP + layout->widths[i];
	return total;
}

/* The column to do without next, or 0. */
static size_t
least_important(const struct layout *layout, const struct tare_table *table)
{
	size_t least = 0;

	for (size_t i = 1; i < table->column_count; i++)
		if (!layout->left_out[i] && table->columns[i].spare > 0 &&
			(least == 0 || table->columns[i].spare > table->columns[least].spare))
			least = i;
	return least;
}

/* The widest column of texts, or the number of columns where all are short. Numbers are never cut:
 * half a figure is a wrong one. */
static size_t
widest_text(const struct layout *layout, const struct tare_table *table)
{
	size_t widest = table->column_count;

	for (size_t i = 0; i < table->column_count; i++) {
		if (layout->left_out[i] || table->columns[i].right || table->columns[i].whole ||
			layout->widths[i] <= TEXT_WIDTH_MIN)
			continue;
		if (widest == table->column_count || layout->widths[i] > layout->widths[widest])
			widest = i;
	}
	return widest;
}

static void
fit(struct layout *layout, const struct tare_table *table)
{
	size_t name =
		layout->widths[0] < TARE_TABLE_NAME_MIN ? layout->widths[0] : TARE_TABLE_NAME_MIN;
	size_t rest = layout->widths[0] - name;
	size_t column;

	while (total_width(layout, table) > layout->width + rest &&
		(column = least_important(layout, table)) > 0)
		layout->left_out[column] = true;
	while (total_width(layout, table) > layout->width &&
		(column = widest_text(layout, table)) < table->column_count)
		layout->widths[column]--;
}

static void
write_blanks(FILE *out, size_t count)
{
	fprintf(out, "%*s", (int)count, "");
}

static void
write_cell(FILE *out, const struct tare_table_cell *cell, size_t width, bool color)
{
	if (color && cell->style)
		fputs(cell->style, out);
	tare_display_shortened(out, cell->text, width);
	if (color && cell->style)
		fputs(RESET, out);
}

static size_t
last_column(const struct layout *layout, const struct tare_table *table,
	const struct tare_table_row *row)
{
	size_t last = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (!layout->left_out[i] && row->widths[i] > 0)
			last = i;
	return last;
}

/* Nothing trails behind the last cell that has text. */
static void
write_row(FILE *out, const struct layout *layout, const struct tare_table *table,
	const struct tare_table_row *row)
{
	size_t last = last_column(layout, table, row);

	write_blanks(out, layout->indent);
	for (size_t i = 0; i <= last; i++) {
		size_t width = layout->widths[i];
		size_t text = row->widths[i] < width ? row->widths[i] : width;

		if (layout->left_out[i])
			continue;
		if (i > 0)
			write_blanks(out, GAP);
		if (table->columns[i].right)
			write_blanks(out, width - text);
		write_cell(out, &row->cells[i], width, layout->color);
		if (!table->columns[i].right && i < last)
			write_blanks(out, width - text);
	}
	putc('\n', out);
}

static void
write_titles(FILE *out, const struct layout *layout, const struct tare_table *table)
{
	struct tare_table_row titles = {0};

	for (size_t i = 0; i < table->column_count; i++) {
		titles.cells[i].text = table->columns[i].title;
		titles.cells[i].style = DIM;
		titles.widths[i] = tare_display_width(titles.cells[i].text);
	}
	write_row(out, layout, table, &titles);
}

static void
write_note(FILE *out, const struct layout *layout, const char *note)
{
	size_t indent = layout->indent + GAP;

	write_blanks(out, indent);
	if (layout->color)
		fputs(DIM, out);
	tare_display_wrapped(out, note, indent, layout->width);
	if (layout->color)
		fputs(RESET, out);
}

void
tare_table_write(const struct tare_table *table, FILE *out, size_t indent, size_t width, bool color)
{
	struct layout layout = {.indent = indent, .width = width, .color = color};

	measure(&layout, table);
	fit(&layout, table);
	write_titles(out, &layout, table);
	for (size_t i = 0; i < table->row_count; i++) {
		if (table->rows[i].note)
			write_note(out, &layout, table->rows[i].note);
		else
			write_row(out, &layout, table, &table->rows[i]);
	}
}
