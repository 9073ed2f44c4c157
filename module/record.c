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
#include <linux/magic.h>
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
		nr += READ_ONCE(per_cpu(nr_seen, cpu));
	return nr;
}

static unsigned long pages_of(unsigned long sz)
{
	return PAGE_ALIGN(sz) >> PAGE_SHIFT;
}

/* An event is seen, whether there is an account for it or not. */
static __always_inline void see(void)
{
	this_cpu_inc(nr_seen);
}

/* brk(request), native or of a 32-bit program */
bool brkw_record_brk(struct pt_regs *regs)
{
	if (!current->mm)
		return false;
	see();
	return brkw_brk_call(current->mm, brkw_first_argument());
}

/* do_brk_flags(): brk() grows, or exec clears the bss of a program. */
void brkw_record_brk_flags(struct pt_regs *regs)
{
	unsigned long start = regs_get_kernel_argument(regs, BRKW_DO_BRK_FLAGS_ARG_LEN - 1);
	unsigned long nr = pages_of(regs_get_kernel_argument(regs, BRKW_DO_BRK_FLAGS_ARG_LEN));
	struct mm_struct *mm = current->mm;

	see();
	if (likely(brkw_call_of(current) == BRKW_CALL_BRK))
		brkw_settle_post(mm, BRKW_OP_BRK_GROW, nr, 0);
	else	/* 5.10 unmaps what is in its way */
		brkw_settle_post_fixed(mm, BRKW_OP_OTHER_GROW, nr, start);
}

static bool holds_memory(const struct super_block *sb)
{
	return sb->s_magic == TMPFS_MAGIC || sb->s_magic == RAMFS_MAGIC ||
	       sb->s_magic == HUGETLBFS_MAGIC || sb->s_magic == SECRETMEM_MAGIC ||
	       sb->s_magic == GUEST_MEMFD_MAGIC;
}

/*
 * SysV shared memory, memfd and huge pages of no file live in file systems that
 * hold memory and that the kernel mounts for itself, as it does those of files that
 * people open, too; /dev/zero is a device that stands for nothing.
 */
