// SPDX-License-Identifier: GPL-2.0
/* Stands for tracer.c and recorder.c where they cannot be built. */
#include <errno.h>

#include "recorder.h"
#include "why.h"

int brkw_recorder_check(struct brkw_why *why)
{
	brkw_why_what(why, "record");
	brkw_why_set(why, -ENOTSUP, "this tool was built without %s", BRKW_RECORD_LACKS);
	brkw_why_cure(why, "install what is missing and build it again; on Debian:"
			   " apt-get install libbpf-dev libelf-dev libdw-dev clang bpftool");
	return -ENOTSUP;
}

int brkw_recorder_open(const struct brkw_recorder_options *options, struct brkw_recorder **ret,
		       struct brkw_why *why)
{
	(void)options;
	(void)ret;
	return brkw_recorder_check(why);
}

int brkw_recorder_follow(struct brkw_recorder *rec, uint32_t pid)
{
	(void)rec;
	(void)pid;
	return -ENOTSUP;
}

int brkw_recorder_step(struct brkw_recorder *rec, struct brkw_why *why)
{
	(void)rec;
	(void)why;
	return -ENOTSUP;
}

void brkw_recorder_finish(struct brkw_recorder *rec)
{
	(void)rec;
}

void brkw_recorder_close(struct brkw_recorder *rec)
{
	(void)rec;
}
