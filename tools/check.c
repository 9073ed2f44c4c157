// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "check.h"
#include "comm.h"

const char *brkw_check_verdict_name(enum brkw_verdict verdict)
{
	static const char *const names[] = {
		[BRKW_OK]	= "ok",
		[BRKW_WARN]	= "warn",
		[BRKW_FAIL]	= "FAIL",
	};

	return names[verdict];
}

void brkw_check_add(struct brkw_checkup *up, const char *name, enum brkw_verdict verdict,
		    const char *cure, const char *fmt, ...)
{
	struct brkw_check *check = &up->checks[up->nr_checks];
	va_list args;

	if (up->nr_checks == BRKW_CHECKS_MAX)
		return;
	up->nr_checks++;
	check->name = name;
	check->verdict = verdict;
	snprintf(check->cure, sizeof(check->cure), "%s", cure);
	va_start(args, fmt);
	vsnprintf(check->text, sizeof(check->text), fmt, args);
	va_end(args);
	brkw_comm_clean(check->text);
	brkw_comm_clean(check->cure);
}
