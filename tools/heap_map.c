// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "format.h"
#include "heap.h"
#include "heap_cells.h"
#include "heap_map.h"
#include "heap_report.h"

#define NR_TEXT_COLUMNS	64UL
#define NR_TEXT_ROWS	16UL
#define NR_TEXT_REGIONS	8UL

#define NR_SVG_COLUMNS	128UL
#define NR_SVG_ROWS	64UL
#define NR_SVG_REGIONS	64UL
#define SZ_SVG_CELL	7
#define SZ_SVG_MARGIN	10UL
#define SZ_SVG_HEAD	24

/* How each kind of cell is drawn. */
static const struct {
	char letter;
	const char *colour;
	const char *name;
} looks[BRKW_NR_CELL_KINDS] = {
	[BRKW_CELL_NONE] = { ' ', "#eeeeee", "not malloc's" },
	[BRKW_CELL_USED] = { '#', "#3b6ea5", "in use" },
	[BRKW_CELL_FREE] = { 'o', "#e8a33d", "free, resident" },
	[BRKW_CELL_GONE] = { '.', "#f6e7cb", "free, given back" },
	[BRKW_CELL_CACHED] = { 'c', "#8e63b0", "cached" },
	[BRKW_CELL_TOP] = { 'T', "#4f9d69", "top" },
	[BRKW_CELL_PIN] = { 'P', "#c8102e", "the pin" },
};

static void title_region(const struct brkw_region *reg, const struct brkw_cells *cells, FILE *out)
{
	char size[BRKW_FORMAT_LEN], cell[BRKW_FORMAT_LEN];

	if (!reg->arena)
		fprintf(out, "main arena");
	else
		fprintf(out, "arena %zu", reg->arena);
	fprintf(out, ", %s from 0x%" PRIx64 ", %s a cell",
		brkw_format_number((int64_t)(reg->end - reg->start), BRKW_BYTES, false, size),
		reg->start,
		brkw_format_number((int64_t)cells->sz_cell, BRKW_BYTES, false, cell));
}

/* --- letters --- */

static int print_region(const struct brkw_heap *heap, const struct brkw_region *reg, FILE *out)
{
	struct brkw_cells cells;
	size_t i;
	int err = brkw_cells_fill(heap, reg, NR_TEXT_COLUMNS * NR_TEXT_ROWS, &cells);

	if (err)
		return err;
	fprintf(out, "  ");
	title_region(reg, &cells, out);
	for (i = 0; i < cells.nr; i++)
		fprintf(out, "%s%c", i % NR_TEXT_COLUMNS ? "" : "\n    |",
			looks[cells.kinds[i]].letter);
	fprintf(out, "|\n");
	brkw_cells_free(&cells);
	return 0;
}

static size_t nr_shown(const struct brkw_heap *heap, size_t nr_max)
{
	return heap->nr_regions < nr_max ? heap->nr_regions : nr_max;
}

int brkw_map_print(const struct brkw_heap *heap, FILE *out)
{
	size_t i, nr = nr_shown(heap, NR_TEXT_REGIONS);
	enum brkw_cell_kind kind;
	int err = 0;

	if (!nr)
		return 0;
	fprintf(out, "\nMap:");
	for (kind = BRKW_CELL_USED; kind < BRKW_NR_CELL_KINDS; kind++)
		fprintf(out, "%s %c %s", kind == BRKW_CELL_USED ? "" : " ", looks[kind].letter,
			looks[kind].name);
	fprintf(out, "\n");
	for (i = 0; !err && i < nr; i++)
		err = print_region(heap, &heap->regions[i], out);
	if (!err && nr < heap->nr_regions)
		fprintf(out, "  and %zu more pieces: --svg draws them\n", heap->nr_regions - nr);
	return err;
}

/* --- SVG --- */

