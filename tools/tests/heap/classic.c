// SPDX-License-Identifier: GPL-2.0
/*
 * classic CASE: the classic ways in which a process keeps memory, one function
 * each. Says "ready" and waits.
 */
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "subject.h"

#define MIB		(1UL << 20)
#define NR_THREADS	8

static void *make_block(size_t size)
{
	void *block = malloc(size);

	if (!block)
		_exit(4);
	return memset(block, 1, size);
}

/* One block at the top pins 20 MiB that are free below it. */
static void run_pinned(void)
{
	static void *blocks[320];
	unsigned int i;

	for (i = 0; i < 320; i++)
		blocks[i] = make_block(64 * 1024);
	make_block(100);
	for (i = 0; i < 320; i++)
		free(blocks[i]);
}

/* The same, and blocks that were freed above it stay in the cache of the thread. */
static void run_pinned_cached(void)
{
	static void *blocks[325];
	unsigned int i;

	for (i = 0; i < 320; i++)
		blocks[i] = make_block(64 * 1024);
	make_block(2000);
	for (; i < 325; i++)
		blocks[i] = make_block(200);
	while (i--)
		free(blocks[i]);
}

/* Freed from the last to the first: the cache keeps the highest, which hold the rest. */
static void run_lifo(void)
{
	static void *blocks[20000];
	unsigned int i;

	for (i = 0; i < 20000; i++)
		blocks[i] = make_block(1000);
	while (i--)
		free(blocks[i]);
}

/* The same above a block in use, which holds nothing. */
static void run_lifo_above(void)
{
	make_block(1000);
	run_lifo();
}

/* One block pins 19 MiB of addresses, and their pages were given back. */
static void run_trimmed(void)
{
	static void *blocks[20000];
	unsigned int i;

	for (i = 0; i < 20000; i++)
		blocks[i] = make_block(1000);
	for (i = 0; i < 19999; i++)
		free(blocks[i]);
	malloc_trim(0);
}

/* What is free at the top stays just under the trim threshold. */
static void run_top(void)
{
	static void *blocks[110];
	unsigned int i;

	for (i = 0; i < 110; i++)
		blocks[i] = make_block(1000);
	for (i = 0; i < 110; i++)
		free(blocks[i]);
}

/* The program says that the break never moves back. */
static void run_never(void)
{
	static void *blocks[12000];
	unsigned int i;

	mallopt(M_TRIM_THRESHOLD, -1);
	for (i = 0; i < 12000; i++)
		blocks[i] = make_block(1000);
	for (i = 0; i < 12000; i++)
		free(blocks[i]);
}

/* Every second block of 500 bytes goes: no page is whole. */
static void run_holes(void)
{
	static void *blocks[40000];
	unsigned int i;

	for (i = 0; i < 40000; i++)
		blocks[i] = make_block(2000 + i % 2);
	for (i = 0; i < 40000; i += 2)
		free(blocks[i]);
}

/* Freeing one mapping of 11 MiB moves the threshold; the next blocks are in the heap. */
static void run_adaptive(void)
{
	static void *blocks[8];
	unsigned int i;

	free(make_block(11 * MIB));
	for (i = 0; i < 8; i++)
		blocks[i] = make_block(4 * MIB);
	make_block(200);
	for (i = 0; i < 8; i += 2)
		free(blocks[i]);
}

/* A fixed threshold: each block is a mapping, and its pages are paid for each time. */
static void run_mapping_loop(void)
{
	unsigned int i;

	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	for (i = 0; i < 5000; i++)
		free(make_block(256 * 1024));
}

static pthread_barrier_t are_ready;

/* The arena is in use for as long as its thread is there. */
static void *stay(void *unused)
{
	pthread_barrier_wait(&are_ready);
	pause();
	return unused;
}

static void *run_thread(void *unused)
{
	void *blocks[300];
	unsigned int i;

	for (i = 0; i < 300; i++)
		blocks[i] = make_block(9000);
	for (i = 0; i < 299; i++)
		free(blocks[i]);
	return stay(unused);
}

/* Each thread has an arena of its own, and each arena keeps what is free in it. */
static void run_arenas(void)
{
	pthread_t thread;
	unsigned int i;

	pthread_barrier_init(&are_ready, NULL, NR_THREADS + 1);
	for (i = 0; i < NR_THREADS; i++)
		if (pthread_create(&thread, NULL, run_thread, NULL))
			_exit(5);
	pthread_barrier_wait(&are_ready);
}

/* A thread that has an arena and waits when it is done with it. */
static void run_in_arena(void *(*run)(void *))
{
	pthread_t thread;

	pthread_barrier_init(&are_ready, NULL, 2);
	if (pthread_create(&thread, NULL, run, NULL))
		_exit(5);
	pthread_barrier_wait(&are_ready);
}

/* 300 blocks. Returns the first page that is all in the one in the middle. */
static char *fill_arena(void)
{
	char *block, *page = NULL;
	unsigned int i;

	for (i = 0; i < 300; i++) {
		block = make_block(9000);
		if (i == 150)
			page = block + (4096 - (uintptr_t)block % 4096);
	}
	return page;
}

static void *split_arena(void *unused)
{
	if (madvise(fill_arena(), 4096, MADV_DONTDUMP))
		_exit(4);
	return stay(unused);
}

