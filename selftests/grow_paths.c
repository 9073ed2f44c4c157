// SPDX-License-Identifier: GPL-2.0
/*
 * Grows by known bytes on six call paths, for record.sh. Built without frame
 * pointers. Each path keeps what its name says in KEPT lines on standard output.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB		(1UL << 20)
#define SZ_PAGE		4096UL
#define NR_DEEP		300
#define PATH		static __attribute__((noinline, noclone)) void

/* Behind the call there is still work to do: it is no tail call. */
static volatile unsigned int nr_done;

static char *map(size_t sz, int flags)
{
	char *at = mmap(NULL, sz, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		exit(1);
	return at;
}

PATH grow_break(void)
{
	if (sbrk(1 * MIB) == (void *)-1)
		exit(1);
	nr_done++;
}

PATH grow_private(void)
{
	map(8 * MIB, MAP_PRIVATE);
	nr_done++;
}

PATH grow_shared(void)
{
	char *at = map(4 * MIB, MAP_SHARED);

	munmap(at + MIB, MIB);
	nr_done++;
}

PATH grow_moved(void)
{
	char *at = map(16 * SZ_PAGE, MAP_PRIVATE);

	if (mremap(at, 16 * SZ_PAGE, 2 * MIB, MREMAP_MAYMOVE) == MAP_FAILED)
		exit(1);
	nr_done++;
}

/* glibc maps what is as large as this, with a page for itself. */
PATH grow_malloc(void)
{
	char *volatile kept = malloc(32 * MIB);
	char *volatile freed = malloc(16 * MIB);

	free(freed);
	nr_done += kept != NULL;
}

/* More frames, and more stack, than most unwinders look at. */
PATH grow_deep(int nr_left)
{
	volatile char frame[128];

	frame[0] = (char)nr_left;
	if (nr_left)
		grow_deep(nr_left - 1);
	else
		map(3 * MIB, MAP_PRIVATE);
	nr_done += !nr_left && !frame[0];
}

int main(void)
{
	printf("grow_break %lu\ngrow_private %lu\ngrow_shared %lu\ngrow_moved %lu\n"
	       "grow_malloc %lu\ngrow_deep %lu\n", MIB, 8 * MIB, 3 * MIB, 2 * MIB,
	       32 * MIB + SZ_PAGE, 3 * MIB);
	fflush(stdout);
	grow_break();
	grow_private();
	grow_shared();
	grow_moved();
	grow_malloc();
	grow_deep(NR_DEEP);
	return nr_done == 6 ? 0 : 1;
}
