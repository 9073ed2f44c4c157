// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "comm.h"

/* Bytes of a UTF-8 sequence by its first byte; 0 if none begins like that. */
static size_t sequence_len(unsigned char first)
{
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

/* Decoded character, or 0 when one of the following bytes does not belong. */
static uint32_t decode_sequence(const unsigned char *p, size_t len)
{
	uint32_t c = p[0] & (0xff >> (len + 1));
	size_t i;

	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c;
}

/*
 * Characters that are not seen and yet end a line, or turn the text around so
 * that it reads as another: zero-width, separators, directions, the BOM.
 */
static int is_hidden(uint32_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static int is_printable(uint32_t c, size_t len)
{
	static const uint32_t smallest[] = { 0, 0, 0xa0, 0x800, 0x10000 };

	return c >= smallest[len] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) &&
	       !is_hidden(c);
}

/* Bytes of the character at @p that can be printed as they are, or 0. */
static size_t plain_len(const unsigned char *p, size_t left)
{
	size_t len = sequence_len(*p);

	if (*p >= ' ' && *p < 0x7f && *p != '\\')
		return 1;
	if (!len || len > left || !is_printable(decode_sequence(p, len), len))
		return 0;
	return len;
}

void brkw_comm_escape(const char *raw, size_t len, char *ret_text, size_t sz)
{
	const unsigned char *p = (const unsigned char *)raw;
	const unsigned char *end = p + len;
	size_t used = 0, plain;

	while (p < end) {
		plain = plain_len(p, end - p);
		if (used + (plain ? plain : 4) >= sz)
			break;
		if (plain)
			memcpy(ret_text + used, p, plain);
		else
			snprintf(ret_text + used, sz - used, "\\%03o", *p);
		used += plain ? plain : 4;
		p += plain ? plain : 1;
	}
	ret_text[used] = '\0';
}

void brkw_comm_clean(char *line)
{
	size_t left = strlen(line), plain;

	while (left) {
		plain = *line == '\\' ? 1 : plain_len((unsigned char *)line, left);
		if (!plain) {
			*line = '?';
			plain = 1;
		}
		line += plain;
		left -= plain;
	}
}

/* The byte of a "\ooo" escape, or -EINVAL. */
static int parse_escape(const char *text, size_t left)
{
	int i, byte = 0;

	if (left < 4)
		return -EINVAL;
	for (i = 1; i < 4; i++) {
		if (text[i] < '0' || text[i] > '7')
			return -EINVAL;
		byte = byte * 8 + text[i] - '0';
	}
	return byte > 0 && byte <= 0xff ? byte : -EINVAL;
}

int brkw_comm_parse(const char *text, size_t len, char *ret_comm)
{
	char comm[BRKW_COMM_LEN + 1] = "";
	size_t i, used = 0;
	int byte;

	for (i = 0; i < len; i++) {
		byte = (unsigned char)text[i];
		if (byte == '\\') {
			byte = parse_escape(text + i, len - i);
			i += 3;
		}
		if (byte <= 0 || used == BRKW_COMM_LEN)
			return -EINVAL;
		comm[used++] = (char)byte;
	}
	memcpy(ret_comm, comm, sizeof(comm));
	return 0;
}

size_t brkw_comm_cut(const char *text, size_t nr_max)
{
	size_t len = strnlen(text, nr_max);

	while (len && (text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

size_t brkw_comm_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}
