// SPDX-License-Identifier: GPL-2.0
/*
 * The outcomes of brk(). A call either reaches the part that changes pages,
 * and then settle.c tells what became of it; or it does not, and then it was
 * refused. Where that does not decide (see record.c), the return does.
 */
#include <linux/mm.h>
#include "ledger.h"

/* The break as the calls before have left it. */
static void note_peak(struct brkw_account *acct, const struct mm_struct *mm)
{
	s64 sz = READ_ONCE(mm->brk) - READ_ONCE(mm->start_brk);

	if (atomic64_read(&acct->value[BRKW_KEY_BRK_PEAK_BYTES]) < sz)
		atomic64_set(&acct->value[BRKW_KEY_BRK_PEAK_BYTES], sz);
}

/**
 * brkw_brk_end() - a call that has not reached the pages never will: refused
 * @acct: the account
 *
 * Context: when the next call begins, or the account ends.
 */
void brkw_brk_end(struct brkw_account *acct)
{
	if (acct->brk_task && xchg(&acct->brk_task, NULL))
		atomic64_inc(&acct->value[BRKW_KEY_BRK_FAIL_EVENTS]);
}

/**
 * brkw_brk_same() - brk() was asked where the break is
 * @mm: the address space
 *
 * Context: a hook, no lock held.
 */
void brkw_brk_same(struct mm_struct *mm)
{
	struct brkw_account *acct = brkw_account_for(mm);

	if (acct)
		atomic64_inc(&acct->value[BRKW_KEY_BRK_SAME_EVENTS]);
}

/**
 * brkw_brk_begin() - brk() was asked to change pages, by the only user
 * @mm: the address space
 *
 * Unless brkw_brk_reached() follows, the request was refused.
 * Context: a hook on the system call, no lock held.
 */
void brkw_brk_begin(struct mm_struct *mm)
{
	struct brkw_account *acct = brkw_account_for(mm);

	if (!acct)
		return;
	note_peak(acct, mm);
	brkw_brk_end(acct);
	WRITE_ONCE(acct->brk_task, current);
}

/**
 * brkw_brk_shared() - brk() was called, its return will be seen too
 * @mm: the address space
 *
 * Context: a hook on the system call, no lock held.
 */
void brkw_brk_shared(struct mm_struct *mm)
{
	struct brkw_thread *thread = brkw_thread_find(current);
	struct brkw_account *acct = brkw_account_for(mm);

	if (thread)
		thread->has_reached = false;
	if (!acct)
		return;
	note_peak(acct, mm);
	brkw_brk_end(acct);
}

/**
 * brkw_brk_reached() - brk() is about to change pages
 * @mm: the address space, write locked
 *
 * Context: a hook in brk(), before it posts the operation.
 */
void brkw_brk_reached(struct mm_struct *mm)
{
	struct brkw_account *acct = brkw_account_find(mm);
	struct brkw_thread *thread;

	if (acct && acct->brk_task == current) {
		WRITE_ONCE(acct->brk_task, NULL);
		return;
	}
	thread = brkw_thread_find(current);
	if (thread)
		thread->has_reached = true;
}

/**
 * brkw_brk_returned() - brk() returned, whose outcome is not the ledger's
 * @mm: the address space
 * @is_granted: it returned what was asked for
 *
 * For calls of a shared address space and for moves within a page. A call
 * that reached the pages is settled by what became of them.
 * Context: the return of the system call, no lock held.
 */
void brkw_brk_returned(struct mm_struct *mm, bool is_granted)
{
	struct brkw_thread *thread = brkw_thread_find(current);
	struct brkw_account *acct;

	if (thread && thread->has_reached)
		return;
	acct = brkw_account_find(mm);
	if (!acct)
		return;
	atomic64_inc(&acct->value[is_granted ? BRKW_KEY_BRK_SAME_EVENTS :
					       BRKW_KEY_BRK_FAIL_EVENTS]);
}
