/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers as people read them, or exact. Every printer of text comes here. */
#ifndef BRKW_FORMAT_H
#define BRKW_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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

/**
 * struct brkw_words - text of a number, for the length of an expression
 * @text: the words
 */
struct brkw_words {
	char text[BRKW_FORMAT_LEN];
};

/** brkw_format_words - as brkw_format_number() */
struct brkw_words brkw_format_words(int64_t value, enum brkw_unit unit, bool is_exact);

/**
 * brkw_format_markup - print text with what HTML and SVG take for markup escaped
 * @text: terminated
 * @out: where to
 */
void brkw_format_markup(const char *text, FILE *out);

#endif /* BRKW_FORMAT_H */
