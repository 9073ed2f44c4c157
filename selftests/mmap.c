// SPDX-License-Identifier: GPL-2.0
/* mmap() of every kind of thing, and mmap() that fails. */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define SIZE		(5 * PAGE)
#define BIOS		0xf0000		/* of /dev/mem: readable even when it is strict */
#define TRACE_FOLDER	"/sys/kernel/tracing/instances/brkwatch_test"

enum thing { NOTHING, FILE_RW, FILE_RO, ZERO, MEMFD, MEM, PERF, TRACE, NR_THINGS };

FIXTURE(kind) {
	struct subject child;
	int fd;
};

FIXTURE_VARIANT(kind) {
	enum thing thing;
	int prot;
	int flags;
	long offset;
	unsigned int events;
	unsigned int bytes;
};

#define KIND(name, _thing, _prot, _flags, _offset, key)			\
	FIXTURE_VARIANT_ADD(kind, name) {				\
		.thing = _thing, .prot = _prot, .flags = _flags, .offset = _offset, \
		.events = BRKW_KEY_MMAP_##key##_EVENTS,			\
		.bytes = BRKW_KEY_MMAP_##key##_BYTES,			\
	}

KIND(anon_private, NOTHING, RW, ANON, 0, ANON_PRIVATE);
KIND(anon_shared, NOTHING, RW, MAP_SHARED | MAP_ANONYMOUS, 0, ANON_SHARED);
KIND(anon_none, NOTHING, PROT_NONE, ANON | MAP_NORESERVE, 0, ANON_PRIVATE);
KIND(stack, NOTHING, RW, ANON | MAP_STACK, 0, ANON_PRIVATE);
KIND(growsdown, NOTHING, RW, ANON | MAP_STACK | MAP_GROWSDOWN, 0, ANON_PRIVATE);
KIND(low, NOTHING, RW, ANON | MAP_32BIT, 0, ANON_PRIVATE);
KIND(locked, NOTHING, RW, ANON | MAP_LOCKED, 0, ANON_PRIVATE);
KIND(populated, NOTHING, RW, ANON | MAP_POPULATE, 0, ANON_PRIVATE);
KIND(file_private, FILE_RW, RW, MAP_PRIVATE, 0, FILE_PRIVATE);
KIND(file_shared, FILE_RW, RW, MAP_SHARED, 0, FILE_SHARED);
KIND(file_code, FILE_RO, PROT_READ | PROT_EXEC, MAP_PRIVATE, PAGE, FILE_PRIVATE);
KIND(file_validated, FILE_RW, RW, MAP_SHARED_VALIDATE, 0, FILE_SHARED);
/* such a mapping is not VM_SHARED, but to its user it is shared */
KIND(file_shared_readonly, FILE_RO, PROT_READ, MAP_SHARED, 0, FILE_SHARED);
KIND(file_beyond_its_end, FILE_RW, RW, MAP_SHARED, 64 * PAGE, FILE_SHARED);
KIND(zero_private, ZERO, RW, MAP_PRIVATE, 0, ANON_PRIVATE);
KIND(zero_shared, ZERO, RW, MAP_SHARED, 0, ANON_SHARED);
KIND(memfd_private, MEMFD, RW, MAP_PRIVATE, 0, ANON_PRIVATE);
KIND(memfd_shared, MEMFD, RW, MAP_SHARED, 0, ANON_SHARED);
/* an inode of the kernel's own, like that of a memfd, but it is no memory */
KIND(perf_buffer, PERF, RW, MAP_SHARED, 0, FILE_SHARED);
/* a file system that the kernel mounts for itself, too; can be mapped since 6.10 */
KIND(trace_buffer, TRACE, PROT_READ, MAP_SHARED, 0, FILE_SHARED);
KIND(device_private, MEM, PROT_READ, MAP_PRIVATE, BIOS, FILE_PRIVATE);
KIND(device_shared, MEM, PROT_READ, MAP_SHARED, BIOS, FILE_SHARED);

