/* SPDX-License-Identifier: GPL-2.0 */
/* Prints a heap as JSON; the names are documented in brkwatch(8). */
#ifndef BRKW_HEAP_JSON_H
#define BRKW_HEAP_JSON_H

#include <stdio.h>

struct brkw_heap;
struct brkw_origin;

/**
 * brkw_heap_json_print - print a heap as one object
 * @heap: the heap
 * @origin: who grew the part of it that the pin lies in, or NULL if that is not asked
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_heap_json_print(const struct brkw_heap *heap, const struct brkw_origin *origin,
			 FILE *out);

#endif /* BRKW_HEAP_JSON_H */
