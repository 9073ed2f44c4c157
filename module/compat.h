/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only file that knows that kernels differ. Being empty is its goal: the
 * hook table in probe.c tries symbols by registering them, so that what is
 * left here are prototypes that changed under an unchanged name.
 */
#ifndef _BRKW_COMPAT_H
#define _BRKW_COMPAT_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

/*
 * Position of the length among the arguments of do_brk_flags().
 * Commit 2e7ce7d354f2 ("mm/mmap: change do_brk_flags() to expand existing VMA
 * and add do_brk_munmap()"), 6.1, put an iterator and a VMA before it. May go
 * with 5.10.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define BRKW_DO_BRK_FLAGS_ARG_LEN	3
#else
#define BRKW_DO_BRK_FLAGS_ARG_LEN	1
#endif

/*
 * Stacks grow under the mmap write lock since commit 8d7071af8907 ("mm: always
 * expand the stack with the mmap write lock held"), 6.5 and 6.1.37, which gave
 * expand_stack() another type; before, under the read lock. May go with 5.10.
 */
#define BRKW_STACK_GROWS_WRITE_LOCKED						\
	__same_type(&expand_stack,						\
		    (struct vm_area_struct *(*)(struct mm_struct *, unsigned long))NULL)

/*
 * Has a probe's handler counted that faults, as with a tracer of ours that copies
 * the user's stack: it adds to nmissed though nothing is missed. Commit
 * ec6aba3d2be1 ("kprobes: Remove kprobe::fault_handler"), 5.14, ended both. May go
 * with 5.10.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
#define brkw_count_handler_faults(kp, handler)	((kp)->fault_handler = (handler))
#else
#define brkw_count_handler_faults(kp, handler)	((void)(handler))
#endif

/*
 * File systems of memory that linux/magic.h did not always name: that of memfd_secret()
 * since 5.14, that of guest memory since 6.17. May go with 6.12.
 */
#ifndef SECRETMEM_MAGIC
#define SECRETMEM_MAGIC	0x5345434d
#endif
#ifndef GUEST_MEMFD_MAGIC
#define GUEST_MEMFD_MAGIC	0x474d454d
#endif

/*
 * The registers that a plain ftrace callback gets: on x86 they are a pt_regs
 * of which the arguments and, since commit 0c0593b45c9b ("x86/ftrace: Make
 * function graph use ftrace directly"), 5.17, the stack pointer are filled in,
 * which awaiting a return needs. Modules may free a filter since commit
 * 8be9fbd5345d ("ftrace: Export ftrace_free_filter() to modules"), 6.2 and
 * 6.1.9. Before, all is done by kprobes; may go with 5.10. Commit e4cf33ca4812
 * ("ftrace: Consolidate ftrace_regs accessor functions for archs using
 * pt_regs"), 6.13, hid the field; Debian's 6.12 has it, too, so the accessor
 * is asked for.
 */
#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && \
	LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 9)
#define BRKW_HAS_FTRACE	1
#ifdef arch_ftrace_regs
#define brkw_regs_of(fregs)	(&arch_ftrace_regs(fregs)->regs)
#else
#define brkw_regs_of(fregs)	(&(fregs)->regs)
#endif
#else
#define BRKW_HAS_FTRACE	0
#endif

/*
 * System calls that name an operation, whichever table they came through: a
 * 64-bit kernel also takes those of 32-bit programs.
 */
enum brkw_call {
	BRKW_CALL_OTHER,
	BRKW_CALL_BRK,
	BRKW_CALL_EXEC,
	BRKW_CALL_MREMAP,
	BRKW_CALL_AIO,
};

static inline enum brkw_call brkw_call_by_number(int nr)
{
	switch (nr) {
	case __NR_brk:
		return BRKW_CALL_BRK;
	case __NR_mremap:
		return BRKW_CALL_MREMAP;
	case __NR_io_setup:
	case __NR_io_destroy:
		return BRKW_CALL_AIO;
	case __NR_execve:
	case __NR_execveat:
		return BRKW_CALL_EXEC;
#ifdef __X32_SYSCALL_BIT
	case 520:	/* execve of x32 */
	case 545:	/* execveat */
		return BRKW_CALL_EXEC;
	case 543:	/* io_setup */
		return BRKW_CALL_AIO;
#endif
	}
	return BRKW_CALL_OTHER;
}

