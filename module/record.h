/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the moment of a hook to what the ledger is told: registers and user
 * arguments in, one record out. One pair of functions a hook; the table that
 * binds them to symbols is in probe.c.
 */
#ifndef _BRKW_RECORD_H
#define _BRKW_RECORD_H

#include <linux/types.h>

struct kernel_siginfo;
struct pt_regs;
struct task_struct;

/* Words that an entry may leave for its return. */
#define BRKW_NR_RECORD_DATA	3

/*
 * All run with preemption off and neither sleep, allocate nor print. An entry
 * returns true if its return has something to tell, too.
 */
bool brkw_record_brk(struct pt_regs *regs, u64 *data);
void brkw_record_brk_return(unsigned long retval, const u64 *data);
bool brkw_record_brk_flags(struct pt_regs *regs, u64 *data);
bool brkw_record_mmap(struct pt_regs *regs, u64 *data);
void brkw_record_mmap_return(unsigned long retval, const u64 *data);
bool brkw_record_munmap(struct pt_regs *regs, u64 *data);
bool brkw_record_munmap_len(struct pt_regs *regs, u64 *data);
bool brkw_record_mremap(struct pt_regs *regs, u64 *data);
void brkw_record_mremap_return(unsigned long retval, const u64 *data);
bool brkw_record_stat_account(struct pt_regs *regs, u64 *data);
bool brkw_record_stack(struct pt_regs *regs, u64 *data);
bool brkw_record_special(struct pt_regs *regs, u64 *data);
bool brkw_record_madvise(struct pt_regs *regs, u64 *data);
void brkw_record_madvise_return(unsigned long retval, const u64 *data);
bool brkw_record_fault(struct pt_regs *regs, u64 *data);
bool brkw_record_fork(struct pt_regs *regs, u64 *data);
bool brkw_record_exec(struct pt_regs *regs, u64 *data);
bool brkw_record_exit_mm(struct pt_regs *regs, u64 *data);
void brkw_record_task_free(void *unused, struct task_struct *task);
void brkw_record_signal(void *unused, int sig, struct kernel_siginfo *info,
			struct task_struct *task, int is_group, int result);
u64 brkw_record_seen(void);

#endif /* _BRKW_RECORD_H */
