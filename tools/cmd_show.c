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

/* One search, and what was wrong with the files on its way. */
struct search {
	const struct brkw_source *src;
	const struct wanted *want;
	struct brkw_account acct;	/* who was found */
	bool is_short;			/* a file broke off: somebody may be missing */
	struct brkw_why why_short;	/* of the first such file */
};

static void parse_wanted(const struct brkw_verb *verb, const char *word, struct wanted *ret_want)
{
	if (!*word)
		brkw_cmd_misused(verb, "an empty word is no pid and no name");
	ret_want->word = word;
	ret_want->is_pid = !word[strspn(word, "0123456789")];
	if (ret_want->is_pid)
		ret_want->pid = (uint32_t)brkw_cmd_pid(verb, word);
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

static void note_short(struct search *s, const struct brkw_snapshot *snap,
		       const struct brkw_why *why)
{
	if (!snap->is_short || s->is_short)
		return;
	s->is_short = true;
	s->why_short = *why;
}

/* Look in the snapshot; -ENOENT if nobody there is wanted. */
static int find_live(struct search *s, struct brkw_why *why)
{
	const struct brkw_account *acct;
	struct brkw_snapshot snap;
	int err = brkw_source_live(s->src, &snap, why);
	size_t nr;

	if (err)
		return err;
	note_short(s, &snap, why);
	acct = find_first(&snap, s->want, &nr);
	if (!acct)
		err = -ENOENT;
	else if (nr > 1)
		err = refuse_many(&snap, s->want, nr, why);
	else
		s->acct = *acct;
	brkw_snapshot_free(&snap);
	return err;
}

static int refuse_nobody(const struct search *s, struct brkw_why *why)
{
	if (s->is_short) {
		*why = s->why_short;
		return -ENOENT;
	}
	brkw_why_what(why, "%.128s", s->want->word);
	brkw_why_set(why, -ENOENT, "no process, alive or ended lately, %s",
		     s->want->is_pid ? "has that pid" : "has that name");
	brkw_why_cure(why, "'brkwatch list' shows the live ones");
	return -ENOENT;
}

static int find_ended(struct search *s, struct brkw_why *why)
{
	const struct brkw_account *acct;
	struct brkw_snapshot snap;
	int err = brkw_source_ended(s->src, &snap, why);
	size_t nr;

	if (err)
		return err;
	note_short(s, &snap, why);
	acct = find_first(&snap, s->want, &nr);
	if (acct)
		s->acct = *acct;
	else
		err = refuse_nobody(s, why);
	brkw_snapshot_free(&snap);
	return err;
}

static int find_file(struct search *s, struct brkw_why *why)
{
	struct brkw_snapshot snap;
	int err = brkw_source_process(s->src, s->want->pid, &snap, why);

	if (err)
		return err;
	note_short(s, &snap, why);
	s->acct = snap.accts[0];
	brkw_snapshot_free(&snap);
	return 0;
}

/* The file of a new process may be a little late; the snapshot never is. */
static int find_account(struct search *s, struct brkw_why *why)
{
	int err = -ENOENT;

	if (s->want->is_pid)
		err = find_file(s, why);
	if (err == -ENOENT)
		err = find_live(s, why);
	if (err == -ENOENT)
		err = find_ended(s, why);
	return err;
}

static int print_page(const struct brkw_env *env, const struct brkw_account *acct)
{
	struct brkw_why why = { .what = "show" };

	if (!env->is_json) {
		brkw_report_print(acct, env->is_exact, stdout);
	} else if (brkw_json_print_account(acct, stdout)) {
		brkw_why_set(&why, -ENOMEM, "%s", strerror(ENOMEM));
		return brkw_cmd_failed(&why);
	}
	return BRKW_EXIT_DONE;
}

int do_show(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	struct brkw_source src;
	struct wanted want;
	struct search search = { .src = &src, .want = &want };
	struct brkw_why why;
	int status;

	brkw_cmd_option(verb, &usage, env, argc, argv);
	if (argc - optind != 1)
		brkw_cmd_misused(verb, "one PID or NAME is wanted, and there are %d words",
				 argc - optind);
	parse_wanted(verb, argv[optind], &want);
	brkw_cmd_source(env, &src);
	if (brkw_cmd_module(env, &why) || find_account(&search, &why))
		return brkw_cmd_failed(&why);
	if (!env->dir && search.acct.state == BRKW_LIVE)
		search.acct.ns_pid = brkw_pidns_inner(env->sysroot, search.acct.pid);
	brkw_caution_print(env, &src);
	status = print_page(env, &search.acct);
	if (search.is_short && status == BRKW_EXIT_DONE)
		status = brkw_cmd_failed(&search.why_short);
	return status;
}
