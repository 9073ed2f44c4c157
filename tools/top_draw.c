// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "comm.h"
#include "report.h"
#include "screen.h"
#include "spark.h"
#include "top.h"

#define LINE_LEN		512
#define WIDTH_MIN		6
#define WIDTH_TEXT_MIN		12
#define TITLE_ROWS_MIN		4	/* a lower screen has the table alone */

static const char help_text[] =
	"Keys\n\n"
	"  Up Down PgUp PgDn Home End   move\n"
	"  Left Right                   the columns to the left, to the right\n"
	"  Enter                        one process in detail\n"
	"  g                            sort by what was grown and not given back\n"
	"  t                            sort by growth a second\n"
	"  < >                          sort by the column to the left, to the right\n"
	"  r                            the other way round\n"
	"  /                            show some only: a pid, a part of the name,\n"
	"                               /a/part of the cgroup; Esc shows all again\n"
	"  b                            exact bytes or sizes for people\n"
	"  q Esc                        back; q at the table ends\n";

/* --- the table --- */

/* Widths of the columns on the screen, for the lines on the screen. */
static void fit_widths(struct brkw_top *top)
{
	size_t end = top->first + top->nr_lines, i, c;
	char cell[BRKW_CELL_LEN];
	int width, least;

	for (c = 0; c < top->set.nr_cols; c++) {
		width = (int)brkw_comm_width(top->set.cols[c]->head);
		least = top->set.cols[c]->is_text ? WIDTH_TEXT_MIN : WIDTH_MIN;
		width = width < least ? least : width;
		if (top->widths[c] < width)
			top->widths[c] = width;
		for (i = top->first; i < end && i < top->shown.nr_accts; i++) {
			brkw_column_cell(top->set.cols[c], &top->shown.accts[i], top->is_exact,
					 cell);
			width = (int)brkw_comm_width(cell);
			if (top->widths[c] < width)
				top->widths[c] = width;
		}
	}
}

/* The cell with its blanks, and two behind it. */
static void put_cell(const struct brkw_top *top, int row, int *col, size_t c, const char *cell,
		     enum brkw_look look)
{
	int pad = top->widths[c] - (int)brkw_comm_width(cell);
	char text[BRKW_CELL_LEN + LINE_LEN];
	bool is_text = top->set.cols[c]->is_text;

	if (pad > LINE_LEN / 2)
		pad = LINE_LEN / 2;
	snprintf(text, sizeof(text), "%*s%s%*s", is_text ? 0 : pad, "", cell,
		 (is_text ? pad : 0) + 2, "");
	brkw_screen_put(row, *col, look, text);
	*col += top->widths[c] + 2;
}

static void put_heading(const struct brkw_top *top, int row, int nr_cols)
{
	char blank[LINE_LEN];
	int col = 0;
	size_t c;

	snprintf(blank, sizeof(blank), "%*s", nr_cols < LINE_LEN ? nr_cols : LINE_LEN - 1, "");
	brkw_screen_put(row, 0, BRKW_LOOK_BAR, blank);
	for (c = top->first_col; c < top->set.nr_cols && col < nr_cols; c++)
		put_cell(top, row, &col, c, top->set.cols[c]->head,
			 top->set.cols[c] == top->sort ? BRKW_LOOK_MARK : BRKW_LOOK_BAR);
}

static enum brkw_look choose_look(const struct brkw_column *col, const struct brkw_account *acct)
{
	int64_t value;

	if (!col->rate_of || col->unit != BRKW_BYTES || !brkw_column_value(col, acct, &value))
		return BRKW_LOOK_PLAIN;
	return value > 0 ? BRKW_LOOK_UP : value < 0 ? BRKW_LOOK_DOWN : BRKW_LOOK_PLAIN;
}

static void put_account(const struct brkw_top *top, int row, int nr_cols, size_t line)
{
	const struct brkw_account *acct = &top->shown.accts[line];
	bool is_chosen = line == top->chosen;
	char cell[BRKW_CELL_LEN];
	int col = 0;
	size_t c;

	for (c = top->first_col; c < top->set.nr_cols && col < nr_cols; c++) {
		brkw_column_cell(top->set.cols[c], acct, top->is_exact, cell);
		put_cell(top, row, &col, c, cell, is_chosen ? BRKW_LOOK_BAR :
			 choose_look(top->set.cols[c], acct));
	}
}

/* The cursor stays on the screen. */
static void scroll(struct brkw_top *top)
{
	if (top->chosen < top->first)
		top->first = top->chosen;
	if (top->nr_lines && top->chosen >= top->first + top->nr_lines)
		top->first = top->chosen - top->nr_lines + 1;
	if (top->first + top->nr_lines > top->shown.nr_accts)
		top->first = top->shown.nr_accts > top->nr_lines ?
			top->shown.nr_accts - top->nr_lines : 0;
}

