// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "advice.h"
#include "caution.h"
#include "cmd.h"
#include "explain.h"
#include "heap.h"
#include "heap_hold.h"
#include "origin.h"
#include "pidns.h"
#include "proc.h"
#include "snapshot.h"
#include "source.h"
#include "why.h"


enum {
	KEY_NO_STOP = 0x100,
	KEY_RECORD,
};

static const struct brkw_option options[] = {
	{ KEY_NO_STOP, "no-stop", NULL, "read its heap as it runs" },
	{ KEY_RECORD, "record", "FILE", "say who grew what the pin holds, by a recording of it" },
	{ 0 }
};

static const struct brkw_usage usage = {
	.options = options,
	.details = "Puts the account of the module and the heap of the live process together. "
		   "Each\n"
		   "half is told without the other if that is not to be had.\n",
};

/* Both halves, while they are got together. */
struct halves {
	int pid;
	bool has_acct;
	bool has_heap;
	bool has_origin;
	bool is_live;
	const char *recording;
	char comm[BRKW_PROC_NAME];
	struct brkw_account acct;
	struct brkw_heap heap;
	struct brkw_proc proc;
	struct brkw_origin origin;
	struct brkw_why kernel_why;
	struct brkw_why heap_why;
};

/* --- the kernel's half --- */

static bool find_pid(const struct brkw_snapshot *snap, uint32_t pid,
		     struct brkw_account *ret_acct)
{
	size_t i;

	for (i = 0; i < snap->nr_accts; i++)
		if (snap->accts[i].pid == pid) {
			*ret_acct = snap->accts[i];
			return true;
		}
	return false;
}

/*
 * The account of a live process, or else of the one that ended last. In a container
 * a number is that of one process to us and of another one to the module.
 */
static void find_account(struct halves *halves, const struct brkw_env *env,
			 const struct brkw_source *src)
{
	uint32_t pid = (uint32_t)halves->pid;
	struct brkw_snapshot snap;

	if (!env->dir && !brkw_pidns_is_initial(env->sysroot)) {
		brkw_pidns_foreign(&halves->kernel_why, -ESRCH);
		return;
	}
	if (!brkw_source_process(src, pid, &snap, &halves->kernel_why) ||
	    !brkw_source_live(src, &snap, &halves->kernel_why)) {
		halves->has_acct = find_pid(&snap, pid, &halves->acct);
		brkw_snapshot_free(&snap);
	}
	if (halves->has_acct || brkw_source_ended(src, &snap, &halves->kernel_why))
		return;
	halves->has_acct = find_pid(&snap, pid, &halves->acct);
	brkw_snapshot_free(&snap);
	if (!halves->has_acct)
		brkw_why_set(&halves->kernel_why, -ENOENT, "the module has no account of it");
}

/* --- the heap's half --- */

/* A number may be somebody else's by now: the names must be the same. */
static void find_heap(struct halves *halves, unsigned int hold_ms)
{
	char comm[BRKW_PROC_NAME];

	if (!brkw_proc_name(halves->pid, comm)) {
		brkw_why_set(&halves->heap_why, -ESRCH, "it does not live");
		return;
	}
	if (halves->has_acct && (halves->acct.state != BRKW_LIVE ||
				 strcmp(halves->acct.comm, comm))) {
		brkw_why_set(&halves->heap_why, -ESRCH,
			     "the process that has this pid now is another one");
		return;
	}
	memcpy(halves->comm, comm, sizeof(halves->comm));
	halves->is_live = true;
	brkw_proc_read(halves->pid, &halves->proc);
	halves->has_heap = !brkw_heap_take(halves->pid, hold_ms, &halves->heap,
					   &halves->heap_why);
}

/* Without a heap there is nothing to look up. */
static int find_origin(struct halves *halves, struct brkw_why *why)
{
	int err;

	if (!halves->recording || !halves->has_heap)
		return 0;
	err = brkw_origin_find(halves->recording, &halves->heap, &halves->origin, why);
	halves->has_origin = !err;
	return err;
}

static int explain(struct halves *halves, const struct brkw_env *env)
{
	const struct brkw_findings found = {
		.acct = halves->has_acct ? &halves->acct : NULL,
		.heap = halves->has_heap ? &halves->heap : NULL,
		.proc = halves->is_live ? &halves->proc : NULL,
	};
	struct brkw_advice advice[BRKW_ADVICE_MAX];
	const struct brkw_explanation expl = {
		.pid = halves->pid,
		.comm = halves->has_acct ? halves->acct.comm : halves->comm,
		.found = &found,
		.advice = advice,
		.nr_advice = brkw_advice_find(&found, advice),
		.origin = halves->has_origin ? &halves->origin : NULL,
		.kernel_note = halves->kernel_why.text,
		.heap_note = halves->heap_why.text,
	};

	if (env->is_json)
		return brkw_explain_print_json(&expl, stdout);
	brkw_explain_print(&expl, env->is_exact, stdout);
	return 0;
}

static void parse_words(const struct brkw_verb *verb, struct brkw_env *env, int argc,
			char **argv, struct halves *halves, unsigned int *hold_ms)
{
	int key;

	while ((key = brkw_cmd_option(verb, &usage, env, argc, argv))) {
		if (key == KEY_RECORD)
			halves->recording = optarg;
		else
			*hold_ms = 0;
	}
	if (argc - optind != 1)
		brkw_cmd_misused(verb, "one PID is wanted, and there are %d words",
				 argc - optind);
	halves->pid = brkw_cmd_pid(verb, argv[optind]);
}

int do_why(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	static struct halves halves;
	unsigned int hold_ms = BRKW_HOLD_MS;
	struct brkw_source src;
	struct brkw_why why;
	int err;

	parse_words(verb, env, argc, argv, &halves, &hold_ms);
	brkw_cmd_source(env, &src);
	find_account(&halves, env, &src);
	find_heap(&halves, hold_ms);
	if (!halves.has_acct && !halves.is_live) {
		brkw_why_what(&why, "pid %d", halves.pid);
		brkw_why_set(&why, -ESRCH, "it does not live, and there is no account of it");
		return brkw_cmd_failed(&why);
	}
	if (find_origin(&halves, &why)) {
		brkw_heap_free(&halves.heap);
		return brkw_cmd_failed(&why);
	}
	if (halves.has_acct)
		brkw_caution_print(env, &src);
	err = explain(&halves, env);
	if (halves.has_origin)
		brkw_origin_free(&halves.origin);
	if (halves.has_heap)
		brkw_heap_free(&halves.heap);
	if (!err)
		return BRKW_EXIT_DONE;
	brkw_why_what(&why, "why");
	brkw_why_set(&why, -ENOMEM, "%s", strerror(ENOMEM));
	return brkw_cmd_failed(&why);
}
