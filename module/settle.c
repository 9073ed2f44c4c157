// SPDX-License-Identifier: GPL-2.0
/*
 * The size of an address space, exact with entry probes alone.
 *
 * The kernel changes total_vm only under the mmap write lock, or in the tail
 * of an unmapping that has downgraded it. So at each entry of a function that
 * holds the write lock, total_vm stands still, and its distance from the
 * ledger tells what became of the operation that was posted last: all of it,
 * or nothing. A mapping over others may also fail and leave a hole: a third
 * distance. Only one that takes the place of others page by page changes
 * nothing if it succeeds; there the return of the call tells (outcome.c).
 *
 * What differs from all of these is not booked: it shows as
 * vm_unaccounted_bytes, which readers compute from total_vm each time.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include "compat.h"
#include "ledger.h"
#include "ledger_tables.h"
#include "settle.h"
#include "trace.h"

static atomic64_t nr_mismatched;
bool brkw_is_partial;
DEFINE_PER_CPU(u64, brkw_nr_posted);

static const struct brkw_pending nothing_pending = {
	.op = BRKW_OP_NONE,
	.events = BRKW_NO_KEY,
	.bytes = BRKW_NO_KEY,
	.fail = BRKW_NO_KEY,
	.is_plain = true,
};

/* Which keys an operation moves. An unmapped amount is negative, keys are not. */
static const struct brkw_pending templates[BRKW_NR_OPS] = {
#define OP(_op, _events, _bytes, _fail)					\
	[BRKW_OP_##_op] = {						\
		.op = BRKW_OP_##_op, .events = _events, .bytes = _bytes,	\
		.fail = _fail, .is_plain = true }
#define ODD_OP(_op)							\
	[BRKW_OP_##_op] = {						\
		.op = BRKW_OP_##_op, .events = BRKW_NO_KEY,		\
		.bytes = BRKW_NO_KEY, .fail = BRKW_NO_KEY }
#define MMAP_OP(kind)							\
	[BRKW_OP_MMAP + BRKW_##kind] = {				\
		.op = BRKW_OP_MMAP + BRKW_##kind,			\
		.events = BRKW_KEY_MMAP_##kind##_EVENTS,			\
		.bytes = BRKW_KEY_MMAP_##kind##_BYTES,			\
		.fail = BRKW_KEY_MMAP_FAIL_EVENTS, .is_plain = true }
	OP(BRK_GROW, BRKW_KEY_BRK_GROW_EVENTS, BRKW_KEY_BRK_GROW_BYTES,
	   BRKW_KEY_BRK_FAIL_EVENTS),
	OP(BRK_SHRINK, BRKW_KEY_BRK_SHRINK_EVENTS, BRKW_KEY_BRK_SHRINK_BYTES,
	   BRKW_KEY_BRK_FAIL_EVENTS),
	MMAP_OP(ANON_PRIVATE),
	MMAP_OP(ANON_SHARED),
	MMAP_OP(FILE_PRIVATE),
	MMAP_OP(FILE_SHARED),
	OP(MUNMAP, BRKW_KEY_MUNMAP_EVENTS, BRKW_KEY_MUNMAP_BYTES,
	   BRKW_KEY_MUNMAP_FAIL_EVENTS),
	OP(REPLACE, BRKW_NO_KEY, BRKW_KEY_MMAP_REPLACED_BYTES, BRKW_NO_KEY),
	OP(MREMAP_SHRINK, BRKW_KEY_MREMAP_SHRINK_EVENTS,
	   BRKW_KEY_MREMAP_SHRINK_BYTES, BRKW_NO_KEY),
	ODD_OP(MREMAP_OLD),
	ODD_OP(MREMAP_UNDO),
	OP(STACK_GROW, BRKW_KEY_STACK_GROW_EVENTS, BRKW_KEY_STACK_GROW_BYTES, BRKW_NO_KEY),
	OP(OTHER_GROW, BRKW_KEY_OTHER_GROW_EVENTS, BRKW_KEY_OTHER_GROW_BYTES, BRKW_NO_KEY),
	OP(OTHER_SHRINK, BRKW_KEY_OTHER_SHRINK_EVENTS, BRKW_KEY_OTHER_SHRINK_BYTES,
	   BRKW_NO_KEY),
#undef MMAP_OP
#undef ODD_OP
#undef OP
};

