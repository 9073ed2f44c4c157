// SPDX-License-Identifier: GPL-2.0
/* Page faults by segment, counted just as the kernel counts them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define NR	4
#define SIZE	(NR * PAGE)
#define HUGE	(2L << 20)

static char buffer[SIZE];

FIXTURE(faults) {
	struct subject child;
	int file;
	int zero;
	int memfd;
	long room;	/* 64 pages with nothing in them */
};

FIXTURE_SETUP(faults)
{
	ASSERT_TRUE(account_module_is_loaded());
	self->file = sys_make_file(16 * PAGE);
	self->zero = open("/dev/zero", O_RDWR);
	self->memfd = memfd_create("brkwatch", 0);
	ASSERT_EQ(0, ftruncate(self->memfd, 16 * PAGE));
	ASSERT_EQ(0, subject_start(&self->child));
	ASSERT_EQ(0, call(&self->child, SYS_prctl, PR_SET_THP_DISABLE, 1));
	self->room = subject_room(&self->child, 64 * PAGE);
	ASSERT_EQ(0, subject_settle(&self->child));
}

FIXTURE_TEARDOWN(faults)
{
	subject_stop(&self->child);
}

/* As many minor faults of one segment as the kernel has counted, and some. */
#define expect_faults_of(key, run) ({					\
	struct proc_faults __now = { 0 };				\
									\
	EXPECT_TRUE(subject_mark(&self->child));			\
	EXPECT_EQ(0, (run));						\
	EXPECT_EQ(0, proc_read_faults(self->child.pid, &__now));	\
	__now.minor -= self->child.faults.minor;			\
	EXPECT_LT(0, __now.minor);					\
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(DELTA(key, __now.minor)))); \
	__now.minor; })

TEST_F(faults, heap)
{
	long end = call(&self->child, SYS_brk, 0);

	end = (end + PAGE - 1) & -PAGE;
	call(&self->child, SYS_brk, end + SIZE);
	expect_step(0, write_pages(&self->child, end, SIZE), DELTA(FAULT_HEAP_MINOR, NR));
	expect_step(0, write_pages(&self->child, end, SIZE));
}

TEST_F(faults, stack)
{
	struct proc_range stack;

	ASSERT_EQ(0, proc_find_mapping(self->child.pid, "[stack]", &stack));
	expect_step(0, write_pages(&self->child, stack.start - SIZE, PAGE),
		    DELTA(STACK_GROW_EVENTS, 1), DELTA(STACK_GROW_BYTES, SIZE),
		    DELTA(FAULT_STACK_MINOR, 1));
	expect_step(0, write_pages(&self->child, stack.start - SIZE, SIZE),
		    DELTA(FAULT_STACK_MINOR, NR - 1));
}

TEST_F(faults, anon)
{
	map(&self->child, self->room, SIZE, ANON | MAP_FIXED, -1);
	expect_step(0, write_pages(&self->child, self->room, SIZE), DELTA(FAULT_ANON_MINOR, NR));
}

/* First the page of zeroes, then one of its own. */
TEST_F(faults, anon_read_then_written)
{
	map(&self->child, self->room, SIZE, ANON | MAP_FIXED, -1);
	expect_step(0, read_pages(&self->child, self->room, SIZE), DELTA(FAULT_ANON_MINOR, NR));
	expect_step(0, write_pages(&self->child, self->room, SIZE), DELTA(FAULT_ANON_MINOR, NR));
}

TEST_F(faults, anon_again_after_dontneed)
{
	map(&self->child, self->room, SIZE, ANON | MAP_FIXED, -1);
	write_pages(&self->child, self->room, SIZE);
	expect_step(0, call(&self->child, SYS_madvise, self->room, SIZE, MADV_DONTNEED),
		    DELTA(MADVISE_DONTNEED_EVENTS, 1), DELTA(MADVISE_DONTNEED_BYTES, SIZE));
	expect_step(0, write_pages(&self->child, self->room, SIZE), DELTA(FAULT_ANON_MINOR, NR));
}

