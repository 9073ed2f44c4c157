/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of top, between its parts: top.c takes readings, top_keys.c obeys
 * keys, top_draw.c draws, cmd_top.c has the options and the loops.
 */
#ifndef BRKW_TOP_H
#define BRKW_TOP_H

#include <stdbool.h>

#include "column.h"
#include "history.h"
#include "match.h"
#include "source.h"
#include "why.h"

/** enum brkw_top_page - what is on the screen */
enum brkw_top_page {
	BRKW_TOP_TABLE,
	BRKW_TOP_DETAIL,
	BRKW_TOP_HELP,
};

/**
 * struct brkw_top - all that top knows
 * @src: where readings are from
 * @sysroot: where /proc is; NULL if there is none of those processes
 * @set: the columns
 * @sort: by which column
 * @is_reversed: against its natural direction
 * @is_exact: exact numbers
 * @delay_ns: from one reading to the next
 * @match: who is shown
 * @history: the readings
 * @shown: accounts of the newest one that are shown, sorted; owned by @history
 * @has_failed: the newest reading failed; the one before is shown
 * @why: why it failed, or what of it is missing
 * @page: on the screen
 * @chosen: line of the cursor in @shown
 * @first: first line of @shown, or of the detail, on the screen
 * @nr_lines: lines of the table that fit on the screen
 * @first_col: first column on the screen
 * @widths: of columns; they only grow, so that nothing jumps
 * @detail: the account of the detail, as it was last
 * @detail_since_ns: with its pid, tells whether an account is that one
 * @has_ended: the account of the detail is not live any more
 * @is_asking: the word of a filter is being typed
 * @word: that word
 * @is_over: asked to end
 */
struct brkw_top {
	struct brkw_source src;
	const char *sysroot;
	struct brkw_column_set set;
	const struct brkw_column *sort;
	bool is_reversed;
	bool is_exact;
	uint64_t delay_ns;
	struct brkw_match match;
	struct brkw_history history;
	struct brkw_snapshot shown;
	bool has_failed;
	struct brkw_why why;
	enum brkw_top_page page;
	size_t chosen;
	size_t first;
	size_t nr_lines;
	size_t first_col;
	int widths[BRKW_SET_MAX];
	struct brkw_account detail;
	int64_t detail_since_ns;
	bool has_ended;
	bool is_asking;
	char word[BRKW_MATCH_LEN];
	bool is_over;
};

/**
 * brkw_top_read - take a reading and arrange what is shown
 * @top: the state
 *
 * Return: 0 or a negative errno, with the reason in @top.
 */
int brkw_top_read(struct brkw_top *top);

/**
 * brkw_top_arrange - filter and sort again
 * @top: the state
 */
void brkw_top_arrange(struct brkw_top *top);

/**
 * brkw_top_open_detail - show the account of the cursor alone
 * @top: the state
 */
void brkw_top_open_detail(struct brkw_top *top);

/**
 * brkw_top_free - forget all readings
 * @top: the state
 */
void brkw_top_free(struct brkw_top *top);

/**
 * brkw_top_press - obey a key
 * @top: the state
 * @key: as brkw_screen_key() says it
 */
void brkw_top_press(struct brkw_top *top, int key);

/**
 * brkw_top_draw - draw the page on the screen
 * @top: the state; lines and widths are noted in it
 */
void brkw_top_draw(struct brkw_top *top);

/**
 * brkw_top_title - the first line: how many there are, and when
 * @top: the state
 * @ret_text: the line
 * @sz: its size
 */
void brkw_top_title(const struct brkw_top *top, char *ret_text, size_t sz);

#endif /* BRKW_TOP_H */
