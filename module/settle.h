/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What settle.c shares with settle_view.c, mremap.c and replaced.c; and of keys,
 * with brk.c and read.c.
 */
#ifndef _BRKW_SETTLE_H
#define _BRKW_SETTLE_H

#include <linux/mm.h>
#include "ledger.h"

/**
 * brkw_add_value() - add to a key without a locked instruction
 * @acct: the account
 * @key: the key; BRKW_NO_KEY has a place, so that nobody need ask for it
 * @n: how much
 *
 * For keys whose only writer holds the mmap write lock. Context: under it, the
 * account's sequence being written; or the account ends.
 */
static __always_inline void brkw_add_value(struct brkw_account *acct, unsigned int key,
					   s64 n)
{
	atomic64_set(&acct->value[key], atomic64_read(&acct->value[key]) + n);
}

/**
 * brkw_raise_peak() - a key that never falls is at least this
 * @acct: the account
 * @key: the key
 * @n: what was seen
 *
 * Context: any; any number of writers. Return: the peak.
 */
static __always_inline s64 brkw_raise_peak(struct brkw_account *acct, enum brkw_key key, s64 n)
{
	s64 old = atomic64_read(&acct->value[key]);

	while (unlikely(old < n) && !atomic64_try_cmpxchg(&acct->value[key], &old, n))
		;	/* somebody else has raised it */
	return max(old, n);
}

/**
 * brkw_bytes_of() - the size of pages
 * @nr_pages: how many; less than none for what goes
 *
 * Context: any. Return: their bytes, never less than none.
 */
static inline s64 brkw_bytes_of(long nr_pages)
{
	return (s64)abs(nr_pages) << PAGE_SHIFT;
}

/* settle.c */

/* Not all hooks on the size of a mm could be had: see brkw_settle_set_partial(). */
extern bool brkw_is_partial;

void brkw_settle_write(struct brkw_account *acct, const struct mm_struct *mm);
void brkw_settle_now(struct brkw_account *acct, const struct mm_struct *mm);

/* mremap.c */
unsigned long brkw_mremap_nr_twice(const struct brkw_account *acct);
void brkw_mremap_left(struct brkw_account *acct, unsigned long nr_left);
void brkw_mremap_undone(struct brkw_account *acct, unsigned long nr_new);

/* replaced.c */
void brkw_replaced_view(s64 *value);

#endif /* _BRKW_SETTLE_H */
