// SPDX-License-Identifier: GPL-2.0
/*
 * A program to exec: stops at once, so that the account of what exec made can
 * be read. Linked statically, so that all it has is its own and exec's. With an
 * argument "through" it ends instead.
 */
#include <signal.h>
#include <string.h>

/* More than fits behind the data in its last page: exec maps it as bss. */
char held_bss[64 * 4096];

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "through"))
		return 0;
	raise(SIGSTOP);
	return held_bss[0];
}
