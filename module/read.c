// SPDX-License-Identifier: GPL-2.0
/*
 * An account as the numbers that people see: what was counted, what follows
 * from it, and what the kernel itself says, beside each other. A reader takes
 * two locks that a hook waits for: the account's while it adds up the threads,
 * for which only who is created or ends waits; and, if need be, the mmap lock of the
 * process, to tell whether the last operation failed or is still under way.
 *
 * What follows from other keys has a place among the values of an account all
 * the same. When the account ends, the places of VM_BYTES, VMA_COUNT, BRK_BYTES,
 * FAULT_MINOR, FAULT_MAJOR and MISSED_EVENTS keep what the kernel said last, and
 * that of VM_GROWN_BYTES since when it is not exact.
 */
#include <linux/bits.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include "compat.h"
#include "ledger.h"
#include "settle.h"

/* Keys that nobody can know, because their hook could not be had. */
static u64 unknown_keys[2];

static const u8 unknown_places[] = { BRKW_KEY_VM_SHRUNK_BYTES, BRKW_KEY_VM_UNACCOUNTED_BYTES };

/**
 * brkw_read_set_unknown() - say which keys cannot be known
 * @unknown: a bit a key, as in &struct brkw_snapshot_entry
 *
 * Context: any.
 */
void brkw_read_set_unknown(const u64 *unknown)
{
	WRITE_ONCE(unknown_keys[0], unknown[0]);
	WRITE_ONCE(unknown_keys[1], unknown[1]);
	brkw_settle_set_partial(unknown[0] & BIT_ULL(BRKW_KEY_VM_UNACCOUNTED_BYTES));
}

static void set_unknown(struct brkw_snapshot_entry *entry, unsigned int key)
{
	entry->unknown[key / 64] |= 1ULL << (key % 64);
}

static s64 sum_of(const s64 *value, const u8 *keys, unsigned int nr)
{
	s64 sum = 0;

	while (nr)
		sum += value[keys[--nr]];
	return sum;
}

static const u8 grown_keys[] = {
	BRKW_KEY_BRK_GROW_BYTES, BRKW_KEY_MMAP_ANON_PRIVATE_BYTES,
	BRKW_KEY_MMAP_ANON_SHARED_BYTES, BRKW_KEY_MMAP_FILE_PRIVATE_BYTES,
	BRKW_KEY_MMAP_FILE_SHARED_BYTES, BRKW_KEY_MREMAP_GROW_BYTES,
	BRKW_KEY_STACK_GROW_BYTES, BRKW_KEY_OTHER_GROW_BYTES,
};

static const u8 shrunk_keys[] = {
	BRKW_KEY_BRK_SHRINK_BYTES, BRKW_KEY_MUNMAP_BYTES,
	BRKW_KEY_MMAP_REPLACED_BYTES, BRKW_KEY_MREMAP_SHRINK_BYTES,
	BRKW_KEY_OTHER_SHRINK_BYTES,
};

static const u8 brk_keys[] = {
	BRKW_KEY_BRK_GROW_EVENTS, BRKW_KEY_BRK_SHRINK_EVENTS,
	BRKW_KEY_BRK_SAME_EVENTS, BRKW_KEY_BRK_FAIL_EVENTS,
};

static void derive_sums(s64 *value, unsigned long total_vm)
{
	value[BRKW_KEY_VM_BYTES] = (s64)total_vm << PAGE_SHIFT;
	value[BRKW_KEY_VM_GROWN_BYTES] = sum_of(value, grown_keys, ARRAY_SIZE(grown_keys));
	value[BRKW_KEY_VM_SHRUNK_BYTES] = sum_of(value, shrunk_keys, ARRAY_SIZE(shrunk_keys));
	value[BRKW_KEY_VM_UNACCOUNTED_BYTES] = value[BRKW_KEY_VM_BYTES] -
		value[BRKW_KEY_VM_START_BYTES] - value[BRKW_KEY_VM_GROWN_BYTES] +
		value[BRKW_KEY_VM_SHRUNK_BYTES];
	value[BRKW_KEY_BRK_CALLS] = sum_of(value, brk_keys, ARRAY_SIZE(brk_keys));
}