/* What is said of one page makes three mappings of the memory of an arena. */
static void run_split(void)
{
	run_in_arena(split_arena);
}

static void *tear_arena(void *unused)
{
	if (munmap(fill_arena(), 4096))
		_exit(4);
	return stay(unused);
}

/* A page of an arena is not there any more. */
static void run_torn(void)
{
	run_in_arena(tear_arena);
}

/* What a piece of an arena begins with is the address of the arena. */
static void *lose_arena(void *unused)
{
	/* volatile: to the compiler nothing is before the block */
	*(void *volatile *)((uintptr_t)fill_arena() & ~(64 * MIB - 1)) = NULL;
	return stay(unused);
}

/* The pieces of an arena cannot be found. */
static void run_lost(void)
{
	run_in_arena(lose_arena);
}

/* Of the first piece of an arena 48 bytes are left when the second begins. */
static void *leave_48(void *unused)
{
	uintptr_t at, left;

	do {
		at = (uintptr_t)make_block(40000 - 8) - 16 + 40000;
		left = -at % (64 * MIB);
	} while (left >= 100000);
	make_block(left - 48 - 8);
	make_block(100000);
	return stay(unused);
}

static void run_fence(void)
{
	run_in_arena(leave_48);
}

/* 32 of these fill a piece of an arena to its last page; the first has room for 31. */
static void *fill_pieces(void *unused)
{
	unsigned int i;

	for (i = 0; i < 31 + 79 * 32; i++)
		if (!malloc(2 * MIB - 64 - 8))
			_exit(4);
	return stay(unused);
}

/* Full pieces that are side by side are one mapping: there are more of them than mappings. */
static void run_pieces(void)
{
	mallopt(M_MMAP_THRESHOLD, 32 * MIB);
	run_in_arena(fill_pieces);
}

/* Given back by MADV_FREE: the kernel may take it, and has not yet. */
static void run_madv_free(void)
{
	char *map = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);

	if (map == MAP_FAILED)
		_exit(4);
	memset(map, 1, 16 * MIB);
	madvise(map, 16 * MIB, MADV_FREE);
}

/* The heap is no heap any more. */
static void run_damaged(void)
{
	/* volatile: the compiler knows where a block ends, and its header is before */
	char *volatile block = make_block(100);

	make_block(100);
	*(volatile size_t *)(block - 8) = 0;
}

/* Somebody else moves the break between malloc's pieces. */
static void run_foreign(void)
{
	unsigned int i;

	make_block(1000);
	if (sbrk(12345) == (void *)-1)
		_exit(4);
	for (i = 0; i < 400; i++)
		make_block(1000);
}

/* Somebody has mapped a page where the break would go on. */
static void block_break(void)
{
	uintptr_t end;

	make_block(100);
	end = ((uintptr_t)sbrk(0) + 4095) & ~4095UL;
	/* nothing is there, so a hint is enough */
	if (mmap((void *)end, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	    (void *)end)
		_exit(4);
}

/* malloc() maps a piece of 1 MiB in place of the break. */
static void run_refused(void)
{
	unsigned int i;

	block_break();
	for (i = 0; i < 900; i++)
		make_block(1000);
}

/* And more of them. */
static void run_refused_often(void)
{
	unsigned int i;

	block_break();
	for (i = 0; i < 4000; i++)
		make_block(1000);
}

/* A pipe stands where a library was, in the current folder. */
static void run_pipe(void)
{
	static const char name[] = "libc.so.pipe";
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0700);
	void *at = (void *)(1UL << 32);	/* below the real one, so that it is found first */

	if (fd < 0 || write(fd, name, sizeof(name)) != sizeof(name) ||
	    mmap(at, sizeof(name), PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != at ||
	    unlink(name) || mkfifo("libc.so.pipe (deleted)", 0600))
		_exit(4);
}

/* Never stands still. */
static void run_busy(void)
{
	static void *blocks[1000];
	unsigned int i;
	uint64_t seed = 42;

	say("ready\n");
	for (;;) {
		i = next_random(&seed) % 1000;
		free(blocks[i]);
		blocks[i] = make_block(next_random(&seed) % 3000 + 1);
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "pinned", run_pinned },
	{ "pinned_cached", run_pinned_cached },
	{ "lifo", run_lifo },
	{ "lifo_above", run_lifo_above },
	{ "trimmed", run_trimmed },
	{ "top", run_top },
	{ "never", run_never },
	{ "holes", run_holes },
	{ "adaptive", run_adaptive },
	{ "mapping_loop", run_mapping_loop },
	{ "arenas", run_arenas },
	{ "split", run_split },
	{ "torn", run_torn },
	{ "lost", run_lost },
	{ "fence", run_fence },
	{ "pieces", run_pieces },
	{ "madv_free", run_madv_free },
	{ "damaged", run_damaged },
	{ "foreign", run_foreign },
	{ "refused", run_refused },
	{ "refused_often", run_refused_often },
	{ "pipe", run_pipe },
	{ "busy", run_busy },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 2 && i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!strcmp(argv[1], cases[i].name)) {
			cases[i].run();
			say("ready\n");
			wait_line();
			return 0;
		}
	return 2;
}