static bool is_anon_file(const struct file *file)
{
	const struct inode *inode = file_inode(file);

	if (S_ISREG(inode->i_mode))
		return inode->i_sb->s_flags & SB_KERNMOUNT && holds_memory(inode->i_sb);
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

/* Refused as nothing, or as more than there is; or it may replace others. */
static noinline bool record_odd_mmap(enum brkw_op op, unsigned long nr, unsigned long start)
{
	if (nr)
		return brkw_settle_post_fixed(current->mm, op, nr, start);
	brkw_settle_refused(current->mm);
	return false;
}

/* do_mmap(file, addr, len, prot, flags, ...), under the write lock */
bool brkw_record_mmap(struct pt_regs *regs)
{
	const struct file *file = (void *)regs_get_kernel_argument(regs, 0);
	unsigned long nr = pages_of(regs_get_kernel_argument(regs, 2));
	unsigned long flags = regs_get_kernel_argument(regs, 4);
	enum brkw_op op = mmap_op(file, flags);

	see();
	if (unlikely(!nr || (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == MAP_FIXED))
		return record_odd_mmap(op, nr, regs_get_kernel_argument(regs, 1));
	brkw_settle_post(current->mm, op, nr, 0);
	return false;
}

static bool is_in(unsigned long address, unsigned long start, unsigned long sz)
{
	return address - start < sz;
}

/* Of huge pages the kernel moves whole ones. Under the write lock. */
static void read_mremap_args(struct mm_struct *mm, unsigned long *args)
{
	struct vm_area_struct *vma;
	unsigned long sz_page = PAGE_SIZE;

	brkw_user_arguments(args);
	vma = find_vma(mm, args[0]);
	if (vma && is_vm_hugetlb_page(vma))
		sz_page = huge_page_size(hstate_vma(vma));
	args[1] = ALIGN(args[1], sz_page);
	args[2] = ALIGN(args[2], sz_page);
}

/*
 * mremap() unmaps up to three things: its destination, what a shrinking
 * mapping gives up, and the old place of a mapping that has moved, or the new
 * one of a mapping that could not. Since 6.17 it moves several mappings, one
 * after the other.
 */
static enum brkw_op mremap_unmap_op(struct mm_struct *mm, unsigned long start)
{
	unsigned long args[6];

	read_mremap_args(mm, args);
	if (brkw_mremap_is_moving(mm))
		return is_in(start, args[0], args[1]) ? BRKW_OP_MREMAP_OLD :
							BRKW_OP_MREMAP_UNDO;
	if ((args[3] & MREMAP_FIXED) && is_in(start, args[4], args[2]))
		return BRKW_OP_REPLACE;
	return BRKW_OP_MREMAP_SHRINK;
}

static enum brkw_op unmap_op(struct mm_struct *mm, enum brkw_call call,
			     unsigned long start)
{
	switch (call) {
	case BRKW_CALL_BRK:
		return BRKW_OP_BRK_SHRINK;
	case BRKW_CALL_MREMAP:
		return mremap_unmap_op(mm, start);
	case BRKW_CALL_AIO:
		return BRKW_OP_OTHER_SHRINK;
	default:
		return BRKW_OP_MUNMAP;
	}
}

/* Of any number of mappings, by any system call. */
static noinline void record_odd_unmap(struct mm_struct *mm, enum brkw_call call,
				      unsigned long start, unsigned long end)
{
	if (brkw_settle_post_unmap(mm, unmap_op(mm, call, start), start, end))
		see();
	else if (call == BRKW_CALL_BRK)
		brkw_brk_granted(mm);
}

static enum brkw_call call_on(const struct mm_struct *mm)
{
	return likely(mm == current->mm) ? brkw_call_of(current) : BRKW_CALL_OTHER;
}

/* do_{mas,vmi}_align_munmap(iterator, vma, mm, start, end, ...): vma is the first. */
void brkw_record_munmap(struct pt_regs *regs)
{
	const struct vm_area_struct *vma = (void *)regs_get_kernel_argument(regs, 1);
	struct mm_struct *mm = (void *)regs_get_kernel_argument(regs, 2);
	unsigned long start = regs_get_kernel_argument(regs, 3);
	unsigned long end = regs_get_kernel_argument(regs, 4);
	enum brkw_call call = call_on(mm);

	if (unlikely(call > BRKW_CALL_EXEC || !vma || vma->vm_start > start ||
		     vma->vm_end < end)) {
		record_odd_unmap(mm, call, start, end);
		return;
	}
	see();
	brkw_settle_post(mm, call == BRKW_CALL_BRK ? BRKW_OP_BRK_SHRINK : BRKW_OP_MUNMAP,
			 -(long)((end - start) >> PAGE_SHIFT), start);
}

/*
 * __do_munmap(mm, start, len, ...), 5.10. It is also what refuses a range that
 * is none; newer kernels have done that before they come to their core.
 */
void brkw_record_munmap_len(struct pt_regs *regs)
{
	struct mm_struct *mm = (void *)regs_get_kernel_argument(regs, 0);
	unsigned long start = regs_get_kernel_argument(regs, 1);
	unsigned long len = regs_get_kernel_argument(regs, 2);

	if (!offset_in_page(start) && start <= TASK_SIZE && len <= TASK_SIZE - start)
		record_odd_unmap(mm, call_on(mm), start, start + PAGE_ALIGN(len));
}

/* Only mremap() itself knows that it failed before it changed anything. */
bool brkw_record_mremap(struct pt_regs *regs)
{
	if (!current->mm)
		return false;
	see();
	return brkw_outcome_call(BRKW_AWAITS_MREMAP, current->mm, 0);
}

/*
 * vm_stat_account(mm, flags, npages): only what mremap() adds is of interest; a stack
 * that grows under a signal on the way out of mremap() has been posted, and comes here
 * since 6.18. In place it adds the difference; a move adds the new size, and the old place
 * goes later, unless it is kept (MREMAP_DONTUNMAP, or an old size of 0).
 */
void brkw_record_stat_account(struct pt_regs *regs)
{
	struct mm_struct *mm = (void *)regs_get_kernel_argument(regs, 0);
	long nr = regs_get_kernel_argument(regs, 2);
	unsigned long args[6], nr_old, nr_new;
	bool is_move, is_kept;

	if (nr <= 0 || mm != current->mm || brkw_call_of(current) != BRKW_CALL_MREMAP)
		return;
	if (regs_get_kernel_argument(regs, 1) & VM_GROWSDOWN && brkw_settle_is_stack(mm, nr))
		return;
	see();
	read_mremap_args(mm, args);
	nr_old = args[1] >> PAGE_SHIFT;
	nr_new = args[2] >> PAGE_SHIFT;
	is_move = nr_old && nr != (long)(nr_new - nr_old);
	is_kept = !is_move || (args[3] & MREMAP_DONTUNMAP);
	brkw_mremap_grown(mm, nr, is_kept ? 0 : min_t(long, nr_old, nr), is_move,
			  brkw_outcome_is_first());
}

/* expand_downwards(vma, address): a touch, or exec laying out its arguments. */
bool brkw_record_stack(struct pt_regs *regs)
{
	const struct vm_area_struct *vma = (void *)regs_get_kernel_argument(regs, 0);
	unsigned long address = regs_get_kernel_argument(regs, 1) & PAGE_MASK;
	struct mm_struct *mm = vma->vm_mm;

	if (address >= vma->vm_start)
		return false;
	/* a debugger may touch the stack of others */
	if (mm != current->mm && (!current->mm || brkw_call_of(current) == BRKW_CALL_EXEC))
		brkw_account_open_embryo(mm);
	see();
	if (!BRKW_STACK_GROWS_WRITE_LOCKED)
		return brkw_stack_begin(vma);
	brkw_settle_post(mm, BRKW_OP_STACK_GROW, (vma->vm_start - address) >> PAGE_SHIFT, 0);
	if (mm == current->mm && brkw_call_of(current) == BRKW_CALL_MREMAP)
		brkw_settle_mark_stack(mm);
	return false;
}

/* _install_special_mapping(mm, addr, len, ...): vdso, uprobes */
void brkw_record_special(struct pt_regs *regs)
{
	struct mm_struct *mm = (void *)regs_get_kernel_argument(regs, 0);
	unsigned long nr = pages_of(regs_get_kernel_argument(regs, 2));

	see();
	brkw_settle_post(mm, BRKW_OP_OTHER_GROW, nr, 0);
}

static bool is_freeing(int advice)
{
	return advice == MADV_DONTNEED || advice == MADV_FREE;
}

/* do_madvise(mm, start, len, behavior): also of another process, or of io_uring */
bool brkw_record_madvise(struct pt_regs *regs)
{
	struct mm_struct *mm = (void *)regs_get_kernel_argument(regs, 0);
	u64 sz = PAGE_ALIGN(regs_get_kernel_argument(regs, 2));
	int advice = regs_get_kernel_argument(regs, 3);

	if (!is_freeing(advice) || (mm == current->mm && brkw_outcome_is_of_ranges()))
		return false;
	see();
	return brkw_outcome_call(advice == MADV_FREE ? BRKW_AWAITS_FREE : BRKW_AWAITS_DONTNEED,
				 mm, sz);
}

/*
 * process_madvise(pidfd, iovec, vlen, advice, flags) frees only of the caller's own,
 * since 6.13: see process_madvise_remote_valid(). Any number of ranges is one event,
 * however it comes to them, and what it returns is their size. Kernels whose stacks
 * grow under the read lock refuse it; there a stack that grows below the iovec might
 * be taken for its return.
 */
bool brkw_record_process_madvise(struct pt_regs *regs)
{
	unsigned long args[6];

	if (!current->mm || !BRKW_STACK_GROWS_WRITE_LOCKED)
		return false;
	brkw_user_arguments(args);
	if (!is_freeing(args[3]))
		return false;
	see();
	return brkw_outcome_call((int)args[3] == MADV_FREE ? BRKW_AWAITS_FREE_RANGES :
							     BRKW_AWAITS_DONTNEED_RANGES,
				 current->mm, 0);
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
void brkw_record_fault(struct pt_regs *regs)
{
	brkw_thread_fault(segment_of((void *)regs_get_kernel_argument(regs, 0)));
}

/* wake_up_new_task(task) */
void brkw_record_fork(struct pt_regs *regs)
{
	brkw_account_fork((void *)regs_get_kernel_argument(regs, 0));
}

/* setup_new_exec(bprm): current has its new mm, with its arguments only */
void brkw_record_exec(struct pt_regs *regs)
{
	if (current->mm)
		brkw_account_exec();
}

/* exit_mmap(mm) */
void brkw_record_exit_mm(struct pt_regs *regs)
{
	brkw_account_exit_mm((void *)regs_get_kernel_argument(regs, 0));
}

/**
 * brkw_record_return() - a function whose return is awaited has returned
 * @retval: what it returned
 *
 * Context: a hook.
 */
void brkw_record_return(unsigned long retval)
{
	if (BRKW_STACK_GROWS_WRITE_LOCKED || !brkw_stack_end(!(int)retval))
		brkw_outcome_answer(retval);
}

/* Tracepoint sched_process_free: the counters of the task are final. */
void brkw_record_task_free(struct task_struct *task)
{
	brkw_thread_free(task);
}

/* Of SIGBUS: alignment. Of SIGSEGV: tags (arm64), and shadow stacks, SEGV_CPERR. */
static bool is_misuse(int sig, int code)
{
	return sig == SIGBUS ? code == BUS_ADRALN : code >= SEGV_MTEAERR;
}

/*
 * Tracepoint signal_generate: a fault that found no page ends in a signal of
 * the kernel's, to itself, with a code that names the fault. SI_KERNEL is a
 * general protection fault, which is none of these; and who sends himself a signal
 * with such a code is in a system call.
 */
void brkw_record_signal(int sig, const struct kernel_siginfo *info,
			const struct task_struct *task)
{
	if ((sig != SIGSEGV && sig != SIGBUS) || task != current)
		return;
	if ((unsigned long)info <= (unsigned long)SEND_SIG_PRIV)
		return;
	if (syscall_get_nr(current, task_pt_regs(current)) != -1)
		return;
	if (info->si_code > 0 && info->si_code < SI_KERNEL && !is_misuse(sig, info->si_code))
		brkw_thread_fault_error();
}

/**
 * brkw_record_heard() - hooks have been asked whether they are called
 * @is_heard: they are
 * @asked_ns: when that began
 *
 * Context: may sleep; one caller at a time.
 */
void brkw_record_heard(bool is_heard, u64 asked_ns)
{
	brkw_ledger_set_heard(is_heard, asked_ns);
}

/**
 * brkw_record_missed_return() - the return that was awaited last may be missed
 *
 * Context: the hook that has asked for it.
 */
void brkw_record_missed_return(void)
{
	brkw_outcome_missed();
	brkw_stack_forget(current);
}
