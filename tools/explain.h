/* SPDX-License-Identifier: GPL-2.0 */
/* Prints both halves of what is known of a process, and the advice, for people. */
#ifndef BRKW_EXPLAIN_H
#define BRKW_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

struct brkw_advice;
struct brkw_findings;
struct brkw_origin;

/**
 * struct brkw_explanation - what is to be printed
 * @pid: of the process
 * @comm: its name
 * @found: what is known
 * @advice: of brkw_advice_find()
 * @nr_advice: how many
 * @origin: who grew the part of the heap that the pin lies in; NULL if not asked
 * @kernel_note: why the kernel's half is not there, or NULL
 * @heap_note: why the heap's half is not there, or NULL
 */
struct brkw_explanation {
	int pid;
	const char *comm;
	const struct brkw_findings *found;
	const struct brkw_advice *advice;
	size_t nr_advice;
	const struct brkw_origin *origin;
	const char *kernel_note;
	const char *heap_note;
};

/**
 * brkw_explain_print - print it for people
 * @expl: what
 * @is_exact: exact numbers instead of human ones
 * @out: where to
 */
void brkw_explain_print(const struct brkw_explanation *expl, bool is_exact, FILE *out);

/**
 * brkw_explain_print_json - print it as JSON
 * @expl: what
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_explain_print_json(const struct brkw_explanation *expl, FILE *out);

#endif /* BRKW_EXPLAIN_H */
