// SPDX-License-Identifier: GPL-2.0
/*
 * Loads one of the BPF peers, says "ready" when it counts, stays until SIGTERM,
 * and then shows that it counts.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "peer.h"
#include "peer_fexit.skel.h"
#include "peer_leanest.skel.h"

#define NR_STEPS	100
#define SZ_PAGE		4096

static void wait_for_end(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	puts("ready");
	fflush(stdout);
	sigwait(&set, &sig);
}

/* Known work of our own: who is not seen to do it was not watched. */
static void do_some(void)
{
	char *base = sbrk(0), *page;
	int i;

	for (i = 0; i < NR_STEPS; i++) {
		if (syscall(SYS_brk, base + SZ_PAGE) < 0 || syscall(SYS_brk, base) < 0)
			return;
		page = mmap(NULL, SZ_PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED)
			return;
		*(volatile char *)page = 1;
		munmap(page, SZ_PAGE);
	}
}

static bool print_fexit(int fd, __u32 pid)
{
	struct peer_account acct;

	if (bpf_map_lookup_elem(fd, &pid, &acct))
		return false;
	printf("brk %llu grown %llu shrunk, mmap %llu, munmap %llu, faults %llu minor %llu major\n",
	       acct.brk_grow_events, acct.brk_shrink_events, acct.mmap_events,
	       acct.munmap_events, acct.fault_minor, acct.fault_major);
	return acct.brk_grow_events >= NR_STEPS && acct.brk_shrink_events >= NR_STEPS &&
	       acct.mmap_events >= NR_STEPS && acct.munmap_events >= NR_STEPS &&
	       acct.fault_minor >= NR_STEPS;
}

static bool print_leanest(int fd, __u32 pid)
{
	struct peer_net net;

	if (bpf_map_lookup_elem(fd, &pid, &net))
		return false;
	printf("changes %llu, net %lld pages, faults %llu\n", net.changes, net.net_pages,
	       net.faults);
	return net.changes >= 4 * NR_STEPS && net.faults >= NR_STEPS;
}

/* Watches until told to end. */
static int watch(int fd, bool (*print)(int fd, __u32 pid))
{
	bool has_seen;

	wait_for_end();
	do_some();
	has_seen = print(fd, getpid());
	puts(has_seen ? "saw it" : "saw nothing");
	return has_seen ? 0 : 1;
}

static int run_fexit(void)
{
	struct peer_fexit_bpf *skel = peer_fexit_bpf__open_and_load();
	int err;

	if (!skel || peer_fexit_bpf__attach(skel)) {
		peer_fexit_bpf__destroy(skel);
		return 1;
	}
	err = watch(bpf_map__fd(skel->maps.accounts), print_fexit);
	peer_fexit_bpf__destroy(skel);
	return err;
}

static int run_leanest(void)
{
	struct peer_leanest_bpf *skel = peer_leanest_bpf__open_and_load();
	int err;

	if (!skel || peer_leanest_bpf__attach(skel)) {
		peer_leanest_bpf__destroy(skel);
		return 1;
	}
	err = watch(bpf_map__fd(skel->maps.accounts), print_leanest);
	peer_leanest_bpf__destroy(skel);
	return err;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "fexit"))
		return run_fexit();
	if (argc == 2 && !strcmp(argv[1], "leanest"))
		return run_leanest();
	fputs("usage: peer fexit|leanest\n", stderr);
	return 2;
}
