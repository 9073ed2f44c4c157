/* SPDX-License-Identifier: GPL-2.0 */
/* What witness.bpf.c counts and witness.c compares. */
#ifndef BRKW_WITNESS_H
#define BRKW_WITNESS_H

#define WITNESS_NR_FDS	64
#define WITNESS_ANON	WITNESS_NR_FDS	/* instead of a file descriptor */

enum witness_brk { WITNESS_GROW, WITNESS_SHRINK, WITNESS_SAME, WITNESS_FAIL, WITNESS_NR_BRK };

/** struct witness_pair - how often, and how many bytes */
struct witness_pair {
	unsigned long long events;
	unsigned long long bytes;
};

/**
 * struct witness_counts - what system calls and traps told of one process
 * @brk: calls by outcome; bytes in whole pages, as far as the break tells
 * @mmap: mappings made, by MAP_SHARED and file descriptor
 * @mmap_fail: calls refused
 * @mmap_unsure: of huge pages, refused nobody knows where; not in @mmap_fail
 * @shmat: SysV segments attached; bytes are not known here
 * @shm_id: the last of them
 * @munmap: calls granted, with the length asked for
 * @mremap_grow: what calls granted added
 * @mremap_move: calls granted that changed the place
 * @mremap_fail: calls refused
 * @dontneed: madvise(MADV_DONTNEED) granted, with the length asked for
 * @free: the same for MADV_FREE
 * @fault_user: page faults in user mode
 * @fault_kernel: page faults of the kernel, mostly on user addresses
 */
struct witness_counts {
	struct witness_pair brk[WITNESS_NR_BRK];
	struct witness_pair mmap[2][WITNESS_NR_FDS + 1];
	unsigned long long mmap_fail;
	unsigned long long mmap_unsure;
	unsigned long long shmat;
	long long shm_id;
	struct witness_pair munmap;
	struct witness_pair mremap_grow;
	unsigned long long mremap_move;
	unsigned long long mremap_fail;
	struct witness_pair dontneed;
	struct witness_pair free;
	unsigned long long fault_user;
	unsigned long long fault_kernel;
};

#endif /* BRKW_WITNESS_H */
