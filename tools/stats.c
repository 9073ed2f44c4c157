// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"
#include "stats.h"
#include "why.h"

void brkw_stats_free(struct brkw_stats *stats)
{
	free(stats->buf);
	free(stats->lines);
	free(stats->hooks);
	memset(stats, 0, sizeof(*stats));
}

const char *brkw_stats_text(const struct brkw_stats *stats, const char *key)
{
	size_t i;

	for (i = 0; i < stats->nr_lines; i++)
		if (!strcmp(stats->lines[i].key, key))
			return stats->lines[i].text;
	return NULL;
}

bool brkw_stats_number(const struct brkw_stats *stats, const char *key, int64_t *ret_value)
{
	const char *text = brkw_stats_text(stats, key);

	return text && !brkw_snapshot_parse_number(text, ret_value);
}

const char *brkw_stats_lost(const struct brkw_stats *stats, const struct brkw_hook *hook)
{
	size_t i, len = strlen(hook->name);

	for (i = 0; i < stats->nr_lines; i++)
		if (!strcmp(stats->lines[i].key, "lost") &&
		    !strncmp(stats->lines[i].text, hook->name, len) &&
		    stats->lines[i].text[len] == ' ')
			return stats->lines[i].text + len + 1;
	return NULL;
}

static int take_hook(struct brkw_stats *stats, const char *text)
{
	struct brkw_hook *hook = &stats->hooks[stats->nr_hooks];
	char armed[16], hits[32], missed[32];

	memset(hook, 0, sizeof(*hook));
	if (sscanf(text, "%63s %63s %31s %15s %31s %31s", hook->name, hook->symbol, hook->kind,
		   armed, hits, missed) != 6)
		return -EINVAL;
	hook->is_armed = !strcmp(armed, "1");
	if ((strcmp(hits, BRKW_UNKNOWN) &&
	     brkw_snapshot_parse_number(hits, &hook->nr_hits)) ||
	    (strcmp(missed, BRKW_UNKNOWN) &&
	     brkw_snapshot_parse_number(missed, &hook->nr_missed)))
		return -EINVAL;
	stats->nr_hooks++;
	return 0;
}

static int take_line(struct brkw_stats *stats, char *line)
{
	char *space = strchr(line, ' ');

	if (!*line)
		return 0;
	if (!space)
		return -EINVAL;
	*space++ = '\0';
	if (!strcmp(line, "hook"))
		return take_hook(stats, space);
	stats->lines[stats->nr_lines].key = line;
	stats->lines[stats->nr_lines].text = space;
	stats->nr_lines++;
	return 0;
}

static int take_lines(struct brkw_stats *stats, struct brkw_why *why)
{
	char *next = stats->buf, *line;
	size_t number = 1;

	for (; (line = strsep(&next, "\n")); number++) {
		if (!next && *line)
			return brkw_why_set(why, -EINVAL,
					    "line %zu: the file is short: its last line has no end",
					    number);
		if (take_line(stats, line))
			return brkw_why_set(why, -EINVAL, "line %zu: not of the form it should be",
					    number);
	}
	return 0;
}

/* Lines of another form are no damage then. */
static bool is_foreign(const struct brkw_stats *stats)
{
	int64_t abi = BRKW_ABI;

	brkw_stats_number(stats, "abi", &abi);
	return abi != BRKW_ABI;
}

static int check_abi(const struct brkw_stats *stats, struct brkw_why *why)
{
	int64_t abi;

	if (!brkw_stats_number(stats, "abi", &abi))
		return brkw_why_set(why, -EINVAL, "it says no ABI: not a brkwatch file");
	if (abi == BRKW_ABI)
		return 0;
	brkw_why_set(why, -EPROTO, "its ABI is %lld and this tool reads %d", (long long)abi,
		     BRKW_ABI);
	brkw_why_cure(why, "use the tool that came with the module");
	return -EPROTO;
}

/* Room for every line to be of either kind. */
static int make_room(struct brkw_stats *stats, const char *buf, size_t len)
{
	size_t i, nr = 1;

	for (i = 0; i < len; i++)
		nr += buf[i] == '\n';
	stats->buf = malloc(len + 1);
	stats->lines = calloc(nr, sizeof(*stats->lines));
	stats->hooks = calloc(nr, sizeof(*stats->hooks));
	if (!stats->buf || !stats->lines || !stats->hooks)
		return -ENOMEM;
	memcpy(stats->buf, buf, len);
	stats->buf[len] = '\0';
	return 0;
}

int brkw_stats_parse(const char *buf, size_t len, struct brkw_stats *ret_stats,
		     struct brkw_why *why)
{
	struct brkw_stats stats = { 0 };
	int err;

	if (memchr(buf, '\0', len))
		return brkw_why_set(why, -EINVAL, "not text");
	err = make_room(&stats, buf, len);
	if (err)
		brkw_why_set(why, err, "%s", strerror(-err));
	if (!err)
		err = take_lines(&stats, why);
	if (!err || is_foreign(&stats))
		err = check_abi(&stats, why);
	if (err)
		brkw_stats_free(&stats);
	else
		*ret_stats = stats;
	return err;
}
