// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "comm.h"
#include "history.h"
#include "match.h"

static const struct {
	const char *prefix;
	int by;
} prefixes[] = {
	{ "pid=", BRKW_BY_PID },
	{ "name=", BRKW_BY_NAME },
	{ "cgroup=", BRKW_BY_CGROUP },
};

/* What a word without a prefix is. */
static int guess_kind(const char *word)
{
	if (!*word)
		return BRKW_BY_NOTHING;
	if (*word == '/')
		return BRKW_BY_CGROUP;
	return word[strspn(word, "0123456789")] ? BRKW_BY_NAME : BRKW_BY_PID;
}

int brkw_match_parse(const char *word, struct brkw_match *ret_match)
{
	struct brkw_match match = { .by = guess_kind(word) };
	int64_t pid;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		len = strlen(prefixes[i].prefix);
		if (strncmp(word, prefixes[i].prefix, len))
			continue;
		match.by = prefixes[i].by;
		word += len;
		break;
	}
	if (strlen(word) >= sizeof(match.text))
		return -EINVAL;
	snprintf(match.text, sizeof(match.text), "%s", word);
	if (match.by == BRKW_BY_PID) {
		if (brkw_snapshot_parse_number(word, &pid) || pid < 0 || pid > INT32_MAX)
			return -EINVAL;
		match.pid = (uint32_t)pid;
	}
	*ret_match = match;
	return 0;
}

static bool has_name(const struct brkw_account *acct, const char *text)
{
	char comm[BRKW_COMM_TEXT];

	brkw_comm_escape(acct->comm, strlen(acct->comm), comm, sizeof(comm));
	return strstr(comm, text) || strstr(acct->comm, text);
}

bool brkw_match_test(const struct brkw_match *match, const struct brkw_account *acct)
{
	switch (match->by) {
	case BRKW_BY_PID:
		return acct->pid == match->pid;
	case BRKW_BY_NAME:
		return has_name(acct, match->text);
	case BRKW_BY_CGROUP:
		return acct->track && acct->track->cgroup &&
		       strstr(acct->track->cgroup, match->text);
	default:
		return true;
	}
}
