// SPDX-License-Identifier: GPL-2.0
/*
 * churn SECONDS [SEED [REST]]: processes that fork, exec, map, fault, are renamed
 * and end in as many ways as there are, for so long or until told to end (SIGTERM),
 * with so many seconds of rest, or a fraction, before the next. Says how many there
 * were.
 * Nothing is checked here: the accounts and the kernel's log are looked at by
 * who runs it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096UL
#define SZ_STACK	(64 * 1024)

static unsigned int state;
static char program[PATH_MAX];
static char *volatile nowhere = (char *)PAGE;
static volatile sig_atomic_t is_told_to_end;
static char borrowed_stack[SZ_STACK] __attribute__((aligned(64)));

/* xorshift: the same from run to run for the same seed. */
static unsigned int dice(unsigned int nr_sides)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % nr_sides;
}

static void touch(char *start, size_t size)
{
	size_t offset;

	for (offset = 0; offset < size; offset += PAGE)
		*(volatile char *)(start + offset) = 1;
}

static void map_some(void)
{
	size_t size = (1 + dice(64)) * PAGE;
	char *start = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   (dice(2) ? MAP_PRIVATE : MAP_SHARED) | MAP_ANONYMOUS, -1, 0);
	char *moved;

	if (start == MAP_FAILED)
		return;
	touch(start, size);
	moved = mremap(start, size, size + dice(8) * PAGE, MREMAP_MAYMOVE);
	if (moved != MAP_FAILED)
		start = moved;
	if (dice(4))
		munmap(start, size / 2);
	/* over what is there, or over a hole */
	if (!dice(4))
		mmap(start, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void move_break(void)
{
	long now = syscall(SYS_brk, 0);

	syscall(SYS_brk, now + dice(32) * PAGE);
	if (dice(2))
		syscall(SYS_brk, now);
	if (!dice(3))
		syscall(SYS_brk, 1);	/* refused */
}

static void rename_self(void)
{
	char name[16];
	unsigned int i;

	for (i = 0; i < sizeof(name) - 1; i++)
		name[i] = 1 + dice(255);
	name[i] = '\0';
	prctl(PR_SET_NAME, name);
}

static void *run_thread(void *unused)
{
	map_some();
	move_break();
	return NULL;
}

static void run_threads(void)
{
	pthread_t threads[3];
	unsigned int i, nr = 1 + dice(3);

	for (i = 0; i < nr; i++)
		if (pthread_create(&threads[i], NULL, run_thread, NULL))
			return;
	if (!dice(4))
		syscall(SYS_exit, 0);	/* the leader goes first */
	if (!dice(4))
		return;
	while (nr)
		pthread_join(threads[--nr], NULL);
}

static int run_borrower(void *unused)
{
	syscall(SYS_mmap, NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	syscall(SYS_exit, 0);
	return 0;
}

/* A process in the same address space, which may outlive us in it. */
static void lend(void)
{
	int pid = clone(run_borrower, borrowed_stack + SZ_STACK, CLONE_VM | SIGCHLD, NULL);

	if (pid > 0 && dice(2))
		waitpid(pid, NULL, 0);
}

static void exec_other(void)
{
	static char *const args[] = { program, "brk:+1M", "map:64K", "touch:64K", NULL };

	execv(program, args);
	_exit(1);
}

static void vfork_other(void)
{
	pid_t pid = vfork();

	if (!pid)
		execl(program, program, NULL);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void end(void)
{
	switch (dice(6)) {
	case 0:
		exec_other();
		break;
	case 1:
		raise(SIGKILL);
		break;
	case 2:
		*nowhere = 1;
		break;
	case 3:
		execl("/nowhere", "nowhere", NULL);
		break;
	}
	_exit(0);
}

static void live(void)
{
	unsigned int nr = dice(6);

	while (nr--) {
		switch (dice(8)) {
		case 0: case 1: map_some(); break;
		case 2: case 3: move_break(); break;
		case 4: rename_self(); break;
		case 5: run_threads(); break;
		case 6: lend(); break;
		case 7: vfork_other(); break;
		}
	}
	end();
}

static int is_over(const struct timespec *until)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return is_told_to_end || now.tv_sec >= until->tv_sec;
}

static void end_soon(int sig)
{
	is_told_to_end = 1;
}

int main(int argc, char **argv)
{
	const struct rlimit no_core = { };
	struct timespec until, rest = { };
	unsigned long nr_forks = 0;
	ssize_t nr;
	pid_t pid;

	if (argc < 2)
		return 2;
	nr = readlink("/proc/self/exe", program, sizeof(program) - 16);
	if (nr < 0)
		return 1;
	program[nr] = '\0';
	strcpy(strrchr(program, '/') + 1, "brk_steps");
	state = argc > 2 ? strtoul(argv[2], NULL, 0) | 1 : 1;
	if (argc > 3) {
		rest.tv_sec = strtod(argv[3], NULL);
		rest.tv_nsec = (strtod(argv[3], NULL) - rest.tv_sec) * 1e9;
	}
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, end_soon);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += strtol(argv[1], NULL, 0);
	while (!is_over(&until)) {
		dice(2);
		pid = fork();
		if (!pid)
			live();
		if (pid > 0)
			nr_forks++;
		while (waitpid(-1, NULL, dice(4) ? 0 : WNOHANG) > 0)
			;
		nanosleep(&rest, NULL);
	}
	printf("%lu forks\n", nr_forks);
	return 0;
}
