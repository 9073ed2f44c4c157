// SPDX-License-Identifier: GPL-2.0
/*
 * Moves its break by pages, up and some of the way down, touches what is left
 * and sleeps: what selftests/bench-small looks for in its account.
 */
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE		4096L
#define NR_GROW		1000
#define NR_SHRINK	400

int main(void)
{
	long base = syscall(SYS_brk, 0), end = base;
	int i;

	for (i = 0; i < NR_GROW; i++)
		end = syscall(SYS_brk, end + PAGE);
	for (i = 0; i < NR_SHRINK; i++)
		end = syscall(SYS_brk, end - PAGE);
	for (; base < end; base += PAGE)
		*(volatile char *)base = 1;
	for (;;)
		pause();
}
