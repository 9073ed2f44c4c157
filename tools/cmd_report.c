// SPDX-License-Identifier: GPL-2.0
/* Shows a recording of record. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cmd.h"
#include "flame.h"
#include "growth.h"
#include "growth_json.h"
#include "growth_print.h"
#include "page.h"
#include "recording.h"
#include "why.h"

enum {
	KEY_FOLDED = 0x100,
	KEY_SVG,
	KEY_HTML,
	KEY_CSV,
};

static const struct brkw_option options[] = {
	{ KEY_FOLDED, "folded", NULL, "print folded stacks, for flamegraph.pl and speedscope" },
	{ KEY_SVG, "svg", NULL, "print a flame graph of what was kept" },
	{ KEY_HTML, "html", NULL, "print one page with all of it, for a browser" },
	{ KEY_CSV, "csv", NULL, "print comma separated values" },
	{ 0 }
};

static const struct brkw_usage usage = {
	.options = options,
	.details = "Call paths that grew are shown with what they kept, the largest first. What\n"
		   "got lost on the way is shown before all else.\n",
};

static int print(const struct brkw_env *env, int form, const struct brkw_recording *rec,
		 const struct brkw_growth *growth)
{
	if (env->is_json)
		return brkw_growth_json_print(rec, growth, stdout);
	switch (form) {
	case KEY_FOLDED:
		brkw_growth_fold(growth, stdout);
		break;
	case KEY_SVG:
		return brkw_flame_print(growth, stdout);
	case KEY_HTML:
		return brkw_page_print(rec, growth, stdout);
	case KEY_CSV:
		brkw_growth_csv(growth, stdout);
		break;
	default:
		brkw_growth_print(rec, growth, env->is_exact, stdout);
	}
	return 0;
}

/* What is whole of a recording that broke off is shown, and is a failure. */
static int warn_short(const char *path)
{
	struct brkw_why why;

	brkw_why_what(&why, "%s", path);
	brkw_why_set(&why, -EPIPE, "the recording has no end: what came last is missing");
	return brkw_cmd_failed(&why);
}

static int report(const struct brkw_env *env, int form, const char *path)
{
	struct brkw_recording rec;
	struct brkw_growth growth;
	struct brkw_why why;
	int err = brkw_recording_read(path, &rec, &why), status = BRKW_EXIT_DONE;

	if (err)
		return brkw_cmd_failed(&why);
	if (rec.is_short)
		status = warn_short(path);
	err = brkw_growth_sum(&rec, &growth);
	if (!err) {
		err = print(env, form, &rec, &growth);
		brkw_growth_free(&growth);
	}
	brkw_recording_free(&rec);
	if (!err)
		return status;
	brkw_why_what(&why, "%s", path);
	brkw_why_set(&why, err, "%s", strerror(-err));
	return brkw_cmd_failed(&why);
}

int do_report(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	bool has_other = false;
	int key, form = 0;

	while ((key = brkw_cmd_option(verb, &usage, env, argc, argv))) {
		has_other |= form && form != key;
		form = key;
	}
	if (has_other || (form && env->is_json))
		brkw_cmd_misused(verb, "only one of --json, --folded, --svg, --html and --csv can "
				 "be had");
	if (optind == argc)
		brkw_cmd_misused(verb, "there is no recording to show");
	if (optind + 1 < argc)
		brkw_cmd_misused(verb, "there is more than one recording");
	return report(env, form, argv[optind]);
}
