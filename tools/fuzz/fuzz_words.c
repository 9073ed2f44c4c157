// SPDX-License-Identifier: GPL-2.0
/* The small parsers: names of processes, columns, numbers. */
#include <stdlib.h>
#include <string.h>

#include "../column.h"
#include "../comm.h"
#include "../snapshot.h"
#include "../why.h"
#include "fuzz.h"

void fuzz_prepare(void)
{
}

/* Any name survives its text form, and that is printable. */
static void check_name(const char *raw, size_t len)
{
	char text[BRKW_COMM_TEXT], back[BRKW_COMM_LEN + 1];

	if (len > BRKW_COMM_LEN)
		len = BRKW_COMM_LEN;
	len = strnlen(raw, len);
	brkw_comm_escape(raw, len, text, sizeof(text));
	fuzz_must_be_clean(text, strlen(text));
	fuzz_must(brkw_comm_width(text) <= strlen(text));
	fuzz_must(!brkw_comm_parse(text, strlen(text), back));
	fuzz_must(strlen(back) == len && !memcmp(back, raw, len));
}

static void check_parse(const char *text, size_t len)
{
	char comm[BRKW_COMM_LEN + 1], small[8];

	if (!brkw_comm_parse(text, len, comm))
		check_name(comm, strlen(comm));
	brkw_comm_escape(text, len, small, sizeof(small));
	fuzz_must_be_clean(small, strlen(small));
}

static void check_columns(const char *word)
{
	struct brkw_why why = { .what = "" };
	struct brkw_column_set set;

	if (brkw_column_set_parse(word, BRKW_USUAL_LIST, &set, &why))
		fuzz_must_say_why(&why);
	else
		fuzz_must(set.nr_cols && set.nr_cols <= BRKW_SET_MAX);
}

static void check_number(const char *word)
{
	char text[BRKW_FORMAT_LEN];
	int64_t value, back;

	if (brkw_snapshot_parse_number(word, &value))
		return;
	fuzz_must(strlen(brkw_format_number(value, BRKW_BYTES, false, text)) < 12);
	brkw_format_number(value, BRKW_NS, false, text);
	brkw_format_number(value, BRKW_COUNT, true, text);
	fuzz_must(!brkw_snapshot_parse_number(text, &back) && back == value);
}

void fuzz_one(const uint8_t *data, size_t len)
{
	char *word = fuzz_copy(data, len);

	check_name(word, len);
	check_parse(word, len);
	check_columns(word);
	check_number(word);
	brkw_comm_clean(word);
	fuzz_must_be_clean(word, strlen(word));
	free(word);
}
