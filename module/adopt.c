// SPDX-License-Identifier: GPL-2.0
/*
 * The processes that already run when we start to watch. The hooks are armed
 * by then, so that whatever is born meanwhile opens its own account; here each
 * older process gets one under its mmap write lock, where its size stands
 * still, and its threads under its siglock, where none can come or go.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "compat.h"
#include "ledger.h"
#include "ledger_tables.h"

/*
 * Caller holds the siglock of the process. Threads that have a slot may add to what
 * is older than the account. Return: how many have got a slot.
 */
static unsigned int __adopt_threads(struct task_struct *leader, struct brkw_account *acct)
{
	struct task_struct *task;
	unsigned long flt[2];
	unsigned int nr = 0;

	atomic64_set(&acct->value[BRKW_KEY_FAULT_MINOR], leader->signal->min_flt);
	atomic64_set(&acct->value[BRKW_KEY_FAULT_MAJOR], leader->signal->maj_flt);
	preempt_disable();
	for_each_thread(leader, task) {
		if (brkw_thread_open(task, acct, flt))
			nr++;
		else if (brkw_thread_find(task))
			continue;
		atomic64_add(flt[0], &acct->value[BRKW_KEY_FAULT_MINOR]);
		atomic64_add(flt[1], &acct->value[BRKW_KEY_FAULT_MAJOR]);
	}
	preempt_enable();
	if (nr)		/* collect_bucket(), work_on() */
		smp_store_release(&acct->is_gathering, false);
	return nr;
}

static unsigned int adopt_threads(struct task_struct *leader, struct brkw_account *acct)
{
	struct sighand_struct *sighand;
	unsigned long irqflags;
	unsigned int nr = 0;

	rcu_read_lock();
	sighand = rcu_dereference(leader->sighand);
	if (sighand) {
		spin_lock_irqsave(&sighand->siglock, irqflags);
		if (sighand == rcu_access_pointer(leader->sighand))
			nr = __adopt_threads(leader, acct);
		spin_unlock_irqrestore(&sighand->siglock, irqflags);
	}
	rcu_read_unlock();
	return nr;
}

static bool has_slot(struct task_struct *task)
{
	bool has;

	preempt_disable();
	has = brkw_thread_find(task);
	preempt_enable();
	return has;
}

/*
 * Caller holds the mmap write lock: neither exec nor exit can take mm away. It may
 * be exec that has just given it, and has not come to its hook; see
 * brkw_account_exec().
 */
static void __adopt(struct task_struct *leader, struct task_struct *task,
		    struct mm_struct *mm)
{
	struct brkw_account *acct;

	if (READ_ONCE(task->mm) != mm || has_slot(task))
		return;
	preempt_disable();
	acct = brkw_account_find(mm);
	if (acct && (acct->is_embryo || acct->tgid == task_tgid_nr(leader)))
		acct = NULL;	/* a hook of its own is at it */
	else
		acct = brkw_account_open(acct ? NULL : mm, leader, true);
	preempt_enable();
	if (acct && !adopt_threads(leader, acct))
		brkw_account_drop(acct);	/* as open_thread() in account.c */
}

/* The leader may have exited before its threads. */
static struct task_struct *task_with_mm(struct task_struct *leader)
{
	struct task_struct *task, *found = NULL;

	rcu_read_lock();
	for_each_thread(leader, task) {
		if (READ_ONCE(task->mm)) {
			found = task;
			get_task_struct(found);
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

static int adopt_by(struct task_struct *leader, struct task_struct *task, bool is_patient)
{
	struct mm_struct *mm = get_task_mm(task);
	int err;

	if (!mm)
		return 0;
	err = is_patient ? down_write_killable(&mm->mmap_lock) : brkw_settle_lock_soon(mm, NULL);
	if (!err) {
		__adopt(leader, task, mm);
		brkw_mmap_unlock(mm);
	}
	mmput(mm);
	return err;
}

/* Return: 0, also for one that is left out, or -EINTR. */
static int adopt(struct task_struct *leader, bool is_patient)
{
	struct task_struct *task;
	bool has_exited;
	int err;

	do {
		task = task_with_mm(leader);
		if (!task)
			return 0;
		err = adopt_by(leader, task, is_patient);
		has_exited = !READ_ONCE(task->mm);	/* and its process may go on */
		put_task_struct(task);
	} while (!err && has_exited);
	return err == -EBUSY ? 0 : err;
}

static unsigned int count_processes(void)
{
	struct task_struct *task;
	unsigned int nr = 0;

	rcu_read_lock();
	for_each_process(task)
		nr++;
	rcu_read_unlock();
	return nr;
}

static struct task_struct **collect_leaders(unsigned int *ret_nr, unsigned int *ret_nr_threads)
{
	unsigned int nr_max = count_processes() + 64, nr = 0, nr_threads = 0;
	struct task_struct **leaders, *task;

	leaders = kvmalloc_array(nr_max, sizeof(*leaders), GFP_KERNEL | __GFP_NOWARN);
	if (!leaders)
		return NULL;
	rcu_read_lock();
	for_each_process(task) {
		if (nr == nr_max)
			break;
		if (task->flags & PF_KTHREAD)
			continue;
		get_task_struct(task);
		nr_threads += get_nr_threads(task);
		leaders[nr++] = task;
	}
	rcu_read_unlock();
	*ret_nr = nr;
	*ret_nr_threads = nr_threads;
	return leaders;
}

/**
 * brkw_adopt_all() - open an account for every process that runs
 * @is_patient: wait for whatever has an address space locked; else it is left
 *		out after a second, and what it does is dropped, and counted
 *
 * Context: may sleep; the hooks are armed. Return: 0, -ENOMEM, or -EINTR if
 * the caller was killed.
 */
int brkw_adopt_all(bool is_patient)
{
	unsigned int nr, nr_threads, i;
	struct task_struct **leaders;
	int err;

	leaders = collect_leaders(&nr, &nr_threads);
	if (!leaders)
		return -ENOMEM;
	err = brkw_account_reserve(nr);
	if (!err)
		err = brkw_thread_reserve(nr_threads);
	for (i = 0; i < nr; i++) {
		if (!err)
			err = adopt(leaders[i], is_patient);
		put_task_struct(leaders[i]);
	}
	brkw_account_reserve(0);
	brkw_thread_reserve(0);
	kvfree(leaders);
	return err;
}
