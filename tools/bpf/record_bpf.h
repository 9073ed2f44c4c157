/* SPDX-License-Identifier: GPL-2.0 */
/* What record.bpf.c sends and tracer.c receives: one struct an event. */
#ifndef BRKW_RECORD_BPF_H
#define BRKW_RECORD_BPF_H

#include <linux/types.h>

/* The most that is copied of a user stack, and how much of it at a time. */
#define BRKW_STACK_MAX		65536
#define BRKW_STACK_CHUNK	1024

/** enum brkw_raw_kind - what &struct brkw_raw_event tells */
enum brkw_raw_kind {
	BRKW_RAW_CHANGE,	/* brkwatch:vm_change */
	BRKW_RAW_CORRECT,	/* brkwatch:vm_correct */
	BRKW_RAW_RESULT,	/* what the system call of a change has answered */
	BRKW_RAW_END,		/* the process has ended */
};

/**
 * struct brkw_raw_regs - the user registers as the kernel saves them
 *
 * The layout of struct pt_regs of x86-64, which is part of its ABI.
 */
struct brkw_raw_regs {
	__u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	__u64 orig_ax, ip, cs, flags, sp, ss;
};

/**
 * struct brkw_raw_event - one event
 * @ts_ns: CLOCK_MONOTONIC, which perf can stamp mappings with, too
 * @seq: of the change in its account
 * @bytes: by how much it changes the size
 * @vm_bytes: how large the address space is then; of a result, the answer
 * @kind: &enum brkw_raw_kind; only a change has what follows @tgid
 * @tgid: whose address space
 * @change: &enum brkw_change
 * @pid: the process that is running: not @tgid in a child that borrows
 * @tid: the thread that is running
 * @sz_stack: how much of @stack there is
 * @is_compat: its system call was made as programs of 32 bits do
 * @comm: name of the thread
 * @regs: its user registers
 * @stack: what lies from the stack pointer on
 */
struct brkw_raw_event {
	__u64 ts_ns;
	__u64 seq;
	__s64 bytes;
	__u64 vm_bytes;
	__u32 kind;
	__u32 tgid;
	__u32 change;
	__u32 pid;
	__u32 tid;
	__u32 sz_stack;
	__u32 is_compat;
	char comm[16];
	struct brkw_raw_regs regs;
	unsigned char stack[BRKW_STACK_MAX];
};

/**
 * struct brkw_raw_filter - which changes are sent
 * @min_bytes: those of so many bytes at least, up or down
 * @changes: bit &enum brkw_change is set: this one
 * @is_high_water: only those that make a process larger than it ever was
 */
struct brkw_raw_filter {
	__u64 min_bytes;
	__u32 changes;
	__u32 is_high_water;
};

#endif /* BRKW_RECORD_BPF_H */
