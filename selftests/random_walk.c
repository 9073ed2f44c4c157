// SPDX-License-Identifier: GPL-2.0
/*
 * Random walk: threads that do to their address space whatever a program can,
 * each in an arena of its own of which it keeps a map of the pages that must be
 * mapped. So every amount in the account is foretold by the program alone, in
 * any interleaving of the threads, and compared at each pause.
 *
 *   random_walk [--seed N | --seeds FROM..TO] [--threads N] [--ops N] [--pauses N]
 *
 * The same seed makes every thread ask for the same things in the same order.
 * Without --threads every fourth seed walks alone: a process with a single
 * user of its address space takes other ways through the kernel and brkwatch,
 * and only there holes in the heap can be foretold. With --seeds each seed runs
 * in a process of its own, KTAP line by line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/brkwatch.h>

#ifndef MADV_COLD
#define MADV_COLD		20
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE	0x0010
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

#define EXIT_SKIP	4
#define FOLDER		"/sys/kernel/debug/" BRKW_DEBUGFS_DIR

#define MAX_THREADS	16
#define NR_ARENA	512	/* pages of a thread's arena */
#define NR_HEAP		512	/* pages of the walked part of the heap */
#define NR_RANGE	24	/* pages of an operation, at most */
#define NR_FILE		48	/* pages of the files that are mapped */
#define NR_STACK	8	/* pages of a mapping that grows down, at first */
#define MAX_STACK	512	/* pages that it may be asked to grow by */
#define NR_SHM		4	/* pages of the SysV segment */
#define SZ_HUGE		(2UL << 20)
#define NR_KIDS		16	/* children whose end is remembered */

/*
 * Far from where the kernel puts what has no address of its own, so that
 * nothing but the arena's thread maps in it.
 */
#define ARENA_BASE	0x100000000000UL
#define ARENA_STEP	0x000100000000UL

/** struct zone - a range of addresses and which of its pages must be mapped */
struct zone {
	unsigned long base;
	unsigned int nr;
	bool mapped[NR_ARENA];
};

/**
 * struct tally - what the account must have counted
 * @n: by key; only those of told_keys[] are foretold
 * @nr_slack: mmap calls that may or may not have reached do_mmap()
 */
struct tally {
	long long n[BRKW_NR_KEYS];
	long long nr_slack;
};

/** struct kid - a child that has exited, and what its account must say */
struct kid {
	pid_t pid;
	bool has_walked;
	struct tally tally;
};

struct account {
	char state[16];
	pid_t pid;
	bool is_unknown[BRKW_NR_KEYS];
	long long value[BRKW_NR_KEYS];
};

struct kernel_view {
	long long minflt, majflt, vm_bytes, nr_vmas, start_brk;
};

struct walker {
	uint64_t random;
	unsigned int nr;
	unsigned int op;
	unsigned int nr_limited;	/* operations until limits are lifted */
	struct zone arena;
	unsigned long stack_top;
	unsigned long stack_start;	/* 0: not mapped */
	struct tally tally;
	char buf[3 * 4096];
	char child_stack[64 << 10];
};

static struct {
	uint64_t seed;
	unsigned int nr_threads, nr_ops, nr_pauses;
	bool has_threads, has_stops;
} options = { .seed = 1, .nr_threads = 4, .nr_ops = 2000, .nr_pauses = 20 };

static unsigned long sz_page;
static struct walker walkers[MAX_THREADS];
static struct zone heap;	/* the map is kept only while alone */
static bool is_alone;		/* a single thread: what brk() does is foretold */
static unsigned long brk_now;	/* while alone: the break */
static pthread_barrier_t barrier;
static struct account first, now;
static struct kernel_view first_kernel;
static struct kid *kids;	/* shared with the children */
static unsigned int nr_kids;
static char text[1 << 20];
static char stats_before[1 << 14];
static int fd_file, fd_memfd, fd_sealed, fd_zero, fd_exe, shm_id;
static volatile bool is_failed;
static bool is_child;

static __thread sigjmp_buf on_fault;
static __thread struct walker *volatile faulting;

static const char *const key_names[] = {
#define KEY_NAME(key, name)	[BRKW_KEY_##key] = #name,
	BRKW_KEYS(KEY_NAME)
#undef KEY_NAME
};

/* What the program can foretell; of brk, more while alone. */
static const unsigned char told_keys[] = {
	BRKW_KEY_BRK_CALLS, BRKW_KEY_BRK_FAIL_EVENTS,
	BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, BRKW_KEY_MMAP_ANON_PRIVATE_BYTES,
	BRKW_KEY_MMAP_ANON_SHARED_EVENTS, BRKW_KEY_MMAP_ANON_SHARED_BYTES,
	BRKW_KEY_MMAP_FILE_PRIVATE_EVENTS, BRKW_KEY_MMAP_FILE_PRIVATE_BYTES,
	BRKW_KEY_MMAP_FILE_SHARED_EVENTS, BRKW_KEY_MMAP_FILE_SHARED_BYTES,
	BRKW_KEY_MMAP_REPLACED_BYTES, BRKW_KEY_MMAP_FAIL_EVENTS,
	BRKW_KEY_MUNMAP_EVENTS, BRKW_KEY_MUNMAP_BYTES, BRKW_KEY_MUNMAP_FAIL_EVENTS,
	BRKW_KEY_MREMAP_GROW_EVENTS, BRKW_KEY_MREMAP_GROW_BYTES,
	BRKW_KEY_MREMAP_SHRINK_EVENTS, BRKW_KEY_MREMAP_SHRINK_BYTES,
	BRKW_KEY_MREMAP_MOVE_EVENTS, BRKW_KEY_MREMAP_FAIL_EVENTS,
	BRKW_KEY_STACK_GROW_EVENTS, BRKW_KEY_STACK_GROW_BYTES,
	BRKW_KEY_MADVISE_DONTNEED_EVENTS, BRKW_KEY_MADVISE_DONTNEED_BYTES,
	BRKW_KEY_MADVISE_FREE_EVENTS, BRKW_KEY_MADVISE_FREE_BYTES,
	BRKW_KEY_OTHER_GROW_EVENTS, BRKW_KEY_OTHER_GROW_BYTES,
	BRKW_KEY_OTHER_SHRINK_EVENTS, BRKW_KEY_OTHER_SHRINK_BYTES,
	BRKW_KEY_FAULT_ERROR_EVENTS, BRKW_KEY_MISSED_EVENTS,
};

static const unsigned char told_alone_keys[] = {
	BRKW_KEY_BRK_GROW_EVENTS, BRKW_KEY_BRK_GROW_BYTES,
	BRKW_KEY_BRK_SHRINK_EVENTS, BRKW_KEY_BRK_SHRINK_BYTES,
	BRKW_KEY_BRK_SAME_EVENTS,
};

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* xorshift64* */
static uint64_t next(struct walker *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return w->random * 0x2545f4914f6cdd1dULL;
}

static unsigned int below(struct walker *w, unsigned int n)
{
	return (next(w) >> 33) % n;
}

static bool one_in(struct walker *w, unsigned int n)
{
	return !below(w, n);
}