/* Of which a page and a power of two can be mapped. */
static int open_perf(void)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static int open_thing(enum thing thing)
{
	char path[32];
	int fd;

	switch (thing) {
	case ZERO:
		return open("/dev/zero", O_RDWR);
	case MEM:
		return open("/dev/mem", O_RDONLY);
	case MEMFD:
		fd = memfd_create("brkwatch", 0);
		return ftruncate(fd, SIZE) ? -1 : fd;
	case PERF:
		return open_perf();
	case TRACE:
		mkdir(TRACE_FOLDER, 0700);
		return open(TRACE_FOLDER "/per_cpu/cpu0/trace_pipe_raw", O_RDONLY | O_NONBLOCK);
	case FILE_RW:
		return sys_make_file(SIZE);
	case FILE_RO:
		snprintf(path, sizeof(path), "/proc/self/fd/%d", sys_make_file(2 * SIZE));
		return open(path, O_RDONLY);
	default:
		return -1;
	}
}

/* or cannot map it */
static bool may_lack(enum thing thing)
{
	return thing == MEM || thing == TRACE;
}

FIXTURE_SETUP(kind)
{
	ASSERT_TRUE(account_module_is_loaded());
	self->fd = open_thing(variant->thing);
	if (self->fd < 0 && may_lack(variant->thing))
		SKIP(return, "no such file: %s", strerror(errno));
	if (variant->thing != NOTHING)
		ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, subject_start(&self->child));
}

FIXTURE_TEARDOWN(kind)
{
	subject_stop(&self->child);
	close(self->fd);
	rmdir(TRACE_FOLDER);
}

static long map_kind(struct subject *child, const FIXTURE_VARIANT(kind) *variant, int fd)
{
	return call(child, SYS_mmap, 0, SIZE - 1, variant->prot, variant->flags, fd,
		    variant->offset);
}

TEST_F(kind, map_and_unmap)
{
	long start;

	ASSERT_TRUE(subject_mark(&self->child));
	start = map_kind(&self->child, variant, self->fd);
	if (start < 0 && may_lack(variant->thing))
		SKIP(return, "cannot be mapped: %s", strerror(-start));
	EXPECT_LT(0, start);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS({ variant->events, 1 },
							 { variant->bytes, SIZE })));
	expect_step(0, unmap(&self->child, start, SIZE),
		    DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, SIZE));
}

SUBJECT_FIXTURE(mmap);

TEST_F(mmap, populate_faults_all_pages_in)
{
	ASSERT_EQ(0, subject_settle(&self->child));
	expect_address(map(&self->child, 0, SIZE, ANON | MAP_POPULATE, -1),
		       DELTA(MMAP_ANON_PRIVATE_EVENTS, 1), DELTA(MMAP_ANON_PRIVATE_BYTES, SIZE),
		       DELTA(FAULT_ANON_MINOR, 5));
}

TEST_F(mmap, merged_with_its_neighbour)
{
	long room = subject_room(&self->child, 4 * PAGE);

	map(&self->child, room, PAGE, ANON | MAP_FIXED_NOREPLACE, -1);
	expect_step(room + PAGE,
		    map(&self->child, room + PAGE, 2 * PAGE, ANON | MAP_FIXED_NOREPLACE, -1),
		    DELTA(MMAP_ANON_PRIVATE_EVENTS, 1),
		    DELTA(MMAP_ANON_PRIVATE_BYTES, 2 * PAGE));
}

/* Mappings are split and merged, but none comes or goes. */
TEST_F(mmap, changed_in_other_ways)
{
	long at = map(&self->child, 0, 16 * PAGE, ANON, -1);

	expect_step(0, call(&self->child, SYS_mprotect, at + 2 * PAGE, 3 * PAGE, PROT_READ));
	expect_step(0, call(&self->child, SYS_mlock, at + 8 * PAGE, PAGE));
	expect_step(0, call(&self->child, SYS_munlock, at + 8 * PAGE, PAGE));
	expect_step(0, call(&self->child, SYS_mprotect, at, 16 * PAGE, PROT_NONE));
	expect_step(0, call(&self->child, SYS_msync, at, 16 * PAGE, MS_SYNC));
}

