/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The canary of the module: since when its numbers may be wrong because the
 * kernel has called its hooks no more, and who told the kernel so.
 */
#ifndef BRKW_EXACT_H
#define BRKW_EXACT_H

#include <stdbool.h>

struct brkw_stats;
struct brkw_why;

/**
 * brkw_exact_lost - has the module seen that its hooks were off?
 * @stats: what it says of itself; an older one does not look for it
 * @sysroot: prefix of every path, or ""; NULL for a recording, whose settings
 *	     nobody knows
 * @why: filled in if so: text and cure
 *
 * Return: whether it has.
 */
bool brkw_exact_lost(const struct brkw_stats *stats, const char *sysroot, struct brkw_why *why);

#endif /* BRKW_EXACT_H */
