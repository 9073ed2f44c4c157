// SPDX-License-Identifier: GPL-2.0
/* big [MIB [THOUSANDS]]: a heap of so many MiB in so many thousand chunks, half of them free. */
#include <malloc.h>

#include "subject.h"

int main(int argc, char **argv)
{
	size_t nr = (argc > 2 ? strtoul(argv[2], NULL, 10) : 10000) * 1000, i;
	size_t sz = (argc > 1 ? strtoul(argv[1], NULL, 10) : 4096) << 20;
	size_t size = sz / nr - 8;
	void *block, *last = NULL;

	/* all in the brk heap, and the list of blocks inside the blocks themselves */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TOP_PAD, 64 << 20);
	for (i = 0; i < nr; i++) {
		block = memset(malloc(size), 1, size);
		*(void **)block = last;
		last = block;
	}
	for (i = 0; last; i++) {
		block = *(void **)last;
		if (i % 2)
			free(last);
		last = block;
	}
	say("ready\n");
	wait_line();
	return 0;
}
