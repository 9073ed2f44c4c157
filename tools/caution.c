// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "caution.h"
#include "cmd.h"
#include "pidns.h"
#include "why.h"

void brkw_caution_print(const struct brkw_env *env, const struct brkw_source *src)
{
	struct brkw_why why;

	(void)src;
	if (!env->dir && !brkw_pidns_is_initial(env->sysroot)) {
		brkw_pidns_foreign(&why, 0);
		brkw_cmd_warn(&why);
	}
}
