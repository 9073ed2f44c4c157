// SPDX-License-Identifier: GPL-2.0
/*
 * Names and numbers that change while they are read: whatever a process calls
 * itself, a line stays a line, and what one has done is never said of another.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define SZ_TEXT		(1 << 20)
#define NR_LINES	(4 + BRKW_NR_KEYS)
#define LAST_PID	"/proc/sys/kernel/ns_last_pid"
#define NR_SECONDS	1800	/* kernels that hunt for bugs take them */

static char text[SZ_TEXT];

/* What a process calls itself, and what <pid> and processes make of it. */
static const struct name {
	char comm[16];
	const char *line;
	const char *word;
} names[] = {
	{ "aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa" },
	{ "bbbbbbbbbbbbbbb", "bbbbbbbbbbbbbbb", "bbbbbbbbbbbbbbb" },
	{ "c\nabi 1\npid 1", "c\\012abi 1\\012pid 1", "c\\012abi\\0401\\012pid\\0401" },
	{ "\001\033[2J\177\\ \t", "\\001\\033[2J\\177\\134 \\011", "\\001\\033[2J\\177\\134\\040\\011" },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7",
	  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7" },
	{ "\xff\xfe\x80", "\xff\xfe\x80", "\xff\xfe\x80" },
	{ "", "", "?" },
};

FIXTURE(names) {
	pid_t pid;
	unsigned int nr_rounds;
};

static void rename_for_ever(void)
{
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0;; i++)
		prctl(PR_SET_NAME, names[i % ARRAY_SIZE(names)].comm);
}

static pid_t fork_and(void (*fn)(void))
{
	pid_t pid = fork();

	if (!pid)
		fn();
	return pid;
}

FIXTURE_SETUP(names)
{
	ASSERT_TRUE(account_module_is_loaded());
	self->pid = 0;
	self->nr_rounds = getenv("BRKWATCH_LONG") ? 2000 : 300;
}

FIXTURE_TEARDOWN(names)
{
	if (self->pid > 0) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
}

static bool read_file(pid_t pid)
{
	char path[64];
	unsigned int i;

	snprintf(path, sizeof(path), BRKW_FOLDER "%d", pid);
	for (i = 0; i < 500; i++) {
		if (proc_read(path, text, sizeof(text)) > 0)
			return true;
		usleep(10000);
	}
	return false;
}

/* The next line of a file, without its end; NULL if there is none. */
static char *next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line;
}

/* Since 6.13 who renames takes no lock, and /proc reads parts of two names, too. */
static bool may_be_torn(void)
{
	struct utsname uts;
	unsigned int major, minor;

	return !uname(&uts) && sscanf(uts.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 13));
}

static bool has_byte_at(char byte, unsigned int pos)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].comm[pos] == byte)
			return true;
	return pos < sizeof("names") && "names"[pos] == byte;
}

/* Each byte is where it is in one of the names. */
static bool is_torn(const char *comm, size_t sz)
{
	const char *end = comm + sz;
	unsigned int pos, byte;

	for (pos = 0; comm < end && pos < sizeof(names[0].comm); pos++) {
		byte = (unsigned char)*comm;
		if (byte != '\\')
			comm++;
		else if (sscanf(comm, "\\%3o", &byte) == 1)
			comm += 4;
		else
			return false;
		if (!has_byte_at((char)byte, pos))
			return false;
	}
	return comm == end && pos < sizeof(names[0].comm) && has_byte_at('\0', pos);
}

static bool is_known_line(const char *comm)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(comm, names[i].line))
			return true;
	/* before it has begun */
	return !strcmp(comm, "names") || (may_be_torn() && is_torn(comm, strlen(comm)));
}

static bool is_known_word(const char *comm, size_t sz)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].word) == sz && !memcmp(comm, names[i].word, sz))
			return true;
	return (sz == 5 && !memcmp(comm, "names", 5)) || (may_be_torn() && is_torn(comm, sz));
}