static void book_done(struct brkw_account *acct, const struct brkw_pending *pending)
{
	if (pending->op == BRKW_OP_MREMAP_OLD)
		brkw_mremap_left(acct, abs(pending->nr_pages));
	if (pending->op == BRKW_OP_MREMAP_UNDO)
		brkw_mremap_undone(acct, abs(pending->nr_pages));
	brkw_add_value(acct, pending->events, 1);
	brkw_add_value(acct, pending->bytes, brkw_bytes_of(pending->nr_pages));
}

/* Failures are also told by returns, without the lock. */
static void book_failed(struct brkw_account *acct, const struct brkw_pending *pending)
{
	if (pending->op == BRKW_OP_MREMAP_OLD)
		brkw_mremap_left(acct, 0);
	atomic64_inc(&acct->value[pending->fail]);
}

/*
 * A mapping over others. If it takes their place page by page its return tells
 * success from failure; only the hole that a failure may leave is booked here.
 * exec tells by going on: it gives up at the first mapping that fails.
 */
static bool book_over(struct brkw_account *acct, long delta)
{
	const struct brkw_pending *pending = &acct->pending;
	long nr_over = acct->over.nr_pages;
	bool is_told = nr_over == pending->nr_pages && !pending->is_exec;

	if (delta == -nr_over) {
		brkw_add_value(acct, BRKW_KEY_MMAP_REPLACED_BYTES, brkw_bytes_of(nr_over));
		if (!is_told)
			book_failed(acct, pending);
	} else if (delta == pending->nr_pages - nr_over) {
		if (!is_told) {
			book_done(acct, pending);
			brkw_add_value(acct, BRKW_KEY_MMAP_REPLACED_BYTES, brkw_bytes_of(nr_over));
		}
	} else if (!delta) {
		book_failed(acct, pending);
	} else {
		return false;
	}
	return true;
}

/* Who was told what would happen is told what has. */
static void correct_trace(const struct brkw_account *acct, long delta)
{
	const struct brkw_pending *pending = &acct->pending;
	long nr_over = pending->is_over ? acct->over.nr_pages : 0;

	/* while hooks come and go it may have been done and undone */
	if (pending->is_traced && delta != pending->nr_pages - nr_over && brkw_ledger_may_open())
		brkw_trace_correct(acct, delta);
}

/*
 * Where total_vm also changes in ways that no hook tells, it does not tell
 * success from failure: what has begun is taken for done.
 */
static void book_unseen(struct brkw_account *acct)
{
	const struct brkw_pending *pending = &acct->pending;

	if (!pending->is_over) {
		book_done(acct, pending);
	} else if (acct->over.nr_pages != pending->nr_pages || pending->is_exec) {
		book_done(acct, pending);
		brkw_add_value(acct, BRKW_KEY_MMAP_REPLACED_BYTES,
			       brkw_bytes_of(acct->over.nr_pages));
	}
}

static void book(struct brkw_account *acct, long delta)
{
	const struct brkw_pending *pending = &acct->pending;

	if (unlikely(READ_ONCE(brkw_is_partial))) {
		book_unseen(acct);
		return;
	}
	correct_trace(acct, delta);
	if (pending->is_over) {
		if (!book_over(acct, delta))
			atomic64_inc(&nr_mismatched);
	} else if (delta == pending->nr_pages) {
		book_done(acct, pending);
	} else if (!delta) {
		book_failed(acct, pending);
	} else {
		atomic64_inc(&nr_mismatched);
	}
}

static void note_settled(struct brkw_account *acct, const struct mm_struct *mm,
			 unsigned long total_vm)
{
	acct->nr_ledger = total_vm;
	brkw_raise_peak(acct, BRKW_KEY_VMA_PEAK, READ_ONCE(mm->map_count));
}

