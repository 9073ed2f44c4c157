/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The BPF side of record: loads bpf/record.bpf.c with libbpf and hands out what
 * it sends. recorder_none.c stands for it where it cannot be built.
 */
#ifndef BRKW_TRACER_H
#define BRKW_TRACER_H

#include <stddef.h>
#include <stdint.h>

struct brkw_losses;
struct brkw_raw_event;
struct brkw_raw_filter;
struct brkw_tracer;
struct brkw_why;

/**
 * brkw_tracer_open - attach to the tracepoints of the module
 * @filter: which changes
 * @sysroot: prefix of the paths of the system, or ""
 * @ret: written only on success
 * @why: says what is missing on failure
 *
 * Return: 0 or a negative errno.
 */
int brkw_tracer_open(const struct brkw_raw_filter *filter, const char *sysroot,
		     struct brkw_tracer **ret, struct brkw_why *why);

/** brkw_tracer_close - detach; takes NULL */
void brkw_tracer_close(struct brkw_tracer *tracer);

/**
 * brkw_tracer_follow - record a process, and the children it will have
 * @tracer: attached
 * @pid: the process
 *
 * Return: 0 or a negative errno.
 */
int brkw_tracer_follow(struct brkw_tracer *tracer, uint32_t pid);

/**
 * brkw_tracer_poll - wait for events and take them
 * @tracer: attached
 * @timeout_ms: for so long at most
 * @take: called with each; @event is valid until it returns
 * @arg: handed to @take
 *
 * Return: 0 or a negative errno; -EINTR is none.
 */
int brkw_tracer_poll(struct brkw_tracer *tracer, int timeout_ms,
		     void (*take)(void *arg, const struct brkw_raw_event *event, size_t sz),
		     void *arg);

/** brkw_tracer_losses - add what got lost on the BPF side to @losses */
void brkw_tracer_losses(const struct brkw_tracer *tracer, struct brkw_losses *losses);

#endif /* BRKW_TRACER_H */
