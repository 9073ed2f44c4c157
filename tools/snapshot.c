// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "comm.h"
#include "snapshot.h"
#include "why.h"

static_assert(sizeof(struct brkw_snapshot_header) == 40, "the contract moved");
static_assert(offsetof(struct brkw_snapshot_entry, value) == 40, "the contract moved");

#define KEY_NAME(key, name)	\
	[BRKW_KEY_##key] = #name,
static const char *const key_names[] = { BRKW_KEYS(KEY_NAME) };

#undef KEY_NAME

static const char *const state_names[] = {
	[BRKW_LIVE]	= "live",
	[BRKW_EXITED]	= "exited",
	[BRKW_REPLACED]	= "replaced",
};

#define NR_STATES	ARRAY_SIZE(state_names)

const char *brkw_snapshot_state_name(uint32_t state)
{
	return state < NR_STATES ? state_names[state] : "unknown";
}

bool brkw_snapshot_value(const struct brkw_account *acct, enum brkw_key key,
			 int64_t *ret_value)
{
	if (acct->unknown[key / 64] >> key % 64 & 1)
		return false;
	*ret_value = acct->value[key];
	return true;
}

static void forget_value(struct brkw_account *acct, unsigned int key)
{
	acct->unknown[key / 64] |= 1ULL << key % 64;
}

void brkw_snapshot_free(struct brkw_snapshot *snap)
{
	free(snap->accts);
	memset(snap, 0, sizeof(*snap));
}

/* A fresh account at the end of @snap: nothing known. NULL: no memory. */
static struct brkw_account *add_account(struct brkw_snapshot *snap)
{
	size_t nr_room = snap->nr_room ? 2 * snap->nr_room : 16;
	struct brkw_account *accts, *acct;

	if (snap->nr_accts == snap->nr_room) {
		accts = reallocarray(snap->accts, nr_room, sizeof(*accts));
		if (!accts)
			return NULL;
		snap->accts = accts;
		snap->nr_room = nr_room;
	}
	acct = &snap->accts[snap->nr_accts++];
	memset(acct, 0, sizeof(*acct));
	memset(acct->unknown, 0xff, sizeof(acct->unknown));
	return acct;
}

static int refuse_abi(struct brkw_why *why, long long abi)
{
	brkw_why_set(why, -EPROTO, "its ABI is %lld and this tool reads %d", abi, BRKW_ABI);
	brkw_why_cure(why, "use the tool that came with the module");
	return -EPROTO;
}

/* --- binary --- */

static int refuse_order(struct brkw_why *why)
{
	brkw_why_set(why, -EPROTO, "the snapshot is of a machine with the other byte order");
	brkw_why_cure(why, "read it on such a machine; the files of text can be read here");
	return -EPROTO;
}

static int check_magic(const struct brkw_snapshot_header *head, struct brkw_why *why)
{
	if (head->magic == __builtin_bswap32(BRKW_SNAPSHOT_MAGIC))
		return refuse_order(why);
	if (head->magic != BRKW_SNAPSHOT_MAGIC)
		return brkw_why_set(why, -EPROTO, "this is not a brkwatch snapshot");
	if (head->abi != BRKW_ABI)
		return refuse_abi(why, head->abi);
	return 0;
}

/* How many entries are whole; -EINVAL if the file has some, and none is. */
static int count_entries(const struct brkw_snapshot_header *head, size_t len, size_t *ret_nr,
			 struct brkw_why *why)
{
	uint64_t sz_values = sizeof(__s64) * (uint64_t)head->nr_keys;
	size_t nr_whole;

	if (head->sz_header < sizeof(*head) ||
	    head->sz_entry < offsetof(struct brkw_snapshot_entry, value) + sz_values)
		return brkw_why_set(why, -EINVAL,
				    "snapshot is damaged: %u bytes of header, %u of entry, %u keys",
				    head->sz_header, head->sz_entry, head->nr_keys);
	nr_whole = len < head->sz_header ? 0 : (len - head->sz_header) / head->sz_entry;
	*ret_nr = nr_whole < head->nr_entries ? nr_whole : head->nr_entries;
	if (len >= head->sz_header && nr_whole >= head->nr_entries)
		return 0;
	brkw_why_set(why, -EINVAL, "snapshot is short: %zu of %u entries are there", nr_whole,
		     head->nr_entries);
	return nr_whole ? 0 : -EINVAL;
}

static void copy_entry(struct brkw_account *acct, const unsigned char *from,
		       const struct brkw_snapshot_header *head)
{
	size_t nr_keys = head->nr_keys < BRKW_NR_KEYS ? head->nr_keys : BRKW_NR_KEYS;
	struct brkw_snapshot_entry entry = { 0 };
	size_t key;

	memcpy(&entry, from, offsetof(struct brkw_snapshot_entry, value) +
	       nr_keys * sizeof(entry.value[0]));
	acct->pid = entry.pid;
	acct->state = entry.state;
	memcpy(acct->comm, entry.comm, sizeof(entry.comm));
	memcpy(acct->unknown, entry.unknown, sizeof(acct->unknown));
	memcpy(acct->value, entry.value, sizeof(acct->value));
	for (key = nr_keys; key < BRKW_NR_KEYS; key++)
		forget_value(acct, key);
}

static int copy_entries(struct brkw_snapshot *snap, const unsigned char *from, size_t nr,
			const struct brkw_snapshot_header *head)
{
	struct brkw_account *acct;

	for (; nr; nr--, from += head->sz_entry) {
		acct = add_account(snap);
		if (!acct)
			return -ENOMEM;
		copy_entry(acct, from, head);
	}
	return 0;
}

int brkw_snapshot_parse_binary(const void *buf, size_t len,
			       struct brkw_snapshot *ret_snap, struct brkw_why *why)
{
	struct brkw_snapshot_header head;
	struct brkw_snapshot snap = { 0 };
	size_t nr = 0;
	int err;

	if (len < sizeof(head))
		return brkw_why_set(why, -EINVAL,
				    "snapshot is short: %zu bytes, and a header has %zu",
				    len, sizeof(head));
	memcpy(&head, buf, sizeof(head));
	err = check_magic(&head, why);
	if (!err)
		err = count_entries(&head, len, &nr, why);
	if (err)
		return err;
	snap.sz_page = head.sz_page;
	snap.ts_ns = head.ts_ns;
	snap.is_short = nr < head.nr_entries;
	if (copy_entries(&snap, (const unsigned char *)buf + head.sz_header, nr, &head)) {
		brkw_snapshot_free(&snap);
		return brkw_why_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	}
	*ret_snap = snap;
	return 0;
}

/* --- keyed text --- */

/* Where the parser of the keyed form stands. */
struct keyed {
	struct brkw_snapshot snap;
	struct brkw_account *acct;	/* of the block at hand; NULL between blocks */
	bool has_abi;			/* the block has said its ABI */
	bool has_pid;
	size_t line;			/* counted from 1 */
	struct brkw_why *why;
};

int brkw_snapshot_parse_number(const char *text, int64_t *ret_value)
{
	const char *digits = text + (*text == '-');
	long long value;
	char *end;

	if (*digits < '0' || *digits > '9')
		return -EINVAL;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || *end)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

static int refuse_line(struct keyed *k, const char *what)
{
	return brkw_why_set(k->why, -EINVAL, "line %zu: %s", k->line, what);
}

static int take_abi(struct keyed *k, const char *text)
{
	int64_t abi;

	if (brkw_snapshot_parse_number(text, &abi))
		return refuse_line(k, "the ABI is not a number");
	if (abi != BRKW_ABI)
		return refuse_abi(k->why, abi);
	k->has_abi = true;
	return 0;
}

static int take_pid(struct keyed *k, const char *text)
{
	int64_t pid;

	if (brkw_snapshot_parse_number(text, &pid) || pid < 0 || pid > INT32_MAX)
		return refuse_line(k, "the pid is not a number of a process");
	k->acct->pid = (uint32_t)pid;
	k->has_pid = true;
	return 0;
}

static int take_comm(struct keyed *k, const char *text)
{
	if (brkw_comm_parse(text, strlen(text), k->acct->comm))
		return refuse_line(k, "comm is not a name of a process");
	return 0;
}

static int take_state(struct keyed *k, const char *text)
{
	uint32_t state;

	for (state = 0; state < NR_STATES; state++)
		if (!strcmp(text, state_names[state]))
			break;
	k->acct->state = state;
	return 0;
}

static int take_value(struct keyed *k, const char *name, const char *text)
{
	unsigned int key;

	for (key = 0; key < BRKW_NR_KEYS; key++)
		if (!strcmp(name, key_names[key]))
			break;
	if (key == BRKW_NR_KEYS || !strcmp(text, BRKW_UNKNOWN))
		return 0;
	if (brkw_snapshot_parse_number(text, &k->acct->value[key]))
		return brkw_why_set(k->why, -EINVAL, "line %zu: %s is not a number",
				    k->line, key_names[key]);
	k->acct->unknown[key / 64] &= ~(1ULL << key % 64);
	return 0;
}

/* One "key value" line; a name may be empty, and then its space may be lost. */
static int take_pair(struct keyed *k, const char *name, const char *text)
{
	static const struct {
		const char *name;
		int (*take)(struct keyed *k, const char *text);
	} words[] = {
		{ "abi", take_abi },
		{ "pid", take_pid },
		{ "comm", take_comm },
		{ "state", take_state },
	};
	size_t i;

	if (!text && strcmp(name, "comm"))
		return refuse_line(k, "not of the form 'key value'");
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(name, words[i].name))
			return words[i].take(k, text ? text : "");
	return take_value(k, name, text);
}

