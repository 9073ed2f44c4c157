// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "array.h"
#include "comm.h"
#include "format.h"
#include "report.h"
#include "snapshot.h"

/* The page being printed. */
struct page {
	const struct brkw_account *acct;
	bool is_exact;
	FILE *out;
};

/* A line of a table of "events, bytes". */
struct pair_line {
	const char *label;
	enum brkw_key events;
	enum brkw_key bytes;
};


/* Text of a key, in @ret_text (BRKW_FORMAT_LEN) if it is a number. */
static const char *key_text(const struct page *page, enum brkw_key key, enum brkw_unit unit,
			    char *ret_text)
{
	int64_t value;

	if (!brkw_snapshot_value(page->acct, key, &value))
		return BRKW_UNKNOWN;
	return brkw_format_number(value, unit, page->is_exact, ret_text);
}

static bool is_zero(const struct page *page, enum brkw_key key)
{
	int64_t value;

	return brkw_snapshot_value(page->acct, key, &value) && !value;
}

static void print_pair(const struct page *page, const struct pair_line *line)
{
	char events[BRKW_FORMAT_LEN], bytes[BRKW_FORMAT_LEN];

	fprintf(page->out, "  %-20s %10s %20s\n", line->label,
		key_text(page, line->events, BRKW_COUNT, events),
		key_text(page, line->bytes, BRKW_BYTES, bytes));
}

/* A section of "events, bytes" without the lines where nothing happened. */
static void print_pairs(const struct page *page, const char *title,
			const struct pair_line *lines, size_t nr)
{
	size_t i, nr_printed = 0;

	fprintf(page->out, "\n%-22s %10s %20s\n", title, "events", "bytes");
	for (i = 0; i < nr; i++) {
		if (is_zero(page, lines[i].events) && is_zero(page, lines[i].bytes))
			continue;
		print_pair(page, &lines[i]);
		nr_printed++;
	}
	if (!nr_printed)
		fprintf(page->out, "  none\n");
}

static void print_title(const struct page *page)
{
	char comm[BRKW_COMM_TEXT], since[BRKW_FORMAT_LEN], ended[BRKW_FORMAT_LEN];
	const struct page human = { .acct = page->acct };
	const struct brkw_account *acct = page->acct;

	brkw_comm_escape(acct->comm, strlen(acct->comm), comm, sizeof(comm));
	fprintf(page->out, "%s (pid %u", comm, acct->pid);
	if (acct->ns_pid && acct->ns_pid != acct->pid)
		fprintf(page->out, ", %u in its namespace", acct->ns_pid);
	fprintf(page->out, "), %s, watched from %s", brkw_snapshot_state_name(acct->state),
		key_text(&human, BRKW_KEY_WATCHED_SINCE_NS, BRKW_NS, since));
	if (acct->state != BRKW_LIVE)
		fprintf(page->out, " to %s", key_text(&human, BRKW_KEY_ENDED_NS, BRKW_NS, ended));
	fprintf(page->out, " after boot\n");
}

/* Does start + grown - shrunk come to the size now? In words. */
static void print_balance(const struct page *page)
{
	int64_t start, grown, shrunk, now, rest;
	char text[BRKW_FORMAT_LEN];

	if (!brkw_snapshot_value(page->acct, BRKW_KEY_VM_START_BYTES, &start) ||
	    !brkw_snapshot_value(page->acct, BRKW_KEY_VM_GROWN_BYTES, &grown) ||
	    !brkw_snapshot_value(page->acct, BRKW_KEY_VM_SHRUNK_BYTES, &shrunk) ||
	    !brkw_snapshot_value(page->acct, BRKW_KEY_VM_BYTES, &now)) {
		fprintf(page->out, "balance cannot be told\n");
		return;
	}
	rest = (int64_t)((uint64_t)now - start - grown + shrunk);
	if (rest)
		fprintf(page->out, "balance NOT OK, off by %s\n",
			brkw_format_number(rest, BRKW_BYTES, page->is_exact, text));
	else
		fprintf(page->out, "balance OK\n");
}