/* No malloc anywhere on the walk: it would move the break on its own. */
static void say(const char *format, ...)
{
	char line[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(STDOUT_FILENO, line, len) != len)
		_exit(1);
}

static void die(const char *what)
{
	say("# random_walk: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static unsigned long round_up(unsigned long n, unsigned long to)
{
	return (n + to - 1) & ~(to - 1);
}

static unsigned long addr_of(const struct zone *z, unsigned int page)
{
	return z->base + page * sz_page;
}

static void set_mapped(struct zone *z, unsigned int page, unsigned int nr, bool is_mapped)
{
	memset(z->mapped + page, is_mapped, nr);
}

static unsigned int count_mapped(const struct zone *z, unsigned int page, unsigned int nr)
{
	unsigned int n = 0;

	while (nr)
		n += z->mapped[page + --nr];
	return n;
}

static void add(struct walker *w, unsigned int key, long long n)
{
	w->tally.n[key] += n;
}

/* Keys come in pairs: how often, and how much; nothing is no event. */
static void add_pages(struct walker *w, unsigned int events_key, unsigned int nr_pages)
{
	if (!nr_pages)
		return;
	w->tally.n[events_key]++;
	w->tally.n[events_key + 1] += (long long)nr_pages * sz_page;
}

/*
 * What fails may have unmapped before. Asks the kernel which pages are left,
 * takes the others off the map; returns how many.
 */
static unsigned int resync(struct zone *z, unsigned int page, unsigned int nr)
{
	unsigned int nr_gone = 0;
	unsigned char vec;

	for (; nr; page++, nr--) {
		if (!z->mapped[page] ||
		    !mincore((void *)addr_of(z, page), sz_page, &vec) || errno != ENOMEM)
			continue;
		z->mapped[page] = false;
		nr_gone++;
	}
	return nr_gone;
}

static struct zone *pick_zone(struct walker *w)
{
	return is_alone && one_in(w, 8) ? &heap : &w->arena;
}

struct range {
	struct zone *zone;
	unsigned int page, nr;
	unsigned long addr;
	size_t sz;
};

static struct range pick_range(struct walker *w)
{
	struct range r = { .zone = pick_zone(w), .nr = 1 + below(w, NR_RANGE) };

	r.page = below(w, r.zone->nr - r.nr);
	r.addr = addr_of(r.zone, r.page);
	r.sz = r.nr * sz_page;
	return r;
}

/* brk: every outcome, refused ones too. brk(2) of glibc would hide the answer. */

static unsigned long sys_brk(unsigned long addr)
{
	return syscall(SYS_brk, addr);
}

/* Requests; 0 asks where the break is. */
static unsigned long pick_break(struct walker *w)
{
	unsigned long top = addr_of(&heap, heap.nr);

	switch (below(w, 16)) {
	case 0:
	case 1:
		return 0;
	case 2:
		return sz_page;				/* below all heaps */
	case 3:
		return ARENA_BASE + (512UL << 30);	/* above all memory */
	case 4:
		return heap.base;
	default:
		return heap.base + next(w) % (top - heap.base);
	}
}

/* The break as a page of the heap zone: the first that is not the heap's. */
static unsigned int break_page(unsigned long brk)
{
	return (round_up(brk, sz_page) - heap.base) / sz_page;
}

static void foretell_brk(struct walker *w, unsigned long request)
{
	unsigned int from = break_page(brk_now), to = break_page(request);

	if (to > from) {
		add_pages(w, BRKW_KEY_BRK_GROW_EVENTS, to - from);
		set_mapped(&heap, from, to - from, true);
	} else if (count_mapped(&heap, to, from - to)) {
		add_pages(w, BRKW_KEY_BRK_SHRINK_EVENTS, count_mapped(&heap, to, from - to));
		set_mapped(&heap, to, from - to, false);
	} else {	/* within a page; 5.10 also grants what has no page left */
		add(w, BRKW_KEY_BRK_SAME_EVENTS, 1);
	}
	brk_now = request;
}

static unsigned long do_brk(struct walker *w, unsigned long request)
{
	unsigned long ret = sys_brk(request);

	add(w, BRKW_KEY_BRK_CALLS, 1);
	if (!request)
		add(w, BRKW_KEY_BRK_SAME_EVENTS, 1);
	else if (ret != request)
		add(w, BRKW_KEY_BRK_FAIL_EVENTS, 1);
	else if (is_alone)
		foretell_brk(w, request);
	return ret;
}

static void op_brk(struct walker *w)
{
	unsigned long brk;

	do_brk(w, pick_break(w));
	if (one_in(w, 8)) {	/* a move that most likely stays within the page */
		brk = do_brk(w, 0) + below(w, 64);
		if (brk < addr_of(&heap, heap.nr))
			do_brk(w, brk);
	}
}

/* mmap */

struct source {
	int flags;
	int *fd;
	unsigned int key;
	bool is_read_only;
};

static const struct source sources[] = {
	{ MAP_PRIVATE | MAP_ANONYMOUS, NULL, BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, false },
	{ MAP_PRIVATE | MAP_ANONYMOUS, NULL, BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, false },
	{ MAP_PRIVATE | MAP_ANONYMOUS, NULL, BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, false },
	{ MAP_PRIVATE | MAP_ANONYMOUS, NULL, BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, false },
	{ MAP_SHARED | MAP_ANONYMOUS, NULL, BRKW_KEY_MMAP_ANON_SHARED_EVENTS, false },
	{ MAP_PRIVATE, &fd_file, BRKW_KEY_MMAP_FILE_PRIVATE_EVENTS, false },
	{ MAP_SHARED, &fd_file, BRKW_KEY_MMAP_FILE_SHARED_EVENTS, false },
	{ MAP_SHARED_VALIDATE, &fd_file, BRKW_KEY_MMAP_FILE_SHARED_EVENTS, false },
	{ MAP_PRIVATE, &fd_exe, BRKW_KEY_MMAP_FILE_PRIVATE_EVENTS, false },
	{ MAP_SHARED, &fd_exe, BRKW_KEY_MMAP_FILE_SHARED_EVENTS, true },
	{ MAP_PRIVATE, &fd_memfd, BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, false },
	{ MAP_SHARED, &fd_memfd, BRKW_KEY_MMAP_ANON_SHARED_EVENTS, false },
	{ MAP_PRIVATE, &fd_zero, BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, false },
	{ MAP_SHARED, &fd_zero, BRKW_KEY_MMAP_ANON_SHARED_EVENTS, false },
	/* refused by the file itself, when what was in its way may be gone */
	{ MAP_SHARED, &fd_sealed, BRKW_KEY_MMAP_ANON_SHARED_EVENTS, false },
};

static int pick_prot(struct walker *w)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC,
	};

	return prots[below(w, ARRAY_SIZE(prots))];
}

static int pick_flags(struct walker *w)
{
	static const int flags[] = {
		0, 0, 0, 0, MAP_POPULATE, MAP_NORESERVE, MAP_LOCKED,
		MAP_POPULATE | MAP_NONBLOCK, MAP_STACK,
	};

	return flags[below(w, ARRAY_SIZE(flags))];
}

