// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "account.h"
#include "proc.h"

#define SZ_ENDED	(4 * 1024 * 1024)
#define NR_TRIES	400
#define TRY_US		5000

const char *const account_keys[BRKW_NR_KEYS] = {
#define KEY_NAME(key, name) [BRKW_KEY_##key] = #name,
	BRKW_KEYS(KEY_NAME)
#undef KEY_NAME
};

static const char *const state_names[] = {
	[BRKW_LIVE] = "live",
	[BRKW_EXITED] = "exited",
	[BRKW_REPLACED] = "replaced",
};

static char ended_text[SZ_ENDED];

/* Takes "name value\n" at *pos; false if it is something else. */
static bool take(const char **pos, const char *name, char *value, size_t size)
{
	size_t len = strlen(name), len_value;

	if (strncmp(*pos, name, len) || (*pos)[len] != ' ')
		return false;
	*pos += len + 1;
	len_value = strcspn(*pos, "\n");
	if (len_value >= size || (*pos)[len_value] != '\n')
		return false;
	memcpy(value, *pos, len_value);
	value[len_value] = '\0';
	*pos += len_value + 1;
	return true;
}

static bool parse_state(const char *word, __u32 *ret_state)
{
	unsigned int i;

	for (i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++) {
		if (!strcmp(word, state_names[i])) {
			*ret_state = i;
			return true;
		}
	}
	return false;
}

static bool parse_value(const char *word, unsigned int key, struct brkw_snapshot_entry *acct)
{
	char *end;

	if (!strcmp(word, BRKW_UNKNOWN)) {
		acct->unknown[key / 64] |= 1ULL << (key % 64);
		return true;
	}
	acct->value[key] = strtoll(word, &end, 10);
	return *word && !*end;
}

/**
 * account_parse() - read the text of one account, every key in its order
 * @text: starts with it
 * @ret_acct: filled on success; a long name is cut
 *
 * Return: the length of the account's text, or -EBADMSG.
 */
long account_parse(const char *text, struct brkw_snapshot_entry *ret_acct)
{
	struct brkw_snapshot_entry acct = { 0 };
	const char *pos = text;
	unsigned int key;
	char word[80];

	if (!take(&pos, "abi", word, sizeof(word)) || atoi(word) != BRKW_ABI)
		return -EBADMSG;
	if (!take(&pos, "pid", word, sizeof(word)))
		return -EBADMSG;
	acct.pid = atoi(word);
	if (!take(&pos, "comm", word, sizeof(word)))
		return -EBADMSG;
	memcpy(acct.comm, word, strnlen(word, sizeof(acct.comm) - 1));
	if (!take(&pos, "state", word, sizeof(word)) || !parse_state(word, &acct.state))
		return -EBADMSG;
	for (key = 0; key < BRKW_NR_KEYS; key++)
		if (!take(&pos, account_keys[key], word, sizeof(word)) ||
		    !parse_value(word, key, &acct))
			return -EBADMSG;
	*ret_acct = acct;
	return pos - text;
}

static int read_once(const char *path, struct brkw_snapshot_entry *ret_acct)
{
	char text[8192];
	long len = proc_read(path, text, sizeof(text));

	if (len < 0)
		return len;
	if (account_parse(text, ret_acct) != len)
		return -EBADMSG;
	return ret_acct->state == BRKW_LIVE ? 0 : -ENOENT;
}

/**
 * account_read() - read the account of a live process
 * @pid: the process
 * @ret_acct: filled on success
 *
 * The file appears a little late, and after exec that of the account before is
 * still there for a moment, or goes while it is read (-EIO): tries for 2 seconds.
 * Return: 0 or a negative errno; -EBADMSG if the text is not the contract's.
 */
int account_read(pid_t pid, struct brkw_snapshot_entry *ret_acct)
{
	char path[64];
	int err = -ENOENT, i;

	snprintf(path, sizeof(path), BRKW_FOLDER "%d", pid);
	for (i = 0; i < NR_TRIES && (err == -ENOENT || err == -EIO); i++) {
		err = read_once(path, ret_acct);
		if (err)
			usleep(TRY_US);
	}
	return err;
}

