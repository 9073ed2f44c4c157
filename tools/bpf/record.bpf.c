// SPDX-License-Identifier: GPL-2.0
/*
 * Sends every change of the size of the address spaces of some processes and
 * of their children: who, how much, and the user registers with the top of the
 * user stack, to be unwound by whoever reads.
 *
 * The kernel structures are declared here as far as they are read; CO-RE finds
 * the fields. The tracepoints are the module's, which may have no BTF: their
 * fields stand where module/trace.h puts them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "record_bpf.h"

#define NR_PROCESSES	16384
#define NR_CALLS	16384
#define SZ_RING		(32 << 20)

/* Where the registers are on the kernel stack, if there is no helper to ask. */
#define SZ_KERNEL_STACK	16384

struct signal_struct {
	struct {
		int counter;
	} live;
} __attribute__((preserve_access_index));

struct thread_info {
	__u32 status;
} __attribute__((preserve_access_index));

struct task_struct {
	struct thread_info thread_info;
	int tgid;
	void *stack;
	struct signal_struct *signal;
} __attribute__((preserve_access_index));

/* In the status of a thread; asm/thread_info.h */
#define TS_COMPAT	0x0002

/* Which helpers the running kernel has is in its own enum of this name. */
enum bpf_func_id___kernel {
	BPF_FUNC_task_pt_regs___kernel = 175,
};

struct vm_change {
	unsigned long long common;
	__u64 seq;
	__s64 bytes;
	__u64 vm_bytes;
	__u32 tgid;
	__u32 change;
};

/* The largest a process has been, and what it was before change @seq. */
struct high_water {
	__u64 vm_bytes;
	__u64 before;
	__u64 seq;
};

/* The change whose system call a thread is in. */
struct call {
	__u64 seq;
	__u32 tgid;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NR_PROCESSES);
	__type(key, __u32);
	__type(value, __u32);
} recorded SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NR_PROCESSES);
	__type(key, __u32);
	__type(value, struct high_water);
} high_waters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NR_CALLS);
	__type(key, __u64);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SZ_RING);
} events SEC(".maps");

/*
 * One a processor, as many as tracer.c says: too large for the stack of a program,
 * and for a map that is per processor by its type.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct brkw_raw_event);
} drafts SEC(".maps");

/* Written before the programs are attached. */
struct brkw_raw_filter filter;

/* Read by tracer.c: events that found no room, processes that were not followed. */
__u64 nr_lost_changes;
__u64 nr_lost_answers;
__u64 nr_unfollowed;

static struct brkw_raw_event *get_draft(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&drafts, &cpu);
}

static bool is_recorded(__u32 tgid)
{
	return bpf_map_lookup_elem(&recorded, &tgid);
}

/* Is this the largest the process has been? From now on it is. */
static bool is_high_water(const struct vm_change *ctx)
{
	struct high_water now = { .vm_bytes = ctx->vm_bytes, .seq = ctx->seq };
	const struct high_water *was;
	__u32 tgid = ctx->tgid;

	was = bpf_map_lookup_elem(&high_waters, &tgid);
	/* an address space that starts anew, by exec */
	if (was && was->seq < ctx->seq) {
		if (ctx->vm_bytes <= was->vm_bytes)
			return false;
		now.before = was->vm_bytes;
	}
	bpf_map_update_elem(&high_waters, &tgid, &now, BPF_ANY);
	return ctx->bytes > 0;
}

static bool is_wanted(const struct vm_change *ctx)
{
	__u64 size = ctx->bytes < 0 ? -ctx->bytes : ctx->bytes;

	if (!ctx->tgid || !is_recorded(ctx->tgid))
		return false;
	if (filter.is_high_water && !is_high_water(ctx))
		return false;
	return size >= filter.min_bytes && ctx->change < 32 &&
	       filter.changes & 1U << ctx->change;
}

static const void *user_regs(void)
{
	const struct task_struct *task;

	if (bpf_core_enum_value_exists(enum bpf_func_id___kernel,
				       BPF_FUNC_task_pt_regs___kernel))
		return (void *)bpf_task_pt_regs((void *)bpf_get_current_task_btf());
	task = (void *)bpf_get_current_task();
	return BPF_CORE_READ(task, stack) + SZ_KERNEL_STACK - sizeof(struct brkw_raw_regs);
}

/*
 * The code segment does not tell: a 64-bit program may make such calls, and exec
 * goes over to those of its new program before it maps it.
 */
static bool is_compat(void)
{
	const struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
}

/* The pages next to the stack pointer are there: the thread has just used them. */
static void copy_stack(struct brkw_raw_event *event)
{
	__u64 from = event->regs.sp;
	__u32 sz;
	int i;

	for (i = 0; i < BRKW_STACK_MAX / BRKW_STACK_CHUNK; i++) {
		sz = i * BRKW_STACK_CHUNK;
		if (bpf_probe_read_user(event->stack + sz, BRKW_STACK_CHUNK, (void *)(from + sz)))
			break;
		event->sz_stack = sz + BRKW_STACK_CHUNK;
	}
}

