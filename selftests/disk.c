// SPDX-License-Identifier: GPL-2.0
/*
 * Faults that wait for a disk. The kernel lets go of its locks meanwhile and
 * enters the fault again, but counts it once: by segment, as often as the
 * kernel does. The disk is null_blk, which can be slow, and is ours alone; swap
 * is zram, from which pages have to come back one by one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/uio.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define DISK		"/dev/nullb0"
#define LOAD_DISK	"modprobe null_blk nr_devices=1 gb=1 memory_backed=1 " \
			"irqmode=2 completion_nsec=5000000"
#define SWAP		"/dev/zram0"
#define LOAD_SWAP	"modprobe zram num_devices=1"
#define SZ_SWAP_FILE	"/sys/block/zram0/disksize"
#define NR		8
#define SIZE		(NR * PAGE)
#define NR_SECONDS	60

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

static char buffer[SIZE];

/* A module that makes @device, which must not be there already. */
static int load(const char *device, const char *command)
{
	if (!access(device, F_OK))
		return -EBUSY;
	return system(command) ? -ENODEV : 0;
}

static void unload(const char *command)
{
	if (system(command))
		fprintf(stderr, "# %s fails\n", command);
}

FIXTURE(disk) {
	struct subject child;
	int fd;
	int memfd;
	long room;	/* SIZE, with nothing in it */
};

