/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where accounts come from: the debugfs folder of the module, or a folder with
 * copies of its files. Both are read alike; they differ in what a missing file
 * means and in the cure.
 */
#ifndef BRKW_SOURCE_H
#define BRKW_SOURCE_H

#include <limits.h>
#include <stdint.h>

struct brkw_snapshot;
struct brkw_stats;
struct brkw_why;

/**
 * struct brkw_source - a folder to read from
 * @dir: its path
 * @sysroot: prefix of the paths of the system, or ""; NULL for a recording
 * @explain: says what a failed read means, with the cure; -EINVAL and -EPROTO
 *	     are of the text that was read, not of the reading
 */
struct brkw_source {
	char dir[PATH_MAX];
	const char *sysroot;
	void (*explain)(const struct brkw_source *src, int err, struct brkw_why *why);
};

/**
 * brkw_source_init_debugfs - read from the loaded module
 * @src: filled in
 * @sysroot: prefix of the path, or ""
 */
void brkw_source_init_debugfs(struct brkw_source *src, const char *sysroot);

/**
 * brkw_source_init_dir - read from a recorded folder
 * @src: filled in
 * @dir: path of the folder
 */
void brkw_source_init_dir(struct brkw_source *src, const char *dir);

/**
 * brkw_source_live - every live account
 * @src: where from
 * @ret_snap: written only on success; freed with brkw_snapshot_free()
 * @why: says what is wrong on failure, and if @ret_snap is short
 *
 * Return: 0 or a negative errno.
 */
int brkw_source_live(const struct brkw_source *src, struct brkw_snapshot *ret_snap,
		     struct brkw_why *why);

/**
 * brkw_source_ended - the accounts that ended, newest first
 * @src: where from
 * @ret_snap: written only on success; freed with brkw_snapshot_free()
 * @why: says what is wrong on failure, and if @ret_snap is short
 *
 * Return: 0 or a negative errno.
 */
int brkw_source_ended(const struct brkw_source *src, struct brkw_snapshot *ret_snap,
		      struct brkw_why *why);

/**
 * brkw_source_process - the file of one live process
 * @src: where from
 * @pid: of the process
 * @ret_snap: exactly one account; freed with brkw_snapshot_free()
 * @why: says what is wrong on failure, and if @ret_snap is short
 *
 * Return: 0; -ENOENT if there is no such file; another negative errno.
 */
int brkw_source_process(const struct brkw_source *src, uint32_t pid,
			struct brkw_snapshot *ret_snap, struct brkw_why *why);

/**
 * brkw_source_stats - what the module says about itself
 * @src: where from
 * @ret_stats: written only on success; freed with brkw_stats_free()
 * @why: says what is wrong on failure
 *
 * Return: 0 or a negative errno.
 */
int brkw_source_stats(const struct brkw_source *src, struct brkw_stats *ret_stats,
		      struct brkw_why *why);

#endif /* BRKW_SOURCE_H */
