/* SPDX-License-Identifier: GPL-2.0 */
/* Predicts what malloc_trim(0) would return. */
#ifndef BRKW_HEAP_TRIM_H
#define BRKW_HEAP_TRIM_H

struct brkw_heap;

/**
 * brkw_trim_predict - predict what a trim would return now
 * @heap: parsed and marked; its trim is filled in
 */
void brkw_trim_predict(struct brkw_heap *heap);

#endif /* BRKW_HEAP_TRIM_H */
