// SPDX-License-Identifier: GPL-2.0
/* How accounts open and end: fork, vfork, exec, threads, exit, signals. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define SZ_STACK	(64 * 1024)

/* What the subject execs and where its threads run; it has this memory, too. */
static char program[PATH_MAX];
static char *argv[] = { program, NULL };
static char *envp[] = { NULL };
static char stack[SZ_STACK] __attribute__((aligned(64)));
static int is_ready;

FIXTURE(life) {
	struct subject child;
};

FIXTURE_SETUP(life)
{
	ASSERT_TRUE(account_module_is_loaded());
	sys_beside("held", program, sizeof(program));
	ASSERT_EQ(0, subject_start(&self->child));
}

FIXTURE_TEARDOWN(life)
{
	subject_stop(&self->child);
}

/* No change of size is in it: it is as large as it was when it opened. */
static bool is_fresh(const struct brkw_snapshot_entry *acct)
{
	unsigned int key;

	for (key = BRKW_KEY_VM_GROWN_BYTES; key <= BRKW_KEY_OTHER_SHRINK_BYTES; key++) {
		switch (key) {
		case BRKW_KEY_VMA_COUNT:
		case BRKW_KEY_VMA_PEAK:
		case BRKW_KEY_BRK_BYTES:
		case BRKW_KEY_BRK_PEAK_BYTES:
			continue;
		}
		if (!acct->value[key])
			continue;
		fprintf(stderr, "# %s is %lld\n", account_keys[key], (long long)acct->value[key]);
		return false;
	}
	return acct->value[BRKW_KEY_VM_START_BYTES] == acct->value[BRKW_KEY_VM_BYTES];
}

/* What the kernel counts since fork is what the account has. */
static bool has_all_faults(const struct brkw_snapshot_entry *acct)
{
	struct proc_faults faults;

	if (proc_read_faults(acct->pid, &faults))
		return false;
	if (acct->value[BRKW_KEY_FAULT_MINOR] == faults.minor &&
	    acct->value[BRKW_KEY_FAULT_MAJOR] == faults.major)
		return true;
	fprintf(stderr, "# %u has %lld and %lld faults, the kernel counts %ld and %ld\n",
		acct->pid, (long long)acct->value[BRKW_KEY_FAULT_MINOR],
		(long long)acct->value[BRKW_KEY_FAULT_MAJOR], faults.minor, faults.major);
	return false;
}

/* A child of the subject's, once it has come to rest. */
static bool read_child(pid_t pid, struct brkw_snapshot_entry *ret_acct)
{
	return proc_wait_state(pid, 'S') && !account_read(pid, ret_acct) &&
	       account_is_sound(ret_acct) && account_agrees_with_kernel(ret_acct);
}