/* Not in the arena: nobody else knows of it, so it goes at once. */
static void unmap_stray(struct walker *w, void *addr, unsigned int nr)
{
	if (munmap(addr, nr * sz_page))
		die("munmap");
	add_pages(w, BRKW_KEY_MUNMAP_EVENTS, nr);
}

static bool is_in(const struct zone *z, unsigned long addr)
{
	return addr >= z->base && addr < addr_of(z, z->nr);
}

/* Notes where a new mapping came to lie; what was there has gone. */
static void note_place(struct walker *w, struct zone *z, void *addr, unsigned int nr)
{
	unsigned int page = ((unsigned long)addr - z->base) / sz_page;

	if (!is_in(z, (unsigned long)addr)) {
		unmap_stray(w, addr, nr);
		return;
	}
	add(w, BRKW_KEY_MMAP_REPLACED_BYTES, count_mapped(z, page, nr) * sz_page);
	set_mapped(z, page, nr, true);
}

static void do_mmap(struct walker *w, const struct range *r, bool has_addr, int how)
{
	const struct source *src = &sources[below(w, ARRAY_SIZE(sources))];
	off_t off = src->fd ? below(w, NR_FILE) * sz_page : 0;
	int prot = pick_prot(w), flags = src->flags | pick_flags(w) | how;
	size_t sz = r->sz - below(w, sz_page);
	void *addr;

	if (src->is_read_only)
		prot &= ~PROT_WRITE;
	addr = mmap((void *)(has_addr ? r->addr : 0), sz, prot, flags,
		    src->fd ? *src->fd : -1, off);
	if (addr == MAP_FAILED) {
		add(w, BRKW_KEY_MMAP_FAIL_EVENTS, 1);
		if (how & MAP_FIXED)
			add(w, BRKW_KEY_MMAP_REPLACED_BYTES,
			    resync(r->zone, r->page, r->nr) * sz_page);
		return;
	}
	add_pages(w, src->key, r->nr);
	note_place(w, r->zone, addr, r->nr);
}

static void op_mmap_fixed(struct walker *w)
{
	struct range r = pick_range(w);

	do_mmap(w, &r, true, MAP_FIXED);
}

static void op_mmap_noreplace(struct walker *w)
{
	struct range r = pick_range(w);

	do_mmap(w, &r, true, one_in(w, 4) ? MAP_FIXED | MAP_FIXED_NOREPLACE :
					    MAP_FIXED_NOREPLACE);
}

/* Free, or with an address that is only a wish, which may lie half outside. */
static void op_mmap_free(struct walker *w)
{
	struct range r = pick_range(w);

	r.zone = &w->arena;
	r.page = below(w, r.zone->nr - NR_RANGE);
	r.addr = addr_of(r.zone, r.page);
	do_mmap(w, &r, one_in(w, 2), 0);
}

/* Requests that no kernel grants; those it refuses before do_mmap() are not counted. */
static void op_mmap_bad(struct walker *w)
{
	static const struct {
		unsigned long off_addr, sz;
		int flags;
		bool is_counted;
	} bad[] = {
		{ 0, 0, MAP_FIXED, true },
		{ 0, -1UL, 0, true },
		{ 0, 1UL << 62, MAP_NORESERVE, true },
		{ 0, 1UL << 62, MAP_FIXED | MAP_NORESERVE, true },
		{ 1, 4096, MAP_FIXED, true },
		{ 0, 4096, MAP_TYPE, true },
	};
	unsigned int i = below(w, ARRAY_SIZE(bad));
	struct range r = pick_range(w);
	void *addr;

	if (one_in(w, 6)) {	/* no such file: never reaches do_mmap() */
		if (mmap((void *)r.addr, r.sz, PROT_READ, MAP_PRIVATE | MAP_FIXED,
			 9999, 0) != MAP_FAILED)
			die("mmap of no file worked");
		return;
	}
	addr = mmap((void *)(r.addr + bad[i].off_addr), bad[i].sz, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | bad[i].flags, -1, 0);
	if (addr != MAP_FAILED)
		die("a bad mmap worked");
	add(w, BRKW_KEY_MMAP_FAIL_EVENTS, bad[i].is_counted);
}

