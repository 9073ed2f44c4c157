/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who made the heap grow where its pin lies: the pin is found in the live
 * process, the call path in a recording of it.
 */
#ifndef BRKW_ORIGIN_H
#define BRKW_ORIGIN_H

#include <stdbool.h>
#include <stdio.h>

#include "growth.h"
#include "recording.h"

struct brkw_heap;
struct brkw_why;

/**
 * struct brkw_origin - the recording, and what it says
 * @rec: the recording
 * @growth: its sums
 * @path: who grew the part of the heap that the pin lies in; NULL if not known
 * @note: why it is not known, or NULL
 */
struct brkw_origin {
	struct brkw_recording rec;
	struct brkw_growth growth;
	const struct brkw_path *path;
	const char *note;
};

/**
 * brkw_origin_find - look the pin of a heap up in a recording
 * @file: the recording
 * @heap: of a process that was recorded
 * @ret_origin: written only on success; freed with brkw_origin_free()
 * @why: says what is wrong on failure
 *
 * Return: 0 or a negative errno: there is no such recording, or of others.
 */
int brkw_origin_find(const char *file, const struct brkw_heap *heap,
		     struct brkw_origin *ret_origin, struct brkw_why *why);

/**
 * brkw_origin_print - print the call path, a frame a line
 * @origin: as found
 * @is_exact: no prefixes
 * @out: where to
 */
void brkw_origin_print(const struct brkw_origin *origin, bool is_exact, FILE *out);

/** brkw_origin_free - drop the recording */
void brkw_origin_free(struct brkw_origin *origin);

#endif /* BRKW_ORIGIN_H */
