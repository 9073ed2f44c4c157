// SPDX-License-Identifier: GPL-2.0
/*
 * brkwatch: reads what brkwatch.ko knows. Here are the table of verbs and the
 * options before the verb; each verb is in its own cmd_*.c.
 */
#include <getopt.h>
#include <locale.h>
#include <string.h>

#include <linux/brkwatch.h>

#include "array.h"
#include "cmd.h"


static const struct brkw_verb verbs[] = {
	{ "list", "", "Show the live processes, those that grew most first.", do_list },
	{ "show", "PID|NAME", "Show one process, alive or ended, on a page.", do_show },
	{ "top", "", "Show the live processes again and again, on the whole screen.", do_top },
	{ "watch", "PID [INTERVAL [COUNT]]", "Show one process, a line an interval.", do_watch },
	{ "run", "[--] COMMAND [ARGUMENT]...", "Run a command and show its page when it ends.",
	  do_run },
	{ "record", "-p PID | [--] COMMAND [ARGUMENT]...",
	  "Record who grows, with the calls that led there.", do_record },
	{ "report", "FILE", "Show what was recorded: who grew and did not give back.", do_report },
	{ "heap", "PID", "Show the heap of a process: what is free, and what holds it.", do_heap },
	{ "why", "PID", "Say why a process does not give memory back, and what helps.", do_why },
	{ "export", "", "Print what grew most, for Prometheus and other programs.", do_export },
	{ "doctor", "", "Check what brkwatch needs and say how to mend it.", do_doctor },
};

static const struct brkw_option options[] = {
	{ 'V', "version", NULL, "print the version" },
	{ 0 }
};

static void print_tool_help(FILE *out)
{
	size_t i;

	fprintf(out, "Usage: brkwatch [OPTIONS] VERB [OPTIONS] [ARGUMENTS]\n\n"
		"Why does a process grow, and what does it not give back?\n\nVerbs:\n");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "  %-18s %s\n", verbs[i].name, verbs[i].summary);
	brkw_cmd_print_options(options, out);
	fprintf(out, "\n'brkwatch VERB --help' tells more.\n"
		"Exit status: 0 done, 1 failed, 2 used wrongly.\n");
}

static void print_verb_words(FILE *out)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "verb %s %s\n", verbs[i].name, verbs[i].summary);
}

static const struct brkw_usage usage = {
	.options = options,
	.more = print_tool_help,
	.words = print_verb_words,
	.has_command = true,
};

static const struct brkw_verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(name, verbs[i].name))
			return &verbs[i];
	brkw_cmd_misused(NULL, "there is no verb '%s'", name);
}

int main(int argc, char **argv)
{
	struct brkw_env env = { .sysroot = "", .may_load = true };
	const struct brkw_verb *verb;

	setlocale(LC_CTYPE, "");
	if (brkw_cmd_option(NULL, &usage, &env, argc, argv)) {
		printf("brkwatch %s (ABI %d)\n", BRKW_RELEASE, BRKW_ABI);
		return brkw_cmd_finish(BRKW_EXIT_DONE);
	}
	if (optind == argc)
		brkw_cmd_misused(NULL, "there is no verb");
	verb = find_verb(argv[optind]);
	argc -= optind;
	argv += optind;
	optind = 0;	/* glibc: start over, with the verb as the name */
	return brkw_cmd_finish(verb->run(verb, &env, argc, argv));
}
