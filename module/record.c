// SPDX-License-Identifier: GPL-2.0
/*
 * What each hook means. Amounts come from arguments and geometry under the
 * write lock, never from total_vm at a return: the lock may be downgraded or
 * gone by then. The mm is the one that the function was given, not current's
 * by habit: the arguments of exec grow the stack of a mm that is nobody's yet.
 */
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include "compat.h"
#include "ledger.h"
#include "record.h"

#define ZERO_MINOR	5	/* of /dev/zero; drivers/char/mem.c */

static DEFINE_PER_CPU(u64, nr_seen);

/**
 * brkw_record_seen() - events brought to the ledger
 *
 * Context: any. Return: their number since load.
 */
u64 brkw_record_seen(void)
{
	unsigned int cpu;
	u64 nr = 0;

	for_each_possible_cpu(cpu)
		nr += per_cpu(nr_seen, cpu);
	return nr;
}

static unsigned long pages_of(unsigned long sz)
{
	return PAGE_ALIGN(sz) >> PAGE_SHIFT;
}

static void post(struct mm_struct *mm, unsigned int op, long nr_pages, bool has_return)
{
	const struct brkw_record rec = {
		.op = op,
		.nr_pages = nr_pages,
		.has_return = has_return,
	};

	this_cpu_inc(nr_seen);
	brkw_settle_post(mm, &rec);
}

static void count(struct mm_struct *mm, enum brkw_key events, enum brkw_key bytes, u64 sz)
{
	this_cpu_inc(nr_seen);
	brkw_settle_count(mm, events, bytes, sz);
}

static void read_user_args(unsigned long *args)
{
	syscall_get_arguments(current, task_pt_regs(current), args);
}

/*
 * The outcome of brk() follows from whether it reaches the pages, with two
 * exceptions that need its return: another thread may move the break at the
 * same time, and a move within a page may be refused (RLIMIT_DATA). A query
 * needs neither.
 */
bool brkw_record_brk(struct pt_regs *regs, u64 *data)
{
	struct mm_struct *mm = current->mm;
	unsigned long args[6];

	if (!mm)
		return false;
	read_user_args(args);
	this_cpu_inc(nr_seen);
	if (!args[0]) {
		brkw_brk_same(mm);
		return false;
	}
	if (atomic_read(&mm->mm_users) == 1 &&
	    PAGE_ALIGN(args[0]) != PAGE_ALIGN(READ_ONCE(mm->brk))) {
		brkw_brk_begin(mm);
		return false;
	}
	data[0] = args[0];
	brkw_brk_shared(mm);
	return true;
}

void brkw_record_brk_return(unsigned long retval, const u64 *data)
{
	if (current->mm)
		brkw_brk_returned(current->mm, retval == data[0]);
}

/* do_brk_flags(): brk() grows, or exec clears the bss of a program. */
bool brkw_record_brk_flags(struct pt_regs *regs, u64 *data)
{
	unsigned long nr = pages_of(regs_get_kernel_argument(regs, BRKW_DO_BRK_FLAGS_ARG_LEN));
	struct mm_struct *mm = current->mm;
	bool is_brk = brkw_call_of(current) == BRKW_CALL_BRK;

	if (is_brk)
		brkw_brk_reached(mm);
	post(mm, is_brk ? BRKW_OP_BRK_GROW : BRKW_OP_OTHER_GROW, nr, false);
	return false;
}

/*
 * SysV shared memory, memfd and huge pages of no file live in file systems
 * that only the kernel mounts; /dev/zero is a device that stands for nothing.
 */
static bool is_anon_file(const struct file *file)
{
	const struct inode *inode = file_inode(file);

	if (S_ISREG(inode->i_mode))
		return inode->i_sb->s_flags & SB_KERNMOUNT;
	return S_ISCHR(inode->i_mode) && inode->i_rdev == MKDEV(MEM_MAJOR, ZERO_MINOR);
}

