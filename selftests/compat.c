// SPDX-License-Identifier: GPL-2.0
/* The system calls of 32-bit programs, which a 64-bit kernel takes from anybody. */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include "../kselftest_harness.h"
#include "subject.h"

#if defined(__x86_64__)

/* Numbers of arch/x86/entry/syscalls/syscall_32.tbl. */
#define IA32_BRK	45
#define IA32_MUNMAP	91
#define IA32_IPC	117
#define IA32_MREMAP	163
#define IA32_MMAP2	192
#define IA32_PROCESS_MADVISE	440

/* Which call ipc() is: include/uapi/linux/ipc.h. */
#define SHMAT_OF_IPC	21
#define SHMDT_OF_IPC	22

static long step_int80(const long *arg)
{
	int ret;

	/* the sixth argument, in ebp, is an offset and always 0 */
	asm volatile("mov %%rbp, %%r12\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "int $0x80\n\t"
		     "mov %%r12, %%rbp"
		     : "=a"(ret)
		     : "a"(arg[0]), "b"(arg[1]), "c"(arg[2]), "d"(arg[3]), "S"(arg[4]), "D"(arg[5])
		     : "memory", "r8", "r9", "r10", "r11", "r12");
	return ret;
}

#define int80(child, ...)	step(child, step_int80, __VA_ARGS__)

SUBJECT_FIXTURE(compat);

static bool has_int80(struct subject *child)
{
	return int80(child, IA32_BRK, 0) != SUBJECT_GONE;
}

TEST_F(compat, brk)
{
	long end = call(&self->child, SYS_brk, 0);

	if (!has_int80(&self->child))
		SKIP(return, "this kernel takes no 32-bit calls");
	expect_step((int)end, int80(&self->child, IA32_BRK, 0), DELTA(BRK_SAME_EVENTS, 1));
	expect_step((int)end, int80(&self->child, IA32_BRK, 1), DELTA(BRK_FAIL_EVENTS, 1));
}

/* The kernel does not look at them, and neither must we. */
TEST_F(compat, upper_halves_of_registers)
{
	const long upper = 1L << 32;
	long end = call(&self->child, SYS_brk, 0), at;

	if (!has_int80(&self->child))
		SKIP(return, "this kernel takes no 32-bit calls");
	expect_step((int)end, int80(&self->child, IA32_BRK, upper), DELTA(BRK_SAME_EVENTS, 1));
	at = map(&self->child, 0x10000000, 8 * PAGE, ANON | MAP_FIXED, -1);
	expect_step(at, int80(&self->child, IA32_MREMAP, at, 8 * PAGE + upper,
			      10 * PAGE + upper, 0),
		    DELTA(MREMAP_GROW_EVENTS, 1), DELTA(MREMAP_GROW_BYTES, 2 * PAGE));
}

TEST_F(compat, mappings)
{
	long at, room = 0x20000000;

	if (!has_int80(&self->child))
		SKIP(return, "this kernel takes no 32-bit calls");
	at = expect_step(room, int80(&self->child, IA32_MMAP2, room, 8 * PAGE, RW,
				     ANON | MAP_FIXED, -1),
			 DELTA(MMAP_ANON_PRIVATE_EVENTS, 1),
			 DELTA(MMAP_ANON_PRIVATE_BYTES, 8 * PAGE));
	expect_step(at, int80(&self->child, IA32_MREMAP, at, 8 * PAGE, 10 * PAGE, 0),
		    DELTA(MREMAP_GROW_EVENTS, 1), DELTA(MREMAP_GROW_BYTES, 2 * PAGE));
	expect_step(-EINVAL, int80(&self->child, IA32_MREMAP, at, 8 * PAGE, 0, 0),
		    DELTA(MREMAP_FAIL_EVENTS, 1));
	expect_step(at, int80(&self->child, IA32_MREMAP, at, 10 * PAGE, 7 * PAGE, 0),
		    DELTA(MREMAP_SHRINK_EVENTS, 1), DELTA(MREMAP_SHRINK_BYTES, 3 * PAGE));
	expect_step(at + 16 * PAGE,
		    int80(&self->child, IA32_MREMAP, at, 7 * PAGE, 7 * PAGE,
			  MREMAP_MAYMOVE | MREMAP_FIXED, at + 16 * PAGE),
		    DELTA(MREMAP_MOVE_EVENTS, 1));
	expect_step(0, int80(&self->child, IA32_MUNMAP, at + 16 * PAGE, 2 * PAGE),
		    DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, 2 * PAGE));
}

