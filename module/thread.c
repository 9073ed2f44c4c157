// SPDX-License-Identifier: GPL-2.0
/*
 * The page faults of a thread, exact with an entry probe alone.
 *
 * The kernel adds to min_flt and maj_flt of the running task once a fault,
 * at the end of handle_mm_fault(), and not at all for one that is retried or
 * fails. So what the counters have grown by when the next fault is entered
 * belongs to the segment of the one before. While the segment stays the same
 * nothing is written at all. Whoever reads adds what is still due.
 */
#include <linux/mm.h>
#include <linux/rculist_nulls.h>
#include <linux/sched/task.h>
#include "ledger.h"
#include "ledger_tables.h"

#define NR_FAULT_KEYS	(2 * BRKW_NR_SEGMENTS)

/* Few processes have more; what others do not use is there for those that do. */
#define NR_THREADS_PER_PROCESS	4

/* While an account is live, the places of the sums hold what is older than it. */
#define BASE_FLT(k)	(BRKW_KEY_FAULT_MINOR + (k))

static_assert(BRKW_KEY_FAULT_REMOTE_MAJOR - BRKW_KEY_FAULT_HEAP_MINOR + 1 ==
	      NR_FAULT_KEYS);

struct brkw_table brkw_thread_table;
static struct brkw_pool thread_pool;
static atomic_t nr_threads;

static struct brkw_thread nobody = { .key = (void *)-1L };
DEFINE_PER_CPU(struct brkw_thread *, brkw_last_thread);

/**
 * brkw_thread_search() - look a slot up in the table
 * @task: the task; not freed while the caller looks
 *
 * Context: preemption off. Return: the slot or NULL.
 */
struct brkw_thread *brkw_thread_search(const struct task_struct *task)
{
	unsigned long bucket = brkw_table_bucket(&brkw_thread_table, task);
	struct hlist_nulls_node *pos;
	struct brkw_thread *thread;

	do {
		hlist_nulls_for_each_entry_rcu(thread, pos, &brkw_thread_table.heads[bucket],
					       node) {
			if (!brkw_thread_is_of(thread, task))
				continue;
			if (task == current)
				this_cpu_write(brkw_last_thread, thread);
			return thread;
		}
	} while (get_nulls_value(pos) != bucket);
	return NULL;
}

/**
 * brkw_thread_forget_last() - the thread's part of brkw_forget_last()
 * @cpu: the CPU that is to remember none
 *
 * Context: any.
 */
void brkw_thread_forget_last(unsigned int cpu)
{
	WRITE_ONCE(per_cpu(brkw_last_thread, cpu), &nobody);
}

static void read_task_flt(const struct task_struct *task, unsigned long *ret_flt)
{
	ret_flt[0] = READ_ONCE(task->min_flt);
	ret_flt[1] = READ_ONCE(task->maj_flt);
}

/*
 * Before its first hit a thread may have been in a fault that was entered
 * before the account opened: at most one, and not the account's.
 */
static unsigned long due_before(const struct brkw_thread *thread, const unsigned long *flt,
				unsigned int k)
{
	return min(flt[k] - thread->settled_flt[k], 1UL);
}

/* Books what is due to the segment of the last fault; @thread->seq is being written. */
static void settle_thread(struct brkw_thread *thread, const unsigned long *flt)
{
	unsigned int k;

	for (k = 0; k < 2; k++) {
		if (thread->segment != BRKW_SEG_NONE)
			thread->nr_flt[thread->segment][k] += flt[k] - thread->settled_flt[k];
		else if (thread->acct)
			atomic64_add(due_before(thread, flt, k),
				     &thread->acct->value[BASE_FLT(k)]);
		thread->settled_flt[k] = flt[k];
	}
}

/*
 * With interrupts off: the end of another thread, in a softirq, would wait for the
 * account's lock, and who has that reads and waits for us.
 */