FIXTURE_SETUP(disk)
{
	ASSERT_TRUE(account_module_is_loaded());
	self->fd = load(DISK, LOAD_DISK);
	if (self->fd)
		SKIP(return, "no null_blk: %s", strerror(-self->fd));
	self->fd = open(DISK, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->memfd = memfd_create("brkwatch", 0);
	ASSERT_EQ(0, subject_start(&self->child));
	self->room = subject_room(&self->child, SIZE);
	ASSERT_EQ(0, subject_settle(&self->child));
}

FIXTURE_TEARDOWN(disk)
{
	subject_stop(&self->child);
	if (self->fd < 0)
		return;
	close(self->memfd);
	close(self->fd);
	unload("modprobe -r null_blk");
}

/* Nothing is read but what is asked for. */
static void map_disk(struct subject *child, long at, int flags, int fd)
{
	ioctl(fd, BLKFLSBUF);
	map(child, at, SIZE, flags | MAP_FIXED, fd);
	call(child, SYS_madvise, at, SIZE, MADV_RANDOM);
}

TEST_F_TIMEOUT(disk, file, NR_SECONDS)
{
	map_disk(&self->child, self->room, MAP_PRIVATE, self->fd);
	expect_step(0, read_pages(&self->child, self->room, SIZE), DELTA(FAULT_FILE_MAJOR, NR));
	expect_step(0, read_pages(&self->child, self->room, SIZE));
	expect_step(0, write_pages(&self->child, self->room, SIZE), DELTA(FAULT_FILE_MINOR, NR));
}

TEST_F_TIMEOUT(disk, file_written_at_once, NR_SECONDS)
{
	map_disk(&self->child, self->room, MAP_PRIVATE, self->fd);
	expect_step(0, write_pages(&self->child, self->room, SIZE), DELTA(FAULT_FILE_MAJOR, NR));
}

TEST_F_TIMEOUT(disk, shared, NR_SECONDS)
{
	map_disk(&self->child, self->room, MAP_SHARED, self->fd);
	expect_step(0, read_pages(&self->child, self->room, SIZE), DELTA(FAULT_SHARED_MAJOR, NR));
}

TEST_F_TIMEOUT(disk, shared_written_at_once, NR_SECONDS)
{
	map_disk(&self->child, self->room, MAP_SHARED, self->fd);
	expect_faults(SHARED, NR, 0, write_pages(&self->child, self->room, SIZE));
}

TEST_F_TIMEOUT(disk, in_a_system_call, NR_SECONDS)
{
	map_disk(&self->child, self->room, MAP_PRIVATE, self->fd);
	expect_faults(FILE, NR, SIZE,
		     call(&self->child, SYS_write, self->memfd, self->room, SIZE));
}

/* It looks again when the page has come, and then it is a minor one. */
TEST_F_TIMEOUT(disk, locked, NR_SECONDS)
{
	map_disk(&self->child, self->room, MAP_PRIVATE, self->fd);
	EXPECT_EQ(NR, expect_faults(FILE, 0, 0, call(&self->child, SYS_mlock, self->room, SIZE)));
}

/* arg: process, address there; SIZE bytes are read into the buffer. */
static long step_read_from(const long *arg)
{
	struct iovec local = { buffer, SIZE }, remote = { (void *)arg[1], SIZE };

	return raw(SYS_process_vm_readv, arg[0], (long)&local, 1, (long)&remote, 1, 0);
}

TEST_F_TIMEOUT(disk, remote, NR_SECONDS)
{
	struct subject other;

	ASSERT_EQ(0, subject_start(&other));
	map_disk(&other, self->room, MAP_PRIVATE, self->fd);
	other.has_faults = true;
	EXPECT_TRUE(subject_mark(&other));
	expect_step(SIZE, step(&self->child, step_read_from, other.pid, self->room),
		    DELTA(FAULT_REMOTE_MAJOR, NR));
	EXPECT_TRUE(subject_changed(&other, DELTAS()));
	subject_stop(&other);
}

static long race_read(const long *arg)
{
	return step_touch((const long[]){ arg[1], SIZE, 0 });
}

/* All wait for the same pages; who came first, the kernel says. */
TEST_F_TIMEOUT(disk, threads, NR_SECONDS)
{
	map_disk(&self->child, self->room, MAP_PRIVATE, self->fd);
	expect_faults(FILE, NR, 0, step(&self->child, step_race, (long)race_read, NR_THREADS_MAX,
				       self->room));
}

/* What the kernel wants to see where it swaps to: a version, and the last page. */
static int make_swap(void)
{
	static char page[PAGE];
	unsigned int head[] = { 1, 1023 };
	int fd, err;

	if (sys_write(SZ_SWAP_FILE, "4M"))
		return -ENODEV;
	fd = open(SWAP, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	memcpy(page + 1024, head, sizeof(head));
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	err = pwrite(fd, page, sizeof(page), 0) != sizeof(page) || fsync(fd) ? -EIO : 0;
	close(fd);
	if (!err && swapon(SWAP, 0))
		err = -errno;
	return err;
}

/* A page that waits on another CPU to be listed would not be swapped out. */
static int stay_on_a_cpu(pid_t pid)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	return sched_setaffinity(pid, sizeof(cpus), &cpus);
}

#define CLUSTER_FILE	"/proc/sys/vm/page-cluster"

FIXTURE(swap) {
	struct subject child;
	bool is_loaded;
	char old[16];
	long room;
};

FIXTURE_SETUP(swap)
{
	int err;

	ASSERT_TRUE(account_module_is_loaded());
	err = load(SWAP, LOAD_SWAP);
	if (err)
		SKIP(return, "no zram: %s", strerror(-err));
	self->is_loaded = true;
	ASSERT_EQ(0, make_swap());
	sys_replace(CLUSTER_FILE, "0", self->old, sizeof(self->old));
	ASSERT_EQ(0, subject_start(&self->child));
	ASSERT_EQ(0, stay_on_a_cpu(self->child.pid));
	ASSERT_EQ(0, call(&self->child, SYS_prctl, PR_SET_THP_DISABLE, 1));
	self->room = subject_room(&self->child, SIZE);
	ASSERT_EQ(0, subject_settle(&self->child));
}

FIXTURE_TEARDOWN(swap)
{
	subject_stop(&self->child);
	if (!self->is_loaded)
		return;
	swapoff(SWAP);
	sys_write(CLUSTER_FILE, self->old);
	unload("modprobe -r zram");
}

/* The kernel may not want all of them. */
static void swap_out(struct subject *child, long start)
{
	write_pages(child, start, SIZE);
	call(child, SYS_madvise, start, SIZE, MADV_PAGEOUT);
}

TEST_F_TIMEOUT(swap, anon, NR_SECONDS)
{
	map(&self->child, self->room, SIZE, ANON | MAP_FIXED, -1);
	swap_out(&self->child, self->room);
	expect_faults(ANON, 1, 0, write_pages(&self->child, self->room, SIZE));
}

TEST_F_TIMEOUT(swap, heap, NR_SECONDS)
{
	long end = (call(&self->child, SYS_brk, 0) + PAGE - 1) & -PAGE;

	call(&self->child, SYS_brk, end + SIZE);
	swap_out(&self->child, end);
	expect_faults(HEAP, 1, 0, read_pages(&self->child, end, SIZE));
}

TEST_F_TIMEOUT(swap, stack, NR_SECONDS)
{
	struct proc_range stack;

	ASSERT_EQ(0, proc_find_mapping(self->child.pid, "[stack]", &stack));
	swap_out(&self->child, stack.start - SIZE);
	expect_faults(STACK, 1, 0, read_pages(&self->child, stack.start - SIZE, SIZE));
}

TEST_F_TIMEOUT(swap, shared, NR_SECONDS)
{
	map(&self->child, self->room, SIZE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1);
	swap_out(&self->child, self->room);
	expect_faults(SHARED, 1, 0, read_pages(&self->child, self->room, SIZE));
}

TEST_HARNESS_MAIN
