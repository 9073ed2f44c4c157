// SPDX-License-Identifier: GPL-2.0
#include "column.h"
#include "comm.h"
#include "snapshot.h"
#include "table.h"

static int find_width(const struct brkw_snapshot *snap, const struct brkw_column *col,
		      bool is_exact)
{
	size_t width = brkw_comm_width(col->head), len, i;
	char cell[BRKW_CELL_LEN];

	for (i = 0; i < snap->nr_accts; i++) {
		brkw_column_cell(col, &snap->accts[i], is_exact, cell);
		len = brkw_comm_width(cell);
		if (len > width)
			width = len;
	}
	return (int)width;
}

/* One cell and what separates it from the next; no blanks end a line. */
static void print_cell(const char *cell, int width, bool is_text, bool is_last, FILE *out)
{
	int pad = width - (int)brkw_comm_width(cell);

	pad = pad < 0 ? 0 : pad;
	if (!is_text)
		fprintf(out, "%*s", pad, "");
	fputs(cell, out);
	if (is_text && !is_last)
		fprintf(out, "%*s", pad, "");
	fputs(is_last ? "\n" : "  ", out);
}

static void print_heading(const struct brkw_column_set *set, const int *widths, FILE *out)
{
	size_t c;

	for (c = 0; c < set->nr_cols; c++)
		print_cell(set->cols[c]->head, widths[c], set->cols[c]->is_text,
			   c + 1 == set->nr_cols, out);
}

static void print_account(const struct brkw_account *acct, const struct brkw_column_set *set,
			  const int *widths, bool is_exact, FILE *out)
{
	char cell[BRKW_CELL_LEN];
	size_t c;

	for (c = 0; c < set->nr_cols; c++) {
		brkw_column_cell(set->cols[c], acct, is_exact, cell);
		print_cell(cell, widths[c], set->cols[c]->is_text, c + 1 == set->nr_cols, out);
	}
}

/* So wide that most cells fit: a stream cannot look ahead. */
static void guess_widths(const struct brkw_column_set *set, int *ret_widths)
{
	int width, guess;
	size_t i;

	for (i = 0; i < set->nr_cols; i++) {
		width = (int)brkw_comm_width(set->cols[i]->head);
		guess = set->cols[i]->is_text ? 15 : 7;
		ret_widths[i] = width < guess ? guess : width;
	}
}

void brkw_table_print_heading(const struct brkw_column_set *set, FILE *out)
{
	int widths[BRKW_SET_MAX];

	guess_widths(set, widths);
	print_heading(set, widths, out);
}

void brkw_table_print_line(const struct brkw_account *acct, const struct brkw_column_set *set,
			   bool is_exact, FILE *out)
{
	int widths[BRKW_SET_MAX];

	guess_widths(set, widths);
	print_account(acct, set, widths, is_exact, out);
}

void brkw_table_print(const struct brkw_snapshot *snap, const struct brkw_column_set *set,
		      bool is_exact, FILE *out)
{
	int widths[BRKW_SET_MAX];
	size_t i;

	for (i = 0; i < set->nr_cols; i++)
		widths[i] = find_width(snap, set->cols[i], is_exact);
	print_heading(set, widths, out);
	for (i = 0; i < snap->nr_accts; i++)
		print_account(&snap->accts[i], set, widths, is_exact, out);
}
