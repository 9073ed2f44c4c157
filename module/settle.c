// SPDX-License-Identifier: GPL-2.0
/*
 * The size of an address space, exact with entry probes alone.
 *
 * The kernel changes total_vm only under the mmap write lock, or in the tail
 * of an unmapping that has downgraded it. So at each entry of a function that
 * holds the write lock, total_vm stands still, and its distance from the
 * ledger tells what became of the operation that was posted last: all of it,
 * or nothing. Where size alone cannot tell (a mapping over another one), the
 * hook also sees the return, still under the write lock.
 *
 * What differs from both is not booked at all: it shows as
 * vm_unaccounted_bytes, which readers compute from total_vm each time.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/mm.h>
#include "ledger.h"

static atomic64_t nr_mismatched;
static DEFINE_PER_CPU(u64, nr_posted);

#define NO_KEY	BRKW_NR_KEYS

/* Which keys an operation moves. An unmapped amount is negative, keys are not. */
static const struct {
	u8 events;
	u8 bytes;
	u8 fail;
} op_keys[BRKW_NR_OPS] = {
#define OP(op, events, bytes, fail)					\
	[BRKW_OP_##op] = { events, bytes, fail }
#define MMAP_OP(kind)							\
	[BRKW_OP_MMAP + BRKW_##kind] = {				\
		BRKW_KEY_MMAP_##kind##_EVENTS,				\
		BRKW_KEY_MMAP_##kind##_BYTES, BRKW_KEY_MMAP_FAIL_EVENTS }
	OP(NONE, NO_KEY, NO_KEY, NO_KEY),
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
	OP(REPLACE, NO_KEY, BRKW_KEY_MMAP_REPLACED_BYTES, NO_KEY),
	OP(MREMAP_SHRINK, BRKW_KEY_MREMAP_SHRINK_EVENTS,
	   BRKW_KEY_MREMAP_SHRINK_BYTES, NO_KEY),
	OP(MREMAP_OLD, NO_KEY, NO_KEY, NO_KEY),
	OP(MREMAP_UNDO, NO_KEY, NO_KEY, NO_KEY),
	OP(STACK_GROW, BRKW_KEY_STACK_GROW_EVENTS, BRKW_KEY_STACK_GROW_BYTES, NO_KEY),
	OP(OTHER_GROW, BRKW_KEY_OTHER_GROW_EVENTS, BRKW_KEY_OTHER_GROW_BYTES, NO_KEY),
	OP(OTHER_SHRINK, BRKW_KEY_OTHER_SHRINK_EVENTS, BRKW_KEY_OTHER_SHRINK_BYTES,
	   NO_KEY),
#undef MMAP_OP
#undef OP
};

/* For keys whose only writer holds the mmap write lock: no locked instruction. */
static void add_value(struct brkw_account *acct, unsigned int key, s64 n)
{
	if (key != NO_KEY)
		atomic64_set(&acct->value[key], atomic64_read(&acct->value[key]) + n);
}

static void raise_value(struct brkw_account *acct, unsigned int key, s64 n)
{
	if (atomic64_read(&acct->value[key]) < n)
		atomic64_set(&acct->value[key], n);
}

/**
 * brkw_settle_peaks() - note the highest number of VMAs and the highest break
 * @acct: an account that owns its address space
 *
 * Context: any in which the mm is in use; exact under its write lock.
 */
void brkw_settle_peaks(struct brkw_account *acct)
{
	const struct mm_struct *mm = acct->mm;

	raise_value(acct, BRKW_KEY_VMA_PEAK, READ_ONCE(mm->map_count));
	raise_value(acct, BRKW_KEY_BRK_PEAK_BYTES,
		    READ_ONCE(mm->brk) - READ_ONCE(mm->start_brk));
}

/* A move that has left its old place, or could not: the rest has grown. */
static void end_transit(struct brkw_account *acct, unsigned long nr_left)
{
	unsigned long nr_kept = acct->nr_transit - min(nr_left, acct->nr_transit);

	acct->nr_transit = 0;
	if (nr_kept)
		add_value(acct, BRKW_KEY_MREMAP_GROW_BYTES, (s64)nr_kept << PAGE_SHIFT);
}

/* The kernel has moved the pages back and unmapped the new place. */
static void undo_move(struct brkw_account *acct, unsigned long nr_new)
{
	s64 nr_grown = (s64)nr_new - (s64)acct->nr_transit;

	acct->nr_transit = 0;
	add_value(acct, BRKW_KEY_MREMAP_MOVE_EVENTS, -1);
	if (nr_grown > 0) {
		add_value(acct, BRKW_KEY_MREMAP_GROW_EVENTS, -1);
		add_value(acct, BRKW_KEY_MREMAP_GROW_BYTES, -(nr_grown << PAGE_SHIFT));
	}
}

static void book_done(struct brkw_account *acct, const struct brkw_record *rec)
{
	unsigned long nr = abs(rec->nr_pages);

	if (rec->op == BRKW_OP_MREMAP_OLD)
		end_transit(acct, nr);
	if (rec->op == BRKW_OP_MREMAP_UNDO)
		undo_move(acct, nr);
	add_value(acct, op_keys[rec->op].events, 1);
	add_value(acct, op_keys[rec->op].bytes, (s64)nr << PAGE_SHIFT);
}

static void book_failed(struct brkw_account *acct, const struct brkw_record *rec)
{
	if (rec->op == BRKW_OP_MREMAP_OLD)
		end_transit(acct, 0);
	add_value(acct, op_keys[rec->op].fail, 1);
}

/* What a mapping has put itself over is what its size did not add. */
static void book_over(struct brkw_account *acct, long nr_replaced)
{
	if (nr_replaced > 0)
		add_value(acct, BRKW_KEY_MMAP_REPLACED_BYTES, (s64)nr_replaced << PAGE_SHIFT);
}

static void book(struct brkw_account *acct, const struct brkw_record *rec, long delta)
{
	if (rec->op == BRKW_OP_NONE) {
		if (delta)
			atomic64_inc(&nr_mismatched);
	} else if (delta == rec->nr_pages) {
		book_done(acct, rec);
	} else if (!delta) {
		book_failed(acct, rec);
	} else if (rec->has_return && delta < rec->nr_pages) {
		/* its return was missed, but it is no failure that left a hole */
		book_done(acct, rec);
		book_over(acct, rec->nr_pages - delta);
	} else {
		atomic64_inc(&nr_mismatched);
	}
}

/* Caller holds the mmap write lock, so that total_vm stands still. */
static void __settle(struct brkw_account *acct, const struct mm_struct *mm)
{
	unsigned long total_vm = READ_ONCE(mm->total_vm);

	book(acct, &acct->pending, total_vm - acct->nr_ledger);
	acct->nr_ledger = total_vm;
	acct->pending.op = BRKW_OP_NONE;
	brkw_settle_peaks(acct);
}

/**
 * brkw_account_for() - the account that an event belongs to
 * @mm: the address space
 *
 * Counts what is taken and what cannot be. Context: a hook. Return: the
 * account or NULL.
 */
struct brkw_account *brkw_account_for(const struct mm_struct *mm)
{
	struct brkw_account *acct = brkw_account_find(mm);

	if (likely(acct))
		this_cpu_inc(nr_posted);
	else
		brkw_drop(BRKW_DROP_NO_ACCOUNT);
	return acct;
}

/**
 * brkw_settle_account() - settle what is posted
 * @acct: the account, also one that borrows its address space
 *
 * Context: under the mmap write lock, or when the mm has no users left.
 */
void brkw_settle_account(struct brkw_account *acct)
{
	if (acct->mm) {
		raw_write_seqcount_begin(&acct->seq);
		__settle(acct, acct->mm);
		raw_write_seqcount_end(&acct->seq);
	}
	brkw_brk_end(acct);
}

/**
 * brkw_settle_post() - an operation on the size of a mm begins
 * @mm: the address space, write locked
 * @rec: what is about to happen
 *
 * Settles the operation before it. Context: a hook under the write lock.
 */
void brkw_settle_post(struct mm_struct *mm, const struct brkw_record *rec)
{
	struct brkw_account *acct = brkw_account_for(mm);

	if (!acct)
		return;
	raw_write_seqcount_begin(&acct->seq);
	__settle(acct, mm);
	acct->pending = *rec;
	acct->pending_task = current;
	raw_write_seqcount_end(&acct->seq);
}

/**
 * brkw_settle_return() - an operation posted with has_return has returned
 * @mm: the address space, still write locked
 * @is_done: it succeeded
 *
 * Even one that failed may have unmapped what was in its way.
 * Context: the return of a hook under the write lock.
 */
void brkw_settle_return(struct mm_struct *mm, bool is_done)
{
	struct brkw_account *acct = brkw_account_find(mm);
	long delta;

	if (!acct || !acct->pending.has_return || acct->pending_task != current)
		return;
	raw_write_seqcount_begin(&acct->seq);
	delta = READ_ONCE(mm->total_vm) - acct->nr_ledger;
	if (is_done) {
		book_done(acct, &acct->pending);
		book_over(acct, acct->pending.nr_pages - delta);
	} else {
		book_failed(acct, &acct->pending);
		book_over(acct, -delta);
	}
	acct->nr_ledger += delta;
	acct->pending = (struct brkw_record){ .op = BRKW_OP_NONE };
	raw_write_seqcount_end(&acct->seq);
}

/**
 * brkw_settle_is_nested() - an unmapping is part of a posted mapping
 * @mm: the address space, write locked
 *
 * Up to 6.1, mmap() unmaps what is in its way through the same core that
 * munmap() uses; its return books the sum of both.
 * Context: a hook under the write lock. Return: true if it is to be ignored.
 */
bool brkw_settle_is_nested(struct mm_struct *mm)
{
	const struct brkw_account *acct = brkw_account_find(mm);

	return acct && acct->pending.op != BRKW_OP_NONE && acct->pending.has_return &&
	       acct->pending_task == current;
}

/**
 * brkw_settle_is_moving() - mremap() holds a mapping in two places
 * @mm: the address space, write locked
 *
 * Context: a hook under the write lock, in mremap(). Return: true between the
 * new place's accounting and the old one's unmapping.
 */
bool brkw_settle_is_moving(struct mm_struct *mm)
{
	const struct brkw_account *acct = brkw_account_find(mm);

	return acct && acct->nr_transit && acct->pending.op == BRKW_OP_NONE;
}

static void book_moved(struct brkw_account *acct, long nr_pages, long nr_left, bool is_move)
{
	acct->nr_ledger += nr_pages;
	acct->nr_transit += nr_left;
	if (is_move)
		add_value(acct, BRKW_KEY_MREMAP_MOVE_EVENTS, 1);
	if (nr_pages > nr_left) {
		add_value(acct, BRKW_KEY_MREMAP_GROW_EVENTS, 1);
		add_value(acct, BRKW_KEY_MREMAP_GROW_BYTES,
			  (s64)(nr_pages - nr_left) << PAGE_SHIFT);
	}
}

/**
 * brkw_settle_moved() - mremap() grows a mapping, and cannot fail any more
 * @mm: the address space, write locked
 * @nr_pages: pages that total_vm is about to grow by
 * @nr_left: of these, what the mapping will give up at its old place
 * @is_move: the mapping gets a new place
 *
 * Context: a hook under the write lock.
 */
void brkw_settle_moved(struct mm_struct *mm, long nr_pages, long nr_left, bool is_move)
{
	struct brkw_account *acct = brkw_account_for(mm);

	if (!acct)
		return;
	raw_write_seqcount_begin(&acct->seq);
	__settle(acct, mm);
	end_transit(acct, 0);
	book_moved(acct, nr_pages, nr_left, is_move);
	raw_write_seqcount_end(&acct->seq);
}

/**
 * brkw_settle_count() - count an event that leaves the size as it is
 * @mm: the address space
 * @events: key that is raised by one
 * @bytes: key that is raised by @sz, or BRKW_NR_KEYS
 * @sz: bytes
 *
 * Context: any hook.
 */
void brkw_settle_count(struct mm_struct *mm, enum brkw_key events,
		       enum brkw_key bytes, u64 sz)
{
	struct brkw_account *acct = brkw_account_for(mm);

	if (!acct)
		return;
	atomic64_inc(&acct->value[events]);
	if (bytes != BRKW_NR_KEYS)
		atomic64_add(sz, &acct->value[bytes]);
}

/**
 * brkw_settle_locked() - settle what is posted, for a reader
 * @acct: an account whose mm the caller has pinned
 * @mm: that mm
 *
 * Under the write lock nothing is under way, so that what has not happened
 * will not. Context: may sleep. Return: 0, or -EINTR if the caller was killed
 * while it waited for the lock.
 */
int brkw_settle_locked(struct brkw_account *acct, struct mm_struct *mm)
{
	int err = mmap_write_lock_killable(mm);

	if (err)
		return err;
	preempt_disable();
	if (!READ_ONCE(acct->is_closing)) {
		raw_write_seqcount_begin(&acct->seq);
		__settle(acct, mm);
		raw_write_seqcount_end(&acct->seq);
	}
	preempt_enable();
	mmap_write_unlock(mm);
	return 0;
}

static void copy_values(const struct brkw_account *acct, s64 *value)
{
	unsigned int key;

	for (key = 0; key < BRKW_NR_KEYS; key++)
		value[key] = atomic64_read(&acct->value[key]);
	value[BRKW_KEY_MREMAP_GROW_BYTES] += (s64)acct->nr_transit << PAGE_SHIFT;
}

static void view_done(s64 *value, const struct brkw_record *rec)
{
	s64 sz = (s64)abs(rec->nr_pages) << PAGE_SHIFT;

	if (rec->op == BRKW_OP_MREMAP_OLD)
		value[BRKW_KEY_MREMAP_GROW_BYTES] -= sz;
	if (op_keys[rec->op].events != NO_KEY)
		value[op_keys[rec->op].events]++;
	if (op_keys[rec->op].bytes != NO_KEY)
		value[op_keys[rec->op].bytes] += sz;
}

/**
 * brkw_settle_view() - the counted keys, as if all that is posted were settled
 * @acct: the account
 * @mm: its address space
 * @is_read_locked: the caller holds the mmap read lock: what would have grown
 *		    the mm is over, only an unmapping may still be under way
 * @value: filled, indexed by &enum brkw_key
 * @ret_nr_ledger: total_vm, in pages, that @value belongs to
 *
 * Context: any. Return: false if an operation is posted of which only a lock
 * holder can tell what became of it; @value is then without it.
 */
bool brkw_settle_view(const struct brkw_account *acct, const struct mm_struct *mm,
		      bool is_read_locked, s64 *value, unsigned long *ret_nr_ledger)
{
	struct brkw_record rec;
	unsigned int seq;
	long delta;

	do {
		seq = read_seqcount_begin(&acct->seq);
		copy_values(acct, value);
		rec = acct->pending;
		*ret_nr_ledger = acct->nr_ledger;
		delta = READ_ONCE(mm->total_vm) - acct->nr_ledger;
	} while (read_seqcount_retry(&acct->seq, seq));
	if (rec.op == BRKW_OP_NONE)
		return !delta;
	if (rec.has_return || rec.op == BRKW_OP_MREMAP_UNDO)
		return false;
	if (delta == rec.nr_pages) {
		*ret_nr_ledger += delta;
		view_done(value, &rec);
		return true;
	}
	if (delta || rec.nr_pages < 0 || !is_read_locked)
		return false;
	if (op_keys[rec.op].fail != NO_KEY)
		value[op_keys[rec.op].fail]++;
	return true;
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
		stats->nr_posted += per_cpu(nr_posted, cpu);
}
