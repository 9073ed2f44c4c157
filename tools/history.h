/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Readings one after the other: what an account was a moment ago, and how its
 * size went. The history owns the two newest readings, so that of every key
 * there is a rate, and a track for each account of the newest one.
 */
#ifndef BRKW_HISTORY_H
#define BRKW_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

/* How many sizes a track remembers. */
#define BRKW_TRACK_SIZES	64

/**
 * struct brkw_track - what is remembered of one account
 * @pid: of the account
 * @since_ns: when it opened: a pid comes again, and exec opens another account
 * @before: the account in the reading before; NULL if it was not there
 * @dt_ns: time between the two readings; 0 if it is not known
 * @sizes: vm_bytes of the newest readings, a ring
 * @nr_sizes: how many there ever were
 * @cgroup: path, as it was read last, or NULL if it never was
 * @nr_seen: number of the reading that had it last
 * @next: in its bucket
 */
struct brkw_track {
	uint32_t pid;
	int64_t since_ns;
	const struct brkw_account *before;
	uint64_t dt_ns;
	int64_t sizes[BRKW_TRACK_SIZES];
	size_t nr_sizes;
	char *cgroup;
	uint64_t nr_seen;
	struct brkw_track *next;
};

/**
 * struct brkw_history - the readings; all zero is an empty one
 * @now: the newest; its accounts have tracks, and may be sorted
 * @before: the one before
 * @nr_readings: how many there were
 * @has_cgroups: the cgroups have been read since a reading was taken
 * @buckets: tracks by pid
 * @nr_buckets: a power of two, or 0
 * @nr_tracks: how many
 */
struct brkw_history {
	struct brkw_snapshot now;
	struct brkw_snapshot before;
	uint64_t nr_readings;
	bool has_cgroups;
	struct brkw_track **buckets;
	size_t nr_buckets;
	size_t nr_tracks;
};

/**
 * brkw_history_take - take another reading
 * @history: takes over what @snap has
 * @snap: all zero after; one with the time of the newest reading is that
 *	  reading once more and is dropped
 *
 * Return: 0 or -ENOMEM, and then the reading before still stands.
 */
int brkw_history_take(struct brkw_history *history, struct brkw_snapshot *snap);

/**
 * brkw_history_read_cgroups - find the cgroups of the accounts of the newest reading
 * @history: the newest reading is looked through, once for each that was taken
 * @sysroot: prefix of every path, or ""
 *
 * A cgroup that cannot be read stays what it was, and so does that of an account
 * that has ended.
 */
void brkw_history_read_cgroups(struct brkw_history *history, const char *sysroot);

/**
 * brkw_history_free - forget everything
 * @history: all zero after
 */
void brkw_history_free(struct brkw_history *history);

/**
 * brkw_history_sizes - the newest sizes of an account, oldest first
 * @track: of the account
 * @nr_max: how many are wanted at most, up to BRKW_TRACK_SIZES
 * @ret_sizes: that many
 *
 * Return: how many there are.
 */
size_t brkw_history_sizes(const struct brkw_track *track, size_t nr_max, int64_t *ret_sizes);

#endif /* BRKW_HISTORY_H */
