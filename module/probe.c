// SPDX-License-Identifier: GPL-2.0
/*
 * The hook table. Whether a kernel has a symbol is asked by registering it:
 * the first candidate that is not absent is taken. A hook that cannot be had
 * costs its keys, not the module; only the three that open and end accounts
 * are required.
 */
#include <linux/bits.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/tracepoint.h>
#include "../uapi/linux/brkwatch.h"
#include "compat.h"
#include "probe.h"
#include "record.h"

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
 * @rp: the probe; only its kp for one without @leave
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
	struct kretprobe rp;
	struct tracepoint *tp;
	u64 __percpu *hits;
	u64 nr_missed_before;
};

#define KEYS(first, last)	.first_key = BRKW_KEY_##first, .last_key = BRKW_KEY_##last
/* A change of size that is not seen makes every sum of sizes unknown. */
#define SIZE_KEYS		KEYS(VM_GROWN_BYTES, VM_UNACCOUNTED_BYTES)

static struct brkw_hook hooks[] = {
	{
		.name = "fork",
		.lost = "new processes and threads",
		.candidates = { "wake_up_new_task" },
		.enter = { brkw_record_fork },
		.is_required = true,
	}, {
		.name = "exec",
		.lost = "processes after exec",
		.candidates = { "setup_new_exec" },
		.enter = { brkw_record_exec },
		.is_required = true,
	}, {
		.name = "exit",
		.lost = "the end of processes",
		.candidates = { "exit_mmap" },
		.enter = { brkw_record_exit_mm },
		.is_required = true,
	}, {
		.name = "task_free",
		.lost = "the end of threads",
		.candidates = { "sched_process_free" },
		.probe = brkw_record_task_free,
		.is_required = true,
	}, {
		.name = "sys_brk",
		.lost = "brk calls that change no page",
		.candidates = { "__x64_sys_brk", "__arm64_sys_brk", "sys_brk" },
		.enter = { brkw_record_brk, brkw_record_brk, brkw_record_brk },
		.leave = brkw_record_brk_return,
		.nr_instances = 128,
		KEYS(BRK_SAME_EVENTS, BRK_FAIL_EVENTS),
	}, {
		.name = "sys_brk_compat",
		.lost = "brk calls of 32-bit programs that change no page",
		.candidates = { "__ia32_sys_brk" },
		.enter = { brkw_record_brk },
		.leave = brkw_record_brk_return,
		.nr_instances = 32,
	}, {
		.name = "brk_grow",
		.lost = "the growth of the heap",
		.candidates = { "do_brk_flags" },
		.enter = { brkw_record_brk_flags },
		SIZE_KEYS,
	}, {
		.name = "mmap",
		.lost = "new mappings",
		.candidates = { "do_mmap" },
		.enter = { brkw_record_mmap },
		.leave = brkw_record_mmap_return,
		.nr_instances = 128,
		SIZE_KEYS,
	}, {
		.name = "munmap",
		.lost = "all that shrinks",
		.candidates = { "do_vmi_align_munmap", "do_mas_align_munmap", "__do_munmap" },
		.enter = { brkw_record_munmap, brkw_record_munmap, brkw_record_munmap_len },
		SIZE_KEYS,
	}, {
		.name = "sys_mremap",
		.lost = "mremap calls that fail",
		.candidates = { "__x64_sys_mremap", "__arm64_sys_mremap", "sys_mremap" },
		.enter = { brkw_record_mremap, brkw_record_mremap, brkw_record_mremap },
		.leave = brkw_record_mremap_return,
		.nr_instances = 64,
		KEYS(MREMAP_FAIL_EVENTS, MREMAP_FAIL_EVENTS),
	}, {
		.name = "sys_mremap_compat",
		.lost = "mremap calls of 32-bit programs that fail",
		.candidates = { "__ia32_sys_mremap" },
		.enter = { brkw_record_mremap },
		.leave = brkw_record_mremap_return,
		.nr_instances = 32,
	}, {
		.name = "mremap_grow",
		.lost = "mappings that mremap grows",
		.candidates = { "vm_stat_account" },
		.enter = { brkw_record_stat_account },
		SIZE_KEYS,
	}, {
		.name = "stack",
		.lost = "stacks that grow",
		.candidates = { "expand_downwards" },
		.enter = { brkw_record_stack },
		SIZE_KEYS,
	}, {
		.name = "special",
		.lost = "special mappings (vdso, uprobes)",
		.candidates = { "_install_special_mapping" },
		.enter = { brkw_record_special },
		SIZE_KEYS,
	}, {
		.name = "madvise",
		.lost = "madvise calls",
		.candidates = { "do_madvise" },
		.enter = { brkw_record_madvise },
		.leave = brkw_record_madvise_return,
		.nr_instances = 128,
		KEYS(MADVISE_DONTNEED_EVENTS, MADVISE_FREE_BYTES),
	}, {
		.name = "fault",
		.lost = "page faults",
		.candidates = { "handle_mm_fault" },
		.enter = { brkw_record_fault },
		.is_fault = true,
		KEYS(FAULT_HEAP_MINOR, FAULT_UNATTRIBUTED),
	}, {
		.name = "fault_error",
		.lost = "page faults that fail",
		.candidates = { "signal_generate" },
		.probe = brkw_record_signal,
		.is_fault = true,
		KEYS(FAULT_ERROR_EVENTS, FAULT_ERROR_EVENTS),
	},
};

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