static noinline void fault_elsewhere(enum brkw_segment segment)
{
	struct brkw_thread *thread = brkw_thread_find(current);
	unsigned long flt[2], irqflags;

	if (!thread) {
		/* not the kernel's own: they have no slots, and some borrow what they need */
		if (current->mm && !(current->flags & PF_KTHREAD))
			brkw_drop(BRKW_DROP_NO_THREAD);
		return;
	}
	if (thread->segment == segment)
		return;
	read_task_flt(current, flt);
	local_irq_save(irqflags);
	raw_write_seqcount_begin(&thread->seq);
	settle_thread(thread, flt);
	thread->segment = segment;
	raw_write_seqcount_end(&thread->seq);
	local_irq_restore(irqflags);
}

/**
 * brkw_thread_fault() - current enters a page fault
 * @segment: where
 *
 * The hottest of all. While a thread goes on faulting in one segment nothing
 * is written and nothing is called.
 * Context: the hook on handle_mm_fault(); the mmap lock or only that of the
 * VMA is held.
 */
void brkw_thread_fault(enum brkw_segment segment)
{
	const struct brkw_thread *thread = this_cpu_read(brkw_last_thread);

	if (unlikely(!brkw_thread_is_of(thread, current) || thread->segment != segment))
		fault_elsewhere(segment);
}

/**
 * brkw_thread_fault_error() - a fault of current ends in a signal
 *
 * Context: any hook.
 */
void brkw_thread_fault_error(void)
{
	struct brkw_thread *thread = brkw_thread_find(current);

	if (thread && thread->acct)
		atomic64_inc(&thread->acct->value[BRKW_KEY_FAULT_ERROR_EVENTS]);
}

static void link_thread(struct brkw_thread *thread, struct brkw_account *acct)
{
	unsigned long irqflags;

	raw_spin_lock_irqsave(&acct->lock, irqflags);
	thread->acct = acct->is_closing ? NULL : acct;
	if (thread->acct)
		list_add(&thread->link, &acct->threads);
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
}

/*
 * A new thread may be met both by its hook and by who adopts the process; then it
 * goes on with faults as soon as it can be found, so they are read last.
 */
static bool add_once(struct brkw_thread *thread, struct task_struct *task, unsigned long *ret_flt)
{
	unsigned long bucket = brkw_table_bucket(&brkw_thread_table, task);
	unsigned long irqflags;
	bool is_new;

	raw_spin_lock_irqsave(&brkw_thread_table.lock, irqflags);
	is_new = !brkw_thread_find(task);
	read_task_flt(task, ret_flt);
	memcpy(thread->settled_flt, ret_flt, sizeof(thread->settled_flt));
	if (is_new) {
		smp_store_release(&thread->key, task);	/* brkw_thread_is_of() */
		hlist_nulls_add_head_rcu(&thread->node, &brkw_thread_table.heads[bucket]);
	}
	raw_spin_unlock_irqrestore(&brkw_thread_table.lock, irqflags);
	return is_new;
}

/**
 * brkw_thread_open() - watch a thread
 * @task: the thread, held by the caller
 * @acct: the account of its process
 * @ret_flt: minor and major faults of the thread by now, always filled in
 *
 * Context: preemption off. Without a free slot it is counted and left out.
 * Return: the slot, or NULL if there is none or the thread has one already.
 */
struct brkw_thread *brkw_thread_open(struct task_struct *task, struct brkw_account *acct,
				     unsigned long *ret_flt)
{
	struct brkw_thread *thread;
	bool is_low = false;

	read_task_flt(task, ret_flt);
	thread = brkw_pool_take(&thread_pool, &is_low);
	if (is_low)
		brkw_worker_fill();
	if (!thread) {
		brkw_drop(BRKW_DROP_THREAD_POOL);
		return NULL;
	}
	seqcount_init(&thread->seq);
	memset(thread->nr_flt, 0, sizeof(thread->nr_flt));
	thread->awaited = BRKW_AWAITS_NOTHING;
	thread->segment = BRKW_SEG_NONE;
	thread->acct = acct;
	get_task_struct(task);
	if (!add_once(thread, task, ret_flt)) {
		put_task_struct(task);
		brkw_pool_give(&thread_pool, thread);
		return NULL;
	}
	link_thread(thread, acct);
	atomic_inc(&nr_threads);
	return thread;
}

