// SPDX-License-Identifier: GPL-2.0
/* munmap() of parts, of several mappings, of holes, and where it fails. */
#include <errno.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define GONE(pages)	DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, (pages) * PAGE)

#ifndef SYS_mseal
#define SYS_mseal	462
#endif

FIXTURE(munmap) {
	struct subject child;
	long room;	/* 64 pages, of which [0, 16) are mapped */
};

FIXTURE_SETUP(munmap)
{
	ASSERT_TRUE(account_module_is_loaded());
	ASSERT_EQ(0, subject_start(&self->child));
	self->room = subject_room(&self->child, 64 * PAGE);
	ASSERT_EQ(self->room, map(&self->child, self->room, 16 * PAGE, ANON | MAP_FIXED, -1));
}

FIXTURE_TEARDOWN(munmap)
{
	subject_stop(&self->child);
}

static long drop(struct subject *child, long room, long first, long last)
{
	return unmap(child, room + first * PAGE, (last - first) * PAGE);
}

static long put(struct subject *child, long room, long first, long last, int prot)
{
	return call(child, SYS_mmap, room + first * PAGE, (last - first) * PAGE, prot,
		    ANON | MAP_FIXED, -1, 0);
}

TEST_F(munmap, all)
{
	expect_step(0, drop(&self->child, self->room, 0, 16), GONE(16));
}

TEST_F(munmap, size_is_rounded_up)
{
	expect_step(0, unmap(&self->child, self->room, PAGE + 1), GONE(2));
}

TEST_F(munmap, start)
{
	expect_step(0, drop(&self->child, self->room, 0, 3), GONE(3));
}

TEST_F(munmap, end)
{
	expect_step(0, drop(&self->child, self->room, 15, 16), GONE(1));
}

TEST_F(munmap, middle)
{
	expect_step(0, drop(&self->child, self->room, 5, 9), GONE(4));
}

TEST_F(munmap, more_than_there_is)
{
	expect_step(0, drop(&self->child, self->room, 10, 40), GONE(6));
}

TEST_F(munmap, several)
{
	put(&self->child, self->room, 16, 20, PROT_READ);
	put(&self->child, self->room, 20, 25, RW);
	expect_step(0, drop(&self->child, self->room, 14, 22), GONE(8));
}

TEST_F(munmap, across_holes)
{
	put(&self->child, self->room, 20, 24, PROT_READ);
	put(&self->child, self->room, 30, 31, RW);
	put(&self->child, self->room, 40, 48, RW);
	expect_step(0, drop(&self->child, self->room, 12, 44), GONE(4 + 4 + 1 + 4));
}

/* Nothing is there: no change, and no event. */
TEST_F(munmap, hole)
{
	expect_step(0, drop(&self->child, self->room, 20, 30));
}

TEST_F(munmap, of_the_heap)
{
	long end = call(&self->child, SYS_brk, 0);

	call(&self->child, SYS_brk, end + 8 * PAGE);
	end = (end + PAGE - 1) & -PAGE;
	expect_step(0, unmap(&self->child, end + PAGE, 3 * PAGE), GONE(3));
}

TEST_F(munmap, of_a_part_of_the_stack)
{
	struct proc_range stack;

	ASSERT_EQ(0, proc_find_mapping(self->child.pid, "[stack]", &stack));
	expect_step(0, unmap(&self->child, stack.start, PAGE), GONE(1));
}

TEST_F(munmap, failing_to_split)
{
	char old[32], few[32];
	long i, got;

	for (i = 0; i < 200; i++)
		call(&self->child, SYS_mmap, 0, PAGE, i & 1 ? PROT_READ : RW, ANON, -1, 0);
	snprintf(few, sizeof(few), "%ld", proc_nr_vmas(self->child.pid));
	ASSERT_TRUE(subject_mark(&self->child));
	ASSERT_EQ(0, sys_replace("/proc/sys/vm/max_map_count", few, old, sizeof(old)));
	got = drop(&self->child, self->room, 5, 9);
	EXPECT_EQ(0, sys_write("/proc/sys/vm/max_map_count", old));
	EXPECT_EQ(-ENOMEM, got);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(DELTA(MUNMAP_FAIL_EVENTS, 1))));
	expect_step(0, drop(&self->child, self->room, 5, 9), GONE(4));
}

TEST_F(munmap, sealed)
{
	long err = call(&self->child, SYS_mseal, self->room + 4 * PAGE, PAGE, 0);

	if (err == -ENOSYS)
		SKIP(return, "no mseal() in this kernel");
	ASSERT_EQ(0, err);
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(-EPERM, drop(&self->child, self->room, 4, 5));
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(DELTA(MUNMAP_FAIL_EVENTS, 1))));
	expect_step(0, drop(&self->child, self->room, 6, 7), GONE(1));
}

TEST_HARNESS_MAIN
