// SPDX-License-Identifier: GPL-2.0
/*
 * Accounts: how they open and close, and where they are found. The table is
 * read without a lock by hooks, which run with preemption off, and written
 * under its own. What may sleep is left to worker.c.
 */
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/rculist_nulls.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include "ledger.h"
#include "ledger_tables.h"

struct brkw_table brkw_account_table;
struct brkw_pool brkw_account_pool;

static struct brkw_account nobody = { .key = (void *)-1L };
DEFINE_PER_CPU(struct brkw_account *, brkw_last_account);

static atomic_t nr_live;
static unsigned int nr_max_live;
static atomic64_t nr_opened, nr_closed;

/* Ended accounts, newest first; the lock guards the list and its length. */
static LIST_HEAD(ended_accounts);
static DEFINE_RAW_SPINLOCK(ended_lock);
static unsigned int nr_ended, nr_max_ended;

/**
 * brkw_account_fill() - have enough free accounts
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_account_fill(void)
{
	return brkw_pool_fill(&brkw_account_pool);
}

/**
 * brkw_account_reserve() - have free accounts beyond what is kept ready
 * @nr: for so many processes, until called with another number
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_account_reserve(unsigned int nr)
{
	return brkw_pool_reserve(&brkw_account_pool, nr);
}

/**
 * brkw_account_search() - look an account up in the table
 * @mm: the address space
 *
 * Context: as brkw_account_find(), which calls it. Return: the same.
 */
struct brkw_account *brkw_account_search(const struct mm_struct *mm)
{
	unsigned long bucket = brkw_table_bucket(&brkw_account_table, mm);
	struct hlist_nulls_node *pos;
	struct brkw_account *acct;

	do {
		hlist_nulls_for_each_entry_rcu(acct, pos, &brkw_account_table.heads[bucket],
					       node) {
			if (brkw_account_is_of(acct, mm)) {
				this_cpu_write(brkw_last_account, acct);
				return acct;
			}
		}
	} while (get_nulls_value(pos) != bucket);
	return NULL;
}

/**
 * brkw_forget_last() - have no CPU remember what it looked up last
 *
 * Context: may sleep. What is in no table is remembered by none after it.
 */
void brkw_forget_last(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		WRITE_ONCE(per_cpu(brkw_last_account, cpu), &nobody);
		brkw_thread_forget_last(cpu);
	}
}

/* A borrower has no mm to be found by; its own address spreads it. */
static const void *key_of(const struct brkw_account *acct)
{
	return acct->key ? (const void *)acct->key : (const void *)acct;
}

static void add_account(struct brkw_account *acct)
{
	smp_store_release(&acct->key, acct->mm);	/* brkw_account_is_of() */
	brkw_table_add(&brkw_account_table, &acct->node, key_of(acct));
	if (!acct->is_embryo)
		atomic_inc(&nr_live);
}

static void del_account(struct brkw_account *acct)
{
	brkw_table_del(&brkw_account_table, &acct->node);
	WRITE_ONCE(acct->key, NULL);
	if (!acct->is_embryo)
		atomic_dec(&nr_live);
}

/* Clears what a recycled account still holds; the node belongs to look-ups. */
static void reset_account(struct brkw_account *acct)
{
	const size_t offset = offsetof(struct brkw_account, nr_ledger);

	acct->tgid = 0;
	memset((char *)acct + offset, 0, sizeof(*acct) - offset);
	seqcount_init(&acct->seq);
	raw_spin_lock_init(&acct->lock);
	INIT_LIST_HEAD(&acct->threads);
	INIT_LIST_HEAD(&acct->link_work);
	INIT_LIST_HEAD(&acct->link_ended);
	refcount_set(&acct->ref, 1);
}

static struct brkw_account *take_account(struct mm_struct *mm)
{
	struct brkw_account *acct = NULL;
	bool is_low = false;

	/* the pool has room for the ended ones, too, which is theirs */
	if (atomic_read(&nr_live) < nr_max_live)
		acct = brkw_pool_take(&brkw_account_pool, &is_low);
	if (is_low)
		brkw_worker_fill();
	if (!acct) {
		brkw_drop(BRKW_DROP_ACCOUNT_POOL);
		return NULL;
	}
	reset_account(acct);
	if (mm) {
		mmgrab(mm);
		acct->nr_ledger = READ_ONCE(mm->total_vm);
		atomic64_set(&acct->value[BRKW_KEY_VM_START_BYTES],
			     (s64)acct->nr_ledger << PAGE_SHIFT);
	}
	brkw_settle_begin(acct);
	acct->mm = mm;
	return acct;
}

/*
 * Gives an account its process and shows it to the worker. A process has one
 * thread when it is born and after exec; adopt.c adds what others have.
 */
