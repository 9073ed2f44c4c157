/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ledger: one account per process and address space, one slot per thread.
 *
 *   ledger.c   the whole: made, cleared, walked, counted
 *   account.c  the table, how accounts open and close
 *   worker.c   what may sleep; references
 *   settle.c   the size of an address space: post an operation, settle it
 *   settle_view.c  what readers see before it is settled
 *   replaced.c mappings that took the place of others
 *   mremap.c   mappings that grow or move
 *   brk.c      the outcomes of brk()
 *   stack.c    stacks that grow under the read lock
 *   outcome.c  outcomes that only the return of a call tells
 *   thread.c   the page faults of a thread
 *   process.c  what the kernel says of a process
 *   adopt.c    the processes that run when we start to watch
 *   trace.c    what tracers are told
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
struct vm_area_struct;

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
	BRKW_OP_MMAP_LAST = BRKW_OP_MMAP + 3,	/* as many as there are kinds */
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
	BRKW_NR_KINDS
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

/** enum brkw_phase - what hooks may do */
enum brkw_phase {
	BRKW_ARMING,	/* open no account: of some the beginning or the end is not seen */
	BRKW_ADOPTING,	/* all are armed; processes that are older get their accounts */
	BRKW_WATCHING,	/* all processes have one */
};

/* A sum, that is: made by read.c, so that its place is free. */
#define BRKW_NO_KEY	BRKW_KEY_VM_GROWN_BYTES

/* Keys that have a place in an account: all but the one that is everybody's. */
#define BRKW_NR_PLACES	BRKW_KEY_NOT_EXACT_SINCE_NS

/** enum brkw_awaited - what a thread waits for the return of */
enum brkw_awaited {
	BRKW_AWAITS_NOTHING,
	BRKW_AWAITS_BRK,
	BRKW_AWAITS_MMAP,
	BRKW_AWAITS_MREMAP,
	BRKW_AWAITS_DONTNEED,
	BRKW_AWAITS_FREE,
	BRKW_AWAITS_DONTNEED_RANGES,
	BRKW_AWAITS_FREE_RANGES,
};

/**
 * struct brkw_pending - an operation that was posted and is not settled
 * @op: &enum brkw_op
 * @events: key that is raised by one if it succeeds
 * @bytes: key that is raised by the size of @nr_pages then
 * @fail: key that is raised by one if it fails
 * @is_plain: success is nothing but these keys
 * @is_over: it is a mapping that lies over others, see &struct brkw_over
 * @is_traced: tracers have been told of it
 * @is_exec: and exec makes it, which goes on if it succeeds
 * @nr_pages: by how much total_vm changes if it succeeds, but for what it
 *	      lies over
 *
 * Where there is nothing to raise, a key is BRKW_NO_KEY.
 */
struct brkw_pending {
	u8 op;
	u8 events;
	u8 bytes;
	u8 fail;
	bool is_plain;
	bool is_over;
	bool is_exec;
	bool is_traced;
	long nr_pages;
};

/**
 * struct brkw_over - what a mapping with MAP_FIXED is put over
 * @start: first address of the mapping
 * @nr_pages: pages that are mapped there before
 * @caller: who maps, and in which system call, as one number, which must be the
 *	    same for an unmapping to be the one that makes room
 */
struct brkw_over {
	unsigned long start;
	unsigned long nr_pages;
	unsigned long caller;
};

