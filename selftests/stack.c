// SPDX-License-Identifier: GPL-2.0
/* Stacks that grow: by being touched, and by the arguments of exec. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define GROWN(pages)	DELTA(STACK_GROW_EVENTS, 1), DELTA(STACK_GROW_BYTES, (pages) * PAGE)
#define NR_BIG		8
#define SZ_BIG		(127 * 1024)

/* What the subject execs; it has this memory, too. */
static char held[PATH_MAX];
static char big[SZ_BIG];
static char *argv_small[] = { held, NULL };
static char *argv_big[NR_BIG + 2] = { held };
static char *envp[] = { NULL };

FIXTURE(stack) {
	struct subject child;
	struct proc_range stack;
	int zero;
};

FIXTURE_SETUP(stack)
{
	int i;

	ASSERT_TRUE(account_module_is_loaded());
	sys_beside("held", held, sizeof(held));
	memset(big, 'x', SZ_BIG - 1);
	for (i = 0; i < NR_BIG; i++)
		argv_big[i + 1] = big;
	self->zero = open("/dev/zero", O_RDONLY);
	ASSERT_EQ(0, subject_start(&self->child));
	ASSERT_EQ(0, proc_find_mapping(self->child.pid, "[stack]", &self->stack));
}

FIXTURE_TEARDOWN(stack)
{
	subject_stop(&self->child);
}

TEST_F(stack, touched)
{
	expect_step(0, write_pages(&self->child, self->stack.start - PAGE, PAGE), GROWN(1));
}

TEST_F(stack, touched_far_below)
{
	expect_step(0, write_pages(&self->child, self->stack.start - 100 * PAGE, PAGE), GROWN(100));
	/* what lies between is there already */
	expect_step(0, write_pages(&self->child, self->stack.start - 50 * PAGE, PAGE));
}

TEST_F(stack, touched_page_by_page)
{
	long i;

	for (i = 1; i <= 5; i++)
		expect_step(0, read_pages(&self->child, self->stack.start - i * PAGE, PAGE),
			    GROWN(1));
}

TEST_F(stack, written_to_by_the_kernel)
{
	expect_step(8, call(&self->child, SYS_read, self->zero, self->stack.start - 3 * PAGE, 8),
		    GROWN(3));
}

TEST_F(stack, growing_down_elsewhere)
{
	long room = subject_room(&self->child, 1024 * PAGE), top = room + 1000 * PAGE;

	map(&self->child, top, 4 * PAGE, ANON | MAP_FIXED | MAP_GROWSDOWN, -1);
	expect_step(0, write_pages(&self->child, top - 2 * PAGE, PAGE), GROWN(2));
	expect_step(0, unmap(&self->child, top - 2 * PAGE, 6 * PAGE),
		    DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, 6 * PAGE));
}

static struct sock_filter trap_mremap[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mremap, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static void ignore(int sig)
{
}

/* arg: a stack for signals, its size; mremap() ends in a signal from now on. */
static long step_trap_mremap(const long *arg)
{
	const struct sock_fprog prog = { ARRAY_SIZE(trap_mremap), trap_mremap };
	const struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_ONSTACK };
	const stack_t stack = { .ss_sp = (void *)arg[0], .ss_size = arg[1] };

	if (sigaltstack(&stack, NULL) || sigaction(SIGSYS, &action, NULL))
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

/* The stack grows while the process is in mremap(), as far as it knows. */
TEST_F(stack, signal_at_the_end_of_mremap)
{
	long room = subject_room(&self->child, 1024 * PAGE), top = room + 1000 * PAGE, size, err;

	map(&self->child, top, 4 * PAGE, ANON | MAP_FIXED | MAP_GROWSDOWN, -1);
	err = step(&self->child, step_trap_mremap, top - 32 * PAGE, 32 * PAGE + 128);
	ASSERT_LE(0, err);
	if (err)
		SKIP(return, "no seccomp in this kernel");
	size = proc_vm_bytes(self->child.pid);
	ASSERT_TRUE(subject_mark(&self->child));
	call(&self->child, SYS_mremap, top, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE);
	size = proc_vm_bytes(self->child.pid) - size;
	EXPECT_LT(0, size);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(GROWN(size / PAGE))));
	expect_step(0, unmap(&self->child, top, 4 * PAGE),
		    DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, 4 * PAGE));
}

TEST_F(stack, overflow)
{
	long size = self->stack.end - self->stack.start;

	ASSERT_EQ(0, subject_limit(&self->child, RLIMIT_STACK, size + 8 * PAGE));
	expect_step(0, write_pages(&self->child, self->stack.start - 8 * PAGE, PAGE), GROWN(8));
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE,
		  write_pages(&self->child, self->stack.start - 9 * PAGE, PAGE));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_EXITED,
				      DELTAS(DELTA(FAULT_ERROR_EVENTS, 1))));
}

TEST_F(stack, exec_with_few_arguments)
{
	struct brkw_snapshot_entry acct;

	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_execve, (long)held, (long)argv_small,
				     (long)envp));
	ASSERT_TRUE(subject_has_become(&self->child, "held", &acct));
	EXPECT_EQ(PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
	EXPECT_EQ(proc_named_bytes(self->child.pid, "[stack]") - PAGE,
		  acct.value[BRKW_KEY_STACK_GROW_BYTES]);
}

TEST_F(stack, exec_with_a_megabyte_of_arguments)
{
	struct brkw_snapshot_entry acct;

	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_execve, (long)held, (long)argv_big,
				     (long)envp));
	ASSERT_TRUE(subject_has_become(&self->child, "held", &acct));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_REPLACED, DELTAS()));
	EXPECT_LT(NR_BIG * SZ_BIG, acct.value[BRKW_KEY_STACK_GROW_BYTES]);
	EXPECT_EQ(PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
	EXPECT_EQ(proc_named_bytes(self->child.pid, "[stack]") - PAGE,
		  acct.value[BRKW_KEY_STACK_GROW_BYTES]);
}

/* The arguments were laid out for nothing: they are nobody's. */
TEST_F(stack, failed_exec_with_a_megabyte_of_arguments)
{
	static const char nothing[] = "/nowhere/to/be/found";

	expect_step(-ENOENT, call(&self->child, SYS_execve, (long)nothing, (long)argv_big,
				  (long)envp));
}

TEST_HARNESS_MAIN
