/* SPDX-License-Identifier: GPL-2.0 */
/* Attaching hooks by ftrace_ops; used by attach.c only. */
#ifndef _BRKW_ATTACH_FTRACE_H
#define _BRKW_ATTACH_FTRACE_H

#include <linux/errno.h>
#include "attach.h"

#if BRKW_HAS_FTRACE
int brkw_ftrace_register(struct brkw_hook *hook);
void brkw_ftrace_register_done(void);
void brkw_ftrace_unregister(struct brkw_hook *hook);
void brkw_ftrace_unregister_done(void);
#else
static inline int brkw_ftrace_register(struct brkw_hook *hook)
{
	return -EOPNOTSUPP;
}

static inline void brkw_ftrace_register_done(void)
{
}

static inline void brkw_ftrace_unregister(struct brkw_hook *hook)
{
}

static inline void brkw_ftrace_unregister_done(void)
{
}
#endif

#endif /* _BRKW_ATTACH_FTRACE_H */
