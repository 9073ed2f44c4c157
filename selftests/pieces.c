// SPDX-License-Identifier: GPL-2.0
/*
 * Files that are read in pieces: byte by byte, from anywhere, and while what
 * they show grows. However it is read, it is the same, and a short read of the
 * snapshot is told by its header.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define SZ_TEXT		(8 << 20)
#define NR_CHILDREN	40

static char whole[SZ_TEXT], again[SZ_TEXT];
static pid_t children[NR_CHILDREN];

SUBJECT_FIXTURE(pieces);

static int open_file(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), BRKW_FOLDER "%s", name);
	return open(path, O_RDONLY);
}

/* In pieces of @sz_piece at most, from where the file stands. */
static ssize_t read_by(int fd, char *to, size_t sz_piece)
{
	ssize_t nr, sz = 0;

	while ((nr = read(fd, to + sz, sz_piece)) > 0)
		sz += nr;
	return nr < 0 ? -errno : sz;
}

/* A file whose text stands still, once it is open. */
static bool is_same_in_pieces(int fd, ssize_t *ret_sz)
{
	static const size_t pieces[] = { SZ_TEXT / 2, 1, 3, 64, 4095, 4096, 65536 };
	unsigned int i;
	ssize_t sz;

	*ret_sz = read_by(fd, whole, SZ_TEXT / 2);
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		if (lseek(fd, 0, SEEK_SET))
			return false;
		sz = read_by(fd, again, pieces[i]);
		if (sz == *ret_sz && !memcmp(whole, again, sz))
			continue;
		fprintf(stderr, "# %zd bytes, but %zd in pieces of %zu\n", *ret_sz, sz, pieces[i]);
		return false;
	}
	return *ret_sz > 0;
}

static bool is_same_from_anywhere(int fd, ssize_t sz)
{
	unsigned int i;
	ssize_t nr, want;
	off_t from;

	for (i = 0; i < 200; i++) {
		from = random() % (sz + 100);
		want = from >= sz ? 0 : sz - from < 500 ? sz - from : 500;
		nr = pread(fd, again, 500, from);
		if (nr > want || (want && nr <= 0) || memcmp(whole + from, again, nr)) {
			fprintf(stderr, "# %zd bytes at %ld of %zd, or others\n", nr,
				(long)from, sz);
			return false;
		}
		if (lseek(fd, from, SEEK_SET) != from)
			continue;	/* the snapshot has an end */
		nr = read(fd, again, 500);
		if (nr > want || (want && nr <= 0) || memcmp(whole + from, again, nr))
			return false;
	}
	return true;
}

TEST_F(pieces, of_a_process)
{
	char name[16];
	ssize_t sz;
	int fd;

	ASSERT_TRUE(subject_mark(&self->child));
	snprintf(name, sizeof(name), "%d", self->child.pid);
	fd = open_file(name);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(is_same_in_pieces(fd, &sz));
	EXPECT_TRUE(is_same_from_anywhere(fd, sz));
	close(fd);
}

TEST_F(pieces, of_the_ended)
{
	ssize_t sz;
	int fd;

	subject_stop(&self->child);
	ASSERT_EQ(0, subject_start(&self->child));
	fd = open_file(BRKW_FILE_ENDED);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(is_same_in_pieces(fd, &sz));
	EXPECT_TRUE(is_same_from_anywhere(fd, sz));
	close(fd);
}

static void have_children(void)
{
	unsigned int i;

	for (i = 0; i < NR_CHILDREN; i++) {
		children[i] = fork();
		if (!children[i])
			for (;;)
				pause();
	}
}

static void end_children(void)
{
	unsigned int i;

	for (i = 0; i < NR_CHILDREN; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
}

static ssize_t sz_told(const struct brkw_snapshot_header *header)
{
	return header->sz_header + (ssize_t)header->sz_entry * header->nr_entries;
}

/* What there was when it was opened, however late it is read. */
TEST_F(pieces, of_a_snapshot_that_grows)
{
	const struct brkw_snapshot_header *header = (void *)whole;
	ssize_t sz, nr;
	int fd;

	fd = open_file(BRKW_FILE_SNAPSHOT);
	ASSERT_LE(0, fd);
	nr = read(fd, whole, 100);
	ASSERT_EQ(100, nr);
	EXPECT_LT(nr, sz_told(header));		/* there is more */
	have_children();
	sz = nr + read_by(fd, whole + nr, 1000);
	EXPECT_EQ(sz_told(header), sz);
	EXPECT_EQ(sz, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(-1, lseek(fd, sz + 1, SEEK_SET));
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_TRUE(is_same_in_pieces(fd, &nr));
	EXPECT_EQ(sz, nr);
	EXPECT_TRUE(is_same_from_anywhere(fd, sz));
	close(fd);
	fd = open_file(BRKW_FILE_SNAPSHOT);
	nr = read_by(fd, whole, SZ_TEXT);
	EXPECT_EQ(sz_told(header), nr);
	EXPECT_LE(sz + NR_CHILDREN * header->sz_entry, nr);
	close(fd);
	end_children();
}

/* One line a process that there was at open, and each of them whole. */
TEST_F(pieces, of_processes_that_come_and_go)
{
	unsigned int nr_columns = 0, nr_words = 0, nr_lines = 0;
	long last = 0, pid;
	ssize_t sz, i;
	int fd;

	have_children();
	fd = open_file(BRKW_FILE_PROCESSES);
	ASSERT_LE(0, fd);
	sz = read(fd, whole, 300);
	ASSERT_LT(0, sz);
	end_children();
	sz += read_by(fd, whole + sz, 1);
	close(fd);
	for (i = 0; i < sz; i++) {
		nr_words += whole[i] != ' ' && (!i || strchr(" \n", whole[i - 1]));
		if (whole[i] != '\n')
			continue;
		if (!nr_lines++)
			nr_columns = nr_words;
		ASSERT_EQ(nr_columns, nr_words);
		nr_words = 0;
		pid = strtol(whole + i + 1, NULL, 10);
		ASSERT_TRUE(i + 1 == sz || pid > last);
		last = pid;
	}
	EXPECT_LE(NR_CHILDREN + 2, nr_lines);
}

static unsigned int count_lines(ssize_t sz)
{
	unsigned int nr = 0;

	while (sz > 0)
		nr += whole[--sz] == '\n';
	return nr;
}

TEST_F(pieces, of_stats)
{
	unsigned int nr_lines;
	int fd;

	fd = open_file(BRKW_FILE_STATS);
	ASSERT_LE(0, fd);
	nr_lines = count_lines(read_by(fd, whole, SZ_TEXT));
	EXPECT_LT(20, nr_lines);
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(nr_lines, count_lines(read_by(fd, whole, 1)));
	EXPECT_EQ(0, pread(fd, whole, 100, 1 << 20));
	close(fd);
}

TEST_HARNESS_MAIN
