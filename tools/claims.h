/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which addresses of one process were made by whom. Claims never overlap: what
 * is claimed anew, or given back, is taken from those who had it, in pieces.
 */
#ifndef BRKW_CLAIMS_H
#define BRKW_CLAIMS_H

#include <stdint.h>

/**
 * struct brkw_claim - a run of addresses
 * @start: the first
 * @end: behind the last
 * @path: who has made it
 * @kind: of what kind it is
 */
struct brkw_claim {
	uint64_t start;
	uint64_t end;
	uint32_t path;
	uint32_t kind;
};

/** struct brkw_claims - those of one process; all zero is none */
struct brkw_claims {
	void *tree;
};

/**
 * brkw_claims_add - claim addresses that nobody has
 * @claims: of the process
 * @claim: what; nothing if it is empty
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_claims_add(struct brkw_claims *claims, const struct brkw_claim *claim);

/**
 * brkw_claims_take - take away one piece of what somebody has
 * @claims: of the process
 * @start: first address to be taken
 * @end: behind the last
 * @ret_piece: what was taken, written if there was something
 *
 * To be called until there is nothing left.
 *
 * Return: 1 if a piece was taken, 0 if there is none, or -ENOMEM.
 */
int brkw_claims_take(struct brkw_claims *claims, uint64_t start, uint64_t end,
		     struct brkw_claim *ret_piece);

/** brkw_claims_find - who has @addr; NULL if nobody */
const struct brkw_claim *brkw_claims_find(const struct brkw_claims *claims, uint64_t addr);

/** brkw_claims_free - forget all */
void brkw_claims_free(struct brkw_claims *claims);

#endif /* BRKW_CLAIMS_H */
