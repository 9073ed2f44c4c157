/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The column table: one line a key of the contract and one a derived value.
 * Tables, JSON, CSV, metrics, --sort, -o and the help of list all come from it.
 */
#ifndef BRKW_COLUMN_H
#define BRKW_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "format.h"

struct brkw_account;
struct brkw_snapshot;
struct brkw_why;

/* Room for every cell that brkw_column_cell() makes. */
#define BRKW_CELL_LEN		8192	/* the longest is a cgroup: as cgroup.c reads it */
#define BRKW_SET_MAX		96

/**
 * struct brkw_column - one column
 * @name: the stable name: of the contract, or of a derived value
 * @head: heading in a table; --sort and -o take it too, in any case
 * @help: one line for people
 * @rate_of: what it is the change a second of, between two readings; or NULL
 * @unit: what its numbers count
 * @is_text: no number, set flush left
 * @is_sum: never falls while the account lives
 * @is_ascending: sorts smallest first (others show the largest first)
 */
struct brkw_column {
	const char *name;
	const char *head;
	const char *help;
	const struct brkw_column *rate_of;
	enum brkw_unit unit;
	bool is_text;
	bool is_sum;
	bool is_ascending;
};

/** enum brkw_usual - verbs that have usual columns */
enum brkw_usual {
	BRKW_USUAL_LIST,
	BRKW_USUAL_WATCH,
	BRKW_USUAL_TOP,
	BRKW_USUAL_EXPORT,
};

/**
 * struct brkw_column_set - columns to print, in order
 * @cols: the columns
 * @nr_cols: how many
 */
struct brkw_column_set {
	const struct brkw_column *cols[BRKW_SET_MAX];
	size_t nr_cols;
};

/**
 * brkw_column_value - the number in a cell
 * @col: a column that is not text
 * @acct: the account
 * @ret_value: written only if it is known
 *
 * Return: whether it is known.
 */
bool brkw_column_value(const struct brkw_column *col, const struct brkw_account *acct,
		       int64_t *ret_value);

/**
 * brkw_column_cell - the text of a cell
 * @col: the column
 * @acct: the account
 * @is_exact: exact numbers instead of human ones
 * @ret_text: BRKW_CELL_LEN bytes; "-" if the value is not known
 *
 * Return: whether it is known.
 */
bool brkw_column_cell(const struct brkw_column *col, const struct brkw_account *acct,
		      bool is_exact, char *ret_text);

/**
 * brkw_column_find - look a column up by name or heading
 * @name: terminated, any case
 * @why: says which columns there are if it is none of them
 *
 * Return: the column or NULL.
 */
const struct brkw_column *brkw_column_find(const char *name, struct brkw_why *why);

/**
 * brkw_column_set_parse - read the argument of -o
 * @spec: names with commas between; a leading plus adds to the usual columns
 * @usual: of which verb these are
 * @ret_set: written only on success
 * @why: says what is wrong on failure
 *
 * Return: 0 or -EINVAL.
 */
int brkw_column_set_parse(const char *spec, enum brkw_usual usual,
			  struct brkw_column_set *ret_set, struct brkw_why *why);

/**
 * brkw_column_set_usual - the columns that a verb shows unasked
 * @usual: which verb
 * @ret_set: filled in
 */
void brkw_column_set_usual(enum brkw_usual usual, struct brkw_column_set *ret_set);

/**
 * brkw_column_needs_cgroups - do cgroups have to be read for this?
 * @set: the columns that are shown
 * @sort: what is sorted by, or NULL
 */
bool brkw_column_needs_cgroups(const struct brkw_column_set *set, const struct brkw_column *sort);

/**
 * brkw_column_set_contract - pid, comm, state and every key of the contract
 * @ret_set: filled in
 */
void brkw_column_set_contract(struct brkw_column_set *ret_set);

/**
 * brkw_column_sort - sort accounts by a column, then by pid
 * @snap: the accounts
 * @col: by what; what is not known comes last
 * @is_reversed: against the direction that is natural for the column
 */
void brkw_column_sort(struct brkw_snapshot *snap, const struct brkw_column *col,
		      bool is_reversed);

/**
 * brkw_column_help - print name, heading and meaning of every column
 * @out: where to
 */
void brkw_column_help(FILE *out);

/**
 * brkw_column_words - print name and meaning of every column for completion
 * @out: where to
 */
void brkw_column_words(FILE *out);

#endif /* BRKW_COLUMN_H */