TEST_F(life, fork)
{
	struct brkw_snapshot_entry acct;
	const __s64 *mine = self->child.before.value;
	pid_t pid;

	pid = expect_address(step(&self->child, step_fork));
	ASSERT_TRUE(read_child(pid, &acct));
	EXPECT_TRUE(is_fresh(&acct));
	EXPECT_TRUE(has_all_faults(&acct));
	EXPECT_EQ(mine[BRKW_KEY_VM_BYTES], acct.value[BRKW_KEY_VM_START_BYTES]);
	EXPECT_EQ(mine[BRKW_KEY_BRK_BYTES], acct.value[BRKW_KEY_BRK_BYTES]);
	EXPECT_LT(mine[BRKW_KEY_WATCHED_SINCE_NS], acct.value[BRKW_KEY_WATCHED_SINCE_NS]);
	expect_step(0, step(&self->child, step_end_child, pid));
	ASSERT_EQ(0, account_find_ended(pid, BRKW_EXITED, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_TRUE(is_fresh(&acct));
}

TEST_F(life, fork_leaves_a_mapping_behind)
{
	const __s64 *mine = self->child.before.value;
	struct brkw_snapshot_entry acct;
	long start, pid;

	start = map(&self->child, 0, 8 * PAGE, ANON, -1);
	ASSERT_EQ(0, call(&self->child, SYS_madvise, start, 8 * PAGE, MADV_DONTFORK));
	pid = expect_address(step(&self->child, step_fork));
	ASSERT_TRUE(read_child(pid, &acct));
	EXPECT_TRUE(is_fresh(&acct));
	EXPECT_EQ(mine[BRKW_KEY_VM_BYTES] - 8 * PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
}

/* The child's steps are on its own account. */
TEST_F(life, forked_child_maps)
{
	struct brkw_snapshot_entry acct;
	long pid;

	pid = expect_address(step(&self->child, step_fork, (long)step_syscall, SYS_mmap, 0,
				  3 * PAGE, RW, ANON | MAP_POPULATE));
	ASSERT_TRUE(read_child(pid, &acct));
	EXPECT_EQ(1, acct.value[BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS]);
	EXPECT_EQ(3 * PAGE, acct.value[BRKW_KEY_MMAP_ANON_PRIVATE_BYTES]);
	EXPECT_LE(3, acct.value[BRKW_KEY_FAULT_ANON_MINOR]);
	EXPECT_TRUE(has_all_faults(&acct));
}

static long step_vfork_exec(const long *arg)
{
	pid_t pid = vfork();

	if (!pid) {
		execve(program, argv, envp);
		_exit(127);
	}
	return pid < 0 ? -errno : pid;
}

/* All keys of the address space are another process's. */
static bool is_borrowed(const struct brkw_snapshot_entry *acct)
{
	unsigned int key;

	for (key = BRKW_KEY_VM_BYTES; key <= BRKW_KEY_OTHER_SHRINK_BYTES; key++) {
		if (account_is_known(acct, key)) {
			fprintf(stderr, "# %s is known\n", account_keys[key]);
			return false;
		}
	}
	return account_is_known(acct, BRKW_KEY_FAULT_MINOR);
}

TEST_F(life, vfork_and_exec)
{
	struct brkw_snapshot_entry acct;
	pid_t pid;

	pid = expect_address(step(&self->child, step_vfork_exec));
	ASSERT_TRUE(proc_wait_state(pid, 'T'));
	ASSERT_EQ(0, account_read(pid, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_TRUE(account_agrees_with_kernel(&acct));
	EXPECT_STREQ("held", acct.comm);
	EXPECT_EQ(PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
	ASSERT_EQ(0, account_find_ended(pid, BRKW_REPLACED, &acct));
	EXPECT_TRUE(is_borrowed(&acct));
	EXPECT_TRUE(account_is_sound(&acct));
	expect_step(0, step(&self->child, step_end_child, pid));
	ASSERT_EQ(0, account_find_ended(pid, BRKW_EXITED, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
}

static int borrow(void *data)
{
	long end = raw(SYS_brk, 0);

	raw(SYS_mmap, 0, 3 * PAGE, RW, ANON, -1, 0);
	raw(SYS_brk, ((end + PAGE - 1) & -PAGE) + PAGE);
	__atomic_store_n(&is_ready, 1, __ATOMIC_RELEASE);
	for (;;)
		raw(SYS_ppoll, 0, 0, 0, 0);
	return 0;
}

static long step_borrow(const long *arg)
{
	long pid = clone(borrow, stack + SZ_STACK, CLONE_VM | SIGCHLD, NULL);

	while (pid > 0 && !__atomic_load_n(&is_ready, __ATOMIC_ACQUIRE))
		raw(SYS_sched_yield, 0);
	return pid;
}

TEST_F(life, child_in_the_same_address_space)
{
	long end = call(&self->child, SYS_brk, 0), pid;
	struct brkw_snapshot_entry acct;

	end = (end + PAGE - 1) & -PAGE;
	call(&self->child, SYS_brk, end);
	pid = expect_address(step(&self->child, step_borrow),
			     DELTA(MMAP_ANON_PRIVATE_EVENTS, 1),
			     DELTA(MMAP_ANON_PRIVATE_BYTES, 3 * PAGE),
			     DELTA(BRK_SAME_EVENTS, 1), DELTA(BRK_GROW_EVENTS, 1),
			     DELTA(BRK_GROW_BYTES, PAGE), DELTA(BRK_BYTES, PAGE));
	ASSERT_TRUE(proc_wait_state(pid, 'S'));
	ASSERT_EQ(0, account_read(pid, &acct));
	EXPECT_TRUE(is_borrowed(&acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_TRUE(has_all_faults(&acct));
	expect_step(0, step(&self->child, step_end_child, pid));
	ASSERT_EQ(0, account_find_ended(pid, BRKW_EXITED, &acct));
	EXPECT_TRUE(is_borrowed(&acct));
}

TEST_F(life, exec)
{
	struct brkw_snapshot_entry acct;

	map(&self->child, 0, 16 * PAGE, ANON, -1);
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_execve, (long)program, (long)argv,
				     (long)envp));
	ASSERT_TRUE(subject_has_become(&self->child, "held", &acct));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_REPLACED, DELTAS()));
	EXPECT_EQ(PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
	EXPECT_LT(self->child.before.value[BRKW_KEY_WATCHED_SINCE_NS],
		  acct.value[BRKW_KEY_WATCHED_SINCE_NS]);
	EXPECT_EQ(0, acct.value[BRKW_KEY_MMAP_ANON_PRIVATE_BYTES]);
}

/* Threads that wait while one of them execs and ends them. */
static long race_exec(const long *arg)
{
	if (__atomic_add_fetch(&is_ready, 1, __ATOMIC_ACQ_REL) == arg[1])
		raw(SYS_execve, (long)program, (long)argv, (long)envp);
	for (;;)
		raw(SYS_ppoll, 0, 0, 0, 0);
	return 0;
}

TEST_F(life, exec_by_a_thread)
{
	struct brkw_snapshot_entry acct;
	struct proc_faults faults;

	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, step(&self->child, step_race, (long)race_exec, 4, 4));
	ASSERT_TRUE(subject_has_become(&self->child, "held", &acct));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_REPLACED, DELTAS()));
	EXPECT_EQ(PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
	/* it goes on, and its faults are still counted */
	ASSERT_EQ(0, proc_read_faults(self->child.pid, &faults));
	EXPECT_LT(0, acct.value[BRKW_KEY_FAULT_MINOR]);
	EXPECT_GE(faults.minor, acct.value[BRKW_KEY_FAULT_MINOR]);
}

TEST_F(life, exec_of_nothing)
{
	static const char nothing[] = "/nowhere/to/be/found", folder[] = "/";

	expect_step(-ENOENT, call(&self->child, SYS_execve, (long)nothing, (long)argv, (long)envp));
	expect_step(-EACCES, call(&self->child, SYS_execve, (long)folder, (long)argv, (long)envp));
}

/* A copy of a program in /tmp, to be changed. */
static int copy_program(const char *name, char *ret_path, size_t size)
{
	char from[PATH_MAX], block[65536];
	int in, out;
	ssize_t nr;

	sys_beside(name, from, sizeof(from));
	snprintf(ret_path, size, "/tmp/brkwatch-life.XXXXXX");
	in = open(from, O_RDONLY);
	out = mkstemp(ret_path);
	while ((nr = read(in, block, sizeof(block))) > 0)
		if (write(out, block, nr) != nr)
			break;
	fchmod(out, 0755);
	close(in);
	return nr ? -1 : out;
}

/* The header of the last segment of a type. */
static off_t find_segment(int fd, Elf64_Word type, Elf64_Phdr *ret_segment)
{
	Elf64_Ehdr elf;
	Elf64_Phdr segment;
	off_t found = -1;
	int i;

	if (pread(fd, &elf, sizeof(elf), 0) != sizeof(elf))
		return -1;
	for (i = 0; i < elf.e_phnum; i++) {
		off_t pos = elf.e_phoff + i * sizeof(segment);

		if (pread(fd, &segment, sizeof(segment), pos) != sizeof(segment))
			return -1;
		if (segment.p_type != type)
			continue;
		*ret_segment = segment;
		found = pos;
	}
	return found;
}

TEST_F(life, exec_without_an_interpreter)
{
	Elf64_Phdr segment;
	int fd;

	subject_stop(&self->child);
	fd = copy_program("life", program, sizeof(program));
	ASSERT_LE(0, fd);
	ASSERT_LE(0, find_segment(fd, PT_INTERP, &segment));
	ASSERT_EQ(1, pwrite(fd, "!", 1, segment.p_offset + 1));
	close(fd);
	ASSERT_EQ(0, subject_start(&self->child));
	expect_step(-ENOENT, call(&self->child, SYS_execve, (long)program, (long)argv, (long)envp));
	unlink(program);
}

/* It fails when the old address space is gone: the process ends. */
TEST_F(life, exec_failing_too_late)
{
	struct brkw_snapshot_entry acct;
	Elf64_Phdr segment;
	off_t pos;
	int fd;

	subject_stop(&self->child);
	fd = copy_program("held", program, sizeof(program));
	ASSERT_LE(0, fd);
	pos = find_segment(fd, PT_LOAD, &segment);
	ASSERT_LE(0, pos);
	segment.p_vaddr |= 1UL << 62;
	ASSERT_EQ(sizeof(segment), pwrite(fd, &segment, sizeof(segment), pos));
	close(fd);
	ASSERT_EQ(0, subject_start(&self->child));
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_execve, (long)program, (long)argv,
				     (long)envp));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_REPLACED, DELTAS()));
	ASSERT_EQ(0, account_find_ended(self->child.pid, BRKW_EXITED, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_EQ(PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
	unlink(program);
}

TEST_F(life, exit)
{
	map(&self->child, 0, 16 * PAGE, ANON, -1);
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_exit_group, 0));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_EXITED, DELTAS()));
}

