// SPDX-License-Identifier: GPL-2.0
/*
 * pin [KIND]: leaves one block in use on top of free ones, with freed blocks above
 * it that a cache still has, and says which block that is.
 */
#include <malloc.h>

#include "subject.h"

#define NR_BLOCKS	2000
#define NR_TRAPS	5

static void *blocks[NR_BLOCKS], *traps[NR_TRAPS];

/* Freed, and yet they look used: those of 200 bytes go to tcache and stay there. */
static void set_traps(void)
{
	unsigned int i;

	for (i = 0; i < NR_TRAPS; i++)
		traps[i] = malloc(200);
	for (i = 0; i < NR_TRAPS; i++)
		free(traps[i]);
}

/* More of a size than tcache takes: what does not fit goes to a fastbin. */
static void set_fastbin_traps(void)
{
	static void *more[20];
	unsigned int i;

	for (i = 0; i < 20; i++)
		more[i] = malloc(56);
	for (i = 0; i < 20; i++)
		free(more[i]);
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	size_t size = 1234;
	unsigned int i;
	char *pin;

	for (i = 0; i < NR_BLOCKS; i++)
		blocks[i] = memset(malloc(3000), 1, 3000);
	pin = memset(malloc(size), 1, size);
	if (!strcmp(kind, "fastbin"))
		set_fastbin_traps();
	else
		set_traps();
	for (i = 1; i < NR_BLOCKS; i++)
		free(blocks[i]);
	say("%lu %lu %lu\n", (unsigned long)pin, malloc_usable_size(pin) + 8,
	    (unsigned long)(pin - (char *)blocks[1]));
	wait_line();
	return 0;
}