/* abi, pid, comm, state, and then each key in its place. */
static bool is_whole(pid_t pid)
{
	char *at = text, *line, want[64];
	unsigned int i;

	for (i = 0; (line = next_line(&at)); i++) {
		if (i == 1)
			snprintf(want, sizeof(want), "pid %d", pid);
		else if (i == 3)
			snprintf(want, sizeof(want), "state live");
		else if (i >= 4 && i < NR_LINES)
			snprintf(want, sizeof(want), "%s ", account_keys[i - 4]);
		else
			snprintf(want, sizeof(want), i ? "comm " : "abi 1");
		if (strncmp(line, want, strlen(want)) ||
		    (i == 2 && !is_known_line(line + 5))) {
			fprintf(stderr, "# line %u is '%s', not '%s'\n", i, line, want);
			return false;
		}
	}
	return i == NR_LINES && !*at;
}

TEST_F_TIMEOUT(names, one_line_a_key_while_they_change, NR_SECONDS)
{
	unsigned int i;

	self->pid = fork_and(rename_for_ever);
	for (i = 0; i < self->nr_rounds; i++) {
		ASSERT_TRUE(read_file(self->pid));
		ASSERT_TRUE(is_whole(self->pid));
	}
	fprintf(stderr, "# %u reads\n", i);
}

static unsigned int count_words(const char *line)
{
	unsigned int nr = 0;

	for (; *line; nr++) {
		line += strspn(line, " ");
		line += strcspn(line, " ");
	}
	return nr;
}

TEST_F_TIMEOUT(names, one_line_a_process_while_they_change, NR_SECONDS)
{
	unsigned int i, nr_words, nr_seen = 0;
	char *at, *line, *comm;

	self->pid = fork_and(rename_for_ever);
	ASSERT_TRUE(read_file(self->pid));
	for (i = 0; i < self->nr_rounds / 4; i++) {
		ASSERT_LT(0, proc_read(BRKW_FOLDER BRKW_FILE_PROCESSES, text, sizeof(text)));
		at = text;
		nr_words = count_words(next_line(&at));
		while ((line = next_line(&at))) {
			ASSERT_EQ(nr_words, count_words(line));
			if (strtol(line, &comm, 10) != self->pid)
				continue;
			nr_seen++;
			comm += strspn(comm, " ");
			ASSERT_TRUE(is_known_word(comm, strcspn(comm, " "))) {
				TH_LOG("'%s'", comm);
			}
		}
	}
	EXPECT_EQ(i, nr_seen);
}

static void exec_for_ever(void)
{
	static char program[4096];
	char *const argv[] = { "sh", "-c", "exec \"$0\" -c \"$1\" \"$0\" \"$1\"", "/bin/sh",
			       "exec \"$0\" -c \"$1\" \"$0\" \"$1\"", NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(program, sizeof(program), "/bin/sh");
	execv(program, argv);
	_exit(1);
}

/* Between two of its accounts there is none, but never both or that of nobody. */
TEST_F_TIMEOUT(names, exec_while_read, NR_SECONDS)
{
	const struct brkw_snapshot_header *header = (void *)text;
	const struct brkw_snapshot_entry *acct;
	unsigned int i, k, nr = 0, nr_met;

	self->pid = fork_and(exec_for_ever);
	for (i = 0; i < self->nr_rounds; i++) {
		ASSERT_LT(0, proc_read(BRKW_FOLDER BRKW_FILE_SNAPSHOT, text, sizeof(text)));
		acct = (void *)(text + header->sz_header);
		for (nr_met = 0, k = 0; k < header->nr_entries; k++, acct++) {
			ASSERT_NE(0, acct->pid);
			ASSERT_NE('\0', acct->comm[0]);
			if (acct->pid != (__u32)self->pid)
				continue;
			nr++;
			ASSERT_EQ(1, ++nr_met);
			ASSERT_TRUE(!strcmp(acct->comm, "sh") || !strcmp(acct->comm, "names")) {
				TH_LOG("'%s'", acct->comm);
			}
		}
	}
	EXPECT_LT(0, nr);
	fprintf(stderr, "# %u of %u reads met it\n", nr, i);
}

static void churn_for_ever(void)
{
	char path[4096];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sys_beside("churn", path, sizeof(path));
	execl(path, path, "3600", NULL);
	_exit(1);
}

static bool is_coherent(const struct brkw_snapshot_header *header, long sz)
{
	const struct brkw_snapshot_entry *acct = (void *)(text + header->sz_header);
	__u32 i, pid = 0;

	if (header->magic != BRKW_SNAPSHOT_MAGIC || header->nr_keys != BRKW_NR_KEYS ||
	    header->sz_entry != sizeof(*acct) ||
	    sz != header->sz_header + (long)header->nr_entries * header->sz_entry) {
		fprintf(stderr, "# %u entries in %ld bytes\n", header->nr_entries, sz);
		return false;
	}
	/* who execs has an account that ends and one that lives, side by side */
	for (i = 0; i < header->nr_entries; i++, acct++) {
		if (acct->pid < pid || (acct->pid == pid && acct->state == BRKW_LIVE &&
					acct[-1].state == BRKW_LIVE)) {
			fprintf(stderr, "# pid %u is behind %u\n", acct->pid, pid);
			return false;
		}
		pid = acct->pid;
		if (!account_is_sound(acct))
			return false;
	}
	return true;
}

/* Each account adds up in itself, whatever its process does: until so many came. */
TEST_F_TIMEOUT(names, snapshot_adds_up_under_churn, NR_SECONDS)
{
	const struct brkw_snapshot_header *header = (void *)text;
	long sz, nr_wanted = account_stat("accounts_opened") + self->nr_rounds / 4;
	unsigned long nr = 0;
	unsigned int i;

	self->pid = fork_and(churn_for_ever);
	for (i = 0; account_stat("accounts_opened") < nr_wanted; i++) {
		sz = proc_read(BRKW_FOLDER BRKW_FILE_SNAPSHOT, text, sizeof(text));
		ASSERT_LT((long)sizeof(*header), sz);
		ASSERT_TRUE(is_coherent(header, sz));
		nr += header->nr_entries;
		usleep(2000);
	}
	fprintf(stderr, "# %lu accounts in %u reads\n", nr, i);
}

static void be_first(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "first");
	raw(SYS_mmap, 0, 77 * PAGE, RW, ANON, -1, 0);
	for (;;)
		pause();
}

