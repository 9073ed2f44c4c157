// SPDX-License-Identifier: GPL-2.0
/* brk(): what each outcome counts, and that nothing else does. */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define NR_ROUNDS	500
#define NR_ASKED	50000

/* The tally of a race. */
enum { NR_QUERIES, NR_GRANTED, NR_REFUSED };

FIXTURE(brk) {
	struct subject child;
	long end;	/* the break, on a page */
};

FIXTURE_SETUP(brk)
{
	ASSERT_TRUE(account_module_is_loaded());
	ASSERT_EQ(0, subject_start(&self->child));
	self->end = call(&self->child, SYS_brk, 0);
	self->end = (self->end + PAGE - 1) & -PAGE;
	ASSERT_EQ(self->end, call(&self->child, SYS_brk, self->end));
}

FIXTURE_TEARDOWN(brk)
{
	subject_stop(&self->child);
}

TEST_F(brk, query)
{
	expect_step(self->end, call(&self->child, SYS_brk, 0), DELTA(BRK_SAME_EVENTS, 1));
}

TEST_F(brk, grow)
{
	long to = self->end + 3 * PAGE;

	expect_step(to, call(&self->child, SYS_brk, to),
		    DELTA(BRK_GROW_EVENTS, 1), DELTA(BRK_GROW_BYTES, 3 * PAGE),
		    DELTA(BRK_BYTES, 3 * PAGE));
}

TEST_F(brk, grow_by_a_byte_into_a_page)
{
	expect_step(self->end + 1, call(&self->child, SYS_brk, self->end + 1),
		    DELTA(BRK_GROW_EVENTS, 1), DELTA(BRK_GROW_BYTES, PAGE), DELTA(BRK_BYTES, 1));
}

TEST_F(brk, move_within_a_page)
{
	call(&self->child, SYS_brk, self->end + 1);
	expect_step(self->end + 100, call(&self->child, SYS_brk, self->end + 100),
		    DELTA(BRK_SAME_EVENTS, 1), DELTA(BRK_BYTES, 99));
	expect_step(self->end + 100, call(&self->child, SYS_brk, self->end + 100),
		    DELTA(BRK_SAME_EVENTS, 1));
	expect_step(self->end + 7, call(&self->child, SYS_brk, self->end + 7),
		    DELTA(BRK_SAME_EVENTS, 1), DELTA(BRK_BYTES, -93));
}

TEST_F(brk, shrink)
{
	long to = self->end + 5 * PAGE;

	call(&self->child, SYS_brk, to);
	to -= 2 * PAGE;
	expect_step(to, call(&self->child, SYS_brk, to),
		    DELTA(BRK_SHRINK_EVENTS, 1), DELTA(BRK_SHRINK_BYTES, 2 * PAGE),
		    DELTA(BRK_BYTES, -2 * PAGE));
	to -= PAGE + 1;
	expect_step(to, call(&self->child, SYS_brk, to),
		    DELTA(BRK_SHRINK_EVENTS, 1), DELTA(BRK_SHRINK_BYTES, PAGE),
		    DELTA(BRK_BYTES, -PAGE - 1));
}

TEST_F(brk, peak_is_the_highest_break)
{
	struct brkw_snapshot_entry acct;
	long top = self->end + 64 * PAGE;

	call(&self->child, SYS_brk, top);
	call(&self->child, SYS_brk, self->end);
	ASSERT_EQ(0, account_read(self->child.pid, &acct));
	EXPECT_EQ(top - proc_start_brk(self->child.pid), acct.value[BRKW_KEY_BRK_PEAK_BYTES]);
	EXPECT_EQ(self->end - proc_start_brk(self->child.pid), acct.value[BRKW_KEY_BRK_BYTES]);
}

TEST_F(brk, below_its_start)
{
	long start = proc_start_brk(self->child.pid);

	ASSERT_LT(0, start);
	expect_step(self->end, call(&self->child, SYS_brk, start - PAGE),
		    DELTA(BRK_FAIL_EVENTS, 1));
	expect_step(self->end, call(&self->child, SYS_brk, 1), DELTA(BRK_FAIL_EVENTS, 1));
}

TEST_F(brk, beyond_all_addresses)
{
	expect_step(self->end, call(&self->child, SYS_brk, -PAGE), DELTA(BRK_FAIL_EVENTS, 1));
}

static long step_be_refused_and_ask(const long *arg)
{
	long i, got = raw(SYS_brk, 1);

	for (i = 0; i < arg[0]; i++)
		got = raw(SYS_brk, 0);
	return got;
}

