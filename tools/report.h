/* SPDX-License-Identifier: GPL-2.0 */
/* Prints one account as a page for people: what show and run end in. */
#ifndef BRKW_REPORT_H
#define BRKW_REPORT_H

#include <stdbool.h>
#include <stdio.h>

struct brkw_account;

/**
 * brkw_report_print - print the page of one account
 * @acct: the account
 * @is_exact: exact numbers instead of human ones
 * @out: where to
 */
void brkw_report_print(const struct brkw_account *acct, bool is_exact, FILE *out);

#endif /* BRKW_REPORT_H */
