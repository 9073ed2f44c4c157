/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a hook is attached to its kernel function. A kprobe works everywhere; a
 * bare ftrace_ops on the same function costs a quarter of it, but sees no
 * return; a tracepoint is there for what has one.
 */
#ifndef _BRKW_ATTACH_H
#define _BRKW_ATTACH_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

#define NR_CANDIDATES	3

typedef bool (*brkw_enter_fn)(struct pt_regs *regs, u64 *data);

/**
 * struct brkw_hook - one thing to watch
 * @name: what it is called in stats
 * @lost: what is lost without it, for people
 * @candidates: symbols to try, in this order
 * @enter: called at entry, by the candidate's position
 * @leave: called at return if @enter asked for it; makes it a kretprobe, whose
 *	   entry handler answers whether the return is wanted
 * @probe: for a tracepoint, its function
 * @first_key: first key that cannot be known without it
 * @last_key: last of them
 * @nr_instances: returns that may be awaited at once
 * @is_required: the module cannot do without
 * @is_fault: goes with the parameter faults
 * @candidate: which one registered
 * @is_armed: is registered
 * @is_ftrace: by ftrace
 * @rp: the probe; only its kp for one without @leave
 * @ops: the same by ftrace
 * @tp: the tracepoint
 * @hits: by CPU
 * @nr_missed_before: misses up to the last time it was disarmed
 */
struct brkw_hook {
	const char *name;
	const char *lost;
	const char *candidates[NR_CANDIDATES];
	brkw_enter_fn enter[NR_CANDIDATES];
	void (*leave)(unsigned long retval, const u64 *data);
	void *probe;
	u8 first_key;
	u8 last_key;
	u8 nr_instances;
	bool is_required;
	bool is_fault;

	u8 candidate;
	bool is_armed;
	bool is_ftrace;
	struct kretprobe rp;
	struct ftrace_ops ops;
	struct tracepoint *tp;
	u64 __percpu *hits;
	u64 nr_missed_before;
};

int brkw_attach(struct brkw_hook *hook, bool may_ftrace);
void brkw_detach(struct brkw_hook *hook);
const char *brkw_attach_kind(const struct brkw_hook *hook);
u64 brkw_attach_missed(const struct brkw_hook *hook);

#endif /* _BRKW_ATTACH_H */
