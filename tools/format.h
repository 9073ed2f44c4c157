/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers as people read them, or exact. Every printer of text comes here. */
#ifndef BRKW_FORMAT_H
#define BRKW_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

/* Room for every number that brkw_format_number() makes. */
#define BRKW_FORMAT_LEN		32

/**
 * enum brkw_unit - what a number counts
 * @BRKW_COUNT: things or events
 * @BRKW_BYTES: bytes
 * @BRKW_NS: nanoseconds
 */
enum brkw_unit {
	BRKW_COUNT,
	BRKW_BYTES,
	BRKW_NS,
};

/**
 * brkw_format_number - text of one number
 * @value: the number
 * @unit: what it counts
 * @is_exact: no prefixes: bytes as bytes, times as nanoseconds
 * @ret_text: BRKW_FORMAT_LEN bytes
 *
 * For people, bytes have one digit after the point unless they come out even
 * ("4K", "1.5M", "2.0M" is a little more or less than 2M), and times are
 * seconds with three digits.
 *
 * Return: @ret_text.
 */
const char *brkw_format_number(int64_t value, enum brkw_unit unit, bool is_exact,
			       char *ret_text);

#endif /* BRKW_FORMAT_H */
