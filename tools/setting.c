// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "setting.h"

int brkw_setting_line(const char *sysroot, const char *path, const char *word, char *ret_line,
		      size_t sz)
{
	char full[PATH_MAX];
	int err = -ENODATA;
	FILE *file;

	*ret_line = '\0';
	snprintf(full, sizeof(full), "%s%s", sysroot, path);
	file = fopen(full, "re");
	if (!file)
		return -errno;
	while (err && fgets(ret_line, (int)sz, file))
		if (!strncmp(ret_line, word, strlen(word)))
			err = 0;
	fclose(file);
	ret_line[err ? 0 : strcspn(ret_line, "\n")] = '\0';
	return err;
}

int brkw_setting_char(const char *sysroot, const char *path)
{
	char line[64];
	int err = brkw_setting_line(sysroot, path, "", line, sizeof(line));

	return err ? err : line[0];
}

bool brkw_setting_exists(const char *sysroot, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", sysroot, path);
	return !access(full, F_OK);
}
