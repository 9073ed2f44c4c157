/* SPDX-License-Identifier: GPL-2.0 */
/* Short files of /proc and /sys: settings and states of the kernel. */
#ifndef BRKW_SETTING_H
#define BRKW_SETTING_H

#include <stdbool.h>
#include <stddef.h>

/**
 * brkw_setting_line - the first line of a file that begins with a word
 * @sysroot: prefix of the path, or ""
 * @path: of the file
 * @word: how the line begins; "" for the first line
 * @ret_line: the line without its end; empty on failure
 * @sz: size of @ret_line
 *
 * Return: 0; -ENODATA if there is no such line; another negative errno.
 */
int brkw_setting_line(const char *sysroot, const char *path, const char *word, char *ret_line,
		      size_t sz);

/**
 * brkw_setting_char - a setting of one character
 * @sysroot: prefix of the path, or ""
 * @path: of the file
 *
 * Return: the character or a negative errno.
 */
int brkw_setting_char(const char *sysroot, const char *path);

/**
 * brkw_setting_exists - is there such a file or folder?
 * @sysroot: prefix of the path, or ""
 * @path: of the file
 */
bool brkw_setting_exists(const char *sysroot, const char *path);

#endif /* BRKW_SETTING_H */
