// SPDX-License-Identifier: GPL-2.0
/* mmap() where something may be mapped already. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define FIXED		(ANON | MAP_FIXED)
#define NEW(pages)	DELTA(MMAP_ANON_PRIVATE_EVENTS, 1), \
			DELTA(MMAP_ANON_PRIVATE_BYTES, (pages) * PAGE)
#define OLD(pages)	DELTA(MMAP_REPLACED_BYTES, (pages) * PAGE)

FIXTURE(mmap_fixed) {
	struct subject child;
	int file;
	int mem;
	long room;	/* 64 pages with nothing in them */
};

FIXTURE_SETUP(mmap_fixed)
{
	ASSERT_TRUE(account_module_is_loaded());
	self->file = sys_make_file(16 * PAGE);
	self->mem = open("/dev/mem", O_RDONLY);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, subject_start(&self->child));
	self->room = subject_room(&self->child, 64 * PAGE);
	ASSERT_LT(0, self->room);
}

FIXTURE_TEARDOWN(mmap_fixed)
{
	subject_stop(&self->child);
}

/* Anonymous pages [first, last) of the room; readable ones do not merge with others. */
static long put(struct subject *child, long room, long first, long last, int prot)
{
	return call(child, SYS_mmap, room + first * PAGE, (last - first) * PAGE, prot, FIXED,
		    -1, 0);
}

TEST_F(mmap_fixed, over_nothing)
{
	expect_step(self->room, put(&self->child, self->room, 0, 4, RW), NEW(4));
}

TEST_F(mmap_fixed, over_all_of_a_mapping)
{
	put(&self->child, self->room, 0, 4, RW);
	expect_step(self->room, put(&self->child, self->room, 0, 4, RW), NEW(4), OLD(4));
	expect_step(self->room, put(&self->child, self->room, 0, 4, PROT_READ), NEW(4), OLD(4));
}

/* More pages than 40 bits count, where there are five levels of page tables. */
TEST_F(mmap_fixed, over_all_of_four_petabytes)
{
	const long nr_pages = 1L << 40, start = 1L << 52;
	long got = put(&self->child, start, 0, nr_pages, PROT_NONE);

	if (got == -ENOMEM)
		SKIP(return, "no addresses above 47 bits");
	ASSERT_EQ(start, got);
	expect_step(start, put(&self->child, start, 0, nr_pages, PROT_NONE), NEW(nr_pages),
		    OLD(nr_pages));
}

TEST_F(mmap_fixed, over_the_end_of_a_mapping)
{
	put(&self->child, self->room, 0, 4, RW);
	expect_step(self->room + 2 * PAGE, put(&self->child, self->room, 2, 8, PROT_READ),
		    NEW(6), OLD(2));
}

TEST_F(mmap_fixed, over_the_start_of_a_mapping)
{
	put(&self->child, self->room, 4, 8, RW);
	expect_step(self->room, put(&self->child, self->room, 0, 5, PROT_READ), NEW(5), OLD(1));
}

TEST_F(mmap_fixed, into_a_mapping)
{
	put(&self->child, self->room, 0, 16, RW);
	expect_step(self->room + 5 * PAGE, put(&self->child, self->room, 5, 7, PROT_READ),
		    NEW(2), OLD(2));
}

TEST_F(mmap_fixed, over_several_mappings)
{
	put(&self->child, self->room, 0, 4, RW);
	put(&self->child, self->room, 4, 6, PROT_READ);
	put(&self->child, self->room, 6, 11, RW);
	expect_step(self->room + PAGE, put(&self->child, self->room, 1, 10, PROT_READ),
		    NEW(9), OLD(9));
}

TEST_F(mmap_fixed, over_mappings_with_holes)
{
	put(&self->child, self->room, 1, 3, RW);
	put(&self->child, self->room, 5, 6, PROT_READ);
	put(&self->child, self->room, 9, 14, RW);
	expect_step(self->room, put(&self->child, self->room, 0, 12, RW), NEW(12), OLD(6));
}

TEST_F(mmap_fixed, file_over_anonymous)
{
	put(&self->child, self->room, 0, 4, RW);
	expect_step(self->room, map(&self->child, self->room, 3 * PAGE, MAP_SHARED | MAP_FIXED,
				    self->file),
		    DELTA(MMAP_FILE_SHARED_EVENTS, 1), DELTA(MMAP_FILE_SHARED_BYTES, 3 * PAGE),
		    OLD(3));
	expect_step(self->room, map(&self->child, self->room, 4 * PAGE, MAP_PRIVATE | MAP_FIXED,
				    self->file),
		    DELTA(MMAP_FILE_PRIVATE_EVENTS, 1), DELTA(MMAP_FILE_PRIVATE_BYTES, 4 * PAGE),
		    OLD(4));
}