/*
 * Mostly no lock is needed. A reader of one process may wait for its mmap lock;
 * a reader of all only tries it, and else shows the process as it was before what
 * is under way.
 */
static unsigned long read_settled(struct brkw_account *acct, struct mm_struct *mm, s64 *value,
				  bool may_wait)
{
	unsigned long nr_ledger;

	if (!brkw_settle_view(acct, mm, value, &nr_ledger) &&
	    !brkw_settle_locked(acct, mm, may_wait))
		brkw_settle_view(acct, mm, value, &nr_ledger);
	return nr_ledger;
}

/* exec sets the two one after the other, while the process can be read. */
static s64 read_brk_bytes(const struct mm_struct *mm)
{
	unsigned long start = READ_ONCE(mm->start_brk), end = READ_ONCE(mm->brk);

	return start && end > start ? end - start : 0;
}

static void raise_peak(s64 *value, unsigned int peak, unsigned int key)
{
	value[peak] = max(value[peak], value[key]);
}

static void read_mm(struct brkw_account *acct, struct mm_struct *mm, s64 *value, bool may_wait)
{
	unsigned long nr_ledger = read_settled(acct, mm, value, may_wait);
	const struct task_struct *brk_task = READ_ONCE(acct->brk_task);

	/* asked again, for it may have been granted its brk() and gone on meanwhile */
	if (brk_task && !brkw_brk_is_under_way(acct, brk_task, brkw_task_is_in_brk) &&
	    READ_ONCE(acct->brk_task) == brk_task)
		value[BRKW_KEY_BRK_FAIL_EVENTS]++;
	derive_sums(value, nr_ledger);
	value[BRKW_KEY_VMA_COUNT] = READ_ONCE(mm->map_count);
	value[BRKW_KEY_BRK_BYTES] = read_brk_bytes(mm);
	/* mprotect() and others that split and join are no hooks, but what was shown stays */
	value[BRKW_KEY_VMA_PEAK] = brkw_raise_peak(acct, BRKW_KEY_VMA_PEAK,
						   value[BRKW_KEY_VMA_COUNT]);
	raise_peak(value, BRKW_KEY_BRK_PEAK_BYTES, BRKW_KEY_BRK_BYTES);
}

/* The address space is another process's, and so is what becomes of it. */
static void hide_borrowed(struct brkw_snapshot_entry *entry)
{
	unsigned int key;

	for (key = BRKW_KEY_VM_BYTES; key < BRKW_KEY_FAULT_HEAP_MINOR; key++) {
		entry->value[key] = 0;
		set_unknown(entry, key);
	}
}

/* The kernel counted at least and at most so many; what we lack is told apart. */
static void derive_faults(s64 *value, const s64 *least, const s64 *most)
{
	unsigned int k, segment;
	s64 sum, total;

	value[BRKW_KEY_FAULT_UNATTRIBUTED] = 0;
	for (k = 0; k < 2; k++) {
		sum = 0;
		for (segment = 0; segment < BRKW_NR_SEGMENTS; segment++)
			sum += value[BRKW_KEY_FAULT_HEAP_MINOR + 2 * segment + k];
		total = least ? clamp(sum, least[k], most[k]) : sum;
		value[BRKW_KEY_FAULT_UNATTRIBUTED] += total - sum;
		value[BRKW_KEY_FAULT_MINOR + k] = total;
	}
}

/*
 * The kernel's count is read before and after ours, because threads go on
 * faulting: what lies between the two is right.
 */
