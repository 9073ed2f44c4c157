// SPDX-License-Identifier: GPL-2.0
/*
 * mremap(): bytes are the net change of the mapping, a new place is a move, and
 * what MREMAP_FIXED covers is replaced.
 */
#include <errno.h>
#include <sys/resource.h>
#include "../kselftest_harness.h"
#include "subject.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

#define GROWN(pages)	DELTA(MREMAP_GROW_EVENTS, 1), DELTA(MREMAP_GROW_BYTES, (pages) * PAGE)
#define SHRUNK(pages)	DELTA(MREMAP_SHRINK_EVENTS, 1), \
			DELTA(MREMAP_SHRINK_BYTES, (pages) * PAGE)
#define MOVED		DELTA(MREMAP_MOVE_EVENTS, 1)
#define COVERED(pages)	DELTA(MMAP_REPLACED_BYTES, (pages) * PAGE)
#define FAILED		DELTA(MREMAP_FAIL_EVENTS, 1)

FIXTURE(mremap) {
	struct subject child;
	int file;
	long room;	/* 128 pages, of which [16, 24) are mapped and touched */
	long at;	/* page 16 of it */
};

FIXTURE_SETUP(mremap)
{
	ASSERT_TRUE(account_module_is_loaded());
	self->file = sys_make_file(16 * PAGE);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, subject_start(&self->child));
	self->room = subject_room(&self->child, 128 * PAGE);
	self->at = self->room + 16 * PAGE;
	ASSERT_EQ(self->at, map(&self->child, self->at, 8 * PAGE, ANON | MAP_FIXED, -1));
	ASSERT_EQ(0, write_pages(&self->child, self->at, 8 * PAGE));
}

FIXTURE_TEARDOWN(mremap)
{
	subject_stop(&self->child);
}

static long remap(struct subject *child, long from, long nr_old, long nr_new, long flags, long to)
{
	return call(child, SYS_mremap, from, nr_old * PAGE, nr_new * PAGE, flags, to);
}

/* A page that other mappings do not merge with. */
static void block(struct subject *child, long start, long nr)
{
	call(child, SYS_mmap, start, nr * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
}

TEST_F(mremap, grow_in_place)
{
	expect_step(self->at, remap(&self->child, self->at, 8, 11, 0, 0), GROWN(3));
	expect_step(self->at, remap(&self->child, self->at, 11, 12, MREMAP_MAYMOVE, 0), GROWN(1));
}

TEST_F(mremap, grow_by_moving)
{
	block(&self->child, self->at + 8 * PAGE, 1);
	expect_address(remap(&self->child, self->at, 8, 11, MREMAP_MAYMOVE, 0), MOVED, GROWN(3));
}

TEST_F(mremap, grow_a_part_by_moving)
{
	expect_address(remap(&self->child, self->at + PAGE, 2, 6, MREMAP_MAYMOVE, 0),
		       MOVED, GROWN(4));
}

TEST_F(mremap, shrink)
{
	expect_step(self->at, remap(&self->child, self->at, 8, 5, 0, 0), SHRUNK(3));
	expect_step(self->at, remap(&self->child, self->at, 5, 1, MREMAP_MAYMOVE, 0), SHRUNK(4));
}

TEST_F(mremap, shrink_across_mappings)
{
	block(&self->child, self->at + 8 * PAGE, 2);
	expect_step(self->at, remap(&self->child, self->at, 10, 3, 0, 0), SHRUNK(7));
}

TEST_F(mremap, same_size)
{
	expect_step(self->at, remap(&self->child, self->at, 8, 8, 0, 0));
	expect_step(self->at, call(&self->child, SYS_mremap, self->at, 7 * PAGE + 1, 8 * PAGE, 0));
}

TEST_F(mremap, move)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	expect_step(self->room, remap(&self->child, self->at, 8, 8, flags, self->room), MOVED);
}

TEST_F(mremap, move_a_part)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	expect_step(self->room, remap(&self->child, self->at + 2 * PAGE, 3, 3, flags, self->room),
		    MOVED);
}

TEST_F(mremap, move_over_a_mapping)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	block(&self->child, self->room, 12);
	expect_step(self->room + 3 * PAGE,
		    remap(&self->child, self->at, 8, 8, flags, self->room + 3 * PAGE),
		    MOVED, COVERED(8));
}