/* Without huge pages only reservations fail, and that before do_mmap(). */
static void op_mmap_huge(struct walker *w)
{
	int flags = MAP_ANONYMOUS | MAP_HUGETLB | (one_in(w, 3) ? 0 : MAP_NORESERVE);
	bool is_shared = one_in(w, 2);
	size_t sz = sz_page * (1 + below(w, 600));
	void *addr;

	flags |= is_shared ? MAP_SHARED : MAP_PRIVATE;
	addr = mmap(NULL, sz, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (addr == MAP_FAILED) {
		w->tally.nr_slack++;
		return;
	}
	sz = round_up(sz, SZ_HUGE);
	add_pages(w, is_shared ? BRKW_KEY_MMAP_ANON_SHARED_EVENTS :
				 BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, sz / sz_page);
	unmap_stray(w, addr, sz / sz_page);
}

static void op_munmap(struct walker *w)
{
	struct range r = pick_range(w);

	if (one_in(w, 20)) {	/* refused before anything is looked up */
		if (!munmap((void *)(r.addr + 1), r.sz) || !munmap((void *)r.addr, 0))
			die("a bad munmap worked");
		return;
	}
	if (munmap((void *)r.addr, r.sz - below(w, sz_page))) {
		if (count_mapped(r.zone, r.page, r.nr))
			add(w, BRKW_KEY_MUNMAP_FAIL_EVENTS, 1);
		return;
	}
	add_pages(w, BRKW_KEY_MUNMAP_EVENTS, count_mapped(r.zone, r.page, r.nr));
	set_mapped(r.zone, r.page, r.nr, false);
}

/* mremap: from r.page, r.nr pages, to nr_new at page_new if flags say so */

struct move {
	struct range r;
	unsigned int nr_new, page_new;
	int flags;
};

static void foretell_moved(struct walker *w, const struct move *m, void *addr)
{
	bool is_kept = (m->flags & MREMAP_DONTUNMAP) || !m->r.nr;
	unsigned int nr_grown = is_kept ? m->nr_new : m->nr_new - m->r.nr;

	if (m->r.nr)
		add(w, BRKW_KEY_MREMAP_MOVE_EVENTS, 1);
	add_pages(w, BRKW_KEY_MREMAP_GROW_EVENTS, nr_grown);
	if (!is_kept)
		set_mapped(m->r.zone, m->r.page, m->r.nr, false);
	note_place(w, m->r.zone, addr, m->nr_new);
}

static void foretell_mremap(struct walker *w, struct move *m, void *addr)
{
	struct range *r = &m->r;

	if (m->nr_new < r->nr) {
		unsigned int page = r->page + m->nr_new, nr = r->nr - m->nr_new;

		add_pages(w, BRKW_KEY_MREMAP_SHRINK_EVENTS, count_mapped(r->zone, page, nr));
		set_mapped(r->zone, page, nr, false);
		r->nr = m->nr_new;
	}
	if (addr != (void *)r->addr) {
		foretell_moved(w, m, addr);
	} else if (m->nr_new > r->nr) {
		add_pages(w, BRKW_KEY_MREMAP_GROW_EVENTS, m->nr_new - r->nr);
		set_mapped(r->zone, r->page, m->nr_new, true);
	}
}

/*
 * A range that crosses mappings cannot grow, with an error of its own; nor can
 * one mapping grow over the stack of the process.
 */
static bool is_one_mapping(struct walker *w, const struct range *r)
{
	size_t sz = (1UL << 47) - 2 * sz_page - r->addr;

	if (syscall(SYS_mremap, r->addr, r->nr * sz_page, sz, 0, 0) != -1)
		die("a mapping grew over the stack");
	add(w, BRKW_KEY_MREMAP_FAIL_EVENTS, 1);
	return errno != EFAULT;
}

static void do_mremap(struct walker *w, struct move *m)
{
	struct zone *z = m->r.zone;
	void *addr;

	/*
	 * Since 6.17 several mappings may move in one call, if they keep their
	 * size: when that fails in the midst is more than can be foretold.
	 */
	if ((m->flags & MREMAP_FIXED) && m->r.nr && m->nr_new == m->r.nr &&
	    !is_one_mapping(w, &m->r))
		m->nr_new++;
	/* libc itself refuses some flags */
	addr = (void *)syscall(SYS_mremap, m->r.addr, m->r.nr * sz_page, m->nr_new * sz_page,
			       m->flags, addr_of(z, m->page_new));
	if (addr != MAP_FAILED) {
		foretell_mremap(w, m, addr);
		return;
	}
	add(w, BRKW_KEY_MREMAP_FAIL_EVENTS, 1);
	if (!(m->flags & MREMAP_FIXED))
		return;
	add(w, BRKW_KEY_MMAP_REPLACED_BYTES, resync(z, m->page_new, m->nr_new) * sz_page);
	if (m->nr_new < m->r.nr)
		add_pages(w, BRKW_KEY_MREMAP_SHRINK_EVENTS,
			  resync(z, m->r.page + m->nr_new, m->r.nr - m->nr_new));
}

static void op_mremap(struct walker *w)
{
	static const int flags[] = {
		0, MREMAP_MAYMOVE, MREMAP_MAYMOVE, MREMAP_MAYMOVE | MREMAP_FIXED,
		MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
		MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, MREMAP_FIXED, 64,
	};
	struct move m = { .r = pick_range(w) };

	m.flags = flags[below(w, ARRAY_SIZE(flags))];
	m.r.nr = 1 + below(w, 8);
	m.nr_new = 1 + below(w, NR_RANGE);
	if (one_in(w, 8))
		m.r.nr = 0;
	if (one_in(w, 4) || (m.flags & MREMAP_DONTUNMAP && !one_in(w, 4)))
		m.nr_new = m.r.nr;
	m.r.page = below(w, m.r.zone->nr - 2 * NR_RANGE);
	m.r.addr = addr_of(m.r.zone, m.r.page);
	m.page_new = below(w, m.r.zone->nr - NR_RANGE);
	do_mremap(w, &m);
}

/* A mapping just made, so that most of these succeed where ranges at random fail. */
static void op_mremap_new(struct walker *w)
{
	struct move m = { .r = pick_range(w), .flags = MREMAP_MAYMOVE };

	m.r.nr = 1 + below(w, 6);
	m.r.page = below(w, m.r.zone->nr - 2 * NR_RANGE);
	m.r.addr = addr_of(m.r.zone, m.r.page);
	m.r.sz = m.r.nr * sz_page;
	do_mmap(w, &m.r, true, MAP_FIXED);
	if (one_in(w, 2))
		m.flags |= MREMAP_FIXED;
	m.nr_new = 1 + below(w, NR_RANGE);
	if (one_in(w, 4)) {
		m.flags |= MREMAP_DONTUNMAP;
		m.nr_new = m.r.nr;
	}
	m.page_new = below(w, m.r.zone->nr - NR_RANGE);
	do_mremap(w, &m);
}

static void op_madvise(struct walker *w)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_DONTNEED, MADV_DONTNEED, MADV_FREE, MADV_FREE,
		MADV_WILLNEED, MADV_RANDOM, MADV_COLD, MADV_PAGEOUT, MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_DONTDUMP,
		MADV_REMOVE, MADV_POPULATE_READ, MADV_POPULATE_WRITE, 12345,
	};
	int advice = advices[below(w, ARRAY_SIZE(advices))];
	struct range r = pick_range(w);

	if (one_in(w, 2))
		r.nr = 1;
	if (one_in(w, 10))
		r.addr++;	/* refused */
	if (madvise((void *)r.addr, r.nr * sz_page, advice))
		return;
	if (advice == MADV_DONTNEED)
		add_pages(w, BRKW_KEY_MADVISE_DONTNEED_EVENTS, r.nr);
	if (advice == MADV_FREE)
		add_pages(w, BRKW_KEY_MADVISE_FREE_EVENTS, r.nr);
}

static void op_mprotect(struct walker *w)
{
	struct range r = pick_range(w);

	mprotect((void *)r.addr, r.sz, pick_prot(w));
}

/* touches */

static void handle_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	if (!faulting || info->si_code <= 0) {
		say("# random_walk: a signal %d at %p that nobody expects\n", sig,
		    info->si_addr);
		_exit(1);
	}
	siglongjmp(on_fault, 1);
}

/* Returns false if there is nothing, or nothing that may be touched so. */
static bool touch(struct walker *w, unsigned long addr, bool is_write)
{
	volatile char *p = (void *)addr;
	bool is_done = false;

	if (!sigsetjmp(on_fault, 0)) {
		faulting = w;
		if (is_write)
			*p = addr;
		else
			(void)*p;
		is_done = true;
	} else {
		add(w, BRKW_KEY_FAULT_ERROR_EVENTS, 1);
	}
	faulting = NULL;
	return is_done;
}

static void op_touch(struct walker *w)
{
	struct range r = pick_range(w);
	unsigned int i;

	for (i = 0; i < r.nr; i += 1 + below(w, 8))
		touch(w, r.addr + i * sz_page + below(w, sz_page), one_in(w, 2));
}

/* Somebody else's arena: a fault against an unmapping. */
static void op_touch_other(struct walker *w)
{
	unsigned int nr = below(w, options.nr_threads);

	touch(w, addr_of(&walkers[nr].arena, below(w, NR_ARENA)), one_in(w, 2));
	if (one_in(w, 4))
		touch(w, heap.base + below(w, NR_HEAP) * sz_page, one_in(w, 2));
}

/* The kernel touches for us, and gets errors instead of signals. */
static void op_kernel_touch(struct walker *w)
{
	struct range r = pick_range(w);
	struct iovec local = { w->buf, sizeof(w->buf) };
	struct iovec remote = { (void *)r.addr, sizeof(w->buf) };
	ssize_t ret = 0;

	switch (below(w, 4)) {
	case 0:
		ret = pread(fd_zero, (void *)r.addr, sizeof(w->buf), 0);
		break;
	case 1:
		ret = pread(fd_exe, (void *)r.addr, sizeof(w->buf), 0);
		break;
	case 2:
		ret = process_vm_readv(one_in(w, 2) ? getpid() : getppid(), &local, 1,
				       &remote, 1, 0);
		break;
	case 3:
		ret = process_vm_writev(getpid(), &local, 1, &remote, 1, 0);
		break;
	}
	(void)ret;	/* unmapped pages are part of the walk */
}