static void read_faults(struct brkw_account *acct, struct pid *pid, s64 *value)
{
	u64 before[2] = { }, after[2] = { };
	s64 base[2], least[2], most[2];
	unsigned int k;
	bool is_known;

	is_known = brkw_process_faults(pid, before, true);
	if (brkw_thread_sum(acct, value, base)) {
		is_known = is_known && brkw_process_faults(pid, after, true);
	} else {
		is_known = READ_ONCE(acct->has_kernel_flt);
		memset(before, 0, sizeof(before));
	}
	for (k = 0; k < 2; k++) {
		least[k] = before[k] - base[k];
		most[k] = after[k] - base[k];
	}
	derive_faults(value, is_known ? least : NULL, most);
}

/* Whole while somebody changes it, up to 6.12; who does takes no lock any more. */
static void read_comm(struct pid *pid, struct brkw_snapshot_entry *entry)
{
	char comm[TASK_COMM_LEN] = "";
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task)
		get_task_comm(comm, task);
	rcu_read_unlock();
	memcpy(entry->comm, comm, BRKW_COMM_LEN);
}

/*
 * The same for a hook, which may not take the lock of a name. After exec the process
 * has the name of the next program: then it is that of when the account opened.
 */
static void freeze_comm(struct brkw_account *acct)
{
	struct task_struct *task;

	if (acct->is_replaced)
		return;
	rcu_read_lock();
	task = pid_task(acct->pid, PIDTYPE_TGID);
	if (task)
		strscpy(acct->comm, task->comm, BRKW_COMM_LEN);
	rcu_read_unlock();
}

static void read_common(const struct brkw_account *acct, struct brkw_snapshot_entry *entry)
{
	memset(entry, 0, sizeof(*entry));
	entry->pid = acct->tgid;
	entry->state = READ_ONCE(acct->state);
}

/* Last of all: a hook may have gone while its keys were read. */
static void read_unknown(struct brkw_snapshot_entry *entry)
{
	unsigned int i;

	smp_rmb();	/* they are unknown before the hook goes */
	for (i = 0; i < ARRAY_SIZE(unknown_keys); i++)
		entry->unknown[i] |= READ_ONCE(unknown_keys[i]);
}

static void read_live(struct brkw_account *acct, struct mm_struct *mm, struct pid *pid,
		      struct brkw_snapshot_entry *entry, bool may_wait)
{
	read_common(acct, entry);
	if (mm)
		read_mm(acct, mm, entry->value, may_wait);
	else
		brkw_settle_copy(acct, entry->value);
	read_faults(acct, pid, entry->value);
	if (!mm)
		hide_borrowed(entry);
	entry->value[BRKW_KEY_MISSED_EVENTS] = brkw_ledger_missed(acct);
	read_unknown(entry);
	entry->value[BRKW_KEY_NOT_EXACT_SINCE_NS] = brkw_ledger_not_exact_since_ns();
	if (READ_ONCE(acct->is_replaced))
		memcpy(entry->comm, acct->comm, BRKW_COMM_LEN);
	else
		read_comm(pid, entry);
}

static void keep(struct brkw_account *acct, enum brkw_key key, s64 n)
{
	atomic64_set(&acct->value[key], n);
}

/* After exec it has been taken already, and off what was before the account. */
static void freeze_faults(struct brkw_account *acct)
{
	u64 flt[2] = { };
	unsigned int k, key;

	if (!acct->is_replaced)
		WRITE_ONCE(acct->has_kernel_flt,
			   brkw_process_faults(acct->pid, flt, false));
	for (k = 0; acct->has_kernel_flt && k < 2; k++) {
		key = BRKW_KEY_FAULT_MINOR + k;
		keep(acct, key, flt[k] - atomic64_read(&acct->value[key]));
	}
}

/**
 * brkw_read_doubt() - an account that has ended is not exact if hooks are silent
 * @acct: the account, frozen
 *
 * It ended after they had been heard last. Context: any.
 */
void brkw_read_doubt(struct brkw_account *acct)
{
	u64 since_ns = brkw_ledger_not_exact_since_ns();

	if (since_ns && atomic64_read(&acct->value[BRKW_KEY_ENDED_NS]) >= since_ns)
		keep(acct, BRKW_KEY_VM_GROWN_BYTES, since_ns);
}