static int find_ended(pid_t pid, enum brkw_state state, struct brkw_snapshot_entry *ret_acct)
{
	struct brkw_snapshot_entry acct;
	long len = proc_read(BRKW_FOLDER BRKW_FILE_ENDED, ended_text, sizeof(ended_text));
	const char *pos = ended_text;

	if (len < 0)
		return len;
	while (*pos) {
		len = account_parse(pos, &acct);
		if (len < 0)
			return len;
		if (acct.pid == (__u32)pid && acct.state == state) {
			*ret_acct = acct;
			return 0;
		}
		pos += len;
		if (*pos == '\n')
			pos++;
	}
	return -ENOENT;
}

/**
 * account_find_ended() - find the newest ended account of a process
 * @pid: the process
 * @state: how it ended
 * @ret_acct: filled on success
 *
 * Return: 0, -ENOENT if there is none within 2 seconds, or another errno.
 */
int account_find_ended(pid_t pid, enum brkw_state state, struct brkw_snapshot_entry *ret_acct)
{
	int err = -ENOENT, i;

	for (i = 0; i < NR_TRIES && err == -ENOENT; i++) {
		err = find_ended(pid, state, ret_acct);
		if (err == -ENOENT)
			usleep(TRY_US);
	}
	return err;
}

/**
 * account_is_known() - a key has a value
 * @acct: the account
 * @key: the key
 *
 * Return: false if it prints "-".
 */
bool account_is_known(const struct brkw_snapshot_entry *acct, unsigned int key)
{
	return !(acct->unknown[key / 64] & (1ULL << (key % 64)));
}

/**
 * account_is_borrowed() - all keys of the address space are another process's
 * @acct: the account
 *
 * Return: false if one of them is known, or the faults are not.
 */
bool account_is_borrowed(const struct brkw_snapshot_entry *acct)
{
	unsigned int key;

	for (key = BRKW_KEY_VM_BYTES; key <= BRKW_KEY_OTHER_SHRINK_BYTES; key++)
		if (account_is_known(acct, key))
			return false;
	return account_is_known(acct, BRKW_KEY_FAULT_MINOR);
}

/* Keys that are sums of others, and what they are made of. */
static const struct {
	unsigned int key;
	struct delta parts[9];
} sums[] = {
	{ BRKW_KEY_VM_GROWN_BYTES, {
		DELTA(BRK_GROW_BYTES, 1), DELTA(MMAP_ANON_PRIVATE_BYTES, 1),
		DELTA(MMAP_ANON_SHARED_BYTES, 1), DELTA(MMAP_FILE_PRIVATE_BYTES, 1),
		DELTA(MMAP_FILE_SHARED_BYTES, 1), DELTA(MREMAP_GROW_BYTES, 1),
		DELTA(STACK_GROW_BYTES, 1), DELTA(OTHER_GROW_BYTES, 1),
		{ BRKW_NR_KEYS, 0 } } },
	{ BRKW_KEY_VM_SHRUNK_BYTES, {
		DELTA(BRK_SHRINK_BYTES, 1), DELTA(MUNMAP_BYTES, 1),
		DELTA(MMAP_REPLACED_BYTES, 1), DELTA(MREMAP_SHRINK_BYTES, 1),
		DELTA(OTHER_SHRINK_BYTES, 1), { BRKW_NR_KEYS, 0 } } },
	{ BRKW_KEY_VM_BYTES, {
		DELTA(VM_START_BYTES, 1), DELTA(VM_GROWN_BYTES, 1),
		DELTA(VM_SHRUNK_BYTES, -1), { BRKW_NR_KEYS, 0 } } },
	{ BRKW_KEY_BRK_CALLS, {
		DELTA(BRK_GROW_EVENTS, 1), DELTA(BRK_SHRINK_EVENTS, 1),
		DELTA(BRK_SAME_EVENTS, 1), DELTA(BRK_FAIL_EVENTS, 1),
		{ BRKW_NR_KEYS, 0 } } },
	{ BRKW_KEY_FAULT_MINOR, {
		DELTA(FAULT_HEAP_MINOR, 1), DELTA(FAULT_STACK_MINOR, 1),
		DELTA(FAULT_ANON_MINOR, 1), DELTA(FAULT_FILE_MINOR, 1),
		DELTA(FAULT_SHARED_MINOR, 1), DELTA(FAULT_OTHER_MINOR, 1),
		DELTA(FAULT_REMOTE_MINOR, 1), { BRKW_NR_KEYS, 0 } } },
	{ BRKW_KEY_FAULT_MAJOR, {
		DELTA(FAULT_HEAP_MAJOR, 1), DELTA(FAULT_STACK_MAJOR, 1),
		DELTA(FAULT_ANON_MAJOR, 1), DELTA(FAULT_FILE_MAJOR, 1),
		DELTA(FAULT_SHARED_MAJOR, 1), DELTA(FAULT_OTHER_MAJOR, 1),
		DELTA(FAULT_REMOTE_MAJOR, 1), { BRKW_NR_KEYS, 0 } } },
};
#define NR_SUMS	(sizeof(sums) / sizeof(sums[0]))

