/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF peers keep of one process. Their loader looks into it at the end,
 * so that a peer which counts nothing cannot pass for a cheap one.
 */
#ifndef _BENCH_PEER_H
#define _BENCH_PEER_H

#include <linux/types.h>

#define PEER_MAX_ACCOUNTS	32768

struct peer_account {
	__u64 brk_start;
	__u64 brk_request;
	__u64 brk_grow_events;
	__u64 brk_grow_bytes;
	__u64 brk_shrink_events;
	__u64 brk_shrink_bytes;
	__u64 brk_same_events;
	__u64 brk_fail_events;
	__u64 mmap_events;
	__u64 mmap_bytes;
	__u64 mmap_fail_events;
	__u64 munmap_events;
	__u64 munmap_bytes;
	__u64 munmap_fail_events;
	__u64 fault_minor;
	__u64 fault_major;
	__u64 fault_error_events;
};

/* The leanest: pages more or fewer than at the last look, faults of any kind. */
struct peer_net {
	__u64 pages;
	__u64 changes;
	__s64 net_pages;
	__u64 faults;
};

#endif /* _BENCH_PEER_H */
