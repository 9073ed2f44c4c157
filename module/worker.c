// SPDX-License-Identifier: GPL-2.0
/*
 * What hooks leave to process context: debugfs, the last reference of a mm or
 * a pid, filling the pools. One worker does it, account by account, a little
 * late; and since it is the only one that frees accounts, it also keeps their
 * references.
 */
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/workqueue.h>
#include "compat.h"
#include "ledger.h"
#include "ledger_tables.h"

/* Filling the pools does not wait for who waits for readers, or for RCU. */
#define NR_WORKS	2
/* How late the worker may be. */
#define WORK_DELAY_MS	10
/* How late a file may appear: processes shorter than this cost no dentry. */
#define PUBLISH_DELAY_MS	50

/*
 * Accounts that want the worker, and those that it found too young to publish,
 * or not to be had yet; the lock guards the lists and is_queued.
 */
static LIST_HEAD(work_accounts);
static LIST_HEAD(young_accounts);
static DEFINE_RAW_SPINLOCK(work_lock);
static struct workqueue_struct *workqueue;
static const struct brkw_ledger_ops *ledger_ops;

static void do_accounts(struct work_struct *work);
static void do_fill(struct work_struct *work);
static DECLARE_DELAYED_WORK(accounts_work, do_accounts);
static DECLARE_WORK(fill_work, do_fill);

/**
 * brkw_worker_fill() - have the worker fill the pools soon
 *
 * Context: any in which work can be queued.
 */
void brkw_worker_fill(void)
{
	queue_work(workqueue, &fill_work);
}

static void do_fill(struct work_struct *work)
{
	brkw_account_fill();
	brkw_thread_fill();
}

/**
 * brkw_account_get() - hold an account
 * @acct: one that the caller knows to be held
 *
 * Context: any.
 */
void brkw_account_get(struct brkw_account *acct)
{
	refcount_inc(&acct->ref);
}

static void __queue_account(struct brkw_account *acct)
{
	lockdep_assert_held(&work_lock);
	if (!acct->is_queued) {
		acct->is_queued = true;
		list_add_tail(&acct->link_work, &work_accounts);
	}
}

static void wake_worker(void)
{
	queue_delayed_work(workqueue, &accounts_work, msecs_to_jiffies(WORK_DELAY_MS));
}

/**
 * brkw_account_put() - let an account go
 * @acct: the account
 *
 * Context: any; the last one leaves the freeing to the worker. It is the last
 * one only under the queue's lock, so that the worker, who looks under it,
 * frees an account once and nobody queues a freed one.
 */
void brkw_account_put(struct brkw_account *acct)
{
	unsigned long irqflags;
	bool is_last;

	if (refcount_dec_not_one(&acct->ref))
		return;
	raw_spin_lock_irqsave(&work_lock, irqflags);
	is_last = refcount_dec_and_test(&acct->ref);
	if (is_last)
		__queue_account(acct);
	raw_spin_unlock_irqrestore(&work_lock, irqflags);
	if (is_last)
		wake_worker();
}

/**
 * brkw_account_queue() - have the worker look at an account
 * @acct: the account, held: to be published or retracted
 *
 * Context: any in which work can be queued.
 */
void brkw_account_queue(struct brkw_account *acct)
{
	unsigned long irqflags;

	raw_spin_lock_irqsave(&work_lock, irqflags);
	__queue_account(acct);
	raw_spin_unlock_irqrestore(&work_lock, irqflags);
	wake_worker();
}

static struct brkw_account *next_work(bool *ret_is_dead)
{
	struct brkw_account *acct;
	unsigned long irqflags;

	raw_spin_lock_irqsave(&work_lock, irqflags);
	acct = list_first_entry_or_null(&work_accounts, struct brkw_account, link_work);
	if (acct) {
		list_del_init(&acct->link_work);
		acct->is_queued = false;
		*ret_is_dead = !refcount_read(&acct->ref);
	}
	raw_spin_unlock_irqrestore(&work_lock, irqflags);
	return acct;
}

/*
 * Lets go of what may sleep. The fields change under the lock, because a
 * reader takes its own references from them.
 */
static void retire_account(struct brkw_account *acct)
{
	struct mm_struct *mm;
	struct pid *pid;
	unsigned long irqflags;

	if (!acct->is_embryo)
		ledger_ops->retract(acct);
	raw_spin_lock_irqsave(&acct->lock, irqflags);
	acct->is_retired = true;
	mm = acct->mm;
	acct->mm = NULL;
	pid = acct->pid;
	acct->pid = NULL;
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	if (mm)
		mmdrop(mm);
	put_pid(pid);
	brkw_account_put(acct);
}

static bool is_young(const struct brkw_account *acct)
{
	u64 age_ns = ktime_get_boottime_ns() -
		     atomic64_read(&acct->value[BRKW_KEY_WATCHED_SINCE_NS]);

	return age_ns < PUBLISH_DELAY_MS * (u64)NSEC_PER_MSEC;
}

static void postpone(struct brkw_account *acct)
{
	unsigned long irqflags;

	raw_spin_lock_irqsave(&work_lock, irqflags);
	if (!acct->is_queued) {
		acct->is_queued = true;
		list_add_tail(&acct->link_work, &young_accounts);
	}
	raw_spin_unlock_irqrestore(&work_lock, irqflags);
}

