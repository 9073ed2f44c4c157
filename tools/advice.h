/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What to do about memory that is not given back: each piece of advice follows
 * from something that was seen, and says what it costs. Nothing seen, no advice.
 */
#ifndef BRKW_ADVICE_H
#define BRKW_ADVICE_H

#include <stddef.h>
#include <stdint.h>

struct brkw_account;
struct brkw_heap;
struct brkw_proc;

#define BRKW_ADVICE_MAX	12

/**
 * struct brkw_findings - both halves of what is known of a process
 * @acct: the kernel's half, or NULL
 * @heap: the heap's half, or NULL
 * @proc: what the kernel says in any case, or NULL
 */
struct brkw_findings {
	const struct brkw_account *acct;
	const struct brkw_heap *heap;
	const struct brkw_proc *proc;
};

/**
 * struct brkw_advice - one piece of advice
 * @name: stable, for scripts
 * @sz: bytes that it is about
 * @text: what was seen, and what to do
 * @price: what that costs
 */
struct brkw_advice {
	const char *name;
	uint64_t sz;
	char text[320];
	char price[160];
};

/**
 * brkw_advice_find - all advice that there is evidence for
 * @found: what is known
 * @ret_advice: BRKW_ADVICE_MAX of them, filled from the first
 *
 * Return: how many there are.
 */
size_t brkw_advice_find(const struct brkw_findings *found, struct brkw_advice *ret_advice);

#endif /* BRKW_ADVICE_H */
