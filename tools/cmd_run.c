// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a command and prints the account that it left in the file ended. What
 * the command prints and what we print never mix: ours goes to stderr or to -o.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "caution.h"
#include "clock.h"
#include "cmd.h"
#include "command.h"
#include "json.h"
#include "pidns.h"
#include "report.h"
#include "snapshot.h"
#include "source.h"
#include "stats.h"
#include "why.h"

/* The worker of the module is a little late: ask this often, that long. */
#define NR_POLLS		200
#define POLL_NS			10000000L

static const struct brkw_option options[] = {
	{ 'o', "output", "FILE", "write the page to FILE, not to standard error" },
	{ 0 }
};

static const struct brkw_usage usage = {
	.options = options,
	.details = "The page is that of the command alone, not of its children. Exits with the\n"
		   "status of the command; 128 + N if signal N ended it; 126 if it cannot be\n"
		   "executed; 127 if it is not found; 1 if it was not run, or succeeded and there\n"
		   "is no page.\n",
	.has_command = true,
};

/*
 * Run the command to its end. Returns 0 and its pid and exit status, or the
 * negative errno of a fork or exec that failed, and then *ret_status is what
 * to exit with.
 */
static int run_command(char **command, pid_t *ret_pid, int *ret_status)
{
	struct brkw_command cmd;
	int err = brkw_command_start(&cmd, command);

	*ret_status = BRKW_EXIT_FAILED;
	if (err)
		return err;
	err = brkw_command_release(&cmd);
	if (!err)
		brkw_command_has_ended(&cmd, true);
	*ret_status = cmd.status;
	*ret_pid = cmd.pid;
	return err;
}

/* Will there be an account that we know? Nothing is run if there will not. */
static int check_ready(const struct brkw_env *env, const struct brkw_source *src,
		       struct brkw_why *why)
{
	struct brkw_snapshot snap;
	struct brkw_stats stats;
	int64_t is_enabled = 1;
	int err = brkw_source_ended(src, &snap, why);

	if (err)
		return err;
	brkw_snapshot_free(&snap);
	brkw_why_what(why, "run");
	if (!env->dir && !brkw_pidns_is_initial(env->sysroot))
		return brkw_pidns_foreign(why, -ESRCH);
	err = brkw_source_stats(src, &stats, why);
	if (err)
		return err == -ENOENT ? 0 : err;
	brkw_stats_number(&stats, "enabled", &is_enabled);
	brkw_stats_free(&stats);
	if (is_enabled)
		return 0;
	brkw_why_what(why, "run");
	brkw_why_set(why, -ENODATA, "the module is switched off");
	brkw_why_cure(why, "echo 1 > /sys/module/brkwatch/parameters/enabled");
	return -ENODATA;
}

/* An older process may have had the same pid: it ended before @ts_ns. */
static bool is_command(const struct brkw_account *acct, pid_t pid, int64_t ts_ns)
{
	int64_t ended = INT64_MAX;

	brkw_snapshot_value(acct, BRKW_KEY_ENDED_NS, &ended);
	return acct->pid == (uint32_t)pid && acct->state == BRKW_EXITED && ended >= ts_ns;
}

static int look_once(const struct brkw_source *src, pid_t pid, int64_t ts_ns,
		     struct brkw_account *ret_acct, struct brkw_why *why)
{
	struct brkw_snapshot snap;
	int err = brkw_source_ended(src, &snap, why);
	size_t i;

	if (err)
		return err;
	err = -EAGAIN;
	for (i = 0; err && !snap.is_short && i < snap.nr_accts; i++) {
		if (!is_command(&snap.accts[i], pid, ts_ns))
			continue;
		*ret_acct = snap.accts[i];
		err = 0;
	}
	brkw_snapshot_free(&snap);
	return err;
}

static int wait_account(const struct brkw_source *src, pid_t pid, int64_t ts_ns,
			struct brkw_account *ret_acct, struct brkw_why *why)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	int i, err = -EAGAIN;

	for (i = 0; err == -EAGAIN && i < NR_POLLS; i++) {
		if (i)
			nanosleep(&pause, NULL);
		err = look_once(src, pid, ts_ns, ret_acct, why);
	}
	if (err != -EAGAIN)
		return err;
	brkw_why_what(why, "run");
	brkw_why_set(why, err, "the command ended and the module has no account of it");
	brkw_why_cure(why, "see what was dropped with 'brkwatch doctor'");
	return err;
}

static int print_account(const struct brkw_env *env, const struct brkw_account *acct, FILE *out)
{
	if (env->is_json)
		return brkw_json_print_account(acct, out);
	brkw_report_print(acct, env->is_exact, out);
	return 0;
}

/*
 * The file is open before the command runs, so that it cannot fail in vain; but
 * what is in it stays until there is something to take its place.
 */
static FILE *open_output(const char *path, struct brkw_why *why)
{
	FILE *out = path ? fopen(path, "ae") : stderr;

	if (!out) {
		brkw_why_what(why, "%s", path);
		brkw_why_set(why, -errno, "%s", strerror(errno));
	}
	return out;
}

static int begin_output(FILE *out, const char *path)
{
	/* a terminal has nothing to give up */
	return path && ftruncate(fileno(out), 0) && errno != EINVAL ? -errno : 0;
}

static int close_output(FILE *out, const char *path, struct brkw_why *why)
{
	int err = ferror(out) ? -EIO : 0;

	if (fflush(out))
		err = -errno;
	if (path && fclose(out) && !err)
		err = -errno;
	brkw_why_what(why, "%s", path ? path : "standard error");
	return err ? brkw_why_set(why, err, "%s", strerror(-err)) : 0;
}

static int refuse_exec(const char *command, int err, int status)
{
	struct brkw_why why;

	brkw_why_what(&why, "%s", command);
	brkw_why_set(&why, err, "%s", err == -ENOENT ? "command not found" : strerror(-err));
	brkw_cmd_failed(&why);
	return status;
}

/* Run it, find its account, print it. Returns the exit status. */
static int watch_command(const struct brkw_env *env, const struct brkw_source *src,
			 char **command, FILE *out, const char *path)
{
	int64_t ts_ns = (int64_t)brkw_clock_ns(CLOCK_BOOTTIME);
	struct brkw_account acct;
	struct brkw_why why;
	int err, err_close, status;
	pid_t pid = 0;

	err = run_command(command, &pid, &status);
	if (err) {
		close_output(out, path, &why);
		return refuse_exec(command[0], err, status);
	}
	err = wait_account(src, pid, ts_ns, &acct, &why);
	if (err) {
		brkw_cmd_failed(&why);
	} else {
		brkw_caution_print(env, src);
		err = begin_output(out, path);
		if (!err)
			err = print_account(env, &acct, out);
	}
	err_close = close_output(out, path, &why);
	if (err_close)
		brkw_cmd_failed(&why);
	return status || !(err || err_close) ? status : BRKW_EXIT_FAILED;
}

int do_run(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	const char *path = NULL;
	struct brkw_source src;
	struct brkw_why why;
	FILE *out;

	while (brkw_cmd_option(verb, &usage, env, argc, argv))
		path = optarg;
	if (optind == argc)
		brkw_cmd_misused(verb, "there is no command to run");
	brkw_cmd_source(env, &src);
	if (brkw_cmd_module(env, &why) || check_ready(env, &src, &why))
		return brkw_cmd_failed(&why);
	out = open_output(path, &why);
	if (!out)
		return brkw_cmd_failed(&why);
	return watch_command(env, &src, argv + optind, out, path);
}
