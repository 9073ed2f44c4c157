// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "history.h"

#define NR_BUCKETS_MIN	256

static struct brkw_track **bucket_of(const struct brkw_history *history, uint32_t pid)
{
	return &history->buckets[pid & (history->nr_buckets - 1)];
}

/* Put all tracks into other buckets. */
static void move_tracks(struct brkw_history *history, struct brkw_track **buckets,
			size_t nr_buckets)
{
	struct brkw_track *track, *next, **bucket;
	size_t i;

	for (i = 0; i < history->nr_buckets; i++) {
		for (track = history->buckets[i]; track; track = next) {
			next = track->next;
			bucket = &buckets[track->pid & (nr_buckets - 1)];
			track->next = *bucket;
			*bucket = track;
		}
	}
}

/* As many buckets as tracks or more; pids are dense, so they spread well. */
static int make_buckets(struct brkw_history *history, size_t nr_wanted)
{
	size_t nr_buckets = NR_BUCKETS_MIN;
	struct brkw_track **buckets, **old = history->buckets;

	while (nr_buckets < nr_wanted)
		nr_buckets *= 2;
	if (nr_buckets <= history->nr_buckets)
		return 0;
	buckets = calloc(nr_buckets, sizeof(struct brkw_track *));
	if (!buckets)
		return -ENOMEM;
	move_tracks(history, buckets, nr_buckets);
	history->buckets = buckets;
	history->nr_buckets = nr_buckets;
	free(old);
	return 0;
}

static struct brkw_track *find_track(const struct brkw_history *history, uint32_t pid,
				     int64_t since_ns)
{
	struct brkw_track *track = *bucket_of(history, pid);

	while (track && (track->pid != pid || track->since_ns != since_ns))
		track = track->next;
	return track;
}

static struct brkw_track *add_track(struct brkw_history *history, uint32_t pid, int64_t since_ns)
{
	struct brkw_track *track = calloc(1, sizeof(*track));
	struct brkw_track **bucket = bucket_of(history, pid);

	if (!track)
		return NULL;
	track->pid = pid;
	track->since_ns = since_ns;
	track->next = *bucket;
	*bucket = track;
	history->nr_tracks++;
	return track;
}

static void free_track(struct brkw_history *history, struct brkw_track *track)
{
	history->nr_tracks--;
	free(track->cgroup);
	free(track);
}

/* Tracks of accounts that the newest reading lacks. */
static void drop_tracks(struct brkw_history *history)
{
	struct brkw_track **link, *track;
	size_t i;

	for (i = 0; i < history->nr_buckets; i++) {
		link = &history->buckets[i];
		while ((track = *link)) {
			if (track->nr_seen == history->nr_readings) {
				link = &track->next;
				continue;
			}
			*link = track->next;
			free_track(history, track);
		}
	}
}

static int find_tracks(struct brkw_history *history, struct brkw_snapshot *snap)
{
	struct brkw_account *acct;
	int64_t since_ns;
	size_t i;

	for (i = 0; i < snap->nr_accts; i++) {
		acct = &snap->accts[i];
		since_ns = 0;
		brkw_snapshot_value(acct, BRKW_KEY_WATCHED_SINCE_NS, &since_ns);
		acct->track = find_track(history, acct->pid, since_ns);
		if (!acct->track)
			acct->track = add_track(history, acct->pid, since_ns);
		if (!acct->track)
			return -ENOMEM;
	}
	return 0;
}

static void note_account(struct brkw_history *history, const struct brkw_account *acct,
			 uint64_t dt_ns)
{
	struct brkw_track *track = acct->track;
	int64_t size;

	track->dt_ns = dt_ns;
	track->nr_seen = history->nr_readings;
	if (brkw_snapshot_value(acct, BRKW_KEY_VM_BYTES, &size))
		track->sizes[track->nr_sizes++ % BRKW_TRACK_SIZES] = size;
}

/* Accounts move when they are sorted: tell the tracks where they are. */
static void note_before(struct brkw_history *history)
{
	size_t i;

	for (i = 0; i < history->before.nr_accts; i++)
		history->before.accts[i].track->before = &history->before.accts[i];
}

/* A track whose account is new has none before; it was made with NULL. */
int brkw_history_take(struct brkw_history *history, struct brkw_snapshot *snap)
{
	uint64_t dt_ns = 0;
	size_t i;

	history->has_cgroups = false;
	if (history->nr_readings && snap->ts_ns && snap->ts_ns == history->now.ts_ns) {
		brkw_snapshot_free(snap);
		return 0;
	}
	if (make_buckets(history, history->nr_tracks + snap->nr_accts) ||
	    find_tracks(history, snap)) {
		brkw_snapshot_free(snap);
		return -ENOMEM;
	}
	if (history->nr_readings++ && snap->ts_ns > history->now.ts_ns)
		dt_ns = snap->ts_ns - history->now.ts_ns;
	brkw_snapshot_free(&history->before);
	history->before = history->now;
	history->now = *snap;
	memset(snap, 0, sizeof(*snap));
	note_before(history);
	for (i = 0; i < history->now.nr_accts; i++)
		note_account(history, &history->now.accts[i], dt_ns);
	drop_tracks(history);
	return 0;
}

/* The pid of an account that ended may be that of another process by now. */
static bool has_ended(const struct brkw_account *acct)
{
	return acct->state == BRKW_EXITED || acct->state == BRKW_REPLACED;
}

/* Who cannot be asked any more was last where it was seen last. */
static void read_cgroup(const struct brkw_account *acct, const char *sysroot)
{
	char *cgroup = brkw_cgroup_read(sysroot, acct->pid);

	if (!cgroup)
		return;
	free(acct->track->cgroup);
	acct->track->cgroup = cgroup;
}

/* A process may be moved at any time: what an earlier reading found does not count. */
void brkw_history_read_cgroups(struct brkw_history *history, const char *sysroot)
{
	size_t i;

	if (history->has_cgroups)
		return;
	for (i = 0; i < history->now.nr_accts; i++)
		if (!has_ended(&history->now.accts[i]))
			read_cgroup(&history->now.accts[i], sysroot);
	history->has_cgroups = true;
}

void brkw_history_free(struct brkw_history *history)
{
	/* no track was seen by a reading to come */
	history->nr_readings++;
	drop_tracks(history);
	free(history->buckets);
	brkw_snapshot_free(&history->now);
	brkw_snapshot_free(&history->before);
	memset(history, 0, sizeof(*history));
}

size_t brkw_history_sizes(const struct brkw_track *track, size_t nr_max, int64_t *ret_sizes)
{
	size_t nr = track->nr_sizes < nr_max ? track->nr_sizes : nr_max, i;

	for (i = 0; i < nr; i++)
		ret_sizes[i] = track->sizes[(track->nr_sizes - nr + i) % BRKW_TRACK_SIZES];
	return nr;
}
