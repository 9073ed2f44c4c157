// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "column.h"
#include "snapshot.h"
#include "why.h"

/* Columns that are no key; they stand behind the keys in the table. */
enum {
	COL_PID = BRKW_NR_KEYS,
	COL_COMM,
	COL_STATE,
	COL_MMAP_EVENTS,
	COL_MMAP_BYTES,
	NR_COLUMNS
};

/* The names are those of the contract. */
#define KEY_NAME(key, name)	static const char name_##key[] = #name;
BRKW_KEYS(KEY_NAME)
#undef KEY_NAME

#define KEY(_key, _head, _help, _unit) \
	[BRKW_KEY_##_key] = { .name = name_##_key, .head = _head, .help = _help, .unit = _unit }
#define COUNT(key, head, help)	KEY(key, head, help, BRKW_COUNT)
#define BYTES(key, head, help)	KEY(key, head, help, BRKW_BYTES)
#define TIME(key, head, help)	KEY(key, head, help, BRKW_NS)

static const struct brkw_column columns[NR_COLUMNS] = {
	TIME(WATCHED_SINCE_NS, "SINCE", "when the account opened, from boot"),
	TIME(ENDED_NS, "ENDED", "when it ended, from boot; 0 while it lives"),
	BYTES(VM_BYTES, "VM", "size of the address space now"),
	BYTES(VM_START_BYTES, "VM-START", "size when the account opened"),
	BYTES(VM_GROWN_BYTES, "GROWN", "everything it grew by since"),
	BYTES(VM_SHRUNK_BYTES, "SHRUNK", "everything it shrank by since"),
	BYTES(VM_UNACCOUNTED_BYTES, "UNACC", "what the module missed; 0 if exact"),
	COUNT(VMA_COUNT, "VMAS", "mappings now"),
	COUNT(VMA_PEAK, "VMAS-MAX", "most mappings at once"),
	BYTES(BRK_BYTES, "BRK", "size of the brk heap now"),
	BYTES(BRK_PEAK_BYTES, "BRK-MAX", "largest brk heap"),
	COUNT(BRK_CALLS, "BRK-CALLS", "calls of brk"),
	COUNT(BRK_GROW_EVENTS, "BRK+", "calls that grew the heap"),
	BYTES(BRK_GROW_BYTES, "BRK+SIZE", "what they grew it by"),
	COUNT(BRK_SHRINK_EVENTS, "BRK-", "calls that shrank the heap"),
	BYTES(BRK_SHRINK_BYTES, "BRK-SIZE", "what they shrank it by"),
	COUNT(BRK_SAME_EVENTS, "BRK=", "queries, and moves within a page"),
	COUNT(BRK_FAIL_EVENTS, "BRK!", "calls that were not granted"),
	COUNT(MMAP_ANON_PRIVATE_EVENTS, "ANON+", "private anonymous mappings made"),
	BYTES(MMAP_ANON_PRIVATE_BYTES, "ANON+SIZE", "their size"),
	COUNT(MMAP_ANON_SHARED_EVENTS, "SHM+", "shared anonymous mappings made"),
	BYTES(MMAP_ANON_SHARED_BYTES, "SHM+SIZE", "their size"),
	COUNT(MMAP_FILE_PRIVATE_EVENTS, "FILE+", "private mappings of files made"),
	BYTES(MMAP_FILE_PRIVATE_BYTES, "FILE+SIZE", "their size"),
	COUNT(MMAP_FILE_SHARED_EVENTS, "SFILE+", "shared mappings of files made"),
	BYTES(MMAP_FILE_SHARED_BYTES, "SFILE+SIZE", "their size"),
	BYTES(MMAP_REPLACED_BYTES, "REPLACED", "mapped over by MAP_FIXED"),
	COUNT(MMAP_FAIL_EVENTS, "MMAP!", "mappings that failed"),
	COUNT(MUNMAP_EVENTS, "MUNMAP", "unmappings"),
	BYTES(MUNMAP_BYTES, "UNMAPPED", "what they took away"),
	COUNT(MUNMAP_FAIL_EVENTS, "MUNMAP!", "unmappings that failed"),
	COUNT(MREMAP_GROW_EVENTS, "MREMAP+", "mremaps that grew a mapping"),
	BYTES(MREMAP_GROW_BYTES, "MREMAP+SIZE", "what they grew it by"),
	COUNT(MREMAP_SHRINK_EVENTS, "MREMAP-", "mremaps that shrank a mapping"),
	BYTES(MREMAP_SHRINK_BYTES, "MREMAP-SIZE", "what they shrank it by"),
	COUNT(MREMAP_MOVE_EVENTS, "MOVED", "mremaps that moved a mapping"),
	COUNT(MREMAP_FAIL_EVENTS, "MREMAP!", "mremaps that failed"),
	COUNT(STACK_GROW_EVENTS, "STACK+", "growths of a stack"),
	BYTES(STACK_GROW_BYTES, "STACK+SIZE", "what stacks grew by"),
	COUNT(MADVISE_DONTNEED_EVENTS, "DONTNEED", "MADV_DONTNEED calls"),
	BYTES(MADVISE_DONTNEED_BYTES, "DONTNEED-SIZE", "what they covered"),
	COUNT(MADVISE_FREE_EVENTS, "FREE", "MADV_FREE calls"),
	BYTES(MADVISE_FREE_BYTES, "FREE-SIZE", "what they covered"),
	COUNT(OTHER_GROW_EVENTS, "OTHER+", "growths of no other kind"),
	BYTES(OTHER_GROW_BYTES, "OTHER+SIZE", "their size"),
	COUNT(OTHER_SHRINK_EVENTS, "OTHER-", "shrinks of no other kind"),
	BYTES(OTHER_SHRINK_BYTES, "OTHER-SIZE", "their size"),
	COUNT(FAULT_HEAP_MINOR, "HEAP-MIN", "minor faults in the brk heap"),
	COUNT(FAULT_HEAP_MAJOR, "HEAP-MAJ", "major faults in the brk heap"),
	COUNT(FAULT_STACK_MINOR, "STACK-MIN", "minor faults in the stack"),
	COUNT(FAULT_STACK_MAJOR, "STACK-MAJ", "major faults in the stack"),
	COUNT(FAULT_ANON_MINOR, "ANON-MIN", "minor faults in anonymous memory"),
	COUNT(FAULT_ANON_MAJOR, "ANON-MAJ", "major faults in anonymous memory"),
	COUNT(FAULT_FILE_MINOR, "FILE-MIN", "minor faults in mapped files"),
	COUNT(FAULT_FILE_MAJOR, "FILE-MAJ", "major faults in mapped files"),
	COUNT(FAULT_SHARED_MINOR, "SHARED-MIN", "minor faults in shared memory"),
	COUNT(FAULT_SHARED_MAJOR, "SHARED-MAJ", "major faults in shared memory"),
	COUNT(FAULT_OTHER_MINOR, "OTHER-MIN", "minor faults elsewhere"),
	COUNT(FAULT_OTHER_MAJOR, "OTHER-MAJ", "major faults elsewhere"),
	COUNT(FAULT_REMOTE_MINOR, "REMOTE-MIN", "minor faults in other address spaces"),
	COUNT(FAULT_REMOTE_MAJOR, "REMOTE-MAJ", "major faults in other address spaces"),
	COUNT(FAULT_MINOR, "MINFLT", "minor faults, all"),
	COUNT(FAULT_MAJOR, "MAJFLT", "major faults, all"),
	COUNT(FAULT_UNATTRIBUTED, "UNATTR", "faults of an unknown place; 0 if exact"),
	COUNT(FAULT_ERROR_EVENTS, "FAULT!", "faults that failed"),
	COUNT(MISSED_EVENTS, "MISSED", "events that the module missed"),
	TIME(NOT_EXACT_SINCE_NS, "INEXACT",
	     "since when hooks are silent, from boot; 0 if exact"),
	[COL_PID] = { .name = "pid", .head = "PID", .help = "process id", .is_ascending = true },
	[COL_COMM] = { .name = "comm", .head = "COMM", .help = "name of the process",
		       .is_text = true, .is_ascending = true },
	[COL_STATE] = { .name = "state", .head = "STATE", .help = "live, exited or replaced",
			.is_text = true, .is_ascending = true },
	[COL_MMAP_EVENTS] = { .name = "mmap_events", .head = "MMAP",
			      .help = "mappings made, all four kinds" },
	[COL_MMAP_BYTES] = { .name = "mmap_bytes", .head = "MAPPED", .unit = BRKW_BYTES,
			     .help = "their size, all four kinds" },
};

#undef KEY
#undef COUNT
#undef BYTES
#undef TIME

static const unsigned int default_columns[] = {
	COL_PID, BRKW_KEY_VM_BYTES, BRKW_KEY_VM_GROWN_BYTES, BRKW_KEY_VM_SHRUNK_BYTES,
	BRKW_KEY_BRK_BYTES, BRKW_KEY_BRK_CALLS, COL_MMAP_BYTES, BRKW_KEY_FAULT_MINOR,
	BRKW_KEY_FAULT_MAJOR, COL_COMM,
};

static const unsigned int front_columns[] = { COL_PID, COL_COMM, COL_STATE };

#define NR_ITEMS(array)		(sizeof(array) / sizeof((array)[0]))

/* Sum of @nr keys, two apart, from @key on: events and bytes take turns. */
static bool sum_keys(const struct brkw_account *acct, unsigned int key, unsigned int nr,
		     int64_t *ret_value)
{
	uint64_t sum = 0;
	int64_t value;

	for (; nr; nr--, key += 2) {
		if (!brkw_snapshot_value(acct, key, &value))
			return false;
		sum += (uint64_t)value;
	}
	*ret_value = (int64_t)sum;
	return true;
}

bool brkw_column_value(const struct brkw_column *col, const struct brkw_account *acct,
		       int64_t *ret_value)
{
	size_t id = col - columns;

	switch (id) {
	case COL_PID:
		*ret_value = acct->pid;
		return true;
	case COL_MMAP_EVENTS:
		return sum_keys(acct, BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, 4, ret_value);
	case COL_MMAP_BYTES:
		return sum_keys(acct, BRKW_KEY_MMAP_ANON_PRIVATE_BYTES, 4, ret_value);
	default:
		return brkw_snapshot_value(acct, id, ret_value);
	}
}

void brkw_column_cell(const struct brkw_column *col, const struct brkw_account *acct,
		      bool is_exact, char *ret_text)
{
	int64_t value;

	if (col == &columns[COL_COMM])
		brkw_comm_escape(acct->comm, strlen(acct->comm), ret_text, BRKW_CELL_LEN);
	else if (col == &columns[COL_STATE])
		snprintf(ret_text, BRKW_CELL_LEN, "%s", brkw_snapshot_state_name(acct->state));
	else if (brkw_column_value(col, acct, &value))
		brkw_format_number(value, col->unit, is_exact, ret_text);
	else
		snprintf(ret_text, BRKW_CELL_LEN, BRKW_UNKNOWN);
}

/* The default columns by name, and where to find the rest. */
static void cure_unknown(struct brkw_why *why)
{
	char names[192] = "";
	size_t i, used = 0;

	for (i = 0; i < NR_ITEMS(default_columns); i++)
		used += snprintf(names + used, sizeof(names) - used, "%s, ",
				 columns[default_columns[i]].name);
	brkw_why_cure(why, "known are %sand more in 'brkwatch list --help'", names);
}

const struct brkw_column *brkw_column_find(const char *name, struct brkw_why *why)
{
	size_t i;

	for (i = 0; i < NR_COLUMNS; i++)
		if (!strcasecmp(name, columns[i].name) || !strcasecmp(name, columns[i].head))
			return &columns[i];
	brkw_why_what(why, "column '%s'", name);
	brkw_why_set(why, -EINVAL, "there is none of that name");
	cure_unknown(why);
	return NULL;
}

static void add_columns(struct brkw_column_set *set, const unsigned int *ids, size_t nr)
{
	for (; nr; nr--)
		set->cols[set->nr_cols++] = &columns[*ids++];
}

void brkw_column_set_default(struct brkw_column_set *ret_set)
{
	ret_set->nr_cols = 0;
	add_columns(ret_set, default_columns, NR_ITEMS(default_columns));
}

void brkw_column_set_contract(struct brkw_column_set *ret_set)
{
	unsigned int key;

	ret_set->nr_cols = 0;
	add_columns(ret_set, front_columns, NR_ITEMS(front_columns));
	for (key = 0; key < BRKW_NR_KEYS; key++)
		add_columns(ret_set, &key, 1);
}

static int add_named(struct brkw_column_set *set, char *names, struct brkw_why *why)
{
	const struct brkw_column *col;
	char *name;

	while ((name = strsep(&names, ","))) {
		col = brkw_column_find(name, why);
		if (!col)
			return -EINVAL;
		if (set->nr_cols == BRKW_SET_MAX)
			return brkw_why_set(why, -EINVAL, "more than %d columns", BRKW_SET_MAX);
		set->cols[set->nr_cols++] = col;
	}
	return 0;
}

int brkw_column_set_parse(const char *spec, struct brkw_column_set *ret_set,
			  struct brkw_why *why)
{
	struct brkw_column_set set = { .nr_cols = 0 };
	bool is_added = *spec == '+';
	char *names = strdup(spec + is_added);
	int err;

	brkw_why_what(why, "-o");
	if (!names)
		return brkw_why_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	if (is_added)
		brkw_column_set_default(&set);
	err = add_named(&set, names, why);
	free(names);
	if (!err)
		*ret_set = set;
	return err;
}

/* How qsort_r() is to compare. */
struct sort_order {
	const struct brkw_column *col;
	bool is_ascending;
};

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_text(const struct brkw_column *col, const struct brkw_account *a,
			const struct brkw_account *b)
{
	if (col == &columns[COL_COMM])
		return strcmp(a->comm, b->comm);
	return compare_numbers(a->state, b->state);
}

static int compare_accounts(const void *left, const void *right, void *arg)
{
	const struct brkw_account *a = left, *b = right;
	const struct sort_order *order = arg;
	int64_t va = 0, vb = 0;
	bool has_a = true, has_b = true;
	int diff;

	if (order->col->is_text) {
		diff = compare_text(order->col, a, b);
	} else {
		has_a = brkw_column_value(order->col, a, &va);
		has_b = brkw_column_value(order->col, b, &vb);
		diff = compare_numbers(va, vb);
	}
	if (has_a != has_b)
		return has_a ? -1 : 1;
	if (has_a && diff)
		return order->is_ascending ? diff : -diff;
	return compare_numbers(a->pid, b->pid);
}

void brkw_column_sort(struct brkw_snapshot *snap, const struct brkw_column *col,
		      bool is_reversed)
{
	struct sort_order order = {
		.col = col,
		.is_ascending = col->is_ascending != is_reversed,
	};

	if (snap->nr_accts)
		qsort_r(snap->accts, snap->nr_accts, sizeof(*snap->accts), compare_accounts,
			&order);
}

static void print_column(const struct brkw_column *col, FILE *out)
{
	fprintf(out, "  %-25s %-14s %s\n", col->name, col->head, col->help);
}

void brkw_column_help(FILE *out)
{
	size_t i;

	fprintf(out, "\nColumns (name, heading, meaning):\n");
	for (i = BRKW_NR_KEYS; i < NR_COLUMNS; i++)
		print_column(&columns[i], out);
	for (i = 0; i < BRKW_NR_KEYS; i++)
		print_column(&columns[i], out);
}
