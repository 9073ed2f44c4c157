// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "source.h"
#include "why.h"

#define CURE_DIR	"--dir wants a copy of /sys/kernel/debug/brkwatch"

static void explain_dir(const struct brkw_source *src, int err, struct brkw_why *why)
{
	if (err == -EINVAL || err == -EPROTO)
		brkw_why_cure(why, "record it anew with cat (tar takes files of debugfs for empty)");
	else if (err == -EACCES)
		brkw_why_cure(why, "it was recorded by root: chmod it, or run brkwatch as root");
	else if (err == -EISDIR || err == -ENOTDIR || err == -ENAMETOOLONG)
		brkw_why_cure(why, CURE_DIR);
	if (err != -ENOENT)
		return;
	if (access(src->dir, F_OK)) {
		brkw_why_what(why, "%s", src->dir);
		brkw_why_set(why, err, "there is no such folder");
		brkw_why_cure(why, CURE_DIR);
		return;
	}
	brkw_why_set(why, err, "the recorded folder has no such file");
	brkw_why_cure(why, CURE_DIR);
}

void brkw_source_init_dir(struct brkw_source *src, const char *dir)
{
	snprintf(src->dir, sizeof(src->dir), "%s", dir);
	src->sysroot = NULL;
	src->explain = explain_dir;
}