#ifdef __NR_ia32_brk
static inline enum brkw_call brkw_call_by_number_compat(int nr)
{
	switch (nr) {
	case __NR_ia32_brk:
		return BRKW_CALL_BRK;
	case __NR_ia32_mremap:
		return BRKW_CALL_MREMAP;
	case __NR_ia32_io_setup:
	case __NR_ia32_io_destroy:
		return BRKW_CALL_AIO;
	case __NR_ia32_execve:
	case __NR_ia32_execveat:
		return BRKW_CALL_EXEC;
	}
	return BRKW_CALL_OTHER;
}
#else
#define brkw_call_by_number_compat brkw_call_by_number
#endif

/* x32 marks its calls with a bit; most are those of 64-bit programs. */
#ifdef __X32_SYSCALL_BIT
#define BRKW_CALL_MASK	(~__X32_SYSCALL_BIT)
#else
#define BRKW_CALL_MASK	(~0)
#endif

static inline enum brkw_call brkw_call_by_regs(struct task_struct *task, struct pt_regs *regs)
{
	int nr = syscall_get_nr(task, regs);

	if (nr == -1)
		return BRKW_CALL_OTHER;
#ifdef TS_COMPAT
	if (task->thread_info.status & TS_COMPAT)
		return brkw_call_by_number_compat(nr);
#endif
	return brkw_call_by_number(nr & BRKW_CALL_MASK);
}

/**
 * brkw_call_of() - which system call a task is in
 * @task: current
 *
 * Context: any; the task must have an address space of its own. Return: the
 * call it is in, or the last one it was in.
 */
static inline enum brkw_call brkw_call_of(struct task_struct *task)
{
	return brkw_call_by_regs(task, task_pt_regs(task));
}

/**
 * brkw_first_argument() - what the system call of current was given first
 *
 * As syscall_get_arguments(), without the other five.
 * Context: in a system call.
 */
static inline unsigned long brkw_first_argument(void)
{
#ifdef CONFIG_X86_64
	const struct pt_regs *regs = task_pt_regs(current);

#ifdef TS_COMPAT
	if (current->thread_info.status & TS_COMPAT)
		return (u32)regs->bx;
#endif
	return regs->di;
#else
	unsigned long args[6];

	syscall_get_arguments(current, task_pt_regs(current), args);
	return args[0];
#endif
}

/**
 * brkw_user_arguments() - what the system call of current was given
 * @args: filled, six
 *
 * As syscall_get_arguments(), but of a 32-bit call what the kernel itself looks
 * at: a 64-bit program may leave anything in the upper halves.
 * Context: in a system call.
 */
static inline void brkw_user_arguments(unsigned long *args)
{
	syscall_get_arguments(current, task_pt_regs(current), args);
#ifdef TS_COMPAT
	if (current->thread_info.status & TS_COMPAT) {
		unsigned int i;

		for (i = 0; i < 6; i++)
			args[i] = (u32)args[i];
	}
#endif
}

/**
 * brkw_task_is_in_brk() - a task may be in brk(), or was when last seen
 * @task: the task, not freed
 *
 * The user registers tell of the last entry into the kernel. A task that has
 * left brk() and runs in user mode since is taken for one still in it, until
 * the next tick: late, but not wrong. None stops within brk(). A task that exits
 * loses its stack, and the registers with it, long before it is freed: it may be
 * a zombie. Context: any.
 */
static inline bool brkw_task_is_in_brk(struct task_struct *task)
{
	struct pt_regs regs;

	if (READ_ONCE(task->flags) & PF_EXITING || task_is_stopped_or_traced(task))
		return false;
	if (copy_from_kernel_nofault(&regs, task_pt_regs(task), sizeof(regs)))
		return false;
	return brkw_call_by_regs(task, &regs) == BRKW_CALL_BRK;
}

/**
 * brkw_mmap_trylock() - take the mmap write lock if it is free
 * @mm: the address space, in which nothing will be changed
 *
 * As mmap_write_trylock(), which 6.12 has no more. Who leaves the VMAs alone
 * need not tell their locks.
 * Context: any task. Return: true if it is ours, until brkw_mmap_unlock().
 */
static inline bool brkw_mmap_trylock(struct mm_struct *mm)
{
	return down_write_trylock(&mm->mmap_lock);
}

static inline void brkw_mmap_unlock(struct mm_struct *mm)
{
	up_write(&mm->mmap_lock);
}

#endif /* _BRKW_COMPAT_H */
