// SPDX-License-Identifier: GPL-2.0
/*
 * The hook table. A hook that cannot be had costs its keys, not the module;
 * only those that open and end accounts are required.
 */
#include <linux/bits.h>
#include <linux/mman.h>
#include <linux/mutex.h>
#include "../uapi/linux/brkwatch.h"
#include "attach.h"
#include "probe.h"
#include "record.h"

BRKW_DEFINE_RETURN_ENTRY(sys_brk, brkw_record_brk)
BRKW_DEFINE_RETURN_ENTRY(sys_brk_compat, brkw_record_brk)
BRKW_DEFINE_ENTRY(brk_grow, brkw_record_brk_flags)
BRKW_DEFINE_RETURN_ENTRY(mmap, brkw_record_mmap)
BRKW_DEFINE_ENTRY(munmap, brkw_record_munmap)
BRKW_DEFINE_ENTRY(munmap_len, brkw_record_munmap_len)
BRKW_DEFINE_RETURN_ENTRY(sys_mremap, brkw_record_mremap)
BRKW_DEFINE_RETURN_ENTRY(sys_mremap_compat, brkw_record_mremap)
BRKW_DEFINE_ENTRY(mremap_grow, brkw_record_stat_account)
BRKW_DEFINE_RETURN_ENTRY(stack, brkw_record_stack)
BRKW_DEFINE_ENTRY(special, brkw_record_special)
BRKW_DEFINE_RETURN_ENTRY(madvise, brkw_record_madvise)
BRKW_DEFINE_RETURN_ENTRY(sys_process_madvise, brkw_record_process_madvise)
BRKW_DEFINE_RETURN_ENTRY(sys_process_madvise_compat, brkw_record_process_madvise)
BRKW_DEFINE_ENTRY(fault, brkw_record_fault)
BRKW_DEFINE_ENTRY(exit, brkw_record_exit_mm)
BRKW_DEFINE_ENTRY(exec, brkw_record_exec)
BRKW_DEFINE_ENTRY(fork, brkw_record_fork)

static DEFINE_PER_CPU(u64, task_free_hits);
static DEFINE_PER_CPU(u64, fault_error_hits);

/* Tracepoints used to call with preemption off; those of 7.2 do not. */
static void task_free_by_tracepoint(void *unused, struct task_struct *task)
{
	preempt_disable_notrace();
	this_cpu_inc(task_free_hits);
	brkw_record_task_free(task);
	preempt_enable_notrace();
}

static void fault_error_by_tracepoint(void *unused, int sig, struct kernel_siginfo *info,
				      struct task_struct *task, int is_group, int result)
{
	preempt_disable_notrace();
	this_cpu_inc(fault_error_hits);
	brkw_record_signal(sig, info, task);
	preempt_enable_notrace();
}

/*
 * Hooks can be switched off behind our back: kernel.ftrace_enabled=0 and
 * debugfs' kprobes/enabled=0 silence them, and registering still works. So there
 * are canaries on a function that we can call ourselves and that hardly anybody
 * else does: one attached as most hooks are, and one by a kprobe if any hook is.
 */
#define CANARY_SYMBOL	"vm_memory_committed"

static void canary_sang(struct pt_regs *regs)
{
}

BRKW_DEFINE_ENTRY(canary, canary_sang)
BRKW_DEFINE_ENTRY(canary_by_kprobe, canary_sang)

static struct brkw_hook canaries[] = {
	{ .name = "canary", .entries = { BRKW_ENTRY(CANARY_SYMBOL, canary) }, .is_rare = true },
	{ .name = "canary", .entries = { BRKW_ENTRY(CANARY_SYMBOL, canary_by_kprobe) } },
};

/* Held while hooks come and go: a canary that is leaving is not silent. */
static DEFINE_MUTEX(canary_mutex);

#define RANGE(first, last)	{ BRKW_KEY_##first, BRKW_KEY_##last }
#define KEYS(...)		.keys = { __VA_ARGS__ }
/*
 * A change of size that is not seen makes every sum of sizes unknown, and what
 * is told from the size: that others have failed.
 */
#define SIZE_KEYS(...)		KEYS(RANGE(VM_GROWN_BYTES, VM_UNACCOUNTED_BYTES),	\
				     RANGE(BRK_FAIL_EVENTS, BRK_FAIL_EVENTS),		\
				     RANGE(MMAP_FAIL_EVENTS, MMAP_FAIL_EVENTS),		\
				     RANGE(MUNMAP_FAIL_EVENTS, MUNMAP_FAIL_EVENTS), __VA_ARGS__)

