/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ledger: one account per process and address space, one slot per thread.
 *
 *   ledger.c   the whole: made, cleared, walked, counted
 *   account.c  the table, how accounts open and close
 *   worker.c   what may sleep; references
 *   settle.c   the size of an address space: post an operation, settle it
 *   brk.c      the outcomes of brk()
 *   thread.c   the page faults of a thread
 *   adopt.c    the processes that run when we start to watch
 *   read.c     an account as the numbers that people see
 *
 * Hooks push records in, views pull entries out; the ledger knows neither.
 */
#ifndef _BRKW_LEDGER_H
#define _BRKW_LEDGER_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/list_nulls.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include "../uapi/linux/brkwatch.h"

struct mm_struct;
struct pid;

/*
 * What an entered kernel function is about to do to a mm.
 *
 * An operation is posted when its function is entered and settled, done or
 * failed, when the next one on the same mm is, or when somebody asks.
 * The four kinds of mmap follow &enum brkw_kind from @BRKW_OP_MMAP on.
 */
enum brkw_op {
	BRKW_OP_NONE,
	BRKW_OP_BRK_GROW,
	BRKW_OP_BRK_SHRINK,
	BRKW_OP_MMAP,
	BRKW_OP_MMAP_LAST = BRKW_OP_MMAP + 3,
	BRKW_OP_MUNMAP,
	BRKW_OP_REPLACE,	/* mremap() clears its destination */
	BRKW_OP_MREMAP_SHRINK,
	BRKW_OP_MREMAP_OLD,	/* a moved mapping leaves its old place */
	BRKW_OP_MREMAP_UNDO,	/* a failed move leaves its new place */
	BRKW_OP_STACK_GROW,
	BRKW_OP_OTHER_GROW,
	BRKW_OP_OTHER_SHRINK,
	BRKW_NR_OPS
};

/** enum brkw_kind - mappings as their users name them, in the keys' order */
enum brkw_kind {
	BRKW_ANON_PRIVATE,
	BRKW_ANON_SHARED,
	BRKW_FILE_PRIVATE,
	BRKW_FILE_SHARED,
};

/** enum brkw_segment - where a page fault happened, in the keys' order */
enum brkw_segment {
	BRKW_SEG_HEAP,
	BRKW_SEG_STACK,
	BRKW_SEG_ANON,
	BRKW_SEG_FILE,
	BRKW_SEG_SHARED,
	BRKW_SEG_OTHER,
	BRKW_SEG_REMOTE,
	BRKW_NR_SEGMENTS,
	BRKW_SEG_NONE = BRKW_NR_SEGMENTS	/* no fault seen yet */
};

/** enum brkw_drop - why an event or an account could not be taken */
enum brkw_drop {
	BRKW_DROP_NO_ACCOUNT,	/* nobody watches that mm */
	BRKW_DROP_NO_THREAD,	/* nobody watches that thread */
	BRKW_DROP_ACCOUNT_POOL,	/* no free account for a new process */
	BRKW_DROP_THREAD_POOL,	/* no free slot for a new thread */
	BRKW_NR_DROPS
};

/**
 * struct brkw_record - one operation on the size of an address space
 * @op: what is about to happen
 * @nr_pages: by how much total_vm changes if it succeeds; never 0
 * @has_return: the hook will also see the return (brkw_settle_return()),
 *		because the outcome cannot be told from the size alone
 */
struct brkw_record {
	enum brkw_op op;
	long nr_pages;
	bool has_return;
};

/**
 * struct brkw_account - one process in one address space
 * @node: in the table of accounts; look-ups are lockless
 * @mm: key of the table, pinned (mmgrab) until retired; NULL for a process
 *	that only borrows the address space of another (vfork, CLONE_VM)
 * @seq: odd while the ledger below is written
 * @nr_ledger: what total_vm was when last settled, pages
 * @nr_transit: pages that a move by mremap() holds twice, until it has left
 *		its old place
 * @pending: the posted, unsettled operation
 * @pending_task: who posted it, only compared
 * @brk_task: the thread whose last brk() has not reached the part that
 *	      changes pages; only compared
 * @value: the keys that are counted; the others are made by read.c, and are
 *	   kept here when the account ends. Bytes and events of the size of
 *	   the address space are written under the mmap write lock
 * @lock: guards @threads, @state and, with the table's lock, the end
 * @threads: the slots of the threads
 * @base_flt: minor and major faults of the process before the account opened
 * @nr_missed_base: misses of all hooks when the account opened
 * @pid: the process, referenced until retired; NULL while exec still builds
 *	 the address space
 * @tgid: its number in the initial pid namespace
 * @state: &enum brkw_state
 * @is_embryo: exec builds this address space; nobody sees it yet
 * @is_closing: somebody has begun to end it; guarded by @lock
 * @is_retired: it has let go of @mm and @pid; guarded by @lock
 * @is_queued: on the worker's queue; guarded by the queue's lock
 * @is_orphan: all threads are gone, the address space is not
 * @comm: name of the process when the account ended
 * @unknown: which keys were not known when the account ended
 * @ref: one for being live or awaiting the worker, one for the list of ended
 *	 accounts, one for each reader
 * @link_work: on the queue of the worker
 * @link_ended: on the list of ended accounts
 * @view: what the view keeps for a published account; worker only
 * @rcu: delays recycling until no hook can hold the account
 * @link_free: the pool's
 *
 * The mmap write lock of @mm guards the fields from @seq to @pending_task.
 */