static void name_account(struct brkw_account *acct, struct task_struct *leader)
{
	acct->pid = get_pid(task_tgid(leader));
	acct->tgid = task_tgid_nr(leader);
	strscpy(acct->comm, leader->comm, BRKW_COMM_LEN);
	atomic64_set(&acct->value[BRKW_KEY_MISSED_EVENTS], brkw_ledger_nr_missed());
	atomic64_set(&acct->value[BRKW_KEY_WATCHED_SINCE_NS], ktime_get_boottime_ns());
	atomic64_set(&acct->value[BRKW_KEY_FAULT_MINOR],
		     leader->signal->min_flt + leader->min_flt);
	atomic64_set(&acct->value[BRKW_KEY_FAULT_MAJOR],
		     leader->signal->maj_flt + leader->maj_flt);
	atomic64_inc(&nr_opened);
	brkw_account_queue(acct);
}

/**
 * brkw_account_open() - open the account of a process
 * @mm: its address space, total_vm settled or its write lock held; NULL if that is
 *	another process's
 * @leader: any thread of the process
 * @is_gathering: nobody shall see it until the caller has given it its threads
 *
 * Context: any; @leader and @mm are held by the caller. Return: the account,
 * or NULL (counted) if none is free.
 */
struct brkw_account *brkw_account_open(struct mm_struct *mm, struct task_struct *leader,
				       bool is_gathering)
{
	struct brkw_account *acct = take_account(mm);

	if (!acct)
		return NULL;
	acct->is_gathering = is_gathering;
	name_account(acct, leader);
	add_account(acct);
	return acct;
}

/**
 * brkw_account_open_embryo() - watch an address space that exec builds
 * @mm: the address space, write locked, not yet anybody's
 *
 * Large arguments grow its stack before it belongs to the process.
 * brkw_account_exec() gives it its process; if exec fails it goes with the mm.
 * Nothing is done if @mm has an account already.
 * Context: a hook under the write lock of @mm.
 */
void brkw_account_open_embryo(struct mm_struct *mm)
{
	struct brkw_account *acct;

	if (!brkw_ledger_may_open() || brkw_account_find(mm))
		return;
	acct = take_account(mm);
	if (!acct)
		return;
	acct->is_embryo = true;
	add_account(acct);
}

/*
 * It is the end of its threads that ends an account, at the latest: without a
 * slot for its first one there is none. Neither is if somebody who adopts the
 * process has been here before.
 */
static void open_thread(struct task_struct *task, struct brkw_account *acct)
{
	unsigned long flt[2];

	if (!brkw_thread_open(task, acct, flt) && thread_group_leader(task))
		brkw_account_drop(acct);
}

/**
 * brkw_account_fork() - a task is about to run for the first time
 * @child: the task: a new process, a new thread or a borrower (vfork)
 *
 * Context: the hook on wake_up_new_task(), in the parent.
 */
void brkw_account_fork(struct task_struct *child)
{
	struct brkw_thread *parent;
	struct brkw_account *acct;

	if (!child->mm || child->flags & PF_KTHREAD || !brkw_ledger_may_open())
		return;
	if (thread_group_leader(child)) {
		acct = brkw_account_open(child->mm != current->mm ? child->mm : NULL, child, false);
	} else {
		parent = brkw_thread_find(current);
		acct = parent ? parent->acct : NULL;
		if (!acct)
			brkw_drop(BRKW_DROP_NO_THREAD);
	}
	if (acct)
		open_thread(child, acct);
}

/**
 * brkw_account_exec() - current has got a new address space
 *
 * Closes the account of the old one, if its end has not done so yet, and opens
 * the new one. If the old one lives on, because it was borrowed, its account is
 * left to the worker: there may be an operation under way.
 * Context: the hook on setup_new_exec().
 */
void brkw_account_exec(void)
{
	struct brkw_thread *thread = brkw_thread_find(current);
	struct brkw_account *acct;

	if (!brkw_ledger_may_open())
		return;
	acct = thread ? smp_load_acquire(&thread->acct) : NULL;	/* __detach() */
	if (acct && acct->mm == current->mm)
		return;		/* adopted since exec made it ours */
	if (acct && !brkw_thread_desert(thread, acct) &&
	    !brkw_account_close(acct, BRKW_REPLACED))
		brkw_thread_leave(thread);	/* who ends it has not come to us yet */
	acct = brkw_account_find(current->mm);
	if (acct && acct->is_embryo) {
		name_account(acct, current);
		atomic_inc(&nr_live);
		smp_store_release(&acct->is_embryo, false);	/* collect_bucket() */
	} else {
		/* or somebody adopts us: who gets the slot for the thread wins */
		acct = brkw_account_open(current->mm, current, false);
	}
	if (!acct)
		return;
	if (thread)
		brkw_thread_attach(thread, acct);
	else
		open_thread(current, acct);
}

