// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "why.h"

void brkw_why_what(struct brkw_why *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->what, sizeof(why->what), fmt, args);
	va_end(args);
}

int brkw_why_set(struct brkw_why *why, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	why->cure[0] = '\0';
	return err;
}

void brkw_why_cure(struct brkw_why *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->cure, sizeof(why->cure), fmt, args);
	va_end(args);
}