/**
 * brkw_settle_write() - book what became of what is posted
 * @acct: the account
 * @mm: its address space
 *
 * Context: under the mmap write lock, so that total_vm stands still; the
 * account's sequence is being written.
 */
void brkw_settle_write(struct brkw_account *acct, const struct mm_struct *mm)
{
	unsigned long total_vm = READ_ONCE(mm->total_vm);

	book(acct, total_vm - acct->nr_ledger);
	if (acct->pending.is_over)
		brkw_replaced_fold(acct);
	note_settled(acct, mm, total_vm);
	acct->pending = nothing_pending;
}

/**
 * brkw_settle_now() - brkw_settle_write(), and tell readers
 * @acct: the account
 * @mm: its address space
 *
 * Context: under the mmap write lock.
 */
void brkw_settle_now(struct brkw_account *acct, const struct mm_struct *mm)
{
	raw_write_seqcount_begin(&acct->seq);
	brkw_settle_write(acct, mm);
	raw_write_seqcount_end(&acct->seq);
}

/**
 * brkw_settle_set_partial() - say whether hooks on the size of a mm are missing
 * @is_on: some are
 *
 * Context: any.
 */
void brkw_settle_set_partial(bool is_on)
{
	WRITE_ONCE(brkw_is_partial, is_on);
}

/**
 * brkw_settle_begin() - nothing is posted yet
 * @acct: an account that nobody can find
 *
 * Context: any.
 */
void brkw_settle_begin(struct brkw_account *acct)
{
	acct->pending = nothing_pending;
}

/**
 * brkw_settle_account() - settle what is posted
 * @acct: the account, also one that borrows its address space
 *
 * Context: under the mmap write lock, or when the mm has no users left.
 */
void brkw_settle_account(struct brkw_account *acct)
{
	/* exec did not go on */
	if (acct->mm && acct->pending.is_exec && acct->mm->total_vm == acct->nr_ledger) {
		correct_trace(acct, 0);
		book_failed(acct, &acct->pending);
		acct->pending = nothing_pending;
	}
	if (acct->mm)
		brkw_settle_now(acct, acct->mm);
	brkw_brk_end(acct);
}

/*
 * Another task, or another system call of the same, has another one: tasks are further
 * apart than the numbers of system calls. ipc() of 32-bit programs is many calls: which,
 * the low half of its first argument says, and is kept out of the way of the rest.
 */
static unsigned long current_caller(void)
{
	return (unsigned long)current + syscall_get_nr(current, task_pt_regs(current)) +
	       (brkw_first_argument() << (BITS_PER_LONG - 16));
}

/*
 * Up to 6.1, mmap() unmaps what is in its way through the same core that
 * munmap() uses. Another unmapping there, in the same task, is in another
 * system call.
 */
static bool is_nested(const struct brkw_account *acct, unsigned long start)
{
	return acct->pending.is_over && acct->over.start == start &&
	       acct->over.caller == current_caller();
}

static __always_inline void set_pending(struct brkw_account *acct, enum brkw_op op,
					long nr_pages)
{
	acct->pending = templates[op];
	acct->pending.nr_pages = nr_pages;
}

/*
 * What went before was not the plain success of a plain operation, or this is
 * a brk() whose return is awaited.
 */
static noinline bool post_odd(struct brkw_account *acct, const struct mm_struct *mm,
			      enum brkw_op op, long nr_pages, unsigned long start)
{
	if (nr_pages < 0 && is_nested(acct, start))
		return false;
	if (op <= BRKW_OP_BRK_SHRINK)
		brkw_brk_reached(acct);
	raw_write_seqcount_begin(&acct->seq);
	brkw_settle_write(acct, mm);
	set_pending(acct, op, nr_pages);
	raw_write_seqcount_end(&acct->seq);
	return true;
}

/* All that happens often happens here, with nothing called. */
static __always_inline bool post(struct brkw_account *acct, const struct mm_struct *mm,
				 enum brkw_op op, long nr_pages, unsigned long start)
{
	unsigned long total_vm = READ_ONCE(mm->total_vm);
	long delta = total_vm - acct->nr_ledger;