/**
 * struct brkw_account - one process in one address space
 * @node: in the table of accounts; look-ups are lockless
 * @key: key of the table: @mm while the account is live
 * @mm: the address space, pinned (mmgrab) until retired; NULL for a process
 *	that only borrows that of another (vfork, CLONE_VM)
 * @seq: odd while the ledger below is written
 * @tgid: number of the process in the initial pid namespace
 * @nr_ledger: what total_vm was when last settled, pages
 * @pending: the posted, unsettled operation
 * @traced_seq: what tracers were told that @pending is the number of
 * @brk_task: the thread whose last brk() has not reached the part that
 *	      changes pages; only compared
 * @value: the keys that are counted; the others are made by read.c, which uses
 *	   their places, see there, but for the last, which has none. Mostly written
 *	   under the mmap write lock; what returns tell, and peaks that are shown,
 *	   without
 * @over: what @pending is put over, if it is
 * @lock: guards @threads and, with the table's lock, the end
 * @ref: one for being live or awaiting the worker, one for the list of ended
 *	 accounts, one for each reader
 * @pid: the process, referenced until retired; NULL while exec still builds
 *	 the address space
 * @state: &enum brkw_state
 * @is_move_counted: the last mapping that moved has raised the events
 * @is_embryo: exec builds this address space; nobody sees it yet
 * @is_gathering: adopt.c gives it its threads; nobody sees it yet
 * @is_closing: somebody has begun to end it; guarded by @lock
 * @is_retired: it has let go of @mm and @pid; guarded by @lock
 * @is_queued: on the worker's queue; guarded by the queue's lock
 * @is_orphan: all threads are gone, the address space is not
 * @is_replaced: its program is gone by exec; guarded by @lock
 * @is_borrower: it had no address space of its own when it ended
 * @has_kernel_flt: what the kernel counted to the end is known; both are written
 *		    by who ends the account, or before by exec
 * @threads: the slots of the threads, until the account ends
 * @comm: name of the process when it opened; then when it ended, or of its last
 *	  thread, but not after exec, which has changed it by then
 * @link_work: on the queue of the worker
 * @link_ended: on the list of ended accounts
 * @rcu: delays recycling until no hook can hold the account
 * @view: what the view keeps for a published account; worker only
 * @link_free: the pool's
 *
 * The mmap write lock of @mm guards @seq, @nr_ledger to @pending, @over
 * and @is_move_counted;
 * stack.c changes @nr_ledger under the read lock.
 */
struct brkw_account {
	struct hlist_nulls_node node;
	const struct mm_struct *key;
	struct mm_struct *mm;
	seqcount_t seq;
	u32 tgid;
	unsigned long nr_ledger;
	struct brkw_pending pending;
	u64 traced_seq;
	struct task_struct *brk_task;
	atomic64_t value[BRKW_NR_PLACES];

	struct brkw_over over;
	raw_spinlock_t lock;
	refcount_t ref;
	struct pid *pid;
	u8 state;
	bool is_move_counted;
	bool is_embryo;
	bool is_gathering;
	bool is_closing;
	bool is_retired;
	bool is_queued;
	bool is_orphan;
	bool is_replaced;
	bool is_borrower;
	bool has_kernel_flt;
	struct list_head threads;
	char comm[BRKW_COMM_LEN];
	struct list_head link_work;
	union {
		struct list_head link_ended;
		struct rcu_head rcu;
	};
	union {
		void *view;
		void *link_free;
	};
};

/**
 * struct brkw_thread - the page faults of one thread
 * @node: in the table of threads; look-ups are lockless
 * @key: key of the table: the thread, while it is in it, and held: there are
 *	 moments when nobody tells us that it is freed. The pointer alone:
 *	 exec by a thread that does not lead its group copies the leader's start
 *	 time into it
 * @acct: whose faults these are; NULL between two accounts
 * @seq: odd while what follows is written
 * @segment: of the last fault that was entered (&enum brkw_segment)
 * @awaited: the return of what is awaited (&enum brkw_awaited)
 * @awaited_kind: of a mapping (&enum brkw_kind)
 * @has_reached: this thread's brk() has reached the part that changes pages
 * @is_missed: the kernel may have counted the return as missed already
 * @awaited_arg: the break that was asked for, or bytes
 * @awaited_mm: the address space that it changes
 * @settled_flt: min_flt and maj_flt of the thread up to which @nr_flt accounts
 * @nr_flt: minor and major faults by segment
 * @link: in the account's list, under its lock; the pool's while free
 *
 * Written by the thread itself, in its own calls and faults; when it cannot
 * run any more, by whoever closes it.
 */
