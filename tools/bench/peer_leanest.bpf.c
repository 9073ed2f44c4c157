// SPDX-License-Identifier: GPL-2.0
/*
 * The least that BPF can do and still say who grows: the net change of pages
 * by one fentry that successful brk, mmap and munmap share, and a count of
 * faults by a raw tracepoint. No kinds, no outcomes, no segments: it is here
 * because nothing of use is cheaper.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "peer.h"

struct mm_struct {
	unsigned long total_vm;
} __attribute__((preserve_access_index));

struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PEER_MAX_ACCOUNTS);
	__type(key, __u32);
	__type(value, struct peer_net);
} accounts SEC(".maps");

static __always_inline struct peer_net *find_account(void)
{
	static const struct peer_net empty;
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct peer_net *net = bpf_map_lookup_elem(&accounts, &tgid);

	if (net)
		return net;
	bpf_map_update_elem(&accounts, &tgid, &empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&accounts, &tgid);
}

SEC("fentry/userfaultfd_unmap_complete")
int BPF_PROG(on_change, struct mm_struct *mm, void *uf)
{
	struct peer_net *net = find_account();
	__u64 pages;

	if (!net)
		return 0;
	pages = mm->total_vm;
	if (net->pages)
		net->net_pages += pages - net->pages;
	net->pages = pages;
	net->changes++;
	return 0;
}

SEC("raw_tracepoint/page_fault_user")
int on_fault(void *ctx)
{
	struct peer_net *net = find_account();

	if (net)
		net->faults++;
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
