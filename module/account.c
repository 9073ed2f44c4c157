// SPDX-License-Identifier: GPL-2.0
/*
 * Accounts: how they open and close, where they are found, who holds them.
 *
 * The table is read without a lock by hooks, which run with preemption off,
 * and written under table_lock. Accounts are recycled at once: their memory
 * stays of its type, and a chain that a recycled account led astray is noticed
 * by its nulls end. What may sleep (debugfs, the last reference of a mm or a
 * pid, filling the pools) is left to one worker.
 */
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/rculist_nulls.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include "ledger.h"
#include "ledger_tables.h"

/* How late the worker may be: processes shorter than this cost no dentry. */
#define WORK_DELAY_MS	10

static struct brkw_table accounts;
static struct brkw_pool account_pool;
static atomic_t nr_live;
static atomic64_t nr_opened, nr_closed;
static atomic64_t nr_drops[BRKW_NR_DROPS];

/* Ended accounts, newest first; the lock guards the list and its length. */
static LIST_HEAD(ended_accounts);
static DEFINE_RAW_SPINLOCK(ended_lock);
static unsigned int nr_ended, nr_max_ended;

/* Accounts that want the worker; the lock guards the list and is_queued. */
static LIST_HEAD(work_accounts);
static DEFINE_RAW_SPINLOCK(work_lock);
static struct workqueue_struct *workqueue;
static const struct brkw_ledger_ops *ledger_ops;
static u64 nr_missed;

static void do_accounts(struct work_struct *work);
static void do_fill(struct work_struct *work);
static DECLARE_DELAYED_WORK(accounts_work, do_accounts);
static DECLARE_WORK(fill_work, do_fill);

/**
 * brkw_drop() - count an event or an account that could not be taken
 * @reason: why
 *
 * Context: any.
 */
void brkw_drop(enum brkw_drop reason)
{
	atomic64_inc(&nr_drops[reason]);
}

/**
 * brkw_ledger_fill() - have the worker fill the pools soon
 *
 * Context: any in which work can be queued.
 */
void brkw_ledger_fill(void)
{
	queue_work(workqueue, &fill_work);
}

static void do_fill(struct work_struct *work)
{
	brkw_account_fill(0);
	brkw_thread_fill(0);
}

/**
 * brkw_account_fill() - have enough free accounts
 * @nr_more: for so many processes, beyond what is kept ready anyway
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_account_fill(unsigned int nr_more)
{
	return brkw_pool_fill(&account_pool, account_pool.nr_low + nr_more);
}

/**
 * brkw_account_find() - the account that owns an address space
 * @mm: the address space
 *
 * Context: preemption off, as in every hook; the account stays valid while
 * the caller knows that @mm is in use. Return: the account or NULL.
 */
struct brkw_account *brkw_account_find(const struct mm_struct *mm)
{
	unsigned int bucket = brkw_table_bucket(&accounts, mm);
	struct hlist_nulls_node *pos;
	struct brkw_account *acct;

	do {
		hlist_nulls_for_each_entry_rcu(acct, pos, &accounts.heads[bucket], node)
			if (READ_ONCE(acct->mm) == mm)
				return acct;
	} while (get_nulls_value(pos) != bucket);
	return NULL;
}

/* A borrower has no mm to be found by; its own address spreads it. */
static const void *key_of(const struct brkw_account *acct)
{
	return acct->mm ? (const void *)acct->mm : (const void *)acct;
}

static void add_account(struct brkw_account *acct)
{
	brkw_table_add(&accounts, &acct->node, key_of(acct));
	if (!acct->is_embryo)
		atomic_inc(&nr_live);
}

static void del_account(struct brkw_account *acct)
{
	brkw_table_del(&accounts, &acct->node);
	if (!acct->is_embryo)
		atomic_dec(&nr_live);
}

