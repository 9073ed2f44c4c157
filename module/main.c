// SPDX-License-Identifier: GPL-2.0
/*
 * brkwatch: watches the size of every address space, exactly, and shows it in
 * debugfs. Brings the rooms up in the order in which data flows, takes them
 * down in the mirror order, and owns the switches. The only file that logs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include "ledger.h"
#include "probe.h"
#include "view.h"

#define MAX_ACCOUNTS	4194304U	/* as PID_MAX_LIMIT on 64 bit */

/* How often hooks are asked whether they are still called, if nobody reads. */
#define AUDIT_INTERVAL	HZ

/* Guards the switches and the arming of hooks. */
static DEFINE_MUTEX(switch_mutex);

static struct brkw_view_switches switches = {
	.is_enabled = true,
	.has_faults = true,
	.nr_max_processes = 32768,
	.nr_max_ended = 64,
};

static bool is_up;
static bool may_ftrace = true;

/*
 * While hooks go, one by one, who reads is told that nothing is exact any more; and if
 * they have been silent, who has ended meanwhile is not exact for good.
 */
static void stop_watching(void)
{
	brkw_probe_ask();
	brkw_probe_doubt();
	brkw_ledger_set_phase(BRKW_ARMING);
	brkw_probe_disarm();
	brkw_ledger_clear();
}

/* Says once that hooks are silent. */
static void ask_hooks(void)
{
	static bool is_said;

	brkw_probe_ask();
	if (is_said == !!brkw_ledger_not_exact_since_ns())
		return;
	is_said = !is_said;
	if (is_said)
		pr_warn("the kernel calls no hooks: nothing is exact now; see kernel.ftrace_enabled and debugfs' kprobes/enabled\n");
}

/* Who is patient waits for whatever has an address space locked. */
static int start_watching(bool is_patient)
{
	u64 unknown[2];
	const char *missing;
	int err;

	err = brkw_probe_arm(switches.has_faults, may_ftrace, &missing);
	if (err) {
		pr_err("cannot hook %s (%d); are kprobes allowed on this kernel?\n", missing, err);
		brkw_ledger_clear();
		return err;
	}
	/* before the first account, which may end at once */
	brkw_probe_unknown(true, unknown);
	brkw_read_set_unknown(unknown);
	brkw_ledger_set_phase(BRKW_ADOPTING);
	ask_hooks();
	err = brkw_adopt_all(is_patient);
	if (err) {
		pr_err("cannot open the accounts of the running processes (%d)\n", err);
		stop_watching();
		return err;
	}
	brkw_ledger_set_phase(BRKW_WATCHING);
	return 0;
}

/* Accounts start anew when they are watched again: what was between is unknown. */
static int set_enabled(bool is_on)
{
	int err = 0;

	if (is_up && is_on && !switches.is_enabled)
		err = start_watching(true);
	if (is_up && !is_on && switches.is_enabled)
		stop_watching();
	if (!err)
		switches.is_enabled = is_on;
	return err;
}

static void audit(struct work_struct *work);
static DECLARE_DELAYED_WORK(audit_work, audit);

/*
 * Hooks that are back have missed what nobody knows: accounts start anew; but not while
 * somebody has the switches, who may wait for long.
 */
static void audit(struct work_struct *work)
{
	if (!mutex_trylock(&switch_mutex)) {
		brkw_probe_ask();
		goto out;
	}
	if (is_up && switches.is_enabled) {
		ask_hooks();
		if (brkw_ledger_not_exact_since_ns() && brkw_probe_is_heard()) {
			pr_notice("the kernel calls hooks again: accounts start anew\n");
			stop_watching();
			switches.is_enabled = !start_watching(false);
		}
	}
	mutex_unlock(&switch_mutex);
out:
	schedule_delayed_work(&audit_work, AUDIT_INTERVAL);
}

/* If it cannot be had nothing is watched any more, and the switches say so. */
static int set_faults(bool is_on)
{
	bool was_on = switches.has_faults;
	u64 unknown[2];
	int err;

	switches.has_faults = is_on;
	if (!is_up || !switches.is_enabled || is_on == was_on)
		return 0;
	if (is_on) {
		stop_watching();
		err = start_watching(true);
		switches.is_enabled = !err;
		switches.has_faults = !err;
		return err;
	}
	brkw_probe_unknown(false, unknown);
	brkw_read_set_unknown(unknown);
	brkw_probe_disarm_faults();
	return 0;
}

static int parse_bool(const char *text, const struct kernel_param *kp, bool *ret_is_on)
{
	if (sysfs_streq(text, "1") || sysfs_streq(text, "Y") || sysfs_streq(text, "y")) {
		*ret_is_on = true;
		return 0;
	}
	if (sysfs_streq(text, "0") || sysfs_streq(text, "N") || sysfs_streq(text, "n")) {
		*ret_is_on = false;
		return 0;
	}
	pr_notice_once("parameter %s takes 0 or 1\n", kp->name);
	return -EINVAL;
}

