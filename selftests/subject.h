/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process that is measured: a forked child that does one step at a time
 * and says what came of it, without libc between it and the kernel. It has
 * the test's memory, so that a step is a function of the test and addresses
 * mean the same on both sides. Include after kselftest_harness.h.
 */
#ifndef BRKW_TEST_SUBJECT_H
#define BRKW_TEST_SUBJECT_H

#include <stdbool.h>
#include <sys/types.h>
#include "account.h"
#include "proc.h"
#include "step.h"

/* What a step answers that has no end: the subject has died or become another. */
#define SUBJECT_GONE	(-1000000L)

/**
 * struct subject - the process that is measured
 * @pid: its number
 * @to: steps go there
 * @from: answers come from there
 * @has_faults: page faults are part of what is measured
 * @tally: NR_TALLIES numbers that both sides see
 * @before: its account when it was marked
 * @faults: the kernel's count when it was marked
 */
struct subject {
	pid_t pid;
	int to;
	int from;
	bool has_faults;
	long *tally;
	struct brkw_snapshot_entry before;
	struct proc_faults faults;
};

int subject_start(struct subject *subject);
void subject_stop(struct subject *subject);
int subject_settle(struct subject *subject);
long subject_run(struct subject *subject, step_fn fn, const long *arg);
bool subject_send(struct subject *subject, step_fn fn, const long *arg);
bool subject_has_answer(struct subject *subject);
long subject_answer(struct subject *subject);
int subject_limit(struct subject *subject, int resource, long to);
long subject_room(struct subject *subject, long size);
bool subject_mark(struct subject *subject);
bool subject_changed(struct subject *subject, const struct delta *deltas);
bool subject_has_ended(struct subject *subject, enum brkw_state state,
		       const struct delta *deltas);
bool subject_has_become(struct subject *subject, const char *comm,
			struct brkw_snapshot_entry *ret_acct);

/* step(subject, function, arguments...), call(subject, SYS_..., arguments...) */
#define step(subject, fn, ...)	\
	subject_run(subject, fn, (const long[NR_ARGS]){ __VA_ARGS__ })
#define begin_step(subject, fn, ...)	\
	subject_send(subject, fn, (const long[NR_ARGS]){ __VA_ARGS__ })
#define call(subject, ...)	step(subject, step_syscall, __VA_ARGS__)

/* map(subject, address, size, flags[, descriptor]): readable and writable. */
#define map(subject, address, size, ...)	\
	call(subject, SYS_mmap, address, size, RW, __VA_ARGS__)
#define unmap(subject, address, size)	call(subject, SYS_munmap, address, size)

/* Touches every page of [start, start + size). */
#define read_pages(subject, start, size)	step(subject, step_touch, start, size, 0)
#define write_pages(subject, start, size)	step(subject, step_touch, start, size, 1)

/* A step of the fixture's child answers @want and changes just these keys. */
#define expect_step(want, run, ...) ({					\
	long __answer;							\
	EXPECT_TRUE(subject_mark(&self->child));			\
	__answer = (run);						\
	EXPECT_EQ((long)(want), __answer);				\
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(__VA_ARGS__))); \
	__answer; })

/* The same for a step that answers with an address of the kernel's choice. */
#define expect_address(run, ...) ({					\
	long __answer;							\
	EXPECT_TRUE(subject_mark(&self->child));			\
	__answer = (run);						\
	EXPECT_LT(0, __answer);						\
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(__VA_ARGS__))); \
	__answer; })

/*
 * Faults of one segment, as many as the kernel counts, @nr_least of them major.
 * Answers how many.
 */
#define expect_faults(segment, nr_least, want, run) ({			\
	struct proc_faults __now = { 0 };				\
									\
	EXPECT_TRUE(subject_mark(&self->child));			\
	EXPECT_EQ((long)(want), (run));					\
	EXPECT_EQ(0, proc_read_faults(self->child.pid, &__now));	\
	__now.minor -= self->child.faults.minor;			\
	__now.major -= self->child.faults.major;			\
	EXPECT_LE(nr_least, __now.major);				\
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(		\
		DELTA(FAULT_##segment##_MINOR, __now.minor),		\
		DELTA(FAULT_##segment##_MAJOR, __now.major))));		\
	__now.minor + __now.major; })

/* Fixture of a test that measures one child and nothing else. */
#define SUBJECT_FIXTURE(name)						\
	FIXTURE(name) {							\
		struct subject child;					\
	};								\
	FIXTURE_SETUP(name)						\
	{								\
		ASSERT_TRUE(account_module_is_loaded());		\
		ASSERT_EQ(0, subject_start(&self->child));		\
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
		subject_stop(&self->child);				\
	}

#endif /* BRKW_TEST_SUBJECT_H */