static void print_space(const struct page *page)
{
	char start[BRKW_FORMAT_LEN], grown[BRKW_FORMAT_LEN], shrunk[BRKW_FORMAT_LEN];
	char now[BRKW_FORMAT_LEN], peak[BRKW_FORMAT_LEN];

	fprintf(page->out, "\nAddress space\n");
	fprintf(page->out, "  %s at start + %s grown - %s shrunk = %s now: ",
		key_text(page, BRKW_KEY_VM_START_BYTES, BRKW_BYTES, start),
		key_text(page, BRKW_KEY_VM_GROWN_BYTES, BRKW_BYTES, grown),
		key_text(page, BRKW_KEY_VM_SHRUNK_BYTES, BRKW_BYTES, shrunk),
		key_text(page, BRKW_KEY_VM_BYTES, BRKW_BYTES, now));
	print_balance(page);
	fprintf(page->out, "  %s mappings now, %s at most\n",
		key_text(page, BRKW_KEY_VMA_COUNT, BRKW_COUNT, now),
		key_text(page, BRKW_KEY_VMA_PEAK, BRKW_COUNT, peak));
}

static void print_heap(const struct page *page)
{
	static const struct pair_line lines[] = {
		{ "grown", BRKW_KEY_BRK_GROW_EVENTS, BRKW_KEY_BRK_GROW_BYTES },
		{ "shrunk", BRKW_KEY_BRK_SHRINK_EVENTS, BRKW_KEY_BRK_SHRINK_BYTES },
	};
	char a[BRKW_FORMAT_LEN], b[BRKW_FORMAT_LEN], c[BRKW_FORMAT_LEN];

	print_pairs(page, "Heap (brk)", lines, ARRAY_SIZE(lines));
	fprintf(page->out, "  %s now, %s at most\n",
		key_text(page, BRKW_KEY_BRK_BYTES, BRKW_BYTES, a),
		key_text(page, BRKW_KEY_BRK_PEAK_BYTES, BRKW_BYTES, b));
	fprintf(page->out, "  %s calls: %s of them moved no page, %s failed\n",
		key_text(page, BRKW_KEY_BRK_CALLS, BRKW_COUNT, a),
		key_text(page, BRKW_KEY_BRK_SAME_EVENTS, BRKW_COUNT, b),
		key_text(page, BRKW_KEY_BRK_FAIL_EVENTS, BRKW_COUNT, c));
}

static void print_mappings(const struct page *page)
{
	static const struct pair_line lines[] = {
		{ "anonymous private", BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS,
		  BRKW_KEY_MMAP_ANON_PRIVATE_BYTES },
		{ "anonymous shared", BRKW_KEY_MMAP_ANON_SHARED_EVENTS,
		  BRKW_KEY_MMAP_ANON_SHARED_BYTES },
		{ "file private", BRKW_KEY_MMAP_FILE_PRIVATE_EVENTS,
		  BRKW_KEY_MMAP_FILE_PRIVATE_BYTES },
		{ "file shared", BRKW_KEY_MMAP_FILE_SHARED_EVENTS,
		  BRKW_KEY_MMAP_FILE_SHARED_BYTES },
		{ "unmapped", BRKW_KEY_MUNMAP_EVENTS, BRKW_KEY_MUNMAP_BYTES },
		{ "mremap grew", BRKW_KEY_MREMAP_GROW_EVENTS, BRKW_KEY_MREMAP_GROW_BYTES },
		{ "mremap shrank", BRKW_KEY_MREMAP_SHRINK_EVENTS, BRKW_KEY_MREMAP_SHRINK_BYTES },
	};
	char a[BRKW_FORMAT_LEN], b[BRKW_FORMAT_LEN], c[BRKW_FORMAT_LEN];

	print_pairs(page, "Mappings", lines, ARRAY_SIZE(lines));
	fprintf(page->out, "  %s mapped over, %s moved by mremap\n",
		key_text(page, BRKW_KEY_MMAP_REPLACED_BYTES, BRKW_BYTES, a),
		key_text(page, BRKW_KEY_MREMAP_MOVE_EVENTS, BRKW_COUNT, b));
	fprintf(page->out, "  failed: %s mmap, %s munmap, %s mremap\n",
		key_text(page, BRKW_KEY_MMAP_FAIL_EVENTS, BRKW_COUNT, a),
		key_text(page, BRKW_KEY_MUNMAP_FAIL_EVENTS, BRKW_COUNT, b),
		key_text(page, BRKW_KEY_MREMAP_FAIL_EVENTS, BRKW_COUNT, c));
}

