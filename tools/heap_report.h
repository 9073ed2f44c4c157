/* SPDX-License-Identifier: GPL-2.0 */
/* Prints a heap as a page for people. */
#ifndef BRKW_HEAP_REPORT_H
#define BRKW_HEAP_REPORT_H

#include <stdbool.h>
#include <stdio.h>

struct brkw_heap;

/**
 * brkw_heap_report_print - print all but the map
 * @heap: the heap
 * @is_exact: exact numbers instead of human ones
 * @out: where to
 */
void brkw_heap_report_print(const struct brkw_heap *heap, bool is_exact, FILE *out);

#endif /* BRKW_HEAP_REPORT_H */
