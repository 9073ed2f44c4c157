// SPDX-License-Identifier: GPL-2.0
/* The files of the debugfs folder: names, modes, keys, and that they agree. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "../kselftest_harness.h"
#include "subject.h"

#define SZ_TEXT		(4 * 1024 * 1024)
#define SZ_SNAPSHOT	(32 * 1024 * 1024)
#define NOBODY		65534

static char text[SZ_TEXT];
static char snapshot[SZ_SNAPSHOT], again[SZ_SNAPSHOT];

SUBJECT_FIXTURE(contract);

static const char *const files[] = {
	BRKW_FILE_PROCESSES, BRKW_FILE_ENDED, BRKW_FILE_SNAPSHOT, BRKW_FILE_STATS,
};

TEST_F(contract, files_are_for_root_alone)
{
	char path[64];
	struct stat st;
	unsigned int i;

	ASSERT_TRUE(subject_mark(&self->child));	/* its file is there */
	for (i = 0; i <= ARRAY_SIZE(files); i++) {
		if (i < ARRAY_SIZE(files))
			snprintf(path, sizeof(path), BRKW_FOLDER "%s", files[i]);
		else
			snprintf(path, sizeof(path), BRKW_FOLDER "%d", self->child.pid);
		ASSERT_EQ(0, stat(path, &st)) {
			TH_LOG("%s: %s", path, strerror(errno));
		}
		EXPECT_EQ(S_IFREG | 0400, st.st_mode);
		EXPECT_EQ(0, st.st_uid);
	}
}

static long step_become_nobody(const long *arg)
{
	return raw(SYS_setresuid, NOBODY, NOBODY, NOBODY);
}

TEST_F(contract, others_are_refused)
{
	static char path[64];

	subject_stop(&self->child);
	snprintf(path, sizeof(path), BRKW_FOLDER BRKW_FILE_PROCESSES);
	ASSERT_EQ(0, subject_start(&self->child));
	ASSERT_LE(0, call(&self->child, SYS_openat, AT_FDCWD, (long)path, O_RDONLY));
	ASSERT_EQ(0, step(&self->child, step_become_nobody));
	EXPECT_EQ(-EACCES, call(&self->child, SYS_openat, AT_FDCWD, (long)path, O_RDONLY));
}

/* A process reads its own account: all it does is there when it looks. */
TEST_F(contract, own_account)
{
	static struct brkw_snapshot_entry before, after;
	void *start;

	ASSERT_EQ(0, account_read(getpid(), &before));
	start = mmap(NULL, 7 * PAGE, RW, ANON, -1, 0);
	ASSERT_NE(MAP_FAILED, start);
	munmap(start, 3 * PAGE);
	ASSERT_EQ(0, account_read(getpid(), &after));
	EXPECT_TRUE(account_is_sound(&after));
	EXPECT_TRUE(account_agrees_with_kernel(&after));
	EXPECT_TRUE(account_changed_by(&before, &after, DELTAS(
		DELTA(MMAP_ANON_PRIVATE_EVENTS, 1), DELTA(MMAP_ANON_PRIVATE_BYTES, 7 * PAGE),
		DELTA(MUNMAP_EVENTS, 1), DELTA(MUNMAP_BYTES, 3 * PAGE)), false));
}

TEST_F(contract, names_hold_anything)
{
	static const char comm[] = "a b\n\\\x7f\xc3\xa4";
	char path[64];

	ASSERT_EQ(0, call(&self->child, SYS_prctl, PR_SET_NAME, (long)comm));
	ASSERT_TRUE(subject_mark(&self->child));
	snprintf(path, sizeof(path), BRKW_FOLDER "%d", self->child.pid);
	ASSERT_LT(0, proc_read(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "\ncomm a b\\012\\134\\177\xc3\xa4\nstate live\n"));
	ASSERT_LT(0, proc_read(BRKW_FOLDER BRKW_FILE_PROCESSES, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, " a\\040b\\012\\134\\177\xc3\xa4 "));
}

