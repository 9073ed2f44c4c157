/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The contract between brkwatch.ko and whoever reads it: the names and the
 * order of the keys, and the layout of the binary snapshot. See
 * Documentation/abi.rst. Keys and fields are only ever added, at the end.
 */
#ifndef _UAPI_LINUX_BRKWATCH_H
#define _UAPI_LINUX_BRKWATCH_H

#include <linux/types.h>

/* Grows only when a reader of the previous number would misread. */
#define BRKW_ABI		1

#define BRKW_DEBUGFS_DIR	"brkwatch"
#define BRKW_FILE_PROCESSES	"processes"
#define BRKW_FILE_ENDED		"ended"
#define BRKW_FILE_SNAPSHOT	"snapshot"
#define BRKW_FILE_STATS		"stats"

/* What a key that cannot be known prints instead of a number. */
#define BRKW_UNKNOWN		"-"

/**
 * enum brkw_state - where an account stands
 * @BRKW_LIVE: the process runs in the address space of the account
 * @BRKW_EXITED: the process ended, by exit or by a signal
 * @BRKW_REPLACED: exec gave the process another address space
 */
enum brkw_state {
	BRKW_LIVE,
	BRKW_EXITED,
	BRKW_REPLACED,
};

/*
 * Every numeric key of a <pid> file, in the order in which they are printed,
 * after "abi", "pid", "comm" and "state". Bytes are bytes, events are counts,
 * times are CLOCK_BOOTTIME nanoseconds.
 */
#define BRKW_KEYS(X)				\
	X(WATCHED_SINCE_NS, watched_since_ns)	\
	X(ENDED_NS, ended_ns)			\
	X(VM_BYTES, vm_bytes)			\
	X(VM_START_BYTES, vm_start_bytes)	\
	X(VM_GROWN_BYTES, vm_grown_bytes)	\
	X(VM_SHRUNK_BYTES, vm_shrunk_bytes)	\
	X(VM_UNACCOUNTED_BYTES, vm_unaccounted_bytes)	\
	X(VMA_COUNT, vma_count)			\
	X(VMA_PEAK, vma_peak)			\
	X(BRK_BYTES, brk_bytes)			\
	X(BRK_PEAK_BYTES, brk_peak_bytes)	\
	X(BRK_CALLS, brk_calls)			\
	X(BRK_GROW_EVENTS, brk_grow_events)	\
	X(BRK_GROW_BYTES, brk_grow_bytes)	\
	X(BRK_SHRINK_EVENTS, brk_shrink_events)	\
	X(BRK_SHRINK_BYTES, brk_shrink_bytes)	\
	X(BRK_SAME_EVENTS, brk_same_events)	\
	X(BRK_FAIL_EVENTS, brk_fail_events)	\
	X(MMAP_ANON_PRIVATE_EVENTS, mmap_anon_private_events)	\
	X(MMAP_ANON_PRIVATE_BYTES, mmap_anon_private_bytes)	\
	X(MMAP_ANON_SHARED_EVENTS, mmap_anon_shared_events)	\
	X(MMAP_ANON_SHARED_BYTES, mmap_anon_shared_bytes)	\
	X(MMAP_FILE_PRIVATE_EVENTS, mmap_file_private_events)	\
	X(MMAP_FILE_PRIVATE_BYTES, mmap_file_private_bytes)	\
	X(MMAP_FILE_SHARED_EVENTS, mmap_file_shared_events)	\
	X(MMAP_FILE_SHARED_BYTES, mmap_file_shared_bytes)	\
	X(MMAP_REPLACED_BYTES, mmap_replaced_bytes)	\
	X(MMAP_FAIL_EVENTS, mmap_fail_events)	\
	X(MUNMAP_EVENTS, munmap_events)		\
	X(MUNMAP_BYTES, munmap_bytes)		\
	X(MUNMAP_FAIL_EVENTS, munmap_fail_events)	\
	X(MREMAP_GROW_EVENTS, mremap_grow_events)	\
	X(MREMAP_GROW_BYTES, mremap_grow_bytes)	\
	X(MREMAP_SHRINK_EVENTS, mremap_shrink_events)	\
	X(MREMAP_SHRINK_BYTES, mremap_shrink_bytes)	\
	X(MREMAP_MOVE_EVENTS, mremap_move_events)	\
	X(MREMAP_FAIL_EVENTS, mremap_fail_events)	\
	X(STACK_GROW_EVENTS, stack_grow_events)	\
	X(STACK_GROW_BYTES, stack_grow_bytes)	\
	X(MADVISE_DONTNEED_EVENTS, madvise_dontneed_events)	\
	X(MADVISE_DONTNEED_BYTES, madvise_dontneed_bytes)	\
	X(MADVISE_FREE_EVENTS, madvise_free_events)	\
	X(MADVISE_FREE_BYTES, madvise_free_bytes)	\
	X(OTHER_GROW_EVENTS, other_grow_events)	\
	X(OTHER_GROW_BYTES, other_grow_bytes)	\
	X(OTHER_SHRINK_EVENTS, other_shrink_events)	\
	X(OTHER_SHRINK_BYTES, other_shrink_bytes)	\
	X(FAULT_HEAP_MINOR, fault_heap_minor)	\
	X(FAULT_HEAP_MAJOR, fault_heap_major)	\
	X(FAULT_STACK_MINOR, fault_stack_minor)	\
	X(FAULT_STACK_MAJOR, fault_stack_major)	\
	X(FAULT_ANON_MINOR, fault_anon_minor)	\
	X(FAULT_ANON_MAJOR, fault_anon_major)	\
	X(FAULT_FILE_MINOR, fault_file_minor)	\
	X(FAULT_FILE_MAJOR, fault_file_major)	\
	X(FAULT_SHARED_MINOR, fault_shared_minor)	\
	X(FAULT_SHARED_MAJOR, fault_shared_major)	\
	X(FAULT_OTHER_MINOR, fault_other_minor)	\
	X(FAULT_OTHER_MAJOR, fault_other_major)	\
	X(FAULT_REMOTE_MINOR, fault_remote_minor)	\
	X(FAULT_REMOTE_MAJOR, fault_remote_major)	\
	X(FAULT_MINOR, fault_minor)		\
	X(FAULT_MAJOR, fault_major)		\
	X(FAULT_UNATTRIBUTED, fault_unattributed)	\
	X(FAULT_ERROR_EVENTS, fault_error_events)	\
	X(MISSED_EVENTS, missed_events)		\
	X(NOT_EXACT_SINCE_NS, not_exact_since_ns)

