// SPDX-License-Identifier: GPL-2.0
/* Built instead of screen_curses.c where there is no ncurses. */
#include <errno.h>

#include "screen.h"
#include "why.h"

int brkw_screen_open(struct brkw_why *why)
{
	brkw_why_what(why, "top");
	brkw_why_set(why, -ENOSYS, "this tool was built without ncurses and has no full screen");
	brkw_why_cure(why, "use --batch, or build it with libncurses-dev installed");
	return -ENOSYS;
}

void brkw_screen_close(void)
{
}

void brkw_screen_size(int *ret_nr_rows, int *ret_nr_cols)
{
	*ret_nr_rows = 1;
	*ret_nr_cols = 1;
}

void brkw_screen_clear(void)
{
}

void brkw_screen_put(int row, int col, enum brkw_look look, const char *text)
{
	(void)row;
	(void)col;
	(void)look;
	(void)text;
}

void brkw_screen_show(void)
{
}

int brkw_screen_key(uint64_t left_ns)
{
	(void)left_ns;
	return BRKW_PRESS_GONE;
}