/* The last piece ends where the stack does, within a chunk. */
static void copy_rest(struct brkw_raw_event *event)
{
	__u32 sz = event->sz_stack, step = BRKW_STACK_CHUNK / 2;
	int i;

	for (i = 0; i < 7; i++, step /= 2) {
		if (sz > BRKW_STACK_MAX - BRKW_STACK_CHUNK)
			break;
		if (!bpf_probe_read_user(event->stack + sz, step, (void *)(event->regs.sp + sz)))
			sz += step;
	}
	event->sz_stack = sz;
}

static void expect_result(const struct vm_change *ctx)
{
	struct call call = { .seq = ctx->seq, .tgid = ctx->tgid };
	__u64 who = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&calls, &who, &call, BPF_ANY);
}

SEC("tp/brkwatch/vm_change")
int on_change(struct vm_change *ctx)
{
	__u64 who = bpf_get_current_pid_tgid();
	struct brkw_raw_event *event;
	__u32 sz;

	if (!is_wanted(ctx))
		return 0;
	event = get_draft();
	if (!event)
		return 0;
	event->ts_ns = bpf_ktime_get_ns();
	event->seq = ctx->seq;
	event->bytes = ctx->bytes;
	event->vm_bytes = ctx->vm_bytes;
	event->kind = BRKW_RAW_CHANGE;
	event->tgid = ctx->tgid;
	event->change = ctx->change;
	event->pid = who >> 32;
	event->tid = who;
	event->sz_stack = 0;
	event->is_compat = is_compat();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	if (bpf_probe_read_kernel(&event->regs, sizeof(event->regs), user_regs()))
		__builtin_memset(&event->regs, 0, sizeof(event->regs));
	copy_stack(event);
	copy_rest(event);
	expect_result(ctx);
	sz = event->sz_stack;
	if (sz > BRKW_STACK_MAX)
		return 0;
	if (bpf_ringbuf_output(&events, event, offsetof(struct brkw_raw_event, stack) + sz, 0))
		__sync_fetch_and_add(&nr_lost_changes, 1);
	return 0;
}

static void lower_high_water(const struct vm_change *ctx)
{
	__u32 tgid = ctx->tgid;
	struct high_water *high = bpf_map_lookup_elem(&high_waters, &tgid);

	if (high && high->seq == ctx->seq)
		high->vm_bytes = ctx->vm_bytes > high->before ? ctx->vm_bytes : high->before;
}

/* Sends what has no stack: the beginning of an event. */
static void send_short(enum brkw_raw_kind kind, __u32 tgid, __u64 seq, __s64 bytes,
		       __u64 vm_bytes)
{
	struct {
		__u64 ts_ns, seq;
		__s64 bytes;
		__u64 vm_bytes;
		__u32 kind, tgid;
	} event = { bpf_ktime_get_ns(), seq, bytes, vm_bytes, kind, tgid };

	_Static_assert(sizeof(event) == offsetof(struct brkw_raw_event, change), "its beginning");
	if (bpf_ringbuf_output(&events, &event, sizeof(event), 0))
		__sync_fetch_and_add(&nr_lost_answers, 1);
}

SEC("tp/brkwatch/vm_correct")
int on_correct(struct vm_change *ctx)
{
	if (!ctx->tgid || !is_recorded(ctx->tgid))
		return 0;
	if (filter.is_high_water)
		lower_high_water(ctx);
	send_short(BRKW_RAW_CORRECT, ctx->tgid, ctx->seq, ctx->bytes, ctx->vm_bytes);
	return 0;
}

/* Tells where a mapping has come to lie. */
SEC("raw_tp/sys_exit")
int on_exit_call(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 who = bpf_get_current_pid_tgid();
	const struct call *found = bpf_map_lookup_elem(&calls, &who);
	struct call call;

	if (!found)
		return 0;
	call = *found;
	bpf_map_delete_elem(&calls, &who);
	send_short(BRKW_RAW_RESULT, call.tgid, call.seq, 0, ctx->args[1]);
	return 0;
}

SEC("raw_tp/sched_process_fork")
int on_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *parent = (void *)ctx->args[0], *child = (void *)ctx->args[1];
	__u32 from = BPF_CORE_READ(parent, tgid), to = BPF_CORE_READ(child, tgid), one = 1;

	if (from == to || !is_recorded(from))
		return 0;
	if (bpf_map_update_elem(&recorded, &to, &one, BPF_ANY))
		__sync_fetch_and_add(&nr_unfollowed, 1);
	return 0;
}

/* Numbers are used again: forget the process with its last thread. */
SEC("raw_tp/sched_process_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	__u64 who = bpf_get_current_pid_tgid();
	__u32 tgid = who >> 32;

	bpf_map_delete_elem(&calls, &who);
	if (BPF_CORE_READ(task, signal, live.counter) > 0)
		return 0;
	if (!bpf_map_delete_elem(&recorded, &tgid))
		send_short(BRKW_RAW_END, tgid, 0, 0, 0);
	bpf_map_delete_elem(&high_waters, &tgid);
	return 0;
}

char _license[] SEC("license") = "GPL";