/* Clears what a recycled account still holds; the node belongs to look-ups. */
static void reset_account(struct brkw_account *acct)
{
	const size_t offset = offsetof(struct brkw_account, nr_ledger);

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
	struct brkw_account *acct;
	bool is_low = false;

	acct = brkw_pool_take(&account_pool, &is_low);
	if (is_low)
		brkw_ledger_fill();
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
	acct->is_borrower = !mm;
	WRITE_ONCE(acct->mm, mm);
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
	acct->nr_missed_base = READ_ONCE(nr_missed);
	atomic64_set(&acct->value[BRKW_KEY_WATCHED_SINCE_NS], ktime_get_boottime_ns());
	atomic64_set(&acct->base_flt[0], leader->signal->min_flt + leader->min_flt);
	atomic64_set(&acct->base_flt[1], leader->signal->maj_flt + leader->maj_flt);
	atomic64_inc(&nr_opened);
	brkw_account_queue(acct);
}

/**
 * brkw_account_open() - open the account of a process
 * @mm: its address space; total_vm must be settled or its write lock held
 * @is_owner: false if the address space is another process's
 * @leader: any thread of the process
 *
 * Context: any; @leader and @mm are held by the caller. Return: the account,
 * or NULL (counted) if none is free.
 */
struct brkw_account *brkw_account_open(struct mm_struct *mm, bool is_owner,
				       struct task_struct *leader)
{
	struct brkw_account *acct = take_account(is_owner ? mm : NULL);

	if (!acct)
		return NULL;
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
 * Context: a hook under the write lock of @mm.
 */
void brkw_account_open_embryo(struct mm_struct *mm)
{
	struct brkw_account *acct = take_account(mm);

	if (!acct)
		return;
	acct->is_embryo = true;
	add_account(acct);
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

	if (!child->mm || child->flags & PF_KTHREAD)
		return;
	if (thread_group_leader(child)) {
		acct = brkw_account_open(child->mm, child->mm != current->mm, child);
	} else {
		parent = brkw_thread_find(current);
		acct = parent ? parent->acct : NULL;
		if (!acct)
			brkw_drop(BRKW_DROP_NO_ACCOUNT);
	}
	if (acct)
		brkw_thread_open(child, acct);
}

/**
 * brkw_account_exec() - current has got a new address space
 *
 * Closes the account of the old one, if its end has not done so yet (it lives
 * on if it was borrowed), and opens the new one.
 * Context: the hook on setup_new_exec().
 */
void brkw_account_exec(void)
{
	struct brkw_thread *thread = brkw_thread_find(current);
	struct brkw_account *acct = thread ? thread->acct : NULL;

	if (acct)
		brkw_account_close(acct, BRKW_REPLACED);
	acct = brkw_account_find(current->mm);
	if (acct) {
		acct->is_embryo = false;
		atomic_inc(&nr_live);
		name_account(acct, current);
	} else {
		acct = brkw_account_open(current->mm, true, current);
	}
	if (!acct)
		return;
	if (thread)
		brkw_thread_attach(thread, acct);
	else
		brkw_thread_open(current, acct);
}

/**
 * brkw_account_exit_mm() - an address space is about to be torn down
 * @mm: the address space; nobody uses it any more
 *
 * If current goes on in another one, exec has replaced it.
 * Context: the hook on exit_mmap().
 */
void brkw_account_exit_mm(struct mm_struct *mm)
{
	struct brkw_account *acct = brkw_account_find(mm);
	bool is_exec;

	if (!acct)
		return;
	is_exec = current->mm && task_tgid_nr(current) == acct->tgid;
	brkw_account_close(acct, is_exec ? BRKW_REPLACED : BRKW_EXITED);
}

/* Keeps the last numbers: the mm and the threads are about to go. */
static void freeze_values(struct brkw_account *acct)
{
	struct brkw_snapshot_entry entry;
	unsigned int key;

	brkw_read_live(acct, acct->mm, acct->pid, &entry, false);
	memcpy(acct->comm, entry.comm, BRKW_COMM_LEN);
	for (key = 0; key < BRKW_NR_KEYS; key++)
		atomic64_set(&acct->value[key], entry.value[key]);
	atomic64_set(&acct->value[BRKW_KEY_ENDED_NS], ktime_get_boottime_ns());
}

/* Adds to the list of ended accounts; returns the one that must go for it. */
static struct brkw_account *keep_ended(struct brkw_account *acct)
{
	struct brkw_account *oldest = NULL;
	unsigned long irqflags;

