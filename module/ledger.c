// SPDX-License-Identifier: GPL-2.0
/*
 * The ledger as a whole: how it is made and cleared, who walks it, and what it
 * says about itself.
 */
#include <linux/mm.h>
#include <linux/rculist_nulls.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include "ledger.h"
#include "ledger_tables.h"

static atomic64_t nr_drops[BRKW_NR_DROPS];
static atomic64_t nr_early;
static enum brkw_phase phase;
static u64 (*nr_missed_by_hooks)(void);
static u64 heard_ns;
static u64 not_exact_since_ns;

/**
 * brkw_ledger_set_phase() - tell what hooks may do
 * @new_phase: BRKW_ARMING before hooks are armed or disarmed, BRKW_ADOPTING when
 *	       all are armed, BRKW_WATCHING when all accounts are open
 *
 * Whom a hook has let pass before BRKW_ADOPTING can be seen by who adopts it when
 * this returns. Context: may sleep.
 */
void brkw_ledger_set_phase(enum brkw_phase new_phase)
{
	WRITE_ONCE(phase, new_phase);
	if (new_phase == BRKW_ADOPTING)
		synchronize_rcu();
}

/**
 * brkw_ledger_may_open() - hooks may open accounts and slots
 *
 * Context: any. Return: false while some may not be armed that would see their end,
 * or who else comes into them.
 */
bool brkw_ledger_may_open(void)
{
	return READ_ONCE(phase) != BRKW_ARMING;
}

/**
 * brkw_drop() - count an event or an account that could not be taken
 * @reason: why
 *
 * Before BRKW_WATCHING an event that nobody takes is early, not dropped: it is
 * older than the account that it would belong to. Context: any. Return: false if
 * it is not counted as dropped.
 */
bool brkw_drop(enum brkw_drop reason)
{
	if (READ_ONCE(phase) != BRKW_WATCHING &&
	    (reason == BRKW_DROP_NO_ACCOUNT || reason == BRKW_DROP_NO_THREAD)) {
		if (reason == BRKW_DROP_NO_ACCOUNT)
			atomic64_inc(&nr_early);
		return false;
	}
	atomic64_inc(&nr_drops[reason]);
	return true;
}

/**
 * brkw_ledger_nr_missed() - events that were missed
 *
 * Context: any. Return: what the hooks have missed since load, and returns that
 * were awaited and not seen.
 */
u64 brkw_ledger_nr_missed(void)
{
	return nr_missed_by_hooks() + brkw_outcome_lost();
}

/**
 * brkw_ledger_set_heard() - tell whether the hooks are called at all
 * @is_heard: they are
 * @asked_ns: when they began to be asked
 *
 * Once they are not, nothing is exact any more since they were heard last, until
 * brkw_ledger_clear(). Context: any; one caller at a time.
 */
void brkw_ledger_set_heard(bool is_heard, u64 asked_ns)
{
	if (READ_ONCE(not_exact_since_ns))
		return;
	if (is_heard) {
		WRITE_ONCE(heard_ns, asked_ns);
	} else {
		WRITE_ONCE(not_exact_since_ns, READ_ONCE(heard_ns));
		brkw_account_doubt_ended();
	}
}

/**
 * brkw_ledger_not_exact_since_ns() - since when events have gone by unseen
 *
 * Context: any. Return: when hooks were heard last, or 0 if they are heard.
 */
u64 brkw_ledger_not_exact_since_ns(void)
{
	return READ_ONCE(not_exact_since_ns);
}

/**
 * brkw_ledger_missed() - events missed since an account opened
 * @acct: the account
 *
 * The kernel does not say whose they were, so everybody is told of all. While
 * an account is live, the place of the key holds what is older than it.
 * Context: any. Return: their number.
 */
u64 brkw_ledger_missed(const struct brkw_account *acct)
{
	u64 nr_now = brkw_ledger_nr_missed();

	/* one that is in doubt may be taken back, see compat.h */
	return nr_now - min_t(u64, nr_now, atomic64_read(&acct->value[BRKW_KEY_MISSED_EVENTS]));
}

static u64 watched_since_ns(const struct brkw_account *acct)
{
	return atomic64_read(&acct->value[BRKW_KEY_WATCHED_SINCE_NS]);
}

/* By number; of one number, the one that opened last comes last. */
static int cmp_tgid(const void *a, const void *b)
{
	const struct brkw_account *x = *(struct brkw_account *const *)a;
	const struct brkw_account *y = *(struct brkw_account *const *)b;

	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	return watched_since_ns(x) < watched_since_ns(y) ? -1 :
	       watched_since_ns(x) > watched_since_ns(y);
}

/* Takes the accounts of one bucket; the lock is held for one chain only. */
static unsigned int collect_bucket(unsigned int bucket, struct brkw_account **accts,
				   unsigned int nr, unsigned int nr_max)
{
	struct hlist_nulls_node *pos;
	struct brkw_account *acct;
	unsigned long irqflags;

	raw_spin_lock_irqsave(&brkw_account_table.lock, irqflags);
	hlist_nulls_for_each_entry(acct, pos, &brkw_account_table.heads[bucket], node) {
		if (nr == nr_max)
			break;
		if (smp_load_acquire(&acct->is_embryo) ||	/* brkw_account_exec() */
		    smp_load_acquire(&acct->is_gathering) ||	/* __adopt_threads() */
		    !refcount_inc_not_zero(&acct->ref))
			continue;
		accts[nr++] = acct;
	}
	raw_spin_unlock_irqrestore(&brkw_account_table.lock, irqflags);
	return nr;
}

