// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "exact.h"
#include "format.h"
#include "source.h"
#include "stats.h"
#include "why.h"

/* Return: whether the module is switched on. */
static bool check_enabled(struct brkw_checkup *up, const struct brkw_stats *stats)
{
	const char *release = brkw_stats_text(stats, "release");
	int64_t is_enabled = 1, has_faults = 1;

	brkw_stats_number(stats, "enabled", &is_enabled);
	brkw_stats_number(stats, "faults", &has_faults);
	if (!is_enabled)
		brkw_check_add(up, "enabled", BRKW_WARN,
			       "echo 1 > /sys/module/brkwatch/parameters/enabled",
			       "the module is switched off and counts nothing");
	else
		brkw_check_add(up, "enabled", BRKW_OK, "", "the module is on, release %.64s",
			       release ? release : "unknown");
	if (!has_faults)
		brkw_check_add(up, "faults", BRKW_WARN,
			       "echo 1 > /sys/module/brkwatch/parameters/faults",
			       "page faults are not counted");
	return is_enabled;
}

/* Hooks of page faults are off on purpose while faults are not counted. */
static bool is_off_on_purpose(const struct brkw_stats *stats, const struct brkw_hook *hook)
{
	int64_t has_faults = 1;

	brkw_stats_number(stats, "faults", &has_faults);
	return !has_faults && !strncmp(hook->name, "fault", 5);
}

static void check_hook(struct brkw_checkup *up, const struct brkw_stats *stats,
		       const struct brkw_hook *hook)
{
	const char *lost = brkw_stats_lost(stats, hook);

	if (!hook->is_armed && !is_off_on_purpose(stats, hook))
		brkw_check_add(up, "hook", BRKW_WARN,
			       "the kernel may lack the function, see its log (dmesg)",
			       "hook %s is off and loses %.160s", hook->name,
			       lost ? lost : "what the module does not say");
}

static void check_hooks(struct brkw_checkup *up, const struct brkw_stats *stats)
{
	size_t i, nr_armed = 0;

	for (i = 0; i < stats->nr_hooks; i++)
		nr_armed += stats->hooks[i].is_armed;
	brkw_check_add(up, "hooks", nr_armed ? BRKW_OK : BRKW_FAIL,
		       nr_armed ? "" : "see the kernel log (dmesg) for the reason",
		       "%zu of %zu hooks are armed", nr_armed, stats->nr_hooks);
	for (i = 0; i < stats->nr_hooks; i++)
		check_hook(up, stats, &stats->hooks[i]);
}

static void check_missed(struct brkw_checkup *up, const struct brkw_stats *stats)
{
	int64_t nr_missed = 0, nr_mismatched = 0;

	brkw_stats_number(stats, "events_missed", &nr_missed);
	brkw_stats_number(stats, "events_mismatched", &nr_mismatched);
	if (nr_missed)
		brkw_check_add(up, "missed", BRKW_WARN, "load the module anew to count afresh",
			       "hooks missed %lld events, so the numbers are not exact",
			       (long long)nr_missed);
	else
		brkw_check_add(up, "missed", BRKW_OK, "", "no hook missed an event");
	if (nr_mismatched)
		brkw_check_add(up, "mismatched", BRKW_WARN,
			       "look for accounts whose vm_unaccounted_bytes is not 0, and report it",
			       "%lld changes of size were not what their hook had announced",
			       (long long)nr_mismatched);
}

static void check_exact(struct brkw_checkup *up, const struct brkw_stats *stats)
{
	struct brkw_why why;

	if (brkw_exact_lost(stats, up->is_recorded ? NULL : up->sysroot, &why))
		brkw_check_add(up, "exact", BRKW_WARN, why.cure, "%s", why.text);
}

/* The module times one hit of many; what the kernel adds to call it is not in it. */
static void check_cost(struct brkw_checkup *up, const struct brkw_stats *stats)
{
	int64_t nr_hits, nr_timed, cost_ns;

	if (!brkw_stats_number(stats, "handler_hits", &nr_hits) ||
	    !brkw_stats_number(stats, "handler_timed_hits", &nr_timed) ||
	    !brkw_stats_number(stats, "handler_ns", &cost_ns))
		return;
	if (nr_timed)
		brkw_check_add(up, "cost", BRKW_OK, "",
			       "%lld hits, %.2f ms in handlers, by %lld that were timed",
			       (long long)nr_hits, (double)cost_ns / 1e6, (long long)nr_timed);
	else
		brkw_check_add(up, "cost", BRKW_OK, "", "%lld hits, none of them timed yet",
			       (long long)nr_hits);
}

/* Every "drop_REASON N" that is not 0, as ", N REASON". */
static void list_drops(const struct brkw_stats *stats, char *ret_text, size_t sz)
{
	size_t i, used = 0;

	*ret_text = '\0';
	for (i = 0; i < stats->nr_lines && used < sz; i++)
		if (!strncmp(stats->lines[i].key, "drop_", 5) &&
		    strcmp(stats->lines[i].text, "0"))
			used += snprintf(ret_text + used, sz - used, ", %s %s",
					 stats->lines[i].text, stats->lines[i].key + 5);
}

static void check_dropped(struct brkw_checkup *up, const struct brkw_stats *stats)
{
	char reasons[160];

	list_drops(stats, reasons, sizeof(reasons));
	if (*reasons)
		brkw_check_add(up, "dropped", BRKW_WARN,
			       "load the module with a larger max_processes",
			       "something was dropped, by reason: %s", reasons + 2);
	else
		brkw_check_add(up, "dropped", BRKW_OK, "", "nothing was dropped");
}

static void check_memory(struct brkw_checkup *up, const struct brkw_stats *stats)
{
	char memory[BRKW_FORMAT_LEN];
	int64_t sz_memory, nr_live = 0;

	brkw_stats_number(stats, "accounts_live", &nr_live);
	if (brkw_stats_number(stats, "memory_bytes", &sz_memory))
		brkw_check_add(up, "memory", BRKW_OK, "", "%s of memory for %lld live processes",
			       brkw_format_number(sz_memory, BRKW_BYTES, false, memory),
			       (long long)nr_live);
}

static void refuse_stats(struct brkw_checkup *up, int err, const struct brkw_why *why)
{
	if (err == -ENOENT && !up->is_recorded)
		brkw_check_add(up, "stats", BRKW_FAIL, "mount debugfs; boot without debugfs=off",
			       "the module is loaded and its folder in debugfs is not to be seen");
	else
		brkw_check_add(up, "stats", BRKW_FAIL, why->cure, "%.120s: %.120s", why->what,
			       why->text);
}

void brkw_check_module(struct brkw_checkup *up)
{
	struct brkw_stats stats;
	struct brkw_why why;
	int err;

	if (!up->is_loaded && !up->is_recorded)
		return;
	err = brkw_source_stats(up->src, &stats, &why);
	if (err) {
		refuse_stats(up, err, &why);
		return;
	}
	if (check_enabled(up, &stats))
		check_hooks(up, &stats);
	check_exact(up, &stats);
	check_missed(up, &stats);
	check_dropped(up, &stats);
	check_cost(up, &stats);
	check_memory(up, &stats);
	brkw_stats_free(&stats);
}
