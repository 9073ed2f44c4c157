// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the binary snapshot of a recorded folder from text that people can
 * review: mksnapshot < snapshot.txt > snapshot. The text has the keyed blocks of
 * <pid> files, empty lines between; a key that is not there is not known. Lines
 * before the first block that begin with "!" break the file on purpose:
 *
 *	!magic N	another magic number		!abi N		another ABI
 *	!pad N		N more bytes in the header and in every entry
 *	!keys N		say that entries have N keys	!more N		... and N more than we know
 *	!cut N		lose the last N bytes			!ts N		another time
 *	!copies N	each entry so many times, under the pids that follow
 *
 * It shares nothing with the parser of the tool but the contract.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/brkwatch.h>

#define NR_ENTRIES_MAX	64

#define KEY_NAME(key, name)	\
	[BRKW_KEY_##key] = #name,
static const char *const key_names[] = { BRKW_KEYS(KEY_NAME) };

#undef KEY_NAME

static struct brkw_snapshot_entry entries[NR_ENTRIES_MAX];
static struct brkw_snapshot_header head = {
	.magic = BRKW_SNAPSHOT_MAGIC,
	.abi = BRKW_ABI,
	.nr_keys = BRKW_NR_KEYS,
	.sz_page = 4096,
	.ts_ns = 5000000000,
};

static size_t sz_pad, sz_cut, nr_copies = 1;

static void die(const char *what)
{
	fprintf(stderr, "mksnapshot: %s\n", what);
	exit(1);
}

static void take_directive(const char *name, const char *text)
{
	unsigned long value = strtoul(text, NULL, 0);

	if (!strcmp(name, "!magic"))
		head.magic = value;
	else if (!strcmp(name, "!abi"))
		head.abi = value;
	else if (!strcmp(name, "!pad"))
		sz_pad = value;
	else if (!strcmp(name, "!keys"))
		head.nr_keys = value;
	else if (!strcmp(name, "!more"))
		head.nr_keys += value;
	else if (!strcmp(name, "!copies"))
		nr_copies = value;
	else if (!strcmp(name, "!ts"))
		head.ts_ns = strtoull(text, NULL, 0);
	else if (!strcmp(name, "!cut"))
		sz_cut = value;
	else
		die(name);
}

static void take_comm(struct brkw_snapshot_entry *entry, const char *text)
{
	char digits[4] = "";
	size_t used = 0;

	for (; *text && used < BRKW_COMM_LEN; text++) {
		if (*text == '\\' && strlen(text) >= 4) {
			memcpy(digits, text + 1, 3);
			entry->comm[used++] = (char)strtoul(digits, NULL, 8);
			text += 3;
		} else {
			entry->comm[used++] = *text;
		}
	}
}

static void take_value(struct brkw_snapshot_entry *entry, const char *name, const char *text)
{
	size_t key;

	for (key = 0; key < BRKW_NR_KEYS; key++)
		if (!strcmp(name, key_names[key]))
			break;
	if (key == BRKW_NR_KEYS)
		die(name);
	if (!strcmp(text, BRKW_UNKNOWN))
		return;
	entry->value[key] = strtoll(text, NULL, 10);
	entry->unknown[key / 64] &= ~(1ULL << key % 64);
}

static void take_pair(struct brkw_snapshot_entry *entry, const char *name, const char *text)
{
	if (!strcmp(name, "pid"))
		entry->pid = strtoul(text, NULL, 10);
	else if (!strcmp(name, "comm"))
		take_comm(entry, text);
	else if (!strcmp(name, "state"))
		entry->state = !strcmp(text, "live") ? BRKW_LIVE : BRKW_EXITED;
	else if (strcmp(name, "abi"))
		take_value(entry, name, text);
}

static void read_text(void)
{
	struct brkw_snapshot_entry *entry = NULL;
	char line[256], *space;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		space = strchr(line, ' ');
		if (!*line) {
			entry = NULL;
			continue;
		}
		if (space)
			*space++ = '\0';
		if (*line == '!') {
			take_directive(line, space ? space : "");
			continue;
		}
		if (!entry) {
			if (head.nr_entries == NR_ENTRIES_MAX)
				die("too many blocks");
			entry = &entries[head.nr_entries++];
			memset(entry->unknown, 0xff, sizeof(entry->unknown));
		}
		take_pair(entry, line, space ? space : "");
	}
}

static size_t append(char *out, size_t used, const void *from, size_t len)
{
	memcpy(out + used, from, len);
	memset(out + used + len, 0x5a, sz_pad);
	return used + len + sz_pad;
}

static size_t append_copies(char *out, size_t used, struct brkw_snapshot_entry *entry)
{
	size_t i;

	for (i = 0; i < nr_copies; i++, entry->pid++)
		used = append(out, used, entry, sizeof(*entry));
	return used;
}

int main(void)
{
	size_t used, i, nr;
	char *out;

	read_text();
	nr = head.nr_entries;
	head.nr_entries *= nr_copies;
	head.sz_header = sizeof(head) + sz_pad;
	head.sz_entry = sizeof(entries[0]) + sz_pad;
	out = calloc(head.nr_entries + 1, head.sz_header + head.sz_entry);
	if (!out)
		die("no memory");
	used = append(out, 0, &head, sizeof(head));
	for (i = 0; i < nr; i++)
		used = append_copies(out, used, &entries[i]);
	used -= sz_cut < used ? sz_cut : used;
	if (fwrite(out, 1, used, stdout) != used || fflush(stdout))
		die("write error");
	free(out);
	return 0;
}