/*
 * Armed in this order, disarmed in the reverse: what ends slots and accounts
 * before what opens them, which none does before all are armed: see enum
 * brkw_phase.
 */
static struct brkw_hook hooks[] = {
	{
		.name = "sys_brk",
		.lost = "brk calls that change no page",
		.entries = {
			BRKW_ENTRY("__x64_sys_brk", sys_brk),
			BRKW_ENTRY("__arm64_sys_brk", sys_brk),
			BRKW_ENTRY("sys_brk", sys_brk),
		},
		KEYS(RANGE(BRK_PEAK_BYTES, BRK_CALLS), RANGE(BRK_SAME_EVENTS, BRK_FAIL_EVENTS)),
	}, {
		.name = "sys_brk_compat",
		.lost = "brk calls of 32-bit programs that change no page",
		.entries = { BRKW_ENTRY("__ia32_sys_brk", sys_brk_compat) },
		.is_rare = true,
	}, {
		.name = "brk_grow",
		.lost = "the growth of the heap",
		.entries = { BRKW_ENTRY("do_brk_flags", brk_grow) },
		SIZE_KEYS(RANGE(BRK_GROW_EVENTS, BRK_GROW_BYTES),
			  RANGE(BRK_SAME_EVENTS, BRK_FAIL_EVENTS),
			  RANGE(OTHER_GROW_EVENTS, OTHER_GROW_BYTES)),
	}, {
		.name = "mmap",
		.lost = "new mappings",
		.entries = { BRKW_ENTRY("do_mmap", mmap) },
		/* up to 6.1 what makes room for one is an unmapping, too */
		SIZE_KEYS(RANGE(MMAP_ANON_PRIVATE_EVENTS, MUNMAP_FAIL_EVENTS),
			  RANGE(OTHER_GROW_EVENTS, OTHER_GROW_BYTES)),
	}, {
		.name = "munmap",
		.lost = "all that shrinks",
		.entries = {
			BRKW_ENTRY("do_vmi_align_munmap", munmap),
			BRKW_ENTRY("do_mas_align_munmap", munmap),
			BRKW_ENTRY("__do_munmap", munmap_len),
		},
		SIZE_KEYS(RANGE(BRK_SHRINK_EVENTS, BRK_FAIL_EVENTS),
			  RANGE(MMAP_REPLACED_BYTES, MREMAP_MOVE_EVENTS),
			  RANGE(OTHER_SHRINK_EVENTS, OTHER_SHRINK_BYTES)),
	}, {
		.name = "sys_mremap",
		.lost = "mremap calls that fail",
		.entries = {
			BRKW_ENTRY("__x64_sys_mremap", sys_mremap),
			BRKW_ENTRY("__arm64_sys_mremap", sys_mremap),
			BRKW_ENTRY("sys_mremap", sys_mremap),
		},
		.is_rare = true,
		KEYS(RANGE(MREMAP_FAIL_EVENTS, MREMAP_FAIL_EVENTS)),
	}, {
		.name = "sys_mremap_compat",
		.lost = "mremap calls of 32-bit programs that fail",
		.entries = {
			BRKW_ENTRY("__ia32_sys_mremap", sys_mremap_compat),
		},
		.is_rare = true,
	}, {
		.name = "mremap_grow",
		.lost = "mappings that mremap grows",
		.entries = { BRKW_ENTRY("vm_stat_account", mremap_grow) },
		SIZE_KEYS(RANGE(MREMAP_GROW_EVENTS, MREMAP_MOVE_EVENTS)),
	}, {
		.name = "stack",
		.lost = "stacks that grow",
		.entries = { BRKW_ENTRY("expand_downwards", stack) },
		.is_rare = true,
		SIZE_KEYS(RANGE(STACK_GROW_EVENTS, STACK_GROW_BYTES)),
	}, {
		.name = "special",
		.lost = "special mappings (vdso, uprobes)",
		.entries = { BRKW_ENTRY("_install_special_mapping", special) },
		.is_rare = true,
		SIZE_KEYS(RANGE(OTHER_GROW_EVENTS, OTHER_GROW_BYTES)),
	}, {
		.name = "madvise",
		.lost = "madvise calls",
		.entries = {
			/* gcc-10 has the system call skip the outer part */
			BRKW_ENTRY("do_madvise.part.0", madvise),
			BRKW_ENTRY("do_madvise", madvise),
		},
		.is_rare = true,
		KEYS(RANGE(MADVISE_DONTNEED_EVENTS, MADVISE_FREE_BYTES)),
	}, {
		.name = "sys_process_madvise",
		.lost = "process_madvise calls",
		.entries = {
			BRKW_ENTRY("__x64_sys_process_madvise", sys_process_madvise),
			BRKW_ENTRY("__arm64_sys_process_madvise", sys_process_madvise),
			BRKW_ENTRY("sys_process_madvise", sys_process_madvise),
		},
		.is_rare = true,
		KEYS(RANGE(MADVISE_DONTNEED_EVENTS, MADVISE_FREE_BYTES)),
	}, {
		.name = "sys_process_madvise_compat",
		.lost = "process_madvise calls of 32-bit programs",
		.entries = {
			BRKW_ENTRY("__ia32_sys_process_madvise", sys_process_madvise_compat),
		},
		.is_rare = true,
	}, {
		.name = "fault",
		.lost = "page faults",
		.entries = { BRKW_ENTRY("handle_mm_fault", fault) },
		.is_fault = true,
		KEYS(RANGE(FAULT_HEAP_MINOR, FAULT_UNATTRIBUTED)),
	}, {
		.name = "fault_error",
		.lost = "page faults that fail",
		.entries = { {
			.symbol = "signal_generate",
			.by_tracepoint = fault_error_by_tracepoint,
			.hits = &fault_error_hits,
		} },
		.is_fault = true,
		KEYS(RANGE(FAULT_ERROR_EVENTS, FAULT_ERROR_EVENTS)),
	}, {
		.name = "task_free",
		.lost = "the end of threads",
		.entries = { {
			.symbol = "sched_process_free",
			.by_tracepoint = task_free_by_tracepoint,
			.hits = &task_free_hits,
		} },
		.is_required = true,
	}, {
		.name = "exit",
		.lost = "the end of processes",
		.entries = { BRKW_ENTRY("exit_mmap", exit) },
		.is_required = true,
		.is_rare = true,
	}, {
		.name = "exec",
		.lost = "processes after exec",
		.entries = { BRKW_ENTRY("setup_new_exec", exec) },
		.is_required = true,
		.is_rare = true,
	}, {
		.name = "fork",
		.lost = "new processes and threads",
		.entries = { BRKW_ENTRY("wake_up_new_task", fork) },
		.is_required = true,
		.is_rare = true,
	},
};

