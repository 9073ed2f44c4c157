// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "caution.h"
#include "cmd.h"
#include "column.h"
#include "history.h"
#include "json.h"
#include "snapshot.h"
#include "source.h"
#include "table.h"
#include "why.h"

#define SORT_DEFAULT	"vm_grown_bytes"
#define KEY_SORT	0x100

/* What the options of list ask for. */
struct list_wish {
	const char *sort;
	const char *columns;	/* NULL: not said */
	int64_t nr_max;
};

static const struct brkw_option options[] = {
	{ KEY_SORT, "sort", "COL", "sort by COL, largest first; -COL the other way" },
	{ 'n', "lines", "N", "print the first N processes only" },
	{ 'o', "columns", "COLS", "print these, commas between; +COLS adds to the usual" },
	{ 0 }
};

static const struct brkw_usage usage = {
	.options = options,
	.more = brkw_column_help,
	.words = brkw_column_words,
};

static void take_options(const struct brkw_verb *verb, struct brkw_env *env, int argc,
			 char **argv, struct list_wish *wish)
{
	int key;

	while ((key = brkw_cmd_option(verb, &usage, env, argc, argv))) {
		if (key == KEY_SORT)
			wish->sort = optarg;
		else if (key == 'o')
			wish->columns = optarg;
		else
			wish->nr_max = brkw_cmd_number(verb, optarg, "lines");
	}
	if (optind < argc)
		brkw_cmd_misused(verb, "no argument is wanted, and there is '%s'", argv[optind]);
}

/* Without -o, a table has the usual columns and JSON has all. */
static int choose_columns(const struct list_wish *wish, bool is_json,
			  struct brkw_column_set *ret_set, struct brkw_why *why)
{
	if (wish->columns)
		return brkw_column_set_parse(wish->columns, BRKW_USUAL_LIST, ret_set, why);
	if (is_json)
		brkw_column_set_contract(ret_set);
	else
		brkw_column_set_usual(BRKW_USUAL_LIST, ret_set);
	return 0;
}

static int print_list(const struct brkw_env *env, struct brkw_snapshot *snap,
		      const struct brkw_column_set *set)
{
	struct brkw_why why = { .what = "list" };

	if (!env->is_json) {
		brkw_table_print(snap, set, env->is_exact, stdout);
	} else if (brkw_json_print_list(snap, set, stdout)) {
		brkw_why_set(&why, -ENOMEM, "%s", strerror(ENOMEM));
		return brkw_cmd_failed(&why);
	}
	return BRKW_EXIT_DONE;
}

/* Sort, cut and print the one reading of @history. */
static int show_list(const struct brkw_env *env, const struct list_wish *wish,
		     const struct brkw_column *col, const struct brkw_column_set *set,
		     struct brkw_history *history)
{
	struct brkw_snapshot first;

	if (brkw_column_needs_cgroups(set, col) && brkw_cmd_has_proc(env))
		brkw_history_read_cgroups(history, env->sysroot);
	brkw_column_sort(&history->now, col, *wish->sort == '-');
	first = history->now;
	if (first.nr_accts > (uint64_t)wish->nr_max)
		first.nr_accts = (size_t)wish->nr_max;
	return print_list(env, &first, set);
}

int do_list(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	struct list_wish wish = { .sort = SORT_DEFAULT, .nr_max = INT64_MAX };
	struct brkw_history history = { .nr_readings = 0 };
	const struct brkw_column *col;
	struct brkw_column_set set;
	struct brkw_snapshot snap;
	struct brkw_source src;
	struct brkw_why why;
	int status;

	take_options(verb, env, argc, argv, &wish);
	col = brkw_column_find(wish.sort + (*wish.sort == '-'), &why);
	if (!col || choose_columns(&wish, env->is_json, &set, &why)) {
		brkw_cmd_failed(&why);
		return BRKW_EXIT_MISUSED;
	}
	brkw_cmd_source(env, &src);
	if (brkw_cmd_module(env, &why) || brkw_source_live(&src, &snap, &why))
		return brkw_cmd_failed(&why);
	brkw_caution_print(env, &src);
	if (brkw_history_take(&history, &snap)) {
		brkw_why_set(&why, -ENOMEM, "%s", strerror(ENOMEM));
		return brkw_cmd_failed(&why);
	}
	status = show_list(env, &wish, col, &set, &history);
	if (history.now.is_short && status == BRKW_EXIT_DONE)
		status = brkw_cmd_failed(&why);
	brkw_history_free(&history);
	return status;
}
