// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "step.h"

#define SZ_STACK	(64 * 1024)

long *step_tally;

static char stacks[NR_THREADS_MAX][SZ_STACK] __attribute__((aligned(64)));
static int tids[NR_THREADS_MAX];
static int has_started;

/**
 * raw_syscall() - a system call with nothing of libc around it, errno least
 * @arg: its number and six arguments
 *
 * Threads of a subject have no thread-local storage of their own.
 * Return: what the kernel returns.
 */
long raw_syscall(const long *arg)
{
#if defined(__x86_64__)
	register long r10 asm("r10") = arg[4];
	register long r8 asm("r8") = arg[5];
	register long r9 asm("r9") = arg[6];
	long ret;

	asm volatile("syscall" : "=a"(ret) : "a"(arg[0]), "D"(arg[1]), "S"(arg[2]), "d"(arg[3]),
		     "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 asm("x8") = arg[0];
	register long x0 asm("x0") = arg[1];
	register long x1 asm("x1") = arg[2];
	register long x2 asm("x2") = arg[3];
	register long x3 asm("x3") = arg[4];
	register long x4 asm("x4") = arg[5];
	register long x5 asm("x5") = arg[6];

	asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
		     : "memory");
	return x0;
#else
#error "raw_syscall() is not written for this architecture"
#endif
}

long step_syscall(const long *arg)
{
	return raw_syscall(arg);
}

/**
 * step_touch() - touch pages
 * @arg: start, size, whether to write
 *
 * Return: 0.
 */
long step_touch(const long *arg)
{
	volatile char *page = (char *)arg[0], *end = page + arg[1];

	for (; page < end; page += 4096) {
		if (arg[2])
			*page = 1;
		else
			(void)*page;
	}
	return 0;
}

/**
 * step_fork() - have a child that does a step and then nothing
 * @arg: the step or NULL, its arguments
 *
 * Return: its number, or a negative errno.
 */
long step_fork(const long *arg)
{
	step_fn fn = (step_fn)arg[0];
	long pid = raw(SYS_clone, SIGCHLD);

	if (pid)
		return pid;
	raw(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	if (fn)
		fn((const long[NR_ARGS]){ arg[1], arg[2], arg[3], arg[4], arg[5], arg[6] });
	for (;;)
		raw(SYS_ppoll, 0, 0, 0, 0);
}

/**
 * step_end_child() - kill a child and wait for it
 * @arg: its number
 *
 * Return: 0 or a negative errno.
 */
long step_end_child(const long *arg)
{
	long err = raw(SYS_kill, arg[0], SIGKILL);

	if (!err)
		err = raw(SYS_wait4, arg[0], 0, __WALL);
	return err < 0 ? err : 0;
}

static int race(void *data)
{
	const long *arg = data;

	while (!__atomic_load_n(&has_started, __ATOMIC_ACQUIRE))
		raw(SYS_sched_yield, 0);
	((step_fn)arg[0])((const long[NR_ARGS]){ (long)step_tally, arg[2], arg[3], arg[4],
						  arg[5] });
	raw(SYS_exit, 0);
	return 0;
}

static void wait_for_end(int *tid)
{
	int seen;

	while ((seen = __atomic_load_n(tid, __ATOMIC_ACQUIRE)))
		raw(SYS_futex, (long)tid, FUTEX_WAIT, seen, 0);
}

/**
 * tally_add() - count something in a race
 * @arg: what the racing step was given
 * @nr: which tally
 * @by: how much
 */
void tally_add(const long *arg, unsigned int nr, long by)
{
	__atomic_add_fetch((long *)arg[0] + nr, by, __ATOMIC_RELAXED);
}

/**
 * step_race() - threads that do the same at once
 * @arg: a step, how many do it, its arguments; they come behind the tally,
 *	 which all threads share and add to with tally_add()
 *
 * Return: 0 or a negative errno.
 */
long step_race(const long *arg)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	long nr = arg[1], err = 0;
	int i;

	has_started = 0;
	memset(step_tally, 0, NR_TALLIES * sizeof(*step_tally));
	for (i = 0; i < nr; i++) {
		tids[i] = 1;
		if (clone(race, stacks[i] + SZ_STACK, flags, (void *)arg, &tids[i], NULL,
			  &tids[i]) < 0) {
			tids[i] = 0;
			err = -errno;
		}
	}
	__atomic_store_n(&has_started, 1, __ATOMIC_RELEASE);
	for (i = 0; i < nr; i++)
		wait_for_end(&tids[i]);
	return err;
}
