/* SPDX-License-Identifier: GPL-2.0 */
/* A filter of accounts, by one word. */
#ifndef BRKW_MATCH_H
#define BRKW_MATCH_H

#include <stdbool.h>
#include <stdint.h>

struct brkw_account;

#define BRKW_MATCH_LEN		128

/**
 * struct brkw_match - whom a word means; all zero is everybody
 * @by: by what
 * @pid: if by pid
 * @text: a part of the name or of the path of the cgroup
 */
struct brkw_match {
	enum {
		BRKW_BY_NOTHING,
		BRKW_BY_PID,
		BRKW_BY_NAME,
		BRKW_BY_CGROUP,
	} by;
	uint32_t pid;
	char text[BRKW_MATCH_LEN];
};

/**
 * brkw_match_parse - understand the word of a filter
 * @word: digits are a pid; what begins with a slash is of a cgroup; other words
 *	  are of a name. "pid=", "name=" and "cgroup=" before it say so. Empty:
 *	  everybody
 * @ret_match: written only on success
 *
 * Return: 0, or -EINVAL for a pid that is none or a word that is too long.
 */
int brkw_match_parse(const char *word, struct brkw_match *ret_match);

/**
 * brkw_match_test - is an account meant?
 * @match: by what
 * @acct: the account; without a track its cgroup is not known
 */
bool brkw_match_test(const struct brkw_match *match, const struct brkw_account *acct);

#endif /* BRKW_MATCH_H */
