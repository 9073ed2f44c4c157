// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>

#include "chart.h"
#include "format.h"
#include "growth.h"
#include "recording.h"

#define WIDTH		1200
#define HEIGHT		220
#define LEFT		70
#define RIGHT		10
#define TOP		8
#define BOTTOM		22
#define LEGEND_WIDTH	165

static const struct {
	const char *name;
	const char *colour;
} lines[BRKW_NR_KINDS] = {
	[BRKW_KIND_HEAP] = { "heap (brk)", "#c0392b" },
	[BRKW_KIND_ANON_PRIVATE] = { "anonymous private", "#2471a3" },
	[BRKW_KIND_ANON_SHARED] = { "anonymous shared", "#7d3c98" },
	[BRKW_KIND_FILE_PRIVATE] = { "file private", "#1e8449" },
	[BRKW_KIND_FILE_SHARED] = { "file shared", "#b7950b" },
	[BRKW_KIND_OTHER] = { "stack and other", "#616a6b" },
};

/* The scales of one picture. */
struct scale {
	uint64_t ts_first, ts_last;
	double low, high;
};

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

static void stretch_time(struct scale *scale, uint64_t ts_ns)
{
	if (ts_ns < scale->ts_first)
		scale->ts_first = ts_ns;
	if (ts_ns > scale->ts_last)
		scale->ts_last = ts_ns;
}

/* All pictures have the same times. */
static void find_times(const struct brkw_recording *rec, struct scale *scale)
{
	size_t i;

	*scale = (struct scale){ .ts_first = UINT64_MAX, .high = 1 };
	for (i = 0; i < rec->nr_events; i++)
		stretch_time(scale, rec->events[i].ts_ns);
	for (i = 0; i < rec->nr_samples; i++)
		stretch_time(scale, rec->samples[i].ts_ns);
	for (i = 0; i < rec->nr_processes; i++)
		if (rec->processes[i].ended_ns)
			stretch_time(scale, rec->processes[i].ended_ns);
}

static void open_picture(const struct scale *scale, enum brkw_unit unit, FILE *out)
{
	char high[BRKW_FORMAT_LEN], low[BRKW_FORMAT_LEN];

	brkw_format_number((int64_t)scale->high, unit, false, high);
	brkw_format_number((int64_t)scale->low, unit, false, low);
	fprintf(out, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
		"font-family=\"monospace\" font-size=\"11\">\n", WIDTH, HEIGHT, WIDTH, HEIGHT);
	fprintf(out, "<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#888\"/>"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.3f s</text>\n",
		LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT, LEFT - 4, TOP + 10, high, LEFT - 4,
		HEIGHT - BOTTOM, low, WIDTH - RIGHT, HEIGHT - 6,
		(double)(scale->ts_last - scale->ts_first) / 1e9);
}

static void open_line(const struct scale *scale, const char *colour, FILE *out)
{
	fprintf(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" d=\"M%d %.1f",
		colour, LEFT, y_of(scale, 0));
}

/* --- sizes --- */

static void scale_sizes(const struct brkw_growth *growth, struct scale *scale)
{
	double sizes[BRKW_NR_KINDS] = { 0 };
	size_t i;

	for (i = 0; i < growth->nr_steps; i++) {
		sizes[growth->steps[i].kind] += (double)growth->steps[i].bytes;
		stretch(scale, sizes[growth->steps[i].kind]);
	}
}

static void print_kind(const struct brkw_growth *growth, const struct scale *scale,
		       enum brkw_kind kind, FILE *out)
{
	double size = 0;
	size_t i;

	open_line(scale, lines[kind].colour, out);
	for (i = 0; i < growth->nr_steps; i++) {
		if (growth->steps[i].kind != kind)
			continue;
		size += (double)growth->steps[i].bytes;
		fprintf(out, "H%.1fV%.1f", x_of(scale, growth->steps[i].ts_ns),
			y_of(scale, size));
	}
	fprintf(out, "H%d\"/>\n", WIDTH - RIGHT);
}

