// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel itself says of a process: to hold our numbers against.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include "ledger.h"

static struct task_struct *leader_of(struct pid *pid)
{
	return pid ? pid_task(pid, PIDTYPE_TGID) : NULL;
}

/**
 * brkw_process_has_others() - a process has threads that have no slot
 * @pid: its number, held by the caller; none of its threads has one
 *
 * Context: any. Return: true if one of them still runs.
 */
bool brkw_process_has_others(struct pid *pid)
{
	struct task_struct *leader, *task;
	bool has_others = false;

	rcu_read_lock();
	leader = leader_of(pid);
	if (leader)
		for_each_thread(leader, task)
			has_others |= !(READ_ONCE(task->flags) & PF_EXITING);
	rcu_read_unlock();
	return has_others;
}

/* As read_seqbegin(), which sleeps for a writer that was preempted on PREEMPT_RT. */
static unsigned int begin_stats(const seqlock_t *stats_lock, bool may_sleep)
{
	if (may_sleep || !IS_ENABLED(CONFIG_PREEMPT_RT))
		return read_seqbegin(stats_lock);
	return raw_read_seqcount(&stats_lock->seqcount.seqcount);
}

/* Return: false if a thread ended meanwhile. */
static bool sum_kernel_faults(struct task_struct *leader, u64 *ret_flt, bool may_sleep)
{
	const struct signal_struct *signal = leader->signal;
	unsigned int seq = begin_stats(&signal->stats_lock, may_sleep);
	struct task_struct *task;

	ret_flt[0] = signal->min_flt;
	ret_flt[1] = signal->maj_flt;
	for_each_thread(leader, task) {
		ret_flt[0] += READ_ONCE(task->min_flt);
		ret_flt[1] += READ_ONCE(task->maj_flt);
	}
	return !(seq & 1) && !read_seqretry(&signal->stats_lock, seq);
}

/**
 * brkw_process_faults() - what the kernel counts for a process
 * @pid: its number, held by the caller
 * @ret_flt: minor and major faults of its threads, dead ones included
 * @may_sleep: the caller may
 *
 * As thread_group_cputime() does for times, and /proc/PID/stat for faults.
 * Context: any but under the process's siglock. Return: false, and nothing of
 * use written, if the process is gone; or, for who may not sleep on
 * PREEMPT_RT, if a thread that is ending was preempted.
 */
bool brkw_process_faults(struct pid *pid, u64 *ret_flt, bool may_sleep)
{
	unsigned int nr_tries = may_sleep || !IS_ENABLED(CONFIG_PREEMPT_RT) ? UINT_MAX : 1000;
	struct task_struct *leader;
	bool is_known = false;

	rcu_read_lock();
	leader = leader_of(pid);
	while (leader && !is_known && nr_tries--)
		is_known = sum_kernel_faults(leader, ret_flt, may_sleep);
	rcu_read_unlock();
	return is_known;
}
