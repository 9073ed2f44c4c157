// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel itself says of a process: to hold our numbers against.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include "ledger.h"

/* Of who may not wait for a thread that is ending, and does not walk all for nothing. */
#define NR_TRIES	1000
#define NR_WALKS	3

static struct task_struct *leader_of(struct pid *pid)
{
	return pid ? pid_task(pid, PIDTYPE_TGID) : NULL;
}

/**
 * brkw_process_has_others() - a process has threads that are not ending
 * @pid: its number, held by the caller
 *
 * Called when its account has no threads any more, or no address space.
 * Context: any. Return: true if one still runs.
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

static void sum_faults(struct task_struct *leader, u64 *ret_flt)
{
	const struct signal_struct *signal = leader->signal;
	struct task_struct *task;

	ret_flt[0] = signal->min_flt;
	ret_flt[1] = signal->maj_flt;
	for_each_thread(leader, task) {
		ret_flt[0] += READ_ONCE(task->min_flt);
		ret_flt[1] += READ_ONCE(task->maj_flt);
	}
}

/*
 * With the lock if a thread has ended meanwhile: there may be many that end, one
 * after the other.
 */
static void sum_faults_exact(struct task_struct *leader, u64 *ret_flt)
{
	seqlock_t *stats_lock = &leader->signal->stats_lock;
	unsigned int seq = read_seqbegin(stats_lock);
	unsigned long irqflags;

	sum_faults(leader, ret_flt);
	if (!read_seqretry(stats_lock, seq))
		return;
	read_seqlock_excl_irqsave(stats_lock, irqflags);
	sum_faults(leader, ret_flt);
	read_sequnlock_excl_irqrestore(stats_lock, irqflags);
}

/* Without the lock, which sleeps on PREEMPT_RT, and so does read_seqbegin() there. */
static bool try_sum_faults(struct task_struct *leader, u64 *ret_flt)
{
	const seqlock_t *stats_lock = &leader->signal->stats_lock;
	unsigned int i, seq, nr_walks = 0;

	for (i = 0; i < NR_TRIES && nr_walks < NR_WALKS; i++) {
		seq = raw_read_seqcount(&stats_lock->seqcount.seqcount);
		if (seq & 1) {
			cpu_relax();
			continue;
		}
		sum_faults(leader, ret_flt);
		if (!read_seqretry(stats_lock, seq))
			return true;
		nr_walks++;
	}
	return false;
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
	bool may_lock = may_sleep || !IS_ENABLED(CONFIG_PREEMPT_RT), is_known;
	struct task_struct *leader;

	rcu_read_lock();
	leader = leader_of(pid);
	is_known = leader && (may_lock || try_sum_faults(leader, ret_flt));
	if (is_known && may_lock)
		sum_faults_exact(leader, ret_flt);
	rcu_read_unlock();
	return is_known;
}
