// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flame.h"
#include "format.h"
#include "growth.h"
#include "page.h"
#include "recording.h"

#define WIDTH		1200
#define HEIGHT		220
#define LEFT		70
#define RIGHT		10
#define TOP		8
#define BOTTOM		22
#define NR_LINES	3

/* What is drawn against time, of all processes together. */
enum line {
	LINE_HEAP,	/* by brk() */
	LINE_ANON,	/* mappings without a file, and what is unmapped of any */
	LINE_FILE,
};

static const struct {
	const char *name;
	const char *colour;
} lines[NR_LINES] = {
	[LINE_HEAP] = { "heap (brk)", "#c0392b" },
	[LINE_ANON] = { "anonymous mappings and the rest, less all that was unmapped", "#2471a3" },
	[LINE_FILE] = { "mappings of files", "#229954" },
};

/* The scales of one picture. */
struct scale {
	uint64_t ts_first, ts_last;
	double low, high;
};

static enum line line_of(uint32_t change)
{
	switch (change) {
	case BRKW_CHANGE_BRK:
		return LINE_HEAP;
	case BRKW_CHANGE_FILE_PRIVATE:
	case BRKW_CHANGE_FILE_SHARED:
		return LINE_FILE;
	default:
		return LINE_ANON;
	}
}

static double x_of(const struct scale *scale, uint64_t ts_ns)
{
	uint64_t span = scale->ts_last - scale->ts_first;
	uint64_t at = ts_ns > scale->ts_first ? ts_ns - scale->ts_first : 0;

	return LEFT + (WIDTH - LEFT - RIGHT) * (span ? (double)at / (double)span : 0);
}

static double y_of(const struct scale *scale, double value)
{
	return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - scale->low) /
	       (scale->high - scale->low);
}

static void stretch(struct scale *scale, double value)
{
	if (value < scale->low)
		scale->low = value;
	if (value > scale->high)
		scale->high = value;
}

static void find_times(const struct brkw_recording *rec, struct scale *scale)
{
	size_t i;

	scale->ts_first = UINT64_MAX;
	scale->ts_last = 0;
	for (i = 0; i < rec->nr_events + rec->nr_samples; i++) {
		uint64_t ts_ns = i < rec->nr_events ? rec->events[i].ts_ns :
				 rec->samples[i - rec->nr_events].ts_ns;

		if (ts_ns < scale->ts_first)
			scale->ts_first = ts_ns;
		if (ts_ns > scale->ts_last)
			scale->ts_last = ts_ns;
	}
	scale->low = 0;
	scale->high = 1;
}

static void print_axes(const struct scale *scale, enum brkw_unit unit, FILE *out)
{
	char high[BRKW_FORMAT_LEN], low[BRKW_FORMAT_LEN];

	brkw_format_number((int64_t)scale->high, unit, false, high);
	brkw_format_number((int64_t)scale->low, unit, false, low);
	fprintf(out, "<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#888\"/>"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.3f s</text>\n",
		LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT, LEFT - 4, TOP + 10, high, LEFT - 4,
		HEIGHT - BOTTOM, low, WIDTH - RIGHT, HEIGHT - 6,
		(double)(scale->ts_last - scale->ts_first) / 1e9);
}

static void open_picture(FILE *out)
{
	fprintf(out, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
		"font-family=\"monospace\" font-size=\"11\">\n", WIDTH, HEIGHT, WIDTH, HEIGHT);
}

/* --- sizes --- */

static void scale_sizes(const struct brkw_recording *rec, struct scale *scale)
{
	double sums[NR_LINES] = { 0 };
	size_t i;

	for (i = 0; i < rec->nr_events; i++) {
		enum line line = line_of(rec->events[i].change);

		sums[line] += (double)rec->events[i].bytes;
		stretch(scale, sums[line]);
	}
}

static void print_line(const struct brkw_recording *rec, const struct scale *scale,
		       enum line line, FILE *out)
{
	double sum = 0;
	size_t i;

	fprintf(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" d=\"M%d %.1f",
		lines[line].colour, LEFT, y_of(scale, 0));
	for (i = 0; i < rec->nr_events; i++) {
		if (line_of(rec->events[i].change) != line || !rec->events[i].bytes)
			continue;
		sum += (double)rec->events[i].bytes;
		fprintf(out, "H%.1fV%.1f", x_of(scale, rec->events[i].ts_ns), y_of(scale, sum));
	}
	fprintf(out, "H%d\"/>\n", WIDTH - RIGHT);
}