TEST_F(mmap, refused_arguments)
{
	struct subject *child = &self->child;

	expect_step(-EINVAL, map(child, 0, 0, ANON, -1), DELTA(MMAP_FAIL_EVENTS, 1));
	expect_step(-EINVAL, map(child, 0, PAGE, MAP_ANONYMOUS, -1), DELTA(MMAP_FAIL_EVENTS, 1));
	expect_step(-EINVAL, map(child, 1, PAGE, ANON | MAP_FIXED, -1),
		    DELTA(MMAP_FAIL_EVENTS, 1));
	expect_step(-ENOMEM, map(child, 0, -1L, ANON, -1), DELTA(MMAP_FAIL_EVENTS, 1));
	expect_step(-ENOMEM, map(child, 0, -PAGE, ANON, -1), DELTA(MMAP_FAIL_EVENTS, 1));
	expect_step(-ENOMEM, map(child, 0, 1L << 62, ANON, -1), DELTA(MMAP_FAIL_EVENTS, 1));
}

TEST_F(mmap, refused_by_rlimit_as)
{
	ASSERT_EQ(0, subject_limit(&self->child, RLIMIT_AS,
				   proc_vm_bytes(self->child.pid) + 2 * PAGE));
	expect_step(-ENOMEM, map(&self->child, 0, 3 * PAGE, ANON, -1),
		    DELTA(MMAP_FAIL_EVENTS, 1));
	expect_address(map(&self->child, 0, 2 * PAGE, ANON, -1),
		       DELTA(MMAP_ANON_PRIVATE_EVENTS, 1),
		       DELTA(MMAP_ANON_PRIVATE_BYTES, 2 * PAGE));
}

TEST_F(mmap, refused_by_rlimit_data)
{
	ASSERT_EQ(0, subject_limit(&self->child, RLIMIT_DATA, PAGE));
	expect_step(-ENOMEM, map(&self->child, 0, PAGE, ANON, -1), DELTA(MMAP_FAIL_EVENTS, 1));
}

TEST_F(mmap, refused_by_overcommit)
{
	char mode[8];
	struct sysinfo info;

	ASSERT_LT(0, proc_read("/proc/sys/vm/overcommit_memory", mode, sizeof(mode)));
	if (mode[0] != '0')
		SKIP(return, "overcommit_memory is not 0");
	ASSERT_EQ(0, sysinfo(&info));
	expect_step(-ENOMEM, map(&self->child, 0, 2 * (info.totalram + info.totalswap) *
				 info.mem_unit, ANON, -1),
		    DELTA(MMAP_FAIL_EVENTS, 1));
}

TEST_F(mmap, refused_by_max_map_count)
{
	char old[32], few[32];
	long i;

	for (i = 0; i < 200; i++)	/* none merges with its neighbour */
		call(&self->child, SYS_mmap, 0, PAGE, i & 1 ? PROT_READ : RW, ANON, -1, 0);
	snprintf(few, sizeof(few), "%ld", proc_nr_vmas(self->child.pid) - 2);
	ASSERT_TRUE(subject_mark(&self->child));
	ASSERT_EQ(0, sys_replace("/proc/sys/vm/max_map_count", few, old, sizeof(old)));
	i = map(&self->child, 0, PAGE, ANON, -1);
	EXPECT_EQ(0, sys_write("/proc/sys/vm/max_map_count", old));
	EXPECT_EQ(-ENOMEM, i);
	EXPECT_TRUE(subject_changed(&self->child, DELTAS(DELTA(MMAP_FAIL_EVENTS, 1))));
}

FIXTURE(mmap_file) {
	struct subject child;
	int file;	/* not to be written */
	int folder;
	int sealed;
};

