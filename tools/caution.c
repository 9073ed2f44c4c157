// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "caution.h"
#include "cmd.h"
#include "exact.h"
#include "pidns.h"
#include "source.h"
#include "stats.h"
#include "why.h"

/* A recording may lack the file; what is wrong with it is for doctor to say. */
static void warn_not_exact(const struct brkw_env *env, const struct brkw_source *src)
{
	struct brkw_stats stats;
	struct brkw_why why;

	if (brkw_source_stats(src, &stats, &why))
		return;
	if (brkw_exact_lost(&stats, env->dir ? NULL : env->sysroot, &why))
		brkw_cmd_warn(&why);
	brkw_stats_free(&stats);
}

void brkw_caution_print(const struct brkw_env *env, const struct brkw_source *src)
{
	struct brkw_why why;

	if (!env->dir && !brkw_pidns_is_initial(env->sysroot)) {
		brkw_pidns_foreign(&why, 0);
		brkw_cmd_warn(&why);
	}
	warn_not_exact(env, src);
}
