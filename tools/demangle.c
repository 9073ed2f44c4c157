// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "demangle.h"

#ifdef BRKW_HAVE_LIBIBERTY
#include <libiberty/demangle.h>

char *brkw_demangle(const char *name)
{
	char *readable = cplus_demangle(name, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO);

	return readable ? readable : strdup(name);
}
#else
char *brkw_demangle(const char *name)
{
	return strdup(name);
}
#endif