static void print_sizes(const struct brkw_recording *rec, FILE *out)
{
	struct scale scale;
	unsigned int i;

	find_times(rec, &scale);
	scale_sizes(rec, &scale);
	open_picture(out);
	print_axes(&scale, BRKW_BYTES, out);
	for (i = 0; i < NR_LINES; i++) {
		print_line(rec, &scale, (enum line)i, out);
		fprintf(out, "<text x=\"%d\" y=\"%u\" fill=\"%s\">%s</text>\n", LEFT + 8,
			TOP + 12 + 14 * i, lines[i].colour, lines[i].name);
	}
	fprintf(out, "</svg>\n");
}

/* --- samples: resident size, page faults --- */

/* Samples of one look at all processes have one time. */
static size_t sum_look(const struct brkw_recording *rec, size_t i, double *ret_rss,
		       double *ret_faults)
{
	uint64_t ts_ns = rec->samples[i].ts_ns;

	*ret_rss = 0;
	*ret_faults = 0;
	for (; i < rec->nr_samples && rec->samples[i].ts_ns == ts_ns; i++) {
		*ret_rss += (double)rec->samples[i].rss_bytes;
		*ret_faults += (double)rec->samples[i].nr_minor + (double)rec->samples[i].nr_major;
	}
	return i;
}

/* Faults a second since the look before; a process that ended takes its own along. */
static double rate_of(double faults, double faults_before, uint64_t ts_ns, uint64_t ts_before)
{
	if (faults <= faults_before || ts_ns <= ts_before)
		return 0;
	return (faults - faults_before) * 1e9 / (double)(ts_ns - ts_before);
}

/* One value a look: the resident size, or the rate of faults. */
static void print_looks(const struct brkw_recording *rec, struct scale *scale, bool is_rate,
			FILE *out)
{
	double rss, faults, faults_before = 0, value;
	uint64_t ts_before = 0, ts_ns;
	size_t i = 0;

	while (i < rec->nr_samples) {
		ts_ns = rec->samples[i].ts_ns;
		i = sum_look(rec, i, &rss, &faults);
		value = is_rate ? rate_of(faults, faults_before, ts_ns, ts_before) : rss;
		if (is_rate && !ts_before)
			value = 0;
		ts_before = ts_ns;
		faults_before = faults;
		if (out)
			fprintf(out, "L%.1f %.1f", x_of(scale, ts_ns), y_of(scale, value));
		else
			stretch(scale, value);
	}
}

static void print_samples(const struct brkw_recording *rec, bool is_rate, FILE *out)
{
	struct scale scale;

	find_times(rec, &scale);
	print_looks(rec, &scale, is_rate, NULL);
	open_picture(out);
	print_axes(&scale, is_rate ? BRKW_COUNT : BRKW_BYTES, out);
	fprintf(out, "<path fill=\"none\" stroke=\"#7d3c98\" stroke-width=\"1.5\" d=\"M%d %.1f",
		LEFT, y_of(&scale, 0));
	print_looks(rec, &scale, is_rate, out);
	fprintf(out, "\"/>\n</svg>\n");
}

/* --- the table --- */

static void print_row(const struct brkw_path *path, FILE *out)
{
	fprintf(out, "<tr><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64
		"</td><td>", brkw_path_kept(path), path->grown, path->given_back,
		path->nr_events);
	brkw_markup_print(path->text, out);
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
	brkw_markup_print(rec->command ? rec->command : "a recording", out);
	fprintf(out, "</title>\n<style>body{font:14px sans-serif;max-width:1220px;margin:1em auto}"
		"svg{max-width:100%%;height:auto;background:#fdfdf6}"
		"td,th{font:12px monospace;text-align:right;padding:1px 8px;vertical-align:top}"
		"td:last-child,th:last-child{text-align:left;word-break:break-all}"
		".lost{font-weight:bold}</style></head>\n<body>\n<h1>");
	brkw_markup_print(rec->command ? rec->command : "a recording", out);
	fprintf(out, "</h1>\n");
}

static void print_words(const struct brkw_recording *rec, const struct brkw_growth *growth,
			FILE *out)
{
	fprintf(out, "<p class=\"lost\">Lost: %" PRIu64 " changes, %" PRIu64
		" mappings of code, %" PRIu64 " children not followed.%s</p>\n",
		rec->losses.events, rec->losses.mappings, rec->losses.processes,
		rec->is_short ? " The recording has no end: what came last is missing." : "");
	if (rec->filter) {
		fprintf(out, "<p>Only: ");
		brkw_markup_print(rec->filter, out);
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
		print_sizes(rec, out);
	}
	if (rec->nr_samples) {
		fprintf(out, "<h2>Resident size</h2>\n");
		print_samples(rec, false, out);
		fprintf(out, "<h2>Page faults a second</h2>\n");
		print_samples(rec, true, out);
	}
	fprintf(out, "<h2>Who grew and did not give back</h2>\n");
	err = brkw_flame_print(growth, out);
	print_table(growth, out);
	fprintf(out, "</body></html>\n");
	return err;
}