static bool is_shared_type(unsigned long flags)
{
	return (flags & MAP_TYPE) == MAP_SHARED || (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
}

static unsigned int mmap_op(const struct file *file, unsigned long flags)
{
	bool is_file = file && !is_anon_file(file);

	if (file && brkw_call_of(current) == BRKW_CALL_AIO)
		return BRKW_OP_OTHER_GROW;
	return BRKW_OP_MMAP + (is_file ? BRKW_FILE_PRIVATE : BRKW_ANON_PRIVATE) +
	       is_shared_type(flags);
}

/*
 * do_mmap(file, addr, len, prot, flags, ...), under the write lock. Where it
 * may come to lie over another mapping, size does not tell success from
 * failure: its return does.
 */
bool brkw_record_mmap(struct pt_regs *regs, u64 *data)
{
	const struct file *file = (void *)regs_get_kernel_argument(regs, 0);
	unsigned long nr = pages_of(regs_get_kernel_argument(regs, 2));
	unsigned long flags = regs_get_kernel_argument(regs, 4);
	bool is_over = (flags & MAP_FIXED) && !(flags & MAP_FIXED_NOREPLACE);

	if (!nr) {	/* nothing, or more than there is: refused */
		count(current->mm, BRKW_KEY_MMAP_FAIL_EVENTS, BRKW_NR_KEYS, 0);
		return false;
	}
	post(current->mm, mmap_op(file, flags), nr, is_over);
	return is_over;
}

void brkw_record_mmap_return(unsigned long retval, const u64 *data)
{
	if (current->mm)
		brkw_settle_return(current->mm, !IS_ERR_VALUE(retval));
}

/* Pages mapped in [start, end): what an unmapping is about to take away. */
static unsigned long count_mapped(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned long nr = 0;

	while (vma && vma->vm_start < end) {
		nr += (min(vma->vm_end, end) - max(vma->vm_start, start)) >> PAGE_SHIFT;
		if (vma->vm_end >= end)
			break;
		vma = find_vma(mm, vma->vm_end);
	}
	return nr;
}

/*
 * mremap() unmaps up to three things: its destination, what a shrinking
 * mapping gives up, and the old place of a mapping that has moved, or the new
 * one of a mapping that could not.
 */
static unsigned int mremap_unmap_op(struct mm_struct *mm, unsigned long start)
{
	unsigned long args[6];

	read_user_args(args);
	if (brkw_settle_is_moving(mm))
		return start == args[0] ? BRKW_OP_MREMAP_OLD : BRKW_OP_MREMAP_UNDO;
	if ((args[3] & MREMAP_FIXED) && start == args[4])
		return BRKW_OP_REPLACE;
	return BRKW_OP_MREMAP_SHRINK;
}

static unsigned int unmap_op(struct mm_struct *mm, unsigned long start)
{
	switch (mm == current->mm ? brkw_call_of(current) : BRKW_CALL_OTHER) {
	case BRKW_CALL_BRK:
		brkw_brk_reached(mm);
		return BRKW_OP_BRK_SHRINK;
	case BRKW_CALL_MREMAP:
		return mremap_unmap_op(mm, start);
	case BRKW_CALL_AIO:
		return BRKW_OP_OTHER_SHRINK;
	default:
		return BRKW_OP_MUNMAP;
	}
}

static void post_unmap(struct mm_struct *mm, unsigned long start, unsigned long end,
		       unsigned long nr)
{
	if (nr && !brkw_settle_is_nested(mm))
		post(mm, unmap_op(mm, start), -(long)nr, false);
}

/* do_{mas,vmi}_align_munmap(iterator, vma, mm, start, end, ...): vma is the first. */
bool brkw_record_munmap(struct pt_regs *regs, u64 *data)
{
	const struct vm_area_struct *vma = (void *)regs_get_kernel_argument(regs, 1);
	struct mm_struct *mm = (void *)regs_get_kernel_argument(regs, 2);
	unsigned long start = regs_get_kernel_argument(regs, 3);
	unsigned long end = regs_get_kernel_argument(regs, 4);
	bool is_within = vma && vma->vm_start <= start && vma->vm_end >= end;

	post_unmap(mm, start, end, is_within ? (end - start) >> PAGE_SHIFT :
						count_mapped(mm, start, end));
	return false;
}

/* __do_munmap(mm, start, len, ...), 5.10 */
bool brkw_record_munmap_len(struct pt_regs *regs, u64 *data)
{
	struct mm_struct *mm = (void *)regs_get_kernel_argument(regs, 0);
	unsigned long start = regs_get_kernel_argument(regs, 1);
	unsigned long end = start + PAGE_ALIGN(regs_get_kernel_argument(regs, 2));

	post_unmap(mm, start, end, count_mapped(mm, start, end));
	return false;
}

/* Only mremap() itself knows that it failed before it changed anything. */
bool brkw_record_mremap(struct pt_regs *regs, u64 *data)
{
	return current->mm;
}

void brkw_record_mremap_return(unsigned long retval, const u64 *data)
{
	if (current->mm && IS_ERR_VALUE(retval))
		count(current->mm, BRKW_KEY_MREMAP_FAIL_EVENTS, BRKW_NR_KEYS, 0);
}

/*
 * vm_stat_account(mm, flags, npages): only what mremap() adds is of interest.
 * In place it adds the difference; a move adds the new size, and the old place
 * goes later, unless it is kept (MREMAP_DONTUNMAP, or an old size of 0).
 */
bool brkw_record_stat_account(struct pt_regs *regs, u64 *data)
{
	struct mm_struct *mm = (void *)regs_get_kernel_argument(regs, 0);
	long nr = regs_get_kernel_argument(regs, 2);
	unsigned long args[6], nr_old, nr_new;
	bool is_move, is_kept;

	if (nr <= 0 || mm != current->mm || brkw_call_of(current) != BRKW_CALL_MREMAP)
		return false;
	read_user_args(args);
	nr_old = pages_of(args[1]);
	nr_new = pages_of(args[2]);
	is_move = nr_old && nr != (long)(nr_new - nr_old);
	is_kept = !is_move || (args[3] & MREMAP_DONTUNMAP);
	this_cpu_inc(nr_seen);
	brkw_settle_moved(mm, nr, is_kept ? 0 : min_t(long, nr_old, nr), is_move);
	return false;
}

/* expand_downwards(vma, address): a touch, or exec laying out its arguments. */
bool brkw_record_stack(struct pt_regs *regs, u64 *data)
{
	const struct vm_area_struct *vma = (void *)regs_get_kernel_argument(regs, 0);
	unsigned long address = regs_get_kernel_argument(regs, 1) & PAGE_MASK;

	if (address >= vma->vm_start)
		return false;
	if (vma->vm_mm != current->mm && !brkw_account_find(vma->vm_mm))
		brkw_account_open_embryo(vma->vm_mm);
	post(vma->vm_mm, BRKW_OP_STACK_GROW, (vma->vm_start - address) >> PAGE_SHIFT, false);
	return false;
}

/* _install_special_mapping(mm, addr, len, ...): vdso, uprobes */
bool brkw_record_special(struct pt_regs *regs, u64 *data)
{
	struct mm_struct *mm = (void *)regs_get_kernel_argument(regs, 0);

	post(mm, BRKW_OP_OTHER_GROW, pages_of(regs_get_kernel_argument(regs, 2)), false);
	return false;
}

/* do_madvise(mm, start, len, behavior) */
bool brkw_record_madvise(struct pt_regs *regs, u64 *data)
{
	int advice = regs_get_kernel_argument(regs, 3);

	data[0] = regs_get_kernel_argument(regs, 0);
	data[1] = PAGE_ALIGN(regs_get_kernel_argument(regs, 2));
	data[2] = advice;
	return advice == MADV_DONTNEED || advice == MADV_FREE;
}

void brkw_record_madvise_return(unsigned long retval, const u64 *data)
{
	bool is_free = data[2] == MADV_FREE;

	if ((int)retval)
		return;
	count((void *)(unsigned long)data[0],
	      is_free ? BRKW_KEY_MADVISE_FREE_EVENTS : BRKW_KEY_MADVISE_DONTNEED_EVENTS,
	      is_free ? BRKW_KEY_MADVISE_FREE_BYTES : BRKW_KEY_MADVISE_DONTNEED_BYTES,
	      data[1]);
}

static enum brkw_segment anon_segment(const struct vm_area_struct *vma,
				      const struct mm_struct *mm)
{
	if (vma->vm_start < READ_ONCE(mm->brk) && vma->vm_end > mm->start_brk)
		return BRKW_SEG_HEAP;
	if ((vma->vm_flags & VM_GROWSDOWN) ||
	    (vma->vm_start <= mm->start_stack && vma->vm_end > mm->start_stack))
		return BRKW_SEG_STACK;
	return BRKW_SEG_ANON;
}

static enum brkw_segment segment_of(const struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (mm != current->mm)
		return BRKW_SEG_REMOTE;
	if (vma->vm_flags & VM_MAYSHARE)
		return BRKW_SEG_SHARED;
	if (!vma->vm_ops)
		return anon_segment(vma, mm);
	if (!vma->vm_file)
		return BRKW_SEG_OTHER;
	return is_anon_file(vma->vm_file) ? BRKW_SEG_ANON : BRKW_SEG_FILE;
}

/* handle_mm_fault(vma, address, flags, ...) */
bool brkw_record_fault(struct pt_regs *regs, u64 *data)
{
	brkw_thread_fault(segment_of((void *)regs_get_kernel_argument(regs, 0)));
	return false;
}

/* wake_up_new_task(task) */
bool brkw_record_fork(struct pt_regs *regs, u64 *data)
{
	brkw_account_fork((void *)regs_get_kernel_argument(regs, 0));
	return false;
}

/* setup_new_exec(bprm): current has its new mm, with its arguments only */
bool brkw_record_exec(struct pt_regs *regs, u64 *data)
{
	if (current->mm)
		brkw_account_exec();
	return false;
}

/* exit_mmap(mm) */
bool brkw_record_exit_mm(struct pt_regs *regs, u64 *data)
{
	brkw_account_exit_mm((void *)regs_get_kernel_argument(regs, 0));
	return false;
}

/* Tracepoint sched_process_free: the counters of the task are final. */
void brkw_record_task_free(void *unused, struct task_struct *task)
{
	brkw_thread_free(task);
}

/*
 * Tracepoint signal_generate: a fault that found no page ends in a signal of
 * the kernel's, to itself, with a code that names the fault. SI_KERNEL is a
 * general protection fault, which is none of these.
 */
void brkw_record_signal(void *unused, int sig, struct kernel_siginfo *info,
			struct task_struct *task, int is_group, int result)
{
	if ((sig != SIGSEGV && sig != SIGBUS) || task != current)
		return;
	if ((unsigned long)info <= (unsigned long)SEND_SIG_PRIV)
		return;
	if (info->si_code > 0 && info->si_code < SI_KERNEL)
		brkw_thread_fault_error();
}
