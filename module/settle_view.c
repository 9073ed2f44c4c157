// SPDX-License-Identifier: GPL-2.0
/*
 * What readers see of an account whose last operation is posted and not settled:
 * what it comes to if it has happened, or, under the mmap lock, what it was.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include "compat.h"
#include "ledger.h"
#include "settle.h"

/**
 * brkw_settle_lock_soon() - take the mmap write lock, but do not wait for long
 * @mm: the address space, in which nothing will be changed
 * @acct: give up also if all its threads are gone; or NULL
 *
 * Who has the lock may hold it for as long as a file server is silent. The worker
 * removes the file of an account whose threads are gone, and waits for its readers.
 * Context: may sleep. Return: 0 if it is ours, until brkw_mmap_unlock(); -EBUSY
 * after a second; -ESRCH if the threads are gone; -EINTR if the caller was killed.
 */
int brkw_settle_lock_soon(struct mm_struct *mm, const struct brkw_account *acct)
{
	unsigned long deadline = jiffies + HZ;

	while (!brkw_mmap_trylock(mm)) {
		if (acct && (READ_ONCE(acct->is_orphan) || READ_ONCE(acct->is_closing)))
			return -ESRCH;
		if (time_after(jiffies, deadline))
			return -EBUSY;
		if (fatal_signal_pending(current))
			return -EINTR;
		schedule_timeout_killable(1);
	}
	return 0;
}

/**
 * brkw_settle_locked() - settle what is posted, for a reader
 * @acct: an account whose mm the caller has pinned
 * @mm: that mm
 * @may_wait: for its lock
 *
 * Under the write lock nothing is under way, so that what has not happened
 * will not. Context: may sleep. Return: 0; -EBUSY if the lock is not free; else
 * what brkw_settle_lock_soon() says.
 */
int brkw_settle_locked(struct brkw_account *acct, struct mm_struct *mm, bool may_wait)
{
	unsigned long irqflags;
	int err = 0;

	if (may_wait)
		err = brkw_settle_lock_soon(mm, acct);
	else if (!brkw_mmap_trylock(mm))
		err = -EBUSY;
	if (err)
		return err;
	/* the end of a mm, which settles it, too, asks for no mmap lock */
	raw_spin_lock_irqsave(&acct->lock, irqflags);
	if (!acct->is_closing && !acct->pending.is_exec)
		brkw_settle_now(acct, mm);
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	brkw_mmap_unlock(mm);
	return 0;
}

/**
 * brkw_settle_copy() - the counted keys, as far as they are settled
 * @acct: the account
 * @value: filled, indexed by &enum brkw_key
 *
 * Context: any; coherent if nobody writes.
 */
void brkw_settle_copy(const struct brkw_account *acct, s64 *value)
{
	unsigned int key;

	for (key = 0; key < BRKW_NR_PLACES; key++)
		value[key] = atomic64_read(&acct->value[key]);
	value[BRKW_KEY_MREMAP_GROW_BYTES] += (s64)brkw_mremap_nr_twice(acct) << PAGE_SHIFT;
}

static void view_done(s64 *value, const struct brkw_pending *pending)
{
	if (pending->op == BRKW_OP_MREMAP_OLD)
		value[BRKW_KEY_MREMAP_GROW_BYTES] -= brkw_bytes_of(pending->nr_pages);
	if (pending->events != BRKW_NO_KEY)
		value[pending->events]++;
	if (pending->bytes != BRKW_NO_KEY)
		value[pending->bytes] += brkw_bytes_of(pending->nr_pages);
}

/* A mapping page by page over others: nothing shows until it returns. */
static bool is_shown_by_return(const struct brkw_account *acct,
			       const struct brkw_pending *pending)
{
	return pending->is_over && acct->over.nr_pages == pending->nr_pages;
}

/**
 * brkw_settle_view() - the counted keys, as if all that is posted were settled
 * @acct: the account
 * @mm: its address space
 * @value: filled, indexed by &enum brkw_key
 * @ret_nr_ledger: total_vm, in pages, that @value belongs to
 *
 * Context: any. Return: false if an operation is posted of which only a lock
 * holder can tell what became of it; @value is then without it.
 */
bool brkw_settle_view(const struct brkw_account *acct, const struct mm_struct *mm, s64 *value,
		      unsigned long *ret_nr_ledger)
{
	bool is_by_return, is_growing;
	struct brkw_pending pending;
	unsigned int seq;
	long delta;

	do {
		seq = read_seqcount_begin(&acct->seq);
		brkw_settle_copy(acct, value);
		brkw_replaced_view(value);
		pending = acct->pending;
		is_by_return = is_shown_by_return(acct, &pending);
		*ret_nr_ledger = acct->nr_ledger;
		delta = READ_ONCE(mm->total_vm) - acct->nr_ledger;
		smp_rmb();	/* who grows what is in total_vm is seen, or has booked it */
		is_growing = brkw_stack_is_growing();
	} while (read_seqcount_retry(&acct->seq, seq));
	if (pending.op == BRKW_OP_NONE || is_by_return) {
		if (!READ_ONCE(brkw_is_partial))
			return !delta;
		*ret_nr_ledger += delta;
		return pending.op == BRKW_OP_NONE;
	}
	if (pending.is_over || pending.op == BRKW_OP_MREMAP_UNDO || is_growing)
		return false;
	if (delta != pending.nr_pages && !READ_ONCE(brkw_is_partial))
		return false;
	*ret_nr_ledger += delta;
	view_done(value, &pending);
	return true;
}