	this_cpu_inc(brkw_nr_posted);
	if (unlikely(!acct->pending.is_plain || delta != acct->pending.nr_pages ||
		     (op <= BRKW_OP_BRK_SHRINK && acct->brk_task != current)))
		return post_odd(acct, mm, op, nr_pages, start);
	if (op <= BRKW_OP_BRK_SHRINK)
		WRITE_ONCE(acct->brk_task, NULL);
	raw_write_seqcount_begin(&acct->seq);
	brkw_add_value(acct, acct->pending.events, 1);
	brkw_add_value(acct, acct->pending.bytes, brkw_bytes_of(delta));
	note_settled(acct, mm, total_vm);
	set_pending(acct, op, nr_pages);
	raw_write_seqcount_end(&acct->seq);
	return true;
}

static noinline struct brkw_account *account_elsewhere(const struct mm_struct *mm)
{
	struct brkw_account *acct = brkw_account_search(mm);

	if (!acct)
		brkw_drop(BRKW_DROP_NO_ACCOUNT);
	return acct;
}

/* The account of what is posted, or NULL if nothing is. */
static __always_inline struct brkw_account *__post(const struct mm_struct *mm,
						   enum brkw_op op, long nr_pages,
						   unsigned long start)
{
	struct brkw_account *acct = this_cpu_read(brkw_last_account);

	if (unlikely(!brkw_account_is_of(acct, mm)))
		acct = account_elsewhere(mm);
	return likely(acct) && post(acct, mm, op, nr_pages, start) ? acct : NULL;
}

static __always_inline void trace_posted(struct brkw_account *acct, enum brkw_op op,
					 long nr_pages)
{
	if (!trace_vm_change_enabled() || !acct)
		return;
	acct->traced_seq = brkw_trace_change(acct, op, nr_pages, acct->nr_ledger + nr_pages);
	acct->pending.is_traced = true;
}

/**
 * brkw_settle_post() - an operation on the size of a mm begins
 * @mm: the address space, write locked
 * @op: what is about to happen
 * @nr_pages: by how much total_vm changes if it succeeds
 * @start: of an unmapping, its first address; else 0
 *
 * Settles the operation before it. Context: a hook under the write lock.
 */
void brkw_settle_post(struct mm_struct *mm, enum brkw_op op, long nr_pages,
		      unsigned long start)
{
	trace_posted(__post(mm, op, nr_pages, start), op, nr_pages);
}

/* Pages mapped in [start, end): what is about to be taken away. */
static unsigned long count_mapped(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	unsigned long nr = 0;

	while (start < end) {
		vma = find_vma_intersection(mm, start, end);
		if (!vma)
			break;
		nr += (min(vma->vm_end, end) - max(vma->vm_start, start)) >> PAGE_SHIFT;
		start = vma->vm_end;
	}
	return nr;
}

/**
 * brkw_settle_post_unmap() - an unmapping of whatever is there begins
 * @mm: the address space, write locked
 * @op: what kind of
 * @start: first address
 * @end: first address behind
 *
 * Context: a hook under the write lock. Return: false if nothing is there, so
 * that nothing is posted.
 */
bool brkw_settle_post_unmap(struct mm_struct *mm, enum brkw_op op, unsigned long start,
			    unsigned long end)
{
	long nr_pages = count_mapped(mm, start, end);

	if (nr_pages)
		brkw_settle_post(mm, op, -nr_pages, start);
	return nr_pages;
}

/**
 * brkw_settle_post_fixed() - a mapping with MAP_FIXED begins
 * @mm: the address space, write locked
 * @op: one of the four kinds of mmap, or what grows in exec alone
 * @nr_pages: size of the mapping
 * @start: its first address
 *
 * Whatever is in its way goes, if the call gets so far.
 * Context: a hook under the write lock. Return: true if only the return of the
 * function tells the outcome.
 */