/**
 * brkw_thread_attach() - a thread goes on in another account
 * @thread: current's slot, detached
 * @acct: the account
 *
 * Context: the hook on exec.
 */
void brkw_thread_attach(struct brkw_thread *thread, struct brkw_account *acct)
{
	raw_write_seqcount_begin(&thread->seq);
	/* of a program between the two that no account was free for */
	memset(thread->nr_flt, 0, sizeof(thread->nr_flt));
	read_task_flt(thread->key, thread->settled_flt);
	thread->segment = BRKW_SEG_NONE;
	raw_write_seqcount_end(&thread->seq);
	link_thread(thread, acct);
}

/* Caller holds the account's lock; leaves the thread's faults to the account. */
static void __detach(struct brkw_thread *thread, struct brkw_account *acct)
{
	unsigned long flt[2];
	unsigned int k;

	read_task_flt(thread->key, flt);
	raw_write_seqcount_begin(&thread->seq);
	settle_thread(thread, flt);
	raw_write_seqcount_end(&thread->seq);
	for (k = 0; k < NR_FAULT_KEYS; k++) {
		u64 *nr = &thread->nr_flt[k / 2][k % 2];

		if (*nr)
			atomic64_add(*nr, &acct->value[BRKW_KEY_FAULT_HEAP_MINOR + k]);
		*nr = 0;
	}
	list_del_init(&thread->link);
	smp_store_release(&thread->acct, NULL);	/* who sees that may link it elsewhere */
}

/**
 * brkw_thread_detach_all() - take all threads out of an account that ends
 * @acct: the account; its last numbers have been taken
 *
 * Context: any in which the threads do not fault in it any more.
 */
void brkw_thread_detach_all(struct brkw_account *acct)
{
	struct brkw_thread *thread, *tmp;
	unsigned long irqflags;

	raw_spin_lock_irqsave(&acct->lock, irqflags);
	list_for_each_entry_safe(thread, tmp, &acct->threads, link)
		__detach(thread, acct);
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
}

/*
 * Caller holds the account's lock. Return: true if nobody is left in it, and then
 * it is held for queue_orphan(): whoever ends it may do so at any time from now.
 */
static bool __leave(struct brkw_thread *thread, struct brkw_account *acct)
{
	if (!thread->acct)
		return false;
	__detach(thread, acct);
	acct->is_orphan = list_empty(&acct->threads) && !acct->is_closing;
	if (acct->is_orphan) {
		brkw_account_get(acct);
		/* nobody can ask the process any more; after exec it has its next name */
		if (!acct->is_replaced)
			strscpy(acct->comm, thread->key->comm, BRKW_COMM_LEN);
	}
	return acct->is_orphan;
}

static void queue_orphan(struct brkw_account *acct)
{
	brkw_account_queue(acct);
	brkw_account_put(acct);
}

/* Leaves the account; returns it, for queue_orphan(), if nobody is left in it. */
static struct brkw_account *leave_account(struct brkw_thread *thread)
{
	struct brkw_account *acct = smp_load_acquire(&thread->acct);	/* __detach() */
	unsigned long irqflags;
	bool is_last;

	if (!acct)
		return NULL;
	raw_spin_lock_irqsave(&acct->lock, irqflags);
	is_last = __leave(thread, acct);
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	return is_last ? acct : NULL;
}

/*
 * Caller holds the account's lock. What the kernel counts from now on is the next
 * program's: what it has counted is taken from what it had before the account, where
 * threads that are dead, but not freed, may still find some more.
 */
static void __replace(struct brkw_account *acct, bool is_known, const u64 *flt)
{
	unsigned int k;

	WRITE_ONCE(acct->is_replaced, true);
	WRITE_ONCE(acct->has_kernel_flt, is_known);
	for (k = 0; k < 2; k++)
		atomic64_sub(flt[k], &acct->value[BASE_FLT(k)]);
}

