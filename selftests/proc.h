/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel itself says of a process, against which the accounts are
 * held. Reads with plain system calls into the stack: the reader may be the
 * process that is measured.
 */
#ifndef BRKW_TEST_PROC_H
#define BRKW_TEST_PROC_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct proc_faults - page faults as the kernel counts them
 * @minor: of all threads, dead ones included
 * @major: the same
 */
struct proc_faults {
	long minor;
	long major;
};

/**
 * struct proc_range - the place of a mapping
 * @start: its first byte
 * @end: behind its last byte
 */
struct proc_range {
	unsigned long start;
	unsigned long end;
};

/* All return a negative errno if the process cannot be read. */
long proc_read(const char *path, char *buf, size_t size);
long proc_vm_bytes(pid_t pid);
long proc_nr_vmas(pid_t pid);
long proc_start_brk(pid_t pid);
int proc_read_faults(pid_t pid, struct proc_faults *ret_faults);
int proc_find_mapping(pid_t pid, const char *name, struct proc_range *ret_range);
long proc_named_bytes(pid_t pid, const char *name);
bool proc_wait_state(pid_t pid, char state);

/* A program that was built with this one. */
void sys_beside(const char *name, char *ret_path, size_t size);

/* A file without a name in /tmp, filled with something. */
int sys_make_file(size_t size);

/* A setting of the machine, for as long as a test needs another. */
int sys_write(const char *path, const char *text);
int sys_append(const char *path, const char *text);
int sys_replace(const char *path, const char *text, char *ret_old, size_t size);

#endif /* BRKW_TEST_PROC_H */
