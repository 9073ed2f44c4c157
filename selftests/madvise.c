// SPDX-License-Identifier: GPL-2.0
/* madvise(): which advice counts, and on whose account. */
#include <errno.h>
#include <sys/uio.h>
#include "../kselftest_harness.h"
#include "subject.h"

#ifndef SYS_process_madvise
#define SYS_process_madvise	440
#endif
#ifndef MADV_COLD
#define MADV_COLD	20
#endif

FIXTURE(madvise) {
	struct subject child;
	int file;
	long start;	/* 16 pages, touched; behind them nothing */
};

FIXTURE_SETUP(madvise)
{
	ASSERT_TRUE(account_module_is_loaded());
	self->file = sys_make_file(4 * PAGE);
	ASSERT_EQ(0, subject_start(&self->child));
	self->start = subject_room(&self->child, 32 * PAGE);
	ASSERT_EQ(self->start, map(&self->child, self->start, 16 * PAGE, ANON | MAP_FIXED, -1));
	ASSERT_EQ(0, write_pages(&self->child, self->start, 16 * PAGE));
}

FIXTURE_TEARDOWN(madvise)
{
	subject_stop(&self->child);
}

static long advise(struct subject *child, long start, long nr, int advice)
{
	return call(child, SYS_madvise, start, nr * PAGE, advice);
}

TEST_F(madvise, dontneed)
{
	expect_step(0, advise(&self->child, self->start + PAGE, 5, MADV_DONTNEED),
		    DELTA(MADVISE_DONTNEED_EVENTS, 1), DELTA(MADVISE_DONTNEED_BYTES, 5 * PAGE));
	expect_step(0, advise(&self->child, self->start, 16, MADV_DONTNEED),
		    DELTA(MADVISE_DONTNEED_EVENTS, 1), DELTA(MADVISE_DONTNEED_BYTES, 16 * PAGE));
}

TEST_F(madvise, free)
{
	expect_step(0, advise(&self->child, self->start, 7, MADV_FREE),
		    DELTA(MADVISE_FREE_EVENTS, 1), DELTA(MADVISE_FREE_BYTES, 7 * PAGE));
}

TEST_F(madvise, other_advice)
{
	static const int advice[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_COLD, MADV_DONTFORK,
		MADV_DOFORK, MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK, MADV_KEEPONFORK,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		ASSERT_TRUE(subject_mark(&self->child));
		advise(&self->child, self->start, 16, advice[i]);
		EXPECT_TRUE(subject_changed(&self->child, DELTAS())) {
			TH_LOG("advice %d", advice[i]);
		}
	}
}

TEST_F(madvise, refused)
{
	long file = map(&self->child, 0, 4 * PAGE, MAP_SHARED, self->file);

	expect_step(-EINVAL, advise(&self->child, self->start + 1, 1, MADV_DONTNEED));
	expect_step(-EINVAL, advise(&self->child, file, 4, MADV_FREE));
	expect_step(-EINVAL, advise(&self->child, self->start, 1, 99));
	expect_step(-ENOMEM, advise(&self->child, self->start + 20 * PAGE, 1, MADV_DONTNEED));
}

TEST_F(madvise, file)
{
	long file = map(&self->child, 0, 4 * PAGE, MAP_SHARED, self->file);

	expect_step(0, advise(&self->child, file, 4, MADV_DONTNEED),
		    DELTA(MADVISE_DONTNEED_EVENTS, 1), DELTA(MADVISE_DONTNEED_BYTES, 4 * PAGE));
}

static long advise_other(struct subject *child, long start, long nr, int advice)
{
	struct iovec vec = { (void *)start, nr * PAGE };
	int fd = syscall(SYS_pidfd_open, child->pid, 0);
	long got = syscall(SYS_process_madvise, fd, &vec, 1, advice, 0);

	if (got < 0)
		got = -errno;
	close(fd);
	return got;
}

/* A newer kernel may let us: then it is the other's, else it is nobody's. */
TEST_F(madvise, from_another_process)
{
	struct brkw_snapshot_entry mine, then;
	bool is_done;
	long got;

	ASSERT_EQ(0, account_read(getpid(), &mine));
	ASSERT_TRUE(subject_mark(&self->child));
	got = advise_other(&self->child, self->start, 3, MADV_DONTNEED);
	is_done = got == 3 * PAGE;
	if (!is_done)
		EXPECT_LT(got, 0);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(
		DELTA(MADVISE_DONTNEED_EVENTS, is_done),
		DELTA(MADVISE_DONTNEED_BYTES, is_done * 3 * PAGE))));
	ASSERT_EQ(0, account_read(getpid(), &then));
	EXPECT_TRUE(account_changed_by(&mine, &then, DELTAS(), false));
}

TEST_F(madvise, cold_from_another_process)
{
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(3 * PAGE, advise_other(&self->child, self->start, 3, MADV_COLD));
	EXPECT_TRUE(subject_changed(&self->child, DELTAS()));
}

/* Two ranges of oneself: advice, where, how long is the one, where, how long is the other. */
static long step_advise_ranges(const long *arg)
{
	const struct iovec vec[] = {
		{ (void *)arg[1], arg[2] },
		{ (void *)arg[3], arg[4] },
	};
	long fd = raw(SYS_pidfd_open, raw(SYS_getpid), 0);
	long got = raw(SYS_process_madvise, fd, (long)vec, 2, arg[0], 0);

	raw(SYS_close, fd);
	return got;
}

static long advise_ranges(struct subject *child, int advice, long start, long sz, long other)
{
	return step(child, step_advise_ranges, advice, start, sz, other, 2 * PAGE);
}

/* Since 6.13 a process may; before, it is refused. */
TEST_F(madvise, ranges_of_oneself)
{
	long other = self->start + 8 * PAGE;
	bool may;
	long got;

	ASSERT_TRUE(subject_mark(&self->child));
	got = advise_ranges(&self->child, MADV_DONTNEED, self->start, 3 * PAGE - 100, other);
	may = got != -EINVAL;
	EXPECT_EQ(may ? 5 * PAGE - 100 : -EINVAL, got);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(
		DELTA(MADVISE_DONTNEED_EVENTS, may),
		DELTA(MADVISE_DONTNEED_BYTES, may * 5 * PAGE))));
	expect_step(may ? 3 * PAGE : -EINVAL,
		    advise_ranges(&self->child, MADV_FREE, self->start + PAGE, PAGE, other),
		    DELTA(MADVISE_FREE_EVENTS, may), DELTA(MADVISE_FREE_BYTES, may * 3 * PAGE));
}

/* Of what fails on the way counts what was done, and is told to who asked. */
TEST_F(madvise, ranges_of_which_one_fails)
{
	long hole = self->start + 20 * PAGE;
	bool may;
	long got;

	ASSERT_TRUE(subject_mark(&self->child));
	got = advise_ranges(&self->child, MADV_DONTNEED, self->start, 3 * PAGE, hole);
	may = got != -EINVAL;
	EXPECT_EQ(may ? 3 * PAGE : -EINVAL, got);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(
		DELTA(MADVISE_DONTNEED_EVENTS, may),
		DELTA(MADVISE_DONTNEED_BYTES, may * 3 * PAGE))));
	expect_step(may ? -ENOMEM : -EINVAL,
		    advise_ranges(&self->child, MADV_DONTNEED, hole, PAGE, self->start));
}

TEST_F(madvise, cold_ranges_of_oneself)
{
	expect_step(5 * PAGE, advise_ranges(&self->child, MADV_COLD, self->start, 3 * PAGE,
					    self->start + 8 * PAGE));
}

TEST_HARNESS_MAIN
