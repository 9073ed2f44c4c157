// SPDX-License-Identifier: GPL-2.0
/*
 * Accounts for other programs, in a form that one of them knows. How many series
 * there are is bounded by --top, whatever the machine does.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "caution.h"
#include "cmd.h"
#include "column.h"
#include "csv.h"
#include "history.h"
#include "json.h"
#include "metrics.h"
#include "outfile.h"
#include "source.h"
#include "stats.h"
#include "why.h"

#define SORT_DEFAULT	"vm_net_bytes"
#define TOP_DEFAULT	20

enum {
	KEY_FORMAT = 0x100,
	KEY_TOP,
	KEY_SORT,
	KEY_TEXTFILE,
};

static const struct brkw_option options[] = {
	{ KEY_FORMAT, "format", "FORMAT", "openmetrics, prometheus, json or csv" },
	{ KEY_TOP, "top", "N", "only the first N processes, 20 if it is not said" },
	{ KEY_SORT, "sort", "COL", "by COL, largest first; -COL the other way" },
	{ 'o', "columns", "COLS", "these, commas between; +COLS adds to the usual" },
	{ KEY_TEXTFILE, "textfile", "FILE", "write FILE at once, for node_exporter" },
	{ 0 }
};

enum format {
	FORMAT_UNSAID,
	FORMAT_OPENMETRICS,
	FORMAT_PROMETHEUS,
	FORMAT_JSON,
	FORMAT_CSV,
	NR_FORMATS
};

static const char *const format_names[NR_FORMATS] = {
	[FORMAT_UNSAID] = "", [FORMAT_OPENMETRICS] = "openmetrics",
	[FORMAT_PROMETHEUS] = "prometheus", [FORMAT_JSON] = "json", [FORMAT_CSV] = "csv",
};

static void print_words(FILE *out)
{
	int format;

	for (format = FORMAT_OPENMETRICS; format < NR_FORMATS; format++)
		fprintf(out, "value FORMAT %s -\n", format_names[format]);
	brkw_column_words(out);
}

static const struct brkw_usage usage = {
	.options = options,
	.details = "Without --format it is openmetrics, or prometheus with --textfile: that is the\n"
		   "form that node_exporter reads. metrics.rst, among the documents, has the\n"
		   "names.\n",
	.words = print_words,
};

/* What is wanted, and what there is to be written. */
struct export {
	enum format format;
	const char *sort;
	const char *columns;
	const char *textfile;
	int64_t nr_max;
	struct brkw_source src;
	struct brkw_column_set set;
	struct brkw_history history;
	struct brkw_snapshot shown;	/* owned by history */
	struct brkw_stats stats;
	bool has_stats;
};

static enum format parse_format(const struct brkw_verb *verb, const char *word)
{
	int format;

	for (format = FORMAT_OPENMETRICS; format < NR_FORMATS; format++)
		if (!strcmp(word, format_names[format]))
			return format;
	brkw_cmd_misused(verb, "there is no format '%s'", word);
}

static void take_options(const struct brkw_verb *verb, struct brkw_env *env, int argc,
			 char **argv, struct export *e)
{
	int key;

	while ((key = brkw_cmd_option(verb, &usage, env, argc, argv))) {
		if (key == KEY_FORMAT)
			e->format = parse_format(verb, optarg);
		else if (key == KEY_TOP)
			e->nr_max = brkw_cmd_number(verb, optarg, "processes");
		else if (key == KEY_SORT)
			e->sort = optarg;
		else if (key == KEY_TEXTFILE)
			e->textfile = optarg;
		else
			e->columns = optarg;
	}
	if (optind < argc)
		brkw_cmd_misused(verb, "no argument is wanted, and there is '%s'", argv[optind]);
	if (env->is_json && e->format && e->format != FORMAT_JSON)
		brkw_cmd_misused(verb, "--json does not go with --format %s",
				 format_names[e->format]);
	if (!e->format && env->is_json)
		e->format = FORMAT_JSON;
	if (!e->format)
		e->format = e->textfile ? FORMAT_PROMETHEUS : FORMAT_OPENMETRICS;
}

/* What can be known without a module: whether the words are right. */
static int choose(struct export *e, const struct brkw_column **ret_sort, struct brkw_why *why)
{
	brkw_column_set_usual(BRKW_USUAL_EXPORT, &e->set);
	*ret_sort = brkw_column_find(e->sort + (*e->sort == '-'), why);
	if (!*ret_sort)
		return -EINVAL;
	if (!e->columns)
		return 0;
	return brkw_column_set_parse(e->columns, BRKW_USUAL_EXPORT, &e->set, why);
}

/* A recording may lack the file stats; then its metrics are not there. */
static int read_all(struct export *e, const struct brkw_env *env,
		    const struct brkw_column *sort, struct brkw_why *why)
{
	struct brkw_snapshot snap;
	struct brkw_why ignored;
	int err = brkw_source_live(&e->src, &snap, why);

	if (err)
		return err;
	if (brkw_history_take(&e->history, &snap))
		return brkw_why_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	e->has_stats = !brkw_source_stats(&e->src, &e->stats, &ignored);
	if (brkw_column_needs_cgroups(&e->set, sort) && brkw_cmd_has_proc(env))
		brkw_history_read_cgroups(&e->history, env->sysroot);
	brkw_column_sort(&e->history.now, sort, *e->sort == '-');
	e->shown = e->history.now;
	if (e->shown.nr_accts > (uint64_t)e->nr_max)
		e->shown.nr_accts = (size_t)e->nr_max;
	return 0;
}

static int print_export(const struct export *e, FILE *out, struct brkw_why *why)
{
	const struct brkw_metrics metrics = {
		.all = &e->history.now,
		.shown = &e->shown,
		.set = &e->set,
		.stats = e->has_stats ? &e->stats : NULL,
		.is_open = e->format == FORMAT_OPENMETRICS,
	};
	int err = 0;

	if (e->format == FORMAT_JSON)
		err = brkw_json_print_list(&e->shown, &e->set, out);
	else if (e->format == FORMAT_CSV)
		brkw_csv_print(&e->shown, &e->set, out);
	else
		brkw_metrics_print(&metrics, out);
	return err ? brkw_why_set(why, err, "%s", strerror(-err)) : 0;
}

static int write_export(const struct export *e, struct brkw_why *why)
{
	struct brkw_outfile out;
	int err;

	if (!e->textfile)
		return print_export(e, stdout, why);
	err = brkw_outfile_open(&out, e->textfile, why);
	if (err)
		return err;
	return brkw_outfile_close(&out, print_export(e, out.file, why), why);
}

int do_export(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	struct export e = { .sort = SORT_DEFAULT, .nr_max = TOP_DEFAULT };
	struct brkw_why why = { .what = "export" }, why_short;
	const struct brkw_column *sort;
	int err;

	take_options(verb, env, argc, argv, &e);
	if (choose(&e, &sort, &why)) {
		brkw_cmd_failed(&why);
		return BRKW_EXIT_MISUSED;
	}
	brkw_cmd_source(env, &e.src);
	if (brkw_cmd_module(env, &why))
		return brkw_cmd_failed(&why);
	brkw_caution_print(env, &e.src);
	err = read_all(&e, env, sort, &why);
	why_short = why;
	if (!err)
		err = write_export(&e, &why);
	if (!err && e.history.now.is_short) {
		err = -EINVAL;
		why = why_short;
	}
	if (e.has_stats)
		brkw_stats_free(&e.stats);
	brkw_history_free(&e.history);
	return err ? brkw_cmd_failed(&why) : BRKW_EXIT_DONE;
}
