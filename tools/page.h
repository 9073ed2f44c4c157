/* SPDX-License-Identifier: GPL-2.0 */
/* A recording as one page of HTML that needs nothing from elsewhere. */
#ifndef BRKW_PAGE_H
#define BRKW_PAGE_H

#include <stdio.h>

struct brkw_growth;
struct brkw_recording;

/**
 * brkw_page_print - print the page: what was lost, how sizes went with time, the
 * flame graph, the table
 * @rec: the recording
 * @growth: its sums
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_page_print(const struct brkw_recording *rec, const struct brkw_growth *growth,
		    FILE *out);

#endif /* BRKW_PAGE_H */
