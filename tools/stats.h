/* SPDX-License-Identifier: GPL-2.0 */
/* What the module says about itself: the file stats, in memory. */
#ifndef BRKW_STATS_H
#define BRKW_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct brkw_why;

/**
 * struct brkw_stats_line - one "key value" line
 * @key: its first word
 * @text: the rest of the line
 */
struct brkw_stats_line {
	const char *key;
	const char *text;
};

/**
 * struct brkw_hook - one "hook" line
 * @name: of the hook
 * @symbol: the function it is on, "-" if none
 * @kind: how it is attached, or would be
 * @is_armed: whether it counts now
 * @nr_hits: how often it ran
 * @nr_missed: how often it should have and did not
 */
struct brkw_hook {
	char name[64];
	char symbol[64];
	char kind[32];
	bool is_armed;
	int64_t nr_hits;
	int64_t nr_missed;
};

/**
 * struct brkw_stats - the whole file
 * @buf: the text that @lines point into
 * @lines: every line that is not of a hook, "lost" ones included
 * @nr_lines: how many
 * @hooks: the hooks
 * @nr_hooks: how many
 */
struct brkw_stats {
	char *buf;
	struct brkw_stats_line *lines;
	size_t nr_lines;
	struct brkw_hook *hooks;
	size_t nr_hooks;
};

/**
 * brkw_stats_parse - read the file stats
 * @buf: the whole file
 * @len: its length
 * @ret_stats: written only on success; freed with brkw_stats_free()
 * @why: says what is wrong on failure
 *
 * Return: 0; -EPROTO for a foreign ABI; -EINVAL for a damaged file; -ENOMEM.
 */
int brkw_stats_parse(const char *buf, size_t len, struct brkw_stats *ret_stats,
		     struct brkw_why *why);

/**
 * brkw_stats_free - free what brkw_stats_parse() made
 * @stats: may be all zero
 */
void brkw_stats_free(struct brkw_stats *stats);

/**
 * brkw_stats_text - the value of a key as text
 * @stats: the file
 * @key: which
 *
 * Return: the text, or NULL if there is no such line.
 */
const char *brkw_stats_text(const struct brkw_stats *stats, const char *key);

/**
 * brkw_stats_number - the value of a key as a number
 * @stats: the file
 * @key: which
 * @ret_value: written only if there is such a line with a number
 *
 * Return: whether there is.
 */
bool brkw_stats_number(const struct brkw_stats *stats, const char *key, int64_t *ret_value);

/**
 * brkw_stats_lost - what is lost while a hook is off
 * @stats: the file
 * @hook: the hook
 *
 * Return: the sentence of the module, or NULL.
 */
const char *brkw_stats_lost(const struct brkw_stats *stats, const struct brkw_hook *hook);

#endif /* BRKW_STATS_H */
