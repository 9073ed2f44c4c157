/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What processes map, fork and exec, as the kernel's perf events tell it while
 * it happens: a process that is gone has no file in /proc to be asked.
 */
#ifndef BRKW_MAPPINGS_H
#define BRKW_MAPPINGS_H

#include <stddef.h>
#include <stdint.h>

struct brkw_mappings;
struct brkw_why;

/** enum brkw_news_kind - what has happened */
enum brkw_news_kind {
	BRKW_NEWS_MAP,
	BRKW_NEWS_FORK,
	BRKW_NEWS_EXEC,
};

/**
 * struct brkw_news - one thing that has happened
 * @ts_ns: when, CLOCK_MONOTONIC
 * @kind: what
 * @pid: to whom; of a fork, the child
 * @parent: of the child
 * @start: of the mapping, which is code
 * @end: behind it
 * @offset: in the file
 * @text: path of the file; of an exec, the new name
 */
struct brkw_news {
	uint64_t ts_ns;
	enum brkw_news_kind kind;
	uint32_t pid;
	uint32_t parent;
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	char *text;
};

/**
 * brkw_mappings_open - listen to all processors
 * @ret: written only on success
 * @why: says what is wrong on failure
 *
 * Return: 0 or a negative errno.
 */
int brkw_mappings_open(struct brkw_mappings **ret, struct brkw_why *why);

/** brkw_mappings_close - end that; takes NULL */
void brkw_mappings_close(struct brkw_mappings *m);

/** brkw_mappings_drain - take in what has been told since the last time */
void brkw_mappings_drain(struct brkw_mappings *m);

/**
 * brkw_mappings_next - the oldest news
 * @m: drained before
 * @ts_ns: nothing that is younger
 *
 * Return: the news, valid until the next call or drain; NULL if there is none.
 */
const struct brkw_news *brkw_mappings_next(struct brkw_mappings *m, uint64_t ts_ns);

/** brkw_mappings_nr_lost - how much found no room */
uint64_t brkw_mappings_nr_lost(const struct brkw_mappings *m);

#endif /* BRKW_MAPPINGS_H */
