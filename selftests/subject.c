// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "subject.h"

struct message {
	step_fn fn;
	long arg[NR_ARGS];
};

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
	step_tally = subject->tally;
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