void brkw_chart_print_sizes(const struct brkw_recording *rec, const struct brkw_growth *growth,
			    FILE *out)
{
	struct scale scale;
	unsigned int i;

	find_times(rec, &scale);
	scale_sizes(growth, &scale);
	open_picture(&scale, BRKW_BYTES, out);
	for (i = 0; i < BRKW_NR_KINDS; i++) {
		print_kind(growth, &scale, (enum brkw_kind)i, out);
		fprintf(out, "<text x=\"%u\" y=\"%d\" fill=\"%s\">%s</text>\n",
			LEFT + 8 + LEGEND_WIDTH * i, HEIGHT - 6, lines[i].colour, lines[i].name);
	}
	fprintf(out, "</svg>\n");
}

/* --- samples: looks at all processes, each of one time --- */

/* Behind the last sample of the look that begins with sample @i. */
static size_t end_of_look(const struct brkw_recording *rec, size_t i)
{
	uint64_t ts_ns = rec->samples[i].ts_ns;

	while (i < rec->nr_samples && rec->samples[i].ts_ns == ts_ns)
		i++;
	return i;
}

static double resident_of_look(const struct brkw_recording *rec, size_t before, size_t first,
			       size_t end)
{
	double bytes = 0;
	size_t i;

	(void)before;
	for (i = first; i < end; i++)
		bytes += (double)rec->samples[i].rss_bytes;
	return bytes;
}

static double nr_faults(const struct brkw_sample *sample)
{
	return (double)sample->nr_minor + (double)sample->nr_major;
}

/* Of a process that was not there before, all are new. */
static double faults_since(const struct brkw_recording *rec, size_t before, size_t first,
			   const struct brkw_sample *sample)
{
	double nr = nr_faults(sample);
	size_t i;

	for (i = before; i < first; i++)
		if (rec->samples[i].tgid == sample->tgid && nr_faults(&rec->samples[i]) <= nr)
			return nr - nr_faults(&rec->samples[i]);
	return nr;
}

static double rate_of_look(const struct brkw_recording *rec, size_t before, size_t first,
			   size_t end)
{
	uint64_t ts_before = rec->samples[before].ts_ns, ts_ns = rec->samples[first].ts_ns;
	double nr = 0;
	size_t i;

	if (ts_ns <= ts_before)
		return 0;
	for (i = first; i < end; i++)
		nr += faults_since(rec, before, first, &rec->samples[i]);
	return nr * 1e9 / (double)(ts_ns - ts_before);
}

typedef double (*value_fn)(const struct brkw_recording *rec, size_t before, size_t first,
			   size_t end);

/* Without @out, only looks how large the values are. */
static void print_looks(const struct brkw_recording *rec, struct scale *scale,
			value_fn value_of, FILE *out)
{
	size_t before = 0, first = 0, end;
	double value;

	for (; first < rec->nr_samples; before = first, first = end) {
		end = end_of_look(rec, first);
		value = value_of(rec, before, first, end);
		if (out)
			fprintf(out, "L%.1f %.1f", x_of(scale, rec->samples[first].ts_ns),
				y_of(scale, value));
		else
			stretch(scale, value);
	}
}

static void print_samples(const struct brkw_recording *rec, enum brkw_unit unit,
			  value_fn value_of, FILE *out)
{
	struct scale scale;

	find_times(rec, &scale);
	print_looks(rec, &scale, value_of, NULL);
	open_picture(&scale, unit, out);
	open_line(&scale, lines[BRKW_KIND_ANON_SHARED].colour, out);
	print_looks(rec, &scale, value_of, out);
	fprintf(out, "\"/>\n</svg>\n");
}

void brkw_chart_print_resident(const struct brkw_recording *rec, FILE *out)
{
	print_samples(rec, BRKW_BYTES, resident_of_look, out);
}

void brkw_chart_print_faults(const struct brkw_recording *rec, FILE *out)
{
	print_samples(rec, BRKW_COUNT, rate_of_look, out);
}
