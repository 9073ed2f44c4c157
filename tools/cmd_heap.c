// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "caution.h"
#include "cmd.h"
#include "heap.h"
#include "heap_hold.h"
#include "heap_json.h"
#include "heap_map.h"
#include "heap_report.h"
#include "origin.h"
#include "pidns.h"
#include "report.h"
#include "snapshot.h"
#include "source.h"
#include "why.h"

#define HOLD_MS_MIN	(BRKW_HOLD_MARGIN_MS + 1)
#define HOLD_MS_MAX	60000

/* Keys of the options without a letter. */
enum {
	KEY_HOLD = 0x100,
	KEY_NO_STOP,
	KEY_NO_MAP,
	KEY_SVG,
	KEY_HTML,
	KEY_RECORD,
};

static const struct brkw_option options[] = {
	{ KEY_HOLD, "hold", "MS", "hold the process still for at most MS milliseconds (50)" },
	{ KEY_NO_STOP, "no-stop", NULL, "read it as it runs" },
	{ KEY_NO_MAP, "no-map", NULL, "leave out the map" },
	{ KEY_SVG, "svg", NULL, "draw the map as SVG" },
	{ KEY_HTML, "html", NULL, "print a page with the report and the map" },
	{ KEY_RECORD, "record", "FILE", "say who grew what the pin holds, by a recording of it" },
	{ 0 }
};

static const struct brkw_usage usage = {
	.options = options,
	.details = "Reads the heap of glibc's malloc from outside and changes nothing in the "
		   "process.\n"
		   "Needs no module.\n",
};

/* What is asked for. */
struct wanted {
	int pid;
	unsigned int hold_ms;	/* 0 not at all */
	bool has_no_stop;
	bool has_no_map;
	bool is_svg;
	bool is_html;
	const char *recording;
};

static unsigned int parse_hold(const struct brkw_verb *verb, const char *word)
{
	int64_t ms;

	if (brkw_snapshot_parse_number(word, &ms) || ms < HOLD_MS_MIN || ms > HOLD_MS_MAX)
		brkw_cmd_misused(verb, "'%s' is not a number from %d to %d", word, HOLD_MS_MIN,
				 HOLD_MS_MAX);
	return (unsigned int)ms;
}

static void parse_wanted(const struct brkw_verb *verb, struct brkw_env *env, int argc,
			 char **argv, struct wanted *ret_want)
{
	struct wanted want = { .hold_ms = 0 };
	int key;

	while ((key = brkw_cmd_option(verb, &usage, env, argc, argv))) {
		if (key == KEY_HOLD)
			want.hold_ms = parse_hold(verb, optarg);
		else if (key == KEY_NO_STOP)
			want.has_no_stop = true;
		else if (key == KEY_NO_MAP)
			want.has_no_map = true;
		else if (key == KEY_SVG)
			want.is_svg = true;
		else if (key == KEY_HTML)
			want.is_html = true;
		else if (key == KEY_RECORD)
			want.recording = optarg;
	}
	if (argc - optind != 1)
		brkw_cmd_misused(verb, "one PID is wanted, and there are %d words",
				 argc - optind);
	if (want.hold_ms && want.has_no_stop)
		brkw_cmd_misused(verb, "only one of --hold and --no-stop can be had");
	if (!want.hold_ms && !want.has_no_stop)
		want.hold_ms = BRKW_HOLD_MS;
	if (want.is_svg + want.is_html + env->is_json > 1)
		brkw_cmd_misused(verb, "only one of --json, --svg and --html can be had");
	if (want.recording && (want.is_svg || want.is_html))
		brkw_cmd_misused(verb, "--record goes neither with --svg nor with --html");
	want.pid = brkw_cmd_pid(verb, argv[optind]);
	*ret_want = want;
}

/* In a container a number is that of one process to us, of another to the module. */
static int find_account(const struct brkw_env *env, int pid, struct brkw_snapshot *ret_snap,
			struct brkw_why *why)
{
	struct brkw_source src;
	int err;

	if (!env->dir && !brkw_pidns_is_initial(env->sysroot)) {
		brkw_pidns_foreign(why, -ESRCH);
		return -ESRCH;
	}
	brkw_cmd_source(env, &src);
	err = brkw_source_process(&src, (uint32_t)pid, ret_snap, why);
	if (!err)
		brkw_caution_print(env, &src);
	return err;
}

/* Where the heap cannot tell all, the account of the module may. */
static void print_account(const struct brkw_heap *heap, const struct brkw_env *env)
{
	struct brkw_snapshot snap;
	struct brkw_why why;

	if (heap->nr_arenas && !brkw_heap_stopped(heap))
		return;
	if (find_account(env, heap->pid, &snap, &why)) {
		printf("\nWhat the kernel knows of it: nothing, %s\n", why.text);
		return;
	}
	printf("\nWhat the kernel knows of it:\n\n");
	brkw_report_print(&snap.accts[0], env->is_exact, stdout);
	brkw_snapshot_free(&snap);
}

static int print_heap(const struct brkw_heap *heap, const struct brkw_origin *origin,
		      const struct wanted *want, const struct brkw_env *env)
{
	int err;

	if (env->is_json)
		return brkw_heap_json_print(heap, origin, stdout);
	if (want->is_svg)
		return brkw_map_print_svg(heap, stdout);
	if (want->is_html)
		return brkw_map_print_html(heap, env->is_exact, stdout);
	brkw_heap_report_print(heap, env->is_exact, stdout);
	if (origin)
		brkw_origin_print(origin, env->is_exact, stdout);
	err = want->has_no_map ? 0 : brkw_map_print(heap, stdout);
	print_account(heap, env);
	return err;
}

int do_heap(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	struct brkw_origin origin;
	struct brkw_heap heap;
	struct wanted want;
	struct brkw_why why;
	int err;

	parse_wanted(verb, env, argc, argv, &want);
	if (brkw_heap_take(want.pid, want.hold_ms, &heap, &why))
		return brkw_cmd_failed(&why);
	if (want.recording && brkw_origin_find(want.recording, &heap, &origin, &why)) {
		brkw_heap_free(&heap);
		return brkw_cmd_failed(&why);
	}
	err = print_heap(&heap, want.recording ? &origin : NULL, &want, env);
	if (want.recording)
		brkw_origin_free(&origin);
	brkw_heap_free(&heap);
	if (!err)
		return BRKW_EXIT_DONE;
	brkw_why_what(&why, "heap");
	brkw_why_set(&why, -ENOMEM, "%s", strerror(ENOMEM));
	return brkw_cmd_failed(&why);
}