/* It is in brk() whenever somebody looks, but not in the one that was refused. */
TEST_F_TIMEOUT(brk, refused_and_asked_from_then_on, 120)
{
	const __s64 *old = self->child.before.value;
	struct brkw_snapshot_entry acct;
	int nr_looks = 0;

	ASSERT_TRUE(subject_mark(&self->child));
	begin_step(&self->child, step_be_refused_and_ask, NR_ASKED);
	do {
		usleep(10000);
		ASSERT_EQ(0, account_read(self->child.pid, &acct));
		if (acct.value[BRKW_KEY_BRK_SAME_EVENTS] == old[BRKW_KEY_BRK_SAME_EVENTS])
			continue;
		EXPECT_EQ(old[BRKW_KEY_BRK_FAIL_EVENTS] + 1, acct.value[BRKW_KEY_BRK_FAIL_EVENTS]);
		nr_looks++;
	} while (acct.value[BRKW_KEY_BRK_SAME_EVENTS] < old[BRKW_KEY_BRK_SAME_EVENTS] + NR_ASKED);
	EXPECT_EQ(self->end, subject_answer(&self->child));
	EXPECT_LT(1, nr_looks);
}

TEST_F(brk, refused_by_rlimit_data)
{
	call(&self->child, SYS_brk, self->end + 1);
	ASSERT_EQ(0, subject_limit(&self->child, RLIMIT_DATA, 0));
	expect_step(self->end + 1, call(&self->child, SYS_brk, self->end + 9 * PAGE),
		    DELTA(BRK_FAIL_EVENTS, 1));
	/* the kernel looks at the limit first, whatever it would cost */
	expect_step(self->end + 1, call(&self->child, SYS_brk, self->end + 2),
		    DELTA(BRK_FAIL_EVENTS, 1));
	expect_step(self->end + 1, call(&self->child, SYS_brk, 0), DELTA(BRK_SAME_EVENTS, 1));
}

TEST_F(brk, refused_by_rlimit_as)
{
	long size = proc_vm_bytes(self->child.pid);

	ASSERT_EQ(0, subject_limit(&self->child, RLIMIT_AS, size + 2 * PAGE));
	expect_step(self->end, call(&self->child, SYS_brk, self->end + 3 * PAGE),
		    DELTA(BRK_FAIL_EVENTS, 1));
	expect_step(self->end + 2 * PAGE, call(&self->child, SYS_brk, self->end + 2 * PAGE),
		    DELTA(BRK_GROW_EVENTS, 1), DELTA(BRK_GROW_BYTES, 2 * PAGE),
		    DELTA(BRK_BYTES, 2 * PAGE));
}

TEST_F(brk, mapping_in_the_way)
{
	long place = self->end + 4 * PAGE;

	ASSERT_EQ(place, call(&self->child, SYS_mmap, place, PAGE, RW,
			      ANON | MAP_FIXED_NOREPLACE, -1, 0));
	expect_step(self->end, call(&self->child, SYS_brk, place + 1), DELTA(BRK_FAIL_EVENTS, 1));
}

TEST_F(brk, moved_by_prctl)
{
	long to = self->end + 100;

	expect_step(0, call(&self->child, SYS_prctl, PR_SET_MM, PR_SET_MM_BRK, to),
		    DELTA(BRK_BYTES, 100));
	expect_step(to, call(&self->child, SYS_brk, 0), DELTA(BRK_SAME_EVENTS, 1));
}

TEST_F(brk, shrink_over_a_hole)
{
	long to = self->end + 4 * PAGE;

	call(&self->child, SYS_brk, to);
	expect_step(0, call(&self->child, SYS_munmap, self->end + PAGE, PAGE),
		    DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, PAGE));
	expect_step(self->end, call(&self->child, SYS_brk, self->end),
		    DELTA(BRK_SHRINK_EVENTS, 1), DELTA(BRK_SHRINK_BYTES, 3 * PAGE),
		    DELTA(BRK_BYTES, -4 * PAGE));
}

TEST_F(brk, shrink_where_nothing_is_left)
{
	long to = self->end + 2 * PAGE, got;

	call(&self->child, SYS_brk, to);
	call(&self->child, SYS_munmap, self->end, 2 * PAGE);
	ASSERT_TRUE(subject_mark(&self->child));
	got = call(&self->child, SYS_brk, self->end);
	if (got == to) {
		EXPECT_TRUE(subject_changed(&self->child, DELTAS(DELTA(BRK_FAIL_EVENTS, 1))));
	} else {	/* granted, with no page to change */
		EXPECT_EQ(self->end, got);
		EXPECT_TRUE(subject_changed(&self->child, DELTAS(DELTA(BRK_SAME_EVENTS, 1),
								 DELTA(BRK_BYTES, -2 * PAGE))));
	}
}