	if (!nr_max_ended)
		return NULL;
	brkw_account_get(acct);
	raw_spin_lock_irqsave(&ended_lock, irqflags);
	list_add(&acct->link_ended, &ended_accounts);
	if (++nr_ended > nr_max_ended) {
		oldest = list_last_entry(&ended_accounts, struct brkw_account, link_ended);
		list_del_init(&oldest->link_ended);
		nr_ended--;
	}
	raw_spin_unlock_irqrestore(&ended_lock, irqflags);
	return oldest;
}

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

static void finish_close(struct brkw_account *acct, enum brkw_state state)
{
	unsigned long irqflags;

	raw_spin_lock_irqsave(&acct->lock, irqflags);
	acct->state = state;
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
}

/**
 * brkw_account_close() - end an account
 * @acct: the account; live, or ended a moment ago by somebody else
 * @state: BRKW_EXITED or BRKW_REPLACED
 *
 * Context: any in which no operation on the address space can be under way:
 * it has no users left, or its write lock is held, or it was borrowed.
 */
void brkw_account_close(struct brkw_account *acct, enum brkw_state state)
{
	struct brkw_account *oldest = NULL;

	if (!begin_close(acct))
		return;
	del_account(acct);
	if (!acct->is_embryo) {
		brkw_settle_account(acct);
		freeze_values(acct);
		atomic64_inc(&nr_closed);
	}
	brkw_thread_detach_all(acct);
	finish_close(acct, state);
	if (!acct->is_embryo)
		oldest = keep_ended(acct);
	if (oldest)
		brkw_account_put(oldest);
	brkw_account_queue(acct);
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

/**
 * brkw_account_put() - let an account go
 * @acct: the account
 *
 * Context: any; the last one leaves the freeing to the worker.
 */
void brkw_account_put(struct brkw_account *acct)
{
	if (refcount_dec_and_test(&acct->ref))
		brkw_account_queue(acct);
}

/**
 * brkw_account_queue() - have the worker look at an account
 * @acct: the account: to be published, retracted or freed
 *
 * Context: any in which work can be queued.
 */
void brkw_account_queue(struct brkw_account *acct)
{
	unsigned long irqflags;

	raw_spin_lock_irqsave(&work_lock, irqflags);
	if (!acct->is_queued) {
		acct->is_queued = true;
		list_add_tail(&acct->link_work, &work_accounts);
	}
	raw_spin_unlock_irqrestore(&work_lock, irqflags);
	queue_delayed_work(workqueue, &accounts_work, msecs_to_jiffies(WORK_DELAY_MS));
}

static struct brkw_account *next_work(void)
{
	struct brkw_account *acct;
	unsigned long irqflags;

	raw_spin_lock_irqsave(&work_lock, irqflags);
	acct = list_first_entry_or_null(&work_accounts, struct brkw_account, link_work);
	if (acct) {
		list_del_init(&acct->link_work);
		acct->is_queued = false;
	}
	raw_spin_unlock_irqrestore(&work_lock, irqflags);
	return acct;
}

static void free_account(struct brkw_account *acct)
{
	brkw_pool_give(&account_pool, acct);
}

/* All threads are gone but somebody else still uses the address space. */
static void close_orphan(struct brkw_account *acct)
{
	mmap_write_lock(acct->mm);
	brkw_account_close(acct, BRKW_EXITED);
	mmap_write_unlock(acct->mm);
}

/*
 * Lets go of what may sleep. The fields change under the lock, because a
 * reader takes its own references from them.
 */
static void retire_account(struct brkw_account *acct)
{
	struct mm_struct *mm = acct->mm;
	struct pid *pid = acct->pid;
	unsigned long irqflags;

	if (!acct->is_embryo)
		ledger_ops->retract(acct);
	raw_spin_lock_irqsave(&acct->lock, irqflags);
	acct->is_retired = true;
	WRITE_ONCE(acct->mm, NULL);
	acct->pid = NULL;
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	if (mm)
		mmdrop(mm);
	put_pid(pid);
	brkw_account_put(acct);
}

static void work_on(struct brkw_account *acct)
{
	if (!refcount_read(&acct->ref)) {
		free_account(acct);
		return;
	}
	if (!READ_ONCE(acct->is_closing) && acct->is_orphan) {
		if (acct->mm)
			close_orphan(acct);
		else
			brkw_account_close(acct, BRKW_EXITED);
		return;	/* closing has queued it again */
	}
	if (!READ_ONCE(acct->is_closing))
		ledger_ops->publish(acct);
	else if (!acct->is_retired)
		retire_account(acct);
}

static void do_accounts(struct work_struct *work)
{
	struct brkw_account *acct;

	while ((acct = next_work())) {
		work_on(acct);
		cond_resched();
	}
	brkw_pool_trim(&account_pool);
	brkw_thread_trim();
}

static int cmp_tgid(const void *a, const void *b)
{
	const struct brkw_account *const *x = a, *const *y = b;

	return (*x)->tgid < (*y)->tgid ? -1 : (*x)->tgid > (*y)->tgid;
}

/* Takes the accounts of one bucket; the lock is held for one chain only. */
static unsigned int collect_bucket(unsigned int bucket, struct brkw_account **accts,
				   unsigned int nr, unsigned int nr_max)
{
	struct hlist_nulls_node *pos;
	struct brkw_account *acct;
	unsigned long irqflags;

	raw_spin_lock_irqsave(&accounts.lock, irqflags);
	hlist_nulls_for_each_entry(acct, pos, &accounts.heads[bucket], node) {
		if (nr == nr_max)
			break;
		if (acct->is_embryo || !refcount_inc_not_zero(&acct->ref))
			continue;
		accts[nr++] = acct;
	}
	raw_spin_unlock_irqrestore(&accounts.lock, irqflags);
	return nr;
}

/**
 * brkw_account_collect() - all live accounts, by rising number
 * @ret_nr: how many
 *
 * Context: may sleep. Return: a vector of held accounts for
 * brkw_account_put_all(), or NULL if there is no memory.
 */
struct brkw_account **brkw_account_collect(unsigned int *ret_nr)
{
	unsigned int nr_max = atomic_read(&nr_live) + 64, nr = 0, bucket;
	struct brkw_account **accts;

	accts = kvmalloc_array(nr_max, sizeof(*accts), GFP_KERNEL);
	if (!accts)
		return NULL;
	for (bucket = 0; bucket <= accounts.mask; bucket++) {
		nr = collect_bucket(bucket, accts, nr, nr_max);
		cond_resched();
	}
	sort(accts, nr, sizeof(*accts), cmp_tgid, NULL);
	*ret_nr = nr;
	return accts;
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

	accts = kvmalloc_array(nr_max_ended + 1, sizeof(*accts), GFP_KERNEL);
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
 * brkw_account_put_all() - let go of what was collected
 * @accts: the vector, or NULL
 * @nr: its length
 *
 * Context: may sleep.
 */
void brkw_account_put_all(struct brkw_account **accts, unsigned int nr)
{
	while (nr)
		brkw_account_put(accts[--nr]);
	kvfree(accts);
}

/**
 * brkw_ledger_stats() - the ledger about itself
 * @ret_stats: filled
 *
 * Context: any.
 */
void brkw_ledger_stats(struct brkw_ledger_stats *ret_stats)
{
	unsigned int reason;

	*ret_stats = (struct brkw_ledger_stats){
		.nr_live = atomic_read(&nr_live),
		.nr_opened = atomic64_read(&nr_opened),
		.nr_closed = atomic64_read(&nr_closed),
		.nr_ended = READ_ONCE(nr_ended),
		.sz_accounts = brkw_pool_bytes(&account_pool),
		.sz_tables = brkw_table_bytes(&accounts),
	};
	for (reason = 0; reason < BRKW_NR_DROPS; reason++)
		ret_stats->nr_drops[reason] = atomic64_read(&nr_drops[reason]);
	brkw_settle_stats(ret_stats);
	brkw_thread_stats(ret_stats);
}

/**
 * brkw_ledger_set_missed() - tell how many events the hooks have missed
 * @nr: misses of all hooks since load
 *
 * Context: any.
 */
void brkw_ledger_set_missed(u64 nr)
{
	WRITE_ONCE(nr_missed, nr);
}

/**
 * brkw_ledger_missed() - events missed since an account opened
 * @acct: the account
 *
 * The kernel does not say whose they were, so everybody is told of all.
 * Context: any. Return: their number.
 */
u64 brkw_ledger_missed(const struct brkw_account *acct)
{
	return READ_ONCE(nr_missed) - acct->nr_missed_base;
}

static void drop_all_live(void)
{
	struct brkw_account *acct;
	struct hlist_nulls_node *pos;
	unsigned int bucket;

	for (bucket = 0; bucket <= accounts.mask; bucket++) {
		while (!hlist_nulls_empty(&accounts.heads[bucket])) {
			pos = accounts.heads[bucket].first;
			acct = hlist_nulls_entry(pos, struct brkw_account, node);
			acct->is_closing = true;
			del_account(acct);
			brkw_account_queue(acct);
			cond_resched();
		}
	}
}

/**
 * brkw_ledger_clear() - forget all live accounts and all threads
 *
 * Nothing is watched any more; the ended accounts stay.
 * Context: may sleep; the hooks are disarmed and none is running.
 */
void brkw_ledger_clear(void)
{
	drop_all_live();
	brkw_thread_clear();
	mod_delayed_work(workqueue, &accounts_work, 0);
	flush_delayed_work(&accounts_work);
}

/**
 * brkw_ledger_init() - make an empty ledger
 * @nr_max_processes: accounts and thread slots that may exist
 * @nr_ended_max: how many ended accounts are kept
 * @ops: what the view wants to hear
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_ledger_init(unsigned int nr_max_processes, unsigned int nr_ended_max,
		     const struct brkw_ledger_ops *ops)
{
	unsigned int nr_low = clamp_t(unsigned long, totalram_pages() / 1024, 128, 512);
	int err;

	ledger_ops = ops;
	nr_max_ended = nr_ended_max;
	workqueue = alloc_workqueue("brkwatch", WQ_UNBOUND | WQ_HIGHPRI, 1);
	if (!workqueue)
		return -ENOMEM;
	err = brkw_pool_init(&account_pool, "brkw_account", sizeof(struct brkw_account),
			     offsetof(struct brkw_account, link_free), nr_low,
			     nr_max_processes + nr_ended_max);
	if (!err)
		err = brkw_table_init(&accounts, nr_max_processes);
	if (!err)
		err = brkw_thread_init(nr_max_processes, nr_low);
	if (!err)
		err = brkw_account_fill(0);
	if (err)
		brkw_ledger_exit();
	return err;
}

/**
 * brkw_ledger_exit() - free the ledger, also a half-made one
 *
 * Context: may sleep; hooks are disarmed, no file is open.
 */
void brkw_ledger_exit(void)
{
	struct brkw_account *acct, *tmp;

	if (accounts.heads)
		drop_all_live();
	brkw_thread_clear();
	list_for_each_entry_safe(acct, tmp, &ended_accounts, link_ended) {
		list_del_init(&acct->link_ended);
		brkw_account_put(acct);
	}
	nr_ended = 0;
	cancel_work_sync(&fill_work);
	do {
		mod_delayed_work(workqueue, &accounts_work, 0);
		flush_delayed_work(&accounts_work);
	} while (!list_empty(&work_accounts));
	cancel_delayed_work_sync(&accounts_work);	/* queued from within */
	destroy_workqueue(workqueue);
	brkw_thread_exit();
	brkw_table_exit(&accounts);
	brkw_pool_exit(&account_pool);
}
