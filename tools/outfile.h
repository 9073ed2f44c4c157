/* SPDX-License-Identifier: GPL-2.0 */
/* A file that is there whole or not at all: written beside, then renamed. */
#ifndef BRKW_OUTFILE_H
#define BRKW_OUTFILE_H

#include <limits.h>
#include <stdio.h>

struct brkw_why;

/**
 * struct brkw_outfile - a file being written
 * @file: write here
 * @path: what it will be called
 * @temp: what it is called until it is whole
 */
struct brkw_outfile {
	FILE *file;
	char path[PATH_MAX];
	char temp[PATH_MAX];
};

/**
 * brkw_outfile_open - begin to write
 * @out: filled in
 * @path: of the file; one that is there stays until the new one is whole
 * @why: says what is wrong on failure
 *
 * Return: 0 or a negative errno.
 */
int brkw_outfile_open(struct brkw_outfile *out, const char *path, struct brkw_why *why);

/**
 * brkw_outfile_close - the file is whole, and readable for everybody: put it in place
 * @out: opened
 * @err: not 0: drop it, the file that was there stays
 * @why: says what is wrong on failure
 *
 * Return: @err, or a negative errno.
 */
int brkw_outfile_close(struct brkw_outfile *out, int err, struct brkw_why *why);

#endif /* BRKW_OUTFILE_H */
