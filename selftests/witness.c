// SPDX-License-Identifier: GPL-2.0
/*
 * Compares an account with an independent witness: BPF programs on the
 * tracepoints of system calls and page fault traps (witness.bpf.c). The process
 * stops itself before and after its work, so that both sides are read while
 * nothing moves.
 *
 * What may differ, and is not compared for the random walk:
 *
 * - munmap_bytes, brk_shrink_bytes: a call says which range is to go, not what
 *   of it was mapped. The known steps unmap only what is mapped, all of it.
 * - faults: the kernel also counts faults that it takes without a trap, when it
 *   walks page tables itself (MAP_POPULATE, mlock, process_vm_readv); and a trap
 *   that ends in EFAULT or a signal is no counted fault. The known steps use
 *   none of the first, and each of their signals is in fault_error_events: so
 *   there traps = fault_minor + fault_major + fault_error_events, exactly. A
 *   retry is no second trap.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "account.h"
#include "witness.h"
#include "witness.skel.h"

#define EXIT_SKIP	4
#define SZ_PAGE		4096
#define NR_HEAP		64
#define NR_ANON		100

static struct witness_bpf *witness;
static unsigned int nr_tests, nr_failed;

/** struct reading - both sides at one moment */
struct reading {
	struct brkw_snapshot_entry acct;
	struct witness_counts counts;
};

/* the known steps */

static sigjmp_buf on_fault;

static void handle_fault(int sig)
{
	(void)sig;
	siglongjmp(on_fault, 1);
}

static void touch(char *from, unsigned int nr_pages)
{
	unsigned int i;

	for (i = 0; i < nr_pages; i++)
		((volatile char *)from)[(size_t)i * SZ_PAGE] = 1;
}