static unsigned int count_words(const char *line)
{
	unsigned int nr = 0;

	for (; *line && *line != '\n'; nr++) {
		line += strspn(line, " ");
		line += strcspn(line, " \n");
	}
	return nr;
}

/* A header, and for each process a line with as many words, by rising number. */
TEST_F(contract, processes)
{
	unsigned int nr_words;
	long pid, last = 0;
	char *line = text;
	bool has_child = false;

	ASSERT_TRUE(subject_mark(&self->child));
	ASSERT_LT(0, proc_read(BRKW_FOLDER BRKW_FILE_PROCESSES, text, sizeof(text)));
	nr_words = count_words(line);
	EXPECT_EQ(0, strncmp(line + strspn(line, " "), "pid comm ", 9));
	while ((line = strchr(line, '\n') + 1) && *line) {
		EXPECT_EQ(nr_words, count_words(line));
		pid = strtol(line, NULL, 10);
		EXPECT_LT(last, pid);
		last = pid;
		has_child |= pid == self->child.pid;
	}
	EXPECT_TRUE(has_child);
}

TEST_F(contract, ended)
{
	struct brkw_snapshot_entry acct;
	__s64 last = INT64_MAX;
	const char *pos = text;
	long len, nr = 0;

	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_exit_group, 0));
	ASSERT_EQ(0, account_find_ended(self->child.pid, BRKW_EXITED, &acct));
	ASSERT_LT(0, proc_read(BRKW_FOLDER BRKW_FILE_ENDED, text, sizeof(text)));
	while (*pos) {
		len = account_parse(pos, &acct);
		ASSERT_LT(0, len);
		EXPECT_NE(BRKW_LIVE, acct.state);
		EXPECT_GE(last, acct.value[BRKW_KEY_ENDED_NS]);
		EXPECT_TRUE(account_is_sound(&acct));
		last = acct.value[BRKW_KEY_ENDED_NS];
		nr++;
		pos += len;
		if (!*pos)
			break;
		ASSERT_EQ('\n', *pos++);
	}
	EXPECT_GE(account_stat("max_ended"), nr);
}

static void check_hook(struct __test_metadata *_metadata, const char *line)
{
	char name[64], symbol[64], kind[32];
	int is_armed;
	unsigned long nr_hits, nr_missed;

	EXPECT_EQ(6, sscanf(line, "hook %63s %63s %31s %d %lu %lu\n", name, symbol, kind,
			    &is_armed, &nr_hits, &nr_missed));
	EXPECT_EQ(0, nr_missed) {
		TH_LOG("%s", name);
	}
}

TEST_F(contract, stats)
{
	const char *line = text;
	unsigned int nr_hooks = 0;

	ASSERT_LT(0, proc_read(BRKW_FOLDER BRKW_FILE_STATS, text, sizeof(text)));
	for (; *line; line = strchr(line, '\n') + 1) {
		ASSERT_NE(NULL, strchr(line, '\n'));
		if (!strncmp(line, "hook ", 5)) {
			check_hook(_metadata, line);
			nr_hooks++;
		} else if (strncmp(line, "lost ", 5)) {
			EXPECT_EQ(2, count_words(line));
		}
	}
	EXPECT_LE(10, nr_hooks);
	EXPECT_EQ(BRKW_ABI, account_stat("abi"));
	EXPECT_EQ(0, account_stat("events_mismatched"));
	EXPECT_EQ(0, account_stat("events_missed"));
	EXPECT_LE(1, account_stat("accounts_live"));
	EXPECT_LT(0, account_stat("memory_bytes"));
}

/* What was seen was posted or dropped; events go on while one reads. */
TEST_F(contract, nothing_is_silent)
{
	long seen, posted, dropped, early;
	int i;

	for (i = 0; i < 100; i++) {
		seen = account_stat("events_seen");
		posted = account_stat("events_posted");
		dropped = account_stat("events_dropped");
		early = account_stat("events_early");
		if (seen == posted + dropped + early && seen == account_stat("events_seen"))
			break;
		usleep(10000);
	}
	EXPECT_EQ(seen, posted + dropped + early);
	EXPECT_LT(0, seen);
}

