/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model: accounts in memory. Sources fill it, printers read it, and neither
 * knows the other. Both forms of the contract are parsed here: the binary
 * snapshot and the keyed text of <pid> and ended.
 */
#ifndef BRKW_SNAPSHOT_H
#define BRKW_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/brkwatch.h>

struct brkw_track;
struct brkw_why;

/**
 * struct brkw_account - one account
 * @pid: thread group id in the initial pid namespace
 * @state: &enum brkw_state; a newer module may have more
 * @comm: name of the process, any bytes, terminated
 * @unknown: bit k % 64 of word k / 64 is set: key k is not known
 * @value: the numeric keys, by &enum brkw_key
 * @ns_pid: number of the process in its own pid namespace; 0 if it is not
 *	    known. No file of the module has it: brkw_pidns_inner() tells
 * @track: what is remembered of it; NULL of a reading that stands alone
 */
struct brkw_account {
	uint32_t pid;
	uint32_t state;
	char comm[BRKW_COMM_LEN + 1];
	uint64_t unknown[2];
	int64_t value[BRKW_NR_KEYS];
	uint32_t ns_pid;
	struct brkw_track *track;
};

/**
 * struct brkw_snapshot - accounts that were read together
 * @accts: the accounts, in the order of the file
 * @nr_accts: how many
 * @nr_room: for how many @accts has room
 * @is_short: the file broke off; @accts has what was whole
 * @sz_page: page size of the kernel, 0 if the file does not say
 * @ts_ns: CLOCK_BOOTTIME of the snapshot, 0 if the file does not say
 */
struct brkw_snapshot {
	struct brkw_account *accts;
	size_t nr_accts;
	size_t nr_room;
	bool is_short;
	uint32_t sz_page;
	uint64_t ts_ns;
};

/**
 * brkw_snapshot_parse_binary - read the binary form
 * @buf: the whole file
 * @len: its length
 * @ret_snap: written only on success; freed with brkw_snapshot_free()
 * @why: says what is wrong on failure
 *
 * Of a file that broke off, what is whole is read; @why says what is not.
 *
 * Return: 0; -EPROTO for a foreign magic or ABI; -EINVAL for a file that is
 * damaged or has nothing whole; -ENOMEM.
 */
int brkw_snapshot_parse_binary(const void *buf, size_t len,
			       struct brkw_snapshot *ret_snap, struct brkw_why *why);

/**
 * brkw_snapshot_parse_keyed - read the text form: blocks, empty lines between
 * @buf: the whole file
 * @len: its length
 * @ret_snap: written only on success; freed with brkw_snapshot_free()
 * @why: says what is wrong on failure
 *
 * A key that this tool does not know is skipped; one that is not there counts
 * as not known. Of a file that broke off, whole lines are read; @why says so.
 *
 * Return: as brkw_snapshot_parse_binary().
 */
int brkw_snapshot_parse_keyed(const char *buf, size_t len,
			      struct brkw_snapshot *ret_snap, struct brkw_why *why);

/**
 * brkw_snapshot_free - free what a parse function made
 * @snap: may be all zero
 */
void brkw_snapshot_free(struct brkw_snapshot *snap);

/**
 * brkw_snapshot_value - one numeric key of an account
 * @acct: the account
 * @key: which key
 * @ret_value: written only if it is known
 *
 * Return: whether the key is known.
 */
bool brkw_snapshot_value(const struct brkw_account *acct, enum brkw_key key,
			 int64_t *ret_value);

/**
 * brkw_snapshot_state_name - word for the state of an account
 * @state: &enum brkw_state or a number of a newer module
 */
const char *brkw_snapshot_state_name(uint32_t state);

/**
 * brkw_snapshot_parse_number - read a whole decimal number, without a sign
 * other than minus, without spaces
 * @text: terminated text
 * @ret_value: written only on success
 *
 * Return: 0 or -EINVAL.
 */
int brkw_snapshot_parse_number(const char *text, int64_t *ret_value);

#endif /* BRKW_SNAPSHOT_H */
