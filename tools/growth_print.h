/* SPDX-License-Identifier: GPL-2.0 */
/* Prints the sums of a recording: for people, as folded lines, as CSV. */
#ifndef BRKW_GROWTH_PRINT_H
#define BRKW_GROWTH_PRINT_H

#include <stdbool.h>
#include <stdio.h>

struct brkw_growth;
struct brkw_recording;
struct brkw_stack;

/**
 * brkw_growth_print - print what was lost, the sums, and path by path
 * @rec: the recording
 * @growth: its sums
 * @is_exact: no prefixes
 * @out: where to
 */
void brkw_growth_print(const struct brkw_recording *rec, const struct brkw_growth *growth,
		       bool is_exact, FILE *out);

/**
 * brkw_growth_print_stack - print who called whom, a line each, the innermost first
 * @rec: the recording
 * @stack: one of its stacks
 * @indent: how far to the right
 * @out: where to
 */
void brkw_growth_print_stack(const struct brkw_recording *rec, const struct brkw_stack *stack,
			     int indent, FILE *out);

/**
 * brkw_growth_fold - print one line a path that kept something, and how much
 * @growth: the sums
 * @out: where to
 *
 * The form that flamegraph.pl and speedscope read.
 */
void brkw_growth_fold(const struct brkw_growth *growth, FILE *out);

/**
 * brkw_growth_csv - print one line a path
 * @growth: the sums
 * @out: where to
 */
void brkw_growth_csv(const struct brkw_growth *growth, FILE *out);

#endif /* BRKW_GROWTH_PRINT_H */
