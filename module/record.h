/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the moment of a hook to what the ledger is told: registers and user
 * arguments in, one record out. One function a hook, or for some that
 * are alike; the table that binds them to symbols is in probe.c.
 */
#ifndef _BRKW_RECORD_H
#define _BRKW_RECORD_H

#include <linux/types.h>

struct kernel_siginfo;
struct pt_regs;
struct task_struct;

/*
 * All run with preemption off and neither sleep, allocate nor print. Those
 * whose outcome only the return may tell return true when it is wanted; it is
 * then brought to brkw_record_return().
 */
bool brkw_record_brk(struct pt_regs *regs);
void brkw_record_brk_flags(struct pt_regs *regs);
bool brkw_record_mmap(struct pt_regs *regs);
void brkw_record_munmap(struct pt_regs *regs);
void brkw_record_munmap_len(struct pt_regs *regs);
bool brkw_record_mremap(struct pt_regs *regs);
void brkw_record_stat_account(struct pt_regs *regs);
bool brkw_record_stack(struct pt_regs *regs);
void brkw_record_special(struct pt_regs *regs);
bool brkw_record_madvise(struct pt_regs *regs);
bool brkw_record_process_madvise(struct pt_regs *regs);
void brkw_record_fault(struct pt_regs *regs);
void brkw_record_fork(struct pt_regs *regs);
void brkw_record_exec(struct pt_regs *regs);
void brkw_record_exit_mm(struct pt_regs *regs);
void brkw_record_return(unsigned long retval);
void brkw_record_missed_return(void);
void brkw_record_heard(bool is_heard, u64 asked_ns);
void brkw_record_task_free(struct task_struct *task);
void brkw_record_signal(int sig, const struct kernel_siginfo *info,
			const struct task_struct *task);
u64 brkw_record_seen(void);

#endif /* _BRKW_RECORD_H */
