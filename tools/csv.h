/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prints accounts as CSV (RFC 4180): a line of stable names, then one an account.
 * Numbers are exact; what is not known is empty.
 */
#ifndef BRKW_CSV_H
#define BRKW_CSV_H

#include <stdio.h>

struct brkw_column_set;
struct brkw_snapshot;

/**
 * brkw_csv_print - print accounts
 * @snap: the accounts
 * @set: the columns
 * @out: where to
 */
void brkw_csv_print(const struct brkw_snapshot *snap, const struct brkw_column_set *set,
		    FILE *out);

#endif /* BRKW_CSV_H */