struct brkw_account {
	struct hlist_nulls_node node;
	struct mm_struct *mm;
	seqcount_t seq;
	unsigned long nr_ledger;
	unsigned long nr_transit;
	struct brkw_record pending;
	struct task_struct *pending_task;
	struct task_struct *brk_task;
	atomic64_t value[BRKW_NR_KEYS];

	raw_spinlock_t lock;
	struct list_head threads;
	atomic64_t base_flt[2];
	u64 nr_missed_base;
	struct pid *pid;
	u32 tgid;
	u8 state;
	bool is_embryo;
	bool is_closing;
	bool is_retired;
	bool is_queued;
	bool is_orphan;
	char comm[BRKW_COMM_LEN];
	u64 unknown[2];
	refcount_t ref;
	struct list_head link_work;
	struct list_head link_ended;
	void *view;
	struct rcu_head rcu;
	void *link_free;
};

/**
 * struct brkw_thread - the page faults of one thread
 * @node: in the table of threads; look-ups are lockless
 * @task: key of the table. The pointer alone: exec by a thread that does not
 *	  lead its group copies the leader's start time into it
 * @acct: whose faults these are; NULL between two accounts
 * @seq: odd while what follows is written
 * @segment: of the last fault that was entered (&enum brkw_segment)
 * @has_reached: this thread's brk() has reached the part that changes pages
 * @settled_flt: min_flt and maj_flt of @task up to which @nr_flt accounts
 * @nr_flt: minor and major faults by segment
 * @link: in the account's list, under its lock; the pool's while free
 *
 * Written by the thread itself, in its own faults; when the thread cannot
 * run any more, by whoever closes it.
 */
struct brkw_thread {
	struct hlist_nulls_node node;
	struct task_struct *task;
	struct brkw_account *acct;
	seqcount_t seq;
	u8 segment;
	bool has_reached;
	unsigned long settled_flt[2];
	u64 nr_flt[BRKW_NR_SEGMENTS][2];
	struct list_head link;
};

/**
 * struct brkw_ledger_ops - what the view wants to hear; called by the worker,
 * in process context, for one account at a time
 * @publish: an account of a live process has opened
 * @retract: it is closed and its number may be used again
 */
struct brkw_ledger_ops {
	void (*publish)(struct brkw_account *acct);
	void (*retract)(struct brkw_account *acct);
};

/**
 * struct brkw_ledger_stats - the ledger about itself
 * @nr_live: accounts that are live
 * @nr_opened: accounts opened since load
 * @nr_closed: accounts closed since load
 * @nr_ended: closed accounts that are kept
 * @nr_threads: threads watched
 * @nr_mismatched: settlements whose amount was neither success nor failure
 * @nr_seen: events that hooks brought
 * @nr_posted: events that were taken
 * @nr_early: events older than the account they would belong to
 * @nr_drops: events that were not, by reason
 * @sz_accounts: bytes of all account objects, free ones included
 * @sz_threads: bytes of all thread slots, free ones included
 * @sz_tables: bytes of the hash tables
 */
struct brkw_ledger_stats {
	u64 nr_live;
	u64 nr_opened;
	u64 nr_closed;
	u64 nr_ended;
	u64 nr_threads;
	u64 nr_mismatched;
	u64 nr_seen;
	u64 nr_posted;
	u64 nr_early;
	u64 nr_drops[BRKW_NR_DROPS];
	u64 sz_accounts;
	u64 sz_threads;
	u64 sz_tables;
};

/* ledger.c */
int brkw_ledger_init(unsigned int nr_max_processes, unsigned int nr_max_ended,
		     const struct brkw_ledger_ops *ops);
void brkw_ledger_exit(void);
void brkw_ledger_clear(void);
void brkw_ledger_stats(struct brkw_ledger_stats *ret_stats);
void brkw_ledger_set_opening(bool is_on);
void brkw_ledger_set_missed(u64 nr_missed);
u64 brkw_ledger_nr_missed(void);
u64 brkw_ledger_missed(const struct brkw_account *acct);
struct brkw_account **brkw_account_collect(unsigned int *ret_nr);
void brkw_account_put_all(struct brkw_account **accts, unsigned int nr);
void brkw_drop(enum brkw_drop reason);

