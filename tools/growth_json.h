/* SPDX-License-Identifier: GPL-2.0 */
/* Prints the sums of a recording as JSON. */
#ifndef BRKW_GROWTH_JSON_H
#define BRKW_GROWTH_JSON_H

#include <stdio.h>

struct brkw_growth;
struct brkw_origin;
struct brkw_recording;
struct json_object;

/**
 * brkw_growth_json_print - print the sums of a recording as one object
 * @rec: the recording
 * @growth: its sums
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_growth_json_print(const struct brkw_recording *rec, const struct brkw_growth *growth,
			   FILE *out);

/**
 * brkw_growth_json_add_origin - add the member "grown_by", with the call path
 * @object: where to
 * @origin: as found, or NULL if nobody has asked: then there is no member
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_growth_json_add_origin(struct json_object *object, const struct brkw_origin *origin);

#endif /* BRKW_GROWTH_JSON_H */
