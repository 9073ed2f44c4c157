// SPDX-License-Identifier: GPL-2.0
/*
 * What took the place of others, page by page, counts both as mapped and as
 * replaced. Its return tells, without a lock: so it is one number a kind, its
 * events above its pages, until somebody settles under the lock. These numbers
 * have the places of what read.c makes of a live account.
 */
#include <linux/mm.h>
#include "ledger.h"
#include "settle.h"

static const u8 replaced_places[BRKW_NR_KINDS] = {
	BRKW_KEY_VM_BYTES, BRKW_KEY_VM_SHRUNK_BYTES, BRKW_KEY_VM_UNACCOUNTED_BYTES,
	BRKW_KEY_VMA_COUNT,
};

/* Five levels of page tables have 2^44 pages of a process. */
#define REPLACED_SHIFT	48
#define EVENTS_OF(kind)	(BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS + 2 * (kind))
#define BYTES_OF(kind)	(EVENTS_OF(kind) + 1)

/**
 * brkw_replaced_add() - a mapping has taken the place of others, page by page
 * @acct: its account
 * @kind: of the mapping (&enum brkw_kind)
 * @sz: its size
 *
 * Context: a hook.
 */
void brkw_replaced_add(struct brkw_account *acct, unsigned int kind, u64 sz)
{
	atomic64_add((1ULL << REPLACED_SHIFT) + (sz >> PAGE_SHIFT),
		     &acct->value[replaced_places[kind]]);
}

static s64 replaced_bytes(u64 replaced)
{
	return (replaced & ((1ULL << REPLACED_SHIFT) - 1)) << PAGE_SHIFT;
}

/**
 * brkw_replaced_fold() - book what returns have told
 * @acct: the account
 *
 * Context: its sequence is being written, or it ends.
 */
void brkw_replaced_fold(struct brkw_account *acct)
{
	unsigned int kind;
	u64 replaced;

	for (kind = 0; kind < BRKW_NR_KINDS; kind++) {
		replaced = atomic64_xchg(&acct->value[replaced_places[kind]], 0);
		brkw_add_value(acct, EVENTS_OF(kind), replaced >> REPLACED_SHIFT);
		brkw_add_value(acct, BYTES_OF(kind), replaced_bytes(replaced));
		brkw_add_value(acct, BRKW_KEY_MMAP_REPLACED_BYTES, replaced_bytes(replaced));
	}
}

/**
 * brkw_replaced_view() - the same for who reads a live account
 * @value: a copy of its values
 *
 * Context: any.
 */
void brkw_replaced_view(s64 *value)
{
	unsigned int kind;
	u64 replaced;

	for (kind = 0; kind < BRKW_NR_KINDS; kind++) {
		replaced = value[replaced_places[kind]];
		value[EVENTS_OF(kind)] += replaced >> REPLACED_SHIFT;
		value[BYTES_OF(kind)] += replaced_bytes(replaced);
		value[BRKW_KEY_MMAP_REPLACED_BYTES] += replaced_bytes(replaced);
	}
}
