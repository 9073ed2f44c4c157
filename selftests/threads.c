// SPDX-License-Identifier: GPL-2.0
/* Threads that map, fault and unmap at once: at the end every sum is exact. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define NR_THREADS	8
#define NR_ROUNDS	150
#define NR_SECONDS	600	/* where all is emulated and checked */
#define NR_EARLY	10	/* rounds of a thread before somebody disturbs */
#define NR_FORKS	20

/* The tally of a race. */
enum { EVENTS, MAPPED, REPLACED, TOUCHED, UNMAPS, UNMAPPED, NEXT, ROLE, CHILD };

FIXTURE(threads) {
	struct subject child;
};

FIXTURE_SETUP(threads)
{
	ASSERT_TRUE(account_module_is_loaded());
	ASSERT_EQ(0, subject_start(&self->child));
	ASSERT_EQ(0, call(&self->child, SYS_prctl, PR_SET_THP_DISABLE, 1));
	ASSERT_EQ(0, subject_settle(&self->child));
}

FIXTURE_TEARDOWN(threads)
{
	subject_stop(&self->child);
}

static unsigned int pick(unsigned int *seed, unsigned int most)
{
	*seed = *seed * 1103515245 + 12345;
	return 1 + (*seed >> 16) % most;
}

/* Counts only what the kernel has said yes to. */
static long map_some(const long *arg, long nr)
{
	long start = raw(SYS_mmap, 0, nr * PAGE, RW, ANON, -1, 0);

	if (start > 0) {
		tally_add(arg, EVENTS, 1);
		tally_add(arg, MAPPED, nr * PAGE);
	}
	return start;
}

static void touch_some(const long *arg, long start, long nr)
{
	step_touch((const long[]){ start, nr * PAGE, 1 });
	tally_add(arg, TOUCHED, nr);
}

static void unmap_some(const long *arg, long start, long nr)
{
	if (raw(SYS_munmap, start, nr * PAGE))
		return;
	tally_add(arg, UNMAPS, 1);
	tally_add(arg, UNMAPPED, nr * PAGE);
}

/* Maps, touches, maps again over a part of it, touches that, and unmaps. */
static long race_map(const long *arg)
{
	unsigned int seed = __atomic_add_fetch((long *)arg[0] + NEXT, 1, __ATOMIC_RELAXED);
	long start, nr, nr_over;
	int i;

	for (i = 0; i < NR_ROUNDS; i++) {
		nr = 1 + pick(&seed, 7);
		nr_over = pick(&seed, nr);
		start = map_some(arg, nr);
		if (start < 0)
			continue;
		touch_some(arg, start, nr);
		if (raw(SYS_mmap, start, nr_over * PAGE, RW, ANON | MAP_FIXED, -1, 0) == start) {
			tally_add(arg, EVENTS, 1);
			tally_add(arg, MAPPED, nr_over * PAGE);
			tally_add(arg, REPLACED, nr_over * PAGE);
			touch_some(arg, start, nr_over);
		}
		unmap_some(arg, start, nr);
	}
	return 0;
}

static bool has_tallies(struct subject *child)
{
	const long *tally = child->tally;

	return subject_changed(child, DELTAS(
		DELTA(MMAP_ANON_PRIVATE_EVENTS, tally[EVENTS]),
		DELTA(MMAP_ANON_PRIVATE_BYTES, tally[MAPPED]),
		DELTA(MMAP_REPLACED_BYTES, tally[REPLACED]),
		DELTA(MUNMAP_EVENTS, tally[UNMAPS]), DELTA(MUNMAP_BYTES, tally[UNMAPPED]),
		DELTA(FAULT_ANON_MINOR, tally[TOUCHED])));
}

TEST_F_TIMEOUT(threads, map_fault_unmap, NR_SECONDS)
{
	ASSERT_TRUE(subject_mark(&self->child));
	ASSERT_EQ(0, step(&self->child, step_race, (long)race_map, NR_THREADS));
	EXPECT_EQ(NR_THREADS * NR_ROUNDS * 2, self->child.tally[EVENTS]);
	EXPECT_TRUE(has_tallies(&self->child));
}

/* A reader that comes at any time sees sums that hold, and numbers that only rise. */
TEST_F_TIMEOUT(threads, read_meanwhile, NR_SECONDS)
{
	struct brkw_snapshot_entry last, now;
	const __s64 *old = last.value, *new = now.value;
	int nr = 0;

	ASSERT_TRUE(subject_mark(&self->child));
	last = self->child.before;
	begin_step(&self->child, step_race, (long)race_map, NR_THREADS);
	while (!subject_has_answer(&self->child) || nr < 20) {
		ASSERT_EQ(0, account_read(self->child.pid, &now));
		EXPECT_TRUE(account_is_sound(&now));
		EXPECT_LE(old[BRKW_KEY_VM_GROWN_BYTES], new[BRKW_KEY_VM_GROWN_BYTES]);
		EXPECT_LE(old[BRKW_KEY_VM_SHRUNK_BYTES], new[BRKW_KEY_VM_SHRUNK_BYTES]);
		EXPECT_LE(old[BRKW_KEY_FAULT_MINOR], new[BRKW_KEY_FAULT_MINOR]);
		EXPECT_LE(old[BRKW_KEY_MUNMAP_EVENTS], new[BRKW_KEY_MUNMAP_EVENTS]);
		last = now;
		nr++;
	}
	EXPECT_EQ(0, subject_answer(&self->child));
	EXPECT_TRUE(has_tallies(&self->child));
}

