/* SPDX-License-Identifier: GPL-2.0 */
/* Prints accounts as an aligned table, one line an account. */
#ifndef BRKW_TABLE_H
#define BRKW_TABLE_H

#include <stdbool.h>
#include <stdio.h>

struct brkw_account;
struct brkw_column_set;
struct brkw_snapshot;

/**
 * brkw_table_print - print a heading and one line an account
 * @snap: the accounts
 * @set: the columns
 * @is_exact: exact numbers instead of human ones
 * @out: where to
 */
void brkw_table_print(const struct brkw_snapshot *snap, const struct brkw_column_set *set,
		      bool is_exact, FILE *out);

/**
 * brkw_table_print_heading - print the heading of a table that comes line by line
 * @set: the columns
 * @out: where to
 */
void brkw_table_print_heading(const struct brkw_column_set *set, FILE *out);

/**
 * brkw_table_print_line - print a line below brkw_table_print_heading()
 * @acct: the account
 * @set: the same columns
 * @is_exact: exact numbers instead of human ones
 * @out: where to
 */
void brkw_table_print_line(const struct brkw_account *acct, const struct brkw_column_set *set,
			   bool is_exact, FILE *out);

#endif /* BRKW_TABLE_H */