/**
 * brkw_thread_desert() - current has left its address space, maybe to others
 * @thread: current's slot
 * @acct: the account that it is in
 *
 * From Linux 7.2 on exec itself still uses the address space at this moment.
 * Context: the hook on exec; current is alone in its process. Return: false, and
 * current is still in the account, if nobody uses the address space any more.
 */
bool brkw_thread_desert(struct brkw_thread *thread, struct brkw_account *acct)
{
	u64 flt[2] = { };
	unsigned long irqflags;
	bool is_used, is_last = false;
	bool is_known = brkw_process_faults(task_tgid(current), flt, false);

	raw_spin_lock_irqsave(&acct->lock, irqflags);
	is_used = acct->mm && atomic_read(&acct->mm->mm_users);
	if (!acct->is_closing)
		__replace(acct, is_known, flt);
	if (is_used)
		is_last = __leave(thread, acct);
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	if (is_last)
		queue_orphan(acct);
	return is_used;
}

/**
 * brkw_thread_leave() - current leaves an account that somebody else is ending
 * @thread: current's slot, in the account or taken out of it already
 *
 * Context: the hook on exec.
 */
void brkw_thread_leave(struct brkw_thread *thread)
{
	leave_account(thread);
}

/* The task is in no account any more, so that no reader looks at it. */
static void del_thread(struct brkw_thread *thread)
{
	struct task_struct *task = thread->key;

	brkw_table_del(&brkw_thread_table, &thread->node);
	WRITE_ONCE(thread->key, NULL);
	atomic_dec(&nr_threads);
	put_task_struct(task);
}

/**
 * brkw_thread_free() - a task is about to be freed
 * @task: the task; its counters are final, and its last reference is not ours
 *
 * Context: the tracepoint sched_process_free, often in softirq.
 */
void brkw_thread_free(struct task_struct *task)
{
	struct brkw_thread *thread = brkw_thread_find(task);
	struct brkw_account *orphan;

	brkw_stack_forget(task);
	if (!thread)
		return;
	brkw_outcome_forget(thread);
	orphan = leave_account(thread);
	del_thread(thread);
	brkw_pool_give(&thread_pool, thread);
	if (orphan)
		queue_orphan(orphan);
}

struct thread_sum {
	u64 nr_flt[BRKW_NR_SEGMENTS][2];
	unsigned long due[2];
	unsigned int segment;
};

/* A thread's faults as if all that is due were booked. */
static void view_thread(const struct brkw_thread *thread, struct thread_sum *ret_sum)
{
	unsigned long flt[2];
	unsigned int seq;

	do {
		seq = read_seqcount_begin(&thread->seq);
		memcpy(ret_sum->nr_flt, thread->nr_flt, sizeof(ret_sum->nr_flt));
		ret_sum->segment = thread->segment;
		read_task_flt(thread->key, flt);
		ret_sum->due[0] = flt[0] - thread->settled_flt[0];
		ret_sum->due[1] = flt[1] - thread->settled_flt[1];
	} while (read_seqcount_retry(&thread->seq, seq));
}

static void add_due(const struct thread_sum *sum, s64 *value, s64 *base)
{
	unsigned int k;

	for (k = 0; k < 2; k++) {
		if (sum->segment == BRKW_SEG_NONE)
			base[k] += min(sum->due[k], 1UL);
		else
			value[2 * sum->segment + k] += sum->due[k];
	}
}

/**
 * brkw_thread_sum() - the faults of an account by segment
 * @acct: the account
 * @value: the fault keys are raised by those of the threads
 * @ret_base: faults that the kernel counts and that are older than the account
 *
 * Context: any. Return: false if the kernel counts for another program by now: then
 * what it has counted for this one has been taken from @ret_base.
 */
