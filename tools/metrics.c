// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <string.h>

#include "array.h"
#include "clock.h"
#include "column.h"
#include "comm.h"
#include "metrics.h"
#include "snapshot.h"
#include "stats.h"

#define NAME_LEN	96

/* A family of series with one name. */
struct family {
	char name[NAME_LEN];	/* without _total */
	const char *help;
	enum brkw_unit unit;
	bool is_sum;
};

/* What the module says about itself, by key of stats. */
static const struct {
	const char *key;
	struct family family;
} own[] = {
	{ "accounts_opened", { "brkwatch_accounts_opened", "accounts ever opened",
			       BRKW_COUNT, true } },
	{ "events_seen", { "brkwatch_events_seen", "events that hooks brought",
			   BRKW_COUNT, true } },
	{ "events_dropped", { "brkwatch_events_dropped", "events that no account got",
			      BRKW_COUNT, true } },
	{ "events_missed", { "brkwatch_events_missed", "events that no hook got",
			     BRKW_COUNT, true } },
	{ "memory_bytes", { "brkwatch_memory_bytes", "memory of the module",
			    BRKW_BYTES, false } },
	{ "handler_ns", { "brkwatch_handler_seconds", "time spent in hooks, about",
			  BRKW_NS, true } },
	{ "not_exact_since_ns", { "brkwatch_not_exact_since_seconds",
				  "since when hooks are silent, from boot; 0 if exact",
				  BRKW_NS, false } },
};


static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), sz_end = strlen(end);

	return len >= sz_end && !strcmp(text + len - sz_end, end);
}

static void print_unit(const struct family *family, FILE *out)
{
	if (ends_with(family->name, "_bytes"))
		fprintf(out, "# UNIT %s bytes\n", family->name);
	else if (ends_with(family->name, "_seconds"))
		fprintf(out, "# UNIT %s seconds\n", family->name);
}

/* OpenMetrics has no _total here; the older form has it everywhere. */
static void print_family(const struct brkw_metrics *metrics, const struct family *family, FILE *out)
{
	const char *end = family->is_sum && !metrics->is_open ? "_total" : "";

	fprintf(out, "# HELP %s%s %s\n", family->name, end, family->help);
	fprintf(out, "# TYPE %s%s %s\n", family->name, end, family->is_sum ? "counter" : "gauge");
	if (metrics->is_open)
		print_unit(family, out);
}

static void print_value(const struct family *family, int64_t value, FILE *out)
{
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;

	if (family->unit == BRKW_NS)
		fprintf(out, " %s%" PRIu64 ".%09" PRIu64 "\n", value < 0 ? "-" : "",
			size / BRKW_NS_PER_SEC, size % BRKW_NS_PER_SEC);
	else
		fprintf(out, " %" PRId64 "\n", value);
}

static void print_single(const struct brkw_metrics *metrics, const struct family *family,
			 int64_t value, FILE *out)
{
	print_family(metrics, family, out);
	fprintf(out, "%s%s", family->name, family->is_sum ? "_total" : "");
	print_value(family, value, out);
}

/* --- the machine --- */

static int64_t sum_of(const struct brkw_snapshot *snap, enum brkw_key key)
{
	uint64_t sum = 0;
	int64_t value;
	size_t i;

	for (i = 0; i < snap->nr_accts; i++)
		if (brkw_snapshot_value(&snap->accts[i], key, &value))
			sum += (uint64_t)value;
	return (int64_t)sum;
}

static void print_machine(const struct brkw_metrics *metrics, FILE *out)
{
	static const struct family processes = {
		"brkwatch_processes", "live processes", BRKW_COUNT, false };
	static const struct family exported = {
		"brkwatch_processes_exported", "processes that have series", BRKW_COUNT, false };
	static const struct family vm = {
		"brkwatch_vm_bytes", "size of all address spaces", BRKW_BYTES, false };
	static const struct family brk = {
		"brkwatch_brk_bytes", "size of all brk heaps", BRKW_BYTES, false };
	int64_t value;
	size_t i;

	print_single(metrics, &processes, (int64_t)metrics->all->nr_accts, out);
	print_single(metrics, &exported, (int64_t)metrics->shown->nr_accts, out);
	print_single(metrics, &vm, sum_of(metrics->all, BRKW_KEY_VM_BYTES), out);
	print_single(metrics, &brk, sum_of(metrics->all, BRKW_KEY_BRK_BYTES), out);
	for (i = 0; metrics->stats && i < ARRAY_SIZE(own); i++)
		if (brkw_stats_number(metrics->stats, own[i].key, &value) && value >= 0)
			print_single(metrics, &own[i].family, value, out);
}

