// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching and detaching one hook. Whether a kernel has a symbol is asked by
 * registering it: the first candidate that is not absent is taken.
 */
#include <linux/spinlock.h>
#include "attach.h"
#include "attach_ftrace.h"
#include "record.h"

/* Returns that may be awaited at once; mostly one a CPU, more if they sleep. */
#define NR_RETURNS	256

/* As many as there are hooks, or more than one wait for RCU is needed. */
#define NR_LEAVING	24

static DEFINE_PER_CPU(u64, nr_timed);
static DEFINE_PER_CPU(u64, timed_ns);

/* To be disarmed, all at once. Of who disarms: one at a time. */
static struct kprobe *leaving[NR_LEAVING];
static unsigned int nr_leaving;

/*
 * Guards what is told of hooks; see struct brkw_hook. Who arms or disarms, one at a
 * time, takes it to write alone. Hooks take it, too, as accounts open.
 */
static DEFINE_RAW_SPINLOCK(told_lock);

/**
 * brkw_attach_note_cost() - a hit that was timed is over
 * @begin_ns: when it began, by ktime_get_mono_fast_ns()
 *
 * Context: a hook. What the kernel spends to call the hook is not in it.
 */
void brkw_attach_note_cost(u64 begin_ns)
{
	this_cpu_add(timed_ns, ktime_get_mono_fast_ns() - begin_ns);
	this_cpu_inc(nr_timed);
}

/**
 * brkw_attach_cost() - what hits cost that were timed
 * @ret_nr_timed: their number
 * @ret_ns: how long they took together
 *
 * Context: any.
 */
void brkw_attach_cost(u64 *ret_nr_timed, u64 *ret_ns)
{
	unsigned int cpu;

	*ret_nr_timed = 0;
	*ret_ns = 0;
	for_each_possible_cpu(cpu) {
		*ret_nr_timed += READ_ONCE(per_cpu(nr_timed, cpu));
		*ret_ns += READ_ONCE(per_cpu(timed_ns, cpu));
	}
}

/*
 * One kretprobe for all hooks. It is registered, so that it has instances and
 * the kernel knows its handler, but it is never armed: it sits on a function
 * of ours that nobody calls. An entry that wants the return of its function
 * hands its registers to the kretprobe's own handler, which then does what it
 * does at any function's entry. So returns that nobody wants, which are nearly
 * all, cost nothing.
 */
static noinline void anchor_of_returns(void)
{
	barrier();
}

static int handle_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	brkw_record_return(regs_return_value(regs));
	return 0;
}

NOKPROBE_SYMBOL(handle_return);

static struct kretprobe returns = {
	.kp.addr = (kprobe_opcode_t *)anchor_of_returns,
	.kp.flags = KPROBE_FLAG_DISABLED,
	.handler = handle_return,
	.maxactive = NR_RETURNS,
};

/**
 * brkw_attach_await() - have brkw_record_return() called when a function returns
 * @regs: registers at its entry, as a kprobe or ftrace gave them
 *
 * Context: the hook at the entry of the function. Without a free instance it
 * is counted as missed.
 */
void brkw_attach_await(struct pt_regs *regs)
{
	int nr_missed = READ_ONCE(returns.nmissed);

	returns.kp.pre_handler(&returns.kp, regs);
	if (unlikely(READ_ONCE(returns.nmissed) != nr_missed))
		brkw_record_missed_return();
}

/**
 * brkw_attach_missed_returns() - returns for which there was no instance
 *
 * Context: any. Return: their number since load.
 */
u64 brkw_attach_missed_returns(void)
{
	return (unsigned int)READ_ONCE(returns.nmissed);
}

/**
 * brkw_attach_init() - be ready to catch returns
 *
 * Context: may sleep. Return: 0, or what registering answered.
 */
int brkw_attach_init(void)
{
	return register_kretprobe(&returns);
}

/**
 * brkw_attach_exit() - catch no more returns
 *
 * Context: may sleep; no hook is armed. A function that has not returned yet
 * will return past the module.
 */
void brkw_attach_exit(void)
{
	unregister_kretprobe(&returns);
}

/* The kernel has added to nmissed, and goes on as if we were not here. */
static int count_handler_fault(struct kprobe *kp, struct pt_regs *regs, int trapnr)
{
	struct brkw_hook *hook = container_of(kp, struct brkw_hook, kp);

	atomic_long_inc(&hook->nr_handler_faults);
	return 0;
}

NOKPROBE_SYMBOL(count_handler_fault);

static int register_probe(struct brkw_hook *hook)
{
	hook->kp = (struct kprobe){
		.symbol_name = hook->entry->symbol,
		.pre_handler = hook->entry->by_kprobe,
	};
	atomic_long_set(&hook->nr_handler_faults, 0);
	brkw_count_handler_faults(&hook->kp, count_handler_fault);
	return register_kprobe(&hook->kp);
}

static void match_tracepoint(struct tracepoint *tp, void *data)
{
	struct brkw_hook *hook = data;

	if (!strcmp(tp->name, hook->entry->symbol))
		hook->tp = tp;
}

static int register_tracepoint(struct brkw_hook *hook)
{
	for_each_kernel_tracepoint(match_tracepoint, hook);
	if (!hook->tp)
		return -ENOENT;
	return tracepoint_probe_register(hook->tp, hook->entry->by_tracepoint, NULL);
}

/* Takes the first candidate that can be registered; without memory none is asked. */
static int arm(struct brkw_hook *hook, int (*register_entry)(struct brkw_hook *hook))
{
	int err = -ENOENT;
	unsigned int i;

	for (i = 0; i < NR_CANDIDATES && hook->entries[i].symbol; i++) {
		WRITE_ONCE(hook->entry, &hook->entries[i]);
		err = register_entry(hook);
		if (!err || err == -ENOMEM)
			break;
	}
	return err;
}