static void print_other(const struct page *page)
{
	static const struct pair_line lines[] = {
		{ "stack grew", BRKW_KEY_STACK_GROW_EVENTS, BRKW_KEY_STACK_GROW_BYTES },
		{ "other growth", BRKW_KEY_OTHER_GROW_EVENTS, BRKW_KEY_OTHER_GROW_BYTES },
		{ "other shrinking", BRKW_KEY_OTHER_SHRINK_EVENTS, BRKW_KEY_OTHER_SHRINK_BYTES },
		{ "madvise DONTNEED", BRKW_KEY_MADVISE_DONTNEED_EVENTS,
		  BRKW_KEY_MADVISE_DONTNEED_BYTES },
		{ "madvise FREE", BRKW_KEY_MADVISE_FREE_EVENTS, BRKW_KEY_MADVISE_FREE_BYTES },
	};

	print_pairs(page, "Stack and other", lines, ARRAY_SIZE(lines));
}

/* Where the faults were; the key of the major ones follows that of the minor. */
static const struct {
	const char *head;
	enum brkw_key minor;
} fault_places[] = {
	{ "heap", BRKW_KEY_FAULT_HEAP_MINOR },
	{ "stack", BRKW_KEY_FAULT_STACK_MINOR },
	{ "anon", BRKW_KEY_FAULT_ANON_MINOR },
	{ "file", BRKW_KEY_FAULT_FILE_MINOR },
	{ "shared", BRKW_KEY_FAULT_SHARED_MINOR },
	{ "other", BRKW_KEY_FAULT_OTHER_MINOR },
	{ "remote", BRKW_KEY_FAULT_REMOTE_MINOR },
	{ "all", BRKW_KEY_FAULT_MINOR },
};

static void print_fault_line(const struct page *page, const char *label, int is_major)
{
	char text[BRKW_FORMAT_LEN];
	size_t i;

	fprintf(page->out, "  %-9s", label);
	for (i = 0; i < ARRAY_SIZE(fault_places); i++)
		fprintf(page->out, " %8s", key_text(page, fault_places[i].minor + is_major,
						    BRKW_COUNT, text));
	fprintf(page->out, "\n");
}

static void print_faults(const struct page *page)
{
	char text[BRKW_FORMAT_LEN];
	size_t i;

	fprintf(page->out, "\nPage faults");
	for (i = 0; i < ARRAY_SIZE(fault_places); i++)
		fprintf(page->out, " %8s", fault_places[i].head);
	fprintf(page->out, "\n");
	print_fault_line(page, "minor", 0);
	print_fault_line(page, "major", 1);
	if (!is_zero(page, BRKW_KEY_FAULT_ERROR_EVENTS))
		fprintf(page->out, "  %s failed\n",
			key_text(page, BRKW_KEY_FAULT_ERROR_EVENTS, BRKW_COUNT, text));
}

static void print_trust(const struct page *page)
{
	char a[BRKW_FORMAT_LEN], b[BRKW_FORMAT_LEN], c[BRKW_FORMAT_LEN];
	int64_t since_ns;

	fprintf(page->out, "\nTrust (all 0: every number above is exact)\n");
	fprintf(page->out, "  %s unaccounted, %s faults unattributed, %s events missed\n",
		key_text(page, BRKW_KEY_VM_UNACCOUNTED_BYTES, BRKW_BYTES, a),
		key_text(page, BRKW_KEY_FAULT_UNATTRIBUTED, BRKW_COUNT, b),
		key_text(page, BRKW_KEY_MISSED_EVENTS, BRKW_COUNT, c));
	if (brkw_snapshot_value(page->acct, BRKW_KEY_NOT_EXACT_SINCE_NS, &since_ns) && since_ns)
		fprintf(page->out, "  NOT EXACT since %s after boot: the kernel called no hooks\n",
			brkw_format_number(since_ns, BRKW_NS, false, a));
}

void brkw_report_print(const struct brkw_account *acct, bool is_exact, FILE *out)
{
	const struct page page = { .acct = acct, .is_exact = is_exact, .out = out };

	print_title(&page);
	print_space(&page);
	print_heap(&page);
	print_mappings(&page);
	print_other(&page);
	print_faults(&page);
	print_trust(&page);
}
