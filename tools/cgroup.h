/* SPDX-License-Identifier: GPL-2.0 */
/* Which cgroup a process is in: a question to /proc, for the module has no answer. */
#ifndef BRKW_CGROUP_H
#define BRKW_CGROUP_H

#include <stdint.h>

/**
 * brkw_cgroup_read - the cgroup that bounds the memory of a process
 * @sysroot: prefix of the path, or ""
 * @pid: of the process
 *
 * Of the old hierarchies it is that of the memory controller, else the unified one.
 *
 * Return: its path, any bytes, for free(); NULL if it cannot be told.
 */
char *brkw_cgroup_read(const char *sysroot, uint32_t pid);

#endif /* BRKW_CGROUP_H */
