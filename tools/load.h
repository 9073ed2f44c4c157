/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loads the module when a verb needs it and it is not there. What may be in the
 * way, and the cure, is asked of the checks of doctor.
 */
#ifndef BRKW_LOAD_H
#define BRKW_LOAD_H

struct brkw_why;

/**
 * brkw_load_module - see that the module is loaded
 * @sysroot: prefix of every path of the system, or ""
 * @why: says on failure what is in the way
 *
 * Mounts nothing: without debugfs, the module is not loaded either.
 *
 * Return: 0 if it was loaded before, 1 if it is since now, or a negative errno.
 */
int brkw_load_module(const char *sysroot, struct brkw_why *why);

#endif /* BRKW_LOAD_H */
