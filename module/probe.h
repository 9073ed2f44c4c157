/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hooks: which kernel function, by which of its names, and what is lost
 * without it. Called by main.c, under its lock; the state of a hook may be
 * read by anybody.
 */
#ifndef _BRKW_PROBE_H
#define _BRKW_PROBE_H

#include <linux/types.h>

/**
 * struct brkw_hook_state - a hook as people see it
 * @name: what it watches
 * @symbol: the kernel symbol that registered, or NULL
 * @kind: "kprobe", "ftrace" or "tracepoint"
 * @lost: what is lost without it
 * @is_armed: it is registered
 * @is_fault: it goes with the parameter faults
 * @nr_hits: how often it ran
 * @nr_missed: how often the kernel could not run it
 */
struct brkw_hook_state {
	const char *name;
	const char *symbol;
	const char *kind;
	const char *lost;
	bool is_armed;
	bool is_fault;
	u64 nr_hits;
	u64 nr_missed;
};

int brkw_probe_init(void);
void brkw_probe_exit(void);
int brkw_probe_arm(bool has_faults, bool may_ftrace, const char **ret_missing);
void brkw_probe_disarm(void);
void brkw_probe_disarm_faults(void);
void brkw_probe_unknown(bool has_faults, u64 *ret_unknown);
bool brkw_probe_state(unsigned int i, struct brkw_hook_state *ret_state);
u64 brkw_probe_missed(void);
bool brkw_probe_is_heard(void);
void brkw_probe_ask(void);
void brkw_probe_doubt(void);
u64 brkw_probe_cost(u64 *ret_nr_timed, u64 *ret_ns);

#endif /* _BRKW_PROBE_H */