static void must(int is_true, const char *what)
{
	if (is_true)
		return;
	fprintf(stderr, "# witness: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void do_brk_steps(void)
{
	unsigned long base = (syscall(SYS_brk, 0) + SZ_PAGE - 1) & -SZ_PAGE;

	must(syscall(SYS_brk, base + NR_HEAP * SZ_PAGE) > 0, "brk");
	touch((char *)base, NR_HEAP);
	syscall(SYS_brk, base + NR_HEAP * SZ_PAGE - 100);
	syscall(SYS_brk, base + 16 * SZ_PAGE);
	syscall(SYS_brk, 1L << 46);
	syscall(SYS_brk, 4096);
	syscall(SYS_brk, base);
}

static void do_mapping_steps(int fd, int flags)
{
	char *map = mmap(NULL, NR_ANON * SZ_PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	must(map != MAP_FAILED, "mmap");
	touch(map, NR_ANON / 2);
	must(!madvise(map, 10 * SZ_PAGE, MADV_DONTNEED), "madvise");
	touch(map, 20);
	map = mremap(map, NR_ANON * SZ_PAGE, 2 * NR_ANON * SZ_PAGE, MREMAP_MAYMOVE);
	must(map != MAP_FAILED, "mremap");
	must(!munmap(map, 2 * NR_ANON * SZ_PAGE), "munmap");
}

static void do_fault_steps(void)
{
	char *map = mmap(NULL, 16 * SZ_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/zero", O_RDONLY), i;

	must(read(fd, map, 10 * SZ_PAGE) == 10 * SZ_PAGE, "read");
	close(fd);
	signal(SIGSEGV, handle_fault);
	mprotect(map + 12 * SZ_PAGE, SZ_PAGE, PROT_NONE);
	for (i = 0; i < 3; i++)
		if (!sigsetjmp(on_fault, 1))
			touch(i ? map + 12 * SZ_PAGE : NULL, 1);
	must(!munmap(map, 16 * SZ_PAGE), "munmap");
	must(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED,
	     "mmap of nothing");
	syscall(SYS_mremap, SZ_PAGE, SZ_PAGE, SZ_PAGE, 0, 0);
}

static void do_borrowed_steps(void)
{
	pid_t pid = vfork();

	if (!pid) {
		munmap(mmap(NULL, 5 * SZ_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		       5 * SZ_PAGE);
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	must(waitpid(pid, NULL, 0) == pid, "vfork");
}

/* The first brk() tells the witness where the break is. */
static void do_steps(void)
{
	int fd = memfd_create("witness", 0);
	char path[] = "/tmp/witness.XXXXXX";
	int fd_file = mkstemp(path);

	unlink(path);
	must(fd >= 0 && fd_file >= 0, "files");
	must(!ftruncate(fd, 2 * NR_ANON * SZ_PAGE), "ftruncate");
	must(!ftruncate(fd_file, 2 * NR_ANON * SZ_PAGE), "ftruncate");
	syscall(SYS_brk, 0);
	raise(SIGSTOP);
	do_brk_steps();
	do_mapping_steps(-1, MAP_PRIVATE | MAP_ANONYMOUS);
	do_mapping_steps(-1, MAP_SHARED | MAP_ANONYMOUS);
	do_mapping_steps(fd, MAP_SHARED);
	do_mapping_steps(fd, MAP_PRIVATE);
	do_mapping_steps(fd_file, MAP_SHARED);
	do_mapping_steps(fd_file, MAP_PRIVATE);
	do_fault_steps();
	do_borrowed_steps();
	raise(SIGSTOP);
	_exit(0);
}

static void do_random_walk(void)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 16);

	must(len > 0, "readlink");
	path[len] = '\0';
	strcpy(strrchr(path, '/') + 1, "random_walk");
	execl(path, "random_walk", "--seed", "4", "--threads", "1", "--pauses", "4",
	      "--stop", "1", NULL);
	must(0, path);
}

/* both sides */

static void await_stop(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, WUNTRACED) == pid, "waitpid");
	if (!WIFSTOPPED(status)) {
		fprintf(stderr, "# witness: %d ended with status %#x\n", pid, status);
		exit(1);
	}
}

static void read_both(pid_t pid, struct reading *ret)
{
	must(!account_read(pid, &ret->acct), "its account");
	ret->counts = witness->bss->counts;
}

static void subtract(struct reading *to, const struct reading *from)
{
	unsigned long long *n = (void *)&to->counts;
	const unsigned long long *m = (const void *)&from->counts;
	long long shm_id = to->counts.shm_id;
	unsigned int i;

	for (i = 0; i < sizeof(to->counts) / sizeof(*n); i++)
		n[i] -= m[i];
	to->counts.shm_id = shm_id;
	for (i = 0; i < BRKW_NR_KEYS; i++)
		to->acct.value[i] -= from->acct.value[i];
}

static void compare(const struct reading *r, unsigned int key, unsigned long long expected)
{
	if (!account_is_known(&r->acct, key))
		return;
	if (r->acct.value[key] == (long long)expected)
		return;
	nr_failed++;
	printf("# %s: the witness says %llu, brkwatch %lld\n", account_keys[key], expected,
	       (long long)r->acct.value[key]);
}

/* Keys come in pairs, events before bytes. */
static void compare_pair(const struct reading *r, unsigned int key,
			 const struct witness_pair *pair)
{
	compare(r, key, pair->events);
	compare(r, key + 1, pair->bytes);
}

/* memfd and /dev/zero have no file behind them; the process still has its files. */
static bool is_file(pid_t pid, unsigned int fd)
{
	char path[64], target[256];
	ssize_t len;

	if (fd == WITNESS_ANON)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%u", pid, fd);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	return strncmp(target, "/memfd:", 7) && strcmp(target, "/dev/zero");
}

static void compare_mmap(pid_t pid, const struct reading *r)
{
	struct witness_pair sum[2][2] = { };
	const struct witness_counts *c = &r->counts;
	unsigned long long nr_fail = r->acct.value[BRKW_KEY_MMAP_FAIL_EVENTS];
	unsigned int is_shared, fd;
	struct shmid_ds shm = { };
	struct witness_pair *pair;

	for (is_shared = 0; is_shared < 2; is_shared++) {
		for (fd = 0; fd <= WITNESS_NR_FDS; fd++) {
			pair = &sum[is_file(pid, fd)][is_shared];
			pair->events += c->mmap[is_shared][fd].events;
			pair->bytes += c->mmap[is_shared][fd].bytes;
		}
	}
	if (c->shmat) {
		must(!shmctl(c->shm_id, IPC_STAT, &shm), "shmctl");
		sum[0][1].events += c->shmat;
		sum[0][1].bytes += c->shmat * ((shm.shm_segsz + SZ_PAGE - 1) & -SZ_PAGE);
	}
	compare_pair(r, BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, &sum[0][0]);
	compare_pair(r, BRKW_KEY_MMAP_ANON_SHARED_EVENTS, &sum[0][1]);
	compare_pair(r, BRKW_KEY_MMAP_FILE_PRIVATE_EVENTS, &sum[1][0]);
	compare_pair(r, BRKW_KEY_MMAP_FILE_SHARED_EVENTS, &sum[1][1]);
	if (nr_fail < c->mmap_fail || nr_fail > c->mmap_fail + c->mmap_unsure)
		compare(r, BRKW_KEY_MMAP_FAIL_EVENTS, c->mmap_fail);
}

static void compare_calls(pid_t pid, const struct reading *r)
{
	const struct witness_counts *c = &r->counts;

	compare(r, BRKW_KEY_BRK_CALLS, c->brk[WITNESS_GROW].events +
		c->brk[WITNESS_SHRINK].events + c->brk[WITNESS_SAME].events +
		c->brk[WITNESS_FAIL].events);
	compare_pair(r, BRKW_KEY_BRK_GROW_EVENTS, &c->brk[WITNESS_GROW]);
	compare(r, BRKW_KEY_BRK_SHRINK_EVENTS, c->brk[WITNESS_SHRINK].events);
	compare(r, BRKW_KEY_BRK_SAME_EVENTS, c->brk[WITNESS_SAME].events);
	compare(r, BRKW_KEY_BRK_FAIL_EVENTS, c->brk[WITNESS_FAIL].events);
	compare_mmap(pid, r);
	compare_pair(r, BRKW_KEY_MREMAP_GROW_EVENTS, &c->mremap_grow);
	compare(r, BRKW_KEY_MREMAP_MOVE_EVENTS, c->mremap_move);
	compare(r, BRKW_KEY_MREMAP_FAIL_EVENTS, c->mremap_fail);
	compare_pair(r, BRKW_KEY_MADVISE_DONTNEED_EVENTS, &c->dontneed);
	compare_pair(r, BRKW_KEY_MADVISE_FREE_EVENTS, &c->free);
}

/* What only the known steps make comparable; see the top of the file. */
static void compare_steps(const struct reading *r)
{
	const struct witness_counts *c = &r->counts;
	unsigned long long nr_traps = c->fault_user + c->fault_kernel;

	compare_pair(r, BRKW_KEY_MUNMAP_EVENTS, &c->munmap);
	compare(r, BRKW_KEY_BRK_SHRINK_BYTES, c->brk[WITNESS_SHRINK].bytes);
	compare(r, BRKW_KEY_FAULT_ERROR_EVENTS, 3);
	compare(r, BRKW_KEY_FAULT_MINOR, nr_traps - r->acct.value[BRKW_KEY_FAULT_MAJOR] - 3);
	compare(r, BRKW_KEY_FAULT_UNATTRIBUTED, 0);
}

/* A witness who has seen nothing agrees with everybody. */
static void demand(unsigned long long n, const char *what)
{
	if (n)
		return;
	nr_failed++;
	printf("# the witness has seen no %s\n", what);
}

static void test(const char *name, void (*work)(void), bool has_known_steps)
{
	unsigned int nr_failed_before = nr_failed;
	struct reading before, after;
	pid_t pid = fork();

	if (!pid) {
		raise(SIGSTOP);
		work();
		_exit(1);
	}
	must(pid > 0, "fork");
	await_stop(pid);
	witness->bss->target_tgid = pid;
	kill(pid, SIGCONT);
	await_stop(pid);
	read_both(pid, &before);
	kill(pid, SIGCONT);
	await_stop(pid);
	read_both(pid, &after);
	subtract(&after, &before);
	compare_calls(pid, &after);
	if (has_known_steps)
		compare_steps(&after);
	demand(after.counts.brk[WITNESS_GROW].events, "brk");
	demand(after.counts.mmap[0][WITNESS_ANON].events, "mmap");
	demand(after.counts.fault_user, "page fault");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("%sok %u %s\n", nr_failed == nr_failed_before ? "" : "not ", ++nr_tests, name);
}

static int skip(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	return EXIT_SKIP;
}

static int be_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("TAP version 13");
	if (!account_module_is_loaded())
		return skip("brkwatch is not loaded, or not root");
	libbpf_set_print(getenv("WITNESS_VERBOSE") ? NULL : be_quiet);
	witness = witness_bpf__open_and_load();
	if (!witness || witness_bpf__attach(witness))
		return skip("no BPF here (CONFIG_BPF_EVENTS, CONFIG_DEBUG_INFO_BTF, page fault tracepoints)");
	test("known steps", do_steps, true);
	test("random walk", do_random_walk, false);
	printf("1..%u\n", nr_tests);
	witness_bpf__destroy(witness);
	return nr_failed ? 1 : 0;
}