/*
 * Lets go of what the exiting process still holds itself, so that it is freed
 * where and when it would be without us. The worker lets go of the rest. The
 * fields change under the lock, because a reader takes its own references from
 * them.
 */
static void let_go(struct brkw_account *acct)
{
	struct mm_struct *mm;
	struct pid *pid = NULL;
	unsigned long irqflags;

	raw_spin_lock_irqsave(&acct->lock, irqflags);
	mm = acct->mm;
	acct->mm = NULL;
	if (acct->pid == task_tgid(current)) {
		pid = acct->pid;
		acct->pid = NULL;
	}
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	if (mm)
		mmdrop(mm);
	put_pid(pid);
}

/*
 * Who has borrowed an address space to look into it may be the last to let go of it,
 * while exec in its process has not come to its hook.
 */
static bool is_left_by_exec(struct brkw_account *acct)
{
	unsigned long irqflags;
	bool is_left;

	if (READ_ONCE(acct->is_replaced))
		return true;
	if (task_tgid_nr(current) == acct->tgid)
		return current->mm;
	raw_spin_lock_irqsave(&acct->lock, irqflags);
	is_left = acct->pid && brkw_process_has_others(acct->pid);
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	return is_left;
}

/**
 * brkw_account_exit_mm() - an address space is about to be torn down
 * @mm: the address space; nobody uses it any more
 *
 * If its process goes on in another one, exec has replaced it.
 * Context: the hook on exit_mmap().
 */
void brkw_account_exit_mm(struct mm_struct *mm)
{
	struct brkw_account *acct = brkw_account_find(mm);
	enum brkw_state state;

	/* the worker may have ended and retired an orphan since it was found */
	if (!acct || !refcount_inc_not_zero(&acct->ref))
		return;
	state = is_left_by_exec(acct) ? BRKW_REPLACED : BRKW_EXITED;
	if (brkw_account_close(acct, state))
		let_go(acct);
	brkw_account_put(acct);
}

static u64 ended_ns(const struct brkw_account *acct)
{
	return atomic64_read(&acct->value[BRKW_KEY_ENDED_NS]);
}

/*
 * Adds to the list of ended accounts, before those that have not ended later:
 * the first of it, but for who ends at the same time elsewhere. Returns the one
 * that must go for it.
 */
static struct brkw_account *keep_ended(struct brkw_account *acct)
{
	struct brkw_account *next, *oldest = NULL;
	unsigned long irqflags;

	if (!nr_max_ended)
		return NULL;
	brkw_account_get(acct);
	raw_spin_lock_irqsave(&ended_lock, irqflags);
	brkw_read_doubt(acct);	/* it may have become known since it was frozen */
	list_for_each_entry(next, &ended_accounts, link_ended)
		if (ended_ns(next) <= ended_ns(acct))
			break;
	list_add_tail(&acct->link_ended, &next->link_ended);
	if (++nr_ended > nr_max_ended) {
		oldest = list_last_entry(&ended_accounts, struct brkw_account, link_ended);
		list_del_init(&oldest->link_ended);
		nr_ended--;
	}
	raw_spin_unlock_irqrestore(&ended_lock, irqflags);
	return oldest;
}

/*
 * From here to finish_close() readers of the account wait, busily: it must not
 * sleep or be preempted by them.
 */
static bool begin_close(struct brkw_account *acct)
{
	unsigned long irqflags;
	bool is_first;

	raw_spin_lock_irqsave(&acct->lock, irqflags);
	is_first = !acct->is_closing;
	acct->is_closing = true;
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	return is_first;
}

/* Who sees the state sees the last numbers. */
static void finish_close(struct brkw_account *acct, enum brkw_state state)
{
	smp_store_release(&acct->state, state);		/* brkw_read() */
}

/**
 * brkw_account_close() - end an account
 * @acct: the account; live, or ended a moment ago by somebody else
 * @state: BRKW_EXITED or BRKW_REPLACED
 *
 * Context: any in which no operation on the address space can be under way:
 * it has no users left, or its write lock is held, or it was borrowed.
 * Return: false if somebody else has begun to end it.
 */
bool brkw_account_close(struct brkw_account *acct, enum brkw_state state)
{
	struct brkw_account *oldest = NULL;

	preempt_disable();
	if (!begin_close(acct)) {
		preempt_enable();
		return false;
	}
	brkw_account_get(acct);	/* the worker may retire it before we are through */
	del_account(acct);
	brkw_thread_detach_all(acct);
	if (!acct->is_embryo) {
		brkw_settle_account(acct);
		brkw_read_freeze(acct);
		atomic64_inc(&nr_closed);
	}
	finish_close(acct, state);
	preempt_enable();
	if (!acct->is_embryo)
		oldest = keep_ended(acct);
	if (oldest)
		brkw_account_put(oldest);
	brkw_account_queue(acct);
	brkw_account_put(acct);
	return true;
}