/* A mapping that grows down, in a place of its own: only its owner touches it. */
static void op_stack(struct walker *w)
{
	unsigned long old = w->stack_start, addr;
	unsigned int nr;

	if (!old) {
		addr = w->stack_top - NR_STACK * sz_page;
		if (mmap((void *)addr, NR_STACK * sz_page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED,
			 -1, 0) == MAP_FAILED) {
			add(w, BRKW_KEY_MMAP_FAIL_EVENTS, 1);
			return;
		}
		add_pages(w, BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, NR_STACK);
		w->stack_start = addr;
	} else if (one_in(w, 6)) {
		nr = (w->stack_top - old) / sz_page;
		unmap_stray(w, (void *)old, nr);
		w->stack_start = 0;
	} else {
		nr = below(w, MAX_STACK);
		addr = w->stack_top - (nr + 1) * sz_page;
		if (touch(w, addr, one_in(w, 2)) && addr < old) {
			add_pages(w, BRKW_KEY_STACK_GROW_EVENTS, (old - addr) / sz_page);
			w->stack_start = addr;
		}
	}
}

static void op_shm(struct walker *w)
{
	struct range r = pick_range(w);
	bool is_fixed = one_in(w, 2);
	void *addr;

	r.nr = NR_SHM;
	addr = shmat(shm_id, is_fixed ? (void *)r.addr : NULL, is_fixed ? SHM_REMAP : 0);
	if (addr == (void *)-1) {
		add(w, BRKW_KEY_MMAP_FAIL_EVENTS, 1);
		if (is_fixed)
			add(w, BRKW_KEY_MMAP_REPLACED_BYTES,
			    resync(r.zone, r.page, r.nr) * sz_page);
		return;
	}
	add_pages(w, BRKW_KEY_MMAP_ANON_SHARED_EVENTS, NR_SHM);
	if (is_fixed) {
		note_place(w, r.zone, addr, NR_SHM);
		return;
	}
	if (shmdt(addr))
		die("shmdt");
	add_pages(w, BRKW_KEY_MUNMAP_EVENTS, NR_SHM);
}

static void set_limit(int resource, rlim_t limit)
{
	struct rlimit rl;

	if (getrlimit(resource, &rl))
		die("getrlimit");
	rl.rlim_cur = limit < rl.rlim_max ? limit : rl.rlim_max;
	if (setrlimit(resource, &rl))
		die("setrlimit");
}

/* For a while nothing may grow: the process has more than this already. */
static void op_limit(struct walker *w)
{
	static const int resources[] = { RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK };

	set_limit(resources[below(w, ARRAY_SIZE(resources))], 64 << 10);
	w->nr_limited = 1 + below(w, 12);
}

/* the account, and what the kernel says besides */

/* Reads into a buffer that has been touched, without allocating. */
static size_t slurp(const char *path, char *buf, size_t sz)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	while (len < sz - 1 && (n = read(fd, buf + len, sz - 1 - len)) > 0)
		len += n;
	close(fd);
	buf[len] = '\0';
	return len;
}

static int key_of(const char *name, size_t len)
{
	static unsigned int guess;	/* they come in order */
	unsigned int i;

	for (i = 0; i < BRKW_NR_KEYS; i++, guess++) {
		guess %= BRKW_NR_KEYS;
		if (strlen(key_names[guess]) == len && !memcmp(key_names[guess], name, len))
			return guess++;
	}
	return -1;
}

/* One line "key value"; returns what follows it. */
static char *parse_line(char *line, struct account *acct)
{
	char *space = strchr(line, ' '), *end = strchr(line, '\n');
	int key;

	if (!end || !space || space > end)
		return end ? end + 1 : NULL;
	*end = '\0';
	key = key_of(line, space - line);
	if (key >= 0) {
		acct->is_unknown[key] = !strcmp(space + 1, BRKW_UNKNOWN);
		acct->value[key] = atoll(space + 1);
	} else if (!strncmp(line, "state ", 6)) {
		snprintf(acct->state, sizeof(acct->state), "%s", space + 1);
	} else if (!strncmp(line, "pid ", 4)) {
		acct->pid = atoi(space + 1);
	}
	return end + 1;
}

/* One account; returns what follows the empty line behind it, NULL at the end. */
static char *parse_account(char *from, struct account *acct)
{
	memset(acct, 0, sizeof(*acct));
	while (from && *from && *from != '\n')
		from = parse_line(from, acct);
	return from && *from ? from + 1 : NULL;
}

/* Field number nr of /proc/self/stat, from 3 on: behind the name. */
static const char *stat_field(const char *stat, unsigned int nr)
{
	const char *p = strrchr(stat, ')');
	unsigned int i;

	for (i = 2; p && i < nr; i++)
		p = strchr(p + 1, ' ');
	return p ?: "";
}

static void read_kernel(struct kernel_view *view)
{
	char buf[4096], *p;
	size_t len, i;

	memset(view, 0, sizeof(*view));
	slurp("/proc/self/status", buf, sizeof(buf));
	p = strstr(buf, "VmSize:");
	view->vm_bytes = p ? atoll(p + 7) << 10 : -1;
	len = slurp("/proc/self/maps", text, sizeof(text));
	for (i = 0; i < len; i++)
		view->nr_vmas += text[i] == '\n';
	if (strstr(text, "[vsyscall]"))
		view->nr_vmas--;	/* is no VMA */
	slurp("/proc/self/stat", buf, sizeof(buf));
	view->minflt = atoll(stat_field(buf, 10));
	view->majflt = atoll(stat_field(buf, 12));
	view->start_brk = atoll(stat_field(buf, 47));
}

static bool read_account(struct account *acct)
{
	char path[64];

	snprintf(path, sizeof(path), FOLDER "/%d", getpid());
	if (!slurp(path, text, sizeof(text)))
		return false;
	parse_account(text, acct);
	return true;
}

/*
 * The account between two looks at the kernel's numbers that agree: to look is
 * to fault, the first time. A new process' file may come late.
 */
static void read_both(struct account *acct, struct kernel_view *view)
{
	struct kernel_view after;
	unsigned int i;

	for (i = 0; i < 400; i++) {
		read_kernel(view);
		if (!read_account(acct)) {
			usleep(5000);
			continue;
		}
		read_kernel(&after);
		if (!memcmp(view, &after, sizeof(after)))
			return;
	}
	say("seed %llu failed: no account of %d that stands still\n",
	    (unsigned long long)options.seed, getpid());
	_exit(1);
}

/* the checks; "what" is where they are made */

static void expect(const char *what, const char *name, long long expected, long long got)
{
	if (expected == got)
		return;
	is_failed = true;
	say("seed %llu failed at %s: %s expected %lld got %lld\n",
	    (unsigned long long)options.seed, what, name, expected, got);
}

static long long sum_of(const struct account *acct, const unsigned char *keys, size_t nr)
{
	long long sum = 0;

	while (nr)
		sum += acct->value[keys[--nr]];
	return sum;
}

