// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "caution.h"
#include "cmd.h"
#include "comm.h"
#include "json.h"
#include "pidns.h"
#include "report.h"
#include "snapshot.h"
#include "source.h"
#include "why.h"

static const struct brkw_option options[] = { { 0 } };

static const struct brkw_usage usage = {
	.options = options,
	.details = "A word of digits is a pid. A name is that of a live process or, if there is\n"
		   "none, of the one that ended last; a backslash escape as list prints it is\n"
		   "taken too.\n",
};

/* Whom show is asked for. */
struct wanted {
	const char *word;
	bool is_pid;
	uint32_t pid;
};

static void parse_wanted(const struct brkw_verb *verb, const char *word, struct wanted *ret_want)
{
	int64_t pid;

	if (!*word)
		brkw_cmd_misused(verb, "an empty word is no pid and no name");
	ret_want->word = word;
	ret_want->is_pid = !word[strspn(word, "0123456789")];
	if (!ret_want->is_pid)
		return;
	if (brkw_snapshot_parse_number(word, &pid) || pid < 1 || pid > INT32_MAX)
		brkw_cmd_misused(verb, "'%s' is not a pid", word);
	ret_want->pid = (uint32_t)pid;
}

static bool is_wanted(const struct brkw_account *acct, const struct wanted *want)
{
	char text[BRKW_COMM_TEXT];

	if (want->is_pid)
		return acct->pid == want->pid;
	brkw_comm_escape(acct->comm, strlen(acct->comm), text, sizeof(text));
	return !strcmp(want->word, acct->comm) || !strcmp(want->word, text);
}

/* The first that matches, NULL if none does; counts them all. */
static const struct brkw_account *find_first(const struct brkw_snapshot *snap,
					     const struct wanted *want, size_t *ret_nr)
{
	const struct brkw_account *first = NULL;
	size_t i;

	*ret_nr = 0;
	for (i = 0; i < snap->nr_accts; i++) {
		if (!is_wanted(&snap->accts[i], want))
			continue;
		if (!first)
			first = &snap->accts[i];
		++*ret_nr;
	}
	return first;
}

static int refuse_many(const struct brkw_snapshot *snap, const struct wanted *want, size_t nr,
		       struct brkw_why *why)
{
	char pids[160] = "";
	size_t i, used = 0;

	for (i = 0; i < snap->nr_accts && used < sizeof(pids) - 16; i++)
		if (is_wanted(&snap->accts[i], want))
			used += snprintf(pids + used, sizeof(pids) - used, " %u",
					 snap->accts[i].pid);
	brkw_why_what(why, "%.128s", want->word);
	brkw_why_set(why, -EINVAL, "%zu live processes have that name:%s%s", nr, pids,
		     used < sizeof(pids) - 16 ? "" : " ...");
	brkw_why_cure(why, "say which pid");
	return -EINVAL;
}

/* Look in the snapshot; -ENOENT if nobody there is wanted. */
static int find_live(const struct brkw_source *src, const struct wanted *want,
		     struct brkw_account *ret_acct, struct brkw_why *why)
{
	const struct brkw_account *acct;
	struct brkw_snapshot snap;
	int err = brkw_source_live(src, &snap, why);
	size_t nr;

	if (err)
		return err;
	acct = find_first(&snap, want, &nr);
	if (!acct)
		err = -ENOENT;
	else if (nr > 1)
		err = refuse_many(&snap, want, nr, why);
	else
		*ret_acct = *acct;
	brkw_snapshot_free(&snap);
	return err;
}

static int find_ended(const struct brkw_source *src, const struct wanted *want,
		      struct brkw_account *ret_acct, struct brkw_why *why)
{
	const struct brkw_account *acct;
	struct brkw_snapshot snap;
	int err = brkw_source_ended(src, &snap, why);
	size_t nr;

	if (err)
		return err;
	acct = find_first(&snap, want, &nr);
	if (acct) {
		*ret_acct = *acct;
	} else {
		brkw_why_what(why, "%.128s", want->word);
		err = brkw_why_set(why, -ENOENT, "no process, alive or ended lately, %s",
				   want->is_pid ? "has that pid" : "has that name");
		brkw_why_cure(why, "'brkwatch list' shows the live ones");
	}
	brkw_snapshot_free(&snap);
	return err;
}

static int find_file(const struct brkw_source *src, const struct wanted *want,
		     struct brkw_account *ret_acct, struct brkw_why *why)
{
	struct brkw_snapshot snap;
	int err = brkw_source_process(src, want->pid, &snap, why);

	if (err)
		return err;
	*ret_acct = snap.accts[0];
	brkw_snapshot_free(&snap);
	return 0;
}

/* The file of a new process may be a little late; the snapshot never is. */
static int find_account(const struct brkw_source *src, const struct wanted *want,
			struct brkw_account *ret_acct, struct brkw_why *why)
{
	int err = -ENOENT;

	if (want->is_pid)
		err = find_file(src, want, ret_acct, why);
	if (err == -ENOENT)
		err = find_live(src, want, ret_acct, why);
	if (err == -ENOENT)
		err = find_ended(src, want, ret_acct, why);
	return err;
}

int do_show(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	struct brkw_account acct;
	struct brkw_source src;
	struct wanted want;
	struct brkw_why why;

	brkw_cmd_option(verb, &usage, env, argc, argv);
	if (argc - optind != 1)
		brkw_cmd_misused(verb, "one PID or NAME is wanted, and there are %d words",
				 argc - optind);
	parse_wanted(verb, argv[optind], &want);
	brkw_cmd_source(env, &src);
	if (find_account(&src, &want, &acct, &why))
		return brkw_cmd_failed(&why);
	if (!env->dir && acct.state == BRKW_LIVE)
		acct.ns_pid = brkw_pidns_inner(env->sysroot, acct.pid);
	brkw_caution_print(env, &src);
	if (!env->is_json) {
		brkw_report_print(&acct, env->is_exact, stdout);
	} else if (brkw_json_print_account(&acct, stdout)) {
		brkw_why_what(&why, "show");
		brkw_why_set(&why, -ENOMEM, "%s", strerror(ENOMEM));
		return brkw_cmd_failed(&why);
	}
	return BRKW_EXIT_DONE;
}
