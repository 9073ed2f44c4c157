// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching hooks by ftrace_ops. One that is hit often has its own, which ftrace
 * calls straight from the function. The others share one: whenever an ftrace_ops
 * is unregistered ftrace waits for all tasks to leave what it had patched (RCU
 * tasks), a tenth of a second and more.
 *
 * All data is of who arms or disarms, one at a time, but for the sharers.
 */
#include "attach_ftrace.h"

#if BRKW_HAS_FTRACE

/* As many as there are hooks, or more than one wait for RCU is needed. */
#define NR_FINDERS	24

#define NR_SHARERS	12

/* ftrace calls from within so many bytes of where a function begins. */
#define SZ_ENTRY	16

static struct kprobe finders[NR_FINDERS];
static unsigned int nr_finders;

static struct ftrace_ops shared_ops;

/*
 * Read by hooks. An address is there before ftrace calls for it, and until the
 * ops is unregistered; @call is NULL once its hook is disarmed.
 */
static struct {
	unsigned long addr;
	ftrace_func_t call;
} sharers[NR_SHARERS];
static unsigned int nr_sharers;		/* since the ops is registered */
static unsigned int nr_shared;		/* that are armed */

/**
 * brkw_ftrace_register_done() - forget what has found functions
 *
 * Context: may sleep; as brkw_attach_done().
 */
void brkw_ftrace_register_done(void)
{
	struct kprobe *probes[NR_FINDERS];
	unsigned int i;

	for (i = 0; i < nr_finders; i++)
		probes[i] = &finders[i];
	unregister_kprobes(probes, nr_finders);
	nr_finders = 0;
}

/*
 * The address of a function. ftrace_set_filter() takes names, but compares each
 * with those of all functions of the kernel, tens of thousands; a kprobe looks it
 * up. It is never armed. They are unregistered together, because that waits for
 * RCU.
 */
static int find_address(const char *symbol, unsigned long *ret_addr)
{
	struct kprobe *finder;
	int err;

	if (nr_finders == NR_FINDERS)
		brkw_ftrace_register_done();
	finder = &finders[nr_finders];
	*finder = (struct kprobe){ .symbol_name = symbol, .flags = KPROBE_FLAG_DISABLED };
	err = register_kprobe(finder);
	if (err)
		return err;
	nr_finders++;
	*ret_addr = (unsigned long)finder->addr;
	return 0;
}

static int register_ops(struct ftrace_ops *ops, ftrace_func_t call, unsigned long addr)
{
	int err;

	/* freeing a filter leaves the ops with what it freed */
	memset(ops, 0, sizeof(*ops));
	ops->func = call;
	err = ftrace_set_filter_ip(ops, addr, 0, 1);
	if (!err)
		err = register_ftrace_function(ops);
	if (err)
		ftrace_free_filter(ops);
	return err;
}

static void unregister_ops(struct ftrace_ops *ops)
{
	unregister_ftrace_function(ops);
	ftrace_free_filter(ops);
}

static void call_sharer(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			struct ftrace_regs *fregs)
{
	ftrace_func_t call;
	unsigned int i;

	for (i = 0; i < NR_SHARERS; i++) {
		if (ip - sharers[i].addr >= SZ_ENTRY)
			continue;
		call = READ_ONCE(sharers[i].call);
		if (call)
			call(ip, parent_ip, ops, fregs);
		return;
	}
}

static int register_shared(ftrace_func_t call, unsigned long addr)
{
	int err;

	if (nr_sharers == NR_SHARERS)
		return -ENOSPC;
	sharers[nr_sharers].addr = addr;
	sharers[nr_sharers].call = call;
	if (nr_sharers)
		err = ftrace_set_filter_ip(&shared_ops, addr, 0, 0);
	else
		err = register_ops(&shared_ops, call_sharer, addr);
	if (err)
		return err;
	nr_sharers++;
	nr_shared++;
	return 0;
}

/**
 * brkw_ftrace_register() - have ftrace call a hook
 * @hook: the hook, not armed, its entry chosen
 *
 * Call brkw_ftrace_register_done() in the end.
 * Context: may sleep; one caller at a time. Return: 0, -ENOENT if there is no
 * such function, or what ftrace answered, which may not know it.
 */
int brkw_ftrace_register(struct brkw_hook *hook)
{
	unsigned long addr;
	int err;

	if (!hook->entry->by_ftrace)
		return -EOPNOTSUPP;
	err = find_address(hook->entry->symbol, &addr);
	if (err)
		return err;
	if (hook->is_rare)
		return register_shared(hook->entry->by_ftrace, addr);
	return register_ops(&hook->ops, hook->entry->by_ftrace, addr);
}

static void unregister_shared(ftrace_func_t call)
{
	unsigned int i;

	for (i = 0; i < nr_sharers; i++) {
		if (sharers[i].call != call)
			continue;
		WRITE_ONCE(sharers[i].call, NULL);
		nr_shared--;
	}
}

/**
 * brkw_ftrace_unregister() - have ftrace call a hook no more
 * @hook: the hook, armed by brkw_ftrace_register()
 *
 * Needs no memory. Context: may sleep. It may still be running until
 * brkw_ftrace_unregister_done().
 */
void brkw_ftrace_unregister(struct brkw_hook *hook)
{
	if (hook->is_rare)
		unregister_shared(hook->entry->by_ftrace);
	else
		unregister_ops(&hook->ops);
}

/**
 * brkw_ftrace_unregister_done() - wait for hooks that have been unregistered
 *
 * Context: may sleep; those that share are armed all, or none is.
 */
void brkw_ftrace_unregister_done(void)
{
	if (!nr_sharers || nr_shared)
		return;
	unregister_ops(&shared_ops);
	memset(sharers, 0, sizeof(sharers));
	nr_sharers = 0;
}

#endif /* BRKW_HAS_FTRACE */
