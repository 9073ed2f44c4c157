// SPDX-License-Identifier: GPL-2.0
/*
 * mremap() that grows a mapping or gives it another place. When we hear of one
 * the call cannot fail any more, so that it is booked at once. The old place is
 * unmapped afterwards: that is posted as BRKW_OP_MREMAP_OLD; or, if the pages had
 * to be moved back, the new place is: BRKW_OP_MREMAP_UNDO.
 */
#include <linux/mm.h>
#include "ledger.h"
#include "ledger_tables.h"
#include "settle.h"
#include "trace.h"

/**
 * brkw_mremap_nr_twice() - pages that a move has in two places
 * @acct: the account
 *
 * They have the place of a sum that only read.c makes.
 * Context: any. Return: how many; 0 once the old place is left.
 */
unsigned long brkw_mremap_nr_twice(const struct brkw_account *acct)
{
	return atomic64_read(&acct->value[BRKW_KEY_BRK_CALLS]);
}

static void set_twice(struct brkw_account *acct, unsigned long nr_pages)
{
	atomic64_set(&acct->value[BRKW_KEY_BRK_CALLS], nr_pages);
}

/**
 * brkw_mremap_left() - a move has left its old place, or could not
 * @acct: the account
 * @nr_left: pages that are gone from there: the rest has grown
 *
 * Context: under the mmap write lock, the sequence being written.
 */
void brkw_mremap_left(struct brkw_account *acct, unsigned long nr_left)
{
	unsigned long nr_twice = brkw_mremap_nr_twice(acct);
	unsigned long nr_kept = nr_twice - min(nr_left, nr_twice);

	set_twice(acct, 0);
	if (nr_kept)
		brkw_add_value(acct, BRKW_KEY_MREMAP_GROW_BYTES, (s64)nr_kept << PAGE_SHIFT);
}

/**
 * brkw_mremap_undone() - the pages are moved back, the new place is unmapped
 * @acct: the account
 * @nr_new: pages of the new place
 *
 * Context: under the mmap write lock, the sequence being written.
 */
void brkw_mremap_undone(struct brkw_account *acct, unsigned long nr_new)
{
	s64 nr_grown = (s64)nr_new - (s64)brkw_mremap_nr_twice(acct);

	set_twice(acct, 0);
	if (acct->is_move_counted)
		brkw_add_value(acct, BRKW_KEY_MREMAP_MOVE_EVENTS, -1);
	if (nr_grown > 0) {
		if (acct->is_move_counted)
			brkw_add_value(acct, BRKW_KEY_MREMAP_GROW_EVENTS, -1);
		brkw_add_value(acct, BRKW_KEY_MREMAP_GROW_BYTES, -(nr_grown << PAGE_SHIFT));
	}
}

/**
 * brkw_mremap_is_moving() - mremap() holds a mapping in two places
 * @mm: the address space, write locked
 *
 * Context: a hook under the write lock, in mremap(). Return: true between the
 * new place's accounting and the old one's unmapping.
 */
bool brkw_mremap_is_moving(const struct mm_struct *mm)
{
	const struct brkw_account *acct = brkw_account_find(mm);

	return acct && brkw_mremap_nr_twice(acct) && acct->pending.op == BRKW_OP_NONE;
}

static void book_moved(struct brkw_account *acct, long nr_pages, long nr_left, bool is_move,
		       bool is_first)
{
	acct->is_move_counted = is_first;
	acct->nr_ledger += nr_pages;
	set_twice(acct, brkw_mremap_nr_twice(acct) + nr_left);
	if (is_move && is_first)
		brkw_add_value(acct, BRKW_KEY_MREMAP_MOVE_EVENTS, 1);
	if (nr_pages > nr_left) {
		if (is_first)
			brkw_add_value(acct, BRKW_KEY_MREMAP_GROW_EVENTS, 1);
		brkw_add_value(acct, BRKW_KEY_MREMAP_GROW_BYTES,
			       (s64)(nr_pages - nr_left) << PAGE_SHIFT);
	}
}

/**
 * brkw_mremap_grown() - mremap() grows a mapping, and cannot fail any more
 * @mm: the address space, write locked
 * @nr_pages: pages that total_vm is about to grow by
 * @nr_left: of these, what the mapping will give up at its old place
 * @is_move: the mapping gets a new place
 * @is_first: none has before it in this call
 *
 * Context: a hook under the write lock.
 */
void brkw_mremap_grown(const struct mm_struct *mm, long nr_pages, long nr_left, bool is_move,
		       bool is_first)
{
	struct brkw_account *acct = brkw_account_for(mm);

	if (!acct)
		return;
	raw_write_seqcount_begin(&acct->seq);
	brkw_settle_write(acct, mm);
	brkw_mremap_left(acct, 0);
	book_moved(acct, nr_pages, nr_left, is_move, is_first);
	raw_write_seqcount_end(&acct->seq);
	if (trace_vm_change_enabled())
		brkw_trace_change(acct, BRKW_OP_MREMAP_SHRINK, nr_pages, acct->nr_ledger);
}
