// SPDX-License-Identifier: GPL-2.0
/* How accounts open and end: fork, threads, borrowed address spaces, exit, signals. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define SZ_STACK	(64 * 1024)

/* Where a thread or child of the subject runs; it has this memory, too. */
static char stack[SZ_STACK] __attribute__((aligned(64)));
static int is_ready;

SUBJECT_FIXTURE(life);

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

/* By its number in the initial pid namespace, wherever it lives. */
TEST_F(life, fork_in_a_pid_namespace)
{
	struct brkw_snapshot_entry acct;
	long pid = call(&self->child, SYS_unshare, CLONE_NEWPID);

	if (pid == -EINVAL)
		SKIP(return, "no pid namespaces in this kernel");
	ASSERT_EQ(0, pid);
	pid = expect_address(step(&self->child, step_fork));
	ASSERT_TRUE(read_child(pid, &acct));
	EXPECT_EQ(pid, acct.pid);
	EXPECT_TRUE(is_fresh(&acct));
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
	EXPECT_TRUE(account_is_borrowed(&acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_TRUE(has_all_faults(&acct));
	expect_step(0, step(&self->child, step_end_child, pid));
	ASSERT_EQ(0, account_find_ended(pid, BRKW_EXITED, &acct));
	EXPECT_TRUE(account_is_borrowed(&acct));
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

#define CGROUP		"/sys/fs/cgroup/"
#define OOM_GROUP	CGROUP "brkwatch-test/"
#define SZ_OOM		(64L << 20)

FIXTURE(oom) {
	struct subject child;
};

FIXTURE_SETUP(oom)
{
	char pid[16];

	ASSERT_TRUE(account_module_is_loaded());
	sys_write(CGROUP "cgroup.subtree_control", "+memory");
	if (mkdir(OOM_GROUP, 0755) || sys_write(OOM_GROUP "memory.max", "16M"))
		SKIP(return, "no cgroup with a limit of memory");
	sys_write(OOM_GROUP "memory.swap.max", "0");
	ASSERT_EQ(0, subject_start(&self->child));
	snprintf(pid, sizeof(pid), "%d", self->child.pid);
	ASSERT_EQ(0, sys_write(OOM_GROUP "cgroup.procs", pid));
}

FIXTURE_TEARDOWN(oom)
{
	subject_stop(&self->child);
	rmdir(OOM_GROUP);
}

/* Its pages are taken from it while it still has its mappings. */
TEST_F(oom, killed)
{
	long start = map(&self->child, 0, SZ_OOM, ANON, -1);

	ASSERT_LT(0, start);
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, write_pages(&self->child, start, SZ_OOM));
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

/*
 * Pages that are not there until they are given, by a descriptor of userfaultfd();
 * one that may block, poll() takes for an error at once.
 */
static bool hold_back(int fd, long start, long size)
{
	struct uffdio_register range = {
		.range = { start, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };

	return !ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &range);
}

static bool is_wanted(int fd)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };

	return poll(&waiting, 1, 10000) == 1 && waiting.revents == POLLIN;
}

static bool give(int fd, long start, long size)
{
	struct uffdio_zeropage zero = { .range = { start, size } };

	return !ioctl(fd, UFFDIO_ZEROPAGE, &zero);
}

/* While a fault waits for us, its process can be read. */
TEST_F(life, userfaultfd)
{
	struct brkw_snapshot_entry acct;
	struct proc_faults faults;
	long start;
	int fd;

	ASSERT_EQ(0, subject_settle(&self->child));
	fd = call(&self->child, SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (fd == -ENOSYS)
		SKIP(return, "no userfaultfd() in this kernel");
	ASSERT_LE(0, fd);
	fd = take_descriptor(&self->child, fd);
	ASSERT_LE(0, fd);
	start = map(&self->child, 0, 2 * PAGE, ANON, -1);
	ASSERT_TRUE(hold_back(fd, start, 2 * PAGE));
	ASSERT_TRUE(subject_mark(&self->child));
	begin_step(&self->child, step_touch, start, 2 * PAGE, 0);
	ASSERT_TRUE(is_wanted(fd));
	ASSERT_EQ(0, account_read(self->child.pid, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_TRUE(give(fd, start, 2 * PAGE));
	EXPECT_EQ(0, subject_answer(&self->child));
	/* entered again when it has waited, but counted once at most */
	ASSERT_EQ(0, proc_read_faults(self->child.pid, &faults));
	faults.minor -= self->child.faults.minor;
	faults.major -= self->child.faults.major;
	EXPECT_GE(1, faults.minor + faults.major);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(
		DELTA(FAULT_ANON_MINOR, faults.minor), DELTA(FAULT_ANON_MAJOR, faults.major))));
	close(fd);
}

struct reading {
	int fd;
	char *page;
	ssize_t nr;
};

static void *read_once(void *arg)
{
	struct reading *reading = arg;

	reading->nr = read(reading->fd, reading->page, PAGE);
	return NULL;
}

static bool has_file_soon(pid_t pid)
{
	char path[64];
	int i;

	snprintf(path, sizeof(path), BRKW_FOLDER "%d", pid);
	for (i = 0; i < 500; i++) {
		if (!access(path, F_OK))
			return true;
		usleep(20000);
	}
	return false;
}

/* Nobody waits for a reader whose memory is not there, once the process has ended. */
TEST_F(life, reader_that_takes_for_ever)
{
	struct reading reading;
	pthread_t reader;
	char path[64];
	int fd;

	fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		SKIP(return, "no userfaultfd() in this kernel");
	reading.page = mmap(NULL, PAGE, RW, ANON, -1, 0);
	ASSERT_TRUE(hold_back(fd, (long)reading.page, PAGE));
	ASSERT_TRUE(has_file_soon(self->child.pid));
	snprintf(path, sizeof(path), BRKW_FOLDER "%d", self->child.pid);
	reading.fd = open(path, O_RDONLY);
	ASSERT_LE(0, reading.fd);
	ASSERT_EQ(0, pthread_create(&reader, NULL, read_once, &reading));
	EXPECT_TRUE(is_wanted(fd));
	subject_stop(&self->child);
	usleep(200000);
	EXPECT_EQ(0, subject_start(&self->child));
	EXPECT_TRUE(has_file_soon(self->child.pid));
	EXPECT_TRUE(give(fd, (long)reading.page, PAGE));
	EXPECT_EQ(0, pthread_join(reader, NULL));
	EXPECT_LT(0, reading.nr);
	EXPECT_EQ(-1, pread(reading.fd, path, 1, 0));
	EXPECT_EQ(EIO, errno);
	close(reading.fd);
	close(fd);
}

TEST_HARNESS_MAIN