static void check_sum(const char *what, const struct account *acct, unsigned int key,
		      const unsigned char *keys, size_t nr)
{
	if (!acct->is_unknown[key])
		expect(what, key_names[key], sum_of(acct, keys, nr), acct->value[key]);
}

static const unsigned char grown_keys[] = {
	BRKW_KEY_BRK_GROW_BYTES, BRKW_KEY_MMAP_ANON_PRIVATE_BYTES,
	BRKW_KEY_MMAP_ANON_SHARED_BYTES, BRKW_KEY_MMAP_FILE_PRIVATE_BYTES,
	BRKW_KEY_MMAP_FILE_SHARED_BYTES, BRKW_KEY_MREMAP_GROW_BYTES,
	BRKW_KEY_STACK_GROW_BYTES, BRKW_KEY_OTHER_GROW_BYTES,
};

static const unsigned char shrunk_keys[] = {
	BRKW_KEY_BRK_SHRINK_BYTES, BRKW_KEY_MUNMAP_BYTES, BRKW_KEY_MMAP_REPLACED_BYTES,
	BRKW_KEY_MREMAP_SHRINK_BYTES, BRKW_KEY_OTHER_SHRINK_BYTES,
};

static const unsigned char brk_keys[] = {
	BRKW_KEY_BRK_GROW_EVENTS, BRKW_KEY_BRK_SHRINK_EVENTS,
	BRKW_KEY_BRK_SAME_EVENTS, BRKW_KEY_BRK_FAIL_EVENTS,
};

static const unsigned char minor_keys[] = {
	BRKW_KEY_FAULT_HEAP_MINOR, BRKW_KEY_FAULT_STACK_MINOR, BRKW_KEY_FAULT_ANON_MINOR,
	BRKW_KEY_FAULT_FILE_MINOR, BRKW_KEY_FAULT_SHARED_MINOR,
	BRKW_KEY_FAULT_OTHER_MINOR, BRKW_KEY_FAULT_REMOTE_MINOR,
};

static const unsigned char major_keys[] = {
	BRKW_KEY_FAULT_HEAP_MAJOR, BRKW_KEY_FAULT_STACK_MAJOR, BRKW_KEY_FAULT_ANON_MAJOR,
	BRKW_KEY_FAULT_FILE_MAJOR, BRKW_KEY_FAULT_SHARED_MAJOR,
	BRKW_KEY_FAULT_OTHER_MAJOR, BRKW_KEY_FAULT_REMOTE_MAJOR,
};

/* What must hold in every account, whoever it belongs to. */
static void check_rules(const char *what, const struct account *acct)
{
	const long long *value = acct->value;
	unsigned int key;

	for (key = 0; key < BRKW_NR_KEYS; key++)
		if (value[key] < 0)
			expect(what, key_names[key], 0, value[key]);
	check_sum(what, acct, BRKW_KEY_VM_GROWN_BYTES, grown_keys, ARRAY_SIZE(grown_keys));
	check_sum(what, acct, BRKW_KEY_VM_SHRUNK_BYTES, shrunk_keys, ARRAY_SIZE(shrunk_keys));
	check_sum(what, acct, BRKW_KEY_BRK_CALLS, brk_keys, ARRAY_SIZE(brk_keys));
	check_sum(what, acct, BRKW_KEY_FAULT_MINOR, minor_keys, ARRAY_SIZE(minor_keys));
	check_sum(what, acct, BRKW_KEY_FAULT_MAJOR, major_keys, ARRAY_SIZE(major_keys));
	expect(what, "start + grown - shrunk", value[BRKW_KEY_VM_BYTES],
	       value[BRKW_KEY_VM_START_BYTES] + value[BRKW_KEY_VM_GROWN_BYTES] -
	       value[BRKW_KEY_VM_SHRUNK_BYTES]);
	expect(what, "vm_unaccounted_bytes", 0, value[BRKW_KEY_VM_UNACCOUNTED_BYTES]);
	expect(what, "fault_unattributed", 0, value[BRKW_KEY_FAULT_UNATTRIBUTED]);
	expect(what, "missed_events", 0, value[BRKW_KEY_MISSED_EVENTS]);
}

static void check_told(const char *what, const struct account *acct,
		       const struct account *from, const struct tally *sum,
		       const unsigned char *keys, size_t nr)
{
	long long expected, got;

	for (; nr; nr--, keys++) {
		if (acct->is_unknown[*keys])
			continue;
		expected = sum->n[*keys];
		got = acct->value[*keys] - from->value[*keys];
		if (*keys == BRKW_KEY_MMAP_FAIL_EVENTS && got > expected &&
		    got <= expected + sum->nr_slack)
			continue;
		expect(what, key_names[*keys], expected, got);
	}
}

/* While several threads race, only what is left of it can be told. */
static void check_brk_bytes(const char *what, unsigned long brk)
{
	const long long *value = now.value, *was = first.value;
	long long net = value[BRKW_KEY_BRK_GROW_BYTES] - was[BRKW_KEY_BRK_GROW_BYTES] -
			value[BRKW_KEY_BRK_SHRINK_BYTES] + was[BRKW_KEY_BRK_SHRINK_BYTES];

	if (!now.is_unknown[BRKW_KEY_BRK_GROW_BYTES])
		expect(what, "brk_grow_bytes - brk_shrink_bytes",
		       round_up(brk, sz_page) - heap.base, net);
}

static void add_tally(struct tally *sum, const struct tally *tally)
{
	unsigned int key;

	for (key = 0; key < BRKW_NR_KEYS; key++)
		sum->n[key] += tally->n[key];
	sum->nr_slack += tally->nr_slack;
}

static void check_live(const char *what, struct walker *w, unsigned int nr)
{
	unsigned long brk = do_brk(&w[0], 0);
	struct kernel_view kernel;
	struct tally sum = { };
	unsigned int i;

	read_both(&now, &kernel);
	for (i = 0; i < nr; i++)
		add_tally(&sum, &w[i].tally);
	check_rules(what, &now);
	check_told(what, &now, &first, &sum, told_keys, ARRAY_SIZE(told_keys));
	if (is_alone)
		check_told(what, &now, &first, &sum, told_alone_keys,
			   ARRAY_SIZE(told_alone_keys));
	else
		check_brk_bytes(what, brk);
	expect(what, "vm_bytes", kernel.vm_bytes, now.value[BRKW_KEY_VM_BYTES]);
	expect(what, "vma_count", kernel.nr_vmas, now.value[BRKW_KEY_VMA_COUNT]);
	expect(what, "brk_bytes", brk - kernel.start_brk, now.value[BRKW_KEY_BRK_BYTES]);
	expect(what, "fault_minor", kernel.minflt - first_kernel.minflt,
	       now.value[BRKW_KEY_FAULT_MINOR] - first.value[BRKW_KEY_FAULT_MINOR]);
	expect(what, "fault_major", kernel.majflt - first_kernel.majflt,
	       now.value[BRKW_KEY_FAULT_MAJOR] - first.value[BRKW_KEY_FAULT_MAJOR]);
}

