// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "top.h"

static void swap_accounts(struct brkw_account *a, struct brkw_account *b)
{
	struct brkw_account c = *a;

	*a = *b;
	*b = c;
}

/* Those who are meant go to the front of the reading; the others stay in it. */
void brkw_top_arrange(struct brkw_top *top)
{
	struct brkw_snapshot *now = &top->history.now;
	bool wants_cgroup = top->match.by == BRKW_BY_CGROUP ||
			    brkw_column_needs_cgroups(&top->set, top->sort);
	size_t i, nr = 0;

	if (wants_cgroup && top->sysroot)
		brkw_history_read_cgroups(&top->history, top->sysroot);
	for (i = 0; i < now->nr_accts; i++) {
		if (!brkw_match_test(&top->match, &now->accts[i]))
			continue;
		if (i != nr)
			swap_accounts(&now->accts[i], &now->accts[nr]);
		nr++;
	}
	top->shown = *now;
	top->shown.nr_accts = nr;
	brkw_column_sort(&top->shown, top->sort, top->is_reversed);
	if (top->chosen >= nr)
		top->chosen = nr ? nr - 1 : 0;
}

static bool is_detail(const struct brkw_top *top, const struct brkw_account *acct)
{
	return acct->pid == top->detail.pid &&
	       acct->value[BRKW_KEY_WATCHED_SINCE_NS] == top->detail_since_ns;
}

static bool find_detail(struct brkw_top *top, const struct brkw_snapshot *snap)
{
	size_t i;

	for (i = 0; i < snap->nr_accts; i++) {
		if (!is_detail(top, &snap->accts[i]))
			continue;
		top->detail = snap->accts[i];
		return true;
	}
	return false;
}

/* Its end, if the module remembers it; else what was known last stays. */
static void end_detail(struct brkw_top *top)
{
	struct brkw_snapshot ended;
	struct brkw_why why;

	top->has_ended = true;
	top->detail.track = NULL;
	if (brkw_source_ended(&top->src, &ended, &why))
		return;
	find_detail(top, &ended);
	brkw_snapshot_free(&ended);
}

static void update_detail(struct brkw_top *top)
{
	if (top->page != BRKW_TOP_DETAIL || top->has_ended)
		return;
	if (!find_detail(top, &top->history.now))
		end_detail(top);
}

void brkw_top_open_detail(struct brkw_top *top)
{
	if (top->chosen >= top->shown.nr_accts)
		return;
	top->detail = top->shown.accts[top->chosen];
	top->detail_since_ns = top->detail.value[BRKW_KEY_WATCHED_SINCE_NS];
	top->has_ended = false;
	top->page = BRKW_TOP_DETAIL;
	top->first = 0;
}

int brkw_top_read(struct brkw_top *top)
{
	struct brkw_snapshot snap;
	int err = brkw_source_live(&top->src, &snap, &top->why);

	if (!err) {
		err = brkw_history_take(&top->history, &snap);
		if (err)
			brkw_why_set(&top->why, err, "%s", strerror(-err));
	}
	top->has_failed = err != 0;
	if (err)
		return err;
	brkw_top_arrange(top);
	update_detail(top);
	return 0;
}

void brkw_top_free(struct brkw_top *top)
{
	brkw_history_free(&top->history);
	memset(&top->shown, 0, sizeof(top->shown));
}

static const char *sort_sign(const struct brkw_top *top)
{
	return top->is_reversed ? "-" : "";
}

void brkw_top_title(const struct brkw_top *top, char *ret_text, size_t sz)
{
	size_t nr_all = top->history.now.nr_accts, nr = top->shown.nr_accts;
	char when[BRKW_FORMAT_LEN], part[32] = "";

	brkw_format_number((int64_t)top->history.now.ts_ns, BRKW_NS, false, when);
	if (nr != nr_all)
		snprintf(part, sizeof(part), "%zu of ", nr);
	snprintf(ret_text, sz, "brkwatch: %s%zu processes, %s after boot, by %s%s", part, nr_all,
		 when, sort_sign(top), top->sort->head);
}
