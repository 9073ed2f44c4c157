// SPDX-License-Identifier: GPL-2.0
/* Bugs that were found, by what they looked like from outside. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define SZ_STACK	(64 * 1024)
#define NR_SECONDS	1800		/* kernels that hunt for bugs take their time */
#define ENABLED		"/sys/module/brkwatch/parameters/enabled"

static char stack[SZ_STACK] __attribute__((aligned(64)));
static char text[1 << 20];
static char program[4096];
static char *argv[] = { program, NULL };
static char *envp[] = { NULL };

SUBJECT_FIXTURE(regress);

static int wait_for_ever(void *unused)
{
	for (;;)
		raw(SYS_ppoll, 0, 0, 0, 0);
	return 0;
}

static long step_leave_a_thread(const long *arg)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM;

	clone(wait_for_ever, stack + SZ_STACK, flags, NULL);
	return raw(SYS_exit, 0);
}

/* The stack of a thread that has exited is gone, and its user registers with it. */
TEST_F(regress, brk_refused_then_its_thread_is_a_zombie)
{
	struct brkw_snapshot_entry acct;
	__s64 nr_failed;

	ASSERT_TRUE(subject_mark(&self->child));
	nr_failed = self->child.before.value[BRKW_KEY_BRK_FAIL_EVENTS];
	call(&self->child, SYS_brk, 1);
	begin_step(&self->child, step_leave_a_thread);
	ASSERT_TRUE(proc_wait_state(self->child.pid, 'Z'));
	ASSERT_EQ(0, account_read(self->child.pid, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_EQ(nr_failed + 1, acct.value[BRKW_KEY_BRK_FAIL_EVENTS]);
}

static int end_at_once(void *unused)
{
	raw(SYS_exit, 0);
	return 0;
}

static int end_late(void *unused)
{
	struct timespec time = { .tv_sec = 1, .tv_nsec = 500000000 };

	raw(SYS_nanosleep, (long)&time, 0);
	raw(SYS_mmap, 0, 3 * PAGE, RW, ANON, -1, 0);
	raw(SYS_nanosleep, (long)&time, 0);
	raw(SYS_exit, 0);
	return 0;
}

/* arg[0]: what it does */
static long step_lend(const long *arg)
{
	return clone((int (*)(void *))arg[0], stack + SZ_STACK, CLONE_VM | SIGCHLD, NULL);
}

/* That is a pointer into the kernel otherwise. */
TEST_F(regress, borrower_ends_and_has_a_name)
{
	struct brkw_snapshot_entry acct;
	long pid;

	ASSERT_EQ(0, call(&self->child, SYS_prctl, PR_SET_NAME, (long)"lender"));
	pid = step(&self->child, step_lend, (long)end_at_once);
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, call(&self->child, SYS_wait4, pid, 0, 0, 0));
	ASSERT_EQ(0, account_find_ended(pid, BRKW_EXITED, &acct));
	EXPECT_STREQ("lender", acct.comm);
}

static bool is_text(const char *at, size_t size)
{
	for (; size; size--, at++)
		if (*at < ' ' && *at != '\n')
			return false;
	return true;
}

/* Accounts that were collected are dropped while somebody reads them. */
TEST_F(regress, list_is_read_across_a_disable)
{
	ssize_t nr, size = 0;
	int fd;

	ASSERT_TRUE(subject_mark(&self->child));
	fd = open(BRKW_FOLDER BRKW_FILE_PROCESSES, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, read(fd, text, 1));
	ASSERT_EQ(0, sys_write(ENABLED, "0"));
	while ((nr = read(fd, text + size, sizeof(text) - size)) > 0)
		size += nr;
	close(fd);
	ASSERT_EQ(0, sys_write(ENABLED, "1"));
	ASSERT_EQ(0, nr);
	ASSERT_LT(0, size);
	EXPECT_TRUE(is_text(text, size));
	EXPECT_NE(NULL, strstr(text, " regress "));
}

/* The old address space goes on, and may change while its account is closed. */
TEST_F(regress, exec_while_somebody_borrows)
{
	struct brkw_snapshot_entry acct;
	long pid;

	sys_beside("held", program, sizeof(program));
	subject_stop(&self->child);
	ASSERT_EQ(0, subject_start(&self->child));
	pid = step(&self->child, step_lend, (long)end_late);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_execve, (long)program, (long)argv,
				     (long)envp));
	ASSERT_TRUE(subject_has_become(&self->child, "held", &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_REPLACED, DELTAS()));
	kill(pid, SIGKILL);
}

#define NR_MANY		4000	/* more than are kept of a burst */
#define SZ_LITTLE	8192

