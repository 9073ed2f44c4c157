// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/record_bpf.h"
#include "record.skel.h"
#include "recording.h"
#include "tracer.h"
#include "why.h"

struct brkw_tracer {
	struct record_bpf *skel;
	struct ring_buffer *ring;
	void (*take)(void *arg, const struct brkw_raw_event *event, size_t sz);
	void *arg;
};

static int be_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int take_one(void *arg, void *data, size_t sz)
{
	const struct brkw_tracer *tracer = arg;

	tracer->take(tracer->arg, data, sz);
	return 0;
}

static int refuse(struct brkw_why *why, int err, const char *text, const char *cure)
{
	brkw_why_what(why, "record");
	brkw_why_set(why, err, "%s", text);
	brkw_why_cure(why, "%s", cure);
	return err;
}

/* What can be said without trying. */
static int check_system(const char *sysroot, struct brkw_why *why)
{
	char path[4200];

	if (geteuid())
		return refuse(why, -EPERM, "only root can attach to tracepoints",
			      "run brkwatch as root");
	snprintf(path, sizeof(path), "%s/sys/module/brkwatch", sysroot);
	if (access(path, F_OK))
		return refuse(why, -ENOENT, "the module is not loaded",
			      "insmod brkwatch.ko, or try 'brkwatch doctor'");
	snprintf(path, sizeof(path), "%s/sys/kernel/btf/vmlinux", sysroot);
	if (access(path, F_OK))
		return refuse(why, -ENOTSUP, "the kernel has no BTF of itself for BPF programs",
			      "a kernel with CONFIG_DEBUG_INFO_BTF=y");
	return 0;
}

static int attach(struct brkw_tracer *tracer, const struct brkw_raw_filter *filter,
		  struct brkw_why *why)
{
	char text[160];
	int err;

	tracer->skel = record_bpf__open();
	if (!tracer->skel)
		return refuse(why, -errno, "libbpf does not take its programs", "");
	tracer->skel->bss->filter = *filter;
	bpf_map__set_max_entries(tracer->skel->maps.drafts, (uint32_t)libbpf_num_possible_cpus());
	err = record_bpf__load(tracer->skel);
	if (err) {
		snprintf(text, sizeof(text), "the kernel does not load BPF programs: %s",
			 strerror(-err));
		return refuse(why, err, text,
			      "CONFIG_BPF_SYSCALL, CONFIG_BPF_EVENTS, no lockdown, kernel 5.8");
	}
	err = record_bpf__attach(tracer->skel);
	if (err) {
		snprintf(text, sizeof(text), "the tracepoints cannot be attached to: %s",
			 strerror(-err));
		return refuse(why, err, text, "a module of this version, and tracefs mounted");
	}
	tracer->ring = ring_buffer__new(bpf_map__fd(tracer->skel->maps.events), take_one, tracer,
					NULL);
	return tracer->ring ? 0 : refuse(why, -ENOMEM, "no memory for the ring of events", "");
}

int brkw_tracer_open(const struct brkw_raw_filter *filter, const char *sysroot,
		     struct brkw_tracer **ret, struct brkw_why *why)
{
	const char *verbose = getenv("BRKWATCH_VERBOSE");
	struct brkw_tracer *tracer;
	int err = check_system(sysroot, why);

	if (err)
		return err;
	tracer = calloc(1, sizeof(*tracer));
	if (!tracer)
		return refuse(why, -ENOMEM, "no memory", "");
	if (!verbose || !*verbose)
		libbpf_set_print(be_quiet);
	err = attach(tracer, filter, why);
	if (err)
		brkw_tracer_close(tracer);
	else
		*ret = tracer;
	return err;
}

void brkw_tracer_close(struct brkw_tracer *tracer)
{
	if (!tracer)
		return;
	ring_buffer__free(tracer->ring);
	record_bpf__destroy(tracer->skel);
	free(tracer);
}

int brkw_tracer_follow(struct brkw_tracer *tracer, uint32_t pid)
{
	uint32_t one = 1;

	return bpf_map_update_elem(bpf_map__fd(tracer->skel->maps.recorded), &pid, &one, BPF_ANY) ?
		-errno : 0;
}

int brkw_tracer_poll(struct brkw_tracer *tracer, int timeout_ms,
		     void (*take)(void *arg, const struct brkw_raw_event *event, size_t sz),
		     void *arg)
{
	int got;

	tracer->take = take;
	tracer->arg = arg;
	got = ring_buffer__poll(tracer->ring, timeout_ms);
	return got < 0 && got != -EINTR ? got : 0;
}

/* Runs that the kernel left out, since one was under way on the processor. */
static uint64_t nr_missed(const struct bpf_program *prog)
{
	struct bpf_prog_info info = { .type = 0 };
	uint32_t sz = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &sz))
		return 0;
	return info.recursion_misses;
}

void brkw_tracer_losses(const struct brkw_tracer *tracer, struct brkw_losses *losses)
{
	const struct record_bpf *skel = tracer->skel;

	losses->changes += skel->bss->nr_lost_changes + nr_missed(skel->progs.on_change);
	losses->answers += skel->bss->nr_lost_answers + nr_missed(skel->progs.on_correct);
	losses->processes += skel->bss->nr_unfollowed + nr_missed(skel->progs.on_fork);
}
