/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The system call of a change. Programs of 32 bits and those of x32 have other
 * numbers, and the former other registers: whoever reads a recording sees what a
 * 64-bit program would have asked for.
 */
#ifndef BRKW_SYSCALL_H
#define BRKW_SYSCALL_H

#include <stdint.h>

struct brkw_raw_event;

/**
 * struct brkw_syscall - a system call
 * @number: &enum brkw_call, another of x86-64, or -1 for none and for one of a
 *	    32-bit program that is none of &enum brkw_call
 * @args: its first three arguments; 0 if they are not in registers
 */
struct brkw_syscall {
	int64_t number;
	uint64_t args[3];
};

/**
 * brkw_syscall_read - in which system call was the thread?
 * @event: a change, with registers
 */
struct brkw_syscall brkw_syscall_read(const struct brkw_raw_event *event);

#endif /* BRKW_SYSCALL_H */