struct brkw_thread {
	struct hlist_nulls_node node;
	struct task_struct *key;
	struct brkw_account *acct;
	seqcount_t seq;
	u8 segment;
	u8 awaited;
	u8 awaited_kind;
	bool has_reached : 1;
	bool is_missed : 1;
	u64 awaited_arg;
	struct mm_struct *awaited_mm;
	unsigned long settled_flt[2];
	u64 nr_flt[BRKW_NR_SEGMENTS][2];
	struct list_head link;
};

/**
 * struct brkw_ledger_ops - what the view wants to hear, and what the hooks have
 * missed, which only they know; publish and retract are called by the worker, in
 * process context, for one account at a time
 * @publish: an account of a live process has opened; false if it must be
 *	     published later
 * @retract: it is closed and its number may be used again
 * @nr_missed: misses of all hooks since load; called in any context
 */
struct brkw_ledger_ops {
	bool (*publish)(struct brkw_account *acct);
	void (*retract)(struct brkw_account *acct);
	u64 (*nr_missed)(void);
};

/**
 * struct brkw_ledger_stats - the ledger about itself
 * @nr_live: accounts that are live
 * @nr_opened: accounts opened since load
 * @nr_closed: accounts closed since load
 * @nr_ended: closed accounts that are kept
 * @nr_threads: threads watched
 * @nr_mismatched: settlements whose amount was neither success nor failure
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
void brkw_ledger_set_phase(enum brkw_phase new_phase);
bool brkw_ledger_may_open(void);
void brkw_ledger_set_heard(bool is_heard, u64 asked_ns);
u64 brkw_ledger_not_exact_since_ns(void);
u64 brkw_ledger_nr_missed(void);
u64 brkw_ledger_missed(const struct brkw_account *acct);
struct brkw_account **brkw_account_collect(unsigned int *ret_nr);
void brkw_account_put_all(struct brkw_account **accts, unsigned int nr);
bool brkw_drop(enum brkw_drop reason);

/* account.c */
int brkw_account_init(unsigned int nr_max_processes, unsigned int nr_max_ended,
		      unsigned int nr_low);
void brkw_account_exit(void);
int brkw_account_fill(void);
int brkw_account_reserve(unsigned int nr);
void brkw_account_stats(struct brkw_ledger_stats *stats);
unsigned int brkw_account_nr_live(void);
struct brkw_account *brkw_account_open(struct mm_struct *mm, struct task_struct *leader,
				       bool is_gathering);
void brkw_account_open_embryo(struct mm_struct *mm);
void brkw_account_fork(struct task_struct *child);
void brkw_account_exec(void);
void brkw_account_exit_mm(struct mm_struct *mm);
bool brkw_account_close(struct brkw_account *acct, enum brkw_state state);
void brkw_account_drop(struct brkw_account *acct);
struct brkw_account **brkw_account_collect_ended(unsigned int *ret_nr);
void brkw_account_doubt_ended(void);
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
void brkw_settle_stats(struct brkw_ledger_stats *stats);
void brkw_settle_post(struct mm_struct *mm, enum brkw_op op, long nr_pages,
		      unsigned long start);
bool brkw_settle_post_unmap(struct mm_struct *mm, enum brkw_op op, unsigned long start,
			    unsigned long end);
bool brkw_settle_post_fixed(struct mm_struct *mm, enum brkw_op op, long nr_pages,
			    unsigned long start);
void brkw_settle_grown(const struct mm_struct *mm, unsigned long nr_pages);
void brkw_settle_mark_stack(const struct mm_struct *mm);
bool brkw_settle_is_stack(const struct mm_struct *mm, long nr_pages);
void brkw_settle_refused(const struct mm_struct *mm);
void brkw_settle_set_partial(bool is_on);
void brkw_settle_begin(struct brkw_account *acct);
void brkw_settle_account(struct brkw_account *acct);