/* account.c */
int brkw_account_init(unsigned int nr_max_processes, unsigned int nr_max_ended,
		      unsigned int nr_low);
void brkw_account_exit(void);
int brkw_account_fill(unsigned int nr_more);
void brkw_account_stats(struct brkw_ledger_stats *stats);
unsigned int brkw_account_nr_live(void);
struct brkw_account *brkw_account_find(const struct mm_struct *mm);
struct brkw_account *brkw_account_open(struct mm_struct *mm, bool is_owner,
				       struct task_struct *leader);
void brkw_account_open_embryo(struct mm_struct *mm);
void brkw_account_fork(struct task_struct *child);
void brkw_account_exec(void);
void brkw_account_exit_mm(struct mm_struct *mm);
void brkw_account_close(struct brkw_account *acct, enum brkw_state state);
void brkw_account_drop(struct brkw_account *acct);
struct brkw_account **brkw_account_collect_ended(unsigned int *ret_nr);
void brkw_account_forget_ended(void);

/* worker.c */
int brkw_worker_init(const struct brkw_ledger_ops *ops);
void brkw_worker_exit(void);
void brkw_worker_flush(void);
void brkw_worker_fill(void);
void brkw_account_get(struct brkw_account *acct);
void brkw_account_put(struct brkw_account *acct);
void brkw_account_queue(struct brkw_account *acct);

/* settle.c */
struct brkw_account *brkw_account_for(const struct mm_struct *mm);
void brkw_settle_stats(struct brkw_ledger_stats *stats);
void brkw_settle_post(struct mm_struct *mm, const struct brkw_record *rec);
void brkw_settle_return(struct mm_struct *mm, bool is_done);
void brkw_settle_moved(struct mm_struct *mm, long nr_pages, long nr_left, bool is_move);
bool brkw_settle_is_nested(struct mm_struct *mm);
bool brkw_settle_is_moving(struct mm_struct *mm);
void brkw_settle_account(struct brkw_account *acct);
void brkw_settle_peaks(struct brkw_account *acct);
int brkw_settle_locked(struct brkw_account *acct, struct mm_struct *mm);
bool brkw_settle_view(const struct brkw_account *acct, const struct mm_struct *mm,
		      bool is_read_locked, s64 *value, unsigned long *ret_nr_ledger);
void brkw_settle_count(struct mm_struct *mm, enum brkw_key events,
		       enum brkw_key bytes, u64 sz);

/* brk.c */
void brkw_brk_begin(struct mm_struct *mm);
void brkw_brk_shared(struct mm_struct *mm);
void brkw_brk_same(struct mm_struct *mm);
void brkw_brk_reached(struct mm_struct *mm);
void brkw_brk_returned(struct mm_struct *mm, bool is_granted);
void brkw_brk_end(struct brkw_account *acct);

/* thread.c */
int brkw_thread_init(unsigned int nr_max, unsigned int nr_low);
void brkw_thread_exit(void);
void brkw_thread_clear(void);
int brkw_thread_fill(unsigned int nr_more);
void brkw_thread_trim(void);
void brkw_thread_stats(struct brkw_ledger_stats *stats);
struct brkw_thread *brkw_thread_find(const struct task_struct *task);
struct brkw_thread *brkw_thread_open(struct task_struct *task, struct brkw_account *acct);
void brkw_thread_attach(struct brkw_thread *thread, struct brkw_account *acct);
void brkw_thread_detach_all(struct brkw_account *acct);
void brkw_thread_free(struct task_struct *task);
void brkw_thread_fault(enum brkw_segment segment);
void brkw_thread_fault_error(void);
void brkw_thread_sum(struct brkw_account *acct, s64 *value, u64 *ret_base);
bool brkw_thread_is_in_brk(struct brkw_account *acct, const struct task_struct *task,
			   bool (*is_in_brk)(struct task_struct *task));
bool brkw_thread_kernel_faults(struct pid *pid, u64 *ret_flt);

/* adopt.c */
int brkw_adopt_all(void);

/* read.c */
void brkw_read_set_unknown(const u64 *unknown);
void brkw_read_live(struct brkw_account *acct, struct mm_struct *mm, struct pid *pid,
		    struct brkw_snapshot_entry *entry, bool may_wait);
void brkw_read(struct brkw_account *acct, struct brkw_snapshot_entry *ret_entry,
	       bool may_wait);

#endif /* _BRKW_LEDGER_H */