static int arm(struct brkw_hook *hook)
{
	int err = hook->probe ? arm_tracepoint(hook) : arm_probe(hook);

	hook->is_armed = !err;
	return err;
}

static u64 missed_now(const struct brkw_hook *hook)
{
	if (hook->probe || !hook->is_armed)
		return 0;
	return READ_ONCE(hook->rp.kp.nmissed) + (unsigned int)READ_ONCE(hook->rp.nmissed);
}

static void disarm(struct brkw_hook *hook)
{
	if (!hook->is_armed)
		return;
	hook->nr_missed_before += missed_now(hook);
	if (hook->probe)
		tracepoint_probe_unregister(hook->tp, hook->probe, hook);
	else if (hook->leave)
		unregister_kretprobe(&hook->rp);
	else
		unregister_kprobe(&hook->rp.kp);
	hook->is_armed = false;
}

/**
 * brkw_probe_disarm() - take all hooks away
 *
 * Context: may sleep. None is running any more when it returns.
 */
void brkw_probe_disarm(void)
{
	unsigned int i = ARRAY_SIZE(hooks);

	while (i)
		disarm(&hooks[--i]);
	tracepoint_synchronize_unregister();
}

/**
 * brkw_probe_arm() - register all hooks that can be had
 * @has_faults: those on page faults, too
 * @ret_missing: if a required one cannot be had, its name
 *
 * Context: may sleep; none is armed. Return: 0, or what registering the
 * required hook answered; then none is armed.
 */
int brkw_probe_arm(bool has_faults, const char **ret_missing)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (hooks[i].is_fault && !has_faults)
			continue;
		err = arm(&hooks[i]);
		if (err && hooks[i].is_required) {
			*ret_missing = hooks[i].candidates[0];
			brkw_probe_disarm();
			return err;
		}
	}
	return 0;
}

/**
 * brkw_probe_disarm_faults() - take the hooks on page faults away
 *
 * Context: may sleep.
 */
void brkw_probe_disarm_faults(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (hooks[i].is_fault)
			disarm(&hooks[i]);
	tracepoint_synchronize_unregister();
}

/**
 * brkw_probe_unknown() - the keys that cannot be known
 * @ret_unknown: a bit a key, as in &struct brkw_snapshot_entry
 *
 * Context: may sleep.
 */
void brkw_probe_unknown(u64 *ret_unknown)
{
	unsigned int i, key;

	ret_unknown[0] = 0;
	ret_unknown[1] = 0;
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (hooks[i].is_armed || !hooks[i].last_key)
			continue;
		for (key = hooks[i].first_key; key <= hooks[i].last_key; key++)
			ret_unknown[key / 64] |= BIT_ULL(key % 64);
	}
}

/**
 * brkw_probe_missed() - events that the kernel could not bring us
 *
 * Context: any. Return: their number since load.
 */
u64 brkw_probe_missed(void)
{
	unsigned int i;
	u64 nr = 0;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		nr += hooks[i].nr_missed_before + missed_now(&hooks[i]);
	return nr;
}

/**
 * brkw_probe_state() - a hook as people see it
 * @i: its number, from 0
 * @ret_state: filled
 *
 * Context: may sleep. Return: false if there are not so many hooks.
 */
bool brkw_probe_state(unsigned int i, struct brkw_hook_state *ret_state)
{
	const struct brkw_hook *hook;
	unsigned int cpu;

	if (i >= ARRAY_SIZE(hooks))
		return false;
	hook = &hooks[i];
	*ret_state = (struct brkw_hook_state){
		.name = hook->name,
		.lost = hook->lost,
		.kind = hook->probe ? "tracepoint" : hook->leave ? "kretprobe" : "kprobe",
		.symbol = hook->is_armed ? hook->candidates[hook->candidate] : NULL,
		.is_armed = hook->is_armed,
		.is_fault = hook->is_fault,
		.nr_missed = hook->nr_missed_before + missed_now(hook),
	};
	for_each_possible_cpu(cpu)
		ret_state->nr_hits += *per_cpu_ptr(hook->hits, cpu);
	return true;
}

/**
 * brkw_probe_exit() - free what brkw_probe_init() made
 *
 * Context: may sleep; no hook is armed.
 */
void brkw_probe_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		free_percpu(hooks[i].hits);
}

/**
 * brkw_probe_init() - make the counters of the hooks
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_probe_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		hooks[i].hits = alloc_percpu(u64);
		if (!hooks[i].hits) {
			brkw_probe_exit();
			return -ENOMEM;
		}
	}
	return 0;
}
