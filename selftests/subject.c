// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "subject.h"

#define SZ_STACK	(64 * 1024)

struct message {
	step_fn fn;
	long arg[NR_ARGS];
};

/* Of the subject alone. */
static long *tally;
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
	((step_fn)arg[0])((const long[NR_ARGS]){ (long)tally, arg[2], arg[3], arg[4], arg[5] });
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
	memset(tally, 0, NR_TALLIES * sizeof(*tally));
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

static void serve(int in, int out)
{
	struct message message;
	long answer;

	for (;;) {
		if (raw(SYS_read, in, (long)&message, sizeof(message)) != sizeof(message))
			raw(SYS_exit_group, 0);
		answer = message.fn(message.arg);
		raw(SYS_write, out, (long)&answer, sizeof(answer));
	}
}

static void close_all(struct subject *subject, const int *to, const int *from)
{
	close(to[0]);
	close(to[1]);
	close(from[0]);
	close(from[1]);
	munmap(subject->tally, 4096);
}

static pid_t start(struct subject *subject, const int *to, const int *from)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	tally = subject->tally;
	close(to[1]);
	close(from[0]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	serve(to[0], from[1]);
	return 0;
}

/**
 * subject_start() - fork a process to be measured
 * @subject: filled
 *
 * Return: 0 or a negative errno.
 */
int subject_start(struct subject *subject)
{
	int to[2], from[2];

	memset(subject, 0, sizeof(*subject));
	subject->tally = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			      -1, 0);
	if (subject->tally == MAP_FAILED)
		return -errno;
	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return -errno;
	subject->pid = start(subject, to, from);
	if (subject->pid < 0) {
		close_all(subject, to, from);
		return -errno;
	}
	close(to[0]);
	close(from[1]);
	subject->to = to[1];
	subject->from = from[0];
	/* so that it waits for its first step, and not for its first page */
	return call(subject, SYS_getpid) == subject->pid ? 0 : -ESRCH;
}

/**
 * subject_stop() - end a subject, also one that has ended
 * @subject: the subject, or one that was never started
 */
void subject_stop(struct subject *subject)
{
	if (subject->pid <= 0)
		return;
	kill(subject->pid, SIGKILL);
	waitpid(subject->pid, NULL, __WALL);
	close(subject->to);
	close(subject->from);
	munmap(subject->tally, 4096);
	subject->pid = 0;
}

/**
 * subject_send() - begin a step
 * @subject: the subject
 * @fn: the step
 * @arg: its NR_ARGS arguments
 *
 * Return: false if the subject is gone.
 */
bool subject_send(struct subject *subject, step_fn fn, const long *arg)
{
	struct message message = { .fn = fn };

	memcpy(message.arg, arg, sizeof(message.arg));
	return write(subject->to, &message, sizeof(message)) == sizeof(message);
}

/**
 * subject_has_answer() - the step is over
 * @subject: the subject
 *
 * Return: false if subject_answer() would wait.
 */
bool subject_has_answer(struct subject *subject)
{
	struct pollfd answer = { .fd = subject->from, .events = POLLIN };

	return poll(&answer, 1, 0) > 0;
}

/**
 * subject_answer() - wait for the end of a step
 * @subject: the subject
 *
 * Return: its answer, or SUBJECT_GONE.
 */
long subject_answer(struct subject *subject)
{
	long answer;

	return read(subject->from, &answer, sizeof(answer)) == sizeof(answer) ?
		answer : SUBJECT_GONE;
}

/**
 * subject_run() - have the subject do a step
 * @subject: the subject
 * @fn: the step
 * @arg: its NR_ARGS arguments
 *
 * Return: its answer, or SUBJECT_GONE.
 */
long subject_run(struct subject *subject, step_fn fn, const long *arg)
{
	return subject_send(subject, fn, arg) ? subject_answer(subject) : SUBJECT_GONE;
}

/**
 * subject_settle() - from now on the subject faults only in what it is told to
 * @subject: the subject
 *
 * All it has is brought into memory. Return: 0 or a negative errno.
 */
int subject_settle(struct subject *subject)
{
	long err = call(subject, SYS_mlockall, MCL_CURRENT);

	if (!err)
		err = call(subject, SYS_munlockall);
	subject->has_faults = true;
	return err;
}

/**
 * subject_limit() - set a soft limit of the subject
 * @subject: the subject
 * @resource: RLIMIT_...
 * @to: the limit
 *
 * Return: 0 or a negative errno.
 */
