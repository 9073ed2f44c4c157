// SPDX-License-Identifier: GPL-2.0
/*
 * The operations whose cost is measured, each in a loop, read off
 * CLOCK_MONOTONIC. In a guest under "-icount shift=0" that clock advances one
 * nanosecond an instruction, so the figures printed are executed instructions.
 * One line an operation: name, and of the repeats median, lower and upper
 * quartile (of 3: least and most).
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096L
#define TOUCH_PAGES	1024
#define MAX_REPEATS	99
#define NR_BLOCKS	32
#define SZ_BLOCK	(16 << 10)

/* The thread's own clock leaves out what others ran meanwhile. */
static clockid_t clock_id = CLOCK_MONOTONIC;
static const char *read_path;
static char folder[4096];

static void die(const char *what)
{
	fprintf(stderr, "ops: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(clock_id, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Two instructions a turn: what the clock must show is known. */
static long long do_loop(long nr)
{
	long long start = now();

	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(nr) : : "cc");
	return now() - start;
}

static long long do_getpid(long nr)
{
	long long start = now();

	while (nr--)
		syscall(SYS_getpid);
	return now() - start;
}

/* Raw: glibc's sbrk() asks the kernel no more often than it must. */
static long long do_brk(long nr)
{
	long base = syscall(SYS_brk, 0);
	long long start = now();

	while (nr--) {
		syscall(SYS_brk, base + PAGE);
		syscall(SYS_brk, base);
	}
	return now() - start;
}

static long long do_map(long nr)
{
	long long start = now();

	while (nr--) {
		long addr = syscall(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		syscall(SYS_munmap, addr, PAGE);
	}
	return now() - start;
}

static char *new_area(void)
{
	char *area = mmap(NULL, TOUCH_PAGES * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		die("mmap");
	/* A huge page would be one fault for 512 touches. */
	madvise(area, TOUCH_PAGES * PAGE, MADV_NOHUGEPAGE);
	/* Makes the page tables: they are no part of a first touch. */
	memset(area, 1, TOUCH_PAGES * PAGE);
	return area;
}

static long long touch_pages(long nr, bool is_write)
{
	char *area = new_area();
	long long start, sum = 0;
	long i;

	for (; nr > 0; nr -= TOUCH_PAGES) {
		madvise(area, TOUCH_PAGES * PAGE, MADV_DONTNEED);
		start = now();
		for (i = 0; i < TOUCH_PAGES; i++) {
			volatile char *byte = area + i * PAGE;

			if (is_write)
				*byte = 1;
			else
				(void)*byte;
		}
		sum += now() - start;
	}
	munmap(area, TOUCH_PAGES * PAGE);
	return sum;
}

static long long do_touch_read(long nr)
{
	return touch_pages(nr, false);
}

static long long do_touch_write(long nr)
{
	return touch_pages(nr, true);
}

static long long spawn(long nr, const char *program)
{
	char path[sizeof(folder) + 16], *argv[] = { path, NULL }, *envp[] = { NULL };
	long long start;
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", folder, program);
	start = now();
	while (nr--) {
		pid = fork();
		if (!pid) {
			execve(path, argv, envp);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			die(path);
	}
	return now() - start;
}

/* A program as most are, with a loader and the C library to map. */
static long long do_exec(long nr)
{
	return spawn(nr, "tiny");
}

/* The least there is to run: what watching adds weighs most here. */
static long long do_exec_static(long nr)
{
	return spawn(nr, "tiny_static");
}

/* The threshold fixed: it adapts to the first block that is freed. */
static long long do_malloc(long nr)
{
	long long start;

	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	start = now();
	while (nr--) {
		char *volatile block = malloc(200 << 10);

		free(block);
	}
	return now() - start;
}

/* The last block freed makes the top of the heap large: glibc gives it back. */
static long long do_trim(long nr)
{
	void *volatile blocks[NR_BLOCKS];
	long long start;
	int i;

	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 128 << 10);
	start = now();
	while (nr--) {
		for (i = 0; i < NR_BLOCKS; i++)
			blocks[i] = malloc(SZ_BLOCK);
		for (i = 0; i < NR_BLOCKS; i++)
			free(blocks[i]);
	}
	return now() - start;
}

/* A whole file, from the first byte to the last. */
static long long do_read(long nr)
{
	static char buf[64 << 10];
	long long start = now();
	ssize_t got;
	int fd;

	while (nr--) {
		fd = open(read_path, O_RDONLY);
		if (fd < 0)
			die(read_path);
		do
			got = read(fd, buf, sizeof(buf));
		while (got > 0);
		if (got < 0)
			die(read_path);
		close(fd);
	}
	return now() - start;
}

/*
 * Turns a repeat: more than 10 million instructions, so some timer ticks in
 * each. Many short repeats tell the same again, few long ones do not: kernels
 * that free by grace periods are dearer and cheaper by turns.
 */
static const struct op {
	const char *name;
	long long (*run)(long nr);
	long nr;
	bool is_asked;	/* runs only if named */
} ops[] = {
	{ "loop", do_loop, 1000000, true },
	{ "getpid", do_getpid, 30000, false },
	{ "brk", do_brk, 1000, false },
	{ "map", do_map, 1200, false },
	{ "touch_read", do_touch_read, 8 * TOUCH_PAGES, false },
	{ "touch_write", do_touch_write, 4 * TOUCH_PAGES, false },
	{ "exec", do_exec, 20, false },
	{ "exec_static", do_exec_static, 20, false },
	{ "malloc", do_malloc, 600, false },
	{ "trim", do_trim, 80, false },
	{ "read", do_read, 1, true },
};

#define NR_OPS ((int)(sizeof(ops) / sizeof(ops[0])))

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The first repeat warms up: caches of the allocators, page tables, the file. */
static void measure(const struct op *op, int repeats, int percent)
{
	double costs[MAX_REPEATS];
	long nr = op->nr * percent / 100 ?: 1;
	int i;

	if (op->run == do_touch_read || op->run == do_touch_write)
		nr = (nr + TOUCH_PAGES - 1) / TOUCH_PAGES * TOUCH_PAGES;
	op->run(nr / 4 ?: 1);
	for (i = 0; i < repeats; i++)
		costs[i] = (double)op->run(nr) / nr;
	qsort(costs, repeats, sizeof(costs[0]), compare);
	printf("%s %.1f %.1f %.1f\n", op->name, costs[repeats / 2], costs[repeats / 4],
	       costs[repeats - 1 - repeats / 4]);
	fflush(stdout);
}

/* Addresses decide which mappings merge, and so what mmap costs. */
static void fix_addresses(char **argv)
{
	int old = personality(0xffffffff);

	if (old & ADDR_NO_RANDOMIZE)
		return;
	if (personality(old | ADDR_NO_RANDOMIZE) < 0)
		die("personality");
	execv("/proc/self/exe", argv);
	die("exec of itself");
}

/* Where we are is where the programs to execute are. */
static void find_folder(void)
{
	ssize_t len = readlink("/proc/self/exe", folder, sizeof(folder) - 1);

	if (len < 0)
		die("/proc/self/exe");
	folder[len] = '\0';
	*strrchr(folder, '/') = '\0';
}

static int usage(void)
{
	fputs("usage: ops [-r REPEATS] [-p PERCENT] [-t] [-f FILE] [OPERATION ...]\n"
	      "  -p  turns a repeat, in percent of the usual\n"
	      "  -t  by the clock of the thread alone\n"
	      "  -f  what the operation read reads\n", stderr);
	return 2;
}

static bool is_wanted(const struct op *op, char **names)
{
	if (!*names)
		return !op->is_asked;
	for (; *names; names++)
		if (!strcmp(*names, op->name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	int opt, i, repeats = 15, percent = 100;

	fix_addresses(argv);
	find_folder();
	while ((opt = getopt(argc, argv, "r:p:tf:")) != -1) {
		switch (opt) {
		case 'r':
			repeats = atoi(optarg);
			break;
		case 'p':
			percent = atoi(optarg);
			break;
		case 't':
			clock_id = CLOCK_THREAD_CPUTIME_ID;
			break;
		case 'f':
			read_path = optarg;
			break;
		default:
			return usage();
		}
	}
	if (repeats < 1 || repeats > MAX_REPEATS || percent < 1)
		return usage();
	for (i = 0; i < NR_OPS; i++)
		if (is_wanted(&ops[i], argv + optind))
			measure(&ops[i], repeats, percent);
	return 0;
}