/* The threads of a race, numbered from 1: what each is to do. */
static long take_role(const long *arg)
{
	return __atomic_add_fetch((long *)arg[0] + ROLE, 1, __ATOMIC_RELAXED);
}

/* Threads that come and go while others work. */
static long race_come_and_go(const long *arg)
{
	if (take_role(arg) & 1)
		return 0;
	return race_map(arg);
}

TEST_F_TIMEOUT(threads, some_exit_at_once, NR_SECONDS)
{
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(subject_mark(&self->child));
		ASSERT_EQ(0, step(&self->child, step_race, (long)race_come_and_go, NR_THREADS));
		EXPECT_EQ(NR_THREADS / 2 * NR_ROUNDS * 2, self->child.tally[EVENTS]);
		EXPECT_TRUE(has_tallies(&self->child));
	}
}

static const char *held(void)
{
	static char path[PATH_MAX];

	sys_beside("held", path, sizeof(path));
	return path;
}

static void wait_for_events(const volatile long *tally)
{
	while (tally[EVENTS] < NR_THREADS * NR_EARLY)
		raw(SYS_sched_yield, 0);
}

/* All that was tallied, and of each thread at most what it was just about to. */
static bool has_about(const struct subject *child, const struct brkw_snapshot_entry *acct)
{
	long nr = acct->value[BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS] -
		  child->before.value[BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS];

	if (account_is_sound(acct) && nr >= child->tally[EVENTS] &&
	    nr <= child->tally[EVENTS] + NR_THREADS)
		return true;
	fprintf(stderr, "# %ld mappings, %ld tallied\n", nr, child->tally[EVENTS]);
	return false;
}

TEST_F_TIMEOUT(threads, killed_meanwhile, NR_SECONDS)
{
	struct brkw_snapshot_entry acct;

	ASSERT_TRUE(subject_mark(&self->child));
	self->child.tally[EVENTS] = 0;
	begin_step(&self->child, step_race, (long)race_map, NR_THREADS);
	wait_for_events(self->child.tally);
	kill(self->child.pid, SIGKILL);
	EXPECT_EQ(SUBJECT_GONE, subject_answer(&self->child));
	ASSERT_EQ(0, account_find_ended(self->child.pid, BRKW_EXITED, &acct));
	EXPECT_TRUE(has_about(&self->child, &acct));
}

/* arg[1]: a program; arg[2]: its arguments, and an empty environment */
static long race_exec(const long *arg)
{
	if (take_role(arg) > 1)
		return race_map(arg);
	wait_for_events((const long *)arg[0]);
	return raw(SYS_execve, arg[1], arg[2], arg[2] + sizeof(char *));
}

TEST_F_TIMEOUT(threads, one_execs_meanwhile, NR_SECONDS)
{
	static const char *argv[2];
	struct brkw_snapshot_entry acct;

	subject_stop(&self->child);
	argv[0] = held();
	ASSERT_EQ(0, subject_start(&self->child));
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, step(&self->child, step_race, (long)race_exec, NR_THREADS,
				     (long)argv[0], (long)argv));
	ASSERT_TRUE(subject_has_become(&self->child, "held", &acct));
	EXPECT_EQ(PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
	EXPECT_EQ(0, acct.value[BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS]);
	ASSERT_EQ(0, account_find_ended(self->child.pid, BRKW_REPLACED, &acct));
	EXPECT_TRUE(has_about(&self->child, &acct));
}

/* Every second thread forks instead, children that end at once. */
static long race_fork(const long *arg)
{
	long pid, i;

	if (take_role(arg) & 1)
		return race_map(arg);
	for (i = 0; i < NR_FORKS; i++) {
		pid = raw(SYS_clone, SIGCHLD);
		if (!pid)
			raw(SYS_exit_group, 0);
		__atomic_store_n((long *)arg[0] + CHILD, pid, __ATOMIC_RELAXED);
		raw(SYS_wait4, pid, 0, __WALL, 0);
	}
	return 0;
}

/* A child is as large as its parent was at that moment, whatever that was. */
TEST_F_TIMEOUT(threads, some_fork_meanwhile, NR_SECONDS)
{
	struct brkw_snapshot_entry acct;

	self->child.has_faults = false;		/* what was shared is copied */
	ASSERT_TRUE(subject_mark(&self->child));
	ASSERT_EQ(0, step(&self->child, step_race, (long)race_fork, NR_THREADS));
	EXPECT_TRUE(has_tallies(&self->child));
	ASSERT_EQ(0, account_find_ended(self->child.tally[CHILD], BRKW_EXITED, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_EQ(acct.value[BRKW_KEY_VM_START_BYTES], acct.value[BRKW_KEY_VM_BYTES]);
}

TEST_F(threads, the_module_has_missed_nothing)
{
	EXPECT_EQ(0, account_stat("events_missed"));
	EXPECT_EQ(0, account_stat("events_mismatched"));
	EXPECT_EQ(0, account_stat("drop_account_pool"));
	EXPECT_EQ(0, account_stat("drop_thread_pool"));
}

TEST_HARNESS_MAIN