/* --- processes --- */

static void print_label(const char *name, const char *text, bool is_first, FILE *out)
{
	fprintf(out, "%s%s=\"", is_first ? "" : ",", name);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

static bool is_label(const struct brkw_column *col)
{
	return col->is_text && strcmp(col->name, "comm") && strcmp(col->name, "vm_trend");
}

/* A column that was asked for twice is one metric, or one label. */
static bool is_repeated(const struct brkw_column_set *set, size_t c)
{
	size_t i;

	for (i = 0; i < c; i++)
		if (set->cols[i] == set->cols[c])
			return true;
	return false;
}

/* pid and comm always, other columns of text if they are asked for. */
static void print_labels(const struct brkw_metrics *metrics, const struct brkw_account *acct,
			 FILE *out)
{
	char text[BRKW_CELL_LEN];
	size_t i;

	snprintf(text, sizeof(text), "%u", acct->pid);
	putc('{', out);
	print_label("pid", text, true, out);
	brkw_comm_escape(acct->comm, strlen(acct->comm), text, sizeof(text));
	print_label("comm", text, false, out);
	for (i = 0; i < metrics->set->nr_cols; i++)
		if (is_label(metrics->set->cols[i]) && !is_repeated(metrics->set, i) &&
		    brkw_column_cell(metrics->set->cols[i], acct, true, text))
			print_label(metrics->set->cols[i]->name, text, false, out);
	putc('}', out);
}

/* Metrics have seconds, and _count is the end of a name of histograms. */
static void name_family(const struct brkw_column *col, struct family *ret_family)
{
	static const struct {
		const char *end, *metric_end;
	} ends[] = { { "_ns", "_seconds" }, { "_count", "s" } };
	int len = (int)strlen(col->name);
	const char *end = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		if (!ends_with(col->name, ends[i].end))
			continue;
		len -= (int)strlen(ends[i].end);
		end = ends[i].metric_end;
	}
	snprintf(ret_family->name, sizeof(ret_family->name), "brkwatch_process_%.*s%s", len,
		 col->name, end);
	ret_family->help = col->help;
	ret_family->unit = col->unit;
	ret_family->is_sum = col->is_sum;
}

static bool has_value(const struct brkw_column *col, const struct brkw_account *acct,
		      int64_t *ret_value)
{
	return brkw_column_value(col, acct, ret_value) && (!col->is_sum || *ret_value >= 0);
}

/* A metric that nobody has a value of is left out, with its help. */
static void print_column(const struct brkw_metrics *metrics, const struct brkw_column *col,
			 FILE *out)
{
	bool has_family = false;
	struct family family;
	int64_t value;
	size_t i;

	name_family(col, &family);
	for (i = 0; i < metrics->shown->nr_accts; i++) {
		if (!has_value(col, &metrics->shown->accts[i], &value))
			continue;
		if (!has_family)
			print_family(metrics, &family, out);
		has_family = true;
		fprintf(out, "%s%s", family.name, family.is_sum ? "_total" : "");
		print_labels(metrics, &metrics->shown->accts[i], out);
		print_value(&family, value, out);
	}
}

void brkw_metrics_print(const struct brkw_metrics *metrics, FILE *out)
{
	const struct brkw_column *col;
	size_t i;

	print_machine(metrics, out);
	for (i = 0; i < metrics->set->nr_cols; i++) {
		col = metrics->set->cols[i];
		if (!col->is_text && strcmp(col->name, "pid") && !is_repeated(metrics->set, i))
			print_column(metrics, col, out);
	}
	if (metrics->is_open)
		fprintf(out, "# EOF\n");
}
