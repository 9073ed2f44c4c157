// SPDX-License-Identifier: GPL-2.0
/* exec: the old account is replaced, and a new one opens, or it fails. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include "../kselftest_harness.h"
#include "subject.h"

/* What the subject execs; it has this memory, too. */
static char program[PATH_MAX];
static char *argv[] = { program, NULL };
static char *envp[] = { NULL };
static int nr_ready;

FIXTURE(exec) {
	struct subject child;
};

FIXTURE_SETUP(exec)
{
	ASSERT_TRUE(account_module_is_loaded());
	sys_beside("held", program, sizeof(program));
	ASSERT_EQ(0, subject_start(&self->child));
}

FIXTURE_TEARDOWN(exec)
{
	subject_stop(&self->child);
}

TEST_F(exec, another_program)
{
	struct brkw_snapshot_entry acct, old;

	map(&self->child, 0, 16 * PAGE, ANON, -1);
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_execve, (long)program, (long)argv,
				     (long)envp));
	ASSERT_TRUE(subject_has_become(&self->child, "held", &acct));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_REPLACED, DELTAS()));
	ASSERT_EQ(0, account_find_ended(self->child.pid, BRKW_REPLACED, &old));
	EXPECT_STREQ(self->child.before.comm, old.comm);
	EXPECT_EQ(PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
	EXPECT_LT(self->child.before.value[BRKW_KEY_WATCHED_SINCE_NS],
		  acct.value[BRKW_KEY_WATCHED_SINCE_NS]);
	EXPECT_EQ(0, acct.value[BRKW_KEY_MMAP_ANON_PRIVATE_BYTES]);
}

/* Threads that wait while one of them execs and ends them. */
static long race_exec(const long *arg)
{
	if (__atomic_add_fetch(&nr_ready, 1, __ATOMIC_ACQ_REL) == arg[1])
		raw(SYS_execve, (long)program, (long)argv, (long)envp);
	for (;;)
		raw(SYS_ppoll, 0, 0, 0, 0);
	return 0;
}

TEST_F(exec, by_a_thread)
{
	struct brkw_snapshot_entry acct;
	struct proc_faults faults;

	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, step(&self->child, step_race, (long)race_exec, 4, 4));
	ASSERT_TRUE(subject_has_become(&self->child, "held", &acct));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_REPLACED, DELTAS()));
	EXPECT_EQ(PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
	/* it goes on, and its faults are still counted */
	ASSERT_EQ(0, proc_read_faults(self->child.pid, &faults));
	EXPECT_LT(0, acct.value[BRKW_KEY_FAULT_MINOR]);
	EXPECT_GE(faults.minor, acct.value[BRKW_KEY_FAULT_MINOR]);
}

TEST_F(exec, of_nothing)
{
	static const char nothing[] = "/nowhere/to/be/found", folder[] = "/";

	expect_step(-ENOENT, call(&self->child, SYS_execve, (long)nothing, (long)argv, (long)envp));
	expect_step(-EACCES, call(&self->child, SYS_execve, (long)folder, (long)argv, (long)envp));
}

/*
 * The kernel asks modprobe for somebody who can read the file: a process of its
 * own making, whose arguments are laid out before it has an address space.
 */
TEST_F(exec, of_what_is_no_program)
{
	static const char garbage[] = "\1\2\3\4\5\6\7";
	long nr_dropped;
	int fd;

	subject_stop(&self->child);
	snprintf(program, sizeof(program), "/tmp/brkwatch-exec.XXXXXX");
	fd = mkstemp(program);
	ASSERT_EQ(sizeof(garbage), write(fd, garbage, sizeof(garbage)));
	fchmod(fd, 0755);
	close(fd);
	ASSERT_EQ(0, subject_start(&self->child));
	nr_dropped = account_stat("drop_no_thread");
	expect_step(-ENOEXEC, call(&self->child, SYS_execve, (long)program, (long)argv, (long)envp));
	EXPECT_EQ(nr_dropped, account_stat("drop_no_thread"));
	unlink(program);
}

/* A copy of a program in /tmp, to be changed. */
static int copy_program(const char *name, char *ret_path, size_t size)
{
	char from[PATH_MAX], block[65536];
	int in, out;
	ssize_t nr;

	sys_beside(name, from, sizeof(from));
	snprintf(ret_path, size, "/tmp/brkwatch-exec.XXXXXX");
	in = open(from, O_RDONLY);
	out = mkstemp(ret_path);
	while ((nr = read(in, block, sizeof(block))) > 0)
		if (write(out, block, nr) != nr)
			break;
	fchmod(out, 0755);
	close(in);
	return nr ? -1 : out;
}

/* The header of the last segment of a type. */
static off_t find_segment(int fd, Elf64_Word type, Elf64_Phdr *ret_segment)
{
	Elf64_Ehdr elf;
	Elf64_Phdr segment;
	off_t found = -1;
	int i;

	if (pread(fd, &elf, sizeof(elf), 0) != sizeof(elf))
		return -1;
	for (i = 0; i < elf.e_phnum; i++) {
		off_t pos = elf.e_phoff + i * sizeof(segment);

		if (pread(fd, &segment, sizeof(segment), pos) != sizeof(segment))
			return -1;
		if (segment.p_type != type)
			continue;
		*ret_segment = segment;
		found = pos;
	}
	return found;
}

