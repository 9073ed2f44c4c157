// SPDX-License-Identifier: GPL-2.0
/*
 * One process, a line an interval: the first has no rates, for there is nothing
 * before it. Ends with the process, whose last line is that of its end.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "caution.h"
#include "clock.h"
#include "cmd.h"
#include "column.h"
#include "history.h"
#include "json.h"
#include "pace.h"
#include "source.h"
#include "stats.h"
#include "table.h"
#include "why.h"


static const struct brkw_option options[] = {
	{ 'o', "columns", "COLS", "print these, commas between; +COLS adds to the usual" },
	{ 0 }
};

static const struct brkw_usage usage = {
	.options = options,
	.details = "INTERVAL is in seconds, 1 if it is not said; COUNT is how many lines, for ever\n"
		   "if it is not said. 'brkwatch list --help' has the columns.\n",
	.words = brkw_column_words,
};

/* What is watched, and how it is shown. */
struct watch {
	const struct brkw_env *env;
	struct brkw_source src;
	struct brkw_column_set set;
	struct brkw_history history;
	struct brkw_pace pace;
	uint32_t pid;
	uint64_t delay_ns;
	int64_t nr_left;	/* lines to come, INT64_MAX for ever */
	unsigned int nr_lines;	/* since the last heading */
};

/* Keep the one account of a snapshot that is wanted. */
static int keep_one(struct brkw_snapshot *snap, uint32_t pid)
{
	size_t i;

	for (i = 0; i < snap->nr_accts; i++) {
		if (snap->accts[i].pid != pid)
			continue;
		snap->accts[0] = snap->accts[i];
		snap->nr_accts = 1;
		return 0;
	}
	brkw_snapshot_free(snap);
	return -ESRCH;
}

/*
 * Its file says it at little cost; that of a new process may be late. -ESRCH: there
 * is no such account, -ENOENT: there are none at all.
 */
static int read_live(struct watch *w, struct brkw_snapshot *ret_snap, struct brkw_why *why)
{
	int err = brkw_source_process(&w->src, w->pid, ret_snap, why);

	if (!err)
		ret_snap->ts_ns = brkw_clock_ns(CLOCK_BOOTTIME);
	if (err != -ENOENT)
		return err;
	err = brkw_source_live(&w->src, ret_snap, why);
	if (err)
		return err;
	brkw_why_what(why, "pid %u", w->pid);
	brkw_why_set(why, -ENOENT, "no live process has that pid");
	brkw_why_cure(why, "'brkwatch list' shows them");
	return keep_one(ret_snap, w->pid);
}

/* Switched off, the module forgets all who live: that is no end. */
static bool is_off(const struct watch *w)
{
	struct brkw_stats stats;
	struct brkw_why ignored;
	int64_t is_enabled = 1;

	if (brkw_source_stats(&w->src, &stats, &ignored))
		return false;
	brkw_stats_number(&stats, "enabled", &is_enabled);
	brkw_stats_free(&stats);
	return !is_enabled;
}

/* How the account that we have shown came to its end. */
static int read_end(struct watch *w, struct brkw_snapshot *ret_snap, struct brkw_why *why)
{
	const struct brkw_track *track;
	size_t i;

	if (!w->history.nr_readings || brkw_source_ended(&w->src, ret_snap, why))
		return -ENOENT;
	track = w->history.now.accts[0].track;
	for (i = 0; i < ret_snap->nr_accts; i++) {
		if (ret_snap->accts[i].pid != w->pid ||
		    ret_snap->accts[i].value[BRKW_KEY_WATCHED_SINCE_NS] != track->since_ns)
			continue;
		ret_snap->accts[0] = ret_snap->accts[i];
		ret_snap->nr_accts = 1;
		ret_snap->ts_ns = (uint64_t)ret_snap->accts[0].value[BRKW_KEY_ENDED_NS];
		return 0;
	}
	brkw_snapshot_free(ret_snap);
	return -ENOENT;
}

/*
 * Has another process got the pid? A new account alone does not say so: exec opens
 * one, and so does the module for everybody when it is switched on again or has been
 * silent. Only that the one before exited does.
 */
static bool has_new_owner(struct watch *w, const struct brkw_snapshot *snap)
{
	struct brkw_snapshot end;
	struct brkw_why ignored;
	int64_t since_ns;
	bool has_exited;

	if (!w->history.nr_readings ||
	    !brkw_snapshot_value(&snap->accts[0], BRKW_KEY_WATCHED_SINCE_NS, &since_ns) ||
	    since_ns == w->history.now.accts[0].track->since_ns || read_end(w, &end, &ignored))
		return false;
	has_exited = end.accts[0].state == BRKW_EXITED;
	brkw_snapshot_free(&end);
	return has_exited;
}