bool brkw_thread_sum(struct brkw_account *acct, s64 *value, s64 *ret_base)
{
	struct brkw_thread *thread;
	struct thread_sum sum;
	unsigned long irqflags;
	bool is_counted;
	unsigned int k;

	raw_spin_lock_irqsave(&acct->lock, irqflags);
	is_counted = !acct->is_replaced;
	for (k = 0; k < NR_FAULT_KEYS; k++)
		value[BRKW_KEY_FAULT_HEAP_MINOR + k] =
			atomic64_read(&acct->value[BRKW_KEY_FAULT_HEAP_MINOR + k]);
	ret_base[0] = atomic64_read(&acct->value[BASE_FLT(0)]);
	ret_base[1] = atomic64_read(&acct->value[BASE_FLT(1)]);
	if (acct->is_closing)
		goto out;	/* they leave, or have left */
	list_for_each_entry(thread, &acct->threads, link) {
		view_thread(thread, &sum);
		for (k = 0; k < NR_FAULT_KEYS; k++)
			value[BRKW_KEY_FAULT_HEAP_MINOR + k] += sum.nr_flt[k / 2][k % 2];
		add_due(&sum, &value[BRKW_KEY_FAULT_HEAP_MINOR], ret_base);
	}
out:
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	return is_counted;
}

/**
 * brkw_thread_clear() - forget all threads
 *
 * Context: may sleep; hooks are disarmed and none is running, but returns that
 * they have asked for may still come.
 */
void brkw_thread_clear(void)
{
	struct brkw_thread *thread, *tmp;
	unsigned int bucket;
	LIST_HEAD(all);

	for (bucket = 0; brkw_thread_table.heads && bucket <= brkw_thread_table.mask; bucket++) {
		while (!hlist_nulls_empty(&brkw_thread_table.heads[bucket])) {
			thread = hlist_nulls_entry(brkw_thread_table.heads[bucket].first,
						   struct brkw_thread, node);
			del_thread(thread);
			/* out of an account that is closing: its list is not walked */
			list_add(&thread->link, &all);
		}
	}
	synchronize_rcu();	/* a return that has found its slot is through */
	list_for_each_entry_safe(thread, tmp, &all, link)
		brkw_pool_give(&thread_pool, thread);
}

/**
 * brkw_thread_fill() - have enough free slots
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_thread_fill(void)
{
	return brkw_pool_fill(&thread_pool);
}

/**
 * brkw_thread_reserve() - have free slots beyond what is kept ready
 * @nr: for so many threads, until called with another number
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_thread_reserve(unsigned int nr)
{
	return brkw_pool_reserve(&thread_pool, nr);
}

/**
 * brkw_thread_trim() - free what a burst of threads left behind
 *
 * Context: may sleep.
 */
void brkw_thread_trim(void)
{
	brkw_pool_trim(&thread_pool, brkw_forget_last);
}

/**
 * brkw_thread_stats() - this part of the ledger about itself
 * @stats: its part is filled in
 *
 * Context: any.
 */
void brkw_thread_stats(struct brkw_ledger_stats *stats)
{
	stats->nr_threads = atomic_read(&nr_threads);
	stats->sz_threads = brkw_pool_bytes(&thread_pool);
	stats->sz_tables += brkw_table_bytes(&brkw_thread_table);
}

/**
 * brkw_thread_init() - make the slots
 * @nr_max_processes: for the threads of so many processes
 * @nr_low: how many are kept ready
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_thread_init(unsigned int nr_max_processes, unsigned int nr_low)
{
	int err;

	err = brkw_pool_init(&thread_pool, "brkw_thread", sizeof(struct brkw_thread),
			     offsetof(struct brkw_thread, link), nr_low,
			     NR_THREADS_PER_PROCESS * nr_max_processes);
	if (!err)
		err = brkw_table_init(&brkw_thread_table, nr_max_processes);
	if (!err)
		err = brkw_thread_fill();
	return err;
}

/**
 * brkw_thread_exit() - free the slots, also half-made ones
 *
 * Context: may sleep; after brkw_thread_clear().
 */
void brkw_thread_exit(void)
{
	brkw_table_exit(&brkw_thread_table);
	brkw_pool_exit(&thread_pool);
}
