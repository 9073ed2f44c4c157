// SPDX-License-Identifier: GPL-2.0
/*
 * A program of known steps: moves the break, maps, touches and unmaps by just
 * what its arguments say, with raw system calls, so that nothing of libc's
 * comes between. Prints nothing but errors; whoever runs it knows the sum.
 *
 *   brk:+SIZE  brk:-SIZE  brk:0     move the break, or ask where it is
 *   map:SIZE   unmap:SIZE           a private anonymous mapping; the oldest of
 *                                   that size goes first
 *   touch:SIZE                      write to every page of the newest mapping
 *                                   of that size
 *   stop:                           until SIGCONT
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_MAPPINGS	64

static struct mapping {
	char *start;
	size_t size;
} mappings[NR_MAPPINGS];
static unsigned int nr_mappings;

static void fail(const char *what)
{
	fprintf(stderr, "brk_steps: %s\n", what);
	exit(1);
}

static long size_of(const char *text)
{
	char *end;
	long size = strtol(text, &end, 0);

	if (*end == 'K')
		size <<= 10;
	else if (*end == 'M')
		size <<= 20;
	else if (*end)
		fail(text);
	return size;
}

static void step_brk(long by)
{
	long now = syscall(SYS_brk, 0);

	if (by && syscall(SYS_brk, now + by) != now + by)
		fail("the break does not move");
}

static void step_map(size_t size)
{
	long start = syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == -1 || nr_mappings == NR_MAPPINGS)
		fail("cannot map");
	mappings[nr_mappings++] = (struct mapping){ (char *)start, size };
}

static void step_unmap(size_t size)
{
	unsigned int i;

	for (i = 0; i < nr_mappings; i++) {
		if (mappings[i].size != size)
			continue;
		if (syscall(SYS_munmap, mappings[i].start, size))
			fail("cannot unmap");
		mappings[i].size = 0;
		return;
	}
	fail("nothing of that size to unmap");
}

static void step_touch(size_t size)
{
	unsigned int i = nr_mappings;
	size_t offset;

	while (i--) {
		if (mappings[i].size != size)
			continue;
		for (offset = 0; offset < size; offset += 4096)
			mappings[i].start[offset] = 1;
		return;
	}
	fail("nothing of that size to touch");
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "brk:", 4))
			step_brk(size_of(argv[i] + 4));
		else if (!strncmp(argv[i], "map:", 4))
			step_map(size_of(argv[i] + 4));
		else if (!strncmp(argv[i], "unmap:", 6))
			step_unmap(size_of(argv[i] + 6));
		else if (!strncmp(argv[i], "touch:", 6))
			step_touch(size_of(argv[i] + 6));
		else if (!strcmp(argv[i], "stop:"))
			kill(getpid(), SIGSTOP);
		else
			fail(argv[i]);
	}
	return 0;
}