TEST_F(mremap, move_over_parts_and_holes)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	block(&self->child, self->room + 1 * PAGE, 2);
	block(&self->child, self->room + 6 * PAGE, 5);
	expect_step(self->room, remap(&self->child, self->at, 8, 8, flags, self->room),
		    MOVED, COVERED(4));
}

TEST_F(mremap, move_and_grow)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	block(&self->child, self->room + PAGE, 2);
	expect_step(self->room, remap(&self->child, self->at, 8, 13, flags, self->room),
		    MOVED, GROWN(5), COVERED(2));
}

TEST_F(mremap, move_and_shrink)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	block(&self->child, self->room + PAGE, 2);
	expect_step(self->room, remap(&self->child, self->at, 8, 5, flags, self->room),
		    MOVED, SHRUNK(3), COVERED(2));
}

TEST_F(mremap, dontunmap)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;

	expect_address(remap(&self->child, self->at, 8, 8, flags, 0), MOVED, GROWN(8));
	/* the old place is still there, and empty */
	expect_step(0, unmap(&self->child, self->at, 8 * PAGE),
		    DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, 8 * PAGE));
}

TEST_F(mremap, dontunmap_over_a_mapping)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED;

	block(&self->child, self->room, 3);
	expect_step(self->room, remap(&self->child, self->at, 8, 8, flags, self->room),
		    MOVED, GROWN(8), COVERED(3));
}

TEST_F(mremap, second_place_of_a_shared_mapping)
{
	long start = map(&self->child, 0, 8 * PAGE, MAP_SHARED, self->file);

	expect_address(remap(&self->child, start, 0, 8, MREMAP_MAYMOVE, 0), GROWN(8));
	expect_address(remap(&self->child, start, 0, 2, MREMAP_MAYMOVE, 0), GROWN(2));
	expect_step(0, unmap(&self->child, start, 8 * PAGE),
		    DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, 8 * PAGE));
}

/* Nothing else happens in between: what realloc() does. */
TEST_F(mremap, shrink_after_a_move)
{
	long start;

	block(&self->child, self->at + 8 * PAGE, 1);
	start = expect_address(remap(&self->child, self->at, 8, 11, MREMAP_MAYMOVE, 0),
			       MOVED, GROWN(3));
	expect_step(start, remap(&self->child, start, 11, 5, 0, 0), SHRUNK(6));
	expect_step(start, remap(&self->child, start, 5, 6, 0, 0), GROWN(1));
}

TEST_F(mremap, one_after_the_other)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	long to = self->room + 64 * PAGE;

	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(to, remap(&self->child, self->at, 8, 12, flags, to));
	EXPECT_EQ(self->at, remap(&self->child, to, 12, 4, flags, self->at));
	EXPECT_EQ(self->at, remap(&self->child, self->at, 4, 6, 0, 0));
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(
		DELTA(MREMAP_MOVE_EVENTS, 2), DELTA(MREMAP_GROW_EVENTS, 2),
		DELTA(MREMAP_GROW_BYTES, 6 * PAGE), SHRUNK(8))));
}

TEST_F(mremap, refused_arguments)
{
	struct subject *child = &self->child;
	long at = self->at;

	expect_step(-EINVAL, remap(child, at + 1, 8, 9, MREMAP_MAYMOVE, 0), FAILED);
	expect_step(-EINVAL, remap(child, at, 8, 0, MREMAP_MAYMOVE, 0), FAILED);
	expect_step(-EINVAL, remap(child, at, 8, 9, 64, 0), FAILED);
	expect_step(-EINVAL, remap(child, at, 8, 8, MREMAP_FIXED, self->room), FAILED);
	expect_step(-EINVAL, remap(child, at, 0, 8, MREMAP_MAYMOVE, 0), FAILED);
	expect_step(-EINVAL, remap(child, at, 8, 9, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0), FAILED);
	expect_step(-EINVAL, remap(child, at, 8, 8, MREMAP_MAYMOVE | MREMAP_FIXED, at + PAGE),
		    FAILED);
	expect_step(-EFAULT, remap(child, self->room, 8, 9, MREMAP_MAYMOVE, 0), FAILED);
}