/* Two processors that add to nmissed at once may add one, hence less than none. */
static u64 missed_now(const struct brkw_hook *hook)
{
	long nr_missed;

	if (!hook->has_missed)
		return 0;
	nr_missed = READ_ONCE(hook->kp.nmissed);
	smp_rmb();	/* each fault is in nmissed first */
	return max(nr_missed - atomic_long_read(&hook->nr_handler_faults), 0L);
}

/* What it has missed until now: nobody looks at @kp from then on. */
static void keep_missed(struct brkw_hook *hook)
{
	unsigned long irqflags;

	raw_spin_lock_irqsave(&told_lock, irqflags);
	hook->nr_missed_before += missed_now(hook);
	hook->has_missed = false;
	raw_spin_unlock_irqrestore(&told_lock, irqflags);
}

static void set_armed(struct brkw_hook *hook, bool is_armed, bool is_ftrace)
{
	unsigned long irqflags;

	raw_spin_lock_irqsave(&told_lock, irqflags);
	hook->is_armed = is_armed;
	hook->is_ftrace = is_ftrace;
	hook->has_missed |= is_armed && !is_ftrace && !hook->tp;
	raw_spin_unlock_irqrestore(&told_lock, irqflags);
}

/**
 * brkw_attach() - arm a hook
 * @hook: the hook, not armed
 * @may_ftrace: by ftrace if that works
 *
 * Call brkw_attach_done() when all are armed that shall be, or one could not.
 * Context: may sleep; one caller at a time. Return: 0, -ENOENT if no candidate
 * exists, or what registering answered.
 */
int brkw_attach(struct brkw_hook *hook, bool may_ftrace)
{
	bool is_ftrace = false;
	int err = -EOPNOTSUPP;

	keep_missed(hook);
	if (hook->entries[0].by_tracepoint) {
		err = arm(hook, register_tracepoint);
	} else {
		if (may_ftrace)
			err = arm(hook, brkw_ftrace_register);
		is_ftrace = !err;
		if (err)
			err = arm(hook, register_probe);
	}
	set_armed(hook, !err, is_ftrace);
	return err;
}

/**
 * brkw_attach_done() - hooks have been armed: forget what has found them
 *
 * Context: may sleep; as brkw_attach().
 */
void brkw_attach_done(void)
{
	brkw_ftrace_register_done();
}

/**
 * brkw_attach_missed() - what the kernel could not bring to hooks
 * @hooks: the hooks
 * @nr: their number
 *
 * Context: any. Return: their misses since load.
 */
u64 brkw_attach_missed(const struct brkw_hook *hooks, unsigned int nr)
{
	unsigned long irqflags;
	u64 nr_missed = 0;
	unsigned int i;

	raw_spin_lock_irqsave(&told_lock, irqflags);
	for (i = 0; i < nr; i++)
		nr_missed += hooks[i].nr_missed_before + missed_now(&hooks[i]);
	raw_spin_unlock_irqrestore(&told_lock, irqflags);
	return nr_missed;
}

/**
 * brkw_attach_hits() - how often a hook ran
 * @hook: the hook
 *
 * Context: any. Return: its hits since load.
 */
u64 brkw_attach_hits(const struct brkw_hook *hook)
{
	const struct brkw_entry *entry = READ_ONCE(hook->entry) ?: &hook->entries[0];
	unsigned int cpu;
	u64 nr = 0;

	for_each_possible_cpu(cpu)
		nr += READ_ONCE(*per_cpu_ptr(entry->hits, cpu));
	return nr;
}

static const char *kind_of(const struct brkw_hook *hook)
{
	if (hook->entries[0].by_tracepoint)
		return "tracepoint";
	return hook->is_ftrace ? "ftrace" : "kprobe";
}

/**
 * brkw_attach_kind() - by what a hook is attached, or would be, and where
 * @hook: the hook
 * @ret_symbol: the symbol it is armed at, or NULL
 *
 * Context: any. Return: a word.
 */
const char *brkw_attach_kind(const struct brkw_hook *hook, const char **ret_symbol)
{
	unsigned long irqflags;
	const char *kind;

	raw_spin_lock_irqsave(&told_lock, irqflags);
	kind = kind_of(hook);
	*ret_symbol = hook->is_armed ? hook->entry->symbol : NULL;
	raw_spin_unlock_irqrestore(&told_lock, irqflags);
	return kind;
}

/**
 * brkw_detach() - disarm a hook
 * @hook: the hook, armed or not
 *
 * Call brkw_detach_done() when all are disarmed that shall be.
 * Context: may sleep; as brkw_attach(). The hook may still be running until then.
 */
void brkw_detach(struct brkw_hook *hook)
{
	if (!hook->is_armed)
		return;
	if (hook->tp) {
		tracepoint_probe_unregister(hook->tp, hook->entry->by_tracepoint, NULL);
	} else if (hook->is_ftrace) {
		brkw_ftrace_unregister(hook);
	} else {
		if (nr_leaving == NR_LEAVING)
			brkw_detach_done();
		leaving[nr_leaving++] = &hook->kp;
	}
	set_armed(hook, false, hook->is_ftrace);
}

/**
 * brkw_detach_done() - wait until no hook runs any more that was disarmed
 *
 * Only now kprobes are: unregistering waits for RCU, for each or for all at once.
 * Context: may sleep; as brkw_attach().
 */
void brkw_detach_done(void)
{
	unregister_kprobes(leaving, nr_leaving);
	nr_leaving = 0;
	brkw_ftrace_unregister_done();
	tracepoint_synchronize_unregister();
}
