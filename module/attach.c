// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching and detaching one hook. Whether a kernel has a symbol is asked by
 * registering it: the first candidate that is not absent is taken.
 */
#include "compat.h"
#include "attach.h"
#include "record.h"

static struct brkw_hook *hook_of(struct kprobe *kp)
{
	return container_of(kp, struct brkw_hook, rp.kp);
}

static int handle_entry(struct kprobe *kp, struct pt_regs *regs)
{
	struct brkw_hook *hook = hook_of(kp);

	this_cpu_inc(*hook->hits);
	hook->enter[hook->candidate](regs, NULL);
	return 0;
}

NOKPROBE_SYMBOL(handle_entry);

static struct brkw_hook *hook_of_return(struct kretprobe_instance *ri)
{
	struct kretprobe *rp = brkw_kretprobe_of(ri);

	return rp ? container_of(rp, struct brkw_hook, rp) : NULL;
}

/* Anything but 0 skips the return: then no instance is held. */
static int handle_call(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct brkw_hook *hook = hook_of_return(ri);

	if (!hook)
		return 1;
	this_cpu_inc(*hook->hits);
	return !hook->enter[hook->candidate](regs, (u64 *)ri->data);
}

NOKPROBE_SYMBOL(handle_call);

static int handle_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct brkw_hook *hook = hook_of_return(ri);

	if (hook)
		hook->leave(regs_return_value(regs), (u64 *)ri->data);
	return 0;
}

NOKPROBE_SYMBOL(handle_return);

static int register_symbol(struct brkw_hook *hook, const char *symbol)
{
	memset(&hook->rp, 0, sizeof(hook->rp));
	hook->rp.kp.symbol_name = symbol;
	if (!hook->leave) {
		hook->rp.kp.pre_handler = handle_entry;
		return register_kprobe(&hook->rp.kp);
	}
	hook->rp.entry_handler = handle_call;
	hook->rp.handler = handle_return;
	hook->rp.maxactive = hook->nr_instances;
	hook->rp.data_size = BRKW_NR_RECORD_DATA * sizeof(u64);
	return register_kretprobe(&hook->rp);
}

static int arm_probe(struct brkw_hook *hook)
{
	int err = -ENOENT;

	for (hook->candidate = 0; hook->candidate < NR_CANDIDATES; hook->candidate++) {
		if (!hook->candidates[hook->candidate])
			break;
		err = register_symbol(hook, hook->candidates[hook->candidate]);
		if (!err)
			return 0;
	}
	return err;
}

static void match_tracepoint(struct tracepoint *tp, void *data)
{
	struct brkw_hook *hook = data;

	if (!strcmp(tp->name, hook->candidates[0]))
		hook->tp = tp;
}

static int arm_tracepoint(struct brkw_hook *hook)
{
	hook->candidate = 0;
	for_each_kernel_tracepoint(match_tracepoint, hook);
	return hook->tp ? tracepoint_probe_register(hook->tp, hook->probe, hook) : -ENOENT;
}

#ifdef BRKW_HAVE_FTRACE
/* Called with preemption as the function had it; the ledger wants it off. */
static void handle_ftrace(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			  struct ftrace_regs *fregs)
{
	struct brkw_hook *hook = container_of(ops, struct brkw_hook, ops);

	preempt_disable_notrace();
	this_cpu_inc(*hook->hits);
	hook->enter[hook->candidate](brkw_regs_of(fregs), NULL);
	preempt_enable_notrace();
}

static int register_ops(struct brkw_hook *hook, const char *symbol)
{
	int err;

	/* freeing a filter leaves the ops with what it freed */
	memset(&hook->ops, 0, sizeof(hook->ops));
	hook->ops.func = handle_ftrace;
	err = ftrace_set_filter(&hook->ops, (unsigned char *)symbol, strlen(symbol), 1);
	if (!err)
		err = register_ftrace_function(&hook->ops);
	if (err)
		ftrace_free_filter(&hook->ops);
	return err;
}

static void unregister_ops(struct brkw_hook *hook)
{
	unregister_ftrace_function(&hook->ops);
	ftrace_free_filter(&hook->ops);
}
#else
static int register_ops(struct brkw_hook *hook, const char *symbol)
{
	return -EOPNOTSUPP;
}

static void unregister_ops(struct brkw_hook *hook)
{
}
#endif

/* A hook that awaits returns needs a kretprobe. */
static int arm_ftrace(struct brkw_hook *hook)
{
	int err = -EOPNOTSUPP;

	if (hook->leave)
		return err;
	for (hook->candidate = 0; hook->candidate < NR_CANDIDATES; hook->candidate++) {
		if (!hook->candidates[hook->candidate])
			break;
		err = register_ops(hook, hook->candidates[hook->candidate]);
		if (!err)
			return 0;
	}
	return err;
}

/**
 * brkw_attach() - arm a hook
 * @hook: the hook, not armed
 * @may_ftrace: by ftrace if that works
 *
 * Context: may sleep. Return: 0, -ENOENT if no candidate exists, or what
 * registering answered.
 */
int brkw_attach(struct brkw_hook *hook, bool may_ftrace)
{
	int err;

	hook->is_ftrace = !hook->probe && may_ftrace && !arm_ftrace(hook);
	if (hook->is_ftrace)
		err = 0;
	else
		err = hook->probe ? arm_tracepoint(hook) : arm_probe(hook);
	hook->is_armed = !err;
	return err;
}

static u64 missed_now(const struct brkw_hook *hook)
{
	if (hook->probe || hook->is_ftrace || !hook->is_armed)
		return 0;
	return READ_ONCE(hook->rp.kp.nmissed) + (unsigned int)READ_ONCE(hook->rp.nmissed);
}

/**
 * brkw_attach_missed() - what the kernel could not bring to a hook
 * @hook: the hook
 *
 * Context: any. Return: its misses since load.
 */
u64 brkw_attach_missed(const struct brkw_hook *hook)
{
	return hook->nr_missed_before + missed_now(hook);
}

/**
 * brkw_attach_kind() - by what a hook is attached, or would be
 * @hook: the hook
 *
 * Context: any. Return: a word.
 */
const char *brkw_attach_kind(const struct brkw_hook *hook)
{
	if (hook->probe)
		return "tracepoint";
	if (hook->is_ftrace)
		return "ftrace";
	return hook->leave ? "kretprobe" : "kprobe";
}

/**
 * brkw_detach() - disarm a hook
 * @hook: the hook, armed or not
 *
 * Context: may sleep. Only a tracepoint may still be running afterwards, until
 * tracepoint_synchronize_unregister().
 */
void brkw_detach(struct brkw_hook *hook)
{
	if (!hook->is_armed)
		return;
	hook->nr_missed_before += missed_now(hook);
	if (hook->probe)
		tracepoint_probe_unregister(hook->tp, hook->probe, hook);
	else if (hook->is_ftrace)
		unregister_ops(hook);
	else if (hook->leave)
		unregister_kretprobe(&hook->rp);
	else
		unregister_kprobe(&hook->rp.kp);
	hook->is_armed = false;
}
