// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "snapshot.h"
#include "source.h"
#include "why.h"

#define CURE_DOCTOR	"try 'brkwatch doctor'"

static void explain_absent(const struct brkw_source *src, struct brkw_why *why)
{
	char module[PATH_MAX];

	snprintf(module, sizeof(module), "%s/sys/module/brkwatch", src->sysroot);
	brkw_why_what(why, "%s", src->dir);
	if (access(module, F_OK)) {
		brkw_why_set(why, -ENOENT, "the module is not loaded");
		brkw_why_cure(why, "insmod brkwatch.ko, or " CURE_DOCTOR);
	} else {
		brkw_why_set(why, -ENOENT, "the module is loaded, but debugfs is not mounted");
		brkw_why_cure(why, "mount -t debugfs none /sys/kernel/debug");
	}
}

static void explain_debugfs(const struct brkw_source *src, int err, struct brkw_why *why)
{
	if (err == -EACCES) {
		brkw_why_cure(why, "run brkwatch as root");
	} else if (err == -EPERM) {
		brkw_why_cure(why, "the kernel may be locked down, " CURE_DOCTOR);
	} else if (err == -EINVAL || err == -EPROTO) {
		brkw_why_cure(why, "use the tool that came with the module");
	} else if (err == -ENOENT && access(src->dir, F_OK)) {
		explain_absent(src, why);
	}
}

void brkw_source_init_debugfs(struct brkw_source *src, const char *sysroot)
{
	snprintf(src->dir, sizeof(src->dir), "%s/sys/kernel/debug/%s", sysroot,
		 BRKW_DEBUGFS_DIR);
	src->sysroot = sysroot;
	src->explain = explain_debugfs;
}
