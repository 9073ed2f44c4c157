// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "check.h"
#include "cmd.h"
#include "json.h"
#include "source.h"
#include "why.h"

static const struct brkw_option options[] = { { 0 } };

static const struct brkw_usage usage = {
	.options = options,
	.details = "One line a check: ok, warn (works, but not fully) or FAIL, and then the cure.\n"
		   "Exits with 1 if a check failed.\n",
};

static void print_checks(const struct brkw_checkup *up)
{
	const struct brkw_check *check;
	size_t i;

	for (i = 0; i < up->nr_checks; i++) {
		check = &up->checks[i];
		printf("%-4s  %s%s%s\n", brkw_check_verdict_name(check->verdict), check->text,
		       *check->cure ? "; " : "", check->cure);
	}
}

static int find_status(const struct brkw_checkup *up)
{
	size_t i;

	for (i = 0; i < up->nr_checks; i++)
		if (up->checks[i].verdict == BRKW_FAIL)
			return BRKW_EXIT_FAILED;
	return BRKW_EXIT_DONE;
}

int do_doctor(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	struct brkw_checkup up = { 0 };
	struct brkw_source src;
	struct brkw_why why;

	brkw_cmd_option(verb, &usage, env, argc, argv);
	if (optind < argc)
		brkw_cmd_misused(verb, "no argument is wanted, and there is '%s'",
				 argv[optind]);
	brkw_cmd_source(env, &src);
	up.sysroot = env->sysroot;
	up.src = &src;
	up.is_recorded = env->dir;
	brkw_check_system(&up);
	brkw_check_module(&up);
	if (!env->is_json) {
		print_checks(&up);
	} else if (brkw_json_print_checks(up.checks, up.nr_checks, stdout)) {
		brkw_why_what(&why, "doctor");
		brkw_why_set(&why, -ENOMEM, "%s", strerror(ENOMEM));
		return brkw_cmd_failed(&why);
	}
	return find_status(&up);
}
