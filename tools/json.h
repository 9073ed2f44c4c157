/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prints as JSON, through json-c. Names are those of the contract and numbers
 * are exact; a value that is not known is null. Names of processes are in the
 * text form of comm.h.
 */
#ifndef BRKW_JSON_H
#define BRKW_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct brkw_account;
struct brkw_check;
struct brkw_column_set;
struct brkw_snapshot;

/**
 * brkw_json_print_list - print accounts as one object with an array
 * @snap: the accounts
 * @set: which columns of each
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_json_print_list(const struct brkw_snapshot *snap, const struct brkw_column_set *set,
			 FILE *out);

/**
 * brkw_json_print_account - print one account as one object
 * @acct: the account
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_json_print_account(const struct brkw_account *acct, FILE *out);

/**
 * brkw_json_print_line - print one account as one object on a line of its own
 * @acct: the account
 * @ts_ns: when it was so, CLOCK_BOOTTIME
 * @set: which columns
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_json_print_line(const struct brkw_account *acct, uint64_t ts_ns,
			 const struct brkw_column_set *set, FILE *out);

/**
 * brkw_json_print_checks - print the results of checks as one object
 * @checks: the results
 * @nr_checks: how many
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_json_print_checks(const struct brkw_check *checks, size_t nr_checks, FILE *out);

#endif /* BRKW_JSON_H */
