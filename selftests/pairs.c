// SPDX-License-Identifier: GPL-2.0
/*
 * pairs: maps a page and unmaps it, over and over until SIGTERM, and looks at its own
 * account. None of these calls fails: an account that says so, and that it is exact,
 * is wrong. Says how often it could look, and how often it was told not to trust it.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "account.h"
#include "step.h"

static volatile sig_atomic_t is_told_to_end;

static void end_soon(int sig)
{
	is_told_to_end = 1;
}

static void map_and_unmap(void)
{
	int i;

	for (i = 0; i < 10; i++)
		munmap(mmap(NULL, PAGE, RW, ANON, -1, 0), PAGE);
}

int main(void)
{
	unsigned long nr_looks = 0, nr_doubts = 0, nr_wrong = 0;
	struct brkw_snapshot_entry acct;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, end_soon);
	while (!is_told_to_end) {
		map_and_unmap();
		if (account_read(getpid(), &acct))
			continue;
		nr_looks++;
		if (acct.value[BRKW_KEY_NOT_EXACT_SINCE_NS])
			nr_doubts++;
		else if (acct.value[BRKW_KEY_MMAP_FAIL_EVENTS])
			nr_wrong++;
	}
	printf("%lu looks %lu in doubt %lu wrong\n", nr_looks, nr_doubts, nr_wrong);
	return !nr_looks || nr_wrong;
}
