// SPDX-License-Identifier: GPL-2.0
/*
 * An independent witness: counts what one process does to its address space
 * from what system calls are asked and answer, and from page fault traps. None
 * of brkwatch's hooks is used, nor its way to tell success from failure.
 *
 * The kernel structures are declared here as far as they are read; CO-RE finds
 * the fields. So no vmlinux.h is needed.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "witness.h"

/* x86-64, which the syscall headers do not tell a BPF target. */
#define NR_MMAP		9
#define NR_MUNMAP	11
#define NR_BRK		12
#define NR_MREMAP	25
#define NR_MADVISE	28
#define NR_SHMAT	30

#define SZ_PAGE			4096ULL
#define SZ_HUGE			(2ULL << 20)
#define MAP_TYPE_MASK		0x0f
#define MAP_SHARED		0x01
#define MAP_SHARED_VALIDATE	0x03
#define MAP_ANONYMOUS		0x20
#define MAP_HUGETLB		0x40000
#define MREMAP_DONTUNMAP	4
#define MADV_DONTNEED		4
#define MADV_FREE		8
#define MAX_ERRNO		4095
#define EBADF			9

struct mm_struct;

struct task_struct {
	struct mm_struct *mm;
} __attribute__((preserve_access_index));

struct sys_enter_ctx {
	unsigned long long common;
	long id;
	unsigned long args[6];
};

struct sys_exit_ctx {
	unsigned long long common;
	long id;
	long ret;
};

struct call {
	long id;
	unsigned long args[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, unsigned long long);
	__type(value, struct call);
} calls SEC(".maps");

/* Written by witness.c before the process runs. */
unsigned int target_tgid;

struct witness_counts counts;
unsigned long long last_break;
static unsigned long long target_mm;

static unsigned long long round_up(unsigned long long n, unsigned long long to)
{
	return (n + to - 1) & ~(to - 1);
}

static bool is_error(long ret)
{
	return ret < 0 && ret >= -MAX_ERRNO;
}

static bool is_target(void)
{
	return (bpf_get_current_pid_tgid() >> 32) == target_tgid;
}

/*
 * What a vfork or CLONE_VM child does to the address space, it does to the
 * target's account: so calls are told apart by address space, not by process.
 */
static bool is_in_target_mm(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	unsigned long long mm = (unsigned long long)BPF_CORE_READ(task, mm);

	if (is_target())
		target_mm = mm;
	return target_tgid && mm == target_mm;
}

static void add(struct witness_pair *pair, unsigned long long bytes)
{
	__sync_fetch_and_add(&pair->events, 1);
	__sync_fetch_and_add(&pair->bytes, bytes);
}

static void saw_brk(const struct call *call, unsigned long long ret)
{
	unsigned long long was = round_up(last_break, SZ_PAGE), is = round_up(ret, SZ_PAGE);

	if (!call->args[0])
		add(&counts.brk[WITNESS_SAME], 0);
	else if (ret != call->args[0])
		add(&counts.brk[WITNESS_FAIL], 0);
	else if (is > was)
		add(&counts.brk[WITNESS_GROW], is - was);
	else if (is < was)
		add(&counts.brk[WITNESS_SHRINK], was - is);
	else
		add(&counts.brk[WITNESS_SAME], 0);
	last_break = ret;
}

static void saw_mmap(const struct call *call, long ret)
{
	unsigned long flags = call->args[3], type = flags & MAP_TYPE_MASK;
	unsigned int is_shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
	unsigned int fd = flags & MAP_ANONYMOUS ? WITNESS_ANON : call->args[4];

	if (is_error(ret)) {
		if (flags & MAP_HUGETLB)
			__sync_fetch_and_add(&counts.mmap_unsure, 1);
		else if (ret != -EBADF)	/* never came to the mapping itself */
			__sync_fetch_and_add(&counts.mmap_fail, 1);
		return;
	}
	if (fd <= WITNESS_NR_FDS)
		add(&counts.mmap[is_shared][fd],
		    round_up(call->args[1], flags & MAP_HUGETLB ? SZ_HUGE : SZ_PAGE));
}

static void saw_mremap(const struct call *call, long ret)
{
	unsigned long long sz_old = round_up(call->args[1], SZ_PAGE);
	unsigned long long sz_new = round_up(call->args[2], SZ_PAGE);
	bool is_moved = ret != (long)call->args[0];

	if (is_error(ret)) {
		__sync_fetch_and_add(&counts.mremap_fail, 1);
		return;
	}
	if (is_moved && sz_old)
		__sync_fetch_and_add(&counts.mremap_move, 1);
	if (call->args[3] & MREMAP_DONTUNMAP)
		sz_old = 0;
	if (sz_new > sz_old)
		add(&counts.mremap_grow, sz_new - sz_old);
}

static void saw_madvise(const struct call *call, long ret)
{
	unsigned long long sz = round_up(call->args[1], SZ_PAGE);

	if (ret)
		return;
	if (call->args[2] == MADV_DONTNEED)
		add(&counts.dontneed, sz);
	else if (call->args[2] == MADV_FREE)
		add(&counts.free, sz);
}

static void saw_shmat(const struct call *call, long ret)
{
	if (is_error(ret)) {
		__sync_fetch_and_add(&counts.mmap_fail, 1);
		return;
	}
	__sync_fetch_and_add(&counts.shmat, 1);
	counts.shm_id = call->args[0];
}

SEC("tp/raw_syscalls/sys_enter")
int on_sys_enter(struct sys_enter_ctx *ctx)
{
	unsigned long long who = bpf_get_current_pid_tgid();
	struct call call = { .id = ctx->id };
	int i;

	if (!is_in_target_mm())
		return 0;
	for (i = 0; i < 6; i++)
		call.args[i] = ctx->args[i];
	bpf_map_update_elem(&calls, &who, &call, BPF_ANY);
	return 0;
}

SEC("tp/raw_syscalls/sys_exit")
int on_sys_exit(struct sys_exit_ctx *ctx)
{
	unsigned long long who = bpf_get_current_pid_tgid();
	const struct call *call = bpf_map_lookup_elem(&calls, &who);

	if (!call || call->id != ctx->id || !is_in_target_mm())
		return 0;
	switch (ctx->id) {
	case NR_BRK:
		saw_brk(call, ctx->ret);
		break;
	case NR_MMAP:
		saw_mmap(call, ctx->ret);
		break;
	case NR_MUNMAP:
		if (!ctx->ret)
			add(&counts.munmap, round_up(call->args[1], SZ_PAGE));
		break;
	case NR_MREMAP:
		saw_mremap(call, ctx->ret);
		break;
	case NR_MADVISE:
		saw_madvise(call, ctx->ret);
		break;
	case NR_SHMAT:
		saw_shmat(call, ctx->ret);
		break;
	}
	return 0;
}

SEC("tp/exceptions/page_fault_user")
int on_fault_user(void *ctx)
{
	if (is_target())
		__sync_fetch_and_add(&counts.fault_user, 1);
	return 0;
}

SEC("tp/exceptions/page_fault_kernel")
int on_fault_kernel(void *ctx)
{
	if (is_target())
		__sync_fetch_and_add(&counts.fault_kernel, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
