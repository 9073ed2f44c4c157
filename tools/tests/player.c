// SPDX-License-Identifier: GPL-2.0
/*
 * Stands for tracer.c and mappings.c, so that record can be tried without the
 * module and without root. In whoever is recorded one change happens, then exec,
 * and then a change of the new program is corrected that was not sent: it has the
 * same number.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../bpf/record_bpf.h"
#include "../mappings.h"
#include "../recording.h"
#include "../tracer.h"

#define SEQ		1
#define CS_64BIT	0x33

struct brkw_tracer {
	uint32_t pid;
	unsigned int nr_polls;
};

struct brkw_mappings {
	bool is_told;
};

/* Played by the tracer, told by the mappings. */
static struct brkw_news exec = { .kind = BRKW_NEWS_EXEC, .text = "played" };

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- for tracer.c --- */

int brkw_tracer_open(const struct brkw_raw_filter *filter, const char *sysroot,
		     struct brkw_tracer **ret, struct brkw_why *why)
{
	(void)filter;
	(void)sysroot;
	(void)why;
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void brkw_tracer_close(struct brkw_tracer *tracer)
{
	free(tracer);
}

int brkw_tracer_follow(struct brkw_tracer *tracer, uint32_t pid)
{
	tracer->pid = pid;
	return 0;
}

int brkw_tracer_poll(struct brkw_tracer *tracer, int timeout_ms,
		     void (*take)(void *arg, const struct brkw_raw_event *event, size_t sz),
		     void *arg)
{
	struct brkw_raw_event event = {
		.ts_ns = now_ns(),
		.seq = SEQ,
		.tgid = tracer->pid,
		.pid = tracer->pid,
		.tid = tracer->pid,
		.regs = { .cs = CS_64BIT },
	};

	usleep((useconds_t)timeout_ms * 1000);
	if (tracer->nr_polls == 0) {
		event.kind = BRKW_RAW_CHANGE;
		event.bytes = 8192;
		event.vm_bytes = 8192;
	} else {
		event.kind = BRKW_RAW_CORRECT;
		exec.pid = tracer->pid;
		exec.ts_ns = event.ts_ns;
	}
	if (tracer->nr_polls++ < 2)
		take(arg, &event, offsetof(struct brkw_raw_event, stack));
	return 0;
}

void brkw_tracer_losses(const struct brkw_tracer *tracer, struct brkw_losses *losses)
{
	(void)tracer;
	(void)losses;
}

/* --- for mappings.c --- */

int brkw_mappings_open(struct brkw_mappings **ret, struct brkw_why *why)
{
	(void)why;
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void brkw_mappings_close(struct brkw_mappings *m)
{
	free(m);
}

void brkw_mappings_drain(struct brkw_mappings *m)
{
	(void)m;
}

const struct brkw_news *brkw_mappings_next(struct brkw_mappings *m, uint64_t ts_ns)
{
	if (m->is_told || !exec.ts_ns || exec.ts_ns > ts_ns)
		return NULL;
	m->is_told = true;
	return &exec;
}

uint64_t brkw_mappings_nr_lost(const struct brkw_mappings *m)
{
	(void)m;
	return 0;
}
