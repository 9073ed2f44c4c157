// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>

#include "chart.h"
#include "flame.h"
#include "format.h"
#include "growth.h"
#include "page.h"
#include "recording.h"

static void print_row(const struct brkw_path *path, FILE *out)
{
	fprintf(out, "<tr><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64
		"</td><td>", brkw_path_kept(path), path->grown, path->given_back,
		path->nr_events);
	brkw_format_markup(path->text, out);
	fprintf(out, "</td></tr>\n");
}

static void print_table(const struct brkw_growth *growth, FILE *out)
{
	size_t i;

	fprintf(out, "<table id=\"paths\">\n<tr><th>kept, bytes</th><th>grown</th>"
		"<th>given back</th><th>changes</th><th>call path</th></tr>\n");
	for (i = 0; i < growth->nr_paths; i++)
		print_row(&growth->paths[i], out);
	fprintf(out, "</table>\n");
}

static void print_head(const struct brkw_recording *rec, FILE *out)
{
	fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<link rel=\"icon\" href=\"data:,\">\n<title>brkwatch: ");
	brkw_format_markup(rec->command ? rec->command : "a recording", out);
	fprintf(out, "</title>\n<style>body{font:14px sans-serif;max-width:1220px;margin:1em auto}"
		"svg{max-width:100%%;height:auto;background:#fdfdf6}"
		"td,th{font:12px monospace;text-align:right;padding:1px 8px;vertical-align:top}"
		"td:last-child,th:last-child{text-align:left;word-break:break-all}"
		".lost{font-weight:bold}</style></head>\n<body>\n<h1>");
	brkw_format_markup(rec->command ? rec->command : "a recording", out);
	fprintf(out, "</h1>\n");
}

static void print_words(const struct brkw_recording *rec, const struct brkw_growth *growth,
			FILE *out)
{
	fprintf(out, "<p class=\"lost\">Lost: %" PRIu64 " changes, %" PRIu64 " answers of calls, %"
		PRIu64 " mappings of code, %" PRIu64 " children not followed.%s</p>\n",
		rec->losses.changes, rec->losses.answers, rec->losses.mappings,
		rec->losses.processes,
		rec->is_short ? " The recording has no end: what came last is missing." : "");
	if (rec->filter) {
		fprintf(out, "<p>Only: ");
		brkw_format_markup(rec->filter, out);
		fprintf(out, "</p>\n");
	}
	fprintf(out, "<p>Grown <span id=\"grown\">%" PRIu64 "</span> bytes, given back "
		"<span id=\"given_back\">%" PRIu64 "</span> of them, and <span id=\"unowned\">%"
		PRIu64 "</span> that are not known whose.</p>\n", growth->grown,
		growth->given_back, growth->unowned);
}

int brkw_page_print(const struct brkw_recording *rec, const struct brkw_growth *growth,
		    FILE *out)
{
	int err;

	print_head(rec, out);
	print_words(rec, growth, out);
	if (rec->nr_events) {
		fprintf(out, "<h2>Heap and mappings, grown since the start</h2>\n");
		brkw_chart_print_sizes(rec, growth, out);
	}
	if (rec->nr_samples) {
		fprintf(out, "<h2>Resident size</h2>\n");
		brkw_chart_print_resident(rec, out);
		fprintf(out, "<h2>Page faults a second</h2>\n");
		brkw_chart_print_faults(rec, out);
	}
	fprintf(out, "<h2>Who grew and did not give back</h2>\n");
	err = brkw_flame_print(growth, out);
	print_table(growth, out);
	fprintf(out, "</body></html>\n");
	return err;
}