static void draw_table(struct brkw_top *top, int row, int end, int nr_cols)
{
	size_t i;

	top->nr_lines = end > row + 1 ? (size_t)(end - row - 1) : 0;
	scroll(top);
	fit_widths(top);
	put_heading(top, row, nr_cols);
	for (i = 0; i < top->nr_lines && top->first + i < top->shown.nr_accts; i++)
		put_account(top, row + 1 + (int)i, nr_cols, top->first + i);
	if (!top->shown.nr_accts && top->nr_lines)
		brkw_screen_put(row + 1, 0, BRKW_LOOK_PLAIN, "none");
}

/* --- pages of text --- */

static void draw_text(struct brkw_top *top, int row, int end, char *text)
{
	size_t nr_all = 0, i;
	char *line;

	for (i = 0; text[i]; i++)
		nr_all += text[i] == '\n';
	top->nr_lines = end > row ? (size_t)(end - row) : 0;
	if (top->first + top->nr_lines > nr_all)
		top->first = nr_all > top->nr_lines ? nr_all - top->nr_lines : 0;
	for (i = 0; row < end && (line = strsep(&text, "\n")); i++)
		if (i >= top->first)
			brkw_screen_put(row++, 0, BRKW_LOOK_PLAIN, line);
}

static void print_rates(const struct brkw_top *top, FILE *out)
{
	static const char *const names[] = {
		"vm_bytes_per_second", "brk_bytes_per_second", "brk_calls_per_second",
		"mmap_bytes_per_second", "munmap_bytes_per_second", "fault_minor_per_second",
		"fault_major_per_second",
	};
	const struct brkw_column *col;
	char cell[BRKW_CELL_LEN];
	struct brkw_why why;
	size_t i;

	fprintf(out, "Rates (a second)\n ");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		col = brkw_column_find(names[i], &why);
		if (!col)
			continue;
		brkw_column_cell(col, &top->detail, top->is_exact, cell);
		fprintf(out, " %s %s%s", col->head, cell, i + 1 < ARRAY_SIZE(names) ? "," : "\n");
	}
}

static void print_sizes(const struct brkw_track *track, FILE *out)
{
	char bars[BRKW_TRACK_SIZES * BRKW_SPARK_LEN + 1];
	int64_t sizes[BRKW_TRACK_SIZES];
	size_t nr = brkw_history_sizes(track, BRKW_TRACK_SIZES, sizes);

	brkw_spark_draw(sizes, nr, bars);
	fprintf(out, "Size of late\n  %s\n", bars);
}

/* All of the detail as text, for free(); NULL without memory. */
static char *print_detail(const struct brkw_top *top)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	if (top->has_ended)
		fprintf(out, "This process has ended, or runs another program now.\n\n");
	if (top->detail.track) {
		print_rates(top, out);
		print_sizes(top->detail.track, out);
		fprintf(out, "\n");
	}
	brkw_report_print(&top->detail, top->is_exact, out);
	fclose(out);
	return text;
}

static void draw_detail(struct brkw_top *top, int row, int end)
{
	char *text = print_detail(top);

	if (text)
		draw_text(top, row, end, text);
	free(text);
}

static void draw_help(struct brkw_top *top, int row, int end)
{
	char text[sizeof(help_text)];

	memcpy(text, help_text, sizeof(text));
	draw_text(top, row, end, text);
}

/* --- the whole --- */

/* What is being typed, what is wrong, or what can be done. */
static void put_foot(const struct brkw_top *top, int row)
{
	char text[LINE_LEN + 512];

	if (top->is_asking) {
		snprintf(text, sizeof(text), "show only (pid, name, /cgroup): %s_", top->word);
		brkw_screen_put(row, 0, BRKW_LOOK_BOLD, text);
	} else if (top->has_failed || top->shown.is_short) {
		snprintf(text, sizeof(text), "%s: %s%s%s", top->why.what, top->why.text,
			 *top->why.cure ? "; " : "", top->why.cure);
		brkw_comm_clean(text);
		brkw_screen_put(row, 0, BRKW_LOOK_BOLD, text);
	} else if (top->page == BRKW_TOP_TABLE) {
		brkw_screen_put(row, 0, BRKW_LOOK_PLAIN,
				"Enter detail  g growth  t rate  < > r sort  / filter  h help  q quit");
	} else {
		brkw_screen_put(row, 0, BRKW_LOOK_PLAIN, "Up Down move  b bytes  q back");
	}
}

void brkw_top_draw(struct brkw_top *top)
{
	int nr_rows, nr_cols, row = 0, end;
	char title[LINE_LEN];

	brkw_screen_size(&nr_rows, &nr_cols);
	brkw_screen_clear();
	end = nr_rows;
	if (nr_rows >= TITLE_ROWS_MIN) {
		brkw_top_title(top, title, sizeof(title));
		brkw_screen_put(row++, 0, BRKW_LOOK_BOLD, title);
	}
	if (nr_rows >= TITLE_ROWS_MIN || top->is_asking || top->has_failed)
		put_foot(top, --end);
	if (top->page == BRKW_TOP_TABLE)
		draw_table(top, row, end, nr_cols);
	else if (top->page == BRKW_TOP_DETAIL)
		draw_detail(top, row, end);
	else
		draw_help(top, row, end);
	brkw_screen_show();
}