/* The kernel maps what the call asks for over what is there. */
TEST_F(mmap_fixed, remap_file_pages)
{
	map(&self->child, self->room, 4 * PAGE, MAP_SHARED | MAP_FIXED, self->file);
	expect_step(0, call(&self->child, SYS_remap_file_pages, self->room, 2 * PAGE, 0, 5, 0),
		    DELTA(MMAP_FILE_SHARED_EVENTS, 1), DELTA(MMAP_FILE_SHARED_BYTES, 2 * PAGE),
		    OLD(2));
}

TEST_F(mmap_fixed, noreplace)
{
	const int flags = ANON | MAP_FIXED_NOREPLACE;

	expect_step(self->room, map(&self->child, self->room, 4 * PAGE, flags, -1), NEW(4));
	expect_step(-EEXIST, map(&self->child, self->room, 4 * PAGE, flags, -1),
		    DELTA(MMAP_FAIL_EVENTS, 1));
	expect_step(-EEXIST, map(&self->child, self->room + 3 * PAGE, 9 * PAGE, flags, -1),
		    DELTA(MMAP_FAIL_EVENTS, 1));
	expect_step(-EEXIST, map(&self->child, self->room, 4 * PAGE, flags | MAP_FIXED, -1),
		    DELTA(MMAP_FAIL_EVENTS, 1));
}

/* The address is a wish: the kernel finds another place. */
TEST_F(mmap_fixed, hint)
{
	put(&self->child, self->room, 0, 4, RW);
	expect_address(map(&self->child, self->room, 4 * PAGE, ANON, -1), NEW(4));
}

TEST_F(mmap_fixed, refused_by_rlimit_as)
{
	put(&self->child, self->room, 0, 4, RW);
	ASSERT_EQ(0, subject_limit(&self->child, RLIMIT_AS,
				   proc_vm_bytes(self->child.pid) + PAGE));
	expect_step(-ENOMEM, put(&self->child, self->room, 2, 6, RW), DELTA(MMAP_FAIL_EVENTS, 1));
	expect_step(self->room + 2 * PAGE, put(&self->child, self->room, 2, 5, RW),
		    NEW(3), OLD(2));
}

/*
 * One that fails late may have unmapped what was in its way; how much, the
 * kernel tells.
 */
#define expect_late_failure(why, run) ({				\
	long __size = proc_vm_bytes(self->child.pid);			\
									\
	EXPECT_TRUE(subject_mark(&self->child));			\
	EXPECT_EQ(why, (run));						\
	__size -= proc_vm_bytes(self->child.pid);			\
	EXPECT_TRUE(subject_changed(&self->child,			\
		DELTAS(DELTA(MMAP_FAIL_EVENTS, 1), DELTA(MMAP_REPLACED_BYTES, __size)))); \
	__size; })

TEST_F(mmap_fixed, failing_for_want_of_memory)
{
	struct sysinfo info;
	char mode[8];
	long size, room;

	ASSERT_LT(0, proc_read("/proc/sys/vm/overcommit_memory", mode, sizeof(mode)));
	if (mode[0] != '0')
		SKIP(return, "overcommit_memory is not 0");
	ASSERT_EQ(0, sysinfo(&info));
	size = 2 * (info.totalram + info.totalswap) * info.mem_unit;
	room = subject_room(&self->child, size);
	ASSERT_LT(0, room);
	put(&self->child, room, 1, 4, RW);
	expect_late_failure(-ENOMEM, map(&self->child, room, size, FIXED, -1));
}

/* The driver looks at the range when all else is done: beyond all memory. */
TEST_F(mmap_fixed, failing_in_the_driver)
{
	long gone = 0, i;

	if (self->mem < 0)
		SKIP(return, "no /dev/mem");
	for (i = 1; i <= 4; i++) {
		put(&self->child, self->room, 0, 4, RW);
		gone += expect_late_failure(-EINVAL,
			call(&self->child, SYS_mmap, self->room, i * PAGE, PROT_READ,
			     MAP_SHARED | MAP_FIXED, self->mem, 1L << 53));
	}
	TH_LOG("%ld bytes were unmapped by mmap() that failed", gone);
}

TEST_F(mmap_fixed, failing_over_all_of_a_mapping)
{
	if (self->mem < 0)
		SKIP(return, "no /dev/mem");
	put(&self->child, self->room, 0, 4, RW);
	expect_late_failure(-EINVAL, call(&self->child, SYS_mmap, self->room, 4 * PAGE, PROT_READ,
					  MAP_SHARED | MAP_FIXED, self->mem, 1L << 53));
	/* and what comes next is booked as itself */
	expect_step(self->room, put(&self->child, self->room, 0, 4, RW),
		    NEW(4), DELTA(MMAP_REPLACED_BYTES, self->child.before.value[BRKW_KEY_VM_BYTES] +
				  4 * PAGE - proc_vm_bytes(self->child.pid)));
}

TEST_HARNESS_MAIN
