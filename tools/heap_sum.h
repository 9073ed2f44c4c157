/* SPDX-License-Identifier: GPL-2.0 */
/* Sums over chunks: by arena and state, and by class of size. */
#ifndef BRKW_HEAP_SUM_H
#define BRKW_HEAP_SUM_H

struct brkw_heap;

/**
 * brkw_heap_sum - add up chunks and pages
 * @heap: parsed and marked; sums of its arenas and its classes are filled in
 */
void brkw_heap_sum(struct brkw_heap *heap);

#endif /* BRKW_HEAP_SUM_H */