TEST_F(faults, anon_that_look_like_files)
{
	map(&self->child, self->room, SIZE, MAP_PRIVATE | MAP_FIXED, self->zero);
	expect_step(0, write_pages(&self->child, self->room, SIZE), DELTA(FAULT_ANON_MINOR, NR));
	map(&self->child, self->room, SIZE, MAP_PRIVATE | MAP_FIXED, self->memfd);
	expect_step(0, write_pages(&self->child, self->room, SIZE), DELTA(FAULT_ANON_MINOR, NR));
}

TEST_F(faults, file)
{
	map(&self->child, self->room, 16 * PAGE, MAP_PRIVATE | MAP_FIXED, self->file);
	expect_step(0, write_pages(&self->child, self->room, SIZE), DELTA(FAULT_FILE_MINOR, NR));
	/* the kernel maps what lies around, too */
	expect_faults_of(FAULT_FILE_MINOR, read_pages(&self->child, self->room + SIZE, SIZE));
}

/*
 * Up to 5.10 a write that makes a shared page dirty is tried again, for the
 * sake of who must wait until some are written back, and so counts as major.
 */
TEST_F(faults, shared)
{
	map(&self->child, self->room, SIZE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1);
	EXPECT_EQ(NR, expect_faults(SHARED, 0, 0, write_pages(&self->child, self->room, SIZE)));
	map(&self->child, self->room, SIZE, MAP_SHARED | MAP_FIXED, self->memfd);
	EXPECT_EQ(NR, expect_faults(SHARED, 0, 0, write_pages(&self->child, self->room, SIZE)));
	map(&self->child, self->room, SIZE, MAP_SHARED | MAP_FIXED, self->file);
	EXPECT_EQ(NR, expect_faults(SHARED, 0, 0, write_pages(&self->child, self->room, SIZE)));
}

/* In a subject that has not touched its vdso yet. */
TEST_F(faults, other)
{
	struct proc_range vdso;

	subject_stop(&self->child);
	ASSERT_EQ(0, subject_start(&self->child));
	read_pages(&self->child, (long)buffer, PAGE);
	ASSERT_EQ(0, proc_find_mapping(self->child.pid, "[vdso]", &vdso));
	self->child.has_faults = true;
	expect_faults_of(FAULT_OTHER_MINOR,
			 read_pages(&self->child, vdso.start, vdso.end - vdso.start));
}

/* The kernel writes for the process: it is its own fault. */
TEST_F(faults, in_a_system_call)
{
	map(&self->child, self->room, SIZE, ANON | MAP_FIXED, -1);
	expect_step(SIZE, call(&self->child, SYS_read, self->zero, self->room, SIZE),
		    DELTA(FAULT_ANON_MINOR, NR));
}

/* arg: process, address there; SIZE bytes are read into the buffer. */
static long step_read_from(const long *arg)
{
	struct iovec local = { buffer, SIZE }, remote = { (void *)arg[1], SIZE };

	return raw(SYS_process_vm_readv, arg[0], (long)&local, 1, (long)&remote, 1, 0);
}

static long step_write_to(const long *arg)
{
	struct iovec local = { buffer, SIZE }, remote = { (void *)arg[1], SIZE };

	return raw(SYS_process_vm_writev, arg[0], (long)&local, 1, (long)&remote, 1, 0);
}

static long step_peek(const long *arg)
{
	long err = raw(SYS_ptrace, PTRACE_SEIZE, arg[0], 0, 0);

	if (!err)
		err = raw(SYS_ptrace, PTRACE_INTERRUPT, arg[0], 0, 0);
	if (!err && raw(SYS_wait4, arg[0], 0, __WALL, 0) != arg[0])
		err = -ECHILD;
	if (!err)
		err = raw(SYS_ptrace, PTRACE_PEEKDATA, arg[0], arg[1], (long)buffer);
	raw(SYS_ptrace, PTRACE_DETACH, arg[0], 0, 0);
	return err;
}

/* By its own number a process reads itself: nothing is remote. */
TEST_F(faults, by_pinned_pages)
{
	map(&self->child, self->room, SIZE, ANON | MAP_FIXED, -1);
	expect_step(SIZE, step(&self->child, step_read_from, self->child.pid, self->room),
		    DELTA(FAULT_ANON_MINOR, NR));
}

