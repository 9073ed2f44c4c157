// SPDX-License-Identifier: GPL-2.0
/*
 * The hook table. A hook that cannot be had costs its keys, not the module;
 * only those that open and end accounts are required.
 */
#include <linux/bits.h>
#include "../uapi/linux/brkwatch.h"
#include "attach.h"
#include "probe.h"
#include "record.h"

#define KEYS(first, last)	.first_key = BRKW_KEY_##first, .last_key = BRKW_KEY_##last
/* A change of size that is not seen makes every sum of sizes unknown. */
#define SIZE_KEYS		KEYS(VM_GROWN_BYTES, VM_UNACCOUNTED_BYTES)

/*
 * Armed in this order, disarmed in the reverse: what ends slots and accounts
 * before what opens them, and both last, so that none is open whose events or
 * whose end are not seen.
 */
static struct brkw_hook hooks[] = {
	{
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
	}, {
		.name = "task_free",
		.lost = "the end of threads",
		.candidates = { "sched_process_free" },
		.probe = brkw_record_task_free,
		.is_required = true,
	}, {
		.name = "exit",
		.lost = "the end of processes",
		.candidates = { "exit_mmap" },
		.enter = { brkw_record_exit_mm },
		.is_required = true,
	}, {
		.name = "exec",
		.lost = "processes after exec",
		.candidates = { "setup_new_exec" },
		.enter = { brkw_record_exec },
		.is_required = true,
	}, {
		.name = "fork",
		.lost = "new processes and threads",
		.candidates = { "wake_up_new_task" },
		.enter = { brkw_record_fork },
		.is_required = true,
	},
};

/**
 * brkw_probe_disarm() - take all hooks away
 *
 * Context: may sleep. None is running any more when it returns.
 */
void brkw_probe_disarm(void)
{
	unsigned int i = ARRAY_SIZE(hooks);

	while (i)
		brkw_detach(&hooks[--i]);
	tracepoint_synchronize_unregister();
}

/**
 * brkw_probe_arm() - register all hooks that can be had
 * @has_faults: those on page faults, too
 * @may_ftrace: by ftrace where that works, else all by kprobes
 * @ret_missing: if a required one cannot be had, its name
 *
 * Context: may sleep; none is armed. Return: 0, or what registering the
 * required hook answered; then none is armed.
 */
int brkw_probe_arm(bool has_faults, bool may_ftrace, const char **ret_missing)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (hooks[i].is_fault && !has_faults)
			continue;
		err = brkw_attach(&hooks[i], may_ftrace);
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
			brkw_detach(&hooks[i]);
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
		nr += brkw_attach_missed(&hooks[i]);
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
		.kind = brkw_attach_kind(hook),
		.symbol = hook->is_armed ? hook->candidates[hook->candidate] : NULL,
		.is_armed = hook->is_armed,
		.is_fault = hook->is_fault,
		.nr_missed = brkw_attach_missed(hook),
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
