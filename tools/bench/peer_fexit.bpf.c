// SPDX-License-Identifier: GPL-2.0
/*
 * The strongest accounting that BPF offers on stock kernels, to measure
 * brkwatch against: outcomes of brk, mmap and munmap, and minor and major
 * faults, by fentry and fexit, one hash by process. CO-RE: only the members
 * that are read are declared.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "peer.h"

#define PAGE_MASK	(~4095ULL)
#define MAX_ERRNO	4095
#define FLAG_TRIED	0x20	/* FAULT_FLAG_TRIED */
#define FAULT_ERROR	0x873	/* VM_FAULT_ERROR */
#define FAULT_MAJOR	0x4	/* VM_FAULT_MAJOR */
#define FAULT_RETRY	0x400	/* VM_FAULT_RETRY */

struct mm_struct {
	unsigned long brk;
} __attribute__((preserve_access_index));

struct task_struct {
	struct mm_struct *mm;
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

struct pt_regs {
	unsigned long di;
} __attribute__((preserve_access_index));

struct vm_area_struct;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PEER_MAX_ACCOUNTS);
	__type(key, __u32);
	__type(value, struct peer_account);
} accounts SEC(".maps");

static __always_inline struct peer_account *find_account(void)
{
	static const struct peer_account empty;
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct peer_account *acct = bpf_map_lookup_elem(&accounts, &tgid);

	if (acct)
		return acct;
	bpf_map_update_elem(&accounts, &tgid, &empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&accounts, &tgid);
}

static __always_inline void add(__u64 *sum, __u64 value)
{
	__sync_fetch_and_add(sum, value);
}

SEC("fentry/__x64_sys_brk")
int BPF_PROG(enter_brk, const struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct peer_account *acct = find_account();

	if (!acct)
		return 0;
	acct->brk_start = task->mm->brk;
	acct->brk_request = regs->di;
	return 0;
}

static __always_inline void post_moved(struct peer_account *acct, __u64 from, __u64 to)
{
	if (to > from) {
		add(&acct->brk_grow_events, 1);
		add(&acct->brk_grow_bytes, to - from);
	} else if (to < from) {
		add(&acct->brk_shrink_events, 1);
		add(&acct->brk_shrink_bytes, from - to);
	} else {
		add(&acct->brk_same_events, 1);
	}
}

SEC("fexit/__x64_sys_brk")
int BPF_PROG(leave_brk, const struct pt_regs *regs, long ret)
{
	struct peer_account *acct = find_account();

	if (!acct)
		return 0;
	if (acct->brk_request && (__u64)ret != acct->brk_request)
		add(&acct->brk_fail_events, 1);
	else
		post_moved(acct, (acct->brk_start + 4095) & PAGE_MASK,
			   ((__u64)ret + 4095) & PAGE_MASK);
	return 0;
}

/* do_mmap has more arguments than a trampoline of 6.1 passes on. */
SEC("fexit/vm_mmap_pgoff")
int BPF_PROG(leave_mmap, void *file, unsigned long addr, unsigned long len, unsigned long prot,
	     unsigned long flag, unsigned long pgoff, unsigned long ret)
{
	struct peer_account *acct = find_account();

	if (!acct)
		return 0;
	if (ret >= (unsigned long)-MAX_ERRNO) {
		add(&acct->mmap_fail_events, 1);
		return 0;
	}
	add(&acct->mmap_events, 1);
	add(&acct->mmap_bytes, (len + 4095) & PAGE_MASK);
	return 0;
}

SEC("fexit/__vm_munmap")
int BPF_PROG(leave_munmap, unsigned long start, unsigned long len, _Bool unlock, int ret)
{
	struct peer_account *acct = find_account();

	if (!acct)
		return 0;
	if (ret < 0) {
		add(&acct->munmap_fail_events, 1);
		return 0;
	}
	add(&acct->munmap_events, 1);
	add(&acct->munmap_bytes, (len + 4095) & PAGE_MASK);
	return 0;
}

SEC("fexit/handle_mm_fault")
int BPF_PROG(leave_fault, struct vm_area_struct *vma, unsigned long address, unsigned int flags,
	     struct pt_regs *regs, unsigned int ret)
{
	struct peer_account *acct;

	if (ret & FAULT_RETRY)
		return 0;
	acct = find_account();
	if (!acct)
		return 0;
	if (ret & FAULT_ERROR)
		add(&acct->fault_error_events, 1);
	else if ((ret & FAULT_MAJOR) || (flags & FLAG_TRIED))
		add(&acct->fault_major, 1);
	else
		add(&acct->fault_minor, 1);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	__u32 tgid = task->tgid;

	if (task->pid == task->tgid)
		bpf_map_delete_elem(&accounts, &tgid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
