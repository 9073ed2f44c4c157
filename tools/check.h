/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checks of doctor: each looks at one thing that brkwatch needs and gives a
 * verdict with a cure. Nothing is printed here.
 */
#ifndef BRKW_CHECK_H
#define BRKW_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct brkw_source;

/**
 * enum brkw_verdict - how a check came out
 * @BRKW_OK: nothing to do
 * @BRKW_WARN: brkwatch works, but not as well as it could
 * @BRKW_FAIL: brkwatch does not work until this is cured
 */
enum brkw_verdict {
	BRKW_OK,
	BRKW_WARN,
	BRKW_FAIL,
};

/**
 * struct brkw_check - one result
 * @name: stable name
 * @verdict: how it came out
 * @text: what was found
 * @cure: what to do, or empty
 */
struct brkw_check {
	const char *name;
	enum brkw_verdict verdict;
	char text[256];
	char cure[256];
};

#define BRKW_CHECKS_MAX		64

/**
 * struct brkw_checkup - all results, and what they are about
 * @sysroot: prefix of every path of the system, or ""
 * @src: where the module is read
 * @is_recorded: @src is a recorded folder
 * @release: of the kernel
 * @is_root: whether we may read debugfs
 * @is_loaded: whether the module is loaded
 * @is_installed: whether modprobe knows one for this kernel
 * @is_mounted: whether debugfs is mounted
 * @is_locked: whether the kernel is locked down
 * @checks: the results, in the order of the checks
 * @nr_checks: how many
 */
struct brkw_checkup {
	const char *sysroot;
	const struct brkw_source *src;
	bool is_recorded;
	char release[128];
	bool is_root;
	bool is_loaded;
	bool is_installed;
	bool is_mounted;
	bool is_locked;
	struct brkw_check checks[BRKW_CHECKS_MAX];
	size_t nr_checks;
};

/**
 * brkw_check_system - check the kernel and its settings
 * @up: @sysroot and @src are set; the rest is filled in
 */
void brkw_check_system(struct brkw_checkup *up);

/**
 * brkw_check_module - check what the module says about itself
 * @up: after brkw_check_system()
 */
void brkw_check_module(struct brkw_checkup *up);

/**
 * brkw_check_add - add a result
 * @up: where to; a result that finds no room is dropped
 * @name: stable name of the check
 * @verdict: how it came out
 * @cure: what to do, or ""
 * @fmt: printf format of what was found
 */
void brkw_check_add(struct brkw_checkup *up, const char *name, enum brkw_verdict verdict,
		    const char *cure, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/**
 * brkw_check_verdict_name - word for a verdict
 * @verdict: the verdict
 */
const char *brkw_check_verdict_name(enum brkw_verdict verdict);

#endif /* BRKW_CHECK_H */