static void check_kid(const char *what, const struct account *acct)
{
	static const struct account none;
	unsigned int i;

	for (i = 0; i < NR_KIDS; i++) {
		if (kids[i].pid != acct->pid || strcmp(acct->state, "exited"))
			continue;
		check_told(what, acct, &none, &kids[i].tally, told_keys,
			   ARRAY_SIZE(told_keys));
		check_told(what, acct, &none, &kids[i].tally, told_alone_keys,
			   ARRAY_SIZE(told_alone_keys));
		kids[i].pid = 0;
	}
}

/* All accounts that have ended; children that have walked must be among them. */
static void check_ended(const char *what)
{
	unsigned int nr = 0, i;
	char *at = text;

	slurp(FOLDER "/" BRKW_FILE_ENDED, text, sizeof(text));
	while (at && *at) {
		at = parse_account(at, &now);
		check_rules(what, &now);
		check_kid(what, &now);
		nr++;
	}
	for (i = 0; i < NR_KIDS; i++) {
		if (kids[i].pid && nr < 64)	/* none has been dropped for newer ones */
			expect(what, "an ended account of child", kids[i].pid, 0);
		kids[i].pid = 0;
	}
}

static long long stat_in(const char *stats, const char *name)
{
	char line[64];
	const char *at;

	snprintf(line, sizeof(line), "\n%s ", name);
	at = strstr(stats, line);
	return at ? atoll(at + strlen(line)) : -1;
}

/* What was lost before is not ours: others may have left who borrowed from them. */
static void check_stats(const char *what)
{
	static const char *const names[] = {
		"events_mismatched", "drop_no_account", "drop_no_thread", "drop_account_pool",
		"drop_thread_pool", "events_dropped",
	};
	long long before;
	unsigned int i;

	slurp(FOLDER "/" BRKW_FILE_STATS, text, sizeof(text));
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		before = stat_in(stats_before, names[i]);
		expect(what, names[i], before < 0 ? 0 : before, stat_in(text, names[i]));
	}
}

/* children */

static void step(struct walker *w);

static void reset_limits(void)
{
	set_limit(RLIMIT_AS, RLIM_INFINITY);
	set_limit(RLIMIT_DATA, RLIM_INFINITY);
	set_limit(RLIMIT_STACK, 8 << 20);
}

static void exec_true(void)
{
	reset_limits();
	execl("/bin/true", "true", NULL);
	_exit(127);
}

/*
 * fork() copies the break before it takes the lock under which it copies the
 * mappings: where the parent's threads race, the two may not fit each other.
 */
static void look_at_heap(struct walker *w)
{
	unsigned char vec;
	unsigned int i;

	brk_now = do_brk(w, 0);
	for (i = 0; i < heap.nr; i++)
		heap.mapped[i] = !mincore((void *)addr_of(&heap, i), sz_page, &vec);
}

/* A child starts with an account of its own, and as a single thread. */
static void become_child(struct walker *w)
{
	memset(&w->tally, 0, sizeof(w->tally));
	memset(&first, 0, sizeof(first));
	memset(&first_kernel, 0, sizeof(first_kernel));
	is_child = true;
	if (!is_alone)
		look_at_heap(w);
	is_alone = true;
}

static void walk_child(struct walker *w, struct kid *kid)
{
	unsigned int nr_ops;
	char what[64];

	become_child(w);
	for (nr_ops = below(w, 40); nr_ops; nr_ops--)
		step(w);
	if (one_in(w, 4)) {
		snprintf(what, sizeof(what), "op %u, in a child", w->op);
		check_live(what, w, 1);
	}
	if (one_in(w, 4))
		exec_true();
	kid->tally = w->tally;
	kid->has_walked = true;
	_exit(is_failed);
}

static void await(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		is_failed = true;
		say("# a child ended with status %#x\n", status);
	}
}

static void op_fork(struct walker *w)
{
	struct kid *kid = &kids[__atomic_fetch_add(&nr_kids, 1, __ATOMIC_RELAXED) % NR_KIDS];
	uint64_t seed = next(w);
	pid_t pid;

	if (is_child)
		return;
	kid->pid = 0;
	kid->has_walked = false;
	pid = fork();
	if (!pid) {
		w->random = seed;
		walk_child(w, kid);
	}
	if (pid < 0)
		return;
	await(pid);
	if (kid->has_walked)	/* and has not gone on as another program */
		kid->pid = pid;
}

/* What a child does to a borrowed address space, it does to ours. */
static int borrow(void *arg)
{
	struct walker *w = arg;
	unsigned int i;

	for (i = below(w, 4); i; i--) {
		op_mmap_free(w);
		op_munmap(w);
		op_brk(w);
	}
	if (one_in(w, 2))
		exec_true();
	_exit(0);
}

static void op_borrow(struct walker *w)
{
	pid_t pid;

	if (one_in(w, 2)) {
		pid = vfork();
		if (!pid)
			borrow(w);
	} else {
		pid = clone(borrow, w->child_stack + sizeof(w->child_stack),
			    CLONE_VM | SIGCHLD, w);
	}
	if (pid > 0)
		await(pid);
}

/* the walk */

static const struct {
	void (*run)(struct walker *w);
	unsigned int weight;
} ops[] = {
	{ op_brk, 150 }, { op_mmap_fixed, 110 }, { op_mmap_noreplace, 30 },
	{ op_mmap_free, 50 }, { op_mmap_bad, 20 }, { op_mmap_huge, 10 },
	{ op_munmap, 130 }, { op_mremap, 80 }, { op_mremap_new, 50 },
	{ op_madvise, 60 }, { op_mprotect, 60 }, { op_touch, 110 },
	{ op_touch_other, 40 }, { op_kernel_touch, 30 }, { op_stack, 30 },
	{ op_shm, 20 }, { op_limit, 8 }, { op_fork, 5 }, { op_borrow, 4 },
};

static void step(struct walker *w)
{
	static unsigned int sum;
	unsigned int i, at;

	if (!sum)
		for (at = 0, i = 0; i < ARRAY_SIZE(ops); i++)
			sum += ops[i].weight;
	at = below(w, sum);
	for (i = 0; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	ops[i].run(w);
	if (w->nr_limited && !--w->nr_limited)
		reset_limits();
	w->op++;
}

static void check_pause(unsigned int pause)
{
	char what[64];

	if (!pause) {
		read_both(&first, &first_kernel);
		return;
	}
	snprintf(what, sizeof(what), "op %u", pause * (options.nr_ops / options.nr_pauses));
	check_live(what, walkers, options.nr_threads);
	check_ended(what);
	check_stats(what);
	if (is_failed)
		_exit(1);
}

static void walk(struct walker *w)
{
	unsigned int i;

	for (i = 0; i < options.nr_ops / options.nr_pauses; i++)
		step(w);
}

static void *run_walker(void *arg)
{
	unsigned int pause;

	for (pause = 0; ; pause++) {
		pthread_barrier_wait(&barrier);	/* all stand still */
		pthread_barrier_wait(&barrier);	/* the checks are done */
		walk(arg);
	}
	return NULL;
}

static void run_threads(void)
{
	unsigned int i, pause;
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, options.nr_threads + 1);
	for (i = 0; i < options.nr_threads; i++)
		if (pthread_create(&thread, NULL, run_walker, &walkers[i]))
			die("pthread_create");
	for (pause = 0; pause <= options.nr_pauses; pause++) {
		pthread_barrier_wait(&barrier);
		check_pause(pause);
		pthread_barrier_wait(&barrier);
	}
}

