/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzzers share. Each is a function that takes any bytes; what must
 * hold of them is said by fuzz_must(). The tool is built for them with its own
 * exit(), fork(), open(), fopen() and clock_nanosleep(), which are here: nothing is
 * run or written or waited for, and only what lies below the current folder is read.
 */
#ifndef BRKW_FUZZ_H
#define BRKW_FUZZ_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct brkw_snapshot;
struct brkw_why;

/* The fuzzer itself, one a program. */
void fuzz_one(const uint8_t *data, size_t len);

/* Once, before the first input. */
void fuzz_prepare(void);

/* Where exit() of the tool goes while this is set. */
extern jmp_buf *fuzz_exit_to;

/* What was printed, in memory. */
struct fuzz_out {
	FILE *file;
	char *text;
	size_t len;
};

void fuzz_open_out(struct fuzz_out *out);
/* Flushes: text and len are there. */
void fuzz_flush_out(struct fuzz_out *out);
void fuzz_close_out(struct fuzz_out *out);

/* Stops the fuzzer, which then keeps the input. */
void fuzz_must(bool is_so);

/* The bytes with a NUL behind; freed by who asks. */
char *fuzz_copy(const void *data, size_t len);

/* Nothing in the text but printable characters and ends of lines. */
void fuzz_must_be_clean(const char *text, size_t len);
void fuzz_must_be_json(const char *text, size_t len);
/* A failure has its words, and they fit on a line. */
void fuzz_must_say_why(const struct brkw_why *why);

/* All that can be printed of accounts, in every form. */
void fuzz_print_all(struct brkw_snapshot *snap, unsigned int nr_column);

#endif /* BRKW_FUZZ_H */
