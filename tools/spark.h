/* SPDX-License-Identifier: GPL-2.0 */
/* A row of numbers as a row of bars, each one character. */
#ifndef BRKW_SPARK_H
#define BRKW_SPARK_H

#include <stddef.h>
#include <stdint.h>

/* Room for one bar. */
#define BRKW_SPARK_LEN		3

/**
 * brkw_spark_draw - draw numbers between the smallest and the largest of them
 * @values: the numbers
 * @nr: how many
 * @ret_text: nr * BRKW_SPARK_LEN + 1 bytes; block characters, or ASCII in a
 *	      locale that is not UTF-8
 *
 * Equal numbers are drawn as the lowest bar.
 */
void brkw_spark_draw(const int64_t *values, size_t nr, char *ret_text);

#endif /* BRKW_SPARK_H */
