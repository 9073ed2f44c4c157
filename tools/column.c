// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "array.h"
#include "column.h"
#include "comm.h"
#include "history.h"
#include "snapshot.h"
#include "spark.h"
#include "why.h"

/* Columns that are no key; they stand behind the keys in the table. */
enum {
	COL_PID = BRKW_NR_KEYS,
	COL_COMM,
	COL_STATE,
	COL_MMAP_EVENTS,
	COL_MMAP_BYTES,
	COL_VM_NET_BYTES,
	COL_VM_RATE,
	COL_GROWN_RATE,
	COL_SHRUNK_RATE,
	COL_BRK_RATE,
	COL_BRK_CALL_RATE,
	COL_MMAP_RATE,
	COL_MUNMAP_RATE,
	COL_MINOR_RATE,
	COL_MAJOR_RATE,
	COL_CGROUP,
	COL_TREND,
	NR_COLUMNS
};

/* The names are those of the contract. */
#define KEY_NAME(key, name)	static const char name_##key[] = #name;
BRKW_KEYS(KEY_NAME)
#undef KEY_NAME

/* Sums of events and of bytes; counts and sizes as they are now; times. */
#define KEY(_key, _head, _help, _unit, _is_sum) \
	[BRKW_KEY_##_key] = { .name = name_##_key, .head = _head, .help = _help, .unit = _unit, \
			      .is_sum = _is_sum }
#define COUNT(key, head, help)	KEY(key, head, help, BRKW_COUNT, true)
#define BYTES(key, head, help)	KEY(key, head, help, BRKW_BYTES, true)
#define LEVEL(key, head, help)	KEY(key, head, help, BRKW_COUNT, false)
#define SIZE(key, head, help)	KEY(key, head, help, BRKW_BYTES, false)
#define TIME(key, head, help)	KEY(key, head, help, BRKW_NS, false)

#define RATE(_id, _of, _name, _head, _help, _unit) \
	[_id] = { .name = _name, .head = _head, .help = _help, .unit = _unit, \
		  .rate_of = &columns[_of] }

static const struct brkw_column columns[NR_COLUMNS];

