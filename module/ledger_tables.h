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
#include "pool.h"

/**
 * struct brkw_table - a hash table of type-stable objects
 * @heads: the chains
 * @mask: number of chains - 1
 * @bits: log2 of the number of chains
 * @lock: guards all chains against writers
 */
struct brkw_table {
	struct hlist_nulls_head *heads;
	unsigned int mask;
	unsigned int bits;
	raw_spinlock_t lock;
};

static inline int brkw_table_init(struct brkw_table *table, unsigned int nr_max)
{
	unsigned int i;

	table->bits = clamp(ilog2(roundup_pow_of_two(nr_max)), 6, 14);
	table->mask = (1U << table->bits) - 1;
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

static inline unsigned int brkw_table_bucket(const struct brkw_table *table, const void *key)
{
	return hash_ptr(key, table->bits);
}

static inline size_t brkw_table_bytes(const struct brkw_table *table)
{
	return (table->mask + 1) * sizeof(*table->heads);
}

static inline void brkw_table_add(struct brkw_table *table, struct hlist_nulls_node *node,
				  const void *key)
{
	unsigned int bucket = brkw_table_bucket(table, key);
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

/* The accounts', shared by ledger.c, account.c and worker.c. */
extern struct brkw_table brkw_account_table;
extern struct brkw_pool brkw_account_pool;

#endif /* _BRKW_LEDGER_TABLES_H */