static void run_alone(void)
{
	unsigned int pause;

	for (pause = 0; pause <= options.nr_pauses; pause++) {
		if (pause)
			walk(&walkers[0]);
		check_pause(pause);
		if (options.has_stops && (!pause || pause == options.nr_pauses))
			raise(SIGSTOP);	/* somebody else wants to look, too */
	}
}

static int make_file(int fd)
{
	if (fd < 0 || ftruncate(fd, NR_FILE * sz_page))
		die("a file to map");
	return fd;
}

static void open_files(void)
{
	char path[] = "/tmp/random_walk.XXXXXX";

	fd_file = make_file(mkstemp(path));
	unlink(path);
	fd_memfd = make_file(memfd_create("random_walk", 0));
	fd_sealed = make_file(memfd_create("sealed", MFD_ALLOW_SEALING));
	fcntl(fd_sealed, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);
	fd_zero = open("/dev/zero", O_RDWR);
	fd_exe = open("/proc/self/exe", O_RDONLY);
	shm_id = shmget(IPC_PRIVATE, NR_SHM * sz_page, IPC_CREAT | 0600);
	if (fd_zero < 0 || fd_exe < 0 || shm_id < 0 || shmat(shm_id, NULL, 0) == (void *)-1)
		die("things to map");
	shmctl(shm_id, IPC_RMID, NULL);	/* goes with the last who has it */
	kids = mmap(NULL, NR_KIDS * sizeof(*kids), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (kids == MAP_FAILED)
		die("mmap");
}

static void init_walkers(void)
{
	void *volatile block = malloc(1);
	unsigned int i;

	free(block);	/* so libc has its part of the heap, for threads too */
	for (i = 0; i < options.nr_threads; i++) {
		walkers[i].nr = i;
		walkers[i].random = (options.seed * MAX_THREADS + i + 1) * 0x9e3779b97f4a7c15ULL;
		walkers[i].arena.base = ARENA_BASE + i * ARENA_STEP;
		walkers[i].arena.nr = NR_ARENA;
		walkers[i].stack_top = walkers[i].arena.base + ARENA_STEP / 2;
	}
	heap.base = round_up(sys_brk(0), sz_page);
	heap.nr = NR_HEAP;
	brk_now = sys_brk(heap.base);
	if (brk_now != heap.base)
		die("brk");
}

/* What the walk itself needs is there and touched before it begins. */
static void touch_all(void)
{
	char deep[256 << 10];

	memset(deep, 1, sizeof(deep));
	memset(text, 1, sizeof(text));
	__asm__ volatile("" : : "r"(deep) : "memory");
}

static int run_seed(void)
{
	struct sigaction sa = { .sa_sigaction = handle_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	if (!options.has_threads && options.seed % 4 == 0)
		options.nr_threads = 1;
	is_alone = options.nr_threads == 1;
	say("# seed %llu: %u threads, %u operations each\n",
	    (unsigned long long)options.seed, options.nr_threads, options.nr_ops);
	slurp(FOLDER "/" BRKW_FILE_STATS, stats_before, sizeof(stats_before));
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	reset_limits();
	open_files();
	init_walkers();
	touch_all();
	if (is_alone)
		run_alone();
	else
		run_threads();
	_exit(0);
}

/* many seeds, each in a process of its own */

static unsigned int nr_tests, nr_bad;

static void test_seed(const char *seed, const char *threads, const char *nr_ops)
{
	const char *args[12] = { "random_walk", "--seed", seed, "--ops", nr_ops, "--pauses" };
	char nr_pauses[16];
	struct timespec from, to;
	int status, i = 6;
	pid_t pid;

	snprintf(nr_pauses, sizeof(nr_pauses), "%u", options.nr_pauses);
	args[i++] = nr_pauses;
	if (threads) {
		args[i++] = "--threads";
		args[i++] = threads;
	}
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &from);
	pid = fork();
	if (!pid) {
		execv("/proc/self/exe", (char **)args);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork");
	clock_gettime(CLOCK_MONOTONIC, &to);
	nr_bad += !!status;
	printf("%sok %u seed %s # %lld ms\n", status ? "not " : "", ++nr_tests, seed,
	       (to.tv_sec - from.tv_sec) * 1000LL + (to.tv_nsec - from.tv_nsec) / 1000000);
	fflush(stdout);
}

/* Seeds that have found something once: "SEED THREADS OPS  # what". */
static void test_old_seeds(void)
{
	char line[256], seed[32], threads[32], nr_ops[32], path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 16);
	FILE *file;

	if (len < 0)
		return;
	path[len] = '\0';
	strcpy(strrchr(path, '/') + 1, "regress_seeds");
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (line[0] != '#' &&
		    sscanf(line, "%31s %31s %31s", seed, threads, nr_ops) == 3)
			test_seed(seed, threads, nr_ops);
	if (file)
		fclose(file);
}

static int run_seeds(const char *range)
{
	unsigned long from, to, i;
	char seed[32], threads[16], nr_ops[16];

	if (sscanf(range, "%lu..%lu", &from, &to) != 2)
		return 2;
	snprintf(threads, sizeof(threads), "%u", options.nr_threads);
	snprintf(nr_ops, sizeof(nr_ops), "%u", options.nr_ops);
	puts("TAP version 13");
	test_old_seeds();
	for (i = from; i <= to; i++) {
		snprintf(seed, sizeof(seed), "%lu", i);
		test_seed(seed, options.has_threads ? threads : NULL, nr_ops);
	}
	printf("1..%u\n", nr_tests);
	return nr_bad ? 1 : 0;
}

static int usage(void)
{
	fputs("usage: random_walk [--seed N | --seeds FROM..TO] [--threads N] [--ops N] [--pauses N]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const char *range = "1..20";
	int i;

	sz_page = sysconf(_SC_PAGESIZE);
	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--seed")) {
			options.seed = strtoull(argv[i + 1], NULL, 10);
			range = NULL;
		} else if (!strcmp(argv[i], "--seeds")) {
			range = argv[i + 1];
		} else if (!strcmp(argv[i], "--threads")) {
			options.nr_threads = atoi(argv[i + 1]);
			options.has_threads = options.nr_threads;
		} else if (!strcmp(argv[i], "--ops")) {
			options.nr_ops = atoi(argv[i + 1]);
		} else if (!strcmp(argv[i], "--stop")) {
			options.has_stops = atoi(argv[i + 1]);
		} else if (!strcmp(argv[i], "--pauses")) {
			options.nr_pauses = atoi(argv[i + 1]);
		} else {
			return usage();
		}
	}
	if (!options.nr_threads)
		options.nr_threads = 4;
	if (i != argc || options.nr_threads > MAX_THREADS || !options.nr_pauses)
		return usage();
	if (access(FOLDER "/" BRKW_FILE_STATS, R_OK)) {
		puts("TAP version 13\n1..0 # SKIP brkwatch is not loaded, or not root");
		return EXIT_SKIP;
	}
	return range ? run_seeds(range) : run_seed();
}
