/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a subject can be told to do. A step is a function that runs in the
 * subject, without libc between it and the kernel: a thread of a subject has
 * nothing of libc's, and memory that libc takes would be measured.
 */
#ifndef BRKW_TEST_STEP_H
#define BRKW_TEST_STEP_H

#include <sys/syscall.h>

#define PAGE		4096L
#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)

#define NR_ARGS		7
#define NR_TALLIES	9
#define NR_THREADS_MAX	8

typedef long (*step_fn)(const long *arg);

/* NR_TALLIES numbers of a race; the subject's, and its test sees them, too. */
extern long *step_tally;

long raw_syscall(const long *arg);
void tally_add(const long *arg, unsigned int nr, long by);

/* Steps. The first one's arguments are a system call and its arguments. */
long step_syscall(const long *arg);
long step_touch(const long *arg);
long step_fork(const long *arg);
long step_end_child(const long *arg);
long step_race(const long *arg);

#define raw(...)	raw_syscall((const long[NR_ARGS]){ __VA_ARGS__ })

#endif /* BRKW_TEST_STEP_H */