bool brkw_settle_post_fixed(struct mm_struct *mm, enum brkw_op op, long nr_pages,
			    unsigned long start)
{
	unsigned long nr_over = count_mapped(mm, start, start + (nr_pages << PAGE_SHIFT));
	struct brkw_account *acct = __post(mm, op, nr_pages, 0);

	trace_posted(acct, op, nr_pages - nr_over);
	if (!nr_over || !acct)
		return false;
	raw_write_seqcount_begin(&acct->seq);
	acct->over = (struct brkw_over){ start, nr_over, current_caller() };
	acct->pending.is_plain = false;
	acct->pending.is_over = true;
	acct->pending.is_exec = op == BRKW_OP_OTHER_GROW ||
				brkw_call_of(current) == BRKW_CALL_EXEC;
	raw_write_seqcount_end(&acct->seq);
	return nr_over == nr_pages && !acct->pending.is_exec &&
	       brkw_outcome_await(BRKW_AWAITS_MMAP, op - BRKW_OP_MMAP, mm,
				  brkw_bytes_of(nr_pages));
}

/**
 * brkw_settle_mark_stack() - the stack whose growth is posted grows in mremap()
 * @mm: the address space
 *
 * That is, of who goes on to a signal from there. Not being plain marks it.
 * Context: the hook that has posted it.
 */
void brkw_settle_mark_stack(const struct mm_struct *mm)
{
	struct brkw_account *acct = brkw_account_find(mm);

	if (!acct)
		return;
	raw_write_seqcount_begin(&acct->seq);
	acct->pending.is_plain = false;
	raw_write_seqcount_end(&acct->seq);
}

/**
 * brkw_settle_is_stack() - what grows in mremap() is the stack that has been marked
 * @mm: the address space, write locked
 * @nr_pages: by how much
 *
 * Context: a hook under the write lock, before total_vm grows.
 */
bool brkw_settle_is_stack(const struct mm_struct *mm, long nr_pages)
{
	const struct brkw_account *acct = brkw_account_find(mm);

	return acct && acct->pending.op == BRKW_OP_STACK_GROW && !acct->pending.is_plain &&
	       acct->pending.nr_pages == nr_pages && READ_ONCE(mm->total_vm) == acct->nr_ledger;
}

/**
 * brkw_settle_refused() - a mapping whose size is no size
 * @mm: the address space
 *
 * Context: a hook.
 */
void brkw_settle_refused(const struct mm_struct *mm)
{
	struct brkw_account *acct = brkw_account_for(mm);

	if (acct)
		atomic64_inc(&acct->value[BRKW_KEY_MMAP_FAIL_EVENTS]);
}

/**
 * brkw_settle_grown() - a mapping has grown, and total_vm with it
 * @mm: its address space; its mmap lock is held, so that nobody posts
 * @nr_pages: by how much
 *
 * What is posted stays so. Context: a hook; one at a time.
 */
void brkw_settle_grown(const struct mm_struct *mm, unsigned long nr_pages)
{
	struct brkw_account *acct = brkw_account_find(mm);

	if (!acct)
		return;
	raw_write_seqcount_begin(&acct->seq);
	acct->nr_ledger += nr_pages;
	brkw_add_value(acct, BRKW_KEY_STACK_GROW_EVENTS, 1);
	brkw_add_value(acct, BRKW_KEY_STACK_GROW_BYTES, brkw_bytes_of(nr_pages));
	raw_write_seqcount_end(&acct->seq);
	if (trace_vm_change_enabled())
		brkw_trace_change(acct, BRKW_OP_STACK_GROW, nr_pages, acct->nr_ledger);
}

/**
 * brkw_settle_stats() - this part of the ledger about itself
 * @stats: its part is filled in
 *
 * Context: any.
 */
void brkw_settle_stats(struct brkw_ledger_stats *stats)
{
	unsigned int cpu;

	stats->nr_mismatched = atomic64_read(&nr_mismatched);
	for_each_possible_cpu(cpu)
		stats->nr_posted += READ_ONCE(per_cpu(brkw_nr_posted, cpu));
}
