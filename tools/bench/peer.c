// SPDX-License-Identifier: GPL-2.0
/*
 * Loads one of the BPF peers, says "ready" when it counts, stays until SIGTERM,
 * and then prints what it counted.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "peer.h"
#include "peer_fexit.skel.h"
#include "peer_leanest.skel.h"

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

static void print_account(__u32 pid, const struct peer_account *acct)
{
	printf("%u brk %llu/%llu/%llu/%llu mmap %llu/%llu munmap %llu/%llu fault %llu/%llu/%llu\n",
	       pid, acct->brk_grow_events, acct->brk_shrink_events, acct->brk_same_events,
	       acct->brk_fail_events, acct->mmap_events, acct->mmap_fail_events,
	       acct->munmap_events, acct->munmap_fail_events, acct->fault_minor,
	       acct->fault_major, acct->fault_error_events);
}

static void print_net(__u32 pid, const struct peer_net *net)
{
	printf("%u changes %llu net %lld faults %llu\n", pid, net->changes, net->net_pages,
	       net->faults);
}

static void print_map(int fd, bool is_net)
{
	union {
		struct peer_account acct;
		struct peer_net net;
	} value;
	__u32 pid, *last = NULL;

	while (!bpf_map_get_next_key(fd, last, &pid)) {
		last = &pid;
		if (bpf_map_lookup_elem(fd, &pid, &value))
			continue;
		if (is_net)
			print_net(pid, &value.net);
		else
			print_account(pid, &value.acct);
	}
}

static int run_fexit(void)
{
	struct peer_fexit_bpf *skel = peer_fexit_bpf__open_and_load();

	if (!skel || peer_fexit_bpf__attach(skel)) {
		peer_fexit_bpf__destroy(skel);
		return 1;
	}
	wait_for_end();
	print_map(bpf_map__fd(skel->maps.accounts), false);
	peer_fexit_bpf__destroy(skel);
	return 0;
}

static int run_leanest(void)
{
	struct peer_leanest_bpf *skel = peer_leanest_bpf__open_and_load();

	if (!skel || peer_leanest_bpf__attach(skel)) {
		peer_leanest_bpf__destroy(skel);
		return 1;
	}
	wait_for_end();
	print_map(bpf_map__fd(skel->maps.accounts), true);
	peer_leanest_bpf__destroy(skel);
	return 0;
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