static __s64 sum_of(const __s64 *value, const struct delta *parts)
{
	__s64 sum = 0;

	for (; parts->key != BRKW_NR_KEYS; parts++)
		sum += parts->by * value[parts->key];
	return sum;
}

static bool is_equal(const struct brkw_snapshot_entry *acct, unsigned int key, __s64 should)
{
	if (acct->value[key] == should)
		return true;
	fprintf(stderr, "# pid %u (%s): %s is %lld, should be %lld\n", acct->pid, acct->comm,
		account_keys[key], (long long)acct->value[key], (long long)should);
	return false;
}

static bool is_zero(const struct brkw_snapshot_entry *acct, unsigned int key)
{
	return !account_is_known(acct, key) || is_equal(acct, key, 0);
}

/* A sum is checked if all of it is known. */
static bool has_sum(const struct brkw_snapshot_entry *acct, unsigned int nr)
{
	const struct delta *part;

	for (part = sums[nr].parts; part->key != BRKW_NR_KEYS; part++)
		if (!account_is_known(acct, part->key))
			return true;
	return !account_is_known(acct, sums[nr].key) ||
	       is_equal(acct, sums[nr].key, sum_of(acct->value, sums[nr].parts));
}

static bool is_at_least(const struct brkw_snapshot_entry *acct, unsigned int key,
			unsigned int least)
{
	if (acct->value[key] >= acct->value[least])
		return true;
	fprintf(stderr, "# pid %u: %s %lld is less than %s %lld\n", acct->pid, account_keys[key],
		(long long)acct->value[key], account_keys[least], (long long)acct->value[least]);
	return false;
}

/**
 * account_is_sound() - the rules that hold for any account at any time
 * @acct: the account
 *
 * Return: false if one of them does not hold.
 */
bool account_is_sound(const struct brkw_snapshot_entry *acct)
{
	bool is_sound = true;
	unsigned int i;

	for (i = 0; i < NR_SUMS; i++)
		is_sound &= has_sum(acct, i);
	is_sound &= is_zero(acct, BRKW_KEY_VM_UNACCOUNTED_BYTES);
	is_sound &= is_zero(acct, BRKW_KEY_FAULT_UNATTRIBUTED);
	is_sound &= is_zero(acct, BRKW_KEY_MISSED_EVENTS);
	is_sound &= is_zero(acct, BRKW_KEY_NOT_EXACT_SINCE_NS);
	is_sound &= is_at_least(acct, BRKW_KEY_VMA_PEAK, BRKW_KEY_VMA_COUNT);
	is_sound &= is_at_least(acct, BRKW_KEY_BRK_PEAK_BYTES, BRKW_KEY_BRK_BYTES);
	for (i = 0; i < BRKW_NR_KEYS; i++) {
		if (acct->value[i] >= 0)
			continue;
		fprintf(stderr, "# pid %u: %s is negative\n", acct->pid, account_keys[i]);
		is_sound = false;
	}
	if (acct->state == BRKW_LIVE)
		is_sound &= is_zero(acct, BRKW_KEY_ENDED_NS);
	else
		is_sound &= is_at_least(acct, BRKW_KEY_ENDED_NS, BRKW_KEY_WATCHED_SINCE_NS);
	return is_sound;
}