static int param_set_switch(const char *text, const struct kernel_param *kp)
{
	bool is_on;
	int err;

	err = parse_bool(text, kp, &is_on);
	if (err)
		return err;
	if (mutex_lock_killable(&switch_mutex))
		return -EINTR;
	err = kp->arg == &switches.is_enabled ? set_enabled(is_on) : set_faults(is_on);
	mutex_unlock(&switch_mutex);
	return err;
}

static const struct kernel_param_ops switch_ops = {
	.set = param_set_switch,
	.get = param_get_bool,
};

static int param_set_limit(const char *text, const struct kernel_param *kp)
{
	unsigned int limit, nr_min = kp->arg == &switches.nr_max_processes;
	int err;

	err = kstrtouint(text, 0, &limit);
	if (err || limit < nr_min || limit > MAX_ACCOUNTS) {
		pr_notice_once("parameter %s takes a number from %u to %u\n", kp->name,
			       nr_min, MAX_ACCOUNTS);
		return -EINVAL;
	}
	*(unsigned int *)kp->arg = limit;
	return 0;
}

static const struct kernel_param_ops limit_ops = {
	.set = param_set_limit,
	.get = param_get_uint,
};

static int param_set_attach(const char *text, const struct kernel_param *kp)
{
	if (sysfs_streq(text, "auto")) {
		may_ftrace = true;
	} else if (sysfs_streq(text, "kprobe")) {
		may_ftrace = false;
	} else {
		pr_notice_once("parameter attach takes auto or kprobe\n");
		return -EINVAL;
	}
	return 0;
}

static int param_get_attach(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%s\n", may_ftrace ? "auto" : "kprobe");
}

static const struct kernel_param_ops attach_ops = {
	.set = param_set_attach,
	.get = param_get_attach,
};

module_param_cb(attach, &attach_ops, NULL, 0444);
MODULE_PARM_DESC(attach, "auto: the cheapest each kernel offers; kprobe: what works everywhere (default auto)");
module_param_cb(enabled, &switch_ops, &switches.is_enabled, 0644);
MODULE_PARM_DESC(enabled, "watch; 0 takes all hooks away and forgets live accounts (default 1)");
module_param_cb(faults, &switch_ops, &switches.has_faults, 0644);
MODULE_PARM_DESC(faults, "watch page faults; turning it on starts all accounts anew (default 1)");
module_param_cb(max_processes, &limit_ops, &switches.nr_max_processes, 0444);
MODULE_PARM_DESC(max_processes, "how many processes to watch at most (default 32768)");
module_param_cb(max_ended, &limit_ops, &switches.nr_max_ended, 0444);
MODULE_PARM_DESC(max_ended, "how many ended accounts to keep (default 64)");

static void log_loaded(int err_view)
{
	struct brkw_ledger_stats stats;
	struct brkw_hook_state state;
	unsigned int i;

	brkw_ledger_stats(&stats);
	pr_info("watching %llu processes\n", stats.nr_live);
	if (err_view)
		pr_notice("debugfs does not show all of it (%d)\n", err_view);
	mutex_lock(&switch_mutex);	/* the switches may be used by now */
	for (i = 0; switches.is_enabled && brkw_probe_state(i, &state); i++)
		if (!state.is_armed && (switches.has_faults || !state.is_fault))
			pr_notice("no hook for %s: not shown: %s\n", state.name, state.lost);
	mutex_unlock(&switch_mutex);
}

static int __init brkw_init(void)
{
	int err;

	err = brkw_probe_init();
	if (err) {
		pr_err("cannot register a kretprobe (%d); are kprobes allowed on this kernel?\n",
		       err);
		return err;
	}
	err = brkw_ledger_init(switches.nr_max_processes, switches.nr_max_ended,
			       &brkw_view_ledger_ops);
	if (err)
		goto err_exit_probe;
	mutex_lock(&switch_mutex);
	if (switches.is_enabled)
		err = start_watching(true);
	is_up = !err;
	mutex_unlock(&switch_mutex);
	if (err)
		goto err_exit_ledger;
	log_loaded(brkw_view_init(&switches));
	schedule_delayed_work(&audit_work, AUDIT_INTERVAL);
	return 0;

err_exit_ledger:
	brkw_probe_exit();	/* no return finds the ledger gone */
	brkw_ledger_exit();
	return err;
err_exit_probe:
	brkw_probe_exit();
	return err;
}

static void __exit brkw_exit(void)
{
	struct brkw_ledger_stats stats;

	cancel_delayed_work_sync(&audit_work);
	mutex_lock(&switch_mutex);
	is_up = false;	/* the parameters can be written until the module is freed */
	mutex_unlock(&switch_mutex);
	brkw_ledger_set_phase(BRKW_ARMING);
	brkw_probe_disarm();
	brkw_probe_exit();	/* no return finds the ledger gone */
	brkw_ledger_stats(&stats);
	brkw_ledger_exit();
	brkw_view_exit();
	pr_info("unloaded after %llu accounts\n", stats.nr_opened);
}

module_init(brkw_init);
module_exit(brkw_exit);

MODULE_AUTHOR("brkwatch developers");
MODULE_DESCRIPTION("Exact accounts of brk, mmap, munmap and page faults, in debugfs");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