static const struct brkw_column columns[NR_COLUMNS] = {
	TIME(WATCHED_SINCE_NS, "SINCE", "when the account opened, from boot"),
	TIME(ENDED_NS, "ENDED", "when it ended, from boot; 0 while it lives"),
	SIZE(VM_BYTES, "VM", "size of the address space now"),
	SIZE(VM_START_BYTES, "VM-START", "size when the account opened"),
	BYTES(VM_GROWN_BYTES, "GROWN", "everything it grew by since"),
	BYTES(VM_SHRUNK_BYTES, "SHRUNK", "everything it shrank by since"),
	SIZE(VM_UNACCOUNTED_BYTES, "UNACC", "what the module missed; 0 if exact"),
	LEVEL(VMA_COUNT, "VMAS", "mappings now"),
	LEVEL(VMA_PEAK, "VMAS-MAX", "most mappings at once"),
	SIZE(BRK_BYTES, "BRK", "size of the brk heap now"),
	SIZE(BRK_PEAK_BYTES, "BRK-MAX", "largest brk heap"),
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
	COUNT(FAULT_FILE_MINOR, "FILE-MIN", "minor faults in private mappings of files"),
	COUNT(FAULT_FILE_MAJOR, "FILE-MAJ", "major faults in private mappings of files"),
	COUNT(FAULT_SHARED_MINOR, "SHARED-MIN", "minor faults in shared memory"),
	COUNT(FAULT_SHARED_MAJOR, "SHARED-MAJ", "major faults in shared memory"),
	COUNT(FAULT_OTHER_MINOR, "OTHER-MIN", "minor faults elsewhere"),
	COUNT(FAULT_OTHER_MAJOR, "OTHER-MAJ", "major faults elsewhere"),
	COUNT(FAULT_REMOTE_MINOR, "REMOTE-MIN", "minor faults in other address spaces"),
	COUNT(FAULT_REMOTE_MAJOR, "REMOTE-MAJ", "major faults in other address spaces"),
	COUNT(FAULT_MINOR, "MINFLT", "minor faults, all"),
	COUNT(FAULT_MAJOR, "MAJFLT", "major faults, all"),
	LEVEL(FAULT_UNATTRIBUTED, "UNATTR", "faults of an unknown place; 0 if exact"),
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
			      .help = "mappings made, all four kinds", .is_sum = true },
	[COL_MMAP_BYTES] = { .name = "mmap_bytes", .head = "MAPPED", .unit = BRKW_BYTES,
			     .help = "their size, all four kinds", .is_sum = true },
	[COL_VM_NET_BYTES] = { .name = "vm_net_bytes", .head = "NET", .unit = BRKW_BYTES,
			       .help = "what it has grown by and not given back" },
	RATE(COL_VM_RATE, BRKW_KEY_VM_BYTES, "vm_bytes_per_second", "VM/s",
	     "change of its size a second (watch, top)", BRKW_BYTES),
	RATE(COL_GROWN_RATE, BRKW_KEY_VM_GROWN_BYTES, "vm_grown_bytes_per_second", "GROWN/s",
	     "what it grew by a second (watch, top)", BRKW_BYTES),
	RATE(COL_SHRUNK_RATE, BRKW_KEY_VM_SHRUNK_BYTES, "vm_shrunk_bytes_per_second", "SHRUNK/s",
	     "what it shrank by a second (watch, top)", BRKW_BYTES),
	RATE(COL_BRK_RATE, BRKW_KEY_BRK_BYTES, "brk_bytes_per_second", "BRK/s",
	     "change of the brk heap a second (watch, top)", BRKW_BYTES),
	RATE(COL_BRK_CALL_RATE, BRKW_KEY_BRK_CALLS, "brk_calls_per_second", "CALLS/s",
	     "calls of brk a second (watch, top)", BRKW_COUNT),
	RATE(COL_MMAP_RATE, COL_MMAP_BYTES, "mmap_bytes_per_second", "MAPPED/s",
	     "size of the mappings made a second (watch, top)", BRKW_BYTES),
	RATE(COL_MUNMAP_RATE, BRKW_KEY_MUNMAP_BYTES, "munmap_bytes_per_second", "UNMAP/s",
	     "what was unmapped a second (watch, top)", BRKW_BYTES),
	RATE(COL_MINOR_RATE, BRKW_KEY_FAULT_MINOR, "fault_minor_per_second", "MINFLT/s",
	     "minor faults a second (watch, top)", BRKW_COUNT),
	RATE(COL_MAJOR_RATE, BRKW_KEY_FAULT_MAJOR, "fault_major_per_second", "MAJFLT/s",
	     "major faults a second (watch, top)", BRKW_COUNT),
	[COL_CGROUP] = { .name = "cgroup", .head = "CGROUP", .is_text = true,
			 .help = "its cgroup, which /proc tells", .is_ascending = true },
	[COL_TREND] = { .name = "vm_trend", .head = "TREND", .is_text = true,
			.help = "its size of late, drawn (watch, top)", .is_ascending = true },
};

#undef KEY
#undef COUNT
#undef BYTES
#undef LEVEL
#undef SIZE
#undef TIME
#undef RATE

static const unsigned int list_columns[] = {
	COL_PID, BRKW_KEY_VM_BYTES, BRKW_KEY_VM_GROWN_BYTES, BRKW_KEY_VM_SHRUNK_BYTES,
	BRKW_KEY_BRK_BYTES, BRKW_KEY_BRK_CALLS, COL_MMAP_BYTES, BRKW_KEY_FAULT_MINOR,
	BRKW_KEY_FAULT_MAJOR, COL_COMM,
};

static const unsigned int watch_columns[] = {
	BRKW_KEY_VM_BYTES, COL_VM_RATE, BRKW_KEY_BRK_BYTES, COL_BRK_RATE, COL_BRK_CALL_RATE,
	COL_MMAP_RATE, COL_MUNMAP_RATE, COL_MINOR_RATE, COL_MAJOR_RATE,
};

