// SPDX-License-Identifier: GPL-2.0
/* What the kernel maps by itself: vdso and bss at exec, aio rings, uprobes. */
#include <errno.h>
#include <limits.h>
#include <linux/aio_abi.h>
#include <sys/resource.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define UPROBE_FILE	"/sys/kernel/tracing/uprobe_events"
#define UPROBE_ENABLE	"/sys/kernel/tracing/events/brkwatch_test/enable"

/* What the subject execs; it has this memory, too. */
static char held[PATH_MAX];
static char *argv[] = { held, NULL };
static char *envp[] = { NULL };

FIXTURE(special) {
	struct subject child;
};

FIXTURE_SETUP(special)
{
	ASSERT_TRUE(account_module_is_loaded());
	sys_beside("held", held, sizeof(held));
	ASSERT_EQ(0, subject_start(&self->child));
}

FIXTURE_TEARDOWN(special)
{
	subject_stop(&self->child);
}

static long special_bytes(pid_t pid)
{
	return proc_named_bytes(pid, "[vdso]") + proc_named_bytes(pid, "[vvar]") +
	       proc_named_bytes(pid, "[vvar_vclock]");
}

/* A static program has nothing but its file, bss, heap, stack and the vdso. */
TEST_F(special, exec)
{
	struct brkw_snapshot_entry acct;
	long nr_file, nr_bss, nr_heap;
	const __s64 *value = acct.value;
	pid_t pid = self->child.pid;

	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_execve, (long)held, (long)argv, (long)envp));
	ASSERT_TRUE(subject_has_become(&self->child, "held", &acct));
	nr_file = proc_named_bytes(pid, "/held");
	nr_heap = proc_named_bytes(pid, "[heap]");
	nr_bss = proc_vm_bytes(pid) - nr_file - nr_heap - special_bytes(pid) -
		 proc_named_bytes(pid, "[stack]");
	EXPECT_LT(0, special_bytes(pid));
	EXPECT_LE(64 * PAGE, nr_bss + nr_heap);
	EXPECT_LE(special_bytes(pid), value[BRKW_KEY_OTHER_GROW_BYTES]);
	EXPECT_EQ(nr_file, value[BRKW_KEY_MMAP_FILE_PRIVATE_BYTES] - value[BRKW_KEY_MUNMAP_BYTES]);
	/* the heap may have merged with the bss */
	EXPECT_EQ(special_bytes(pid) + nr_bss + nr_heap,
		  value[BRKW_KEY_OTHER_GROW_BYTES] + value[BRKW_KEY_BRK_GROW_BYTES] -
		  value[BRKW_KEY_BRK_SHRINK_BYTES]);
	EXPECT_EQ(0, value[BRKW_KEY_OTHER_SHRINK_BYTES]);
	EXPECT_EQ(0, value[BRKW_KEY_MMAP_ANON_PRIVATE_BYTES]);
}

static aio_context_t ring;

static long step_aio_setup(const long *arg)
{
	return raw(SYS_io_setup, arg[0], (long)&ring);
}

static long step_aio_destroy(const long *arg)
{
	long err = raw(SYS_io_destroy, ring);

	ring = 0;
	return err;
}

TEST_F(special, aio_ring)
{
	struct proc_range range;
	long err, size;

	ASSERT_TRUE(subject_mark(&self->child));
	err = step(&self->child, step_aio_setup, 512);
	if (err == -ENOSYS)
		SKIP(return, "no aio in this kernel");
	EXPECT_EQ(0, err);
	ASSERT_EQ(0, proc_find_mapping(self->child.pid, "/[aio] (deleted)", &range));
	size = range.end - range.start;
	EXPECT_LE(512 * 32, size);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(
		DELTA(OTHER_GROW_EVENTS, 1), DELTA(OTHER_GROW_BYTES, size))));
	expect_step(0, step(&self->child, step_aio_destroy),
		    DELTA(OTHER_SHRINK_EVENTS, 1), DELTA(OTHER_SHRINK_BYTES, size));
	expect_step(-EINVAL, step(&self->child, step_aio_setup, 0));
}

TEST_F(special, aio_ring_moves)
{
	struct proc_range range;
	long err = step(&self->child, step_aio_setup, 64), room;

	if (err == -ENOSYS)
		SKIP(return, "no aio in this kernel");
	ASSERT_EQ(0, err);
	room = subject_room(&self->child, 64 * PAGE);
	ASSERT_EQ(0, proc_find_mapping(self->child.pid, "/[aio] (deleted)", &range));
	expect_step(room, call(&self->child, SYS_mremap, range.start, range.end - range.start,
			       range.end - range.start, MREMAP_MAYMOVE | MREMAP_FIXED, room),
		    DELTA(MREMAP_MOVE_EVENTS, 1));
}

TEST_F(special, aio_ring_refused_by_rlimit_as)
{
	ASSERT_EQ(0, subject_limit(&self->child, RLIMIT_AS, proc_vm_bytes(self->child.pid)));
	ASSERT_TRUE(subject_mark(&self->child));
	if (step(&self->child, step_aio_setup, 64) == -ENOSYS)
		SKIP(return, "no aio in this kernel");
	/* not mmap() of the program's: nothing of its own has failed */
	EXPECT_TRUE(subject_changed(&self->child, DELTAS()));
}

/* Its first instruction cannot be emulated: it is stepped out of line. */
__attribute__((noinline)) static long probed(long n)
{
	asm volatile("" : "+r"(n));
	return n * 3 + 1;
}

static long step_probed(const long *arg)
{
	return probed(arg[0]);
}

extern char __executable_start[];

FIXTURE(uprobe) {
	struct subject child;
	bool has_event;
};

FIXTURE_SETUP(uprobe)
{
	char path[PATH_MAX], text[PATH_MAX + 64];

	ASSERT_TRUE(account_module_is_loaded());
	if (access(UPROBE_FILE, W_OK))
		SKIP(return, "cannot write " UPROBE_FILE);
	sys_beside("special", path, sizeof(path));
	snprintf(text, sizeof(text), "p:brkwatch_test/probed %s:0x%lx\n", path,
		 (long)probed - (long)__executable_start);
	ASSERT_EQ(0, sys_append(UPROBE_FILE, text));
	self->has_event = true;
	ASSERT_EQ(0, subject_start(&self->child));
}

FIXTURE_TEARDOWN(uprobe)
{
	subject_stop(&self->child);
	if (!self->has_event)
		return;
	sys_write(UPROBE_ENABLE, "0");
	sys_append(UPROBE_FILE, "-:brkwatch_test/probed\n");
}

TEST_F(uprobe, area_for_single_steps)
{
	long size;

	expect_step(16, step(&self->child, step_probed, 5));
	ASSERT_EQ(0, sys_write(UPROBE_ENABLE, "1"));
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(22, step(&self->child, step_probed, 7));
	size = proc_named_bytes(self->child.pid, "[uprobes]");
	EXPECT_LE(PAGE, size);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(
		DELTA(OTHER_GROW_EVENTS, 1), DELTA(OTHER_GROW_BYTES, size))));
	expect_step(4, step(&self->child, step_probed, 1));
}

TEST_HARNESS_MAIN
