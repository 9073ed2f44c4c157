/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The whole terminal: text at places, and keys. top alone uses it. One of two
 * files implements it: screen_curses.c, or screen_none.c without ncurses.
 */
#ifndef BRKW_SCREEN_H
#define BRKW_SCREEN_H

#include <stdint.h>

struct brkw_why;

/** enum brkw_look - how text looks; without colours some look alike */
enum brkw_look {
	BRKW_LOOK_PLAIN,
	BRKW_LOOK_BOLD,
	BRKW_LOOK_BAR,		/* reversed, like headings */
	BRKW_LOOK_MARK,		/* in a bar, but not of it */
	BRKW_LOOK_UP,		/* of what grows: red */
	BRKW_LOOK_DOWN,		/* of what shrinks: green */
};

/** enum brkw_press - keys that are no character, beside the characters */
enum brkw_press {
	BRKW_PRESS_NOTHING = 0x1000,	/* the time is over */
	BRKW_PRESS_GONE,		/* so is the terminal, or a signal says to end */
	BRKW_PRESS_RESIZE,
	BRKW_PRESS_UP,
	BRKW_PRESS_DOWN,
	BRKW_PRESS_LEFT,
	BRKW_PRESS_RIGHT,
	BRKW_PRESS_PAGE_UP,
	BRKW_PRESS_PAGE_DOWN,
	BRKW_PRESS_HOME,
	BRKW_PRESS_END,
	BRKW_PRESS_ENTER,
	BRKW_PRESS_BACK,
	BRKW_PRESS_ESCAPE,
};

/**
 * brkw_screen_open - take the terminal over
 * @why: says what is wrong on failure
 *
 * Return: 0; -ENOTTY if there is none; -ENOSYS if the tool was built without.
 */
int brkw_screen_open(struct brkw_why *why);

/** brkw_screen_close - give the terminal back as it was */
void brkw_screen_close(void);

/**
 * brkw_screen_size - how large it is now
 * @ret_nr_rows: at least 1
 * @ret_nr_cols: at least 1
 */
void brkw_screen_size(int *ret_nr_rows, int *ret_nr_cols);

/** brkw_screen_clear - begin a picture */
void brkw_screen_clear(void);

/**
 * brkw_screen_put - put text at a place of the picture
 * @row: from 0; there need not be such a row
 * @col: from 0
 * @look: how
 * @text: UTF-8; what does not fit is cut
 */
void brkw_screen_put(int row, int col, enum brkw_look look, const char *text);

/** brkw_screen_show - show the picture */
void brkw_screen_show(void);

/**
 * brkw_screen_key - wait for a key
 * @left_ns: how long
 *
 * Return: a byte or &enum brkw_press.
 */
int brkw_screen_key(uint64_t left_ns);

#endif /* BRKW_SCREEN_H */