static const struct brkw_snapshot_entry *entry_of(pid_t pid)
{
	const struct brkw_snapshot_header *header = (void *)snapshot;
	unsigned int i;

	for (i = 0; i < header->nr_entries; i++) {
		const struct brkw_snapshot_entry *entry =
			(void *)(snapshot + header->sz_header + i * header->sz_entry);

		if (entry->pid == (__u32)pid)
			return entry;
	}
	return NULL;
}

TEST_F(contract, snapshot_is_well_formed)
{
	const struct brkw_snapshot_header *header = (void *)snapshot;
	const struct brkw_snapshot_entry *entry;
	__u32 last = 0;
	unsigned int i;
	long size;

	size = proc_read(BRKW_FOLDER BRKW_FILE_SNAPSHOT, snapshot, sizeof(snapshot));
	ASSERT_LT((long)sizeof(*header), size);
	EXPECT_EQ(BRKW_SNAPSHOT_MAGIC, header->magic);
	EXPECT_EQ(BRKW_ABI, header->abi);
	EXPECT_EQ(BRKW_NR_KEYS, header->nr_keys);
	EXPECT_EQ(PAGE, header->sz_page);
	EXPECT_EQ(0, header->flags);
	EXPECT_LT(0, header->ts_ns);
	EXPECT_EQ(header->sz_header + header->nr_entries * header->sz_entry, size);
	for (i = 0; i < header->nr_entries; i++) {
		entry = (void *)(snapshot + header->sz_header + i * header->sz_entry);
		EXPECT_LT(last, entry->pid);
		EXPECT_TRUE(account_is_sound(entry));
		EXPECT_EQ('\0', entry->comm[BRKW_COMM_LEN - 1]);
		last = entry->pid;
	}
}

TEST_F(contract, snapshot_agrees_with_the_text)
{
	const struct brkw_snapshot_entry *entry;
	unsigned int key;

	ASSERT_TRUE(subject_mark(&self->child));
	ASSERT_LT(0, proc_read(BRKW_FOLDER BRKW_FILE_SNAPSHOT, snapshot, sizeof(snapshot)));
	entry = entry_of(self->child.pid);
	ASSERT_NE(NULL, entry);
	EXPECT_EQ(BRKW_LIVE, entry->state);
	EXPECT_STREQ("contract", entry->comm);
	for (key = 0; key < BRKW_NR_KEYS; key++) {
		EXPECT_EQ(self->child.before.value[key], entry->value[key]) {
			TH_LOG("%s", account_keys[key]);
		}
	}
	EXPECT_EQ(self->child.before.unknown[0], entry->unknown[0]);
	EXPECT_EQ(self->child.before.unknown[1], entry->unknown[1]);
}

/* As if nobody else ever asked, whatever was done last. */
TEST_F(contract, snapshot_of_who_waits)
{
	const long room = subject_room(&self->child, 16 * PAGE);
	const struct brkw_snapshot_entry *entry;
	int i;

	ASSERT_EQ(room, map(&self->child, room, 8 * PAGE, ANON | MAP_FIXED, -1));
	ASSERT_TRUE(subject_mark(&self->child));
	ASSERT_EQ(room + 4 * PAGE,
		  map(&self->child, room + 4 * PAGE, 8 * PAGE, ANON | MAP_FIXED, -1));
	for (i = 0; i < 20; i++) {	/* it may be on its way to where it waits */
		ASSERT_LT(0, proc_read(BRKW_FOLDER BRKW_FILE_SNAPSHOT, snapshot,
				       sizeof(snapshot)));
		entry = entry_of(self->child.pid);
		ASSERT_NE(NULL, entry);
		if (entry->value[BRKW_KEY_VM_BYTES] == proc_vm_bytes(self->child.pid))
			break;
		usleep(10000);
	}
	EXPECT_TRUE(account_agrees_with_kernel(entry));
	EXPECT_TRUE(account_changed_by(&self->child.before, entry, DELTAS(
		DELTA(MMAP_ANON_PRIVATE_EVENTS, 1), DELTA(MMAP_ANON_PRIVATE_BYTES, 8 * PAGE),
		DELTA(MMAP_REPLACED_BYTES, 4 * PAGE)), false));
}