TEST_F(exec, without_an_interpreter)
{
	Elf64_Phdr segment;
	int fd;

	subject_stop(&self->child);
	fd = copy_program("exec", program, sizeof(program));
	ASSERT_LE(0, fd);
	ASSERT_LE(0, find_segment(fd, PT_INTERP, &segment));
	ASSERT_EQ(1, pwrite(fd, "!", 1, segment.p_offset + 1));
	close(fd);
	ASSERT_EQ(0, subject_start(&self->child));
	expect_step(-ENOENT, call(&self->child, SYS_execve, (long)program, (long)argv, (long)envp));
	unlink(program);
}

/* It fails when the old address space is gone: the process ends. */
TEST_F(exec, failing_too_late)
{
	struct brkw_snapshot_entry acct;
	Elf64_Phdr segment;
	off_t pos;
	int fd;

	subject_stop(&self->child);
	fd = copy_program("held", program, sizeof(program));
	ASSERT_LE(0, fd);
	pos = find_segment(fd, PT_LOAD, &segment);
	ASSERT_LE(0, pos);
	segment.p_vaddr |= 1UL << 62;
	ASSERT_EQ(sizeof(segment), pwrite(fd, &segment, sizeof(segment), pos));
	close(fd);
	ASSERT_EQ(0, subject_start(&self->child));
	ASSERT_TRUE(subject_mark(&self->child));
	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_execve, (long)program, (long)argv,
				     (long)envp));
	EXPECT_TRUE(subject_has_ended(&self->child, BRKW_REPLACED, DELTAS()));
	ASSERT_EQ(0, account_find_ended(self->child.pid, BRKW_EXITED, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_EQ(PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
	unlink(program);
}

#if defined(__x86_64__)

/* Stops itself. */
static const unsigned char stops[] = {
	0xb8, 0x27, 0x00, 0x00, 0x00, 0x0f, 0x05,	/* getpid() */
	0x89, 0xc7, 0xbe, 0x13, 0x00, 0x00, 0x00,	/* of it, SIGSTOP */
	0xb8, 0x3e, 0x00, 0x00, 0x00, 0x0f, 0x05,	/* kill() */
	0xb8, 0x22, 0x00, 0x00, 0x00, 0x0f, 0x05,	/* pause() */
	0xeb, 0xf7,					/* again */
};

/* Its second segment lies in the bss of its first, and ends before that does. */
static const struct {
	Elf64_Ehdr elf;
	Elf64_Phdr segment[2];
} overlapping = {
	.elf = {
		.e_ident = ELFMAG "\2\1\1",		/* 64 bits, little endian */
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = 0x400000 + sizeof(overlapping),
		.e_phoff = offsetof(typeof(overlapping), segment),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
	},
	.segment = {
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_W | PF_X, .p_vaddr = 0x400000,
		  .p_filesz = PAGE, .p_memsz = 4 * PAGE, .p_align = PAGE },
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = 0x400000 + 2 * PAGE,
		  .p_offset = PAGE, .p_filesz = PAGE, .p_memsz = PAGE, .p_align = PAGE },
	},
};

/* 5.10 maps bss where bss is already, and unmaps what is there from within. */
TEST_F(exec, bss_over_bss)
{
	struct brkw_snapshot_entry acct;
	char name[BRKW_COMM_LEN];
	int fd;

	subject_stop(&self->child);
	snprintf(program, sizeof(program), "/tmp/brkwatch-exec.XXXXXX");
	fd = mkstemp(program);
	ASSERT_EQ(sizeof(overlapping), pwrite(fd, &overlapping, sizeof(overlapping), 0));
	ASSERT_EQ(sizeof(stops), pwrite(fd, stops, sizeof(stops), sizeof(overlapping)));
	ASSERT_EQ(0, ftruncate(fd, 2 * PAGE));
	fchmod(fd, 0755);
	close(fd);
	ASSERT_EQ(0, subject_start(&self->child));
	EXPECT_EQ(SUBJECT_GONE, call(&self->child, SYS_execve, (long)program, (long)argv,
				     (long)envp));
	snprintf(name, sizeof(name), "%s", basename(program));
	ASSERT_TRUE(subject_has_become(&self->child, name, &acct));
	EXPECT_TRUE(account_agrees_with_kernel(&acct));
	EXPECT_EQ(0, acct.value[BRKW_KEY_MUNMAP_FAIL_EVENTS]);
	EXPECT_EQ(2, acct.value[BRKW_KEY_MMAP_FILE_PRIVATE_EVENTS]);
	unlink(program);
}

#endif

static long step_vfork_exec(const long *arg)
{
	pid_t pid = vfork();

	if (!pid) {
		execve(program, argv, envp);
		_exit(127);
	}
	return pid < 0 ? -errno : pid;
}

TEST_F(exec, vfork_and_exec)
{
	struct brkw_snapshot_entry acct;
	pid_t pid;

	pid = expect_address(step(&self->child, step_vfork_exec));
	ASSERT_TRUE(proc_wait_state(pid, 'T'));
	ASSERT_EQ(0, account_read(pid, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_TRUE(account_agrees_with_kernel(&acct));
	EXPECT_STREQ("held", acct.comm);
	EXPECT_EQ(PAGE, acct.value[BRKW_KEY_VM_START_BYTES]);
	ASSERT_EQ(0, account_find_ended(pid, BRKW_REPLACED, &acct));
	EXPECT_TRUE(account_is_borrowed(&acct));
	EXPECT_TRUE(account_is_sound(&acct));
	EXPECT_STREQ(self->child.before.comm, acct.comm);
	expect_step(0, step(&self->child, step_end_child, pid));
	ASSERT_EQ(0, account_find_ended(pid, BRKW_EXITED, &acct));
	EXPECT_TRUE(account_is_sound(&acct));
}

TEST_HARNESS_MAIN
