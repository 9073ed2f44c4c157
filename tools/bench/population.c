// SPDX-License-Identifier: GPL-2.0
/*
 * Makes so many sleeping processes, each with an address space of its own, and
 * says their number and the last one's pid when all are there. Ends them, and
 * itself, at SIGTERM.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int die(const char *what)
{
	fprintf(stderr, "population: %s: %s\n", what, strerror(errno));
	kill(0, SIGKILL);
	return 1;
}

/* Says that it is there only when it is: a late start would be measured. */
static void sleep_for_ever(int fd)
{
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(fd, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int wait_for_children(int fd, long nr)
{
	char bytes[4096];
	ssize_t got;

	while (nr > 0) {
		got = read(fd, bytes, sizeof(bytes));
		if (got <= 0)
			return -1;
		nr -= got;
	}
	return 0;
}

static void end_children(pid_t *pids, long nr)
{
	long i;

	for (i = 0; i < nr; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv)
{
	long i, nr = argc == 2 ? atol(argv[1]) : 0;
	sigset_t set;
	pid_t *pids;
	int sig, fds[2];

	if (nr < 1) {
		fputs("usage: population NUMBER\n", stderr);
		return 2;
	}
	/* Of its own, so that a failure ends only what was made here. */
	setpgid(0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pids = calloc(nr, sizeof(*pids));
	if (!pids || pipe(fds))
		return die("memory or pipe");
	for (i = 0; i < nr; i++) {
		pids[i] = fork();
		if (!pids[i])
			sleep_for_ever(fds[1]);
		if (pids[i] < 0)
			return die("fork");
	}
	if (wait_for_children(fds[0], nr))
		return die("a child did not start");
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("%ld %d\n", nr, (int)pids[nr - 1]);
	fflush(stdout);
	sigwait(&set, &sig);
	end_children(pids, nr);
	return 0;
}