/* Whose memory it is notices nothing: the kernel counts it for the reader. */
TEST_F(faults, remote)
{
	struct subject other;
	long room;

	ASSERT_EQ(0, subject_start(&other));
	EXPECT_EQ(0, call(&other, SYS_prctl, PR_SET_THP_DISABLE, 1));
	room = map(&other, 0, 4 * SIZE, ANON, -1);
	other.has_faults = true;
	EXPECT_TRUE(subject_mark(&other));
	expect_step(SIZE, step(&self->child, step_read_from, other.pid, room),
		    DELTA(FAULT_REMOTE_MINOR, NR));
	expect_step(SIZE, step(&self->child, step_write_to, other.pid, room + SIZE),
		    DELTA(FAULT_REMOTE_MINOR, NR));
	expect_step(0, step(&self->child, step_peek, other.pid, room + 2 * SIZE),
		    DELTA(FAULT_REMOTE_MINOR, 1));
	EXPECT_TRUE(subject_changed(&other, DELTAS()));
	subject_stop(&other);
}

/* Both copy what they write to; the parent, too, for its pages were shared. */
TEST_F(faults, copy_on_write)
{
	struct brkw_snapshot_entry acct;
	struct proc_faults faults;
	long pid;

	map(&self->child, self->room, SIZE, ANON | MAP_FIXED, -1);
	write_pages(&self->child, self->room, SIZE);
	pid = step(&self->child, step_fork, (long)step_touch, self->room, SIZE, 1);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(proc_wait_state(pid, 'S'));
	ASSERT_EQ(0, account_read(pid, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	ASSERT_EQ(0, proc_read_faults(pid, &faults));
	EXPECT_EQ(faults.minor, acct.value[BRKW_KEY_FAULT_MINOR]);
	EXPECT_LE(NR, acct.value[BRKW_KEY_FAULT_ANON_MINOR]);
	self->child.has_faults = false;		/* its stack was shared as well */
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(0, write_pages(&self->child, self->room, SIZE));
	EXPECT_TRUE(subject_changed(&self->child, DELTAS()));
	ASSERT_EQ(0, account_read(self->child.pid, &acct));
	EXPECT_LE(NR, acct.value[BRKW_KEY_FAULT_ANON_MINOR] -
		  self->child.before.value[BRKW_KEY_FAULT_ANON_MINOR]);
}

static sigjmp_buf back;

static void ignore(int sig)
{
}

static void jump_back(int sig)
{
	siglongjmp(back, sig);
}

/* arg: address, whether to write; answers with the signal. */
static long step_bad_touch(const long *arg)
{
	struct sigaction action = { .sa_handler = jump_back };
	long sig;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sig = sigsetjmp(back, 1);
	if (!sig)
		step_touch((const long[]){ arg[0], 1, arg[1] });
	return sig;
}

#define BAD	DELTA(FAULT_ERROR_EVENTS, 1)

TEST_F(faults, segmentation_fault)
{
	call(&self->child, SYS_mmap, self->room, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
	step(&self->child, step_bad_touch, (long)buffer, 1);
	step(&self->child, step_bad_touch, self->room + PAGE, 1);	/* all of that code */
	ASSERT_EQ(0, subject_settle(&self->child));
	expect_step(SIGSEGV, step(&self->child, step_bad_touch, self->room + PAGE, 0), BAD);
	expect_step(SIGSEGV, step(&self->child, step_bad_touch, self->room + PAGE, 1), BAD);
	expect_step(SIGSEGV, step(&self->child, step_bad_touch, self->room, 1), BAD);
	expect_step(SIGSEGV, step(&self->child, step_bad_touch, 0, 1), BAD);
	/* of the kernel's */
	expect_step(SIGSEGV, step(&self->child, step_bad_touch, -PAGE, 0), BAD);
}

TEST_F(faults, bus_error)
{
	map(&self->child, self->room, 20 * PAGE, MAP_PRIVATE | MAP_FIXED, self->file);
	step(&self->child, step_bad_touch, (long)buffer, 1);
	step(&self->child, step_bad_touch, self->room + 40 * PAGE, 1);
	ASSERT_EQ(0, subject_settle(&self->child));
	expect_step(SIGBUS, step(&self->child, step_bad_touch, self->room + 17 * PAGE, 0), BAD);
	expect_step(SIGBUS, step(&self->child, step_bad_touch, self->room + 17 * PAGE, 1), BAD);
}

/* arg: code of a SIGSEGV that is sent to oneself, as who has caught one may do */
static long step_signal_self(const long *arg)
{
	siginfo_t info = { .si_signo = SIGSEGV, .si_code = arg[0] };

	signal(SIGSEGV, ignore);
	return raw(SYS_rt_sigqueueinfo, getpid(), SIGSEGV, (long)&info);
}

/* A general protection fault is no page fault, and a signal of a kill() neither. */
TEST_F(faults, signals_that_are_no_faults)
{
	step(&self->child, step_bad_touch, (long)buffer, 1);
	step(&self->child, step_bad_touch, self->room + PAGE, 1);
	ASSERT_EQ(0, subject_settle(&self->child));
	expect_step(SIGSEGV, step(&self->child, step_bad_touch, 1L << 62, 0));
	expect_step(0, call(&self->child, SYS_kill, self->child.pid, SIGWINCH));
	self->child.has_faults = false;
	expect_step(0, step(&self->child, step_signal_self, SEGV_MAPERR));
}

/* No page of the file is in memory any more; true if that could be had. */
static bool is_evicted(int fd, size_t size)
{
	unsigned char in_core[1024];
	void *start = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	unsigned int i, nr = 0;

	fsync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (start == MAP_FAILED || mincore(start, size, in_core))
		return false;
	for (i = 0; i < size / PAGE; i++)
		nr += in_core[i] & 1;
	munmap(start, size);
	return !nr;
}

TEST_F(faults, major)
{
	struct proc_faults faults;
	const long size = 64 * PAGE;
	char path[PATH_MAX];
	int fd;

	subject_stop(&self->child);
	sys_beside("held", path, sizeof(path));
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, subject_start(&self->child));
	ASSERT_EQ(0, subject_settle(&self->child));
	self->room = subject_room(&self->child, size);
	call(&self->child, SYS_mmap, self->room, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	call(&self->child, SYS_madvise, self->room, size, MADV_RANDOM);
	if (!is_evicted(fd, size))
		SKIP(return, "files here cannot be taken out of the page cache");
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(0, read_pages(&self->child, self->room, size));
	ASSERT_EQ(0, proc_read_faults(self->child.pid, &faults));
	faults.minor -= self->child.faults.minor;
	faults.major -= self->child.faults.major;
	EXPECT_LE(1, faults.major);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(
		DELTA(FAULT_FILE_MINOR, faults.minor), DELTA(FAULT_FILE_MAJOR, faults.major))));
	close(fd);
}

#define THP_FILE	"/sys/kernel/mm/transparent_hugepage/enabled"

FIXTURE(thp) {
	struct subject child;
	char old[64];
};

FIXTURE_VARIANT(thp) {
	const char *mode;
	long nr_least;
	long nr_most;
};

/* Without memory for a huge page the kernel takes small ones. */
FIXTURE_VARIANT_ADD(thp, always) { .mode = "always", .nr_least = 2, .nr_most = 1024 };
FIXTURE_VARIANT_ADD(thp, never) { .mode = "never", .nr_least = 1024, .nr_most = 1024 };

FIXTURE_SETUP(thp)
{
	char *word;

	ASSERT_TRUE(account_module_is_loaded());
	if (sys_replace(THP_FILE, variant->mode, self->old, sizeof(self->old)))
		SKIP(return, "cannot set " THP_FILE);
	word = strchr(self->old, '[');		/* "always [madvise] never" */
	ASSERT_NE(NULL, word);
	memmove(self->old, word + 1, strlen(word));
	self->old[strcspn(self->old, "]")] = '\0';
	ASSERT_EQ(0, subject_start(&self->child));
	ASSERT_EQ(0, subject_settle(&self->child));
}

FIXTURE_TEARDOWN(thp)
{
	subject_stop(&self->child);
	sys_write(THP_FILE, self->old);
}

TEST_F(thp, touch)
{
	long start = map(&self->child, 0, 3 * HUGE, ANON, -1), nr;

	ASSERT_LT(0, start);
	start = (start + HUGE - 1) & -HUGE;
	nr = expect_faults_of(FAULT_ANON_MINOR, write_pages(&self->child, start, 2 * HUGE));
	EXPECT_LE(variant->nr_least, nr);
	EXPECT_GE(variant->nr_most, nr);
}

TEST_HARNESS_MAIN
