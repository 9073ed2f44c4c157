// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "array.h"
#include "exact.h"
#include "format.h"
#include "setting.h"
#include "stats.h"
#include "why.h"

/* What takes hooks away behind the module's back. */
static const struct {
	const char *path;
	const char *text;
	const char *cure;
} switches[] = {
	{ "/proc/sys/kernel/ftrace_enabled", ": kernel.ftrace_enabled is 0",
	  "sysctl kernel.ftrace_enabled=1: accounts then start anew" },
	{ "/sys/kernel/debug/kprobes/enabled", ": kprobes are switched off",
	  "echo 1 > /sys/kernel/debug/kprobes/enabled: accounts then start anew" },
};

#define NR_SWITCHES	ARRAY_SIZE(switches)

/* The first that is off now, NR_SWITCHES if none is. */
static size_t find_off(const char *sysroot)
{
	size_t i;

	for (i = 0; sysroot && i < NR_SWITCHES; i++)
		if (brkw_setting_char(sysroot, switches[i].path) == '0')
			return i;
	return NR_SWITCHES;
}

bool brkw_exact_lost(const struct brkw_stats *stats, const char *sysroot, struct brkw_why *why)
{
	size_t off = find_off(sysroot);
	bool is_off = off < NR_SWITCHES;
	char since[BRKW_FORMAT_LEN];
	int64_t since_ns = 0;

	if (!brkw_stats_number(stats, "not_exact_since_ns", &since_ns) || !since_ns)
		return false;
	brkw_why_set(why, 0, "not exact since %s after boot, because hooks were off%s",
		     brkw_format_number(since_ns, BRKW_NS, false, since),
		     is_off ? switches[off].text : "");
	brkw_why_cure(why, "%s", is_off ? switches[off].cure : "accounts start anew when the kernel calls hooks again");
	return true;
}
