// SPDX-License-Identifier: GPL-2.0
/*
 * Outcomes that neither the size of the address space nor the path taken
 * tells, only the return of the call: a break that others move too, a mapping
 * in the very place of another, an mremap() that changes nothing. Such a call
 * is noted in the thread's slot when it is entered, and booked when it returns.
 * Not all return under the mmap lock: what is booked here is written without
 * it, and never changes a balance.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include "ledger.h"
#include "ledger_tables.h"

static atomic64_t nr_lost;

static void answer_brk(struct brkw_account *acct, const struct brkw_thread *thread,
		       unsigned long retval)
{
	bool is_granted = retval == thread->awaited_arg;

	if (is_granted)
		brkw_brk_note_peak(acct, retval);	/* others move it before they look */
	if (thread->has_reached)	/* settle.c knows */
		return;
	atomic64_inc(&acct->value[is_granted ? BRKW_KEY_BRK_SAME_EVENTS :
					       BRKW_KEY_BRK_FAIL_EVENTS]);
}

static void answer_mmap(struct brkw_account *acct, const struct brkw_thread *thread,
			bool is_done)
{
	if (!is_done) {
		atomic64_inc(&acct->value[BRKW_KEY_MMAP_FAIL_EVENTS]);
		return;
	}
	brkw_replaced_add(acct, thread->awaited_kind, thread->awaited_arg);
}

static void answer_madvise(struct brkw_account *acct, enum brkw_awaited awaited, u64 sz)
{
	bool is_free = awaited == BRKW_AWAITS_FREE || awaited == BRKW_AWAITS_FREE_RANGES;

	atomic64_inc(&acct->value[is_free ? BRKW_KEY_MADVISE_FREE_EVENTS :
					    BRKW_KEY_MADVISE_DONTNEED_EVENTS]);
	atomic64_add(sz, &acct->value[is_free ? BRKW_KEY_MADVISE_FREE_BYTES :
						BRKW_KEY_MADVISE_DONTNEED_BYTES]);
}

static void answer(struct brkw_thread *thread, unsigned long retval)
{
	struct brkw_account *acct = brkw_account_find(thread->awaited_mm);
	enum brkw_awaited awaited = thread->awaited;

	thread->awaited = BRKW_AWAITS_NOTHING;
	if (!acct)
		return;		/* dropped when it was awaited */
	if (awaited == BRKW_AWAITS_BRK)
		answer_brk(acct, thread, retval);
	else if (awaited == BRKW_AWAITS_MMAP)
		answer_mmap(acct, thread, !IS_ERR_VALUE(retval));
	else if (awaited == BRKW_AWAITS_MREMAP && IS_ERR_VALUE(retval))
		atomic64_inc(&acct->value[BRKW_KEY_MREMAP_FAIL_EVENTS]);
	else if (awaited >= BRKW_AWAITS_DONTNEED_RANGES && !IS_ERR_VALUE(retval))
		answer_madvise(acct, awaited, PAGE_ALIGN(retval));
	else if (awaited >= BRKW_AWAITS_DONTNEED && !(int)retval)
		answer_madvise(acct, awaited, thread->awaited_arg);
}

/**
 * brkw_outcome_await() - the return of a call of current will tell
 * @awaited: what
 * @kind: of a mapping
 * @mm: the address space
 * @arg: what the answer needs: the break that was asked for, or bytes
 *
 * Context: a hook. Return: true if the return is wanted.
 */
bool brkw_outcome_await(enum brkw_awaited awaited, unsigned int kind, struct mm_struct *mm,
			u64 arg)
{
	struct brkw_thread *thread = brkw_thread_find(current);

	if (!thread) {
		if (!brkw_drop(BRKW_DROP_NO_THREAD))
			atomic64_inc(&nr_lost);	/* the account is open, its threads are not yet */
		return false;
	}
	brkw_outcome_forget(thread);
	thread->awaited = awaited;
	thread->awaited_kind = kind;
	thread->awaited_arg = arg;
	thread->awaited_mm = mm;
	thread->has_reached = false;
	thread->is_missed = false;
	return true;
}

/**
 * brkw_outcome_call() - the same for an event that is nothing else
 * @awaited: what
 * @mm: the address space
 * @arg: as for brkw_outcome_await()
 *
 * Context: a hook. Return: true if the return is wanted.
 */
bool brkw_outcome_call(enum brkw_awaited awaited, struct mm_struct *mm, u64 arg)
{
	return brkw_account_for(mm) && brkw_outcome_await(awaited, 0, mm, arg);
}

/**
 * brkw_outcome_is_first() - whether a call of current changes something first now
 *
 * Since 6.17 one mremap() moves several mappings, and is one event all the
 * same. Context: a hook in mremap(). Return: false if it has been asked before
 * in this call.
 */
bool brkw_outcome_is_first(void)
{
	struct brkw_thread *thread = brkw_thread_find(current);
	bool is_first;

	if (!thread || thread->awaited != BRKW_AWAITS_MREMAP)
		return true;
	is_first = !thread->has_reached;
	thread->has_reached = true;
	return is_first;
}

/**
 * brkw_outcome_is_of_ranges() - a call of current that goes on will tell of all ranges
 *
 * Up to 6.14 process_madvise() goes through do_madvise(), range by range. Not asked of
 * the registers: a worker of io_uring has those of whatever call it was born in.
 * Context: a hook. Return: true if what is advised now is part of such a call.
 */
bool brkw_outcome_is_of_ranges(void)
{
	struct brkw_thread *thread = brkw_thread_find(current);

	return thread && thread->awaited >= BRKW_AWAITS_DONTNEED_RANGES && !thread->is_missed;
}

/**
 * brkw_outcome_answer() - a call of current has returned
 * @retval: what it returned
 *
 * Context: a hook.
 */
void brkw_outcome_answer(unsigned long retval)
{
	struct brkw_thread *thread = brkw_thread_find(current);

	if (thread && thread->awaited)
		answer(thread, retval);
}

/**
 * brkw_outcome_forget() - the thread goes on, or ends: nothing is awaited any more
 * @thread: its slot
 *
 * What still was has been missed. Context: a hook.
 */
void brkw_outcome_forget(struct brkw_thread *thread)
{
	if (!thread->awaited)
		return;
	thread->awaited = BRKW_AWAITS_NOTHING;
	if (!thread->is_missed)
		atomic64_inc(&nr_lost);
}

/**
 * brkw_outcome_missed() - the return of a call of current may be missed
 *
 * The kernel has counted one that is, here or on another processor: if it does not
 * come, brkw_outcome_forget() need not count it again. Context: the hook that has
 * called brkw_outcome_await().
 */
void brkw_outcome_missed(void)
{
	struct brkw_thread *thread = brkw_thread_find(current);

	if (thread)
		thread->is_missed = true;
}

/**
 * brkw_outcome_lost() - returns that were awaited and not seen
 *
 * Context: any. Return: their number since load.
 */
u64 brkw_outcome_lost(void)
{
	return atomic64_read(&nr_lost);
}
