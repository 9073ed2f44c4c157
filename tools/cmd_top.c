// SPDX-License-Identifier: GPL-2.0
/*
 * The live processes again and again: on the whole screen, or one table after
 * the other for a log. A reading that fails later on, because the module was
 * unloaded, say, is said and tried anew.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "caution.h"
#include "clock.h"
#include "cmd.h"
#include "column.h"
#include "json.h"
#include "pace.h"
#include "screen.h"
#include "table.h"
#include "top.h"

#define SORT_DEFAULT	"vm_net_bytes"
#define DELAY_DEFAULT	BRKW_NS_PER_SEC

enum {
	KEY_SORT = 0x100,
	KEY_LINES,
};

static const struct brkw_option options[] = {
	{ 'b', "batch", NULL, "print one table after the other, as into a log" },
	{ 'd', "delay", "SECONDS", "from one reading to the next, 1 if it is not said" },
	{ 'n', "iterations", "N", "end after N readings" },
	{ 'f', "filter", "WORD", "only a PID, a part of a NAME, a /part of a CGROUP" },
	{ KEY_SORT, "sort", "COL", "sort by COL, largest first; -COL the other way" },
	{ KEY_LINES, "lines", "N", "with --batch: the first N processes only" },
	{ 'o', "columns", "COLS", "show these, commas between; +COLS adds to the usual" },
	{ 0 }
};

static const struct brkw_usage usage = {
	.options = options,
	.details = "h shows the keys. Rates are from one reading to the next: the first has none.\n"
		   "'brkwatch list --help' has the columns.\n",
	.words = brkw_column_words,
};

/* What the options ask for, beside what top itself keeps. */
struct top_wish {
	const char *sort;
	const char *columns;
	bool is_batch;
	int64_t nr_readings;
	int64_t nr_lines;
};

static void take_option(const struct brkw_verb *verb, int key, struct top_wish *wish,
			struct brkw_top *top)
{
	if (key == 'b')
		wish->is_batch = true;
	else if (key == 'd')
		top->delay_ns = brkw_cmd_delay(verb, optarg);
	else if (key == 'n')
		wish->nr_readings = brkw_cmd_number(verb, optarg, "readings");
	else if (key == KEY_LINES)
		wish->nr_lines = brkw_cmd_number(verb, optarg, "lines");
	else if (key == KEY_SORT)
		wish->sort = optarg;
	else if (key == 'o')
		wish->columns = optarg;
	else if (brkw_match_parse(optarg, &top->match))
		brkw_cmd_misused(verb, "'%s' is no word to filter by", optarg);
}

static void take_options(const struct brkw_verb *verb, struct brkw_env *env, int argc,
			 char **argv, struct top_wish *wish, struct brkw_top *top)
{
	int key;

	while ((key = brkw_cmd_option(verb, &usage, env, argc, argv)))
		take_option(verb, key, wish, top);
	if (optind < argc)
		brkw_cmd_misused(verb, "no argument is wanted, and there is '%s'", argv[optind]);
	if (env->is_json && !wish->is_batch)
		brkw_cmd_misused(verb, "--json wants --batch");
}

static int choose_columns(const struct top_wish *wish, struct brkw_top *top)
{
	brkw_column_set_usual(BRKW_USUAL_TOP, &top->set);
	top->sort = brkw_column_find(wish->sort + (*wish->sort == '-'), &top->why);
	top->is_reversed = *wish->sort == '-';
	if (!top->sort)
		return -EINVAL;
	if (!wish->columns)
		return 0;
	return brkw_column_set_parse(wish->columns, BRKW_USUAL_TOP, &top->set, &top->why);
}

/* --- into a log --- */

static void print_table(const struct brkw_top *top, const struct brkw_snapshot *shown,
			bool is_first)
{
	char title[256];

	brkw_top_title(top, title, sizeof(title));
	printf("%s%s\n", is_first ? "" : "\n", title);
	brkw_table_print(shown, &top->set, top->is_exact, stdout);
}

static int print_reading(const struct brkw_env *env, const struct top_wish *wish,
			 struct brkw_top *top, bool is_first)
{
	struct brkw_snapshot shown = top->shown;
	int err = 0;

	if (shown.nr_accts > (uint64_t)wish->nr_lines)
		shown.nr_accts = (size_t)wish->nr_lines;
	if (!env->is_json)
		print_table(top, &shown, is_first);
	else
		err = brkw_json_print_list(&shown, &top->set, stdout);
	fflush(stdout);
	return err ? brkw_why_set(&top->why, err, "%s", strerror(-err)) : 0;
}

/* The first reading must be there; a later one that fails is said and left out. */
static int run_batch(const struct brkw_env *env, const struct top_wish *wish,
		     struct brkw_top *top)
{
	int status = BRKW_EXIT_DONE, err;
	struct brkw_pace pace;
	int64_t i;

	brkw_pace_start(&pace, top->delay_ns);
	for (i = 0; i < wish->nr_readings; i++) {
		if (i && brkw_pace_wait(&pace))
			break;
		err = brkw_top_read(top);
		if (!err)
			err = print_reading(env, wish, top, !i);
		if (err || top->shown.is_short)
			status = brkw_cmd_failed(&top->why);
		if ((err && !i) || ferror(stdout))
			break;
	}
	return status;
}

/* --- on the screen --- */

/* Obey keys until the next reading is due, however many there are. */
static void run_interval(struct brkw_top *top, struct brkw_pace *pace)
{
	uint64_t left_ns;
	int key;

	while ((left_ns = brkw_pace_left(pace))) {
		key = brkw_screen_key(left_ns);
		if (key == BRKW_PRESS_NOTHING)
			continue;
		brkw_top_press(top, key);
		if (top->is_over)
			return;
		brkw_top_draw(top);
	}
	brkw_pace_next(pace);
}

static int run_screen(const struct top_wish *wish, struct brkw_top *top)
{
	struct brkw_pace pace;
	int64_t i;

	if (brkw_top_read(top) || brkw_screen_open(&top->why))
		return brkw_cmd_failed(&top->why);
	brkw_pace_start(&pace, top->delay_ns);
	for (i = 1; !top->is_over; i++) {
		brkw_top_draw(top);
		run_interval(top, &pace);
		if (i >= wish->nr_readings)
			break;
		if (!top->is_over)
			brkw_top_read(top);
	}
	brkw_screen_close();
	return BRKW_EXIT_DONE;
}

int do_top(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	struct top_wish wish = {
		.sort = SORT_DEFAULT, .nr_readings = INT64_MAX, .nr_lines = INT64_MAX,
	};
	struct brkw_top top = { .delay_ns = DELAY_DEFAULT, .why = { .what = "top" } };
	int status;

	take_options(verb, env, argc, argv, &wish, &top);
	if (choose_columns(&wish, &top)) {
		brkw_cmd_failed(&top.why);
		return BRKW_EXIT_MISUSED;
	}
	top.is_exact = env->is_exact;
	top.sysroot = brkw_cmd_has_proc(env) ? env->sysroot : NULL;
	brkw_cmd_source(env, &top.src);
	if (brkw_cmd_module(env, &top.why))
		return brkw_cmd_failed(&top.why);
	brkw_caution_print(env, &top.src);
	status = wish.is_batch ? run_batch(env, &wish, &top) : run_screen(&wish, &top);
	brkw_top_free(&top);
	return status;
}
