/* SPDX-License-Identifier: GPL-2.0 */
/* Draws a recording against time, as pictures within a page of HTML. */
#ifndef BRKW_CHART_H
#define BRKW_CHART_H

#include <stdio.h>

struct brkw_growth;
struct brkw_recording;

/**
 * brkw_chart_print_sizes - heap and mappings by kind, of all processes together
 * @rec: the recording
 * @growth: its sums
 * @out: where to
 */
void brkw_chart_print_sizes(const struct brkw_recording *rec, const struct brkw_growth *growth,
			    FILE *out);

/** brkw_chart_print_resident - the resident size of all processes together */
void brkw_chart_print_resident(const struct brkw_recording *rec, FILE *out);

/** brkw_chart_print_faults - their page faults a second */
void brkw_chart_print_faults(const struct brkw_recording *rec, FILE *out);

#endif /* BRKW_CHART_H */