static bool is_any_kprobe(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (hooks[i].is_armed && !hooks[i].is_ftrace && !hooks[i].tp)
			return true;
	return false;
}

/* A kernel in which none can be had, with memory, is one of which nobody can tell. */
static int arm_canaries(bool may_ftrace)
{
	int err;

	mutex_lock(&canary_mutex);
	err = brkw_attach(&canaries[0], may_ftrace);
	if (canaries[0].is_ftrace && is_any_kprobe())
		err = brkw_attach(&canaries[1], false);
	brkw_record_heard(true, ktime_get_boottime_ns());	/* until it turns out */
	mutex_unlock(&canary_mutex);
	return err == -ENOMEM ? err : 0;
}

static void disarm_canaries(void)
{
	mutex_lock(&canary_mutex);
	brkw_detach(&canaries[1]);
	brkw_detach(&canaries[0]);
	mutex_unlock(&canary_mutex);
}

static bool is_silent(const u64 *nr_hits_before)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(canaries); i++)
		if (canaries[i].is_armed && brkw_attach_hits(&canaries[i]) == nr_hits_before[i])
			return true;
	return false;
}

static bool is_heard(void)
{
	u64 nr_hits[ARRAY_SIZE(canaries)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(canaries); i++)
		nr_hits[i] = brkw_attach_hits(&canaries[i]);
	data_race(vm_memory_committed());	/* the call matters, not the sum */
	return !is_silent(nr_hits);
}

/**
 * brkw_probe_is_heard() - the kernel calls the hooks that it has registered
 *
 * Context: may sleep. Return: false if hooks are armed and silent.
 */
bool brkw_probe_is_heard(void)
{
	bool ret;

	mutex_lock(&canary_mutex);
	ret = is_heard();
	mutex_unlock(&canary_mutex);
	return ret;
}

/**
 * brkw_probe_ask() - have the ledger know whether hooks are called
 *
 * Context: may sleep.
 */
void brkw_probe_ask(void)
{
	u64 asked_ns;

	mutex_lock(&canary_mutex);
	asked_ns = ktime_get_boottime_ns();	/* what is true then may not be any more */
	brkw_record_heard(is_heard(), asked_ns);
	mutex_unlock(&canary_mutex);
}

