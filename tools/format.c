// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>

#include "format.h"

static uint64_t magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* Tenths of @value >> @shift, rounded to the nearest. */
static uint64_t scale_tenths(uint64_t value, unsigned int shift)
{
	uint64_t whole = value >> shift;
	uint64_t rest = value & ((1ULL << shift) - 1);

	/* the rest needs at most 60 bits: drop four for room to multiply */
	if (shift > 4) {
		rest >>= 4;
		shift -= 4;
	}
	return whole * 10 + ((rest * 10 + (1ULL << (shift - 1))) >> shift);
}

static void format_bytes(int64_t value, char *ret_text)
{
	static const char prefixes[] = "KMGTPE";
	const char *sign = value < 0 ? "-" : "";
	uint64_t size = magnitude(value), tenths;
	unsigned int shift = 10, i = 0;

	if (size < 1024) {
		snprintf(ret_text, BRKW_FORMAT_LEN, "%" PRId64, value);
		return;
	}
	tenths = scale_tenths(size, shift);
	for (; tenths >= 10240 && prefixes[i + 1]; i++) {
		shift += 10;
		tenths = scale_tenths(size, shift);
	}
	if (size & ((1ULL << shift) - 1))
		snprintf(ret_text, BRKW_FORMAT_LEN, "%s%" PRIu64 ".%" PRIu64 "%c", sign,
			 tenths / 10, tenths % 10, prefixes[i]);
	else
		snprintf(ret_text, BRKW_FORMAT_LEN, "%s%" PRIu64 "%c", sign, size >> shift,
			 prefixes[i]);
}

static void format_seconds(int64_t value, char *ret_text)
{
	uint64_t ms = magnitude(value) / 1000000;

	snprintf(ret_text, BRKW_FORMAT_LEN, "%s%" PRIu64 ".%03" PRIu64 "s",
		 value < 0 ? "-" : "", ms / 1000, ms % 1000);
}

const char *brkw_format_number(int64_t value, enum brkw_unit unit, bool is_exact,
			       char *ret_text)
{
	if (unit == BRKW_BYTES && !is_exact)
		format_bytes(value, ret_text);
	else if (unit == BRKW_NS && !is_exact)
		format_seconds(value, ret_text);
	else
		snprintf(ret_text, BRKW_FORMAT_LEN, "%" PRId64, value);
	return ret_text;
}

struct brkw_words brkw_format_words(int64_t value, enum brkw_unit unit, bool is_exact)
{
	struct brkw_words words = { "" };

	brkw_format_number(value, unit, is_exact, words.text);
	return words;
}

void brkw_format_markup(const char *text, FILE *out)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			putc(*text, out);
		}
	}
}