static const unsigned int top_columns[] = {
	COL_PID, BRKW_KEY_VM_BYTES, COL_VM_NET_BYTES, COL_VM_RATE, BRKW_KEY_BRK_BYTES,
	COL_MINOR_RATE, COL_TREND, COL_COMM,
};

static const unsigned int export_columns[] = {
	COL_PID, COL_COMM, BRKW_KEY_WATCHED_SINCE_NS, BRKW_KEY_VM_BYTES, COL_VM_NET_BYTES,
	BRKW_KEY_VM_GROWN_BYTES, BRKW_KEY_VM_SHRUNK_BYTES, BRKW_KEY_VM_UNACCOUNTED_BYTES,
	BRKW_KEY_VMA_COUNT, BRKW_KEY_BRK_BYTES, BRKW_KEY_BRK_GROW_BYTES,
	BRKW_KEY_BRK_SHRINK_BYTES, BRKW_KEY_MMAP_ANON_PRIVATE_BYTES,
	BRKW_KEY_MMAP_ANON_SHARED_BYTES, BRKW_KEY_MMAP_FILE_PRIVATE_BYTES,
	BRKW_KEY_MMAP_FILE_SHARED_BYTES, BRKW_KEY_MUNMAP_BYTES, BRKW_KEY_FAULT_MINOR,
	BRKW_KEY_FAULT_MAJOR, BRKW_KEY_MISSED_EVENTS,
};

static const unsigned int front_columns[] = { COL_PID, COL_COMM, COL_STATE };


static const struct {
	const unsigned int *ids;
	size_t nr;
} usual_columns[] = {
	[BRKW_USUAL_LIST] = { list_columns, ARRAY_SIZE(list_columns) },
	[BRKW_USUAL_WATCH] = { watch_columns, ARRAY_SIZE(watch_columns) },
	[BRKW_USUAL_TOP] = { top_columns, ARRAY_SIZE(top_columns) },
	[BRKW_USUAL_EXPORT] = { export_columns, ARRAY_SIZE(export_columns) },
};

#define NR_TREND	12	/* characters */

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

static bool net_value(const struct brkw_account *acct, int64_t *ret_value)
{
	int64_t now, start;

	if (!brkw_snapshot_value(acct, BRKW_KEY_VM_BYTES, &now) ||
	    !brkw_snapshot_value(acct, BRKW_KEY_VM_START_BYTES, &start))
		return false;
	*ret_value = (int64_t)((uint64_t)now - (uint64_t)start);
	return true;
}

/* The number of a column that is no rate. */
static bool plain_value(const struct brkw_column *col, const struct brkw_account *acct,
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
	case COL_VM_NET_BYTES:
		return net_value(acct, ret_value);
	default:
		return brkw_snapshot_value(acct, id, ret_value);
	}
}

/* What the number of an account changed by a second since the reading before. */
static bool rate_value(const struct brkw_column *of, const struct brkw_account *acct,
		       int64_t *ret_value)
{
	const struct brkw_track *track = acct->track;
	int64_t now, before;

	if (!track || !track->before || !track->dt_ns)
		return false;
	if (!plain_value(of, acct, &now) || !plain_value(of, track->before, &before))
		return false;
	*ret_value = (int64_t)(((__int128)now - before) * 1000000000 / (int64_t)track->dt_ns);
	return true;
}

bool brkw_column_value(const struct brkw_column *col, const struct brkw_account *acct,
		       int64_t *ret_value)
{
	if (col->rate_of)
		return rate_value(col->rate_of, acct, ret_value);
	return plain_value(col, acct, ret_value);
}

static bool trend_cell(const struct brkw_track *track, char *ret_text)
{
	int64_t sizes[NR_TREND];
	size_t nr;

	static_assert(NR_TREND * BRKW_SPARK_LEN < BRKW_CELL_LEN, "no room for the trend");
	if (!track)
		return false;
	nr = brkw_history_sizes(track, NR_TREND, sizes);
	brkw_spark_draw(sizes, nr, ret_text);
	return nr > 1;
}