TEST_F(life, killed)
{
	ASSERT_TRUE(subject_mark(&self->child));
	kill(self->child.pid, SIGKILL);
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_EXITED, DELTAS()));
}

/* By the signal of a bad fault, of which there was none. */
TEST_F(life, killed_by_a_segmentation_fault_of_its_own)
{
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_kill, self->child.pid, SIGSEGV));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_EXITED, DELTAS()));
}

static void nap(void)
{
	struct timespec time = { .tv_nsec = 200000000 };

	raw(SYS_nanosleep, (long)&time, 0);
}

static int outlive(void *data)
{
	long start;

	nap();	/* the leader is gone by then */
	start = raw(SYS_mmap, 0, 4 * PAGE, RW, ANON, -1, 0);
	step_touch((const long[]){ start, 4 * PAGE, 1 });
	nap();
	raw(SYS_munmap, start, PAGE);
	raw(SYS_exit_group, 0);
	return 0;
}

static long step_leave_a_thread(const long *arg)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM;

	clone(outlive, stack + SZ_STACK, flags, NULL);
	return raw(SYS_exit, 0);
}

TEST_F(life, leader_exits_first)
{
	struct brkw_snapshot_entry acct;

	ASSERT_TRUE(subject_mark(&self->child));
	begin_step(&self->child, step_leave_a_thread);
	ASSERT_TRUE(proc_wait_state(self->child.pid, 'Z'));
	ASSERT_EQ(0, account_read(self->child.pid, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_EQ(SUBJECT_GONE, subject_answer(&self->child));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_EXITED, DELTAS(
		DELTA(MMAP_ANON_PRIVATE_EVENTS, 1), DELTA(MMAP_ANON_PRIVATE_BYTES, 4 * PAGE),
		DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, PAGE))));
}

