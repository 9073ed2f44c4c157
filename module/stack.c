// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks that grow under the mmap read lock, as those of old kernels do (see
 * compat.h). There total_vm need not stand still, so that nothing can be
 * settled; two threads may grow one stack at a time; and who comes second may
 * find that nothing is left to do. So what has grown is booked when the call
 * returns, still under that lock, which keeps those out who post and settle.
 *
 * Calls under way share, for each mapping, the address down to which growth is
 * booked: it is inherited when a call begins, and lowered in all by the first
 * one that returns. So each page is booked once, whoever returns first.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include "ledger.h"
#include "ledger_tables.h"

#define NR_GROWTHS	32

/**
 * struct growth - a call under way that grows a stack
 * @task: who calls; only compared, NULL if the place is free
 * @vma: the stack
 * @start: down to where its growth is booked
 */
struct growth {
	const struct task_struct *task;
	const struct vm_area_struct *vma;
	unsigned long start;
};

/* The lock guards both; that there are none may be seen without. */
static struct growth growths[NR_GROWTHS];
static unsigned int nr_growths;
static DEFINE_RAW_SPINLOCK(growth_lock);

static struct growth *find_growth(const struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < NR_GROWTHS; i++)
		if (growths[i].task == task)
			return &growths[i];
	return NULL;
}

static void free_growth(struct growth *growth)
{
	growth->task = NULL;
	WRITE_ONCE(nr_growths, nr_growths - 1);
}

/* Where the growth of a mapping is booked down to, with what is under way. */
static unsigned long booked_start(const struct vm_area_struct *vma)
{
	unsigned long start = vma->vm_start;
	unsigned int i;

	for (i = 0; i < NR_GROWTHS; i++)
		if (growths[i].task && growths[i].vma == vma)
			start = max(start, growths[i].start);
	return start;
}

static void book_growth(const struct vm_area_struct *vma, unsigned long start)
{
	unsigned long new_start = READ_ONCE(vma->vm_start);
	unsigned int i;

	if (new_start < start)
		brkw_settle_grown(vma->vm_mm, (start - new_start) >> PAGE_SHIFT);
	for (i = 0; i < NR_GROWTHS; i++)
		if (growths[i].task && growths[i].vma == vma)
			growths[i].start = min(growths[i].start, new_start);
}

/**
 * brkw_stack_begin() - current is about to grow a stack
 * @vma: the stack; the mmap lock is held at least for reading, or its mm is
 *	 nobody's yet
 *
 * Context: a hook. Return: true if the return must be brought to
 * brkw_stack_end().
 */
bool brkw_stack_begin(const struct vm_area_struct *vma)
{
	struct growth *growth;
	unsigned long irqflags;

	if (!brkw_account_for(vma->vm_mm))
		return false;
	brkw_stack_forget(current);	/* a return that was missed */
	raw_spin_lock_irqsave(&growth_lock, irqflags);
	growth = find_growth(NULL);
	if (growth) {
		growth->start = booked_start(vma);
		growth->vma = vma;
		growth->task = current;
		WRITE_ONCE(nr_growths, nr_growths + 1);
	}
	raw_spin_unlock_irqrestore(&growth_lock, irqflags);
	if (!growth)
		brkw_drop(BRKW_DROP_NO_THREAD);
	return growth;
}

/**
 * brkw_stack_end() - a call of current has returned
 * @is_done: without an error
 *
 * Context: a hook, under the lock that brkw_stack_begin() had. Return: false
 * if it was no call that grows a stack.
 */
bool brkw_stack_end(bool is_done)
{
	struct growth *growth = NULL;
	unsigned long irqflags;

	if (!READ_ONCE(nr_growths))
		return false;
	raw_spin_lock_irqsave(&growth_lock, irqflags);
	growth = find_growth(current);
	if (growth) {
		if (is_done)
			book_growth(growth->vma, growth->start);
		free_growth(growth);	/* after it: brkw_settle_view() */
	}
	raw_spin_unlock_irqrestore(&growth_lock, irqflags);
	return growth;
}

/**
 * brkw_stack_forget() - no call of a task is under way any more
 * @task: the task
 *
 * Context: any.
 */
void brkw_stack_forget(const struct task_struct *task)
{
	struct growth *growth;
	unsigned long irqflags;

	if (likely(!READ_ONCE(nr_growths)))
		return;
	raw_spin_lock_irqsave(&growth_lock, irqflags);
	growth = find_growth(task);
	if (growth)
		free_growth(growth);
	raw_spin_unlock_irqrestore(&growth_lock, irqflags);
}

/**
 * brkw_stack_is_growing() - some stack grows, so that total_vm may not be booked
 *
 * Context: any. Return: true if so, also of another process.
 */
bool brkw_stack_is_growing(void)
{
	return READ_ONCE(nr_growths);
}