/* mprotect() splits and joins mappings without a hook of ours. */
TEST_F(contract, peaks_that_were_shown_stay)
{
	const long start = map(&self->child, 0, 64 * PAGE, ANON, -1);
	struct brkw_snapshot_entry split, joined;
	int i;

	ASSERT_LT(0, start);
	for (i = 1; i < 64; i += 2)
		ASSERT_EQ(0, call(&self->child, SYS_mprotect, start + i * PAGE, PAGE, PROT_READ));
	ASSERT_EQ(0, account_read(self->child.pid, &split));
	ASSERT_EQ(0, call(&self->child, SYS_mprotect, start, 64 * PAGE, RW));
	ASSERT_EQ(0, account_read(self->child.pid, &joined));
	EXPECT_LE(joined.value[BRKW_KEY_VMA_COUNT] + 60, split.value[BRKW_KEY_VMA_COUNT]);
	EXPECT_EQ(split.value[BRKW_KEY_VMA_PEAK], joined.value[BRKW_KEY_VMA_PEAK]);
}

/* It is made at open: whatever happens, the pieces belong together. */
TEST_F(contract, snapshot_in_pieces)
{
	int fd = open(BRKW_FOLDER BRKW_FILE_SNAPSHOT, O_RDONLY);
	long size = 0, pos;
	ssize_t nr;

	ASSERT_LE(0, fd);
	while ((nr = read(fd, snapshot + size, 777)) > 0)
		size += nr;
	EXPECT_EQ(0, nr);
	map(&self->child, 0, PAGE, ANON, -1);
	for (pos = (size - 1) / 100 * 100; pos >= 0; pos -= 100)
		ASSERT_LT(0, pread(fd, again + pos, 100, pos));
	EXPECT_EQ(0, memcmp(snapshot, again, size));
	EXPECT_EQ(size, lseek(fd, 0, SEEK_END));
	close(fd);
}

/* True once both say the same; a process may be changing between two looks. */
static bool agrees(pid_t pid)
{
	struct brkw_snapshot_entry acct;
	int i;

	for (i = 0; i < 20; i++) {
		long size = proc_vm_bytes(pid);

		if (size < 0)
			return true;		/* it has ended, or is the kernel's */
		if (!account_read(pid, &acct) && account_is_sound(&acct) &&
		    acct.value[BRKW_KEY_VM_BYTES] == size)
			return true;
		usleep(10000);
	}
	fprintf(stderr, "# pid %d: no account with VmSize\n", pid);
	return false;
}

TEST_F(contract, all_processes_have_their_size)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	unsigned int nr = 0;
	pid_t pid;

	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (pid <= 0)
			continue;
		EXPECT_TRUE(agrees(pid));
		nr++;
	}
	closedir(dir);
	EXPECT_LT(2, nr);
}

TEST_F(contract, threads_of_the_kernel_have_none)
{
	char path[64];

	snprintf(path, sizeof(path), BRKW_FOLDER "2");	/* kthreadd */
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_EQ(ENOENT, errno);
}

/* The file may outlive the process for whoever has it open. */
TEST_F(contract, open_while_the_process_ends)
{
	char path[64], block[64];
	int fd;

	ASSERT_TRUE(subject_mark(&self->child));
	snprintf(path, sizeof(path), BRKW_FOLDER "%d", self->child.pid);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	subject_stop(&self->child);
	while (!access(path, F_OK))
		usleep(10000);
	EXPECT_EQ(-1, read(fd, block, sizeof(block)));
	EXPECT_EQ(EIO, errno);
	close(fd);
}

TEST_HARNESS_MAIN
