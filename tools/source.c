// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "snapshot.h"
#include "source.h"
#include "stats.h"
#include "why.h"

/* A file in memory. */
struct text {
	char *data;
	size_t len;
	size_t sz_room;
};

static int make_room(struct text *text)
{
	size_t sz_room = text->sz_room ? 2 * text->sz_room : 65536;
	char *data;

	if (text->sz_room - text->len >= 4096)
		return 0;
	data = realloc(text->data, sz_room);
	if (!data)
		return -ENOMEM;
	text->data = data;
	text->sz_room = sz_room;
	return 0;
}

static int read_all(int fd, struct text *text)
{
	ssize_t got;

	for (;;) {
		if (make_room(text))
			return -ENOMEM;
		got = read(fd, text->data + text->len, text->sz_room - text->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return 0;
		text->len += (size_t)got;
	}
}

static int open_file(const struct brkw_source *src, const char *name)
{
	char path[PATH_MAX + NAME_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", src->dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_file(const struct brkw_source *src, const char *name, struct text *ret_text,
		     struct brkw_why *why)
{
	struct text text = { 0 };
	int fd = open_file(src, name);
	int err = fd < 0 ? fd : read_all(fd, &text);

	brkw_why_what(why, "%s/%s", src->dir, name);
	if (fd >= 0)
		close(fd);
	if (err) {
		free(text.data);
		brkw_why_set(why, err, "%s", strerror(-err));
		src->explain(src, err, why);
		return err;
	}
	*ret_text = text;
	return 0;
}

/* Complete what a parser said: it knows the text, and only we where that is from. */
static int explain_text(const struct brkw_source *src, int err, struct brkw_why *why)
{
	if (!*why->cure)
		src->explain(src, err, why);
	return err;
}

static int read_parsed(const struct brkw_source *src, const char *name,
		       int (*parse)(const struct text *text, struct brkw_snapshot *ret_snap,
				    struct brkw_why *why),
		       struct brkw_snapshot *ret_snap, struct brkw_why *why)
{
	struct text text;
	int err = read_file(src, name, &text, why);

	if (err)
		return err;
	err = parse(&text, ret_snap, why);
	free(text.data);
	if (err || ret_snap->is_short)
		explain_text(src, err ? err : -EINVAL, why);
	return err;
}

static int parse_binary(const struct text *text, struct brkw_snapshot *ret_snap,
			struct brkw_why *why)
{
	return brkw_snapshot_parse_binary(text->data, text->len, ret_snap, why);
}

static int parse_keyed(const struct text *text, struct brkw_snapshot *ret_snap,
		       struct brkw_why *why)
{
	return brkw_snapshot_parse_keyed(text->data, text->len, ret_snap, why);
}

int brkw_source_live(const struct brkw_source *src, struct brkw_snapshot *ret_snap,
		     struct brkw_why *why)
{
	return read_parsed(src, BRKW_FILE_SNAPSHOT, parse_binary, ret_snap, why);
}

int brkw_source_ended(const struct brkw_source *src, struct brkw_snapshot *ret_snap,
		      struct brkw_why *why)
{
	return read_parsed(src, BRKW_FILE_ENDED, parse_keyed, ret_snap, why);
}

int brkw_source_process(const struct brkw_source *src, uint32_t pid,
			struct brkw_snapshot *ret_snap, struct brkw_why *why)
{
	struct brkw_snapshot snap;
	char name[16];
	int err;

	snprintf(name, sizeof(name), "%u", pid);
	err = read_parsed(src, name, parse_keyed, &snap, why);
	if (err == -EIO && src->sysroot) {	/* debugfs: removed since it was opened */
		err = -ENOENT;
		brkw_why_set(why, err, "%s", strerror(-err));
		src->explain(src, err, why);
	}
	if (err)
		return err;
	if (snap.nr_accts == 1 && snap.accts[0].pid == pid) {
		*ret_snap = snap;
		return 0;
	}
	if (snap.nr_accts)
		brkw_why_set(why, -EINVAL, "it is not the account of pid %u", pid);
	else
		brkw_why_set(why, -EINVAL, "the file is empty");
	brkw_snapshot_free(&snap);
	return explain_text(src, -EINVAL, why);
}

int brkw_source_stats(const struct brkw_source *src, struct brkw_stats *ret_stats,
		      struct brkw_why *why)
{
	struct text text;
	int err = read_file(src, BRKW_FILE_STATS, &text, why);

	if (err)
		return err;
	err = brkw_stats_parse(text.data, text.len, ret_stats, why);
	free(text.data);
	return err ? explain_text(src, err, why) : 0;
}
