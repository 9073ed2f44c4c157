/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel says of a live process in any case, module or not. */
#ifndef BRKW_PROC_H
#define BRKW_PROC_H

#include <stdbool.h>
#include <stdint.h>

/* Room for a name; those of kernel threads are the longest. */
#define BRKW_PROC_NAME		65

/**
 * struct brkw_proc - figures of a process, each -1 if it is not known
 * @sz_resident: resident memory
 * @sz_anon: of it anonymous
 * @sz_lazy: given back by MADV_FREE, and still counted as resident
 * @nr_minor: minor page faults
 */
struct brkw_proc {
	int64_t sz_resident;
	int64_t sz_anon;
	int64_t sz_lazy;
	int64_t nr_minor;
};

/**
 * brkw_proc_read - read the figures of a process
 * @pid: of the process
 * @ret_proc: filled in
 */
void brkw_proc_read(int pid, struct brkw_proc *ret_proc);

/**
 * brkw_proc_name - what a process is called
 * @pid: of the process
 * @ret_name: room for BRKW_PROC_NAME bytes, which may be any but NUL, or none
 *
 * Return: whether there is such a process.
 */
bool brkw_proc_name(int pid, char *ret_name);

/**
 * brkw_proc_open_file - open a file under a name that a process has chosen
 * @path: of the file
 *
 * By now it may be the name of a pipe, which keeps who opens it waiting, or of a
 * device, which acts when it is opened. So only a regular file is.
 *
 * Return: a descriptor to read from, or -1.
 */
int brkw_proc_open_file(const char *path);

#endif /* BRKW_PROC_H */