FIXTURE_SETUP(mmap_file)
{
	ASSERT_TRUE(account_module_is_loaded());
	self->file = open_thing(FILE_RO);
	self->folder = open("/", O_RDONLY);
	self->sealed = memfd_create("brkwatch", MFD_ALLOW_SEALING);
	ASSERT_LE(0, self->file);
	ASSERT_LE(0, self->folder);
	ASSERT_EQ(0, fcntl(self->sealed, F_ADD_SEALS, F_SEAL_WRITE));
	ASSERT_EQ(0, subject_start(&self->child));
}

FIXTURE_TEARDOWN(mmap_file)
{
	subject_stop(&self->child);
}

TEST_F(mmap_file, refused_by_the_file)
{
	struct subject *child = &self->child;

	expect_step(-EACCES, map(child, 0, PAGE, MAP_SHARED, self->file),
		    DELTA(MMAP_FAIL_EVENTS, 1));
	expect_step(-ENODEV, map(child, 0, PAGE, MAP_PRIVATE, self->folder),
		    DELTA(MMAP_FAIL_EVENTS, 1));
	expect_step(-EPERM, map(child, 0, PAGE, MAP_SHARED, self->sealed),
		    DELTA(MMAP_FAIL_EVENTS, 1));
}

FIXTURE(shm) {
	struct subject child;
	int id;
};

FIXTURE_SETUP(shm)
{
	ASSERT_TRUE(account_module_is_loaded());
	self->id = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	if (self->id < 0 && errno == ENOSYS)
		SKIP(return, "no SysV shared memory in this kernel");
	ASSERT_LE(0, self->id);
	ASSERT_EQ(0, subject_start(&self->child));
}

FIXTURE_TEARDOWN(shm)
{
	subject_stop(&self->child);
	shmctl(self->id, IPC_RMID, NULL);
}

TEST_F(shm, attach_and_detach)
{
	long start;

	start = expect_address(call(&self->child, SYS_shmat, self->id, 0, 0),
			       DELTA(MMAP_ANON_SHARED_EVENTS, 1),
			       DELTA(MMAP_ANON_SHARED_BYTES, SIZE));
	expect_step(0, call(&self->child, SYS_shmdt, start),
		    DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, SIZE));
	expect_step(-EINVAL, call(&self->child, SYS_shmdt, start));
}

TEST_F(shm, attach_to_read)
{
	expect_address(call(&self->child, SYS_shmat, self->id, 0, SHM_RDONLY),
		       DELTA(MMAP_ANON_SHARED_EVENTS, 1), DELTA(MMAP_ANON_SHARED_BYTES, SIZE));
}

TEST_F(shm, attach_over_a_mapping)
{
	long room = subject_room(&self->child, 2 * SIZE);

	map(&self->child, room + PAGE, 2 * PAGE, ANON | MAP_FIXED_NOREPLACE, -1);
	expect_step(room, call(&self->child, SYS_shmat, self->id, room, SHM_REMAP),
		    DELTA(MMAP_ANON_SHARED_EVENTS, 1), DELTA(MMAP_ANON_SHARED_BYTES, SIZE),
		    DELTA(MMAP_REPLACED_BYTES, 2 * PAGE));
	expect_step(room, call(&self->child, SYS_shmat, self->id, room, SHM_REMAP),
		    DELTA(MMAP_ANON_SHARED_EVENTS, 1), DELTA(MMAP_ANON_SHARED_BYTES, SIZE),
		    DELTA(MMAP_REPLACED_BYTES, SIZE));
	expect_step(0, call(&self->child, SYS_shmdt, room),
		    DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, SIZE));
}

TEST_F(shm, touched)
{
	long start = call(&self->child, SYS_shmat, self->id, 0, 0);

	ASSERT_EQ(0, call(&self->child, SYS_shmdt, start));
	ASSERT_EQ(0, subject_settle(&self->child));
	start = call(&self->child, SYS_shmat, self->id, 0, 0);
	EXPECT_EQ(5, expect_faults(SHARED, 0, 0, write_pages(&self->child, start, SIZE)));
}

#define NR_HUGE_FILE	"/proc/sys/vm/nr_hugepages"
#define HUGE		(2L << 20)
#define MOVED_TO	(MREMAP_MAYMOVE | MREMAP_FIXED)

