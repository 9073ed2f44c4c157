/* SPDX-License-Identifier: GPL-2.0 */
/* Finds what pins the top of the main heap. */
#ifndef BRKW_HEAP_PIN_H
#define BRKW_HEAP_PIN_H

struct brkw_heap;

/**
 * brkw_pin_find - find the highest block really in use, and what lies below it
 * @heap: parsed and marked; its pin is filled in
 */
void brkw_pin_find(struct brkw_heap *heap);

#endif /* BRKW_HEAP_PIN_H */
