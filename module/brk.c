// SPDX-License-Identifier: GPL-2.0
/*
 * The outcomes of brk(). A call either reaches the part that changes pages,
 * and then settle.c tells what became of it; or it does not, and then it was
 * refused. Where that does not decide, its return does (outcome.c).
 */
#include <linux/mm.h>
#include "ledger.h"
#include "ledger_tables.h"
#include "settle.h"

/**
 * brkw_brk_note_peak() - the break was there
 * @acct: an account of current's
 * @brk: where
 *
 * Context: a hook; no lock is held.
 */
void brkw_brk_note_peak(struct brkw_account *acct, unsigned long brk)
{
	brkw_raise_peak(acct, BRKW_KEY_BRK_PEAK_BYTES,
			(s64)(brk - READ_ONCE(current->mm->start_brk)));
}

/**
 * brkw_brk_end() - a call that has not reached the pages never will: refused
 * @acct: the account
 *
 * Context: when the next call begins, or the account ends.
 */
void brkw_brk_end(struct brkw_account *acct)
{
	if (READ_ONCE(acct->brk_task) && xchg(&acct->brk_task, NULL))
		atomic64_inc(&acct->value[BRKW_KEY_BRK_FAIL_EVENTS]);
}

/*
 * The outcome follows from whether the call reaches the pages, with two
 * exceptions: another thread may move the break at the same time, and a move
 * within a page may be refused (RLIMIT_DATA).
 */
static bool is_told_by_pages(const struct mm_struct *mm, unsigned long request)
{
	return atomic_read(&mm->mm_users) == 1 &&
	       PAGE_ALIGN(request) != PAGE_ALIGN(READ_ONCE(mm->brk));
}

/**
 * brkw_brk_call() - brk() was called
 * @mm: the address space
 * @request: the break that is asked for; 0 asks where it is
 *
 * Context: a hook on the system call, no lock held. Return: true if only its
 * return tells the outcome, which must then be brought to
 * brkw_outcome_answer().
 */
bool brkw_brk_call(struct mm_struct *mm, unsigned long request)
{
	struct brkw_account *acct = brkw_account_for(mm);

	if (unlikely(!acct))
		return false;
	brkw_brk_end(acct);
	if (!request) {
		atomic64_inc(&acct->value[BRKW_KEY_BRK_SAME_EVENTS]);
		return false;
	}
	brkw_brk_note_peak(acct, READ_ONCE(mm->brk));	/* where calls before have left it */
	if (unlikely(!is_told_by_pages(mm, request)))
		return brkw_outcome_await(BRKW_AWAITS_BRK, 0, mm, request);
	WRITE_ONCE(acct->brk_task, current);
	return false;
}

/**
 * brkw_brk_reached() - brk() is about to change pages
 * @acct: the account of the address space
 *
 * Context: a hook in brk(), under the mmap write lock, before it posts the
 * operation.
 */
void brkw_brk_reached(struct brkw_account *acct)
{
	struct brkw_thread *thread;

	if (acct->brk_task == current) {
		WRITE_ONCE(acct->brk_task, NULL);
		return;
	}
	thread = brkw_thread_find(current);
	if (thread)
		thread->has_reached = true;
}

/**
 * brkw_brk_granted() - brk() shrinks, and nothing is mapped there any more
 * @mm: the address space
 *
 * Newer kernels refuse that before they come to the part that changes pages.
 * Context: as brkw_brk_reached().
 */
void brkw_brk_granted(struct mm_struct *mm)
{
	struct brkw_account *acct = brkw_account_find(mm);

	if (!acct)
		return;
	brkw_brk_reached(acct);
	atomic64_inc(&acct->value[BRKW_KEY_BRK_SAME_EVENTS]);
}

/**
 * brkw_brk_is_under_way() - a thread may still be on its way through brk()
 * @acct: its account
 * @task: the thread, only compared
 * @is_in_brk: tells it of a task that is not freed
 *
 * Context: any. Return: true unless the thread is known to do something else.
 */
bool brkw_brk_is_under_way(struct brkw_account *acct, const struct task_struct *task,
			   bool (*is_in_brk)(struct task_struct *task))
{
	struct brkw_thread *thread;
	unsigned long irqflags;
	bool is_in = false;

	raw_spin_lock_irqsave(&acct->lock, irqflags);
	if (!acct->is_closing)
		list_for_each_entry(thread, &acct->threads, link)
			if (thread->key == task)
				is_in = is_in_brk(thread->key);
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	return is_in;
}
