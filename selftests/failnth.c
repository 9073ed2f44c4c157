// SPDX-License-Identifier: GPL-2.0
/*
 * failnth load MODULE | failnth open FILE: does so again and again, and has
 * another allocation fail each time, the first ones all, later ones by samples,
 * until there are none left to fail (CONFIG_FAULT_INJECTION, fail-nth). Says
 * how many failed, and what was answered. A module that loads all the same is
 * unloaded again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_ANSWERS	4

static unsigned int nr_injected, nr_answers[NR_ANSWERS];
static char buf[1 << 16];

static void fail_nth(int fd, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(fd, text, len, 0) != len) {
		perror("# fail-nth");
		exit(1);
	}
}

/* It counts down to the one that fails. */
static bool has_failed(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
}

/* 0 done, 1 no memory, 2 interrupted, 3 anything else */
static unsigned int answer_of(long err)
{
	if (err >= 0)
		return 0;
	return errno == ENOMEM ? 1 : errno == EINTR || errno == EAGAIN ? 2 : 3;
}

static unsigned int load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int answer;

	answer = answer_of(fd < 0 ? fd : syscall(SYS_finit_module, fd, "", 0));
	if (answer == 3)
		fprintf(stderr, "# loading: %s\n", strerror(errno));
	close(fd);
	return answer;
}

static void unload(void)
{
	unsigned int i;

	for (i = 0; i < 100 && syscall(SYS_delete_module, "brkwatch", O_NONBLOCK); i++)
		usleep(50000);
}

static unsigned int read_all(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int answer;
	ssize_t nr;

	if (fd < 0) {
		answer = answer_of(fd);
		if (answer == 3)
			fprintf(stderr, "# opening: %s\n", strerror(errno));
		return answer;
	}
	while ((nr = read(fd, buf, sizeof(buf))) > 0)
		;
	answer = answer_of(nr);
	if (answer == 3)
		fprintf(stderr, "# reading: %s\n", strerror(errno));
	close(fd);
	return answer;
}

int main(int argc, char **argv)
{
	unsigned int nth, density, answer;
	bool is_load, is_injected;
	int fd;

	if (argc < 3)
		return 2;
	is_load = !strcmp(argv[1], "load");
	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 4;
	density = getenv("BRKWATCH_LONG") ? 40 : 2;
	for (nth = 1;; nth += 1 + nth / density) {
		fail_nth(fd, nth);
		answer = is_load ? load(argv[2]) : read_all(argv[2]);
		is_injected = has_failed(fd);
		fail_nth(fd, 0);
		nr_answers[answer]++;
		if (is_load && !answer)
			unload();
		if (!is_injected)
			break;
		nr_injected++;
	}
	printf("%u of some %u allocations failed: %u done all the same, %u without memory, %u to try again, %u others\n",
	       nr_injected, nth, nr_answers[0], nr_answers[1], nr_answers[2], nr_answers[3]);
	return !!nr_answers[3] || answer;
}