/* With the hole between them; what is at its new place stays there. */
TEST_F(mremap, move_several)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	long got;

	block(&self->child, self->at + 10 * PAGE, 2);
	block(&self->child, self->room + 7 * PAGE, 4);
	ASSERT_TRUE(subject_mark(&self->child));
	got = remap(&self->child, self->at, 12, 12, flags, self->room);
	if (got == -EFAULT)
		SKIP(return, "this kernel moves one mapping at a time");
	EXPECT_EQ(self->room, got);
	EXPECT_TRUE(subject_changed(&self->child,
				    DELTAS(MOVED, DELTA(MMAP_REPLACED_BYTES, 2 * PAGE))));
	expect_step(self->at, remap(&self->child, self->room + 10 * PAGE, 2, 2,
				    flags | MREMAP_DONTUNMAP, self->at), MOVED, GROWN(2));
}

TEST_F(mremap, refused_across_mappings)
{
	block(&self->child, self->at + 8 * PAGE, 2);
	expect_step(-EFAULT, remap(&self->child, self->at, 10, 12, MREMAP_MAYMOVE, 0), FAILED);
}

TEST_F(mremap, refused_to_grow_in_place)
{
	block(&self->child, self->at + 8 * PAGE, 1);
	expect_step(-ENOMEM, remap(&self->child, self->at, 8, 9, 0, 0), FAILED);
}

TEST_F(mremap, refused_by_rlimit_as)
{
	ASSERT_EQ(0, subject_limit(&self->child, RLIMIT_AS,
				   proc_vm_bytes(self->child.pid) + 2 * PAGE));
	expect_step(-ENOMEM, remap(&self->child, self->at, 8, 11, MREMAP_MAYMOVE, 0), FAILED);
	expect_step(self->at, remap(&self->child, self->at, 8, 10, 0, 0), GROWN(2));
}

/* What was at the destination is gone, though nothing came to it. */
TEST_F(mremap, failing_after_it_has_covered)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	long size;

	block(&self->child, self->room, 2);
	ASSERT_EQ(0, subject_limit(&self->child, RLIMIT_AS,
				   proc_vm_bytes(self->child.pid) + 3 * PAGE));
	ASSERT_TRUE(subject_mark(&self->child));
	size = proc_vm_bytes(self->child.pid);
	EXPECT_EQ(-ENOMEM, remap(&self->child, self->at, 8, 14, flags, self->room));
	size -= proc_vm_bytes(self->child.pid);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(FAILED,
							 DELTA(MMAP_REPLACED_BYTES, size))));
}

TEST_F(mremap, failing_for_want_of_mappings)
{
	char old[32], few[32];
	long i, got;

	for (i = 0; i < 200; i++)
		call(&self->child, SYS_mmap, 0, PAGE, i & 1 ? PROT_READ : RW, ANON, -1, 0);
	block(&self->child, self->at + 8 * PAGE, 1);
	snprintf(few, sizeof(few), "%ld", proc_nr_vmas(self->child.pid));
	ASSERT_TRUE(subject_mark(&self->child));
	ASSERT_EQ(0, sys_replace("/proc/sys/vm/max_map_count", few, old, sizeof(old)));
	got = remap(&self->child, self->at, 8, 9, MREMAP_MAYMOVE, 0);
	EXPECT_EQ(0, sys_write("/proc/sys/vm/max_map_count", old));
	EXPECT_EQ(-ENOMEM, got);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(FAILED)));
}

TEST_F(mremap, of_the_heap)
{
	long end = call(&self->child, SYS_brk, 0);

	end = (end + PAGE - 1) & -PAGE;
	call(&self->child, SYS_brk, end + 8 * PAGE);
	expect_address(remap(&self->child, end + 2 * PAGE, 3, 3, MREMAP_MAYMOVE | MREMAP_FIXED,
			     self->room), MOVED);
	expect_step(end, call(&self->child, SYS_brk, end),
		    DELTA(BRK_SHRINK_EVENTS, 1), DELTA(BRK_SHRINK_BYTES, 5 * PAGE),
		    DELTA(BRK_BYTES, -8 * PAGE));
}

TEST_HARNESS_MAIN