/**
 * brkw_account_drop() - end a live account without keeping it
 * @acct: the account
 *
 * Who has collected it before may still read it: as it was settled last. What
 * the kernel has counted since is not held against it.
 * Context: hooks are disarmed, or the process has not run yet, or the mmap write
 * lock is held.
 */
void brkw_account_drop(struct brkw_account *acct)
{
	preempt_disable();
	if (begin_close(acct)) {
		brkw_account_get(acct);	/* as brkw_account_close() */
		del_account(acct);
		brkw_thread_detach_all(acct);
		brkw_read_freeze(acct);
		WRITE_ONCE(acct->has_kernel_flt, false);
		finish_close(acct, BRKW_EXITED);
		brkw_account_queue(acct);
		brkw_account_put(acct);
	}
	preempt_enable();
}

/**
 * brkw_account_collect_ended() - the ended accounts that are kept
 * @ret_nr: how many
 *
 * Context: may sleep. Return: as brkw_account_collect(), newest first.
 */
struct brkw_account **brkw_account_collect_ended(unsigned int *ret_nr)
{
	struct brkw_account **accts, *acct;
	unsigned long irqflags;
	unsigned int nr = 0;

	accts = kvmalloc_array(nr_max_ended + 1, sizeof(*accts), GFP_KERNEL | __GFP_NOWARN);
	if (!accts)
		return NULL;
	raw_spin_lock_irqsave(&ended_lock, irqflags);
	list_for_each_entry(acct, &ended_accounts, link_ended) {
		brkw_account_get(acct);
		accts[nr++] = acct;
	}
	raw_spin_unlock_irqrestore(&ended_lock, irqflags);
	*ret_nr = nr;
	return accts;
}

/**
 * brkw_account_doubt_ended() - hooks are silent: so they were when some accounts ended
 *
 * Context: any.
 */
void brkw_account_doubt_ended(void)
{
	struct brkw_account *acct;
	unsigned long irqflags;

	raw_spin_lock_irqsave(&ended_lock, irqflags);
	list_for_each_entry(acct, &ended_accounts, link_ended)
		brkw_read_doubt(acct);
	raw_spin_unlock_irqrestore(&ended_lock, irqflags);
}

/**
 * brkw_account_forget_ended() - let the ended accounts go
 *
 * Context: hooks are disarmed, nobody reads.
 */
void brkw_account_forget_ended(void)
{
	struct brkw_account *acct, *tmp;

	list_for_each_entry_safe(acct, tmp, &ended_accounts, link_ended) {
		list_del_init(&acct->link_ended);
		brkw_account_put(acct);
	}
	nr_ended = 0;
}

/**
 * brkw_account_nr_live() - how many accounts are live
 *
 * Context: any. Return: their number, which may change at once.
 */
unsigned int brkw_account_nr_live(void)
{
	return atomic_read(&nr_live);
}

/**
 * brkw_account_stats() - this part of the ledger about itself
 * @stats: its part is filled in
 *
 * Context: any.
 */
void brkw_account_stats(struct brkw_ledger_stats *stats)
{
	stats->nr_live = atomic_read(&nr_live);
	stats->nr_opened = atomic64_read(&nr_opened);
	stats->nr_closed = atomic64_read(&nr_closed);
	stats->nr_ended = READ_ONCE(nr_ended);
}

/**
 * brkw_account_init() - make the accounts
 * @nr_max_processes: how many may be live
 * @nr_ended_max: how many ended ones are kept
 * @nr_low: how many are kept ready
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_account_init(unsigned int nr_max_processes, unsigned int nr_ended_max,
		      unsigned int nr_low)
{
	int err;

	nr_max_live = nr_max_processes;
	nr_max_ended = nr_ended_max;
	err = brkw_pool_init(&brkw_account_pool, "brkw_account", sizeof(struct brkw_account),
			     offsetof(struct brkw_account, link_free), nr_low,
			     nr_max_processes + nr_ended_max);
	if (!err)
		err = brkw_table_init(&brkw_account_table, nr_max_processes);
	if (!err)
		err = brkw_account_fill();
	return err;
}

/**
 * brkw_account_exit() - free the accounts, also half-made ones
 *
 * Context: may sleep; all have been given back.
 */
void brkw_account_exit(void)
{
	brkw_table_exit(&brkw_account_table);
	brkw_pool_exit(&brkw_account_pool);
}