FIXTURE(huge) {
	struct subject child;
	char old[32];
	int memfd;
};

FIXTURE_SETUP(huge)
{
	char now[32] = "0";

	ASSERT_TRUE(account_module_is_loaded());
	self->memfd = memfd_create("brkwatch", MFD_HUGETLB);
	if (self->memfd < 0 || ftruncate(self->memfd, 2 * HUGE))
		SKIP(return, "no huge pages in this kernel");
	sys_replace(NR_HUGE_FILE, "8", self->old, sizeof(self->old));
	proc_read(NR_HUGE_FILE, now, sizeof(now));
	if (atoi(now) < 8) {
		sys_write(NR_HUGE_FILE, self->old);
		SKIP(return, "cannot reserve 8 huge pages");
	}
	ASSERT_EQ(0, subject_start(&self->child));
}

FIXTURE_TEARDOWN(huge)
{
	subject_stop(&self->child);
	close(self->memfd);
	sys_write(NR_HUGE_FILE, self->old);
}

TEST_F(huge, anon_private)
{
	long start;

	/* a page is rounded up to a huge one */
	start = expect_address(map(&self->child, 0, PAGE, ANON | MAP_HUGETLB, -1),
			       DELTA(MMAP_ANON_PRIVATE_EVENTS, 1),
			       DELTA(MMAP_ANON_PRIVATE_BYTES, HUGE));
	expect_step(0, unmap(&self->child, start, HUGE),
		    DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, HUGE));
}

TEST_F(huge, anon_shared)
{
	expect_address(map(&self->child, 0, 2 * HUGE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1),
		       DELTA(MMAP_ANON_SHARED_EVENTS, 1),
		       DELTA(MMAP_ANON_SHARED_BYTES, 2 * HUGE));
}

TEST_F(huge, memfd)
{
	expect_address(map(&self->child, 0, 2 * HUGE, MAP_SHARED, self->memfd),
		       DELTA(MMAP_ANON_SHARED_EVENTS, 1),
		       DELTA(MMAP_ANON_SHARED_BYTES, 2 * HUGE));
	expect_address(map(&self->child, 0, HUGE, MAP_PRIVATE, self->memfd),
		       DELTA(MMAP_ANON_PRIVATE_EVENTS, 1), DELTA(MMAP_ANON_PRIVATE_BYTES, HUGE));
}

TEST_F(huge, touched)
{
	long start;

	ASSERT_EQ(0, subject_settle(&self->child));
	start = map(&self->child, 0, 2 * HUGE, ANON | MAP_HUGETLB, -1);
	expect_step(0, write_pages(&self->child, start, 2 * HUGE), DELTA(FAULT_ANON_MINOR, 2));
	start = map(&self->child, 0, 2 * HUGE, MAP_SHARED, self->memfd);
	expect_step(0, write_pages(&self->child, start, 2 * HUGE), DELTA(FAULT_SHARED_MINOR, 2));
}

TEST_F(huge, moved_as_a_whole)
{
	long from = map(&self->child, 0, HUGE, ANON | MAP_HUGETLB, -1);
	long to = map(&self->child, 0, 4 * HUGE, ANON, -1);

	to = (to + HUGE - 1) / HUGE * HUGE;
	if (call(&self->child, SYS_mremap, from, HUGE, HUGE, MOVED_TO, to) != to)
		SKIP(return, "this kernel does not move huge pages");
	/* a page is rounded up to a huge one */
	expect_step(to + HUGE, call(&self->child, SYS_mremap, to, PAGE, PAGE, MOVED_TO, to + HUGE),
		    DELTA(MREMAP_MOVE_EVENTS, 1), DELTA(MMAP_REPLACED_BYTES, HUGE));
}

TEST_F(huge, refused_when_there_are_not_enough)
{
	expect_step(-ENOMEM, map(&self->child, 0, 1000 * HUGE, ANON | MAP_HUGETLB, -1),
		    DELTA(MMAP_FAIL_EVENTS, 1));
}

TEST_HARNESS_MAIN