static void be_second(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "second");
	for (;;)
		pause();
}

/* The number is free, so that the next process gets it. */
static pid_t fork_as(pid_t pid, void (*fn)(void))
{
	unsigned int i;
	char last[16];
	pid_t got;

	snprintf(last, sizeof(last), "%d", pid - 1);
	for (i = 0; i < 20; i++) {
		if (sys_write(LAST_PID, last))
			return -1;
		got = fork_and(fn);
		if (got == pid)
			return got;
		kill(got, SIGKILL);
		waitpid(got, NULL, 0);
	}
	return -1;
}

static int open_file(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), BRKW_FOLDER "%d", pid);
	return open(path, O_RDONLY);
}

/* The file that was the first one's tells of him, and then of nobody. */
static bool is_of_the_first_or_gone(int fd)
{
	ssize_t nr;

	while ((nr = pread(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[nr] = '\0';
		if (!strstr(text, "\ncomm first\n"))
			return false;
	}
	return nr < 0 && errno == EIO;
}

TEST_F_TIMEOUT(names, a_number_is_used_again, NR_SECONDS)
{
	struct brkw_snapshot_entry first, acct;
	unsigned int i, nr_first = 0;
	int fd_first;
	pid_t pid;

	if (access(LAST_PID, W_OK))
		SKIP(return, "no " LAST_PID);
	for (i = 0; i < self->nr_rounds / 30; i++) {
		self->pid = pid = fork_and(be_first);
		ASSERT_TRUE(proc_wait_state(pid, 'S'));
		ASSERT_TRUE(read_file(pid));
		ASSERT_EQ(0, account_read(pid, &first));
		ASSERT_STREQ("first", first.comm);
		fd_first = open_file(pid);
		ASSERT_LE(0, fd_first);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		self->pid = fork_as(pid, be_second);
		ASSERT_EQ(pid, self->pid);
		do {
			if (account_read(pid, &acct))
				continue;
			if (acct.value[BRKW_KEY_WATCHED_SINCE_NS] ==
			    first.value[BRKW_KEY_WATCHED_SINCE_NS]) {
				ASSERT_STREQ("first", acct.comm);
				nr_first++;
			} else {
				ASSERT_EQ(0, acct.value[BRKW_KEY_MMAP_ANON_PRIVATE_BYTES]);
			}
		} while (strcmp(acct.comm, "second"));
		ASSERT_TRUE(is_of_the_first_or_gone(fd_first));
		close(fd_first);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		self->pid = 0;
	}
	fprintf(stderr, "# %u numbers used again, %u late reads\n", i, nr_first);
}

TEST_HARNESS_MAIN