/* Takes the mm, and looks whether there are threads that have no slot. */
static struct mm_struct *grab_orphan(struct brkw_account *acct, bool *ret_has_others)
{
	struct mm_struct *mm;
	unsigned long irqflags;

	raw_spin_lock_irqsave(&acct->lock, irqflags);
	mm = acct->mm;
	if (mm)
		mmgrab(mm);
	*ret_has_others = mm && !acct->is_replaced && brkw_process_has_others(acct->pid);
	if (*ret_has_others)
		acct->is_orphan = false;
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	return mm;
}

/*
 * All threads are gone, or there are only some that never had a slot: then the
 * end of the address space will end the account. If somebody else still uses
 * the address space it may come to its own end meanwhile, and take the account
 * with it. Whose lock it is may hold it for as long as he likes: the worker
 * never waits for it, for it has all the others to look after.
 */
static void close_orphan(struct brkw_account *acct)
{
	enum brkw_state state = READ_ONCE(acct->is_replaced) ? BRKW_REPLACED : BRKW_EXITED;
	bool has_others;
	struct mm_struct *mm = grab_orphan(acct, &has_others);

	if (!has_others)
		ledger_ops->retract(acct);	/* its number may be used again */
	if (!has_others && mm && !brkw_mmap_trylock(mm)) {
		postpone(acct);
	} else if (!has_others) {
		brkw_account_close(acct, state);
		if (mm)
			brkw_mmap_unlock(mm);
	}
	if (mm)
		mmdrop(mm);
}

/* Those that were postponed get another look, a little later. */
static void resume_postponed(void)
{
	unsigned long irqflags;
	bool is_any;

	raw_spin_lock_irqsave(&work_lock, irqflags);
	is_any = !list_empty(&young_accounts);
	list_splice_tail_init(&young_accounts, &work_accounts);
	raw_spin_unlock_irqrestore(&work_lock, irqflags);
	if (is_any)
		wake_worker();
}

static void work_on(struct brkw_account *acct)
{
	if (READ_ONCE(acct->state) != BRKW_LIVE) {
		if (!acct->is_retired)
			retire_account(acct);
	} else if (READ_ONCE(acct->is_closing)) {
		return;		/* who closes it queues it again */
	} else if (READ_ONCE(acct->is_orphan)) {
		close_orphan(acct);
	} else if (is_young(acct) || smp_load_acquire(&acct->is_gathering) ||	/* adopt.c */
		   !ledger_ops->publish(acct)) {
		postpone(acct);
	}
}

/* A hook that found one before it was unhashed may have used it till now. */
static void give_accounts(struct rcu_head *rcu)
{
	struct brkw_account *first = container_of(rcu, struct brkw_account, rcu), *acct, *tmp;

	list_for_each_entry_safe(acct, tmp, &first->link_work, link_work)
		brkw_pool_give(&brkw_account_pool, acct);
	brkw_pool_give(&brkw_account_pool, first);
}

/* The first stands for all: they are a ring when their head has left. */
static void give_later(struct list_head *accounts)
{
	struct brkw_account *first;

	if (list_empty(accounts))
		return;
	first = list_first_entry(accounts, struct brkw_account, link_work);
	list_del(accounts);
	call_rcu(&first->rcu, give_accounts);
}

static void do_accounts(struct work_struct *work)
{
	struct brkw_account *acct;
	LIST_HEAD(dead);
	bool is_dead;

	while ((acct = next_work(&is_dead))) {
		if (is_dead)
			list_add_tail(&acct->link_work, &dead);
		else
			work_on(acct);
		cond_resched();
	}
	give_later(&dead);
	resume_postponed();
	brkw_pool_trim(&brkw_account_pool, brkw_forget_last);
	brkw_thread_trim();
}

/**
 * brkw_worker_flush() - have all that is queued done
 *
 * Context: may sleep; hooks queue no more. What a reader lets go of meanwhile may
 * be left to the worker.
 */
void brkw_worker_flush(void)
{
	if (!workqueue)
		return;
	do {
		mod_delayed_work(workqueue, &accounts_work, 0);
		flush_delayed_work(&accounts_work);
		cancel_delayed_work_sync(&accounts_work);	/* queued from within */
	} while (!list_empty(&work_accounts));
}

/**
 * brkw_worker_init() - have a worker
 * @ops: what the view wants to hear
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_worker_init(const struct brkw_ledger_ops *ops)
{
	ledger_ops = ops;
	workqueue = alloc_workqueue("brkwatch", WQ_UNBOUND | WQ_HIGHPRI, NR_WORKS);
	return workqueue ? 0 : -ENOMEM;
}

/**
 * brkw_worker_exit() - end the worker, also one that was not made
 *
 * Context: may sleep; after brkw_worker_flush().
 */
void brkw_worker_exit(void)
{
	if (!workqueue)
		return;
	cancel_work_sync(&fill_work);
	destroy_workqueue(workqueue);
	workqueue = NULL;
	rcu_barrier();	/* for give_accounts() */
}
