// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_WIDECHAR	1
#include <curses.h>

#include "array.h"
#include "clock.h"
#include "screen.h"
#include "why.h"

#define NR_WIDE_MAX	512
#define ESCAPE		27
#define NR_EMPTY_MAX	16

/* Pairs of colours. */
enum {
	PAIR_UP = 1,
	PAIR_DOWN,
};

static SCREEN *screen;
static bool has_colour;
static volatile sig_atomic_t is_over;
static sigset_t waiting_mask;	/* while it waits for a key; blocked otherwise */

static void end_on_signal(int sig)
{
	is_over = sig;
}

/* Before ncurses looks: it leaves signals alone that have a handler. */
static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = end_on_signal };
	sigset_t mask;
	size_t i;

	sigemptyset(&mask);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&mask, signals[i]);
	}
	sigaddset(&mask, SIGWINCH);
	sigprocmask(SIG_BLOCK, &mask, &waiting_mask);
}

/* https://no-color.org: set and not empty. */
static bool wants_colour(void)
{
	const char *word = getenv("NO_COLOR");

	return (!word || !*word) && has_colors();
}

static int refuse(struct brkw_why *why, int err, const char *text)
{
	brkw_why_what(why, "top");
	brkw_why_set(why, err, "%s", text);
	brkw_why_cure(why, "use --batch");
	return err;
}

int brkw_screen_open(struct brkw_why *why)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return refuse(why, -ENOTTY, "standard input and output are not a terminal");
	catch_signals();
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return refuse(why, -ENOTTY, "TERM names no terminal that is known here");
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	has_colour = wants_colour() && start_color() == OK && use_default_colors() == OK;
	if (has_colour) {
		init_pair(PAIR_UP, COLOR_RED, -1);
		init_pair(PAIR_DOWN, COLOR_GREEN, -1);
	}
	return 0;
}

void brkw_screen_close(void)
{
	endwin();
	delscreen(screen);
	screen = NULL;
}

void brkw_screen_size(int *ret_nr_rows, int *ret_nr_cols)
{
	getmaxyx(stdscr, *ret_nr_rows, *ret_nr_cols);
}

void brkw_screen_clear(void)
{
	erase();
}

static attr_t look_attributes(enum brkw_look look)
{
	switch (look) {
	case BRKW_LOOK_BOLD:
		return A_BOLD;
	case BRKW_LOOK_BAR:
		return A_REVERSE;
	case BRKW_LOOK_MARK:
		return A_REVERSE | A_BOLD | A_UNDERLINE;
	case BRKW_LOOK_UP:
		return has_colour ? (attr_t)COLOR_PAIR(PAIR_UP) : A_NORMAL;
	case BRKW_LOOK_DOWN:
		return has_colour ? (attr_t)COLOR_PAIR(PAIR_DOWN) : A_NORMAL;
	default:
		return A_NORMAL;
	}
}

/* As many characters of @text as fit into @nr_cols; others than printable: '?'. */
static int widen(const char *text, int nr_cols, wchar_t *ret_wide)
{
	mbstate_t state = { 0 };
	size_t left = strlen(text), len;
	int nr = 0, width;
	wchar_t c;

	while (left && nr < NR_WIDE_MAX) {
		len = mbrtowc(&c, text, left, &state);
		width = len <= left ? wcwidth(c) : -1;
		if (width < 0) {
			memset(&state, 0, sizeof(state));
			c = L'?';
			width = 1;
			len = 1;
		}
		nr_cols -= width;
		if (nr_cols < 0)
			break;
		ret_wide[nr++] = c;
		text += len;
		left -= len;
	}
	return nr;
}

void brkw_screen_put(int row, int col, enum brkw_look look, const char *text)
{
	wchar_t wide[NR_WIDE_MAX];
	int nr_rows, nr_cols, nr;

	getmaxyx(stdscr, nr_rows, nr_cols);
	if (row < 0 || row >= nr_rows || col < 0 || col >= nr_cols)
		return;
	nr = widen(text, nr_cols - col, wide);
	attrset((int)look_attributes(look));
	mvaddnwstr(row, col, wide, nr);
	attrset(A_NORMAL);
}

void brkw_screen_show(void)
{
	refresh();
}

static int name_key(int key)
{
	static const struct {
		int key;
		int press;
	} names[] = {
		{ KEY_RESIZE, BRKW_PRESS_RESIZE },	{ KEY_UP, BRKW_PRESS_UP },
		{ KEY_DOWN, BRKW_PRESS_DOWN },		{ KEY_LEFT, BRKW_PRESS_LEFT },
		{ KEY_RIGHT, BRKW_PRESS_RIGHT },	{ KEY_PPAGE, BRKW_PRESS_PAGE_UP },
		{ KEY_NPAGE, BRKW_PRESS_PAGE_DOWN },	{ KEY_HOME, BRKW_PRESS_HOME },
		{ KEY_END, BRKW_PRESS_END },		{ KEY_ENTER, BRKW_PRESS_ENTER },
		{ '\r', BRKW_PRESS_ENTER },		{ '\n', BRKW_PRESS_ENTER },
		{ KEY_BACKSPACE, BRKW_PRESS_BACK },	{ '\b', BRKW_PRESS_BACK },
		{ 0x7f, BRKW_PRESS_BACK },		{ ESCAPE, BRKW_PRESS_ESCAPE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].key == key)
			return names[i].press;
	return key < 0x100 ? key : BRKW_PRESS_NOTHING;
}

/*
 * getch() alone does not tell a terminal that is gone from one that is quiet; one
 * that has input again and again, and no key, is at its end.
 */
int brkw_screen_key(uint64_t left_ns)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec wait = {
		.tv_sec = (time_t)(left_ns / BRKW_NS_PER_SEC),
		.tv_nsec = (long)(left_ns % BRKW_NS_PER_SEC),
	};
	static unsigned int nr_empty;
	int key = getch(), nr;

	if (key == ERR && !is_over) {
		nr = ppoll(&fd, 1, &wait, &waiting_mask);
		if (nr > 0 && !(fd.revents & POLLIN))
			return BRKW_PRESS_GONE;
		key = getch();
		nr_empty = nr > 0 && key == ERR ? nr_empty + 1 : 0;
		if (nr_empty > NR_EMPTY_MAX)
			return BRKW_PRESS_GONE;
	}
	if (is_over)
		return BRKW_PRESS_GONE;
	return key == ERR ? BRKW_PRESS_NOTHING : name_key(key);
}
