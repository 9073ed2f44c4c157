/* SPDX-License-Identifier: GPL-2.0 */
/* The heap as a picture: cells, each a run of pages, as text or as SVG. */
#ifndef BRKW_HEAP_MAP_H
#define BRKW_HEAP_MAP_H

#include <stdbool.h>
#include <stdio.h>

struct brkw_heap;

/**
 * brkw_map_print - draw the heap with letters
 * @heap: the heap
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_map_print(const struct brkw_heap *heap, FILE *out);

/**
 * brkw_map_print_svg - draw the heap as SVG
 * @heap: the heap
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_map_print_svg(const struct brkw_heap *heap, FILE *out);

/**
 * brkw_map_print_html - the report and the SVG on a page
 * @heap: the heap
 * @is_exact: exact numbers in the report
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_map_print_html(const struct brkw_heap *heap, bool is_exact, FILE *out);

#endif /* BRKW_HEAP_MAP_H */
