// SPDX-License-Identifier: GPL-2.0
/*
 * Stands for tracer.c and mappings.c, so that record can be tried without the
 * module and without root. In whoever is recorded one change happens, then exec,
 * and then a change of the new program is corrected that was not sent: it has the
 * same number. With BRKWATCH_PLAY=modes it makes the calls of a 32-bit program and
 * of one of x32 instead.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../array.h"
#include "../bpf/record_bpf.h"
#include "../mappings.h"
#include "../recording.h"
#include "../tracer.h"

#define SEQ		1
#define CS_64BIT	0x33
#define CS_32BIT	0x23
#define X32_BIT		0x40000000
#define JUNK		0x7e57ab1e00000000

typedef void (*take_t)(void *arg, const struct brkw_raw_event *event, size_t sz);

struct brkw_tracer {
	uint32_t pid;
	unsigned int nr_polls;
};

struct brkw_mappings {
	bool is_told;
};

/* A system call that changes the size, and what it answers. */
struct call {
	bool is_compat;
	uint32_t number;
	uint64_t args[3];
	enum brkw_change change;
	int64_t bytes;
	uint64_t answer;
};

/* What was taken is given back by the next, but for what exec takes. */
static const struct call calls[] = {
	{ true, 192, { 0, 0x5000, 3 }, BRKW_CHANGE_ANON_PRIVATE, 0x5000, 0xf7000000 },
	{ true, 91, { 0xf7000000, 0x5000, 0 }, BRKW_CHANGE_MUNMAP, -0x5000, 0 },
	{ true, 90, { 0xffc01230, 0x5000, 3 }, BRKW_CHANGE_ANON_PRIVATE, 0x3000, 0xf6000000 },
	{ true, 91, { 0xf6000000, 0x3000, 0 }, BRKW_CHANGE_MUNMAP, -0x3000, 0 },
	{ true, 45, { 0x8002000, 0, 0 }, BRKW_CHANGE_BRK, 0x2000, 0x8002000 },
	{ true, 45, { 0x8000000, 0, 0 }, BRKW_CHANGE_BRK, -0x2000, 0x8000000 },
	{ true, 163, { 0xf5000000, 0x1000, 0x3000 }, BRKW_CHANGE_MREMAP, 0x2000, 0xf5000000 },
	{ true, 91, { 0xf5001000, 0x2000, 0 }, BRKW_CHANGE_MUNMAP, -0x2000, 0 },
	{ true, 397, { 7, 0, 0 }, BRKW_CHANGE_ANON_SHARED, 0x4000, 0xf4000000 },
	{ true, 398, { 0xf4000000, 0, 0 }, BRKW_CHANGE_MUNMAP, -0x4000, 0 },
	{ false, X32_BIT | 9, { 0, 0x6000, 3 }, BRKW_CHANGE_ANON_PRIVATE, 0x6000, 0xf3000000 },
	{ false, X32_BIT | 11, { 0xf3000000, 0x6000, 0 }, BRKW_CHANGE_MUNMAP, -0x6000, 0 },
	{ true, 30, { 1, 2, 3 }, BRKW_CHANGE_STACK, 0x1000, 0 },
	{ true, 11, { 1, 2, 3 }, BRKW_CHANGE_FILE_PRIVATE, 0x1000, 0 },
	{ true, 358, { 1, 2, 3 }, BRKW_CHANGE_FILE_PRIVATE, 0x1000, 0 },
	{ false, X32_BIT | 520, { 1, 2, 3 }, BRKW_CHANGE_FILE_PRIVATE, 0x1000, 0 },
	{ false, X32_BIT | 545, { 1, 2, 3 }, BRKW_CHANGE_FILE_PRIVATE, 0x1000, 0 },
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

/* Arguments of a 32-bit call have junk above them, as a 64-bit program may leave. */
static struct brkw_raw_regs regs_of(const struct call *call)
{
	struct brkw_raw_regs regs = { .orig_ax = call->number };

	regs.cs = call->is_compat ? CS_32BIT : CS_64BIT;
	regs.ip = 0x1000;
	regs.bx = JUNK | (call->is_compat ? call->args[0] : 0);
	regs.cx = JUNK | (call->is_compat ? call->args[1] : 0);
	regs.dx = (call->is_compat ? JUNK : 0) | call->args[2];
	regs.di = call->is_compat ? JUNK : call->args[0];
	regs.si = call->is_compat ? JUNK : call->args[1];
	return regs;
}

static void play_calls(struct brkw_raw_event *event, take_t take, void *arg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		event->seq = SEQ + i;
		event->kind = BRKW_RAW_CHANGE;
		event->change = calls[i].change;
		event->bytes = calls[i].bytes;
		event->is_compat = calls[i].is_compat;
		event->regs = regs_of(&calls[i]);
		take(arg, event, offsetof(struct brkw_raw_event, stack));
		event->kind = BRKW_RAW_RESULT;
		event->vm_bytes = calls[i].answer;
		take(arg, event, offsetof(struct brkw_raw_event, stack));
	}
}

static void play_exec(struct brkw_raw_event *event, bool is_done, take_t take, void *arg)
{
	event->kind = is_done ? BRKW_RAW_CORRECT : BRKW_RAW_CHANGE;
	event->bytes = is_done ? 0 : 8192;
	event->vm_bytes = event->bytes;
	if (is_done) {
		exec.pid = event->pid;
		exec.ts_ns = event->ts_ns;
	}
	take(arg, event, offsetof(struct brkw_raw_event, stack));
}

int brkw_tracer_poll(struct brkw_tracer *tracer, int timeout_ms, take_t take, void *arg)
{
	const char *play = getenv("BRKWATCH_PLAY");
	bool is_modes = play && !strcmp(play, "modes");
	struct brkw_raw_event event = {
		.ts_ns = now_ns(),
		.seq = SEQ,
		.tgid = tracer->pid,
		.pid = tracer->pid,
		.tid = tracer->pid,
		.regs = { .cs = CS_64BIT },
	};

	usleep((useconds_t)timeout_ms * 1000);
	if (is_modes && tracer->nr_polls == 0)
		play_calls(&event, take, arg);
	else if (!is_modes && tracer->nr_polls < 2)
		play_exec(&event, tracer->nr_polls, take, arg);
	tracer->nr_polls++;
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