static bool text_cell(const struct brkw_column *col, const struct brkw_account *acct,
		      char *ret_text)
{
	const struct brkw_track *track = acct->track;

	switch (col - columns) {
	case COL_COMM:
		brkw_comm_escape(acct->comm, strlen(acct->comm), ret_text, BRKW_CELL_LEN);
		return true;
	case COL_STATE:
		snprintf(ret_text, BRKW_CELL_LEN, "%s", brkw_snapshot_state_name(acct->state));
		return true;
	case COL_CGROUP:
		if (!track || !track->cgroup)
			return false;
		brkw_comm_escape(track->cgroup, strlen(track->cgroup), ret_text, BRKW_CELL_LEN);
		return true;
	default:
		return trend_cell(track, ret_text);
	}
}

bool brkw_column_cell(const struct brkw_column *col, const struct brkw_account *acct,
		      bool is_exact, char *ret_text)
{
	int64_t value;

	if (col->is_text) {
		if (text_cell(col, acct, ret_text))
			return true;
	} else if (brkw_column_value(col, acct, &value)) {
		brkw_format_number(value, col->unit, is_exact, ret_text);
		return true;
	}
	snprintf(ret_text, BRKW_CELL_LEN, BRKW_UNKNOWN);
	return false;
}

/* The columns of list by name, and where to find the rest. */
static void cure_unknown(struct brkw_why *why)
{
	char names[192] = "";
	size_t i, used = 0;

	for (i = 0; i < ARRAY_SIZE(list_columns); i++)
		used += snprintf(names + used, sizeof(names) - used, "%s, ",
				 columns[list_columns[i]].name);
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

void brkw_column_set_usual(enum brkw_usual usual, struct brkw_column_set *ret_set)
{
	ret_set->nr_cols = 0;
	add_columns(ret_set, usual_columns[usual].ids, usual_columns[usual].nr);
}

bool brkw_column_needs_cgroups(const struct brkw_column_set *set, const struct brkw_column *sort)
{
	size_t i;

	for (i = 0; i < set->nr_cols; i++)
		if (set->cols[i] == &columns[COL_CGROUP])
			return true;
	return sort == &columns[COL_CGROUP];
}

void brkw_column_set_contract(struct brkw_column_set *ret_set)
{
	unsigned int key;

	ret_set->nr_cols = 0;
	add_columns(ret_set, front_columns, ARRAY_SIZE(front_columns));
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

int brkw_column_set_parse(const char *spec, enum brkw_usual usual,
			  struct brkw_column_set *ret_set, struct brkw_why *why)
{
	struct brkw_column_set set = { .nr_cols = 0 };
	bool is_added = *spec == '+';
	char *names = strdup(spec + is_added);
	int err;

	brkw_why_what(why, "-o");
	if (!names)
		return brkw_why_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	if (is_added)
		brkw_column_set_usual(usual, &set);
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

static const char *cgroup_of(const struct brkw_account *acct)
{
	return acct->track ? acct->track->cgroup : NULL;
}

static bool has_text(const struct brkw_column *col, const struct brkw_account *acct)
{
	return col - columns != COL_CGROUP || cgroup_of(acct);
}

/* How a trend looks is no order. */
static int compare_text(const struct brkw_column *col, const struct brkw_account *a,
			const struct brkw_account *b)
{
	switch (col - columns) {
	case COL_COMM:
		return strcmp(a->comm, b->comm);
	case COL_STATE:
		return compare_numbers(a->state, b->state);
	case COL_CGROUP:
		return strcmp(cgroup_of(a), cgroup_of(b));
	default:
		return 0;
	}
}

/* What is not known comes last, in whichever order. */
static int compare_accounts(const void *left, const void *right, void *arg)
{
	const struct brkw_account *a = left, *b = right;
	const struct sort_order *order = arg;
	int64_t va = 0, vb = 0;
	bool has_a, has_b;
	int diff = 0;

	if (order->col->is_text) {
		has_a = has_text(order->col, a);
		has_b = has_text(order->col, b);
		if (has_a && has_b)
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

void brkw_column_words(FILE *out)
{
	size_t i;

	for (i = 0; i < NR_COLUMNS; i++)
		fprintf(out, "value COL %s %s\n", columns[i].name, columns[i].help);
}
