// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "column.h"
#include "csv.h"
#include "snapshot.h"

static void print_field(const char *text, FILE *out)
{
	if (!strpbrk(text, ",\"")) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void print_account(const struct brkw_account *acct, const struct brkw_column_set *set,
			  FILE *out)
{
	char cell[BRKW_CELL_LEN];
	size_t c;

	for (c = 0; c < set->nr_cols; c++) {
		if (c)
			putc(',', out);
		if (brkw_column_cell(set->cols[c], acct, true, cell))
			print_field(cell, out);
	}
	putc('\n', out);
}

void brkw_csv_print(const struct brkw_snapshot *snap, const struct brkw_column_set *set,
		    FILE *out)
{
	size_t i;

	for (i = 0; i < set->nr_cols; i++)
		fprintf(out, "%s%s", i ? "," : "", set->cols[i]->name);
	putc('\n', out);
	for (i = 0; i < snap->nr_accts; i++)
		print_account(&snap->accts[i], set, out);
}