/* Cells beside each other that are alike are one rectangle. */
static size_t print_run(const struct brkw_region *reg, const struct brkw_cells *cells, size_t i,
			unsigned long top, FILE *out)
{
	size_t row_end = (i / NR_SVG_COLUMNS + 1) * NR_SVG_COLUMNS, end = i + 1;

	while (end < cells->nr && end < row_end && cells->kinds[end] == cells->kinds[i])
		end++;
	fprintf(out, "<rect x=\"%lu\" y=\"%lu\" width=\"%lu\" height=\"%d\" fill=\"%s\"><title>"
		"0x%" PRIx64 ": %s</title></rect>\n",
		SZ_SVG_MARGIN + i % NR_SVG_COLUMNS * SZ_SVG_CELL,
		top + i / NR_SVG_COLUMNS * SZ_SVG_CELL, (end - i) * SZ_SVG_CELL,
		SZ_SVG_CELL - 1, looks[cells->kinds[i]].colour,
		reg->start + i * cells->sz_cell, looks[cells->kinds[i]].name);
	return end;
}

static int print_svg_region(const struct brkw_heap *heap, const struct brkw_region *reg,
			    unsigned long *top, FILE *out)
{
	struct brkw_cells cells;
	size_t i;
	int err = brkw_cells_fill(heap, reg, NR_SVG_COLUMNS * NR_SVG_ROWS, &cells);

	if (err)
		return err;
	fprintf(out, "<text x=\"%lu\" y=\"%lu\">", SZ_SVG_MARGIN, *top + SZ_SVG_HEAD - 8);
	title_region(reg, &cells, out);
	fprintf(out, "</text>\n");
	*top += SZ_SVG_HEAD;
	for (i = 0; i < cells.nr;)
		i = print_run(reg, &cells, i, *top, out);
	*top += (cells.nr + NR_SVG_COLUMNS - 1) / NR_SVG_COLUMNS * SZ_SVG_CELL;
	brkw_cells_free(&cells);
	return 0;
}

static void print_legend(unsigned long top, FILE *out)
{
	enum brkw_cell_kind kind;

	for (kind = BRKW_CELL_USED; kind < BRKW_NR_CELL_KINDS; kind++)
		fprintf(out, "<rect x=\"%lu\" y=\"%lu\" width=\"12\" height=\"12\" fill=\"%s\"/>"
			"<text x=\"%lu\" y=\"%lu\">%s</text>\n",
			SZ_SVG_MARGIN + (kind - 1) * 140UL, top, looks[kind].colour,
			SZ_SVG_MARGIN + (kind - 1) * 140UL + 16, top + 11, looks[kind].name);
}

/* Rows that all regions take. */
static unsigned long find_height(const struct brkw_heap *heap, size_t nr)
{
	unsigned long height = SZ_SVG_MARGIN + SZ_SVG_HEAD;
	uint64_t cells, sz_cell;
	size_t i;

	for (i = 0; i < nr; i++) {
		cells = heap->regions[i].end - heap->regions[i].start;
		sz_cell = heap->sz_page;
		while ((cells + sz_cell - 1) / sz_cell > NR_SVG_COLUMNS * NR_SVG_ROWS)
			sz_cell *= 2;
		cells = (cells + sz_cell - 1) / sz_cell;
		height += SZ_SVG_HEAD +
			  (cells + NR_SVG_COLUMNS - 1) / NR_SVG_COLUMNS * SZ_SVG_CELL;
	}
	return height + SZ_SVG_MARGIN;
}

int brkw_map_print_svg(const struct brkw_heap *heap, FILE *out)
{
	size_t nr = nr_shown(heap, NR_SVG_REGIONS), i;
	unsigned long top = SZ_SVG_MARGIN, width = NR_SVG_COLUMNS * SZ_SVG_CELL;
	int err = 0;

	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%lu\" height=\"%lu\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n",
		width + 2 * SZ_SVG_MARGIN, find_height(heap, nr));
	print_legend(top, out);
	top += SZ_SVG_HEAD;
	for (i = 0; !err && i < nr; i++)
		err = print_svg_region(heap, &heap->regions[i], &top, out);
	fprintf(out, "</svg>\n");
	return err;
}

/* --- HTML --- */

int brkw_map_print_html(const struct brkw_heap *heap, bool is_exact, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *report = open_memstream(&text, &len);
	int err;

	if (!report)
		return -ENOMEM;
	brkw_heap_report_print(heap, is_exact, report);
	if (fclose(report)) {
		free(text);
		return -ENOMEM;
	}
	fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<title>heap of pid %d</title></head><body>\n<pre>\n", heap->pid);
	brkw_format_markup(text, out);
	fprintf(out, "</pre>\n");
	err = brkw_map_print_svg(heap, out);
	fprintf(out, "</body></html>\n");
	free(text);
	return err;
}