/* From now on all that is mapped is faulted in, too. */
TEST_F(life, mlockall)
{
	long end = call(&self->child, SYS_brk, 0);

	end = (end + PAGE - 1) & -PAGE;
	call(&self->child, SYS_brk, end);
	ASSERT_EQ(0, subject_settle(&self->child));
	expect_step(0, call(&self->child, SYS_mlockall, MCL_FUTURE));
	expect_step(end + 4 * PAGE, call(&self->child, SYS_brk, end + 4 * PAGE),
		    DELTA(BRK_GROW_EVENTS, 1), DELTA(BRK_GROW_BYTES, 4 * PAGE),
		    DELTA(BRK_BYTES, 4 * PAGE), DELTA(FAULT_HEAP_MINOR, 4));
	expect_address(map(&self->child, 0, 3 * PAGE, ANON, -1),
		       DELTA(MMAP_ANON_PRIVATE_EVENTS, 1),
		       DELTA(MMAP_ANON_PRIVATE_BYTES, 3 * PAGE), DELTA(FAULT_ANON_MINOR, 3));
}

/* The subject's descriptor, here. */
static int take_descriptor(const struct subject *child, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, child->pid, 0);

	fd = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	close(pidfd);
	return fd;
}

/* While a fault waits for us, its process can be read. */
TEST_F(life, userfaultfd)
{
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	struct brkw_snapshot_entry acct;
	struct uffdio_zeropage zero;
	struct pollfd waiting;
	long start;
	int fd;

	fd = call(&self->child, SYS_userfaultfd, O_CLOEXEC);
	if (fd == -ENOSYS)
		SKIP(return, "no userfaultfd() in this kernel");
	ASSERT_LE(0, fd);
	fd = take_descriptor(&self->child, fd);
	ASSERT_LE(0, fd);
	start = map(&self->child, 0, 2 * PAGE, ANON, -1);
	ASSERT_EQ(0, ioctl(fd, UFFDIO_API, &api));
	range.range = (struct uffdio_range){ start, 2 * PAGE };
	ASSERT_EQ(0, ioctl(fd, UFFDIO_REGISTER, &range));
	ASSERT_TRUE(subject_mark(&self->child));
	begin_step(&self->child, step_touch, start, 2 * PAGE, 0);
	waiting = (struct pollfd){ .fd = fd, .events = POLLIN };
	ASSERT_EQ(1, poll(&waiting, 1, 10000));
	ASSERT_EQ(0, account_read(self->child.pid, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	zero = (struct uffdio_zeropage){ .range = range.range };
	EXPECT_EQ(0, ioctl(fd, UFFDIO_ZEROPAGE, &zero));
	EXPECT_EQ(0, subject_answer(&self->child));
	EXPECT_TRUE(subject_changed(&self->child, DELTAS()));
	close(fd);
}

TEST_HARNESS_MAIN
