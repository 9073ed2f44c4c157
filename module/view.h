/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The debugfs folder. Reads the ledger, and the hooks for stats; nothing here
 * changes anything.
 */
#ifndef _BRKW_VIEW_H
#define _BRKW_VIEW_H

#include <linux/types.h>

struct brkw_ledger_ops;

/**
 * struct brkw_view_switches - the parameters, as stats shows them
 * @is_enabled: hooks are armed
 * @has_faults: so are those on page faults
 * @nr_max_processes: the limit on accounts
 * @nr_max_ended: how many ended accounts are kept
 */
struct brkw_view_switches {
	bool is_enabled;
	bool has_faults;
	unsigned int nr_max_processes;
	unsigned int nr_max_ended;
};

extern const struct brkw_ledger_ops brkw_view_ledger_ops;

int brkw_view_init(const struct brkw_view_switches *switches);
void brkw_view_exit(void);

#endif /* _BRKW_VIEW_H */
