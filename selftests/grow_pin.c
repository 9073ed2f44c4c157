// SPDX-License-Identifier: GPL-2.0
/*
 * Fills its heap from two functions and frees all but the last block, which the
 * second of them has made the heap grow for. For record.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NR_BLOCKS	4000
#define SZ_BLOCK	1000
#define SZ_LAST		2000	/* more than the cache of a thread takes */
#define PATH		static __attribute__((noinline, noclone)) void

static void *blocks[NR_BLOCKS];

static void *get(size_t sz)
{
	void *block = malloc(sz);

	return block ? memset(block, 1, sz) : NULL;
}

PATH fill_cache(void)
{
	unsigned int i;

	for (i = 0; i < NR_BLOCKS / 2; i++)
		blocks[i] = get(SZ_BLOCK);
}

PATH hold_top(void)
{
	unsigned int i;

	for (i = NR_BLOCKS / 2; i < NR_BLOCKS; i++)
		blocks[i] = get(i == NR_BLOCKS - 1 ? SZ_LAST : SZ_BLOCK);
}

int main(void)
{
	unsigned int i;
	char c;

	fill_cache();
	hold_top();
	for (i = 0; i < NR_BLOCKS - 1; i++)
		free(blocks[i]);
	if (write(1, "ready\n", 6) != 6)
		return 1;
	return read(0, &c, 1) < 0;
}
