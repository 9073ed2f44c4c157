/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records: takes the changes from the tracer and the mappings from perf, in the
 * order in which they were, unwinds and writes. recorder_none.c has the same
 * functions for a tool that was built without libbpf or libdw.
 */
#ifndef BRKW_RECORDER_H
#define BRKW_RECORDER_H

#include <stdint.h>
#include <stdio.h>

#include "bpf/record_bpf.h"

struct brkw_recorder;
struct brkw_why;

/**
 * struct brkw_recorder_options - what to record
 * @filter: which changes
 * @sysroot: prefix of the paths of the system, or ""
 * @command: what is recorded, for people
 * @filter_text: what is left out, for people; or ""
 * @out: where to; stays open
 */
struct brkw_recorder_options {
	struct brkw_raw_filter filter;
	const char *sysroot;
	const char *command;
	const char *filter_text;
	FILE *out;
};

/**
 * brkw_recorder_check - can this tool record at all?
 * @why: says what it was built without, if not
 *
 * Return: 0 or a negative errno.
 */
int brkw_recorder_check(struct brkw_why *why);

/**
 * brkw_recorder_open - get ready
 * @options: what to record; may go after the call
 * @ret: written only on success
 * @why: says what is missing on failure
 *
 * Return: 0 or a negative errno.
 */
int brkw_recorder_open(const struct brkw_recorder_options *options, struct brkw_recorder **ret,
		       struct brkw_why *why);

/**
 * brkw_recorder_follow - record a process, and the children it will have
 * @rec: the recorder
 * @pid: the process
 *
 * Return: 0 or a negative errno.
 */
int brkw_recorder_follow(struct brkw_recorder *rec, uint32_t pid);

/**
 * brkw_recorder_step - wait for a moment and write what has happened
 * @rec: the recorder
 * @why: says what is wrong on failure
 *
 * Return: 0 or a negative errno.
 */
int brkw_recorder_step(struct brkw_recorder *rec, struct brkw_why *why);

/** brkw_recorder_finish - write what is left, and what got lost */
void brkw_recorder_finish(struct brkw_recorder *rec);

/** brkw_recorder_close - drop it; takes NULL */
void brkw_recorder_close(struct brkw_recorder *rec);

#endif /* BRKW_RECORDER_H */