/* The page above is its parent's doing. */
static int fault_and_wait(void *unused)
{
	volatile char page[PAGE];

	page[0] = 1;
	return wait_for_ever(unused);
}

static long step_have_threads(const long *arg)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM;
	char *stacks = mmap(NULL, NR_MANY * SZ_LITTLE, RW, ANON, -1, 0);
	int i;

	for (i = 1; i <= NR_MANY; i++)
		if (clone(fault_and_wait, stacks + i * SZ_LITTLE, flags, NULL) < 0)
			break;
	return i - 1;
}

/* What is made ready for them may be freed, as after a burst, before they get it. */
TEST_F_TIMEOUT(regress, many_threads_are_adopted, NR_SECONDS)
{
	struct brkw_snapshot_entry acct;
	__s64 nr_dropped;
	long nr;

	nr = step(&self->child, step_have_threads);
	ASSERT_LT(NR_MANY / 2, nr);
	nr_dropped = account_stat("drop_thread_pool");
	ASSERT_EQ(0, sys_write(ENABLED, "0"));
	ASSERT_EQ(0, sys_write(ENABLED, "1"));
	EXPECT_EQ(nr_dropped, account_stat("drop_thread_pool"));
	EXPECT_LE(nr, account_stat("threads_live"));
	ASSERT_EQ(0, account_read(self->child.pid, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_EQ(0, acct.value[BRKW_KEY_FAULT_UNATTRIBUTED]);
}

struct watch {
	pid_t pid;
	bool is_over;
	int nr_seen;
	int nr_wrong;
};

static void take_a_look(struct watch *watch)
{
	const struct brkw_snapshot_header *header = (void *)text;
	const struct brkw_snapshot_entry *entry;
	unsigned int i;

	if (proc_read(BRKW_FOLDER BRKW_FILE_SNAPSHOT, text, sizeof(text)) < 0)
		return;
	for (i = 0; i < header->nr_entries; i++) {
		entry = (void *)(text + header->sz_header + i * header->sz_entry);
		if (entry->pid != (__u32)watch->pid)
			continue;
		watch->nr_seen++;
		watch->nr_wrong += !!entry->value[BRKW_KEY_FAULT_UNATTRIBUTED];
	}
}

static void *keep_looking(void *watch)
{
	while (!__atomic_load_n(&((struct watch *)watch)->is_over, __ATOMIC_RELAXED))
		take_a_look(watch);
	return NULL;
}

/* It was there before all its threads, whose faults so far seemed new. */
TEST_F_TIMEOUT(regress, threads_are_adopted_while_somebody_looks, NR_SECONDS)
{
	struct watch watch = { .pid = self->child.pid };
	pthread_t thread;
	int i;

	ASSERT_LT(NR_MANY / 2, step(&self->child, step_have_threads));
	ASSERT_EQ(0, pthread_create(&thread, NULL, keep_looking, &watch));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, sys_write(ENABLED, "0"));
		EXPECT_EQ(0, sys_write(ENABLED, "1"));
	}
	usleep(100000);
	__atomic_store_n(&watch.is_over, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_LT(0, watch.nr_seen);
	EXPECT_EQ(0, watch.nr_wrong);
}

#define NR_HELD		40
#define SZ_LONG		(8 * PAGE)	/* such arguments grow the stack that exec makes */

static pid_t exec_held(char *argument)
{
	char *long_argv[] = { program, argument, NULL };
	pid_t pid = fork();

	if (!pid) {
		execve(program, long_argv, envp);
		_exit(1);
	}
	return pid;
}

static void *exec_many(void *pids)
{
	char *argument = malloc(SZ_LONG);
	int i;

	memset(argument, 'a', SZ_LONG - 1);
	argument[SZ_LONG - 1] = '\0';
	for (i = 0; i < NR_HELD; i++) {
		((pid_t *)pids)[i] = exec_held(argument);
		usleep(10000);
	}
	free(argument);
	return NULL;
}

/* They are all watched whichever hooks saw them, and from their first thread on. */
TEST_F_TIMEOUT(regress, exec_while_hooks_are_armed, NR_SECONDS)
{
	struct brkw_snapshot_entry acct;
	pid_t pids[NR_HELD];
	pthread_t thread;
	int i;

	sys_beside("held", program, sizeof(program));
	ASSERT_EQ(0, sys_write(ENABLED, "0"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, exec_many, pids));
	EXPECT_EQ(0, sys_write(ENABLED, "1"));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	for (i = 0; i < NR_HELD; i++) {
		EXPECT_TRUE(proc_wait_state(pids[i], 'T'));
		EXPECT_EQ(0, account_read(pids[i], &acct)) {
			TH_LOG("process %d of %d", i, NR_HELD);
		}
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}

/* What lies over nothing starts nowhere, and that is no address. */
TEST_F(regress, mapping_at_address_zero)
{
	long at;

	if (map(&self->child, 0, PAGE, ANON | MAP_FIXED, -1))
		SKIP(return, "nothing may be mapped there");
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(0, map(&self->child, 0, PAGE, ANON | MAP_FIXED, -1));
	at = map(&self->child, 0, 4 * PAGE, ANON, -1);
	EXPECT_LT(0, at);
	at = map(&self->child, 0, 4 * PAGE, ANON, -1);
	EXPECT_LT(0, at);
	EXPECT_TRUE(subject_changed(&self->child,
				    DELTAS(DELTA(MMAP_ANON_PRIVATE_EVENTS, 3),
					   DELTA(MMAP_ANON_PRIVATE_BYTES, 9 * PAGE),
					   DELTA(MMAP_REPLACED_BYTES, PAGE))));
}

static bool ends_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && !status;
}

#define NR_CALLERS	300	/* more than there is room for */
#define SZ_CALLERS	(NR_CALLERS * PAGE)

static void *forget_page(void *page)
{
	return (void *)(long)madvise(page, PAGE, MADV_DONTNEED);
}

/* Who forgets one of these pages waits until that has been read from @fd. */
static bool tells_what_is_forgotten(int fd, char *pages)
{
	struct uffdio_register range = {
		.range = { (long)pages, SZ_CALLERS },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_EVENT_REMOVE };

	return !ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &range);
}