/*
 * Whoever execs while buckets are walked is met twice, if the new address space
 * is in a later one; and so is a number that is used again. The last one stays.
 */
static unsigned int put_replaced(struct brkw_account **accts, unsigned int nr)
{
	unsigned int i, nr_left = 0;

	for (i = 0; i < nr; i++) {
		if (i + 1 < nr && accts[i]->tgid == accts[i + 1]->tgid)
			brkw_account_put(accts[i]);
		else
			accts[nr_left++] = accts[i];
	}
	return nr_left;
}

/* Return: how many, @nr_max if there may be more. */
static unsigned int collect_all(struct brkw_account **accts, unsigned int nr_max)
{
	unsigned int nr = 0, bucket;

	for (bucket = 0; bucket <= brkw_account_table.mask; bucket++) {
		if (hlist_nulls_empty(&brkw_account_table.heads[bucket]))
			continue;
		nr = collect_bucket(bucket, accts, nr, nr_max);
		cond_resched();
	}
	return nr;
}

/**
 * brkw_account_collect() - all live accounts, by rising number
 * @ret_nr: how many; of each number one
 *
 * Context: may sleep. Return: a vector of held accounts for
 * brkw_account_put_all(), or NULL if there is no memory.
 */
struct brkw_account **brkw_account_collect(unsigned int *ret_nr)
{
	unsigned int nr_max = brkw_account_nr_live() + 64, nr;
	struct brkw_account **accts;

	for (;; nr_max *= 2) {
		accts = kvmalloc_array(nr_max, sizeof(*accts), GFP_KERNEL | __GFP_NOWARN);
		if (!accts)
			return NULL;
		nr = collect_all(accts, nr_max);
		if (nr < nr_max)
			break;
		brkw_account_put_all(accts, nr);	/* many were born meanwhile */
	}
	sort(accts, nr, sizeof(*accts), cmp_tgid, NULL);
	*ret_nr = put_replaced(accts, nr);
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
		.sz_accounts = brkw_pool_bytes(&brkw_account_pool),
		.sz_tables = brkw_table_bytes(&brkw_account_table),
	};
	ret_stats->nr_early = atomic64_read(&nr_early);
	for (reason = 0; reason < BRKW_NR_DROPS; reason++)
		ret_stats->nr_drops[reason] = atomic64_read(&nr_drops[reason]);
	brkw_account_stats(ret_stats);
	brkw_settle_stats(ret_stats);
	brkw_thread_stats(ret_stats);
}

/* Holds it: the worker may be ending it at the same time. */
static struct brkw_account *first_of_bucket(unsigned int bucket)
{
	struct brkw_account *acct = NULL;
	struct hlist_nulls_node *pos;
	unsigned long irqflags;

	raw_spin_lock_irqsave(&brkw_account_table.lock, irqflags);
	pos = brkw_account_table.heads[bucket].first;
	if (!is_a_nulls(pos)) {
		acct = hlist_nulls_entry(pos, struct brkw_account, node);
		brkw_account_get(acct);	/* who ends one takes it out first */
	}
	raw_spin_unlock_irqrestore(&brkw_account_table.lock, irqflags);
	return acct;
}

static void drop_all_live(void)
{
	struct brkw_account *acct;
	unsigned int bucket;

	for (bucket = 0; bucket <= brkw_account_table.mask; bucket++) {
		while ((acct = first_of_bucket(bucket))) {
			brkw_account_drop(acct);
			brkw_account_put(acct);
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
	brkw_worker_flush();
	WRITE_ONCE(not_exact_since_ns, 0);
}

/**
 * brkw_ledger_init() - make an empty ledger
 * @nr_max_processes: accounts and thread slots that may exist
 * @nr_max_ended: how many ended accounts are kept
 * @ops: of the view and the hooks
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_ledger_init(unsigned int nr_max_processes, unsigned int nr_max_ended,
		     const struct brkw_ledger_ops *ops)
{
	unsigned int nr_low = clamp_t(unsigned long, totalram_pages() / 1024, 128, 512);
	int err;

	nr_missed_by_hooks = ops->nr_missed;
	brkw_forget_last();	/* per-CPU pointers of modules have no initial value */
	err = brkw_worker_init(ops);
	if (!err)
		err = brkw_account_init(nr_max_processes, nr_max_ended, nr_low);
	if (!err)
		err = brkw_thread_init(nr_max_processes, nr_low);
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
	if (brkw_account_table.heads)
		drop_all_live();
	brkw_thread_clear();
	brkw_worker_flush();	/* it may be ending one that had no threads any more */
	brkw_account_forget_ended();
	brkw_worker_flush();
	brkw_worker_exit();
	brkw_thread_exit();
	brkw_account_exit();
}
