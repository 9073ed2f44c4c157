// SPDX-License-Identifier: GPL-2.0
/*
 * The question that brkwatch answers, as a program: fill the heap with small
 * blocks, free all but the last. The heap stays as large as it was, because
 * one live block at its top holds everything below it. Stops between its steps
 * until a line comes on stdin.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NR_BLOCKS	20000
#define SZ_BLOCK	1000
/* Larger than what malloc caches for the thread: it is freed when it is freed. */
#define SZ_LAST		2000

static char *blocks[NR_BLOCKS];

static void step(const char *what)
{
	char line[16];

	printf("pinned: %s\n", what);
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		exit(0);
}

int main(void)
{
	unsigned int i;

	/* or stdio's own buffer would come to lie at the top of the heap */
	setvbuf(stdout, NULL, _IONBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	for (i = 0; i < NR_BLOCKS; i++) {
		size_t sz = i == NR_BLOCKS - 1 ? SZ_LAST : SZ_BLOCK;

		blocks[i] = malloc(sz);
		if (!blocks[i])
			return 1;
		memset(blocks[i], i, sz);
	}
	step("20000 blocks are in use");
	for (i = 0; i < NR_BLOCKS - 1; i++)
		free(blocks[i]);
	step("all but the last are free; it is at the top of the heap");
	free(blocks[NR_BLOCKS - 1]);
	step("the last is free, too");
	return 0;
}