#define BRKW_KEY_ENUM(key, name)	BRKW_KEY_##key,
/** enum brkw_key - index of a numeric key in &struct brkw_snapshot_entry */
enum brkw_key {
	BRKW_KEYS(BRKW_KEY_ENUM)
	BRKW_NR_KEYS
};

#undef BRKW_KEY_ENUM

#define BRKW_COMM_LEN		16

/**
 * struct brkw_snapshot_entry - one account
 * @pid: thread group id in the initial pid namespace
 * @state: &enum brkw_state
 * @comm: name of the process as the kernel has it, NUL padded, any bytes
 * @unknown: bit k % 64 of word k / 64 is set: key k is not known ("-")
 * @value: the numeric keys, by &enum brkw_key; signed where the key can be
 *	   negative (only vm_unaccounted_bytes and fault_unattributed)
 */
struct brkw_snapshot_entry {
	__u32 pid;
	__u32 state;
	char comm[BRKW_COMM_LEN];
	__u64 unknown[2];
	__s64 value[BRKW_NR_KEYS];
};

/*
 * What changes the size of an address space, in the tracepoints brkwatch:vm_change
 * and brkwatch:vm_correct: by what call, and of what kind a mapping is. Only added to.
 */
#define BRKW_CHANGES(X)				\
	X(BRK, brk)				\
	X(ANON_PRIVATE, anon_private)		\
	X(ANON_SHARED, anon_shared)		\
	X(FILE_PRIVATE, file_private)		\
	X(FILE_SHARED, file_shared)		\
	X(MUNMAP, munmap)			\
	X(MREMAP, mremap)			\
	X(STACK, stack)				\
	X(OTHER, other)

#define BRKW_CHANGE_ENUM(change, name)	BRKW_CHANGE_##change,
/** enum brkw_change - the field "change" of the tracepoints */
enum brkw_change {
	BRKW_CHANGES(BRKW_CHANGE_ENUM)
	BRKW_NR_CHANGES
};

#undef BRKW_CHANGE_ENUM

#define BRKW_SNAPSHOT_MAGIC	0x57524b42	/* "BKRW" in memory order */

/**
 * struct brkw_snapshot_header - what starts a snapshot
 * @magic: BRKW_SNAPSHOT_MAGIC
 * @abi: BRKW_ABI of the module
 * @sz_header: bytes from the start of the file to the first entry
 * @sz_entry: bytes from one entry to the next
 * @nr_entries: how many entries follow
 * @nr_keys: how many values an entry has
 * @sz_page: page size of the kernel
 * @flags: zero
 * @ts_ns: CLOCK_BOOTTIME when the snapshot was begun
 *
 * A reader steps by @sz_header and @sz_entry, so that it also reads a newer
 * module with more keys. The whole file is made at open: reads at any offset
 * of one open file belong together.
 */
struct brkw_snapshot_header {
	__u32 magic;
	__u32 abi;
	__u32 sz_header;
	__u32 sz_entry;
	__u32 nr_entries;
	__u32 nr_keys;
	__u32 sz_page;
	__u32 flags;
	__u64 ts_ns;
};

#endif /* _UAPI_LINUX_BRKWATCH_H */
