/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The accounts as a user reads them, and the rules that always hold. An
 * account is held in the form of an entry of the snapshot, whichever file it
 * was read from.
 */
#ifndef BRKW_TEST_ACCOUNT_H
#define BRKW_TEST_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/brkwatch.h>

#define BRKW_FOLDER	"/sys/kernel/debug/" BRKW_DEBUGFS_DIR "/"

/**
 * struct delta - by how much a key must have changed
 * @key: which; BRKW_NR_KEYS ends a list
 * @by: how much
 */
struct delta {
	unsigned int key;
	long by;
};

#define DELTA(key, by)	{ BRKW_KEY_##key, (long)(by) }
#define DELTAS(...)	((const struct delta[]){ __VA_ARGS__ __VA_OPT__(,) { BRKW_NR_KEYS, 0 } })

extern const char *const account_keys[BRKW_NR_KEYS];

int account_read(pid_t pid, struct brkw_snapshot_entry *ret_acct);
int account_find_ended(pid_t pid, enum brkw_state state, struct brkw_snapshot_entry *ret_acct);
long account_parse(const char *text, struct brkw_snapshot_entry *ret_acct);
bool account_is_known(const struct brkw_snapshot_entry *acct, unsigned int key);
bool account_is_borrowed(const struct brkw_snapshot_entry *acct);

/* What does not hold is said on stderr, in the form of a TAP comment. */
bool account_is_sound(const struct brkw_snapshot_entry *acct);
bool account_agrees_with_kernel(const struct brkw_snapshot_entry *acct);
bool account_changed_by(const struct brkw_snapshot_entry *before,
			const struct brkw_snapshot_entry *after,
			const struct delta *deltas, bool has_faults);

long account_stat(const char *name);
bool account_module_is_loaded(void);

#endif /* BRKW_TEST_ACCOUNT_H */