/**
 * account_agrees_with_kernel() - /proc says the same of the process
 * @acct: the account of a live process that stands still
 *
 * Return: false if size or number of mappings differ.
 */
bool account_agrees_with_kernel(const struct brkw_snapshot_entry *acct)
{
	return is_equal(acct, BRKW_KEY_VM_BYTES, proc_vm_bytes(acct->pid)) &
	       is_equal(acct, BRKW_KEY_VMA_COUNT, proc_nr_vmas(acct->pid));
}

/* Keys that no test lists: what they hold is checked by the rules above. */
static bool is_free(unsigned int key, bool has_faults)
{
	switch (key) {
	case BRKW_KEY_VMA_COUNT:
	case BRKW_KEY_VMA_PEAK:
	case BRKW_KEY_BRK_PEAK_BYTES:
		return true;
	}
	return !has_faults && key >= BRKW_KEY_FAULT_HEAP_MINOR && key <= BRKW_KEY_FAULT_MAJOR;
}

/**
 * account_changed_by() - a step changed these keys by just that, and no other
 * @before: the account before it
 * @after: and after
 * @deltas: which keys must have changed; sums of them follow by themselves
 * @has_faults: keys of faults must be in the list, too
 *
 * Return: false if a key changed by something else.
 */
bool account_changed_by(const struct brkw_snapshot_entry *before,
			const struct brkw_snapshot_entry *after,
			const struct delta *deltas, bool has_faults)
{
	__s64 by[BRKW_NR_KEYS] = { 0 }, is;
	bool is_right = true;
	unsigned int i;

	for (; deltas->key != BRKW_NR_KEYS; deltas++)
		by[deltas->key] += deltas->by;
	for (i = 0; i < NR_SUMS; i++)
		by[sums[i].key] = sum_of(by, sums[i].parts);
	for (i = 0; i < BRKW_NR_KEYS; i++) {
		is = after->value[i] - before->value[i];
		if (is == by[i] || is_free(i, has_faults))
			continue;
		fprintf(stderr, "# pid %u: %s changed by %lld, should by %lld\n", after->pid,
			account_keys[i], (long long)is, (long long)by[i]);
		is_right = false;
	}
	return is_right;
}

/**
 * account_stat() - a number of the module about itself
 * @name: its key in stats
 *
 * Return: the number, or a negative errno.
 */
long account_stat(const char *name)
{
	char text[16384], word[80];
	long err = proc_read(BRKW_FOLDER BRKW_FILE_STATS, text, sizeof(text));
	const char *pos = text;

	if (err < 0)
		return err;
	while (*pos) {
		if (take(&pos, name, word, sizeof(word)))
			return strtol(word, NULL, 10);
		pos += strcspn(pos, "\n");
		pos += *pos == '\n';
	}
	return -ENOENT;
}

/**
 * account_module_is_loaded() - there is something to test
 *
 * Return: false if not, and says why.
 */
bool account_module_is_loaded(void)
{
	if (!access(BRKW_FOLDER BRKW_FILE_STATS, R_OK))
		return true;
	fprintf(stderr, "# cannot read " BRKW_FOLDER BRKW_FILE_STATS
		": are you root, is debugfs mounted, is brkwatch loaded?\n");
	return false;
}
