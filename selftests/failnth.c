// SPDX-License-Identifier: GPL-2.0
/*
 * failnth load|load-some MODULE [PARAMETERS] | switch-some FILE | open FILE: does so
 * again and again (switches on what it has switched off before), and has another
 * allocation fail each time, until there are none left to fail
 * (CONFIG_FAULT_INJECTION, fail-nth; whose allocations, the filters by stack say).
 * Of "some" later ones by samples; of load, which takes its time, too, unless
 * BRKWATCH_LONG is set. Says how many failed, and what was answered; that none
 * did is a failure. A module that loads all the same is unloaded again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_ANSWERS	4
/* So many of the first ones fail one by one, of as many more every second, and so on. */
#define NR_ALL		10

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

/* It counts down to the one that fails: 0 if it has. */
static unsigned int nr_left(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0) {
		perror("# fail-nth");
		exit(1);
	}
	return atoi(text);
}

/* 0 done, 1 no memory, 2 interrupted, 3 anything else */
static unsigned int answer_of(long err)
{
	if (err >= 0)
		return 0;
	return errno == ENOMEM ? 1 : errno == EINTR || errno == EAGAIN ? 2 : 3;
}

static unsigned int load(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int answer;

	answer = answer_of(fd < 0 ? fd : syscall(SYS_finit_module, fd, parameters, 0));
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

/* What is not on must say that it is off. */
static unsigned int write_switch(const char *path, char is_on)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	unsigned int answer = answer_of(write(fd, &is_on, 1));
	char value = 0;

	if (answer && (pread(fd, &value, 1, 0) != 1 || value != 'N')) {
		fprintf(stderr, "# not switched on, and says '%c'\n", value);
		answer = 3;
	}
	close(fd);
	return answer;
}

static unsigned int perform(char **argv)
{
	if (!strncmp(argv[1], "load", 4))
		return load(argv[2], argv[3] ? argv[3] : "");
	if (!strncmp(argv[1], "switch", 6))
		return write_switch(argv[2], '1');
	return read_all(argv[2]);
}

/* As before, but for who only looks. */
static bool prepare(char **argv)
{
	return strncmp(argv[1], "switch", 6) || !write_switch(argv[2], '0');
}

int main(int argc, char **argv)
{
	unsigned int nth, density, answer, left;
	bool is_load;
	int fd;

	if (argc < 3)
		return 2;
	is_load = !strncmp(argv[1], "load", 4);
	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 4;
	density = strstr(argv[1], "-some") || (is_load && !getenv("BRKWATCH_LONG")) ?
		  NR_ALL : UINT_MAX;
	for (nth = 1;; nth += 1 + nth / density) {
		if (!prepare(argv))
			return 3;
		fail_nth(fd, nth);
		answer = perform(argv);
		left = nr_left(fd);
		fail_nth(fd, 0);
		if (is_load && !answer)
			unload();
		if (left)
			break;
		nr_answers[answer]++;
		nr_injected++;
	}
	printf("%u of %u allocations failed: %u done all the same, %u without memory, %u to try again, %u others\n",
	       nr_injected, nth - left, nr_answers[0], nr_answers[1], nr_answers[2],
	       nr_answers[3]);
	/* what it was told when none failed */
	return !nr_injected || nr_answers[3] || answer;
}
