// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pidns.h"
#include "setting.h"
#include "snapshot.h"
#include "why.h"

/*
 * The inode of the initial one is fixed (PROC_PID_INIT_INO, since 3.8). NSpid of
 * /proc/self/status tells nothing here: where a container has mounted its own
 * /proc, it shows the numbers from the container inwards.
 */
#define INITIAL_LINK	"pid:[4026531836]"

bool brkw_pidns_is_initial(const char *sysroot)
{
	char path[PATH_MAX], link[64];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/proc/self/ns/pid", sysroot);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return true;
	link[len] = '\0';
	return !strcmp(link, INITIAL_LINK);
}

int brkw_pidns_foreign(struct brkw_why *why, int err)
{
	brkw_why_set(why, err, "this is a container: pids of the module are those of the "
		     "initial pid namespace, not of this one");
	brkw_why_cure(why, "run brkwatch on the host, or in a container made with --pid=host");
	return err;
}

uint32_t brkw_pidns_inner(const char *sysroot, uint32_t pid)
{
	char path[64], line[512], *last;	/* 32 namespaces deep at most */
	int64_t inner;

	if (!brkw_pidns_is_initial(sysroot))
		return 0;
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	if (brkw_setting_line(sysroot, path, "NSpid:", line, sizeof(line)))
		return 0;
	last = strrchr(line, '\t');
	if (!last || brkw_snapshot_parse_number(last + 1, &inner) || inner < 1 ||
	    inner > INT32_MAX)
		return 0;
	return (uint32_t)inner;
}
