/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespaces of pids. The module knows processes by their numbers in the
 * initial one; a process in a container has another number there.
 */
#ifndef BRKW_PIDNS_H
#define BRKW_PIDNS_H

#include <stdbool.h>
#include <stdint.h>

struct brkw_why;

/**
 * brkw_pidns_is_initial - are our numbers those of the module?
 * @sysroot: prefix of every path, or ""
 *
 * A kernel without pid namespaces has the initial one alone.
 */
bool brkw_pidns_is_initial(const char *sysroot);

/**
 * brkw_pidns_foreign - say what it means that we are in another namespace
 * @why: filled in: text and cure
 * @err: negative errno
 *
 * Return: @err.
 */
int brkw_pidns_foreign(struct brkw_why *why, int err);

/**
 * brkw_pidns_inner - the number of a process in its own pid namespace
 * @sysroot: prefix of every path, or ""
 * @pid: in the initial pid namespace
 *
 * Return: the number; 0 if it cannot be told, from another namespace or of a
 * process that is gone.
 */
uint32_t brkw_pidns_inner(const char *sysroot, uint32_t pid);

#endif /* BRKW_PIDNS_H */