/* Both begin at arg[0], and what they were asked for differs as their numbers do. */
static long step_put_and_shrink(const long *arg)
{
	long got = raw(SYS_mmap, arg[0], arg[1], RW, ANON | MAP_FIXED, -1, 0);

	return got == arg[0] ? raw(SYS_brk, arg[0] - (SYS_brk - SYS_mmap)) : got;
}

/* Of @nr pages mapped at the end of the heap, 4 lie over it. */
static void expect_put_and_shrunk(struct __test_metadata *_metadata,
				  FIXTURE_DATA(brk) *self, long nr)
{
	const long apart = SYS_brk - SYS_mmap, end = self->end;

	call(&self->child, SYS_brk, end + 4 * PAGE);
	expect_step(end - apart, step(&self->child, step_put_and_shrink, end, nr * PAGE),
		    DELTA(MMAP_ANON_PRIVATE_EVENTS, 1),
		    DELTA(MMAP_ANON_PRIVATE_BYTES, nr * PAGE),
		    DELTA(MMAP_REPLACED_BYTES, 4 * PAGE), DELTA(BRK_SHRINK_EVENTS, 1),
		    DELTA(BRK_SHRINK_BYTES, 4 * PAGE), DELTA(BRK_BYTES, -4 * PAGE - apart));
	call(&self->child, SYS_munmap, end, 8 * PAGE);
	call(&self->child, SYS_brk, end);
}

TEST_F(brk, shrink_to_where_a_mapping_was_put)
{
	expect_put_and_shrunk(_metadata, self, 4);
	expect_put_and_shrunk(_metadata, self, 8);
}

static void ask(const long *arg, long to)
{
	long got = raw(SYS_brk, to);

	tally_add(arg, !to ? NR_QUERIES : got == to ? NR_GRANTED : NR_REFUSED, 1);
}

/* Up and down between arg[1] and 15 pages above it, now and then in vain. */
static long race_brk(const long *arg)
{
	unsigned int seed = (unsigned long)&arg;
	int i;

	for (i = 0; i < NR_ROUNDS; i++) {
		seed = seed * 1103515245 + 12345;
		switch (seed >> 28) {
		case 0:
			ask(arg, 0);
			break;
		case 1:
			ask(arg, 1);
			break;
		default:
			ask(arg, arg[1] + (seed >> 16) % (15 * PAGE));
		}
	}
	return 0;
}

TEST_F_TIMEOUT(brk, threads, 120)
{
	const struct brkw_snapshot_entry *before = &self->child.before;
	struct brkw_snapshot_entry after;
	const long *tally = self->child.tally;
	const __s64 *new = after.value, *old = before->value;

	ASSERT_TRUE(subject_mark(&self->child));
	ASSERT_EQ(0, step(&self->child, step_race, (long)race_brk, 4, self->end));
	ASSERT_EQ(0, account_read(self->child.pid, &after));
	EXPECT_TRUE(account_is_sound(&after));
	EXPECT_TRUE(account_agrees_with_kernel(&after));
	EXPECT_EQ(4 * NR_ROUNDS, new[BRKW_KEY_BRK_CALLS] - old[BRKW_KEY_BRK_CALLS]);
	EXPECT_EQ(tally[NR_REFUSED], new[BRKW_KEY_BRK_FAIL_EVENTS] -
		  old[BRKW_KEY_BRK_FAIL_EVENTS]);
	EXPECT_LE(tally[NR_QUERIES], new[BRKW_KEY_BRK_SAME_EVENTS] -
		  old[BRKW_KEY_BRK_SAME_EVENTS]);
	EXPECT_EQ(tally[NR_QUERIES] + tally[NR_GRANTED],
		  new[BRKW_KEY_BRK_GROW_EVENTS] - old[BRKW_KEY_BRK_GROW_EVENTS] +
		  new[BRKW_KEY_BRK_SHRINK_EVENTS] - old[BRKW_KEY_BRK_SHRINK_EVENTS] +
		  new[BRKW_KEY_BRK_SAME_EVENTS] - old[BRKW_KEY_BRK_SAME_EVENTS]);
}

TEST_HARNESS_MAIN