/* A heading a screen on a terminal; one for all in a file. */
static bool wants_heading(const struct watch *w)
{
	struct winsize size;

	if (!w->nr_lines)
		return true;
	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row < 3)
		return false;
	return !(w->nr_lines % (size.ws_row - 2U));
}

static int print_reading(struct watch *w, struct brkw_why *why)
{
	const struct brkw_account *acct = &w->history.now.accts[0];
	int err = 0;

	if (w->env->is_json) {
		err = brkw_json_print_line(acct, w->history.now.ts_ns, &w->set, stdout);
	} else {
		if (wants_heading(w))
			brkw_table_print_heading(&w->set, stdout);
		brkw_table_print_line(acct, &w->set, w->env->is_exact, stdout);
	}
	w->nr_lines++;
	fflush(stdout);
	return err ? brkw_why_set(why, err, "%s", strerror(-err)) : 0;
}

static int take_reading(struct watch *w, struct brkw_snapshot *snap, struct brkw_why *why)
{
	if (brkw_history_take(&w->history, snap))
		return brkw_why_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	if (brkw_column_needs_cgroups(&w->set, NULL) && brkw_cmd_has_proc(w->env))
		brkw_history_read_cgroups(&w->history, w->env->sysroot);
	return print_reading(w, why);
}

/* -ESRCH: it has ended, and its end has been shown if it is known. */
static int show_end(struct watch *w, struct brkw_why *why)
{
	struct brkw_snapshot snap;
	int err = 0;

	if (!read_end(w, &snap, why))
		err = take_reading(w, &snap, why);
	else if (is_off(w))
		err = -ENODATA;
	brkw_why_what(why, "pid %u", w->pid);
	if (err == -ENODATA) {
		brkw_why_set(why, err, "the module has been switched off");
		brkw_why_cure(why, "echo 1 >/sys/module/brkwatch/parameters/enabled");
	} else if (!err) {
		brkw_why_set(why, 0, "it has ended");
	}
	return err ? err : -ESRCH;
}

static int step(struct watch *w, struct brkw_why *why)
{
	struct brkw_snapshot snap;
	int err = read_live(w, &snap, why);

	if (!err && has_new_owner(w, &snap)) {
		brkw_snapshot_free(&snap);
		err = -ESRCH;
	}
	if (!err)
		return take_reading(w, &snap, why);
	if (err != -ESRCH)
		return err;
	return w->history.nr_readings ? show_end(w, why) : -ENOENT;
}

static int watch(struct watch *w, struct brkw_why *why)
{
	int err;

	brkw_pace_start(&w->pace, w->delay_ns);
	for (;;) {
		err = step(w, why);
		if (err)
			return err;
		if (w->nr_left != INT64_MAX)
			w->nr_left--;
		if (!w->nr_left || ferror(stdout) || brkw_pace_wait(&w->pace))
			return 0;
	}
}

static void take_words(const struct brkw_verb *verb, int argc, char **argv, struct watch *w)
{
	int nr_words = argc - optind;

	if (nr_words < 1 || nr_words > 3)
		brkw_cmd_misused(verb, "PID, INTERVAL and COUNT are wanted, and there are %d words",
				 nr_words);
	w->pid = (uint32_t)brkw_cmd_pid(verb, argv[optind]);
	if (nr_words > 1)
		w->delay_ns = brkw_cmd_delay(verb, argv[optind + 1]);
	if (nr_words > 2)
		w->nr_left = brkw_cmd_number(verb, argv[optind + 2], "lines");
}

static int finish(struct watch *w, int err, struct brkw_why *why)
{
	brkw_history_free(&w->history);
	if (!err)
		return BRKW_EXIT_DONE;
	brkw_cmd_failed(why);
	return err == -ESRCH ? BRKW_EXIT_DONE : BRKW_EXIT_FAILED;
}

int do_watch(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	struct watch w = { .env = env, .delay_ns = BRKW_NS_PER_SEC, .nr_left = INT64_MAX };
	struct brkw_why why = { .what = "watch" };

	brkw_column_set_usual(BRKW_USUAL_WATCH, &w.set);
	while (brkw_cmd_option(verb, &usage, env, argc, argv)) {
		if (!brkw_column_set_parse(optarg, BRKW_USUAL_WATCH, &w.set, &why))
			continue;
		brkw_cmd_failed(&why);
		return BRKW_EXIT_MISUSED;
	}
	take_words(verb, argc, argv, &w);
	brkw_cmd_source(env, &w.src);
	if (brkw_cmd_module(env, &why))
		return brkw_cmd_failed(&why);
	brkw_caution_print(env, &w.src);
	return finish(&w, watch(&w, &why), &why);
}