static int end_block(struct keyed *k)
{
	if (!k->acct)
		return 0;
	k->acct = NULL;
	if (!k->has_abi || !k->has_pid)
		return refuse_line(k, "the block says no abi or no pid: not a brkwatch file");
	k->has_abi = false;
	k->has_pid = false;
	return 0;
}

/* @line is terminated and ours to write to. */
static int take_line(struct keyed *k, char *line)
{
	char *space = strchr(line, ' ');

	if (!*line)
		return end_block(k);
	if (!k->acct)
		k->acct = add_account(&k->snap);
	if (!k->acct)
		return brkw_why_set(k->why, -ENOMEM, "%s", strerror(ENOMEM));
	if (space)
		*space++ = '\0';
	return take_pair(k, line, space);
}

/* The last line has no end: it is lost, and its block if it is not named yet. */
static int end_short(struct keyed *k)
{
	if (k->acct && !(k->has_abi && k->has_pid))
		k->snap.nr_accts--;
	k->snap.is_short = true;
	refuse_line(k, "the file is short: its last line has no end");
	return k->snap.nr_accts ? 0 : -EINVAL;
}

static int take_lines(struct keyed *k, char *text, size_t len)
{
	char *end = text + len, *line = text, *newline;
	int err = 0;

	for (k->line = 1; !err && line < end; k->line++, line = newline + 1) {
		newline = memchr(line, '\n', end - line);
		if (!newline)
			return end_short(k);
		*newline = '\0';
		if (strlen(line) != (size_t)(newline - line))
			return refuse_line(k, "not text");
		err = take_line(k, line);
	}
	return err ? err : end_block(k);
}

int brkw_snapshot_parse_keyed(const char *buf, size_t len,
			      struct brkw_snapshot *ret_snap, struct brkw_why *why)
{
	struct keyed k = { .why = why };
	char *text = malloc(len + 1);
	int err;

	if (!text)
		return brkw_why_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	memcpy(text, buf, len);
	err = take_lines(&k, text, len);
	free(text);
	if (err) {
		brkw_snapshot_free(&k.snap);
		return err;
	}
	*ret_snap = k.snap;
	return 0;
}
