/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hash table under the accounts and the threads: fixed in size, read
 * without a lock with preemption off, written under its lock. Entries are
 * recycled at once, so chains end in a nulls marker that names their bucket
 * (Documentation/RCU/rculist_nulls.rst).
 */
#ifndef _BRKW_LEDGER_TABLES_H
#define _BRKW_LEDGER_TABLES_H

#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rculist_nulls.h>
#include <linux/spinlock.h>
#include "ledger.h"
#include "pool.h"

/**
 * struct brkw_table - a hash table of type-stable objects
 * @heads: the chains
 * @mask: number of chains - 1
 * @shift: how far a hashed key is shifted to number a chain
 * @lock: guards all chains against writers
 */
struct brkw_table {
	struct hlist_nulls_head *heads;
	unsigned int mask;
	unsigned int shift;
	raw_spinlock_t lock;
};

/* account.c's and thread.c's. */
extern struct brkw_table brkw_account_table;
extern struct brkw_table brkw_thread_table;
extern struct brkw_pool brkw_account_pool;

static inline int brkw_table_init(struct brkw_table *table, unsigned int nr_max)
{
	unsigned int i, bits = clamp(ilog2(roundup_pow_of_two(nr_max)), 6, 13);

	table->mask = (1U << bits) - 1;
	table->shift = BITS_PER_LONG - bits;
	raw_spin_lock_init(&table->lock);
	table->heads = kvmalloc_array(table->mask + 1, sizeof(*table->heads), GFP_KERNEL);
	if (!table->heads)
		return -ENOMEM;
	for (i = 0; i <= table->mask; i++)
		INIT_HLIST_NULLS_HEAD(&table->heads[i], i);
	return 0;
}

static inline void brkw_table_exit(struct brkw_table *table)
{
	kvfree(table->heads);
	table->heads = NULL;
}

static __always_inline unsigned long brkw_table_bucket(const struct brkw_table *table,
						       const void *key)
{
	return (unsigned long)key * GOLDEN_RATIO_PRIME >> table->shift;
}

static inline size_t brkw_table_bytes(const struct brkw_table *table)
{
	return (table->mask + 1) * sizeof(*table->heads);
}

static inline void brkw_table_add(struct brkw_table *table, struct hlist_nulls_node *node,
				  const void *key)
{
	unsigned long bucket = brkw_table_bucket(table, key);
	unsigned long irqflags;

	raw_spin_lock_irqsave(&table->lock, irqflags);
	hlist_nulls_add_head_rcu(node, &table->heads[bucket]);
	raw_spin_unlock_irqrestore(&table->lock, irqflags);
}

static inline void brkw_table_del(struct brkw_table *table, struct hlist_nulls_node *node)
{
	unsigned long irqflags;

	raw_spin_lock_irqsave(&table->lock, irqflags);
	hlist_nulls_del_rcu(node);
	raw_spin_unlock_irqrestore(&table->lock, irqflags);
}

/*
 * What this CPU has looked up last: mostly what it will look up next. Neither
 * is ever NULL. An object that is taken out of its table loses its key, so
 * that it is not found here either; before it is freed brkw_forget_last() is
 * called.
 */
DECLARE_PER_CPU(struct brkw_account *, brkw_last_account);
DECLARE_PER_CPU(struct brkw_thread *, brkw_last_thread);

struct brkw_account *brkw_account_search(const struct mm_struct *mm);
struct brkw_thread *brkw_thread_search(const struct task_struct *task);
void brkw_forget_last(void);

/* Pair with the stores of a key: who sees it sees the object behind it. */
static __always_inline bool brkw_account_is_of(const struct brkw_account *acct,
					       const struct mm_struct *mm)
{
	return smp_load_acquire(&acct->key) == mm;	/* see above */
}

static __always_inline bool brkw_thread_is_of(const struct brkw_thread *thread,
					      const struct task_struct *task)
{
	return smp_load_acquire(&thread->key) == task;	/* see above */
}

/**
 * brkw_account_find() - the account that owns an address space
 * @mm: the address space
 *
 * Context: preemption off, as in every hook; the account stays valid while
 * the caller knows that @mm is in use. Return: the account or NULL.
 */
static __always_inline struct brkw_account *brkw_account_find(const struct mm_struct *mm)
{
	struct brkw_account *acct = this_cpu_read(brkw_last_account);

	return likely(brkw_account_is_of(acct, mm)) ? acct : brkw_account_search(mm);
}

/**
 * brkw_thread_find() - the slot of a task
 * @task: the task; not freed while the caller looks
 *
 * Context: preemption off. Return: the slot or NULL.
 */
static __always_inline struct brkw_thread *brkw_thread_find(const struct task_struct *task)
{
	struct brkw_thread *thread = this_cpu_read(brkw_last_thread);

	return likely(brkw_thread_is_of(thread, task)) ? thread : brkw_thread_search(task);
}

DECLARE_PER_CPU(u64, brkw_nr_posted);

/**
 * brkw_account_for() - the account that an event belongs to
 * @mm: the address space
 *
 * Counts what is taken and what cannot be. Context: a hook. Return: the
 * account or NULL.
 */
static __always_inline struct brkw_account *brkw_account_for(const struct mm_struct *mm)
{
	struct brkw_account *acct = brkw_account_find(mm);

	if (likely(acct))
		this_cpu_inc(brkw_nr_posted);
	else
		brkw_drop(BRKW_DROP_NO_ACCOUNT);
	return acct;
}

#endif /* _BRKW_LEDGER_TABLES_H */