static __s64 nr_forgotten(void)
{
	struct brkw_snapshot_entry acct;

	if (account_read(getpid(), &acct))
		return -1;
	return acct.value[BRKW_KEY_MADVISE_DONTNEED_EVENTS];
}

/* So many calls are under way at once that the returns of some cannot be caught. */
static bool forget_all_at_once(int fd, char *pages)
{
	pthread_t callers[NR_CALLERS];
	pthread_attr_t small;	/* of a larger stack the library forgets pages, too */
	struct uffd_msg message;
	int i;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, PTHREAD_STACK_MIN);
	for (i = 0; i < NR_CALLERS; i++)
		if (pthread_create(&callers[i], &small, forget_page, pages + i * PAGE))
			return false;
	sleep(1);
	for (i = 0; i < NR_CALLERS; i++)
		if (read(fd, &message, sizeof(message)) != sizeof(message))
			return false;
	for (i = 0; i < NR_CALLERS; i++)
		if (pthread_join(callers[i], NULL))
			return false;
	return true;
}

TEST_F_TIMEOUT(regress, more_returns_than_can_be_awaited, NR_SECONDS)
{
	__s64 nr_before, nr_missed;
	char *pages;
	int fd;

	fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "no userfaultfd() in this kernel");
	pages = mmap(NULL, SZ_CALLERS, RW, ANON, -1, 0);
	ASSERT_TRUE(tells_what_is_forgotten(fd, pages));
	nr_before = nr_forgotten();
	ASSERT_LE(0, nr_before);
	nr_missed = account_stat("events_missed");
	ASSERT_TRUE(forget_all_at_once(fd, pages));
	nr_missed = account_stat("events_missed") - nr_missed;
	EXPECT_LT(0, nr_missed);
	EXPECT_EQ(nr_before + NR_CALLERS, nr_forgotten() + nr_missed);
	/* and they can again */
	close(fd);
	EXPECT_EQ(0, madvise(pages, PAGE, MADV_DONTNEED));
	EXPECT_EQ(nr_before + NR_CALLERS + 1, nr_forgotten() + nr_missed);
}

/* Nobody has looked before the process ended. */
TEST_F_TIMEOUT(regress, returns_missed_of_who_has_ended, NR_SECONDS)
{
	struct brkw_snapshot_entry acct;
	char *pages;
	pid_t pid;
	int fd;

	fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "no userfaultfd() in this kernel");
	close(fd);
	pid = fork();
	if (!pid) {
		fd = syscall(SYS_userfaultfd, O_CLOEXEC);
		pages = mmap(NULL, SZ_CALLERS, RW, ANON, -1, 0);
		_exit(!(tells_what_is_forgotten(fd, pages) && forget_all_at_once(fd, pages)));
	}
	ASSERT_TRUE(ends_well(pid));
	ASSERT_EQ(0, account_find_ended(pid, BRKW_EXITED, &acct));
	EXPECT_LT(0, acct.value[BRKW_KEY_MISSED_EVENTS]);
	EXPECT_LE(NR_CALLERS, acct.value[BRKW_KEY_MADVISE_DONTNEED_EVENTS] +
			      acct.value[BRKW_KEY_MISSED_EVENTS]);
}

TEST_HARNESS_MAIN