/* settle_view.c */
void brkw_settle_copy(const struct brkw_account *acct, s64 *value);
int brkw_settle_locked(struct brkw_account *acct, struct mm_struct *mm, bool may_wait);
int brkw_settle_lock_soon(struct mm_struct *mm, const struct brkw_account *acct);
bool brkw_settle_view(const struct brkw_account *acct, const struct mm_struct *mm, s64 *value,
		      unsigned long *ret_nr_ledger);

/* mremap.c */
bool brkw_mremap_is_moving(const struct mm_struct *mm);
void brkw_mremap_grown(const struct mm_struct *mm, long nr_pages, long nr_left, bool is_move,
		       bool is_first);

/* replaced.c */
void brkw_replaced_add(struct brkw_account *acct, unsigned int kind, u64 sz);
void brkw_replaced_fold(struct brkw_account *acct);

/* trace.c */
u64 brkw_trace_change(struct brkw_account *acct, enum brkw_op op, long nr_pages,
		      unsigned long nr_after);
void brkw_trace_correct(const struct brkw_account *acct, long nr_pages);

/* stack.c */
bool brkw_stack_begin(const struct vm_area_struct *vma);
bool brkw_stack_end(bool is_done);
void brkw_stack_forget(const struct task_struct *task);
bool brkw_stack_is_growing(void);

/* brk.c */
bool brkw_brk_call(struct mm_struct *mm, unsigned long request);
void brkw_brk_granted(struct mm_struct *mm);
bool brkw_brk_is_under_way(struct brkw_account *acct, const struct task_struct *task,
			   bool (*is_in_brk)(struct task_struct *task));
void brkw_brk_note_peak(struct brkw_account *acct, unsigned long brk);
void brkw_brk_reached(struct brkw_account *acct);
void brkw_brk_end(struct brkw_account *acct);

/* outcome.c */
bool brkw_outcome_await(enum brkw_awaited awaited, unsigned int kind, struct mm_struct *mm,
			u64 arg);
bool brkw_outcome_call(enum brkw_awaited awaited, struct mm_struct *mm, u64 arg);
bool brkw_outcome_is_first(void);
bool brkw_outcome_is_of_ranges(void);
void brkw_outcome_answer(unsigned long retval);
void brkw_outcome_missed(void);
void brkw_outcome_forget(struct brkw_thread *thread);
u64 brkw_outcome_lost(void);

/* thread.c */
int brkw_thread_init(unsigned int nr_max_processes, unsigned int nr_low);
void brkw_thread_exit(void);
void brkw_thread_clear(void);
int brkw_thread_fill(void);
int brkw_thread_reserve(unsigned int nr);
void brkw_thread_trim(void);
void brkw_thread_stats(struct brkw_ledger_stats *stats);
struct brkw_thread *brkw_thread_open(struct task_struct *task, struct brkw_account *acct,
				     unsigned long *ret_flt);
void brkw_thread_attach(struct brkw_thread *thread, struct brkw_account *acct);
void brkw_thread_detach_all(struct brkw_account *acct);
bool brkw_thread_desert(struct brkw_thread *thread, struct brkw_account *acct);
void brkw_thread_leave(struct brkw_thread *thread);
void brkw_thread_free(struct task_struct *task);
void brkw_thread_fault(enum brkw_segment segment);
void brkw_thread_forget_last(unsigned int cpu);
void brkw_thread_fault_error(void);
bool brkw_thread_sum(struct brkw_account *acct, s64 *value, s64 *ret_base);

/* process.c */
bool brkw_process_has_others(struct pid *pid);
bool brkw_process_faults(struct pid *pid, u64 *ret_flt, bool may_sleep);

/* adopt.c */
int brkw_adopt_all(bool is_patient);

/* read.c */
void brkw_read_set_unknown(const u64 *unknown);
void brkw_read_freeze(struct brkw_account *acct);
void brkw_read_doubt(struct brkw_account *acct);
void brkw_read(struct brkw_account *acct, struct brkw_snapshot_entry *ret_entry,
	       bool may_wait);

#endif /* _BRKW_LEDGER_H */
