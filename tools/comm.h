/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of processes: any bytes in the kernel, printable text for people.
 * The text form is the one of the <pid> files: control bytes and the backslash
 * are octal escapes. Bytes that are not UTF-8, and characters that are not seen
 * but end a line or turn the text around, are escaped here as well, so that the
 * text is fit for a terminal and for JSON, and still says every byte.
 */
#ifndef BRKW_COMM_H
#define BRKW_COMM_H

#include <stddef.h>

#include <linux/brkwatch.h>

/* Room for the longest text form of a name, with its NUL. */
#define BRKW_COMM_TEXT		(4 * BRKW_COMM_LEN + 1)

/**
 * brkw_comm_escape - make printable text of any bytes
 * @raw: the bytes
 * @len: how many
 * @ret_text: the text, always terminated, cut between characters if too long
 * @sz: size of @ret_text, at least 1
 */
void brkw_comm_escape(const char *raw, size_t len, char *ret_text, size_t sz);

/**
 * brkw_comm_clean - make a line of any bytes fit for a terminal and for JSON
 * @line: terminated; every byte that is of no printable character becomes '?'
 */
void brkw_comm_clean(char *line);

/**
 * brkw_comm_parse - take the text form of a name back to its bytes
 * @text: the text, need not be terminated
 * @len: its length
 * @ret_comm: BRKW_COMM_LEN + 1 bytes, terminated
 *
 * Return: 0, or -EINVAL for a bad escape or a name that is too long.
 */
int brkw_comm_parse(const char *text, size_t len, char *ret_comm);

/**
 * brkw_comm_cut - where to cut a text that is too long
 * @text: UTF-8, terminated
 * @nr_max: of so many bytes at most
 *
 * Return: how many bytes to keep: never a part of a character.
 */
size_t brkw_comm_cut(const char *text, size_t nr_max);

/**
 * brkw_comm_width - how many characters a text has
 * @text: UTF-8, as brkw_comm_escape() makes it
 */
size_t brkw_comm_width(const char *text);

#endif /* BRKW_COMM_H */