/* Both are one system call to 32-bit programs. */
static long step_attach_and_detach(const long *arg)
{
	const long id = arg[0], where = arg[1], ret_where = arg[2];
	long err = step_int80((const long[NR_ARGS]){ IA32_IPC, SHMAT_OF_IPC, id, SHM_REMAP,
						     ret_where, where });

	return err ?: step_int80((const long[NR_ARGS]){ IA32_IPC, SHMDT_OF_IPC, 0, 0, 0, where });
}

static void expect_attached(struct __test_metadata *_metadata, struct subject *child, long id,
			    long nr_over)
{
	const long room = 0x20000000, ret_where = 0x10000000;

	ASSERT_EQ(room, map(child, room, nr_over * PAGE, ANON | MAP_FIXED, -1));
	ASSERT_EQ(ret_where, map(child, ret_where, PAGE, ANON | MAP_FIXED, -1));
	ASSERT_TRUE(subject_mark(child));
	EXPECT_EQ(0, step(child, step_attach_and_detach, id, room, ret_where));
	EXPECT_TRUE(subject_changed(child, DELTAS(
		DELTA(MMAP_ANON_SHARED_EVENTS, 1), DELTA(MMAP_ANON_SHARED_BYTES, 4 * PAGE),
		DELTA(MMAP_REPLACED_BYTES, nr_over * PAGE),
		DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, 4 * PAGE))));
}

TEST_F(compat, attach_over_a_mapping_and_detach)
{
	int id;

	if (!has_int80(&self->child))
		SKIP(return, "this kernel takes no 32-bit calls");
	id = shmget(IPC_PRIVATE, 4 * PAGE, IPC_CREAT | 0600);
	if (id < 0 && errno == ENOSYS)
		SKIP(return, "no SysV shared memory in this kernel");
	ASSERT_LE(0, id);
	expect_attached(_metadata, &self->child, id, 4);
	expect_attached(_metadata, &self->child, id, 2);
	shmctl(id, IPC_RMID, NULL);
}

/* Its own first pages, told by a struct iovec of 32 bits in the last of them. */
static long step_advise_itself(const long *arg)
{
	int *vec = (int *)(arg[0] + arg[1]);
	long fd = raw(SYS_pidfd_open, raw(SYS_getpid), 0);
	long got;

	vec[0] = arg[0];
	vec[1] = arg[1];
	got = step_int80((const long[NR_ARGS]){ IA32_PROCESS_MADVISE, fd, (long)vec, 1,
						MADV_DONTNEED });
	raw(SYS_close, fd);
	return got;
}

/* Since 6.13 a process may; before, it is refused. */
TEST_F(compat, process_madvise)
{
	long room = 0x20000000, got;
	bool may;

	if (!has_int80(&self->child))
		SKIP(return, "this kernel takes no 32-bit calls");
	ASSERT_EQ(room, map(&self->child, room, 8 * PAGE, ANON | MAP_FIXED, -1));
	ASSERT_TRUE(subject_mark(&self->child));
	got = step(&self->child, step_advise_itself, room, 7 * PAGE);
	may = got != -EINVAL;
	EXPECT_EQ(may ? 7 * PAGE : -EINVAL, got);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(
		DELTA(MADVISE_DONTNEED_EVENTS, may),
		DELTA(MADVISE_DONTNEED_BYTES, may * 7 * PAGE))));
}

#else

TEST(compat)
{
	SKIP(return, "32-bit calls are tested on x86-64 only");
}

#endif

TEST_HARNESS_MAIN