/**
 * brkw_read_freeze() - keep what the kernel says, for when it is gone
 * @acct: an account that ends, settled, without threads
 *
 * The rest is left to who reads it then. Context: any.
 */
void brkw_read_freeze(struct brkw_account *acct)
{
	const struct mm_struct *mm = acct->mm;
	unsigned int i;

	brkw_replaced_fold(acct);
	if (mm) {
		keep(acct, BRKW_KEY_VM_BYTES, (s64)acct->nr_ledger << PAGE_SHIFT);
		keep(acct, BRKW_KEY_VMA_COUNT, mm->map_count);
		keep(acct, BRKW_KEY_BRK_BYTES, read_brk_bytes(mm));
	}
	freeze_faults(acct);
	keep(acct, BRKW_KEY_MISSED_EVENTS, brkw_ledger_missed(acct));
	keep(acct, BRKW_KEY_ENDED_NS, ktime_get_boottime_ns());
	keep(acct, BRKW_KEY_VM_GROWN_BYTES, 0);
	brkw_read_doubt(acct);
	freeze_comm(acct);
	for (i = 0; i < ARRAY_SIZE(unknown_places); i++)
		keep(acct, unknown_places[i], READ_ONCE(unknown_keys[i]));
	acct->is_borrower = !mm;
}

static void read_ended(const struct brkw_account *acct, struct brkw_snapshot_entry *entry)
{
	s64 *value = entry->value, flt[2];
	unsigned int i;

	read_common(acct, entry);
	memcpy(entry->comm, acct->comm, BRKW_COMM_LEN);
	for (i = 0; i < ARRAY_SIZE(unknown_places); i++)
		entry->unknown[i] = atomic64_read(&acct->value[unknown_places[i]]);
	brkw_settle_copy(acct, value);
	value[BRKW_KEY_NOT_EXACT_SINCE_NS] = value[BRKW_KEY_VM_GROWN_BYTES];
	flt[0] = value[BRKW_KEY_FAULT_MINOR];
	flt[1] = value[BRKW_KEY_FAULT_MAJOR];
	derive_faults(value, acct->has_kernel_flt ? flt : NULL, flt);
	derive_sums(value, value[BRKW_KEY_VM_BYTES] >> PAGE_SHIFT);
	raise_peak(value, BRKW_KEY_VMA_PEAK, BRKW_KEY_VMA_COUNT);
	raise_peak(value, BRKW_KEY_BRK_PEAK_BYTES, BRKW_KEY_BRK_BYTES);
	if (acct->is_borrower)
		hide_borrowed(entry);
}

/* Holds what a live account stands on; false if it is not live any more. */
static bool pin(struct brkw_account *acct, struct mm_struct **ret_mm, struct pid **ret_pid)
{
	unsigned long irqflags;
	bool is_live;

	raw_spin_lock_irqsave(&acct->lock, irqflags);
	is_live = !acct->is_closing;
	if (is_live) {
		*ret_mm = acct->mm;
		if (acct->mm)
			mmgrab(acct->mm);
		*ret_pid = get_pid(acct->pid);
	}
	raw_spin_unlock_irqrestore(&acct->lock, irqflags);
	return is_live;
}

/**
 * brkw_read() - an account as the numbers that people see
 * @acct: the account, held by the caller
 * @ret_entry: filled
 * @may_wait: wait for the mmap lock of the process if need be
 *
 * Context: may sleep.
 */
void brkw_read(struct brkw_account *acct, struct brkw_snapshot_entry *ret_entry,
	       bool may_wait)
{
	struct mm_struct *mm;
	struct pid *pid;

	if (pin(acct, &mm, &pid)) {
		read_live(acct, mm, pid, ret_entry, may_wait);
		if (mm)
			mmdrop(mm);
		put_pid(pid);
	}
	if (!READ_ONCE(acct->is_closing))
		return;
	while (smp_load_acquire(&acct->state) == BRKW_LIVE)	/* see finish_close() */
		cond_resched();
	read_ended(acct, ret_entry);
}