int subject_limit(struct subject *subject, int resource, long to)
{
	struct rlimit limit;

	if (prlimit(subject->pid, resource, NULL, &limit))
		return -errno;
	limit.rlim_cur = to;
	return prlimit(subject->pid, resource, &limit, NULL) ? -errno : 0;
}

/**
 * subject_room() - find addresses where nothing is mapped
 * @subject: the subject
 * @size: how many
 *
 * Nothing else of the subject maps, so they stay free.
 * Return: the first of them, or a negative errno.
 */
long subject_room(struct subject *subject, long size)
{
	long start = call(subject, SYS_mmap, 0, size, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	long err = start < 0 ? start : unmap(subject, start, size);

	return err ? err : start;
}

static bool read_sound(pid_t pid, struct brkw_snapshot_entry *ret_acct)
{
	int err = account_read(pid, ret_acct);

	if (err) {
		fprintf(stderr, "# the account of %d cannot be read: %s\n", pid, strerror(-err));
		return false;
	}
	return account_is_sound(ret_acct) & account_agrees_with_kernel(ret_acct);
}

/*
 * A subject that has said that it is done may still fault on its way to sleep:
 * reads until the kernel counts the same before and after.
 */
static bool read_still(pid_t pid, struct brkw_snapshot_entry *ret_acct,
		       struct proc_faults *ret_faults)
{
	struct proc_faults after;
	int tries;

	for (tries = 0; tries < 200; tries++) {
		if (proc_read_faults(pid, ret_faults) || !read_sound(pid, ret_acct) ||
		    proc_read_faults(pid, &after))
			return false;
		if (!memcmp(ret_faults, &after, sizeof(after)))
			return true;
		usleep(5000);
	}
	return false;
}

/**
 * subject_mark() - note the subject's account before a step
 * @subject: the subject
 *
 * Return: false if it cannot be read or is not sound.
 */
bool subject_mark(struct subject *subject)
{
	return read_still(subject->pid, &subject->before, &subject->faults);
}

static bool has_kernel_faults(const struct subject *subject,
			      const struct brkw_snapshot_entry *after,
			      const struct proc_faults *faults)
{
	const __s64 *old = subject->before.value, *new = after->value;
	long minor = faults->minor - subject->faults.minor;
	long major = faults->major - subject->faults.major;

	if (new[BRKW_KEY_FAULT_MINOR] - old[BRKW_KEY_FAULT_MINOR] == minor &&
	    new[BRKW_KEY_FAULT_MAJOR] - old[BRKW_KEY_FAULT_MAJOR] == major)
		return true;
	fprintf(stderr, "# pid %d: the kernel counts %ld minor, %ld major faults\n",
		subject->pid, minor, major);
	return false;
}

/**
 * subject_changed() - since it was marked just these keys have changed
 * @subject: the subject
 * @deltas: which, and by how much
 *
 * Return: false if not, or if its account is not sound any more.
 */
bool subject_changed(struct subject *subject, const struct delta *deltas)
{
	struct brkw_snapshot_entry after;
	struct proc_faults faults;

	if (!read_still(subject->pid, &after, &faults))
		return false;
	return has_kernel_faults(subject, &after, &faults) &
	       account_changed_by(&subject->before, &after, deltas, subject->has_faults);
}

/**
 * subject_has_ended() - the marked account has ended, changed by just this
 * @subject: the subject
 * @state: how it must have ended
 * @deltas: which keys have changed since it was marked
 *
 * Return: false if it has not, or if the last account is not sound.
 */
bool subject_has_ended(struct subject *subject, enum brkw_state state,
		       const struct delta *deltas)
{
	struct brkw_snapshot_entry ended;
	int err = account_find_ended(subject->pid, state, &ended);

	if (err) {
		fprintf(stderr, "# no ended account of %d: %s\n", subject->pid, strerror(-err));
		return false;
	}
	if (!account_is_sound(&ended))
		return false;
	ended.value[BRKW_KEY_ENDED_NS] = 0;
	return account_changed_by(&subject->before, &ended, deltas, subject->has_faults);
}

/**
 * subject_has_become() - by exec the subject is another program, which stopped
 * @subject: the subject
 * @comm: the name of the program
 * @ret_acct: its account
 *
 * Return: false if it has not, or if its account is not sound.
 */
bool subject_has_become(struct subject *subject, const char *comm,
			struct brkw_snapshot_entry *ret_acct)
{
	if (!proc_wait_state(subject->pid, 'T')) {
		fprintf(stderr, "# %d does not stop in %s\n", subject->pid, comm);
		return false;
	}
	return read_sound(subject->pid, ret_acct) && !strcmp(ret_acct->comm, comm);
}