/**
 * brkw_probe_doubt() - nothing is exact any more: hooks are about to be taken away
 *
 * Context: may sleep.
 */
void brkw_probe_doubt(void)
{
	mutex_lock(&canary_mutex);
	brkw_record_heard(false, 0);
	mutex_unlock(&canary_mutex);
}

/**
 * brkw_probe_disarm() - take all hooks away
 *
 * Context: may sleep. None is running any more when it returns.
 */
void brkw_probe_disarm(void)
{
	unsigned int i = ARRAY_SIZE(hooks);

	disarm_canaries();
	while (i)
		brkw_detach(&hooks[--i]);
	brkw_detach_done();
}

static int arm_hooks(bool has_faults, bool may_ftrace, const char **ret_missing)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (hooks[i].is_fault && !has_faults)
			continue;
		err = brkw_attach(&hooks[i], may_ftrace);
		if (err == -ENOMEM || (err && hooks[i].is_required)) {
			*ret_missing = hooks[i].entries[0].symbol;
			return err;
		}
	}
	*ret_missing = CANARY_SYMBOL;
	return arm_canaries(may_ftrace);
}

/**
 * brkw_probe_arm() - register all hooks that can be had
 * @has_faults: those on page faults, too
 * @may_ftrace: by ftrace where that works, else all by kprobes
 * @ret_missing: if a required one cannot be had, its name
 *
 * Context: may sleep; none is armed. Return: 0, or what registering the
 * required hook answered, or -ENOMEM; then none is armed.
 */
int brkw_probe_arm(bool has_faults, bool may_ftrace, const char **ret_missing)
{
	int err = arm_hooks(has_faults, may_ftrace, ret_missing);

	brkw_attach_done();
	if (err)
		brkw_probe_disarm();
	return err;
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
			brkw_detach(&hooks[i]);
	brkw_detach_done();
}

static bool is_known(const struct brkw_hook *hook, bool has_faults)
{
	return hook->is_armed && (has_faults || !hook->is_fault);
}

static void mark_range(const struct brkw_key_range *range, u64 *keys)
{
	unsigned int key;

	for (key = range->first; range->last && key <= range->last; key++)
		keys[key / 64] |= BIT_ULL(key % 64);
}

/**
 * brkw_probe_unknown() - the keys that cannot be known
 * @has_faults: those of page faults may be
 * @ret_unknown: a bit a key, as in &struct brkw_snapshot_entry
 *
 * Context: may sleep.
 */
void brkw_probe_unknown(bool has_faults, u64 *ret_unknown)
{
	unsigned int i, k;

	ret_unknown[0] = 0;
	ret_unknown[1] = 0;
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		for (k = 0; k < NR_KEY_RANGES && !is_known(&hooks[i], has_faults); k++)
			mark_range(&hooks[i].keys[k], ret_unknown);
}

/**
 * brkw_probe_missed() - events that the kernel could not bring us
 *
 * Context: any. Return: their number since load.
 */
u64 brkw_probe_missed(void)
{
	return brkw_attach_missed(hooks, ARRAY_SIZE(hooks)) + brkw_attach_missed_returns();
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

	if (i >= ARRAY_SIZE(hooks))
		return false;
	hook = &hooks[i];
	*ret_state = (struct brkw_hook_state){
		.name = hook->name,
		.lost = hook->lost,
		.is_fault = hook->is_fault,
		.nr_hits = brkw_attach_hits(hook),
		.nr_missed = brkw_attach_missed(hook, 1),
	};
	ret_state->kind = brkw_attach_kind(hook, &ret_state->symbol);
	ret_state->is_armed = ret_state->symbol;
	return true;
}

/**
 * brkw_probe_cost() - what the hooks cost
 * @ret_nr_timed: how many of their hits were timed
 * @ret_ns: how long these took together
 *
 * Context: any. Return: hits of all hooks.
 */
u64 brkw_probe_cost(u64 *ret_nr_timed, u64 *ret_ns)
{
	unsigned int i;
	u64 nr = 0;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		nr += brkw_attach_hits(&hooks[i]);
	brkw_attach_cost(ret_nr_timed, ret_ns);
	return nr;
}

/**
 * brkw_probe_init() - be ready to arm hooks
 *
 * Context: may sleep. Return: 0, or why kprobes cannot be had.
 */
int brkw_probe_init(void)
{
	return brkw_attach_init();
}

/**
 * brkw_probe_exit() - undo brkw_probe_init()
 *
 * Context: may sleep; no hook is armed.
 */
void brkw_probe_exit(void)
{
	brkw_attach_exit();
}
