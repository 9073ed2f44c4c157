/* SPDX-License-Identifier: GPL-2.0 */
/* Draws a flame graph of what call paths kept, from their folded texts. */
#ifndef BRKW_FLAME_H
#define BRKW_FLAME_H

#include <stdio.h>

struct brkw_growth;

/**
 * brkw_flame_print - print an SVG of its own, that a browser shows
 * @growth: the sums
 * @out: where to
 *
 * Who points at a box sees all of its name and its bytes.
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_flame_print(const struct brkw_growth *growth, FILE *out);

#endif /* BRKW_FLAME_H */
