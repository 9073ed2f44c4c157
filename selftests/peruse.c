// SPDX-License-Identifier: GPL-2.0
/*
 * peruse SECONDS [SEED] [hold]: opens every file of the folder over and over,
 * until SIGTERM at the latest, reads it in pieces of all sizes, from anywhere;
 * with "hold" it keeps some open, of processes that end meanwhile, and reads
 * those again later. Says how many it opened, and how often there was no memory.
 * An answer that debugfs does not have is a failure; that the folder is not there
 * is none: the module may come and go.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FOLDER		"/sys/kernel/debug/brkwatch"
#define NR_HELD		16

static unsigned int state;
static unsigned long nr_opens, nr_reads, nr_stale, nr_no_memory, nr_wrong;
static char buf[1 << 16];
static int held[NR_HELD];
static volatile sig_atomic_t is_told_to_end;

static void end_soon(int sig)
{
	is_told_to_end = 1;
}

static unsigned int dice(unsigned int nr_sides)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % nr_sides;
}

static void note_refusal(const char *what, const char *name)
{
	if (errno == ENOMEM) {
		nr_no_memory++;
		return;
	}
	nr_wrong++;
	fprintf(stderr, "# %s %s: %s\n", what, name, strerror(errno));
}

/* EIO is how debugfs says that a file has been removed. */
static bool read_once(int fd, const char *name)
{
	static const unsigned int sizes[] = { 1, 7, 100, 4096, sizeof(buf) };
	ssize_t nr = read(fd, buf, sizes[dice(5)]);

	nr_reads++;
	if (nr < 0 && errno == EIO)
		nr_stale++;
	else if (nr < 0)
		note_refusal("read", name);
	return nr > 0;
}

static void read_some(int fd, const char *name)
{
	unsigned int nr = 1 + dice(20);

	if (!dice(4))
		lseek(fd, dice(10000), SEEK_SET);
	while (nr-- && read_once(fd, name))
		;
}

static void peruse(int dir, const char *name, bool may_hold)
{
	unsigned int which = dice(NR_HELD);
	int fd = openat(dir, name, O_RDONLY);

	/* ENXIO is how debugfs says that the module is being unloaded. */
	if (fd < 0) {
		if (errno != ENOENT && errno != ENODEV && errno != ENXIO)
			note_refusal("open", name);
		return;
	}
	nr_opens++;
	read_some(fd, name);
	if (may_hold && !dice(4)) {
		if (held[which] >= 0) {
			read_some(held[which], "a file that was held");
			close(held[which]);
		}
		held[which] = fd;
	} else {
		close(fd);
	}
}

static void peruse_all(bool may_hold)
{
	DIR *dir = opendir(FOLDER);
	struct dirent *entry;

	if (!dir) {
		usleep(1000);
		return;
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			peruse(dirfd(dir), entry->d_name, may_hold);
	closedir(dir);
}

int main(int argc, char **argv)
{
	bool may_hold = argc > 3 && !strcmp(argv[3], "hold");
	time_t until;
	unsigned int i;

	if (argc < 2)
		return 2;
	state = argc > 2 ? strtoul(argv[2], NULL, 0) | 1 : 1;
	for (i = 0; i < NR_HELD; i++)
		held[i] = -1;
	until = time(NULL) + strtol(argv[1], NULL, 0);
	signal(SIGTERM, end_soon);
	while (!is_told_to_end && time(NULL) < until)
		peruse_all(may_hold);
	for (i = 0; i < NR_HELD; i++)
		if (held[i] >= 0)
			read_some(held[i], "a file that was held");
	printf("%lu opens %lu reads %lu stale %lu without memory\n", nr_opens, nr_reads, nr_stale,
	       nr_no_memory);
	return !!nr_wrong;
}
